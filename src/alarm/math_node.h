/// math_node.h - the parsed form of a metric math expression, between its parser and its evaluation. Room:
/// alarm, inside. Pure. Threads: values; any. Errors: none.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kaden/metric_math.h"

namespace kaden::alarm {

enum class MathFunction : std::uint8_t {
  abs,
  ceil,
  floor,
  log,
  log10, // value by value
  diff,
  diff_time,
  rate,
  running_sum, // along a series
  average,
  maximum,
  minimum,
  sum,
  deviation,
  datapoint_count,
  minute,
  hour,
  day,
  date,
  month,
  year,
  epoch, // of the time
  fill,
  if_,
  time_series,
  period,
  metrics,
  first,
  last,
  metric_count,
};

enum class MathOperator : std::uint8_t {
  add,
  subtract,
  multiply,
  divide,
  power,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  and_,
  or_
};

struct MathExpression::Node {
  enum class Kind : std::uint8_t { number, id, text, word, array, negate, operation, function };
  Kind kind = Kind::number;
  std::size_t at = 0; ///< its place in the text, from 0
  double number = 0;
  std::string text; ///< id, text in quotes, or word (REPEAT, LINEAR)
  MathFunction function{};
  MathOperator operation{};
  std::vector<std::unique_ptr<Node>> parts;
};

std::string_view name_of(MathFunction function);

/// "at 7: ..."
inline tl::unexpected<Error> math_fault(std::size_t at, std::string_view what) {
  return fail(Fault::invalid, "at " + std::to_string(at + 1) + ": " + std::string(what));
}

} // namespace kaden::alarm
