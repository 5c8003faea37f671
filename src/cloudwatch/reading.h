// What several operations read alike: names, metrics, queries, tags. And the same things written back.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "answer.h"
#include "kaden/alarm.h"
#include "kaden/utf8.h"

namespace kaden::cloudwatch {

inline constexpr std::string_view validation = "ValidationError";
inline constexpr std::size_t alarm_name_characters_max = 255; // CloudWatch's own

/// "1 validation error detected: Value 'x' at 'alarmName' failed to satisfy constraint: ..."; null when
/// `shown` is.
Problem must_be(std::string_view parameter, const std::string* shown, std::string_view constraint);

/// A required text of 1 to `most` characters.
Answer<std::string> required_text(const Value& input, std::string_view name, std::size_t most);
Answer<int> required_count(const Value& input, std::string_view name);
/// MaxRecords: 1 to 100.
Answer<std::size_t> read_page_size(const Value& input, std::size_t fallback);
/// AlarmNames: 1 to 100.
Answer<std::vector<std::string>> read_names(const Value& input);

/// One word of a set; absent: nullopt.
template <class T>
Answer<std::optional<T>> read_word(const Value& input, std::string_view name,
                                   std::optional<T> (*parse)(std::string_view)) {
  const std::string* text = input.text(name);
  if (text == nullptr) return std::optional<T>();
  const auto value = parse(*text);
  if (!value) {
    return tl::unexpected<Problem>(
        must_be(name, text, "Member must satisfy enum value set of " + std::string(name)));
  }
  return value;
}
template <class T>
Answer<T> required_word(const Value& input, std::string_view name,
                        std::optional<T> (*parse)(std::string_view)) {
  const auto value = read_word(input, name, parse);
  if (!value) return refused(value);
  if (!*value) return tl::unexpected<Problem>(must_be(name, nullptr, "Member must not be null"));
  return **value;
}

bool is_namespace(std::string_view text);
bool is_metric_name(std::string_view text);
/// One of CloudWatch's 27 units.
bool is_unit(std::string_view text);

/// Dimensions of `holder`, which stands at `path` ("" or "MetricData.member.1."). `code` is what a fault is
/// called.
Answer<alarm::Dimensions> read_dimensions(const Value& holder, const std::string& path,
                                          std::string_view code);
/// Namespace, MetricName and Dimensions, each required but the last. ValidationError.
Answer<alarm::MetricId> read_metric(const Value& holder, const std::string& path);
/// MetricDataQuery: what is in them, not yet whether they fit together. ValidationError.
Answer<std::vector<alarm::MetricQuery>> read_queries(const smithy::List& queries, const std::string& path);
/// The texts of a tag list; kaden:severity is checked. ValidationError.
Answer<std::map<std::string, std::string>> read_tags(const Value& input);

Value text_list(const std::vector<std::string>& texts);
Value dimensions_value(const alarm::Dimensions& dimensions);
Value metric_value(const alarm::MetricId& metric);
Value queries_value(const std::vector<alarm::MetricQuery>& queries);

} // namespace kaden::cloudwatch
