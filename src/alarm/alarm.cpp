#include "kaden/alarm.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "kaden/limits/metrics.h"
#include "kaden/pattern.h"

namespace kaden::alarm {

std::string_view to_text(Comparison comparison) {
  switch (comparison) {
    case Comparison::greater_or_equal:
      return "GreaterThanOrEqualToThreshold";
    case Comparison::greater:
      return "GreaterThanThreshold";
    case Comparison::less:
      return "LessThanThreshold";
    case Comparison::less_or_equal:
      return "LessThanOrEqualToThreshold";
  }
  return "";
}

std::string_view to_text(MissingData missing) {
  switch (missing) {
    case MissingData::missing:
      return "missing";
    case MissingData::ignore:
      return "ignore";
    case MissingData::breaching:
      return "breaching";
    case MissingData::not_breaching:
      return "notBreaching";
  }
  return "";
}

std::optional<Comparison> parse_comparison(std::string_view text) {
  for (const auto one :
       {Comparison::greater_or_equal, Comparison::greater, Comparison::less, Comparison::less_or_equal}) {
    if (to_text(one) == text) return one;
  }
  return std::nullopt;
}

std::optional<MissingData> parse_missing_data(std::string_view text) {
  for (const auto one :
       {MissingData::missing, MissingData::ignore, MissingData::breaching, MissingData::not_breaching}) {
    if (to_text(one) == text) return one;
  }
  return std::nullopt;
}

std::string_view to_text(LowSamples low_samples) {
  switch (low_samples) {
    case LowSamples::evaluate:
      return "evaluate";
    case LowSamples::ignore:
      return "ignore";
  }
  return "";
}

std::optional<LowSamples> parse_low_samples(std::string_view text) {
  for (const auto one : {LowSamples::evaluate, LowSamples::ignore}) {
    if (to_text(one) == text) return one;
  }
  return std::nullopt;
}

std::optional<Millis> utc_offset_of(std::string_view timezone) {
  if (timezone.starts_with("UTC")) timezone.remove_prefix(3);
  if (timezone.empty()) return Millis(0);
  const bool shaped =
      timezone.size() == 6 && (timezone[0] == '+' || timezone[0] == '-') && timezone[3] == ':';
  if (!shaped) return std::nullopt;
  const auto hours = parse_int(timezone.substr(1, 2));
  const auto minutes = parse_int(timezone.substr(4, 2));
  if (!hours || !minutes || *hours < 0 || *minutes < 0 || *minutes > 59 || *minutes % 5 != 0)
    return std::nullopt;
  const std::int64_t offset_s = (*hours * 60 + *minutes) * 60;
  if (offset_s > 18 * 3600) return std::nullopt;
  return seconds(timezone[0] == '-' ? -offset_s : offset_s);
}

std::string statistic_text(const Condition& condition) {
  return condition.extended ? condition.extended->text : std::string(to_text(condition.statistic));
}

namespace {

Result<void> check_window(const Condition& condition) {
  if (!condition.window.wall_clock) return {};
  constexpr std::int64_t periods_s[] = {60, 300, 3600, 86'400, 604'800};
  const auto* end = std::end(periods_s);
  if (std::find(std::begin(periods_s), end, condition.period.count() / 1000) == end) {
    return fail(Fault::invalid, "Period: must be 60, 300, 3600, 86400 or 604800 with a WallClockWindow");
  }
  if (!utc_offset_of(condition.window.timezone)) {
    return fail(
        Fault::invalid,
        "EvaluationWindow: Timezone must be UTC or an offset such as +05:30 in steps of five minutes");
  }
  return {};
}

Result<void> check_thresholds(const Condition& condition) {
  if (!std::isfinite(condition.threshold)) return fail(Fault::invalid, "Threshold: must be a finite number");
  if (!condition.clear_threshold) return {};
  const double clear = *condition.clear_threshold;
  const bool high_is_bad =
      condition.comparison == Comparison::greater || condition.comparison == Comparison::greater_or_equal;
  const bool on_good_side = high_is_bad ? clear <= condition.threshold : clear >= condition.threshold;
  if (!std::isfinite(clear) || !on_good_side) {
    return fail(Fault::invalid, std::string("ClearThreshold: must be a number that is not ") +
                                    (high_is_bad ? "above" : "below") + " the threshold");
  }
  return {};
}

} // namespace

Result<void> check(const Rule& rule) {
  if (auto sound = check(rule.condition); !sound) return sound;
  for (const auto& [dimension, text] : rule.where_regex) {
    const auto pattern = Pattern::parse(text);
    if (!pattern) return fail_while("where_regex: " + dimension, pattern.error());
  }
  if (rule.silent_after != Millis(0) && rule.silent_after < limits::silent_after_min) {
    return fail(Fault::invalid, "silent_after: must be at least " + to_words(limits::silent_after_min));
  }
  if (rule.retire_after != Millis(0) &&
      (rule.retire_after < limits::retire_after_min || rule.retire_after <= rule.silent_after)) {
    return fail(Fault::invalid, "retire_after: must be at least " + to_words(limits::retire_after_min) +
                                    " and longer than silent_after");
  }
  return {};
}

Result<void> check(const Condition& condition) {
  const std::int64_t period_ms = condition.period.count();
  const bool short_period = period_ms == 10'000 || period_ms == 20'000 || period_ms == 30'000;
  if (!short_period && (period_ms < 60'000 || period_ms % 60'000 != 0)) {
    return fail(Fault::invalid, "Period: must be 10, 20, 30 or a multiple of 60");
  }
  if (condition.evaluation_periods < 1) {
    return fail(Fault::invalid, "EvaluationPeriods: must be greater than or equal to 1");
  }
  // Seconds in 64 bits: both factors come from outside and fit in 31 bits each.
  const std::int64_t whole = period_ms / 1000 * condition.evaluation_periods;
  if (period_ms > 604'800'000 || whole > 604'800) {
    return fail(Fault::invalid,
                "EvaluationPeriods: Metrics cannot be checked across more than 7 days "
                "(EvaluationPeriods * Period must be <= 604800)");
  }
  if (period_ms < 3'600'000 && whole > 86'400) {
    return fail(Fault::invalid,
                "EvaluationPeriods: Metrics cannot be checked across more than a day "
                "(EvaluationPeriods * Period must be <= 86400) when Period is less than 3600");
  }
  if (condition.datapoints_to_alarm < 1 || condition.datapoints_to_alarm > condition.evaluation_periods) {
    return fail(Fault::invalid,
                "DatapointsToAlarm: must be greater than or equal to 1 and less than or equal to "
                "EvaluationPeriods");
  }
  if (auto sound = check_window(condition); !sound) return sound;
  return check_thresholds(condition);
}

} // namespace kaden::alarm
