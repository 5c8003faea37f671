// Definitions and states as the JSON that is stored.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>

#include "alarm_record.h"

namespace kaden::alarm {

namespace {

constexpr std::size_t text_bytes_max =
    65'536; // far above every field's own limit, which was checked before storing

json::object to_json(const std::map<std::string, std::string>& map) {
  json::object object;
  for (const auto& [name, value] : map) object[name] = value;
  return object;
}

json::array to_json(const std::vector<std::string>& list) {
  json::array array;
  for (const auto& one : list) array.emplace_back(one);
  return array;
}

json::object to_json(const MetricId& metric) {
  json::object object;
  object["namespace"] = metric.name_space;
  object["name"] = metric.name;
  object["dimensions"] = to_json(metric.dimensions);
  return object;
}

/// Reads member after member and keeps the first error, so that a reader is one line per member.
class Reader {
 public:
  Reader(const json::object& object, std::string path) : fields_(object, std::move(path)) {}

  std::string text(std::string_view name) { return take(fields_.text_or(name, text_bytes_max, "")); }
  std::int64_t integer(std::string_view name) {
    return take(fields_.integer(name, INT64_MIN / 2, INT64_MAX / 2));
  }
  bool flag(std::string_view name) { return take(fields_.flag_or(name, false)); }
  std::map<std::string, std::string> map(std::string_view name) {
    return take(fields_.text_map(name, 1000, text_bytes_max));
  }
  std::vector<std::string> list(std::string_view name) {
    std::vector<std::string> out;
    const json::array* array = take(fields_.array(name));
    if (array == nullptr) return out;
    for (const auto& one : *array) {
      if (const auto* value = one.if_string()) out.emplace_back(value->data(), value->size());
    }
    return out;
  }
  /// Numbers are stored as text, so that they come back bit by bit.
  double real(std::string_view name) {
    const auto value = parse_real(text(name));
    if (!value) wrong(name);
    return value.value_or(0);
  }
  template <class T>
  T parsed(std::string_view name, std::optional<T> (*parse)(std::string_view), T fallback) {
    const auto value = parse(text(name));
    if (!value) wrong(name);
    return value.value_or(fallback);
  }
  std::optional<MetricId> metric(std::string_view name) {
    const json::object* object = take(fields_.object(name));
    if (object == nullptr) return std::nullopt;
    Reader inner(*object, fields_.path_of(name));
    MetricId id{inner.text("namespace"), inner.text("name"), inner.map("dimensions")};
    if (inner.error_ && !error_) error_ = inner.error_;
    return id;
  }
  const std::optional<Error>& error() const { return error_; }

