/// kaden/alarm.h - metrics, alarms over them, and their evaluation with Amazon CloudWatch's semantics. Room:
/// alarm. Uses: base. Pure: time is an argument. Threads: one owner. Errors: invalid (names the parameter),
/// busy (limits). API: CloudWatch PutMetricData, PutMetricAlarm; evaluation as in the user guide's
/// "Evaluating an alarm".
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"
#include "kaden/statistic.h"

namespace kaden::alarm {

// Metrics
// ----------------------------------------------------------------------------------------------------------

using Dimensions = std::map<std::string, std::string>;

/// Namespace + name + the exact set of dimensions.
struct MetricId {
  std::string name_space;
  std::string name;
  Dimensions dimensions;
  auto operator<=>(const MetricId&) const = default;
};

/// One datum of PutMetricData, checked.
struct Datum {
  MetricId metric;
  std::string unit = "None";
  WallTime at{};
  StatisticSet values; ///< of all samples
  bool high_resolution = false;
  /// The samples one by one, in any order. Empty: `values` is all there is; then percentiles exist only
  /// where raw_value_of(values) does. When both were sent (the CloudWatch agent does) each counts for its
  /// own.
  std::vector<ValueCount> counted{};
  /// Of stored data: to how many binary digits `counted` was rounded (samples::Distribution::digits()).
  std::uint8_t digits = samples::Distribution::exact;
};

// Alarms
// -----------------------------------------------------------------------------------------------------------

enum class Comparison : std::uint8_t { greater_or_equal, greater, less, less_or_equal };
enum class MissingData : std::uint8_t { missing, ignore, breaching, not_breaching };
/// EvaluateLowSampleCountPercentile.
enum class LowSamples : std::uint8_t { evaluate, ignore };

std::string_view to_text(Comparison comparison);  ///< "GreaterThanThreshold" ...
std::string_view to_text(MissingData missing);    ///< "missing", "ignore", "breaching", "notBreaching"
std::string_view to_text(LowSamples low_samples); ///< "evaluate", "ignore"
std::optional<Comparison> parse_comparison(std::string_view text);
std::optional<MissingData> parse_missing_data(std::string_view text);
std::optional<LowSamples> parse_low_samples(std::string_view text);

/// EvaluationWindow. A wall clock window is aligned to the minute, five minutes, the hour, midnight or Monday
/// of its time zone; such alarms have one of these five periods.
struct EvaluationWindow {
  bool wall_clock = false;
  std::string
      timezone; ///< "", "UTC", "+05:30", "UTC+05:30"; zones with rules are not known to this pure room
  bool operator==(const EvaluationWindow&) const = default;
};
/// Minutes are a multiple of five, at most 18 hours. Nullopt for anything else.
std::optional<Millis> utc_offset_of(std::string_view timezone);

/// When a metric breaches.
struct Condition {
  Statistic statistic = Statistic::average; ///< counts when `extended` is not there
  Millis period = seconds(60);              ///< 10, 20, 30 s or a multiple of 60 s
  int evaluation_periods = 1;               ///< N
  int datapoints_to_alarm = 1;              ///< M, 1 to N
  double threshold = 0;
  Comparison comparison = Comparison::greater_or_equal;
  MissingData missing = MissingData::missing;
  std::string unit; ///< empty: any
  std::optional<ExtendedStatistic> extended{};
  LowSamples low_samples = LowSamples::evaluate;
  EvaluationWindow window{};
  /// Hysteresis (Kaden's own): while the alarm is in ALARM a datapoint is judged by this threshold, which is
  /// on the good side of `threshold`.
  std::optional<double> clear_threshold{};
  bool operator==(const Condition&) const = default;
};
/// "Average" or "p95".
std::string statistic_text(const Condition& condition);
/// Fault::invalid naming the parameter in CloudWatch's words ("Period: ...").
Result<void> check(const Condition& condition);

/// One of Kaden's own rules: it makes an alarm by itself for each machine whose metrics arrive.
/// The alarm's name is the rule's name, a blank, and the values of `for_each` joined by "/": "cpu-high
/// web-01".
struct Rule {
  std::string name;
  std::string name_space = "CWAgent";
  std::string metric;
  std::vector<std::string> for_each{"host"};      ///< dimensions; the first is the machine's name
  std::map<std::string, std::string> where;       ///< dimension -> glob; all must be there and match
  std::map<std::string, std::string> where_regex; ///< the same with kaden/pattern.h
  Condition condition;
  Severity severity = Severity::critical;
  std::map<std::string, std::string> labels; ///< added to each event
  SpokenText say; ///< fields: machine, alarm, value, threshold, metric, dimensions by name
  /// A second alarm per machine, "cpu-high web-01 is silent": ALARM when none of its metrics that fit the
  /// rule came for so long. Zero: none.
  Millis silent_after{};
  /// An alarm whose metric did not come for so long is told OK, if it was in ALARM, and dropped. Zero:
  /// dropped after limits::silent_metric_max, but never while in ALARM.
  Millis retire_after{};
  bool operator==(const Rule&) const = default;
};
/// Fault::invalid: a pattern of where_regex that is none, silent_after or retire_after out of range.
Result<void> check(const Rule& rule);

// Metric math
// ------------------------------------------------------------------------------------------------------

/// MetricStat of a MetricDataQuery.
struct MetricStat {
  MetricId metric;
  Millis period = seconds(60);
  AnyStatistic statistic;
  std::string unit; ///< empty: any
  bool operator==(const MetricStat&) const = default;
};

/// MetricDataQuery of PutMetricAlarm and GetMetricData: one of `stat` and `expression`.
struct MetricQuery {
  std::string id; ///< [a-z][a-zA-Z0-9_]*, at most 255
  std::optional<MetricStat> stat;
  std::string expression; ///< kaden/metric_math.h
  std::string label;
  bool return_data = true;
  std::optional<Millis> period; ///< of an expression
  bool operator==(const MetricQuery&) const = default;
};
/// For PutMetricAlarm: at most limits::queries_per_alarm_max, ids apart, expressions that parse and whose ids
/// are known and do not go in a circle, one period for all, exactly one return_data. Gives that period.
Result<Millis> check_alarm_queries(const std::vector<MetricQuery>& queries);

} // namespace kaden::alarm
