#include "reading.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "kaden/limits/alarm_events.h"
#include "kaden/limits/metrics.h"

namespace kaden::cloudwatch {

namespace {

constexpr std::size_t names_max = 100;
constexpr std::size_t tags_max = 50;
constexpr std::size_t page_max = 100;
constexpr std::size_t label_characters_max =
    2'048; // of a query, four bytes for each of CloudWatch's 500 characters

constexpr std::array<std::string_view, 27> units{"Seconds",
                                                 "Microseconds",
                                                 "Milliseconds",
                                                 "Bytes",
                                                 "Kilobytes",
                                                 "Megabytes",
                                                 "Gigabytes",
                                                 "Terabytes",
                                                 "Bits",
                                                 "Kilobits",
                                                 "Megabits",
                                                 "Gigabits",
                                                 "Terabits",
                                                 "Percent",
                                                 "Count",
                                                 "Bytes/Second",
                                                 "Kilobytes/Second",
                                                 "Megabytes/Second",
                                                 "Gigabytes/Second",
                                                 "Terabytes/Second",
                                                 "Bits/Second",
                                                 "Kilobits/Second",
                                                 "Megabits/Second",
                                                 "Gigabits/Second",
                                                 "Terabits/Second",
                                                 "Count/Second",
                                                 "None"};

bool is_printable_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

Answer<alarm::MetricStat> read_stat(const Value& stat, const std::string& path) {
  alarm::MetricStat out;
  const Value* metric = stat.find("Metric");
  if (metric == nullptr) {
    return tl::unexpected<Problem>(must_be(path + "Metric", nullptr, "Member must not be null"));
  }
  auto id = read_metric(*metric, path + "Metric.");
  if (!id) return refused(id);
  const auto period_s = stat.integer("Period");
  if (!period_s || *period_s < 1) {
    return tl::unexpected<Problem>(
        must_be(path + "Period", nullptr, "Member must have value greater than or equal to 1"));
  }
  const std::string* text = stat.text("Stat");
  auto statistic = alarm::parse_any_statistic(text == nullptr ? "" : *text);
  if (!statistic) {
    return tl::unexpected<Problem>(must_be(path + "Stat", text, "Member must be a statistic"));
  }
  out.unit = stat.text_or("Unit", "");
  if (!out.unit.empty() && !is_unit(out.unit)) {
    return tl::unexpected<Problem>(
        must_be(path + "Unit", &out.unit, "Member must satisfy enum value set of StandardUnit"));
  }
  out.metric = std::move(*id);
  out.period = seconds(*period_s);
  out.statistic = std::move(*statistic);
  return out;
}

Answer<alarm::MetricQuery> read_query(const Value& query, const std::string& path) {
  alarm::MetricQuery out;
  out.id = query.text_or("Id", "");
  out.expression = query.text_or("Expression", "");
  out.label = query.text_or("Label", "");
  out.return_data = query.flag("ReturnData").value_or(true);
  if (query.has("AccountId")) {
    return problem(validation, path + "AccountId: this endpoint holds one account's metrics.");
  }
  if (characters(out.label) > label_characters_max) {
    return problem(validation, path + "Label must have length less than or equal to 500");
  }
  if (const auto period_s = query.integer("Period")) {
    if (*period_s < 1) {
      return tl::unexpected<Problem>(
          must_be(path + "Period", nullptr, "Member must have value greater than or equal to 1"));
    }
    out.period = seconds(*period_s);
  }
  if (const Value* stat = query.find("MetricStat")) {
    auto read = read_stat(*stat, path + "MetricStat.");
    if (!read) return refused(read);
    out.stat = std::move(*read);
  }
  return out;
}

} // namespace

Problem problem_of(const Error& error) {
  switch (error.fault) {
    case Fault::invalid:
      return {"InvalidParameterValue", 400, error.message};
    case Fault::not_found:
      return {"ResourceNotFound", 404, error.message};
    case Fault::conflict:
      return {std::string(validation), 400, error.message};
    case Fault::denied:
      return {"AccessDenied", 403, error.message};
    case Fault::busy:
      return {"LimitExceeded", 400, error.message};
    case Fault::unavailable:
    case Fault::timeout:
      return {"ServiceUnavailable", 503, error.message};
    case Fault::corrupt:
      break;
  }
  return {"InternalServiceError", 500, error.message};
}

Problem must_be(std::string_view parameter, const std::string* shown, std::string_view constraint) {
  // The member names of AWS's messages begin in lower case.
  std::string name(parameter);
  if (!name.empty()) name[0] = static_cast<char>(name[0] | 0x20);
  const std::string value = shown == nullptr ? "null" : "'" + std::string(cut_utf8(*shown, 300)) + "'";
  return {std::string(validation), 400,
          fmt::format("1 validation error detected: Value {} at '{}' failed to satisfy constraint: {}", value,
                      name, constraint)};
}

Answer<std::string> required_text(const Value& input, std::string_view name, std::size_t most) {
  const std::string* text = input.text(name);
  if (text == nullptr) return tl::unexpected<Problem>(must_be(name, nullptr, "Member must not be null"));
  if (text->empty() || characters(*text) > most) {
    return tl::unexpected<Problem>(
        must_be(name, text, fmt::format("Member must have length between 1 and {}", most)));
  }
  return *text;
}

Answer<int> required_count(const Value& input, std::string_view name) {
  const auto number = input.integer(name);
  if (!number) return tl::unexpected<Problem>(must_be(name, nullptr, "Member must not be null"));
  if (*number < 1 || *number > INT32_MAX) {
    const std::string shown = std::to_string(*number);
    return tl::unexpected<Problem>(
        must_be(name, &shown, "Member must have value greater than or equal to 1"));
  }
  return static_cast<int>(*number);
}

Answer<std::size_t> read_page_size(const Value& input, std::size_t fallback) {
  const auto number = input.integer("MaxRecords");
  if (!number) return fallback;
  if (*number < 1 || *number > static_cast<std::int64_t>(page_max)) {
    const std::string shown = std::to_string(*number);
    return tl::unexpected<Problem>(must_be("MaxRecords", &shown, "Member must have value between 1 and 100"));
  }
  return static_cast<std::size_t>(*number);
}

Answer<std::vector<std::string>> read_names(const Value& input) {
  auto names = input.texts("AlarmNames");
  if (names.empty()) {
    return tl::unexpected<Problem>(must_be("AlarmNames", nullptr, "Member must not be null"));
  }
  if (names.size() > names_max) {
    return problem(validation,
                   fmt::format("AlarmNames must have length less than or equal to {}", names_max));
  }
  return names;
}

bool is_namespace(std::string_view text) {
  return !text.empty() && text.size() <= 255 && text.front() != ':' && is_printable_ascii(text);
}

bool is_metric_name(std::string_view text) {
  return !text.empty() && characters(text) <= 255;
}

bool is_unit(std::string_view text) {
  return std::find(units.begin(), units.end(), text) != units.end();
}

Answer<alarm::Dimensions> read_dimensions(const Value& holder, const std::string& path,
                                          std::string_view code) {
  alarm::Dimensions dimensions;
  const auto& members = holder.list("Dimensions");
  if (members.size() > limits::dimensions_max) {
    return problem(code, fmt::format("The collection {}Dimensions must not have a size greater than {}.",
                                     path, limits::dimensions_max));
  }
  std::size_t number = 0;
  for (const Value& member : members) {
    const std::string place = fmt::format("{}Dimensions.member.{}", path, ++number);
    std::string name = member.text_or("Name", "");
    std::string value = member.text_or("Value", "");
    if (name.empty() || name.size() > 255 || name.front() == ':' || !is_printable_ascii(name)) {
      return problem(
          code, fmt::format("The parameter {}.Name must be 1 to 255 ASCII characters and not start with ':'.",
                            place));
    }
    if (value.size() > 1024 || trim(value).empty() || !is_printable_ascii(value)) {
      return problem(
          code,
          fmt::format("The parameter {}.Value must be 1 to 1024 ASCII characters, not only blanks.", place));
    }
    if (!dimensions.emplace(std::move(name), std::move(value)).second) {
      return problem(code, fmt::format("The parameter {}.Name is a duplicate.", place));
    }
  }
  return dimensions;
}

Answer<alarm::MetricId> read_metric(const Value& holder, const std::string& path) {
  const std::string name_space = holder.text_or("Namespace", "");
  const std::string name = holder.text_or("MetricName", "");
  if (!is_namespace(name_space)) {
    return tl::unexpected<Problem>(must_be(path + "Namespace", holder.text("Namespace"),
                                           "Member must satisfy regular expression pattern: [^:].*"));
  }
  if (!is_metric_name(name)) {
    return tl::unexpected<Problem>(
        must_be(path + "MetricName", holder.text("MetricName"), "Member must have length between 1 and 255"));
  }
  auto dimensions = read_dimensions(holder, path, validation);
  if (!dimensions) return refused(dimensions);
  return alarm::MetricId{name_space, name, std::move(*dimensions)};
}

Answer<std::vector<alarm::MetricQuery>> read_queries(const smithy::List& queries, const std::string& path) {
  if (queries.size() > limits::queries_per_request_max) {
    return problem(validation, fmt::format("The collection {} must not have a size greater than {}.", path,
                                           limits::queries_per_request_max));
  }
  std::vector<alarm::MetricQuery> out;
  out.reserve(queries.size());
  for (const Value& one : queries) {
    auto read = read_query(one, fmt::format("{}.member.{}.", path, out.size() + 1));
    if (!read) return refused(read);
    out.push_back(std::move(*read));
  }
  return out;
}

namespace {

/// aws:, in any case.
bool is_amazons_own(std::string_view tag) {
  constexpr std::string_view prefix = "aws:";
  return tag.size() >= prefix.size() &&
         std::equal(prefix.begin(), prefix.end(), tag.begin(),
                    [](char wanted, char given) { return wanted == given || wanted == (given | 0x20); });
}

} // namespace

Answer<std::map<std::string, std::string>> read_tags(const Value& input) {
  std::map<std::string, std::string> tags;
  for (const Value& one : input.list("Tags")) {
    const auto key = required_text(one, "Key", 128);
    if (!key) return refused(key);
    if (is_amazons_own(*key)) {
      return problem(validation, "The tag " + std::string(cut_utf8(*key, 128)) +
                                     " cannot be set: names that begin with aws: are Amazon's own.");
    }
    // AWS allows 256; a sentence to be spoken needs more.
    const std::string value = one.text_or("Value", "");
    if (value.size() > limits::say_bytes_max) {
      return problem(validation, fmt::format("The value of tag {} is too long.", *key));
    }
    if (*key == "kaden:severity" && !parse_severity(value)) {
      return problem(validation, "The tag kaden:severity must be critical, error, warning or info.");
    }
    tags[*key] = value;
  }
  if (tags.size() > tags_max) {
    return problem(validation, fmt::format("An alarm has at most {} tags.", tags_max));
  }
  return tags;
}

Value text_list(const std::vector<std::string>& texts) {
  return smithy::List(texts.begin(), texts.end());
}

Value dimensions_value(const alarm::Dimensions& dimensions) {
  smithy::List out;
  for (const auto& [name, value] : dimensions) out.push_back(Value().set("Name", name).set("Value", value));
  return out;
}

Value metric_value(const alarm::MetricId& metric) {
  return Value()
      .set("Namespace", metric.name_space)
      .set("MetricName", metric.name)
      .set("Dimensions", dimensions_value(metric.dimensions));
}

Value queries_value(const std::vector<alarm::MetricQuery>& queries) {
  smithy::List out;
  for (const auto& query : queries) {
    Value one = Value().set("Id", query.id);
    if (query.stat) {
      Value stat = Value()
                       .set("Metric", metric_value(query.stat->metric))
                       .set("Period", query.stat->period.count() / 1000)
                       .set("Stat", alarm::to_text(query.stat->statistic));
      if (!query.stat->unit.empty()) stat.set("Unit", query.stat->unit);
      one.set("MetricStat", std::move(stat));
    } else {
      one.set("Expression", query.expression);
    }
    if (!query.label.empty()) one.set("Label", query.label);
    one.set("ReturnData", query.return_data);
    if (query.period) one.set("Period", query.period->count() / 1000);
    out.push_back(std::move(one));
  }
  return out;
}

} // namespace kaden::cloudwatch