 private:
  void wrong(std::string_view name) {
    if (!error_) error_ = Error{Fault::invalid, fields_.path_of(name) + ": is not valid"};
  }
  template <class T>
  T take(Result<T> result) {
    if (result) return std::move(*result);
    if (!error_) error_ = result.error();
    return T{};
  }
  Fields fields_;
  std::optional<Error> error_;
};

Result<json::value> object_of(const std::string& text) {
  auto value = parse_json(text);
  if (value && !value->is_object()) return fail(Fault::invalid, "must be a JSON object");
  return value;
}

} // namespace

json::value to_json(const Definition& definition) {
  const Condition& condition = definition.condition;
  json::object object;
  object["name"] = definition.name;
  object["description"] = definition.description;
  object["actions_enabled"] = definition.actions_enabled;
  object["ok_actions"] = to_json(definition.ok_actions);
  object["alarm_actions"] = to_json(definition.alarm_actions);
  object["insufficient_data_actions"] = to_json(definition.insufficient_data_actions);
  object["metric"] = to_json(definition.metric);
  object["statistic"] = to_text(condition.statistic);
  object["period_ms"] = condition.period.count();
  object["evaluation_periods"] = condition.evaluation_periods;
  object["datapoints_to_alarm"] = condition.datapoints_to_alarm;
  object["threshold"] = kaden::to_text(condition.threshold);
  object["comparison"] = to_text(condition.comparison);
  object["missing"] = to_text(condition.missing);
  object["unit"] = condition.unit;
  object["tags"] = to_json(definition.tags);
  return object;
}

Result<Definition> definition_from_json(const json::value& value) {
  const auto* object = value.if_object();
  if (object == nullptr) return fail(Fault::invalid, "alarm definition: must be an object");
  Reader reader(*object, "");
  Definition definition;
  definition.name = reader.text("name");
  definition.description = reader.text("description");
  definition.actions_enabled = reader.flag("actions_enabled");
  definition.ok_actions = reader.list("ok_actions");
  definition.alarm_actions = reader.list("alarm_actions");
  definition.insufficient_data_actions = reader.list("insufficient_data_actions");
  definition.metric = reader.metric("metric").value_or(MetricId{});
  Condition& condition = definition.condition;
  condition.statistic = reader.parsed("statistic", parse_statistic, Statistic::average);
  condition.period = Millis(reader.integer("period_ms"));
  condition.evaluation_periods =
      static_cast<int>(std::clamp<std::int64_t>(reader.integer("evaluation_periods"), 0, INT32_MAX));
  condition.datapoints_to_alarm =
      static_cast<int>(std::clamp<std::int64_t>(reader.integer("datapoints_to_alarm"), 0, INT32_MAX));
  condition.threshold = reader.real("threshold");
  condition.comparison = reader.parsed("comparison", parse_comparison, Comparison::greater);
  condition.missing = reader.parsed("missing", parse_missing_data, MissingData::missing);
  condition.unit = reader.text("unit");
  definition.tags = reader.map("tags");
  if (reader.error()) return fail_while("alarm definition", *reader.error());
  if (definition.name.empty() || definition.metric.name.empty()) {
    return fail(Fault::invalid, "alarm definition: name and metric must not be empty");
  }
  if (auto checked = check(condition); !checked) return fail_while("alarm definition", checked.error());
  return definition;
}

std::string to_text(const SavedState& saved) {
  json::object object;
  object["state"] = to_text(saved.state);
  object["changed_ms"] = to_ms(saved.changed_at);
  object["updated_ms"] = to_ms(saved.updated_at);
  object["reason"] = saved.reason;
  object["reason_data"] = saved.reason_data;
  if (saved.metric) {
    object["rule"] = saved.rule;
    object["metric"] = to_json(*saved.metric);
  }
  return kaden::to_text(json::value(std::move(object)));
}

Result<SavedState> parse_saved_state(const std::string& text) {
  const auto value = object_of(text);
  if (!value) return fail_while("alarm state", value.error());
  Reader reader(value->as_object(), "");
  SavedState saved;
  saved.state = reader.parsed("state", parse_alarm_state, AlarmState::insufficient_data);
  saved.changed_at = wall_time(reader.integer("changed_ms"));
  saved.updated_at = wall_time(reader.integer("updated_ms"));
  saved.reason = reader.text("reason");
  saved.reason_data = reader.text("reason_data");
  saved.rule = reader.text("rule");
  saved.metric = reader.metric("metric");
  if (reader.error()) return fail_while("alarm state", *reader.error());
  return saved;
}

Severity Definition::severity() const {
  const auto found = tags.find("kaden:severity");
  return found == tags.end() ? Severity::critical
                             : parse_severity(found->second).value_or(Severity::critical);
}

SpokenText Definition::say() const {
  SpokenText text;
  for (const Language language : {Language::ja, Language::en}) {
    const auto found = tags.find("kaden:say:" + std::string(to_text(language)));
    if (found != tags.end()) text[language] = found->second;
  }
  return text;
}

std::string_view source_of(Origin origin) {
  switch (origin) {
    case Origin::api:
      return "cloudwatch";
    case Origin::rule:
      return "guest";
  }
  return "";
}

std::optional<Origin> parse_source(std::string_view source) {
  for (const Origin origin : {Origin::api, Origin::rule}) {
    if (source_of(origin) == source) return origin;
  }
  return std::nullopt;
}

std::string machine_of(const Dimensions& dimensions) {
  for (const char* name : {"host", "InstanceId", "VMName"}) {
    if (const auto found = dimensions.find(name); found != dimensions.end()) return found->second;
  }
  return dimensions.empty() ? std::string() : dimensions.begin()->second;
}

std::string spoken_number(double value) {
  const double size = std::fabs(value);
  if (size >= 1e15 || (size > 0 && size < 0.001)) return fmt::format("{:.2e}", value);
  std::string text = fmt::format("{:.{}f}", value, size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.1 ? 2 : 4);
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text == "-0" ? "0" : text;
}

} // namespace kaden::alarm
