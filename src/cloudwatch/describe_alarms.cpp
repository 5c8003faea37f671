#include <fmt/format.h>

#include <algorithm>

#include "operations.h"
#include "reading.h"
#include "tokens.h"

namespace kaden::cloudwatch {

namespace {

constexpr std::string_view describe = "DescribeAlarms";
constexpr std::size_t default_page = 50;
constexpr std::size_t names_max = 100;

/// Members that alarms of both kinds have.
Value head_of(const alarm::AlarmInfo& info, const std::string& arn_prefix) {
  return Value()
      .set("AlarmName", info.key.name)
      .set("AlarmArn", arn_prefix + info.key.name)
      .set("StateValue", to_text(info.state))
      .set("StateUpdatedTimestamp", info.updated_at);
}

template <class Definition>
void set_common(Value& out, const Definition& definition, const alarm::AlarmInfo& info) {
  if (!definition.description.empty()) out.set("AlarmDescription", definition.description);
  out.set("AlarmConfigurationUpdatedTimestamp", info.defined_at)
      .set("ActionsEnabled", definition.actions_enabled)
      .set("OKActions", text_list(definition.ok_actions))
      .set("AlarmActions", text_list(definition.alarm_actions))
      .set("InsufficientDataActions", text_list(definition.insufficient_data_actions))
      .set("StateReason", info.reason)
      .set("StateTransitionedTimestamp", info.changed_at);
  if (!info.reason_data.empty()) out.set("StateReasonData", info.reason_data);
}

Value metric_alarm_value(const alarm::AlarmInfo& info, const std::string& arn_prefix) {
  const alarm::Definition& definition = info.definition;
  const alarm::Condition& condition = definition.condition;
  Value out = head_of(info, arn_prefix);
  set_common(out, definition, info);
  if (definition.queries.empty()) {
    out.set("MetricName", definition.metric.name)
        .set("Namespace", definition.metric.name_space)
        .set("Dimensions", dimensions_value(definition.metric.dimensions))
        .set(condition.extended ? "ExtendedStatistic" : "Statistic", alarm::statistic_text(condition))
        .set("Period", condition.period.count() / 1000);
    if (!condition.unit.empty()) out.set("Unit", condition.unit);
  } else {
    out.set("Metrics", queries_value(definition.queries));
  }
  out.set("EvaluationPeriods", condition.evaluation_periods)
      .set("DatapointsToAlarm", condition.datapoints_to_alarm)
      .set("Threshold", condition.threshold)
      .set("ComparisonOperator", alarm::to_text(condition.comparison))
      .set("TreatMissingData", alarm::to_text(condition.missing));
  if (condition.extended) {
    out.set("EvaluateLowSampleCountPercentile", alarm::to_text(condition.low_samples));
  }
  if (condition.window.wall_clock) {
    Value wall_clock = smithy::Map();
    if (!condition.window.timezone.empty()) wall_clock.set("Timezone", condition.window.timezone);
    out.set("EvaluationWindow", Value().set("WallClockWindow", std::move(wall_clock)));
  }
  if (!info.evaluation_state.empty()) out.set("EvaluationState", info.evaluation_state);
  return out;
}

Value composite_alarm_value(const alarm::AlarmInfo& info, const std::string& arn_prefix) {
  const alarm::CompositeDefinition& definition = *info.composite;
  Value out = head_of(info, arn_prefix);
  set_common(out, definition, info);
  out.set("AlarmRule", definition.rule);
  if (!definition.suppressor.empty()) {
    out.set("ActionsSuppressor", definition.suppressor)
        .set("ActionsSuppressorWaitPeriod", definition.wait_period.count() / 1000)
        .set("ActionsSuppressorExtensionPeriod", definition.extension_period.count() / 1000);
  }
  if (info.suppressed_by != alarm::SuppressedBy::nothing) {
    out.set("ActionsSuppressedBy", alarm::to_text(info.suppressed_by));
  }
  return out;
}

const smithy::Shape* metric_alarm_shape(const Shapes& shapes) {
  using smithy::integer_shape;
  using smithy::text_shape;
  using smithy::time_shape;
  smithy::Model& model = *shapes.model;
  const auto* wall_clock = model.structure({{"Timezone", &text_shape}});
  return model.structure({{"AlarmName", &text_shape},
                          {"AlarmArn", &text_shape},
                          {"AlarmDescription", &text_shape},
                          {"AlarmConfigurationUpdatedTimestamp", &time_shape},
                          {"ActionsEnabled", &smithy::boolean_shape},
                          {"OKActions", shapes.texts},
                          {"AlarmActions", shapes.texts},
                          {"InsufficientDataActions", shapes.texts},
                          {"StateValue", &text_shape},
                          {"StateReason", &text_shape},
                          {"StateReasonData", &text_shape},
                          {"StateUpdatedTimestamp", &time_shape},
                          {"StateTransitionedTimestamp", &time_shape},
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
                          {"EvaluationState", &text_shape},
                          {"EvaluationWindow", model.structure({{"WallClockWindow", wall_clock}})}});
}

const smithy::Shape* composite_alarm_shape(const Shapes& shapes) {
  using smithy::integer_shape;
  using smithy::text_shape;
  using smithy::time_shape;
  return shapes.model->structure({{"AlarmName", &text_shape},
                                  {"AlarmArn", &text_shape},
                                  {"AlarmDescription", &text_shape},
                                  {"AlarmConfigurationUpdatedTimestamp", &time_shape},
                                  {"ActionsEnabled", &smithy::boolean_shape},
                                  {"OKActions", shapes.texts},
                                  {"AlarmActions", shapes.texts},
                                  {"InsufficientDataActions", shapes.texts},
                                  {"AlarmRule", &text_shape},
                                  {"StateValue", &text_shape},
                                  {"StateReason", &text_shape},
                                  {"StateReasonData", &text_shape},
                                  {"StateUpdatedTimestamp", &time_shape},
                                  {"StateTransitionedTimestamp", &time_shape},
                                  {"ActionsSuppressedBy", &text_shape},
                                  {"ActionsSuppressor", &text_shape},
                                  {"ActionsSuppressorWaitPeriod", &integer_shape},
                                  {"ActionsSuppressorExtensionPeriod", &integer_shape}});
}

/// AlarmTypes: metric alarms only, when none are named. "LogAlarm" is a type that has no alarms here.
Answer<void> read_types(const Value& input, alarm::AlarmFilter& filter) {
  const auto types = input.texts("AlarmTypes");
  filter.metric_alarms = types.empty();
  filter.composite_alarms = false;
  for (const auto& type : types) {
    if (type != "MetricAlarm" && type != "CompositeAlarm" && type != "LogAlarm") {
      return tl::unexpected<Problem>(
          must_be("AlarmTypes", &type, "Member must satisfy enum value set of AlarmType"));
    }
    filter.metric_alarms = filter.metric_alarms || type == "MetricAlarm";
    filter.composite_alarms = filter.composite_alarms || type == "CompositeAlarm";
  }
  return {};
}

/// ChildrenOfAlarmName and ParentsOfAlarmName stand alone.
Answer<void> read_relatives(const Value& input, DescribeRequest& request) {
  for (const auto& [name, into] : {std::pair("ChildrenOfAlarmName", &request.children_of),
                                   std::pair("ParentsOfAlarmName", &request.parents_of)}) {
    if (!input.has(name)) continue;
    for (const char* other : {"AlarmNames", "AlarmNamePrefix", "AlarmTypes", "StateValue", "ActionPrefix"}) {
      if (input.has(other)) {
        return problem(validation, fmt::format("{} cannot be used together with {}.", name, other));
      }
    }
    *into = alarm::alarm_name_of(input.text_or(name, ""));
  }
  if (request.children_of && request.parents_of) {
    return problem(validation, "ChildrenOfAlarmName and ParentsOfAlarmName cannot be used together.");
  }
  return {};
}

/// "guest:cpu high web-01"
std::string place_of(const alarm::AlarmKey& key) {
  return std::string(alarm::source_of(key.origin)) + ":" + key.name;
}

Answer<void> read_place(const Value& input, DescribeRequest& request) {
  const auto place = read_token(input, describe);
  if (!place) return refused(place);
  if (place->empty()) return {};
  const std::size_t colon = place->find(':');
  const auto origin = alarm::parse_source(std::string_view(*place).substr(0, colon));
  if (colon == std::string::npos || !origin) return invalid_token();
  request.filter.after = alarm::AlarmKey{place->substr(colon + 1), *origin};
  return {};
}

/// Children with their state, parents without: CloudWatch shows no more of them.
Value relatives_output(const std::vector<alarm::AlarmInfo>& relatives, bool with_state,
                       const std::string& arn_prefix) {
  smithy::List metric, composite;
  for (const auto& info : relatives) {
    Value one = with_state
                    ? head_of(info, arn_prefix)
                    : Value().set("AlarmName", info.key.name).set("AlarmArn", arn_prefix + info.key.name);
    (info.composite ? composite : metric).push_back(std::move(one));
  }
  return Value().set("MetricAlarms", std::move(metric)).set("CompositeAlarms", std::move(composite));
}

Value described(const Desk& desk, DescribeRequest request, const std::string& arn_prefix) {
  if (request.children_of) return relatives_output(desk.children_of(*request.children_of), true, arn_prefix);
  if (request.parents_of) return relatives_output(desk.parents_of(*request.parents_of), false, arn_prefix);
  if (!request.names.empty()) {
    auto found = desk.describe(request.names);
    std::erase_if(found, [&](const alarm::AlarmInfo& info) {
      return !request.filter.passes(info.state, info.composite ? &*info.composite : nullptr,
                                    &info.definition);
    });
    return describe_output(found, std::nullopt, arn_prefix);
  }
  std::optional<alarm::AlarmKey> after;
  const std::size_t page = request.filter.most;
  ++request.filter.most; // one more tells whether there is another page
  auto found = desk.describe(request.filter);
  if (found.size() > page) {
    found.resize(page);
    after = found.back().key;
  }
  return describe_output(found, after, arn_prefix);
}

Answer<Value> described_for_metric(const Desk& desk, const Value& input, const std::string& arn_prefix) {
  auto metric = read_metric(input, "");
  if (!metric) return refused(metric);
  const auto period_s = input.integer("Period");
  const std::string* unit = input.text("Unit");
  const std::string* statistic =
      input.text(input.has("ExtendedStatistic") ? "ExtendedStatistic" : "Statistic");
  smithy::List alarms;
  for (const auto& info : desk.describe_for(*metric)) {
    const alarm::Condition& condition = info.definition.condition;
    if (period_s && condition.period != seconds(*period_s)) continue;
    if (unit != nullptr && condition.unit != *unit) continue;
    if (statistic != nullptr && alarm::statistic_text(condition) != *statistic) continue;
    alarms.push_back(metric_alarm_value(info, arn_prefix));
  }
  return Value().set("MetricAlarms", std::move(alarms));
}

void add_describe_for_metric(const Offer& offer, const smithy::Shape* metric_alarms) {
  using smithy::text_shape;
  smithy::Model& model = *offer.shapes.model;
  const auto* input = model.structure({{"MetricName", &text_shape},
                                       {"Namespace", &text_shape},
                                       {"Statistic", &text_shape},
                                       {"ExtendedStatistic", &text_shape},
                                       {"Dimensions", offer.shapes.dimensions},
                                       {"Period", &smithy::integer_shape},
                                       {"Unit", &text_shape}});
  offer.service.add({"DescribeAlarmsForMetric", input, model.structure({{"MetricAlarms", metric_alarms}})},
                    smithy::Permission::read,
                    [desk = offer.desk, prefix = offer.arn_prefix](const smithy::Caller&, const Value& in,
                                                                   const smithy::Respond& respond) {
                      respond(described_for_metric(*desk, in, prefix));
                    });
}

} // namespace

Answer<DescribeRequest> read_describe(const Value& input) {
  DescribeRequest request;
  if (auto read = read_relatives(input, request); !read) return refused(read);
  if (auto read = read_types(input, request.filter); !read) return refused(read);
  request.names = input.texts("AlarmNames");
  request.filter.name_prefix = input.text_or("AlarmNamePrefix", "");
  request.filter.action_prefix = input.text_or("ActionPrefix", "");
  if (request.names.size() > names_max) {
    return problem(validation,
                   fmt::format("AlarmNames must have length less than or equal to {}", names_max));
  }
  if (!request.names.empty() && !request.filter.name_prefix.empty()) {
    return problem("InvalidParameterCombination", "AlarmNames and AlarmNamePrefix cannot be used together.");
  }
  const auto state = read_word(input, "StateValue", parse_alarm_state);
  if (!state) return refused(state);
  request.filter.state = *state;
  const auto page = read_page_size(input, default_page);
  if (!page) return refused(page);
  request.filter.most = *page;
  if (auto read = read_place(input, request); !read) return refused(read);
  return request;
}

Value describe_output(const std::vector<alarm::AlarmInfo>& alarms,
                      const std::optional<alarm::AlarmKey>& after, const std::string& arn_prefix) {
  smithy::List metric, composite;
  for (const auto& info : alarms) {
    if (info.composite) {
      composite.push_back(composite_alarm_value(info, arn_prefix));
    } else {
      metric.push_back(metric_alarm_value(info, arn_prefix));
    }
  }
  Value out = Value().set("MetricAlarms", std::move(metric)).set("CompositeAlarms", std::move(composite));
  if (after) out.set("NextToken", token_of(describe, place_of(*after)));
  return out;
}

void add_describe_alarms(const Offer& offer) {
  using smithy::text_shape;
  const Shapes& shapes = offer.shapes;
  smithy::Model& model = *shapes.model;
  const auto* metric_alarms = model.list(metric_alarm_shape(shapes));
  const auto* input = model.structure({{"AlarmNames", shapes.texts},
                                       {"AlarmNamePrefix", &text_shape},
                                       {"AlarmTypes", shapes.texts},
                                       {"ChildrenOfAlarmName", &text_shape},
                                       {"ParentsOfAlarmName", &text_shape},
                                       {"StateValue", &text_shape},
                                       {"ActionPrefix", &text_shape},
                                       {"MaxRecords", &smithy::integer_shape},
                                       {"NextToken", &text_shape}});
  const auto* output = model.structure({{"MetricAlarms", metric_alarms},
                                        {"CompositeAlarms", model.list(composite_alarm_shape(shapes))},
                                        {"NextToken", &text_shape}});
  offer.service.add({std::string(describe), input, output}, smithy::Permission::read,
                    [desk = offer.desk, prefix = offer.arn_prefix](const smithy::Caller&, const Value& in,
                                                                   const smithy::Respond& respond) {
                      auto request = read_describe(in);
                      if (!request) return respond(refused(request));
                      respond(described(*desk, std::move(*request), prefix));
                    });
  add_describe_for_metric(offer, metric_alarms);
}

} // namespace kaden::cloudwatch
