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
  Reader(const json::object& object, std::string path) : object_(object), fields_(object, std::move(path)) {}

  bool has(std::string_view name) const { return object_.contains(name); }
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
  const json::object& object_;
  Fields fields_;
  std::optional<Error> error_;
};

Result<json::value> object_of(const std::string& text) {
  auto value = parse_json(text);
  if (value && !value->is_object()) return fail(Fault::invalid, "must be a JSON object");
  return value;
}

} // namespace

namespace {

json::object to_json(const MetricQuery& query) {
  json::object object;
  object["id"] = query.id;
  object["label"] = query.label;
  object["return_data"] = query.return_data;
  if (query.period) object["period_ms"] = query.period->count();
  if (!query.stat) {
    object["expression"] = query.expression;
    return object;
  }
  json::object stat;
  stat["metric"] = to_json(query.stat->metric);
  stat["period_ms"] = query.stat->period.count();
  stat["statistic"] = to_text(query.stat->statistic);
  stat["unit"] = query.stat->unit;
  object["stat"] = std::move(stat);
  return object;
}

Result<MetricQuery> query_from_json(const json::value& value) {
  const auto* object = value.if_object();
  if (object == nullptr) return fail(Fault::invalid, "a query must be an object");
  Reader reader(*object, "queries[]");
  MetricQuery query;
  query.id = reader.text("id");
  query.label = reader.text("label");
  query.return_data = reader.flag("return_data");
  query.expression = reader.text("expression");
  if (reader.has("period_ms")) query.period = Millis(reader.integer("period_ms"));
  const json::value* found = object->if_contains("stat");
  if (found == nullptr)
    return reader.error() ? Result<MetricQuery>(tl::unexpected<Error>(*reader.error())) : query;
  if (!found->is_object()) return fail(Fault::invalid, "queries[].stat: must be an object");
  Reader inner(found->as_object(), "queries[].stat");
  MetricStat stat;
  stat.metric = inner.metric("metric").value_or(MetricId{});
  stat.period = Millis(inner.integer("period_ms"));
  stat.unit = inner.text("unit");
  auto statistic = parse_any_statistic(inner.text("statistic"));
  if (!statistic) return tl::unexpected<Error>(statistic.error());
  stat.statistic = std::move(*statistic);
  for (const auto* one : {&reader, &inner}) {
    if (one->error()) return tl::unexpected<Error>(*one->error());
  }
  query.stat = std::move(stat);
  return query;
}

/// What metric alarms and composite alarms have in common, but for their tags.
template <class D>
void write_head(json::object& object, const D& definition) {
  object["name"] = definition.name;
  object["description"] = definition.description;
  object["actions_enabled"] = definition.actions_enabled;
  object["ok_actions"] = to_json(definition.ok_actions);
  object["alarm_actions"] = to_json(definition.alarm_actions);
  object["insufficient_data_actions"] = to_json(definition.insufficient_data_actions);
}

template <class D>
void read_head(Reader& reader, D& definition) {
  definition.name = reader.text("name");
  definition.description = reader.text("description");
  definition.actions_enabled = reader.flag("actions_enabled");
  definition.ok_actions = reader.list("ok_actions");
  definition.alarm_actions = reader.list("alarm_actions");
  definition.insufficient_data_actions = reader.list("insufficient_data_actions");
}

/// What was added since the first definitions were stored; absent in those.
Result<void> read_extensions(const json::object& object, Reader& reader, Definition& definition) {
  Condition& condition = definition.condition;
  if (reader.has("extended_statistic")) {
    auto extended = parse_extended_statistic(reader.text("extended_statistic"));
    if (!extended) return tl::unexpected<Error>(extended.error());
    condition.extended = std::move(*extended);
  }
  if (reader.has("low_samples")) {
    condition.low_samples = reader.parsed("low_samples", parse_low_samples, LowSamples::evaluate);
  }
  condition.window.wall_clock = reader.has("wall_clock");
  if (condition.window.wall_clock) condition.window.timezone = reader.text("wall_clock");
  if (reader.has("clear_threshold")) condition.clear_threshold = reader.real("clear_threshold");
  const json::value* queries = object.if_contains("queries");
  if (queries == nullptr) return {};
  if (!queries->is_array()) return fail(Fault::invalid, "queries: must be an array");
  for (const json::value& one : queries->as_array()) {
    auto query = query_from_json(one);
    if (!query) return tl::unexpected<Error>(query.error());
    definition.queries.push_back(std::move(*query));
  }
  auto period = check_alarm_queries(definition.queries);
  if (!period) return tl::unexpected<Error>(period.error());
  return {};
}

} // namespace

