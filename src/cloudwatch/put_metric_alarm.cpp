#include <fmt/format.h>

#include "alarm_actions.h"
#include "operations.h"
#include "reading.h"

namespace kaden::cloudwatch {

namespace {

/// What CloudWatch knows and Kaden does not: refused rather than read over.
Answer<void> refuse_unsupported(const Value& input) {
  for (const char* name : {"ThresholdMetricId", "EvaluationCriteria", "EvaluationInterval"}) {
    if (input.has(name)) {
      return problem(validation, fmt::format("{} is not supported by this endpoint: there is neither anomaly "
                                             "detection nor PromQL.",
                                             name));
    }
  }
  return {};
}

Answer<void> read_missing_data(const Value& input, alarm::Condition& condition) {
  const std::string* text = input.text("TreatMissingData");
  if (text == nullptr || text->empty()) return {};
  const auto missing = alarm::parse_missing_data(*text);
  if (!missing) {
    return tl::unexpected<Problem>(
        must_be("TreatMissingData", text, "Member must be one of breaching, notBreaching, ignore, missing"));
  }
  condition.missing = *missing;
  return {};
}

Answer<void> read_low_samples(const Value& input, alarm::Condition& condition) {
  const auto low = read_word(input, "EvaluateLowSampleCountPercentile", alarm::parse_low_samples);
  if (!low) return refused(low);
  if (!*low) return {};
  condition.low_samples = **low;
  return {};
}

Answer<void> read_window(const Value& input, alarm::Condition& condition) {
  const Value* window = input.find("EvaluationWindow");
  if (window == nullptr) return {};
  const Value* wall_clock = window->find("WallClockWindow");
  if (wall_clock != nullptr && window->has("SlidingWindow")) {
    return problem(validation, "EvaluationWindow must hold one of SlidingWindow and WallClockWindow.");
  }
  if (wall_clock == nullptr) return {};
  condition.window = {true, wall_clock->text_or("Timezone", "")};
  return {};
}

/// Statistic or ExtendedStatistic, Period and Unit: of an alarm on one metric.
Answer<void> read_statistic(const Value& input, alarm::Condition& condition) {
  if (input.has("ExtendedStatistic")) {
    if (input.has("Statistic")) {
      return problem(validation, "Statistic and ExtendedStatistic cannot both be set.");
    }
    const std::string text = input.text_or("ExtendedStatistic", "");
    auto extended = alarm::parse_extended_statistic(text);
    if (!extended) {
      return tl::unexpected<Problem>(must_be("ExtendedStatistic", &text, "Member must be a statistic"));
    }
    condition.extended = std::move(*extended);
  } else {
    const auto statistic = required_word(input, "Statistic", alarm::parse_statistic);
    if (!statistic) return refused(statistic);
    condition.statistic = *statistic;
  }
  const auto period_s = required_count(input, "Period");
  if (!period_s) return refused(period_s);
  condition.period = seconds(*period_s);
  condition.unit = input.text_or("Unit", "");
  if (!condition.unit.empty() && !is_unit(condition.unit)) {
    return tl::unexpected<Problem>(
        must_be("Unit", &condition.unit, "Member must satisfy enum value set of StandardUnit"));
  }
  return {};
}

/// An alarm on metric math: what belongs to an alarm on one metric must be absent.
Answer<void> read_math(const Value& input, alarm::Definition& definition) {
  for (const char* name :
       {"MetricName", "Namespace", "Dimensions", "Statistic", "ExtendedStatistic", "Period", "Unit"}) {
    if (input.has(name)) {
      return problem(validation, fmt::format("{} must not be set if Metrics is specified", name));
    }
  }
  auto queries = read_queries(input.list("Metrics"), "Metrics");
  if (!queries) return refused(queries);
  const auto period = alarm::check_alarm_queries(*queries);
  if (!period) return problem(validation, period.error().message);
  definition.queries = std::move(*queries);
  definition.condition.period = *period;
  return {};
}

Answer<void> read_condition(const Value& input, alarm::Condition& condition) {
  const auto comparison = required_word(input, "ComparisonOperator", alarm::parse_comparison);
  if (!comparison) return refused(comparison);
  const auto periods = required_count(input, "EvaluationPeriods");
  if (!periods) return refused(periods);
  const auto datapoints =
      input.has("DatapointsToAlarm") ? required_count(input, "DatapointsToAlarm") : periods;
  if (!datapoints) return refused(datapoints);
  const auto threshold = input.real("Threshold");
  if (!threshold) return tl::unexpected<Problem>(must_be("Threshold", nullptr, "Member must not be null"));
  if (auto read = read_missing_data(input, condition); !read) return read;
  if (auto read = read_low_samples(input, condition); !read) return read;
  if (auto read = read_window(input, condition); !read) return read;
  condition.comparison = *comparison;
  condition.evaluation_periods = *periods;
  condition.datapoints_to_alarm = *datapoints;
  condition.threshold = *threshold;
  if (const auto checked = alarm::check(condition); !checked) {
    return problem(validation, checked.error().message);
  }
  return {};
}

const smithy::Shape* input_shape(const Shapes& shapes) {
  using smithy::integer_shape;
  using smithy::text_shape;
  smithy::Model& model = *shapes.model;
  const auto* empty = model.structure({});
  const auto* window = model.structure(
      {{"SlidingWindow", empty}, {"WallClockWindow", model.structure({{"Timezone", &text_shape}})}});
  return model.structure({{"AlarmName", &text_shape},
                          {"AlarmDescription", &text_shape},
                          {"ActionsEnabled", &smithy::boolean_shape},
                          {"OKActions", shapes.texts},
                          {"AlarmActions", shapes.texts},
                          {"InsufficientDataActions", shapes.texts},
                          {"MetricName", &text_shape},
                          {"Namespace", &text_shape},
                          {"Statistic", &text_shape},
                          {"ExtendedStatistic", &text_shape},
                          {"Dimensions", shapes.dimensions},
                          {"Period", &integer_shape},
                          {"Unit", &text_shape},
                          {"EvaluationPeriods", &integer_shape},
                          {"DatapointsToAlarm", &integer_shape},
                          {"Threshold", &smithy::real_shape},
                          {"ComparisonOperator", &text_shape},
                          {"TreatMissingData", &text_shape},
                          {"EvaluateLowSampleCountPercentile", &text_shape},
                          {"Metrics", shapes.queries},
                          {"Tags", shapes.tags},
                          {"ThresholdMetricId", &text_shape},
                          {"EvaluationCriteria", empty},
                          {"EvaluationInterval", &integer_shape},
                          {"EvaluationWindow", window}});
}

} // namespace

Answer<alarm::Definition> read_definition(const Value& input) {
  alarm::Definition definition;
  if (auto supported = refuse_unsupported(input); !supported) return refused(supported);
  if (auto read = read_alarm_head(input, definition); !read) return refused(read);
  if (input.has("Metrics")) {
    if (auto read = read_math(input, definition); !read) return refused(read);
  } else {
    auto metric = read_metric(input, "");
    if (!metric) return refused(metric);
    definition.metric = std::move(*metric);
    if (auto read = read_statistic(input, definition.condition); !read) return refused(read);
  }
  if (auto read = read_condition(input, definition.condition); !read) return refused(read);
  return definition;
}

void add_metric_alarms(const Offer& offer) {
  offer.service.add(
      {"PutMetricAlarm", input_shape(offer.shapes)}, smithy::Permission::alarms,
      [desk = offer.desk](const smithy::Caller& caller, const Value& input, const smithy::Respond& respond) {
        auto definition = read_definition(input);
        if (!definition) return respond(refused(definition));
        desk->define(std::move(*definition), caller.now, answering(respond));
      });
}

} // namespace kaden::cloudwatch
