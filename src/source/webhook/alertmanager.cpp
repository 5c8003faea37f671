// Prometheus Alertmanager's webhook (version 4) and Grafana's, which is the same with more members. Each
// alert of a group is an event of its own: its fingerprint is the digest of its labels, and startsAt and
// endsAt tell one outage from the next.
#include <fmt/format.h>

#include <algorithm>

#include "draft.h"
#include "kaden/limits/input.h"

namespace kaden::webhook {
namespace {

/// Of the labels, where an old sender gives no fingerprint.
std::string fingerprint_of(const json::object& labels) {
  std::map<std::string, std::string> sorted;
  for (const auto& [name, value] : labels) sorted.emplace(std::string_view(name), text_of(value));
  std::string text;
  for (const auto& [name, value] : sorted)
    text += fmt::format("{}:{}{}:{}", name.size(), name, value.size(), value);
  return sha256_hex(text).substr(0, 16);
}

std::string first_of(const json::object* object, std::initializer_list<std::string_view> names) {
  if (object == nullptr) return "";
  for (const std::string_view name : names) {
    if (std::string found = member(*object, name); !found.empty()) return found;
  }
  return "";
}

Result<AlarmState> state_of(const json::object& alert, const std::string& path) {
  const std::string status = member(alert, "status");
  if (status == "firing" || status == "alerting") return AlarmState::alarm;
  if (status == "resolved" || status == "ok") return AlarmState::ok;
  return fail(Fault::invalid, path + ".status: must be firing or resolved");
}

/// Grafana's alerts about its own queries name the rule in another label.
bool is_about_a_query(std::string_view name) {
  return name == "DatasourceNoData" || name == "DatasourceError";
}

Result<Draft> read_alert(const json::value& value, const std::string& path) {
  if (!value.is_object()) return fail(Fault::invalid, path + ": must be an object");
  const json::object& alert = value.get_object();
  const Fields fields(alert, path);
  const auto labels = fields.object("labels");
  if (!labels) return tl::unexpected(labels.error());
  if (*labels == nullptr) return fail(Fault::invalid, path + ".labels: is missing");
  const auto annotations = fields.object("annotations");
  if (!annotations) return tl::unexpected(annotations.error());
  const auto state = state_of(alert, path);
  if (!state) return tl::unexpected(state.error());
  Draft draft;
  draft.state = *state;
  draft.key = member(alert, "fingerprint");
  if (draft.key.empty()) draft.key = fingerprint_of(**labels);
  draft.name = member(**labels, "alertname");
  if (is_about_a_query(draft.name)) {
    const std::string rule = first_of(*labels, {"rulename", "ref_id"});
    if (!rule.empty()) draft.name += " " + rule;
  }
  const std::string starts = member(alert, "startsAt");
  // Without a time two outages could not be told apart.
  if (!starts.empty()) {
    draft.id = draft.key + "/" + starts +
               (*state == AlarmState::ok ? "/resolved/" + member(alert, "endsAt") : "/firing");
    draft.is_repeated = *state == AlarmState::alarm; // each repeat_interval
  }
  draft.severity = first_of(*labels, {"severity", "priority", "level"});
  draft.title = first_of(*annotations, {"summary", "title"});
  draft.reason = first_of(*annotations, {"description", "message", "summary"});
  if (draft.reason.empty()) draft.reason = member(alert, "valueString");
  add_members(draft, *labels);
  for (const auto& [name, label] : {std::pair("generatorURL", "link"), std::pair("dashboardURL", "dashboard"),
                                    std::pair("panelURL", "panel"), std::pair("silenceURL", "silence")}) {
    draft.labels.emplace_back(label, member(alert, name));
  }
  if (const json::value* values = alert.if_contains("values"))
    draft.labels.emplace_back("values", text_of(*values));
  return draft;
}

} // namespace

Result<Read> read_alertmanager(const Rules& rules, const json::object& body) {
  const Fields fields(body, "");
  const auto alerts = fields.array("alerts");
  if (!alerts) return tl::unexpected(alerts.error());
  if (*alerts == nullptr || (*alerts)->empty()) return fail(Fault::invalid, "alerts: is missing or empty");
  if ((*alerts)->size() > limits::events_per_request_max) {
    return fail(Fault::invalid, fmt::format("alerts: at most {} in one request; set max_alerts",
                                            limits::events_per_request_max));
  }
  const auto left_out = fields.integer_or("truncatedAlerts", 0, 1'000'000'000, 0);
  if (!left_out) return tl::unexpected(left_out.error());
  Read out;
  for (std::size_t i = 0; i < (*alerts)->size(); ++i) {
    auto draft = read_alert((**alerts)[i], fmt::format("alerts[{}]", i));
    if (!draft) return tl::unexpected(draft.error());
    if (*left_out > 0) {
      // On each of them: nobody knows which of them a person will look at.
      draft->reason += fmt::format(" ({} more alerts of this group were left out by its sender)", *left_out);
      draft->labels.emplace(draft->labels.begin(), "left_out", std::to_string(*left_out));
    }
    draft->labels.emplace_back("receiver", member(body, "receiver"));
    out.readings.push_back(finish(rules, *draft));
  }
  if (*left_out > 0)
    out.note = fmt::format("{} more alerts were left out by the sender (max_alerts)", *left_out);
  return out;
}

Result<Read> read_grafana(const Rules& rules, const json::object& body) {
  // Before version 9 Grafana had alerts of another form, which has no alerts[].
  if (!body.contains("alerts") && body.contains("ruleId")) {
    return fail(Fault::invalid,
                "alerts: is missing; this is Grafana's old alerting, which ended with version 11: use "
                "unified alerting");
  }
  return read_alertmanager(rules, body);
}

} // namespace kaden::webhook
