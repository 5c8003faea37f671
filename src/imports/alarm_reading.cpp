#include "alarm_reading.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "phrases.h"

namespace kaden::imports {

namespace {

constexpr Phrase is_statistic = {"its statistic is {}", "統計が {} です"};
constexpr Phrase is_comparison = {"its comparison is {}", "比較方法が {} です"};
constexpr Phrase no_threshold = {"it has no threshold", "しきい値がありません"};

/// EvaluationWindow; a sliding one is the usual one.
alarm::EvaluationWindow window_of(const json::object& object) {
  const auto* window = object.if_contains("EvaluationWindow");
  const auto* kind = window == nullptr || !window->is_object()
                         ? nullptr
                         : window->get_object().if_contains("WallClockWindow");
  if (kind == nullptr || !kind->is_object()) return {};
  return {true, text_of(kind->get_object(), "Timezone")};
}

} // namespace

std::string text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(std::string_view(*text));
}

std::optional<double> number_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  json::error_code error;
  const auto number = value->to_number<double>(error);
  return error ? std::nullopt : std::optional<double>(number);
}

std::int64_t whole_of(const json::object& object, std::string_view name, std::int64_t fallback) {
  constexpr double most = 1e9;
  const auto number = number_of(object, name);
  if (!number) return fallback;
  const bool is_whole =
      *number >= 0 && *number <= most && *number == static_cast<double>(static_cast<std::int64_t>(*number));
  return is_whole ? static_cast<std::int64_t>(*number) : 0;
}

bool is_filled(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || value->is_null()) return false;
  if (value->is_array()) return !value->get_array().empty();
  return !value->is_string() || !value->get_string().empty();
}

std::optional<alarm::Dimensions> dimensions_of(const json::object& object) {
  alarm::Dimensions dimensions;
  const auto* value = object.if_contains("Dimensions");
  if (value == nullptr) return dimensions;
  if (!value->is_array()) return std::nullopt;
  for (const json::value& one : value->get_array()) {
    if (!one.is_object()) return std::nullopt;
    const std::string name = text_of(one.get_object(), "Name");
    const std::string text = text_of(one.get_object(), "Value");
    if (name.empty() || text.empty()) return std::nullopt;
    dimensions.emplace(name, text);
  }
  return dimensions;
}

const json::array* list_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_array();
}

bool fits_the_file(std::string_view text, std::size_t bytes_max) {
  return !text.empty() && text.size() <= bytes_max && std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

namespace {

/// Statistic or ExtendedStatistic, Period and Unit.
tl::expected<void, Reason> read_statistic(const json::object& object, alarm::Condition& condition,
                                          Language language) {
  const std::string extended = text_of(object, "ExtendedStatistic");
  const std::string statistic = extended.empty() ? text_of(object, "Statistic") : extended;
  const auto known = alarm::parse_any_statistic(statistic);
  if (!known) return tl::unexpected(say(language, is_statistic, one_line(statistic)));
  condition.statistic = known->simple;
  condition.extended = known->extended;
  constexpr std::int64_t period_s_max = 604'800; // a week; more is refused by the check
  condition.period = seconds(std::min(whole_of(object, "Period", 0), period_s_max));
  condition.unit = text_of(object, "Unit");
  if (!condition.unit.empty() && !fits_the_file(condition.unit, word_bytes_max))
    return tl::unexpected(Reason("Unit"));
  return {};
}

} // namespace

tl::expected<alarm::Condition, Reason> condition_of(const json::object& object, std::optional<Millis> period,
                                                    Language language) {
  alarm::Condition condition;
  if (period) {
    condition.period = *period;
  } else if (auto read = read_statistic(object, condition, language); !read) {
    return tl::unexpected(read.error());
  }
  const std::string comparison = text_of(object, "ComparisonOperator");
  const auto compares = alarm::parse_comparison(comparison);
  if (!compares) return tl::unexpected(say(language, is_comparison, one_line(comparison)));
  const auto threshold = number_of(object, "Threshold");
  if (!threshold) return tl::unexpected(say(language, no_threshold));
  condition.low_samples = alarm::parse_low_samples(text_of(object, "EvaluateLowSampleCountPercentile"))
                              .value_or(alarm::LowSamples::evaluate);
  condition.comparison = *compares;
  condition.threshold = *threshold;
  constexpr std::int64_t points_max = 60'480; // of 10 s in a week, CloudWatch's longest evaluation
  condition.evaluation_periods =
      static_cast<int>(std::min(whole_of(object, "EvaluationPeriods", 0), points_max));
  condition.datapoints_to_alarm = static_cast<int>(
      std::min(whole_of(object, "DatapointsToAlarm", condition.evaluation_periods), points_max));
  condition.missing =
      alarm::parse_missing_data(text_of(object, "TreatMissingData")).value_or(alarm::MissingData::missing);
  condition.window = window_of(object);
  if (const auto sound = alarm::check(condition); !sound) {
    return tl::unexpected(one_line(sound.error().message));
  }
  return condition;
}

} // namespace kaden::imports
