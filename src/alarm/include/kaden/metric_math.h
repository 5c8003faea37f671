/// kaden/metric_math.h - CloudWatch's metric math: parser and evaluation over aligned time series. Room:
/// alarm. Uses: base. Threads: values, pure functions. Errors: invalid, with the place in the expression ("at
/// 7: ...", counted from 1). CloudWatch user guide, "Using metric math".
///
/// Grammar, weakest first: `||`/OR, `&&`/AND, comparisons (== != < <= > >=), + -, * /, unary -, ^ (from the
/// right), then numbers, ids ([a-z]...), [a, b], ( ), and functions in upper case:
///   ABS CEIL FLOOR LOG LOG10 DIFF DIFF_TIME RATE RUNNING_SUM    series or array -> the same
///   AVG MAX MIN SUM STDDEV DATAPOINT_COUNT                      series -> number; array -> series
///   FILL(x, number | series | REPEAT | LINEAR), IF(condition, then[, else]), TIME_SERIES(number),
///   PERIOD(metric), METRICS(), METRICS("part of the id"), FIRST LAST METRIC_COUNT (of an array), MINUTE HOUR
///   DAY DATE MONTH YEAR EPOCH (of a series; UTC)
///
/// As the guide says: a value that is missing on one side of an operator counts as 0 (missing on both:
/// missing); a division by zero, or any result that is no finite number, drops the datapoint; booleans are 0
/// and 1. Choices where it is silent:
/// - AVG and STDDEV of a series are over the datapoints that are there; of an array a missing one counts as 0
/// while
///   another is there. STDDEV is the population's.
/// - DIFF, RATE and DIFF_TIME look at the newest earlier datapoint that is there. LINEAR fills only between
/// two
///   datapoints, REPEAT only after the first.
/// - An operator on two arrays needs arrays of one length, paired in their order.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/alarm.h"

namespace kaden::alarm {

/// One value per period, oldest first; nullopt is missing.
using Points = std::vector<std::optional<double>>;

/// The times that all series of one evaluation share.
struct Grid {
  WallTime from{};
  Millis period = seconds(60);
  std::size_t count = 0;
};

/// What an id stands for.
struct MathInput {
  std::string id;
  bool is_metric = true;          ///< METRICS() and PERIOD() take no results of expressions
  const Points* points = nullptr; ///< borrowed; Grid::count of them
};

class MathExpression {
 public:
  /// At most limits::expression_bytes_max long, limits::expression_nodes_max parts,
  /// limits::expression_depth_max deep.
  static Result<MathExpression> parse(std::string_view text);

  /// Each once, in the order they stand in the text.
  const std::vector<std::string>& ids() const;
  bool uses_metrics() const; ///< METRICS(...)

  /// A series, or an array of them (GetMetricData only; an alarm watches one). invalid: an unknown id, kinds
  /// that do not fit, a result that is a bare number. `inputs` in the order that METRICS() shows.
  Result<std::vector<Points>> evaluate(std::span<const MathInput> inputs, const Grid& grid) const;

  struct Node;

 private:
  std::shared_ptr<const Node> root_; // never changes
  std::vector<std::string> ids_;
  bool uses_metrics_ = false;
};

} // namespace kaden::alarm
