#include <fmt/format.h>

#include <algorithm>

#include "kaden/limits/metrics.h"
#include "kaden/metric_query.h"
#include "operations.h"
#include "reading.h"
#include "tokens.h"

namespace kaden::cloudwatch {

namespace {

constexpr std::string_view get_data = "GetMetricData";
constexpr std::string_view list_metrics = "ListMetrics";
constexpr std::size_t datapoints_default = 100'800;   // CloudWatch's own
constexpr std::int64_t statistics_points_max = 1'440; // the same, for GetMetricStatistics
constexpr std::size_t metrics_per_page = 500;         // the same, for ListMetrics
constexpr Millis recently = seconds(3 * 3'600);

struct Span {
  WallTime from{}, to{};
};
Answer<Span> read_span(const Value& input) {
  const auto from = input.time("StartTime");
  const auto to = input.time("EndTime");
  if (!from || !to) {
    return tl::unexpected<Problem>(
        must_be(from ? "EndTime" : "StartTime", nullptr, "Member must not be null"));
  }
  if (*from >= *to) {
    return problem(validation, "The parameter StartTime must be less than the parameter EndTime.");
  }
  return Span{*from, *to};
}

// GetMetricStatistics ---------------------------------------------------------------------------------------

using StatisticsRequest = Desk::StatisticsRequest;

Answer<std::vector<alarm::AnyStatistic>> read_wanted(const Value& input) {
  std::vector<alarm::AnyStatistic> wanted;
  for (const auto& text : input.texts("Statistics")) {
    const auto simple = alarm::parse_statistic(text);
    if (!simple) {
      return tl::unexpected<Problem>(
          must_be("Statistics", &text, "Member must satisfy enum value set of Statistic"));
    }
    wanted.push_back({*simple, std::nullopt});
  }
  for (const auto& text : input.texts("ExtendedStatistics")) {
    auto extended = alarm::parse_extended_statistic(text);
    if (!extended) {
      return tl::unexpected<Problem>(must_be("ExtendedStatistics", &text, "Member must be a statistic"));
    }
    wanted.push_back({alarm::Statistic::average, std::move(*extended)});
  }
  constexpr std::size_t wanted_max = 15; // five statistics, ten extended ones: CloudWatch's own
  if (wanted.empty() || wanted.size() > wanted_max) {
    return problem("InvalidParameterCombination",
                   "At least one of Statistics and ExtendedStatistics, and at most 15, must be specified.");
  }
  return wanted;
}

Answer<StatisticsRequest> read_statistics_request(const Value& input, WallTime now) {
  StatisticsRequest out;
  auto metric = read_metric(input, "");
  if (!metric) return refused(metric);
  const auto span = read_span(input);
  if (!span) return refused(span);
  const auto period_s = required_count(input, "Period");
  if (!period_s) return refused(period_s);
  const bool short_period =
      *period_s == 1 || *period_s == 5 || *period_s == 10 || *period_s == 20 || *period_s == 30;
  if (!short_period && *period_s % 60 != 0) {
    return problem("InvalidParameterValue",
                   "The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60.");
  }
  auto wanted = read_wanted(input);
  if (!wanted) return refused(wanted);
  out.query.unit = input.text_or("Unit", "");
  if (!out.query.unit.empty() && !is_unit(out.query.unit)) {
    return tl::unexpected<Problem>(
        must_be("Unit", &out.query.unit, "Member must satisfy enum value set of StandardUnit"));
  }
  const Millis period = seconds(*period_s);
  const WallTime from = alarm::floor_to(alarm::rounded_start(span->from, period, now), period);
  const std::int64_t count = (span->to - from + period - Millis(1)) / period;
  if (count > statistics_points_max) {
    return problem(
        "InvalidParameterCombination",
        fmt::format("You have requested up to {} datapoints, which exceeds the limit of {}. You may "
                    "reduce the datapoints requested by increasing Period, or decreasing the time range.",
                    count, statistics_points_max));
  }
  out.metric = std::move(*metric);
  out.query.period = period;
  out.query.from = from;
  out.query.count = static_cast<std::size_t>(count);
  out.wanted = std::move(*wanted);
  return out;
}

Value statistics_output(const std::vector<alarm::StatisticsPoint>& points, const StatisticsRequest& request) {
  smithy::List datapoints;
  for (const auto& point : points) {
    Value one = Value().set("Timestamp", point.at).set("Unit", point.unit);
    smithy::Map extended;
    for (std::size_t i = 0; i < request.wanted.size() && i < point.values.size(); ++i) {
      if (!point.values[i]) continue;
      const alarm::AnyStatistic& statistic = request.wanted[i];
      if (statistic.extended) {
        extended.push_back({statistic.extended->text, Value(*point.values[i])});
      } else {
        one.set(alarm::to_text(statistic.simple), *point.values[i]);
      }
    }
    if (!extended.empty()) one.set("ExtendedStatistics", std::move(extended));
    datapoints.push_back(std::move(one));
  }
  return Value().set("Label", request.metric.name).set("Datapoints", std::move(datapoints));
}

void add_statistics(const Offer& offer) {
  using smithy::real_shape;
  using smithy::text_shape;
  using smithy::time_shape;
  const Shapes& shapes = offer.shapes;
  smithy::Model& model = *shapes.model;
  const auto* input = model.structure({{"Namespace", &text_shape},
                                       {"MetricName", &text_shape},
                                       {"Dimensions", shapes.dimensions},
                                       {"StartTime", &time_shape},
                                       {"EndTime", &time_shape},
                                       {"Period", &smithy::integer_shape},
                                       {"Statistics", shapes.texts},
                                       {"ExtendedStatistics", shapes.texts},
                                       {"Unit", &text_shape}});
  const auto* point = model.structure({{"Timestamp", &time_shape},
                                       {"SampleCount", &real_shape},
                                       {"Average", &real_shape},
                                       {"Sum", &real_shape},
                                       {"Minimum", &real_shape},
                                       {"Maximum", &real_shape},
                                       {"Unit", &text_shape},
                                       {"ExtendedStatistics", model.map(&real_shape)}});
  const auto* output = model.structure({{"Label", &text_shape}, {"Datapoints", model.list(point)}});
  offer.service.add(
      {"GetMetricStatistics", input, output}, smithy::Permission::read,
      [desk = offer.desk](const smithy::Caller& caller, const Value& in, const smithy::Respond& respond) {
        auto request = read_statistics_request(in, caller.now);
        if (!request) return respond(refused(request));
        request->asker = caller.access_key_id;
        desk->statistics(
            *request, caller.now,
            [request = *request, respond](const Result<std::vector<alarm::StatisticsPoint>>& points) {
              if (!points) return respond(tl::unexpected<Problem>(problem_of(points.error())));
              respond(statistics_output(*points, request));
            });
      });
}

// ListMetrics -----------------------------------------------------------------------------------------------

/// The list's edition and the number to go on after. After a restart the numbers are others, so that a page
/// that went on would leave metrics out.
std::string list_place(std::int64_t edition, std::uint64_t after) {
  return fmt::format("{}-{}", edition, after);
}

Answer<std::uint64_t> read_list_token(const Value& input, std::int64_t edition) {
  const auto place = read_token(input, list_metrics);
  if (!place) return refused(place);
  if (place->empty()) return std::uint64_t{0};
  const std::size_t dash = place->find('-');
  if (dash == std::string::npos || parse_int(place->substr(0, dash)) != edition) return invalid_token();
  const auto after = parse_int(place->substr(dash + 1));
  if (!after || *after < 0) return invalid_token();
  return static_cast<std::uint64_t>(*after);
}

Answer<alarm::MetricFilter> read_metric_filter(const Value& input, WallTime now, std::int64_t edition) {
  alarm::MetricFilter filter;
  filter.name_space = input.text_or("Namespace", "");
  filter.name = input.text_or("MetricName", "");
  for (const Value& one : input.list("Dimensions")) {
    const std::string* value = one.text("Value");
    filter.dimensions.push_back(
        {one.text_or("Name", ""), value == nullptr ? std::nullopt : std::optional(*value)});
  }
  if (filter.dimensions.size() > limits::dimensions_max) {
    return problem("InvalidParameterValue",
                   fmt::format("The collection Dimensions must not have a size greater than {}.",
                               limits::dimensions_max));
  }
  if (const std::string* active = input.text("RecentlyActive")) {
    if (*active != "PT3H") {
      return tl::unexpected<Problem>(
          must_be("RecentlyActive", active, "Member must satisfy enum value set: [PT3H]"));
    }
    filter.active_since = now - recently;
  } else {
    filter.active_since = now - limits::silent_metric_max;
  }
  const auto after = read_list_token(input, edition);
  if (!after) return refused(after);
  filter.after = *after;
  filter.most = metrics_per_page;
  return filter;
}

void add_list(const Offer& offer) {
  using smithy::text_shape;
  const Shapes& shapes = offer.shapes;
  smithy::Model& model = *shapes.model;
  const auto* input = model.structure({{"Namespace", &text_shape},
                                       {"MetricName", &text_shape},
                                       {"Dimensions", shapes.dimensions},
                                       {"NextToken", &text_shape},
                                       {"RecentlyActive", &text_shape}});
  const auto* output = model.structure({{"Metrics", model.list(shapes.metric)}, {"NextToken", &text_shape}});
  offer.service.add(
      {std::string(list_metrics), input, output}, smithy::Permission::read,
      [desk = offer.desk](const smithy::Caller& caller, const Value& in, const smithy::Respond& respond) {
        const auto filter = read_metric_filter(in, caller.now, desk->list_edition());
        if (!filter) return respond(refused(filter));
        const auto page = desk->list(*filter);
        smithy::List metrics;
        for (const auto& metric : page.metrics) metrics.push_back(metric_value(metric));
        Value out = Value().set("Metrics", std::move(metrics));
        if (page.next != 0) {
          out.set("NextToken", token_of(list_metrics, list_place(desk->list_edition(), page.next)));
        }
        respond(std::move(out));
      });
}

// GetMetricData ---------------------------------------------------------------------------------------------

void add_data(const Offer& offer) {
  using smithy::text_shape;
  using smithy::time_shape;
  const Shapes& shapes = offer.shapes;
  smithy::Model& model = *shapes.model;
  const auto* input = model.structure({{"MetricDataQueries", shapes.queries},
                                       {"StartTime", &time_shape},
                                       {"EndTime", &time_shape},
                                       {"NextToken", &text_shape},
                                       {"ScanBy", &text_shape},
                                       {"MaxDatapoints", &smithy::integer_shape}});
  const auto* messages = model.list(model.structure({{"Code", &text_shape}, {"Value", &text_shape}}));
  const auto* result = model.structure({{"Id", &text_shape},
                                        {"Label", &text_shape},
                                        {"Timestamps", shapes.times},
                                        {"Values", shapes.reals},
                                        {"StatusCode", &text_shape},
                                        {"Messages", messages}});
  const auto* output = model.structure(
      {{"MetricDataResults", model.list(result)}, {"NextToken", &text_shape}, {"Messages", messages}});
  offer.service.add(
      {std::string(get_data), input, output}, smithy::Permission::read,
      [desk = offer.desk](const smithy::Caller& caller, const Value& in, const smithy::Respond& respond) {
        const auto request = read_metric_data_request(in, caller.now);
        if (!request) return respond(refused(request));
        desk->metric_data(
            {request->queries, request->from, request->to, caller.access_key_id}, caller.now,
            [request = *request, respond](const Result<std::vector<alarm::MetricDataResult>>& results) {
              if (results) return respond(metric_data_output(*results, request));
              const Error& error = results.error();
              if (error.fault == Fault::invalid) return respond(problem(validation, error.message));
              respond(tl::unexpected<Problem>(problem_of(error)));
            });
      });
}

/// CloudWatch says nothing here, and its empty result reads as if no data had come.
smithy::List sets_only_message() {
  smithy::List messages;
  messages.push_back(Value()
                         .set("Code", "StatisticNotAvailable")
                         .set("Value",
                              "Of some periods only statistic sets are known (SampleCount, Sum, Minimum, "
                              "Maximum), so this statistic does not exist of them; they are left out."));
  return messages;
}

} // namespace

Answer<MetricDataRequest> read_metric_data_request(const Value& input, WallTime now) {
  MetricDataRequest out;
  auto queries = read_queries(input.list("MetricDataQueries"), "MetricDataQueries");
  if (!queries) return refused(queries);
  if (queries->empty()) {
    return tl::unexpected<Problem>(must_be("MetricDataQueries", nullptr, "Member must not be null"));
  }
  const auto span = read_span(input);
  if (!span) return refused(span);
  Millis shortest = seconds(86'400);
  for (const auto& query : *queries) {
    if (query.stat) shortest = std::min(shortest, query.stat->period);
  }
  const std::string order = input.text_or("ScanBy", "TimestampDescending");
  if (order != "TimestampDescending" && order != "TimestampAscending") {
    return tl::unexpected<Problem>(must_be("ScanBy", &order, "Member must satisfy enum value set of ScanBy"));
  }
  const std::int64_t most =
      input.integer("MaxDatapoints").value_or(static_cast<std::int64_t>(datapoints_default));
  if (most < 1 || most > static_cast<std::int64_t>(datapoints_default)) {
    return problem(validation, fmt::format("MaxDatapoints must be 1 to {}.", datapoints_default));
  }
  const auto skip = read_number_token(input, get_data);
  if (!skip) return refused(skip);
  out.queries = std::move(*queries);
  out.from = alarm::rounded_start(span->from, shortest, now);
  out.to = span->to;
  out.newest_first = order == "TimestampDescending";
  out.datapoints_max = static_cast<std::size_t>(most);
  out.skip = static_cast<std::size_t>(*skip);
  return out;
}

Value metric_data_output(const std::vector<alarm::MetricDataResult>& results,
                         const MetricDataRequest& request) {
  smithy::List out;
  std::size_t before = 0; // datapoints of the results before this one
  const std::size_t end = request.skip + request.datapoints_max;
  for (const auto& result : results) {
    const std::size_t count = result.times.size();
    // Which of this result's datapoints lie on this page; a result without any is shown where it stands
    // (at the seam of two pages on both).
    const std::size_t first = std::min(count, request.skip > before ? request.skip - before : 0);
    const std::size_t last = std::min(count, end > before ? end - before : 0);
    const bool here = first < last || (count == 0 && before >= request.skip && before <= end);
    before += count;
    if (!here) continue;
    smithy::List times, values;
    for (std::size_t i = first; i < last; ++i) {
      const std::size_t index = request.newest_first ? count - 1 - i : i;
      times.emplace_back(result.times[index]);
      values.emplace_back(result.values[index]);
    }
    Value one = Value()
                    .set("Id", result.id)
                    .set("Label", result.label)
                    .set("Timestamps", std::move(times))
                    .set("Values", std::move(values))
                    .set("StatusCode", last < count || result.is_partial ? "PartialData" : "Complete");
    if (result.is_partial) one.set("Messages", sets_only_message());
    out.push_back(std::move(one));
  }
  Value answer = Value().set("MetricDataResults", std::move(out)).set("Messages", smithy::List());
  if (before > end) answer.set("NextToken", token_of(get_data, std::to_string(end)));
  return answer;
}

void add_metric_reads(const Offer& offer) {
  add_data(offer);
  add_statistics(offer);
  add_list(offer);
}

} // namespace kaden::cloudwatch
