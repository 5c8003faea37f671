// The alarm that CloudWatch publishes to SNS, as the value of Message. Region is a display name there, times
// end in +0000, dimensions are a list of {name, value}, a composite alarm has no Trigger.
#include <fmt/format.h>

#include "draft.h"

namespace kaden::webhook {
namespace {

/// "arn:aws:cloudwatch:ap-northeast-1:111122223333:alarm:name"
std::string region_of(std::string_view arn) {
  const auto parts = split(arn, ':');
  return parts.size() > 4 ? std::string(parts[3]) : "";
}

void add_dimensions(Draft& draft, const json::object& metric) {
  const json::value* list = metric.if_contains("Dimensions");
  if (list == nullptr || !list->is_array()) return;
  for (const json::value& each : list->get_array()) {
    if (!each.is_object()) continue;
    draft.labels.emplace_back(member(each.get_object(), "name"), member(each.get_object(), "value"));
  }
}

/// Metric math: the metrics behind the expression, in their order.
void add_metrics(Draft& draft, const json::object& trigger) {
  const json::value* metrics = trigger.if_contains("Metrics");
  if (metrics == nullptr || !metrics->is_array()) return;
  for (const json::value& each : metrics->get_array()) {
    if (!each.is_object()) continue;
    const json::object& entry = each.get_object();
    if (const std::string expression = member(entry, "Expression"); !expression.empty()) {
      draft.labels.emplace_back("expression", expression);
      draft.labels.emplace_back("expression_label", member(entry, "Label"));
    }
    const json::value* stat = entry.if_contains("MetricStat");
    if (stat == nullptr || !stat->is_object()) continue;
    const json::value* metric = stat->get_object().if_contains("Metric");
    if (metric == nullptr || !metric->is_object()) continue;
    draft.labels.emplace_back("namespace", member(metric->get_object(), "Namespace"));
    draft.labels.emplace_back("metric", member(metric->get_object(), "MetricName"));
    add_dimensions(draft, metric->get_object());
  }
}

void add_trigger(Draft& draft, const json::object& alarm) {
  const json::value* trigger = alarm.if_contains("Trigger");
  if (trigger == nullptr || !trigger->is_object()) { // composite
    draft.labels.emplace_back("alarm_rule", member(alarm, "AlarmRule"));
    return;
  }
  const json::object& object = trigger->get_object();
  draft.labels.emplace_back("namespace", member(object, "Namespace"));
  draft.labels.emplace_back("metric", member(object, "MetricName"));
  add_dimensions(draft, object);
  add_metrics(draft, object);
}

/// One alarm with contributors sends a message for each of them.
std::string key_of(const json::object& alarm) {
  std::string key = member(alarm, "AlarmArn");
  if (key.empty()) key = fmt::format("{}:{}", member(alarm, "AWSAccountId"), member(alarm, "AlarmName"));
  if (const std::string id = member(alarm, "AlarmContributorId"); !id.empty()) key += "/" + id;
  return key;
}

} // namespace

Result<Read> read_cloudwatch_alarm(const Rules& rules, const json::object& alarm) {
  Draft draft;
  draft.title = member(alarm, "AlarmName");
  if (trim(draft.title).empty()) return fail(Fault::invalid, "Message.AlarmName: is missing");
  draft.title_is_name = true;
  const auto state = parse_alarm_state(member(alarm, "NewStateValue"));
  if (!state) return fail(Fault::invalid, "Message.NewStateValue: must be OK, ALARM or INSUFFICIENT_DATA");
  draft.state = *state;
  const std::string changed = member(alarm, "StateChangeTime");
  const auto at = parse_iso8601(changed);
  if (!at) return fail(Fault::invalid, "Message.StateChangeTime: " + at.error().message);
  draft.changed_at = *at;
  draft.key = key_of(alarm);
  draft.id = fmt::format("{}/{}/{}", draft.key, changed, kaden::to_text(*state));
  draft.reason = member(alarm, "NewStateReason");
  add_trigger(draft, alarm);
  draft.labels.emplace_back("alarm_name", draft.title);
  draft.labels.emplace_back("description", member(alarm, "AlarmDescription"));
  draft.labels.emplace_back("account", member(alarm, "AWSAccountId"));
  draft.labels.emplace_back("region", region_of(member(alarm, "AlarmArn")));
  const json::value* contributor = alarm.if_contains("AlarmContributorAttributes");
  if (contributor != nullptr && contributor->is_object()) add_members(draft, &contributor->get_object());
  Read out;
  out.readings.push_back(finish(rules, draft));
  return out;
}

} // namespace kaden::webhook