json::value to_json(const Definition& definition) {
  const Condition& condition = definition.condition;
  json::object object;
  write_head(object, definition);
  object["metric"] = to_json(definition.metric);
  object["statistic"] = to_text(condition.statistic);
  object["period_ms"] = condition.period.count();
  object["evaluation_periods"] = condition.evaluation_periods;
  object["datapoints_to_alarm"] = condition.datapoints_to_alarm;
  object["threshold"] = kaden::to_text(condition.threshold);
  object["comparison"] = to_text(condition.comparison);
  object["missing"] = to_text(condition.missing);
  object["unit"] = condition.unit;
  if (condition.extended) object["extended_statistic"] = condition.extended->text;
  object["low_samples"] = to_text(condition.low_samples);
  if (condition.window.wall_clock) object["wall_clock"] = condition.window.timezone;
  if (condition.clear_threshold) object["clear_threshold"] = kaden::to_text(*condition.clear_threshold);
  if (!definition.queries.empty()) {
    json::array queries;
    for (const MetricQuery& query : definition.queries) queries.push_back(to_json(query));
    object["queries"] = std::move(queries);
  }
  object["tags"] = to_json(definition.tags);
  return object;
}

Result<Definition> definition_from_json(const json::value& value) {
  const auto* object = value.if_object();
  if (object == nullptr) return fail(Fault::invalid, "alarm definition: must be an object");
  Reader reader(*object, "");
  Definition definition;
  read_head(reader, definition);
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
  if (auto read = read_extensions(*object, reader, definition); !read) {
    return fail_while("alarm definition", read.error());
  }
  if (reader.error()) return fail_while("alarm definition", *reader.error());
  if (definition.name.empty() || (definition.metric.name.empty() && definition.queries.empty())) {
    return fail(Fault::invalid, "alarm definition: name and metric must not be empty");
  }
  if (auto checked = check(condition); !checked) return fail_while("alarm definition", checked.error());
  return definition;
}

namespace {

std::optional<SuppressedBy> parse_suppressed_by(std::string_view text) {
  for (const auto one : {SuppressedBy::nothing, SuppressedBy::wait_period, SuppressedBy::extension_period,
                         SuppressedBy::alarm}) {
    if (to_text(one) == text) return one;
  }
  return std::nullopt;
}

} // namespace

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
  if (!saved.tree.empty()) {
    object["tree"] = saved.tree;
    if (saved.seen) {
      json::array seen;
      for (const AlarmState one : *saved.seen) seen.emplace_back(to_text(one));
      object["seen"] = std::move(seen);
    }
    object["suppressed_by"] = to_text(saved.suppressed_by);
    object["suppressed_until_ms"] = to_ms(saved.suppressed_until);
    object["held_back"] = saved.held_back;
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
  saved.tree = reader.text("tree");
  if (!saved.tree.empty()) {
    if (reader.has("seen")) saved.seen.emplace();
    for (const std::string& one : reader.list("seen")) {
      saved.seen->push_back(parse_alarm_state(one).value_or(AlarmState::insufficient_data));
    }
    saved.suppressed_by = reader.parsed("suppressed_by", parse_suppressed_by, SuppressedBy::nothing);
    saved.suppressed_until = wall_time(reader.integer("suppressed_until_ms"));
    saved.held_back = reader.flag("held_back");
  }
  if (reader.error()) return fail_while("alarm state", *reader.error());
  return saved;
}

namespace {

Severity severity_of(const std::map<std::string, std::string>& tags) {
  const auto found = tags.find("kaden:severity");
  return found == tags.end() ? Severity::critical
                             : parse_severity(found->second).value_or(Severity::critical);
}

SpokenText say_of(const std::map<std::string, std::string>& tags) {
  SpokenText text;
  for (const Language language : {Language::ja, Language::en}) {
    const auto found = tags.find("kaden:say:" + std::string(to_text(language)));
    if (found != tags.end()) text[language] = found->second;
  }
  return text;
}

} // namespace

Severity Definition::severity() const {
  return severity_of(tags);
}
SpokenText Definition::say() const {
  return say_of(tags);
}
Severity CompositeDefinition::severity() const {
  return severity_of(tags);
}
SpokenText CompositeDefinition::say() const {
  return say_of(tags);
}

json::value to_json(const CompositeDefinition& definition) {
  json::object object;
  write_head(object, definition);
  object["rule"] = definition.rule;
  object["suppressor"] = definition.suppressor;
  object["wait_period_ms"] = definition.wait_period.count();
  object["extension_period_ms"] = definition.extension_period.count();
  object["tags"] = to_json(definition.tags);
  return object;
}

Result<CompositeDefinition> composite_from_json(const json::value& value) {
  const auto* object = value.if_object();
  if (object == nullptr) return fail(Fault::invalid, "composite alarm definition: must be an object");
  Reader reader(*object, "");
  CompositeDefinition definition;
  read_head(reader, definition);
  definition.rule = reader.text("rule");
  definition.suppressor = reader.text("suppressor");
  definition.wait_period = Millis(reader.integer("wait_period_ms"));
  definition.extension_period = Millis(reader.integer("extension_period_ms"));
  definition.tags = reader.map("tags");
  if (reader.error()) return fail_while("composite alarm definition", *reader.error());
  if (auto sound = check(definition); !sound) return fail_while("composite alarm definition", sound.error());
  return definition;
}

std::string_view to_text(SuppressedBy by) {
  switch (by) {
    case SuppressedBy::nothing:
      return "";
    case SuppressedBy::wait_period:
      return "WaitPeriod";
    case SuppressedBy::extension_period:
      return "ExtensionPeriod";
    case SuppressedBy::alarm:
      return "Alarm";
  }
  return "";
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
