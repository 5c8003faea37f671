#include "metric_alarm.h"

#include <fmt/format.h>

#include "metric_data.h"

namespace kaden::cloudwatch {

namespace {

constexpr std::string_view validation = "ValidationError";
constexpr std::size_t names_max = 100;
constexpr std::size_t actions_max = 5;
constexpr std::size_t tags_max = 50;

/// The member names of AWS's messages begin in lower case.
std::string member_name(const std::string& parameter) {
  std::string name = parameter;
  name[0] = static_cast<char>(name[0] | 0x20);
  return name;
}

Problem must_be(const std::string& parameter, const std::string* value, std::string_view constraint) {
  const std::string shown = value == nullptr ? "null" : "'" + *value + "'";
  return {validation, 400,
          fmt::format("1 validation error detected: Value {} at '{}' failed to satisfy constraint: {}", shown,
                      member_name(parameter), constraint)};
}

/// A required text of 1 to `most` characters (bytes here: never more than CloudWatch takes).
Answer<std::string> required_text(const Parameters& parameters, const std::string& name, std::size_t most) {
  const std::string* text = parameters.find(name);
  if (text == nullptr) return tl::unexpected<Problem>(must_be(name, text, "Member must not be null"));
  if (text->empty() || text->size() > most) {
    return tl::unexpected<Problem>(
        must_be(name, text, fmt::format("Member must have length between 1 and {}", most)));
  }
  return *text;
}

template <class T>
Answer<T> required_word(const Parameters& parameters, const std::string& name,
                        std::optional<T> (*parse)(std::string_view)) {
  const std::string* text = parameters.find(name);
  if (text == nullptr) return tl::unexpected<Problem>(must_be(name, text, "Member must not be null"));
  const auto value = parse(*text);
  if (!value) {
    return tl::unexpected<Problem>(must_be(name, text, "Member must satisfy enum value set of " + name));
  }
  return *value;
}

Answer<int> required_count(const Parameters& parameters, const std::string& name) {
  const std::string* text = parameters.find(name);
  if (text == nullptr) return tl::unexpected<Problem>(must_be(name, text, "Member must not be null"));
  const auto value = parse_int(*text);
  if (!value || *value < 1 || *value > INT32_MAX) {
    return tl::unexpected<Problem>(must_be(name, text, "Member must have value greater than or equal to 1"));
  }
  return static_cast<int>(*value);
}

Answer<bool> flag_or(const Parameters& parameters, const std::string& name, bool fallback) {
  const std::string* text = parameters.find(name);
  if (text == nullptr || text->empty()) return fallback;
  if (equal_no_case(*text, "true")) return true;
  if (equal_no_case(*text, "false")) return false;
  return tl::unexpected<Problem>(must_be(name, text, "Member must be true or false"));
}

Answer<std::vector<std::string>> read_actions(const Parameters& parameters, const std::string& name) {
  auto actions = parameters.texts(name);
  if (actions.size() > actions_max) {
    return tl::unexpected<Problem>(
        must_be(name, nullptr, fmt::format("Member must have length less than or equal to {}", actions_max)));
  }
  for (const auto& action : actions) {
    if (action.empty() || action.size() > 1024) {
      return tl::unexpected<Problem>(must_be(name, &action, "Member must have length between 1 and 1024"));
    }
  }
  return actions;
}

/// What CloudWatch knows and Kaden does not: refused rather than read over.
Answer<void> refuse_unsupported(const Parameters& parameters) {
  for (const char* name : {"ExtendedStatistic", "Metrics", "ThresholdMetricId", "EvaluationCriteria",
                           "EvaluationInterval", "EvaluationWindow"}) {
    if (parameters.any_under(name)) {
      return problem(validation,
                     fmt::format("{} is not supported by this endpoint: an alarm watches one metric with "
                                 "Statistic and Threshold.",
                                 name));
    }
  }
  return {};
}

Answer<alarm::Condition> read_condition(const Parameters& parameters) {
  alarm::Condition condition;
  const auto statistic = required_word(parameters, "Statistic", alarm::parse_statistic);
  if (!statistic) return tl::unexpected<Problem>(statistic.error());
  const auto comparison = required_word(parameters, "ComparisonOperator", alarm::parse_comparison);
  if (!comparison) return tl::unexpected<Problem>(comparison.error());
  const auto period_s = required_count(parameters, "Period");
  if (!period_s) return tl::unexpected<Problem>(period_s.error());
  const auto periods = required_count(parameters, "EvaluationPeriods");
  if (!periods) return tl::unexpected<Problem>(periods.error());
  const bool has_datapoints = parameters.any_under("DatapointsToAlarm");
  const auto datapoints = has_datapoints ? required_count(parameters, "DatapointsToAlarm") : periods;
  if (!datapoints) return tl::unexpected<Problem>(datapoints.error());
  const std::string* threshold_text = parameters.find("Threshold");
  const auto threshold = threshold_text == nullptr ? std::nullopt : parse_real(*threshold_text);
  if (!threshold) {
    return tl::unexpected<Problem>(must_be("Threshold", threshold_text, "Member must be a number"));
  }
  const std::string* missing_text = parameters.find("TreatMissingData");
  if (missing_text != nullptr && !missing_text->empty()) {
    const auto missing = alarm::parse_missing_data(*missing_text);
    if (!missing) {
      return tl::unexpected<Problem>(
          must_be("TreatMissingData", missing_text,
                  "Member must be one of breaching, notBreaching, ignore, missing"));
    }
    condition.missing = *missing;
  }
  condition.unit = parameters.text_or("Unit", "");
  if (!condition.unit.empty() && !is_unit(condition.unit)) {
    return tl::unexpected<Problem>(
        must_be("Unit", &condition.unit, "Member must satisfy enum value set of StandardUnit"));
  }
  condition.statistic = *statistic;
  condition.comparison = *comparison;
  condition.period = seconds(*period_s);
  condition.evaluation_periods = *periods;
  condition.datapoints_to_alarm = *datapoints;
  condition.threshold = *threshold;
  if (const auto checked = alarm::check(condition); !checked)
    return problem(validation, checked.error().message);
  return condition;
}

Answer<std::map<std::string, std::string>> read_tags(const Parameters& parameters) {
  std::map<std::string, std::string> tags;
  for (const auto& path : parameters.members("Tags")) {
    const auto key = required_text(parameters, path + ".Key", 128);
    if (!key) return tl::unexpected<Problem>(key.error());
    // AWS allows 256; a sentence to be spoken needs more.
    const std::string value = parameters.text_or(path + ".Value", "");
    if (value.size() > limits::say_bytes_max) {
      return problem(validation, fmt::format("The value of tag {} is too long.", *key));
    }
    if (*key == "kaden:severity" && !parse_severity(value)) {
      return problem(validation, "The tag kaden:severity must be critical, error, warning or info.");
    }
    tags[*key] = value;
  }
  if (tags.size() > tags_max)
    return problem(validation, fmt::format("An alarm has at most {} tags.", tags_max));
  return tags;
}

constexpr std::string_view token_start = "kaden1:";

std::string list_of(std::string_view name, const std::vector<std::string>& members) {
  std::string inner;
  for (const auto& one : members) inner += element("member", one);
  return fmt::format("<{0}>{1}</{0}>", name, inner);
}

std::string alarm_xml(const alarm::AlarmInfo& info, const std::string& arn_prefix) {
  const alarm::Definition& definition = info.definition;
  const alarm::Condition& condition = definition.condition;
  std::string dimensions;
  for (const auto& [name, value] : definition.metric.dimensions) {
    dimensions += "<member>" + element("Name", name) + element("Value", value) + "</member>";
  }
  std::string out =
      "<member>" + element("AlarmName", definition.name) + element("AlarmArn", arn_prefix + definition.name);
  if (!definition.description.empty()) out += element("AlarmDescription", definition.description);
  out += element("AlarmConfigurationUpdatedTimestamp", to_iso8601(info.defined_at)) +
         element("ActionsEnabled", definition.actions_enabled ? "true" : "false") +
         list_of("OKActions", definition.ok_actions) + list_of("AlarmActions", definition.alarm_actions) +
         list_of("InsufficientDataActions", definition.insufficient_data_actions) +
         element("StateValue", to_text(info.state)) + element("StateReason", info.reason);
  if (!info.reason_data.empty()) out += element("StateReasonData", info.reason_data);
  out += element("StateUpdatedTimestamp", to_iso8601(info.updated_at)) +
         element("StateTransitionedTimestamp", to_iso8601(info.changed_at)) +
         element("MetricName", definition.metric.name) + element("Namespace", definition.metric.name_space) +
         element("Statistic", alarm::to_text(condition.statistic)) + "<Dimensions>" + dimensions +
         "</Dimensions>" + element("Period", std::to_string(condition.period.count() / 1000));
  if (!condition.unit.empty()) out += element("Unit", condition.unit);
  return out + element("EvaluationPeriods", std::to_string(condition.evaluation_periods)) +
         element("DatapointsToAlarm", std::to_string(condition.datapoints_to_alarm)) +
         element("Threshold", alarm::number_text(condition.threshold)) +
         element("ComparisonOperator", alarm::to_text(condition.comparison)) +
         element("TreatMissingData", alarm::to_text(condition.missing)) + "</member>";
}

} // namespace

Answer<alarm::Definition> read_definition(const Parameters& parameters) {
  alarm::Definition definition;
  if (auto supported = refuse_unsupported(parameters); !supported) {
    return tl::unexpected<Problem>(supported.error());
  }
  const auto name = required_text(parameters, "AlarmName", limits::alarm_name_bytes_max);
  if (!name) return tl::unexpected<Problem>(name.error());
  const auto metric_name = required_text(parameters, "MetricName", 255);
  if (!metric_name) return tl::unexpected<Problem>(metric_name.error());
  const auto name_space = required_text(parameters, "Namespace", 255);
  if (!name_space) return tl::unexpected<Problem>(name_space.error());
  if (!is_namespace(*name_space)) {
    return tl::unexpected<Problem>(
        must_be("Namespace", &*name_space, "Member must satisfy regular expression pattern: [^:].*"));
  }
  auto condition = read_condition(parameters);
  if (!condition) return tl::unexpected<Problem>(condition.error());
  auto dimensions = read_dimensions(parameters, "", validation);
  if (!dimensions) return tl::unexpected<Problem>(dimensions.error());
  auto tags = read_tags(parameters);
  if (!tags) return tl::unexpected<Problem>(tags.error());
  const auto enabled = flag_or(parameters, "ActionsEnabled", true);
  if (!enabled) return tl::unexpected<Problem>(enabled.error());
  const std::pair<const char*, std::vector<std::string>*> actions[] = {
      {"OKActions", &definition.ok_actions},
      {"AlarmActions", &definition.alarm_actions},
      {"InsufficientDataActions", &definition.insufficient_data_actions}};
  for (const auto& [list, into] : actions) {
    auto read = read_actions(parameters, list);
    if (!read) return tl::unexpected<Problem>(read.error());
    *into = std::move(*read);
  }
  definition.description = parameters.text_or("AlarmDescription", "");
  constexpr std::size_t description_bytes_max = 4 * 1024; // CloudWatch's 1,024 characters
  if (definition.description.size() > description_bytes_max) {
    return problem(validation, "AlarmDescription must have length less than or equal to 1024");
  }
  definition.name = *name;
  definition.actions_enabled = *enabled;
  definition.metric = {*name_space, *metric_name, std::move(*dimensions)};
  definition.condition = std::move(*condition);
  definition.tags = std::move(*tags);
  return definition;
}

Answer<DescribeRequest> read_describe(const Parameters& parameters) {
  DescribeRequest request;
  for (const char* name : {"ChildrenOfAlarmName", "ParentsOfAlarmName"}) {
    if (parameters.any_under(name)) {
      return problem(validation,
                     fmt::format("{} is not supported by this endpoint: it has metric alarms only.", name));
    }
  }
  const auto types = parameters.texts("AlarmTypes");
  bool wants_metric_alarms = types.empty();
  for (const auto& type : types) {
    if (type != "MetricAlarm" && type != "CompositeAlarm" && type != "LogAlarm") {
      return tl::unexpected<Problem>(
          must_be("AlarmTypes", &type, "Member must satisfy enum value set of AlarmType"));
    }
    wants_metric_alarms = wants_metric_alarms || type == "MetricAlarm";
  }
  request.nothing = !wants_metric_alarms;
  request.names = parameters.texts("AlarmNames");
  request.filter.name_prefix = parameters.text_or("AlarmNamePrefix", "");
  request.filter.action_prefix = parameters.text_or("ActionPrefix", "");
  if (request.names.size() > names_max) {
    return problem(validation,
                   fmt::format("AlarmNames must have length less than or equal to {}", names_max));
  }
  if (!request.names.empty() && !request.filter.name_prefix.empty()) {
    return problem("InvalidParameterCombination", "AlarmNames and AlarmNamePrefix cannot be used together.");
  }
  if (parameters.any_under("StateValue")) {
    const auto state = required_word(parameters, "StateValue", parse_alarm_state);
    if (!state) return tl::unexpected<Problem>(state.error());
    request.filter.state = *state;
  }
  request.filter.most = 50;
  if (const std::string* text = parameters.find("MaxRecords")) {
    const auto most = parse_int(*text);
    if (!most || *most < 1 || *most > 100) {
      return tl::unexpected<Problem>(must_be("MaxRecords", text, "Member must have value between 1 and 100"));
    }
    request.filter.most = static_cast<std::size_t>(*most);
  }
  if (const std::string token = parameters.text_or("NextToken", ""); !token.empty()) {
    const std::string_view rest = std::string_view(token).substr(std::min(token_start.size(), token.size()));
    const std::size_t colon = rest.find(':');
    const auto origin = alarm::parse_source(rest.substr(0, colon));
    if (!token.starts_with(token_start) || colon == std::string_view::npos || !origin) {
      return problem("InvalidNextToken", "The next token specified is invalid.");
    }
    request.filter.after = alarm::AlarmKey{std::string(rest.substr(colon + 1)), *origin};
  }
  return request;
}

std::string describe_result(const std::vector<alarm::AlarmInfo>& alarms,
                            const std::optional<alarm::AlarmKey>& after, const std::string& arn_prefix) {
  std::string out = "<MetricAlarms>";
  for (const auto& info : alarms) out += alarm_xml(info, arn_prefix);
  out += "</MetricAlarms><CompositeAlarms/>";
  if (after) {
    out += element("NextToken",
                   fmt::format("{}{}:{}", token_start, alarm::source_of(after->origin), after->name));
  }
  return out;
}

Answer<std::vector<std::string>> read_names(const Parameters& parameters) {
  auto names = parameters.texts("AlarmNames");
  if (names.empty()) {
    return tl::unexpected<Problem>(must_be("AlarmNames", nullptr, "Member must not be null"));
  }
  if (names.size() > names_max) {
    return problem(validation,
                   fmt::format("AlarmNames must have length less than or equal to {}", names_max));
  }
  return names;
}

Answer<SetStateRequest> read_set_state(const Parameters& parameters) {
  SetStateRequest request;
  const auto name = required_text(parameters, "AlarmName", limits::alarm_name_bytes_max);
  if (!name) return tl::unexpected<Problem>(name.error());
  const auto state = required_word(parameters, "StateValue", parse_alarm_state);
  if (!state) return tl::unexpected<Problem>(state.error());
  const auto reason = required_text(parameters, "StateReason", 1023);
  if (!reason) return tl::unexpected<Problem>(reason.error());
  request.reason_data = parameters.text_or("StateReasonData", "");
  if (request.reason_data.size() > 4000) {
    return problem(validation, "StateReasonData must have length less than or equal to 4000");
  }
  if (!request.reason_data.empty() && !parse_json(request.reason_data)) {
    return problem("InvalidFormat", "StateReasonData is not valid JSON.");
  }
  request.name = *name;
  request.state = *state;
  request.reason = *reason;
  return request;
}

} // namespace kaden::cloudwatch
