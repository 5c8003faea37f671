/// kaden/statistic.h - CloudWatch's statistics: the five of a statistic set, and those that need raw values.
/// Room: alarm. Uses: base, samples. Threads: pure functions. Errors: invalid (names what is wrong with the
/// text).
/// CloudWatch user guide, "CloudWatch statistics definitions".
///
/// Choices where the guide is silent:
/// - A percentile is the largest value of the share that remains (the guide: "p99 is the maximum value of the
///   remaining 99%"), so it is always a value that was measured: rank ceil(p * n).
/// - A share cuts between samples only: with bounds a% and b%, the samples of rank floor(a * n) + 1 to
///   ceil(b * n) stay. So at least one stays, and tm99 of few samples trims none.
/// - WM with fixed bounds sets lower and higher values to the bound itself.
/// - Of a period with a negative value, or with data that came as a statistic set of unequal values, these
///   statistics do not exist (the guide says so of the metric).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"
#include "kaden/samples.h"

namespace kaden::alarm {

using samples::raw_value_of;
using samples::set_of;
using samples::StatisticSet;
using samples::ValueCount;

enum class Statistic : std::uint8_t { average, minimum, maximum, sum, sample_count };
std::string_view to_text(Statistic statistic); ///< "Average" ... "SampleCount"
std::optional<Statistic> parse_statistic(std::string_view text);
double value_of(Statistic statistic, const StatisticSet& set);

struct ExtendedStatistic {
  enum class Kind : std::uint8_t {
    percentile,      ///< p95: `high`
    trimmed_mean,    ///< tm90, TM(10%:90%), TM(150:1000), IQM
    trimmed_count,   ///< tc90, TC(...)
    trimmed_sum,     ///< ts90, TS(...)
    winsorized_mean, ///< wm90, WM(...)
    percentile_rank, ///< PR(100:2000): fixed bounds only
  };
  Kind kind = Kind::percentile;
  bool in_percent = true; ///< else the bounds are values: above `low`, up to and with `high`
  std::optional<double> low, high;
  std::string text; ///< as it was written
  bool operator==(const ExtendedStatistic&) const = default;
};
/// ExtendedStatistic of PutMetricAlarm: "p99.9", "tm90", "IQM", "PR(:300)", "TM(2%:98%)", "TC(0.005:0.03)".
/// Percentages from 0 to 100 with up to 10 decimals.
Result<ExtendedStatistic> parse_extended_statistic(std::string_view text);
/// `values` ascend. Nullopt when the statistic does not exist of them.
std::optional<double> value_of(const ExtendedStatistic& statistic, std::span<const ValueCount> values);
/// EvaluateLowSampleCountPercentile: true when p has fewer than 10/(1-p) samples (10/p below the median).
/// False for all that is not a percentile.
bool has_too_few_samples(const ExtendedStatistic& statistic, double sample_count);

/// One of both kinds.
struct AnyStatistic {
  Statistic simple = Statistic::average; ///< counts when `extended` is not there
  std::optional<ExtendedStatistic> extended;
  bool operator==(const AnyStatistic&) const = default;
};
std::string to_text(const AnyStatistic& statistic);
/// "Average" or "p95", as Stat of GetMetricData.
Result<AnyStatistic> parse_any_statistic(std::string_view text);

} // namespace kaden::alarm
