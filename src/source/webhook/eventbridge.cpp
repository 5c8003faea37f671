// Amazon EventBridge: CloudWatch's alarm state changes and AWS Health. Delivered at least once, in any order.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "draft.h"

#include "kaden/http_date.h"

namespace kaden::webhook {
namespace {

const json::object* object_at(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  return found != nullptr && found->is_object() ? &found->get_object() : nullptr;
}

const json::array* array_at(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  return found != nullptr && found->is_array() ? &found->get_array() : nullptr;
}

std::string first_resource(const json::object& body) {
  const json::array* resources = array_at(body, "resources");
  return resources == nullptr || resources->empty() ? "" : text_of(resources->front());
}

void add_origin(Draft& draft, const json::object& body) {
  draft.labels.emplace_back("account", member(body, "account"));
  draft.labels.emplace_back("region", member(body, "region"));
}

void add_metrics(Draft& draft, const json::object& configuration) {
  draft.labels.emplace_back("alarm_rule", member(configuration, "alarmRule"));
  const json::array* metrics = array_at(configuration, "metrics");
  if (metrics == nullptr) return;
  for (const json::value& each : *metrics) {
    if (!each.is_object()) continue;
    draft.labels.emplace_back("expression", member(each.get_object(), "expression"));
    const json::object* stat = object_at(each.get_object(), "metricStat");
    const json::object* metric = stat == nullptr ? nullptr : object_at(*stat, "metric");
    if (metric == nullptr) continue;
    draft.labels.emplace_back("namespace", member(*metric, "namespace"));
    draft.labels.emplace_back("metric", member(*metric, "name"));
    add_members(draft, object_at(*metric, "dimensions"));
  }
}

/// The threshold stands only in a text of JSON inside the event.
void add_reason_data(Draft& draft, const json::object& state) {
  const auto data = parse_json(member(state, "reasonData"));
  if (!data || !data->is_object()) return;
  draft.labels.emplace_back("threshold", member(data->get_object(), "threshold"));
  draft.labels.emplace_back("statistic", member(data->get_object(), "statistic"));
}

Draft alarm_draft(const json::object& body, const json::object& detail) {
  Draft draft;
  draft.title = member(detail, "alarmName");
  draft.title_is_name = true;
  draft.key = first_resource(body);
  if (draft.key.empty()) {
    draft.key = fmt::format("{}:{}:{}", member(body, "account"), member(body, "region"), draft.title);
  }
  return draft;
}

Result<Read> read_state_change(const Rules& rules, const json::object& body, const json::object& detail) {
  Draft draft = alarm_draft(body, detail);
  if (trim(draft.title).empty()) return fail(Fault::invalid, "detail.alarmName: is missing");
  const json::object* state = object_at(detail, "state");
  if (state == nullptr) return fail(Fault::invalid, "detail.state: is missing");
  const auto value = parse_alarm_state(member(*state, "value"));
  if (!value) return fail(Fault::invalid, "detail.state.value: must be OK, ALARM or INSUFFICIENT_DATA");
  const std::string changed = member(*state, "timestamp");
  const auto at = parse_iso8601(changed);
  if (!at) return fail(Fault::invalid, "detail.state.timestamp: " + at.error().message);
  draft.state = *value;
  draft.changed_at = *at;
  draft.id = fmt::format("{}/{}/{}", draft.key, changed, kaden::to_text(*value));
  draft.reason = member(*state, "reason");
  draft.labels.emplace_back("suppressed_by", member(*state, "actionsSuppressedBy"));
  if (const json::object* configuration = object_at(detail, "configuration")) {
    add_metrics(draft, *configuration);
    draft.labels.emplace_back("description", member(*configuration, "description"));
  }
  draft.labels.emplace_back("alarm_name", draft.title);
  add_origin(draft, body);
  add_reason_data(draft, *state);
  Read out;
  out.readings.push_back(finish(rules, draft));
  return out;
}

/// Only a deletion says something about the state: there is nothing left to be in trouble.
Result<Read> read_configuration_change(const Rules& rules, const json::object& body,
                                       const json::object& detail) {
  Read out;
  const std::string operation = member(detail, "operation");
  if (operation != "delete") {
    out.note = fmt::format("the alarm's configuration changed ({}); its state did not", operation);
    return out;
  }
  Draft draft = alarm_draft(body, detail);
  if (trim(draft.title).empty()) return fail(Fault::invalid, "detail.alarmName: is missing");
  draft.state = AlarmState::ok;
  draft.id = draft.key + "/deleted/" + member(body, "id");
  draft.reason = "the alarm was deleted";
  add_origin(draft, body);
  out.readings.push_back(finish(rules, draft));
  return out;
}

/// "Fri, 27 Nov 2026 12:00:00 GMT", as AWS Health writes its dates; or ISO 8601.
std::optional<WallTime> health_date(std::string_view text) {
  if (const auto at = parse_http_date(trim(text))) return at;
  const auto at = parse_iso8601(trim(text));
  return at ? std::optional(*at) : std::nullopt;
}

/// English first; any other when there is none.
std::string description_of(const json::object& detail) {
  const json::array* descriptions = array_at(detail, "eventDescription");
  std::string found;
  if (descriptions == nullptr) return found;
  for (const json::value& each : *descriptions) {
    if (!each.is_object()) continue;
    const bool is_english = member(each.get_object(), "language").starts_with("en");
    if (found.empty() || is_english) found = member(each.get_object(), "latestDescription");
    if (is_english) break;
  }
  return found;
}

void add_entities(Draft& draft, const json::object& detail) {
  const json::array* entities = array_at(detail, "affectedEntities");
  if (entities == nullptr || entities->empty()) return;
  std::string joined;
  for (const json::value& each : *entities) {
    if (!each.is_object()) continue;
    joined += (joined.empty() ? "" : ",") + member(each.get_object(), "entityValue");
  }
  draft.labels.emplace_back("entities", joined);
  if (entities->size() == 1) draft.machine = joined;
}

/// The rule may override each word: {issue: error}.
Severity category_severity(const Rules& rules, const std::string& category) {
  if (const auto own = severity_of(rules, category)) return *own;
  if (category == "scheduledChange" || category == "investigation") return Severity::warning;
  if (category == "accountNotification") return Severity::info;
  return rules.severity;
}

/// Each communication comes as the whole event again, in pages, and a second time through the backup region:
/// eventArn, communicationId and page tell them apart. Pages and flags are texts.
Result<Read> read_health(const Rules& rules, const json::object& body, const json::object& detail) {
  Draft draft;
  draft.key = member(detail, "eventArn");
  if (trim(draft.key).empty()) return fail(Fault::invalid, "detail.eventArn: is missing");
  const std::string communication = member(detail, "communicationId");
  const std::string page = member(detail, "page");
  const std::string status = member(detail, "statusCode");
  const std::string service = member(detail, "service");
  const std::string code = member(detail, "eventTypeCode");
  const std::string text = description_of(detail);
  // A text that says so may still be in an event that is "open".
  const bool is_over = status == "closed" || starts_with_no_case(trim(text), "[RESOLVED]");
  draft.state = is_over ? AlarmState::ok : AlarmState::alarm;
  draft.id =
      fmt::format("{}/{}/{}", draft.key, communication.empty() ? member(body, "id") : communication, page);
  // An earlier communication may come after the one that says it is over.
  draft.changed_at = health_date(member(detail, "lastUpdatedTime"));
  draft.certain = category_severity(rules, member(detail, "eventTypeCategory"));
  draft.title = fmt::format("AWS Health: {} {}", service, code);
  draft.reason = text;
  add_entities(draft, detail);
  for (const std::string_view name :
       {"service", "eventTypeCode", "eventTypeCategory", "statusCode", "eventScopeCode", "eventRegion",
        "startTime", "endTime", "affectedAccount"}) {
    draft.labels.emplace_back(name, member(detail, name));
  }
  if (member(detail, "totalPages") != "1")
    draft.labels.emplace_back("page", page + "/" + member(detail, "totalPages"));
  add_origin(draft, body);
  Read out;
  out.readings.push_back(finish(rules, draft));
  return out;
}

} // namespace

Result<Read> read_eventbridge(const Rules& rules, const json::object& body) {
  const std::string type = member(body, "detail-type");
  const json::object* detail = object_at(body, "detail");
  if (type.empty())
    return fail(Fault::invalid,
                "detail-type: is missing; send the event as it is, without an input transformer");
  if (detail == nullptr) return fail(Fault::invalid, "detail: is missing");
  if (type == "CloudWatch Alarm State Change") return read_state_change(rules, body, *detail);
  if (type == "CloudWatch Alarm Configuration Change") return read_configuration_change(rules, body, *detail);
  if (type == "AWS Health Event" || type == "AWS Health Abuse Event")
    return read_health(rules, body, *detail);
  return fail(
      Fault::invalid,
      fmt::format("detail-type: \"{}\" is not known here; a webhook of format generic reads any event",
                  cut_utf8(type, 128)));
}

} // namespace kaden::webhook
