#include "kaden/alarm.h"

#include <cmath>

namespace kaden::alarm {

std::string_view to_text(Statistic statistic) {
  switch (statistic) {
    case Statistic::average:
      return "Average";
    case Statistic::minimum:
      return "Minimum";
    case Statistic::maximum:
      return "Maximum";
    case Statistic::sum:
      return "Sum";
    case Statistic::sample_count:
      return "SampleCount";
  }
  return "";
}

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

std::optional<Statistic> parse_statistic(std::string_view text) {
  for (const auto one : {Statistic::average, Statistic::minimum, Statistic::maximum, Statistic::sum,
                         Statistic::sample_count}) {
    if (to_text(one) == text) return one;
  }
  return std::nullopt;
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
  if (!std::isfinite(condition.threshold)) return fail(Fault::invalid, "Threshold: must be a finite number");
  return {};
}

} // namespace kaden::alarm
