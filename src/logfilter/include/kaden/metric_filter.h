/// kaden/metric_filter.h - a filter pattern and what to make of its matches, as a state machine. Room:
/// logfilter. Uses: base. Pure: time is an argument. Threads: one owner. Errors: invalid (names the parameter
/// in CloudWatch's words).
/// API: CloudWatch Logs PutMetricFilter; user guide, "Creating metrics from log events using filters".
///
/// A datum carries the time at which its event came in, since an alarm judges a minute soon after its end and
/// never again; an event that is older than limits::log_lateness_max is history and keeps its own time.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kaden/logfilter.h"

namespace kaden::logfilter {

struct MetricTransformation {
  std::string name;                              ///< 1 to 255 characters, none of ":*$"
  std::string name_space;                        ///< the same
  std::string value;                             ///< "1", "$.latency", "$size"
  std::optional<double> default_value;           ///< not together with dimensions
  std::map<std::string, std::string> dimensions; ///< name -> selector; at most limits::log_dimensions_max
  std::string unit = "None";

  bool operator==(const MetricTransformation&) const = default;
};

/// One value for a metric, for whoever keeps metrics.
struct Datum {
  std::string name_space, name, unit;
  std::map<std::string, std::string> dimensions;
  WallTime at{};
  double value = 0;

  bool operator==(const Datum&) const = default;
};

class MetricFilter {
 public:
  static Result<MetricFilter> make(Pattern pattern, MetricTransformation transformation);

  /// An event of time `at` came in at `now`. Gives the default value of a finished minute, then the value of
  /// this event; both may be absent. A match whose value or dimension is missing or no number yields nothing.
  std::vector<Datum> take(const Message& message, WallTime at, WallTime now);
  /// The default value of a minute that has ended, in which events came and none matched. Early and repeated
  /// calls are harmless.
  std::optional<Datum> step(WallTime now);

  const Pattern& pattern() const { return pattern_; }
  const MetricTransformation& transformation() const { return transformation_; }
  /// Matches that gave no datum: no number, a dimension missing, or too many different dimensions.
  std::uint64_t dropped() const { return dropped_; }

 private:
  MetricFilter(Pattern pattern, MetricTransformation transformation);
  std::optional<Datum> datum_of(const Message& message, WallTime at, WallTime now);
  bool may_have(const std::map<std::string, std::string>& dimensions, WallTime now);

  // Config
  Pattern pattern_;
  MetricTransformation transformation_;
  double constant_ = 0;
  std::optional<Selector> value_; // absent: constant_
  std::vector<std::pair<std::string, Selector>> dimensions_;
  // State
  std::optional<WallTime> minute_;                    // the begin of the minute in which events came
  bool matched_ = false;                              // in that minute
  std::set<std::map<std::string, std::string>> seen_; // dimensions since seen_since_
  WallTime seen_since_{};
  std::uint64_t dropped_ = 0;
};

} // namespace kaden::logfilter
