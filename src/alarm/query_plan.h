/// query_plan.h - MetricDataQueries made ready: expressions parsed, in an order in which each finds what it
/// needs. Room: alarm, inside. Pure. Threads: values; any. Errors: invalid, in words for the requester.
#pragma once

#include <vector>

#include "kaden/metric_math.h"

namespace kaden::alarm {

struct QueryPlan {
  struct Query {
    std::string id, label;
    bool return_data = true;
    std::optional<MetricStat> stat;
    std::optional<MathExpression> expression;
    Millis period{};               ///< of an expression: its own, or that of the metrics it looks at
    std::vector<std::size_t> uses; ///< of an expression: the queries it names
  };
  std::vector<Query> queries;     ///< as they were given
  std::vector<std::size_t> order; ///< of evaluation: metrics first, then expressions after what they name
};

/// Ids well formed and apart, one of stat and expression each, expressions that parse, known ids, no circle.
Result<QueryPlan> plan_queries(std::span<const MetricQuery> queries);

/// The results of expressions so far and the metrics' points, for the expression at `index`. `points` by
/// query; an expression that gave not exactly one series cannot be named by another.
Result<std::vector<Points>> evaluate_planned(const QueryPlan& plan, std::size_t index,
                                             const std::vector<std::vector<Points>>& points,
                                             const Grid& grid);

} // namespace kaden::alarm
