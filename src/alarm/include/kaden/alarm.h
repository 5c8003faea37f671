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

struct StatisticSet {
  double sample_count = 0, sum = 0, minimum = 0, maximum = 0;
};

/// One datum of PutMetricData, checked: its parts are already merged into one statistic set.
struct Datum {
  MetricId metric;
  std::string unit = "None";
  WallTime at{};
  StatisticSet values;
  bool high_resolution = false;
};

// Alarms
// -----------------------------------------------------------------------------------------------------------

enum class Statistic : std::uint8_t { average, minimum, maximum, sum, sample_count };
enum class Comparison : std::uint8_t { greater_or_equal, greater, less, less_or_equal };
enum class MissingData : std::uint8_t { missing, ignore, breaching, not_breaching };

std::string_view to_text(Statistic statistic);   ///< "Average" ... "SampleCount"
std::string_view to_text(Comparison comparison); ///< "GreaterThanThreshold" ...
std::string_view to_text(MissingData missing);   ///< "missing", "ignore", "breaching", "notBreaching"
std::optional<Statistic> parse_statistic(std::string_view text);
std::optional<Comparison> parse_comparison(std::string_view text);
std::optional<MissingData> parse_missing_data(std::string_view text);

/// When a metric breaches.
struct Condition {
  Statistic statistic = Statistic::average;
  Millis period = seconds(60); ///< 10, 20, 30 s or a multiple of 60 s
  int evaluation_periods = 1;  ///< N
  int datapoints_to_alarm = 1; ///< M, 1 to N
  double threshold = 0;
  Comparison comparison = Comparison::greater_or_equal;
  MissingData missing = MissingData::missing;
  std::string unit; ///< empty: any
  bool operator==(const Condition&) const = default;
};
/// Fault::invalid naming the parameter in CloudWatch's words ("Period: ...").
Result<void> check(const Condition& condition);

/// One of Kaden's own rules: it makes an alarm by itself for each machine whose metrics arrive.
/// The alarm's name is the rule's name, a blank, and the values of `for_each` joined by "/": "cpu-high
/// web-01".
struct Rule {
  std::string name;
  std::string name_space = "CWAgent";
  std::string metric;
  std::vector<std::string> for_each{"host"}; ///< dimensions; the first is the machine's name
  std::map<std::string, std::string> where;  ///< dimension -> glob; all must be there and match
  Condition condition;
  Severity severity = Severity::critical;
  std::map<std::string, std::string> labels; ///< added to each event
  SpokenText say; ///< fields: machine, alarm, value, threshold, metric, dimensions by name
  bool operator==(const Rule&) const = default;
};

} // namespace kaden::alarm
