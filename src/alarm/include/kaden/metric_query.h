/// kaden/metric_query.h - what GetMetricData answers from the datapoints in memory. Room: alarm. Uses: base.
/// Threads: pure functions over a store that nobody changes meanwhile. Errors: invalid (names the query's
/// id). API: CloudWatch GetMetricData. GetMetricStatistics and ListMetrics are MetricStore::statistics and
/// ::list.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kaden/alarm.h"
#include "kaden/metric_store.h"

namespace kaden::alarm {

struct MetricDataResult {
  std::string id, label;
  std::vector<WallTime> times; ///< oldest first, periods with data only
  std::vector<double> values;  ///< of these times
  /// Periods with data are left out, because an ExtendedStatistic was asked for and of some samples only
  /// their statistic set is known.
  bool is_partial = false;
};

/// `from` (inclusive, rounded down to the period) to `to` (exclusive). At most
/// limits::queries_per_request_max queries; an expression is evaluated over the longest period of its
/// metrics, and an array of series gives a result for each, with the same id. Results only of queries with
/// return_data, in their order. Fault::invalid too when more than limits::query_points_max datapoints would
/// be looked at.
Result<std::vector<MetricDataResult>> metric_data(const MetricStore& store,
                                                  std::span<const MetricQuery> queries, WallTime from,
                                                  WallTime to);
/// What metric_data() would refuse, without a look at a datapoint.
Result<void> check_metric_data(std::span<const MetricQuery> queries, WallTime from, WallTime to);
/// GetMetricData's rule for StartTime: down to the minute, for ages over 15 days to five minutes, over 63
/// days to the hour; for periods under a minute within three hours down to the period.
WallTime rounded_start(WallTime from, Millis period, WallTime now);

} // namespace kaden::alarm
