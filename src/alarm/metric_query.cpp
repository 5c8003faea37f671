#include "kaden/metric_query.h"
#include "kaden/limits/metrics.h"

#include <algorithm>
#include <map>
#include <utility>

#include "query_plan.h"

namespace kaden::alarm {

namespace {

bool is_query_id(std::string_view id) {
  if (id.empty() || id.size() > 255 || id[0] < 'a' || id[0] > 'z') return false;
  return std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

tl::unexpected<Error> query_fault(const MetricQuery& query, std::string_view what) {
  return fail(Fault::invalid, "Metrics: " + std::string(cut_utf8(query.id, 255)) + ": " + std::string(what));
}

bool is_period(Millis period) {
  const std::int64_t ms = period.count();
  return ms == 1'000 || ms == 5'000 || ms == 10'000 || ms == 20'000 || ms == 30'000 ||
         (ms >= 60'000 && ms % 60'000 == 0 && ms <= 604'800'000);
}

Result<QueryPlan::Query> prepared(const MetricQuery& query) {
  if (!is_query_id(query.id)) {
    return fail(Fault::invalid,
                "Metrics: Id \"" + std::string(cut_utf8(query.id, 255)) +
                    "\" must begin with a lower-case letter and hold letters, digits and _ only");
  }
  if (query.stat.has_value() == !query.expression.empty()) {
    return query_fault(query, "exactly one of MetricStat and Expression must be given");
  }
  QueryPlan::Query made{query.id, query.label, query.return_data, query.stat, std::nullopt, Millis(0), {}};
  const std::optional<Millis> period = query.stat ? std::optional(query.stat->period) : query.period;
  if (period && !is_period(*period)) {
    return query_fault(query, "Period must be 1, 5, 10, 20, 30 or a multiple of 60, at most 604800");
  }
  made.period = period.value_or(Millis(0));
  if (query.stat) return made;
  auto expression = MathExpression::parse(query.expression);
  if (!expression) return query_fault(query, "Expression: " + expression.error().message);
  made.expression = std::move(*expression);
  return made;
}

} // namespace

Result<QueryPlan> plan_queries(std::span<const MetricQuery> queries) {
  QueryPlan plan;
  std::map<std::string, std::size_t> by_id;
  for (const MetricQuery& query : queries) {
    auto made = prepared(query);
    if (!made) return tl::unexpected<Error>(made.error());
    if (!by_id.emplace(query.id, plan.queries.size()).second)
      return query_fault(query, "this Id is here twice");
    plan.queries.push_back(std::move(*made));
  }
  Millis longest{};
  for (std::size_t i = 0; i < plan.queries.size(); ++i) {
    if (!plan.queries[i].stat) continue;
    plan.order.push_back(i);
    longest = std::max(longest, plan.queries[i].period);
  }
  std::vector<char> done(plan.queries.size(), 0);
  for (const std::size_t i : plan.order) done[i] = 1;
  // Rounds over what is left: each round settles at least one, or the rest goes in a circle.
  for (bool moved = true; moved;) {
    moved = false;
    for (std::size_t i = 0; i < plan.queries.size(); ++i) {
      if (done[i] != 0) continue;
      QueryPlan::Query& query = plan.queries[i];
      bool ready = true;
      query.uses.clear();
      Millis period = query.expression->uses_metrics() ? longest : Millis(0);
      for (const std::string& id : query.expression->ids()) {
        const auto found = by_id.find(id);
        if (found == by_id.end()) return query_fault(queries[i], "Expression: unknown id \"" + id + "\"");
        query.uses.push_back(found->second);
        ready = ready && done[found->second] != 0;
        period = std::max(period, plan.queries[found->second].period);
      }
      if (!ready) continue;
      if (query.period == Millis(0))
        query.period = period == Millis(0) ? std::max(longest, seconds(60)) : period;
      done[i] = 1;
      plan.order.push_back(i);
      moved = true;
    }
  }
  for (std::size_t i = 0; i < done.size(); ++i) {
    if (done[i] == 0)
      return query_fault(queries[i], "Expression: the expressions name each other in a circle");
  }
  return plan;
}

Result<std::vector<Points>> evaluate_planned(const QueryPlan& plan, std::size_t index,
                                             const std::vector<std::vector<Points>>& points,
                                             const Grid& grid) {
  const QueryPlan::Query& query = plan.queries[index];
  std::vector<MathInput> inputs;
  for (std::size_t i = 0; i < plan.queries.size(); ++i) {
    if (points[i].size() == 1)
      inputs.push_back({plan.queries[i].id, plan.queries[i].stat.has_value(), &points[i][0]});
  }
  auto result = query.expression->evaluate(inputs, grid);
  if (!result) return fail_while("Metrics: " + query.id + ": Expression", result.error());
  return result;
}

Result<Millis> check_alarm_queries(const std::vector<MetricQuery>& queries) {
  if (queries.empty()) return fail(Fault::invalid, "Metrics: must not be empty");
  if (queries.size() > limits::queries_per_alarm_max) {
    return fail(Fault::invalid,
                "Metrics: at most " + std::to_string(limits::queries_per_alarm_max) + " entries are allowed");
  }
  const auto plan = plan_queries(queries);
  if (!plan) return tl::unexpected<Error>(plan.error());
  std::optional<Millis> period;
  std::size_t returned = 0;
  for (const auto& query : plan->queries) {
    returned += query.return_data ? 1U : 0U;
    if (period && *period != query.period) {
      return fail(Fault::invalid, "Metrics: all entries must have the same Period");
    }
    period = query.period;
  }
  if (returned != 1)
    return fail(Fault::invalid, "Metrics: exactly one entry must have ReturnData set to true");
  return *period;
}

namespace {

Grid grid_of(WallTime from, WallTime to, Millis period) {
  const WallTime start = floor_to(from, period);
  const std::int64_t count = to > start ? (to - start + period - Millis(1)) / period : 0;
  return {start, period, static_cast<std::size_t>(count)};
}

/// The points of a query over `grid`; of an expression with all it names, over the same grid.
/// `is_partial`: set when one of them leaves periods out.
Result<std::vector<Points>> points_of(const MetricStore& store, const QueryPlan& plan, std::size_t index,
                                      const Grid& grid, bool& is_partial) {
  const auto of_stat = [&](const MetricStat& stat) {
    Points points(grid.count);
    const Series* series = store.find(stat.metric);
    if (series == nullptr) return points;
    const PeriodQuery periods{stat.unit, grid.period, grid.from, grid.count};
    store.values(*series, stat.statistic, periods, points);
    if (stat.statistic.extended) is_partial = is_partial || store.has_unknown_samples(*series, periods);
    return points;
  };
  if (plan.queries[index].stat) return std::vector<Points>{of_stat(*plan.queries[index].stat)};
  // Only what the expression needs, directly or through others.
  std::vector<char> needed(plan.queries.size(), 0);
  needed[index] = 1;
  for (auto one = plan.order.rbegin(); one != plan.order.rend(); ++one) {
    const auto& query = plan.queries[*one];
    if (needed[*one] == 0 || !query.expression) continue;
    for (const std::size_t used : query.uses) needed[used] = 1;
    if (!query.expression->uses_metrics()) continue;
    for (std::size_t i = 0; i < plan.queries.size(); ++i) {
      if (plan.queries[i].stat) needed[i] = 1;
    }
  }
  std::vector<std::vector<Points>> points(plan.queries.size());
  for (const std::size_t one : plan.order) {
    if (needed[one] == 0) continue;
    if (plan.queries[one].stat) {
      points[one].push_back(of_stat(*plan.queries[one].stat));
      continue;
    }
    auto result = evaluate_planned(plan, one, points, grid);
    if (!result) return result;
    points[one] = std::move(*result);
  }
  return std::move(points[index]);
}

/// Datapoints that the request would look at.
Result<void> check_size(const QueryPlan& plan, WallTime from, WallTime to) {
  std::size_t points = 0;
  std::size_t metrics = 0;
  for (const auto& query : plan.queries) metrics += query.stat ? 1U : 0U;
  for (const auto& query : plan.queries) {
    if (!query.return_data) continue;
    const std::size_t each = query.expression ? std::max<std::size_t>(metrics, 1) : 1;
    points += grid_of(from, to, query.period).count * each;
    if (points > limits::query_points_max) {
      return fail(Fault::invalid, "the request looks at more than " +
                                      std::to_string(limits::query_points_max) +
                                      " datapoints: ask for less time or a longer Period");
    }
  }
  return {};
}

Result<QueryPlan> checked_plan(std::span<const MetricQuery> queries, WallTime from, WallTime to) {
  if (queries.size() > limits::queries_per_request_max) {
    return fail(Fault::invalid, "MetricDataQueries: at most " +
                                    std::to_string(limits::queries_per_request_max) + " entries are allowed");
  }
  auto plan = plan_queries(queries);
  if (!plan) return plan;
  if (auto fits = check_size(*plan, from, to); !fits) return tl::unexpected<Error>(fits.error());
  return plan;
}

} // namespace

Result<void> check_metric_data(std::span<const MetricQuery> queries, WallTime from, WallTime to) {
  const auto plan = checked_plan(queries, from, to);
  if (!plan) return tl::unexpected<Error>(plan.error());
  return {};
}

Result<std::vector<MetricDataResult>> metric_data(const MetricStore& store,
                                                  std::span<const MetricQuery> queries, WallTime from,
                                                  WallTime to) {
  const auto plan = checked_plan(queries, from, to);
  if (!plan) return tl::unexpected<Error>(plan.error());
  std::vector<MetricDataResult> results;
  for (std::size_t i = 0; i < plan->queries.size(); ++i) {
    const auto& query = plan->queries[i];
    if (!query.return_data) continue;
    const Grid grid = grid_of(from, to, query.period);
    bool is_partial = false;
    const auto all = points_of(store, *plan, i, grid, is_partial);
    if (!all) return tl::unexpected<Error>(all.error());
    for (const Points& points : *all) {
      MetricDataResult result{query.id, query.label, {}, {}, is_partial};
      if (result.label.empty()) result.label = query.stat ? query.stat->metric.name : query.id;
      for (std::size_t at = 0; at < points.size(); ++at) {
        if (!points[at]) continue;
        result.times.push_back(grid.from + grid.period * static_cast<std::int64_t>(at));
        result.values.push_back(*points[at]);
      }
      results.push_back(std::move(result));
    }
  }
  return results;
}

WallTime rounded_start(WallTime from, Millis period, WallTime now) {
  const Millis age = now - from;
  if (period < seconds(60) && age < seconds(3 * 3600)) return floor_to(from, period);
  if (age < seconds(15 * 86'400)) return floor_to(from, seconds(60));
  return floor_to(from, age < seconds(63 * 86'400) ? seconds(300) : seconds(3600));
}

} // namespace kaden::alarm
