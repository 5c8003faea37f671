// The state as values to look at, and those values as JSON.
#include <algorithm>
#include <boost/json.hpp>

#include "clean.h"
#include "config_codec.h"
#include "engine_impl.h"

namespace kaden::incident {

namespace {

IncidentView view_of(const Incident& incident) {
  IncidentView view;
  view.id = incident.id;
  view.state = incident.state;
  view.severity = incident.severity;
  view.is_test = incident.is_test;
  view.call_worthy = incident.plan->calls();
  view.exhausted = incident.exhausted;
  view.policy = incident.plan->policy.id;
  view.config_version = incident.plan->config_version;
  view.opened_at = incident.opened_at;
  if (incident.run) {
    if (incident.run->has_due) view.next_call_at = incident.run->due;
    const auto& turns = incident.run->turns;
    view.waits_for_line =
        std::any_of(turns.begin(), turns.end(), [](const Turn& turn) { return turn.waiting; });
  }
  if (incident.ending) {
    view.acknowledged_at = incident.ending->acknowledged_at;
    view.resolved_at = incident.ending->resolved_at;
    view.acknowledged_by = incident.ending->acknowledged_by;
    view.resolved_by = incident.ending->resolved_by;
  }
  for (const Alarm& alarm : incident.alarms) {
    const AlarmText text = alarm.text();
    AlarmView each;
    each.source = text.source;
    each.alarm = text.alarm;
    each.machine = text.machine;
    each.reason = text.reason;
    each.state = alarm.state;
    each.severity = alarm.severity;
    each.since = alarm.since;
    if (alarm.triage != nullptr) each.triage = *alarm.triage;
    view.alarms.push_back(std::move(each));
  }
  const AlarmView& first = view.alarms.front();
  view.title = first.machine.empty() ? first.alarm : first.alarm + " (" + first.machine + ")";
  return view;
}

void set(json::object& out, std::string_view name, const std::optional<WallTime>& at) {
  if (at) out[name] = to_iso8601(*at);
}
void set(json::object& out, std::string_view name, const std::string& text) {
  if (!text.empty()) out[name] = text;
}

json::value to_json(const AlarmView& alarm) {
  json::object out{{"source", alarm.source},
                   {"alarm", alarm.alarm},
                   {"state", kaden::to_text(alarm.state)},
                   {"severity", kaden::to_text(alarm.severity)},
                   {"since", to_iso8601(alarm.since)}};
  set(out, "machine", alarm.machine);
  set(out, "reason", alarm.reason);
  if (!alarm.triage.empty()) out["triage"] = incident::to_json(alarm.triage);
  return out;
}

} // namespace

std::string_view to_text(IncidentState state) {
  switch (state) {
    case IncidentState::triggered:
      return "triggered";
    case IncidentState::acknowledged:
      return "acknowledged";
    case IncidentState::resolved:
      return "resolved";
  }
  return "";
}

std::optional<IncidentState> parse_incident_state(std::string_view text) {
  for (const auto state : {IncidentState::triggered, IncidentState::acknowledged, IncidentState::resolved}) {
    if (to_text(state) == text) return state;
  }
  return std::nullopt;
}

json::value to_json(const IncidentView& view) {
  json::object out{{"id", view.id},
                   {"state", to_text(view.state)},
                   {"severity", kaden::to_text(view.severity)},
                   {"title", view.title},
                   {"is_test", view.is_test},
                   {"call_worthy", view.call_worthy},
                   {"exhausted", view.exhausted},
                   {"config_version", view.config_version},
                   {"opened_at", to_iso8601(view.opened_at)}};
  set(out, "policy", view.policy);
  set(out, "acknowledged_at", view.acknowledged_at);
  set(out, "acknowledged_by", view.acknowledged_by);
  set(out, "resolved_at", view.resolved_at);
  set(out, "resolved_by", view.resolved_by);
  set(out, "next_call_at", view.next_call_at);
  if (view.waits_for_line) out["waits_for_line"] = true;
  json::array alarms;
  for (const AlarmView& alarm : view.alarms) alarms.push_back(to_json(alarm));
  out["alarms"] = std::move(alarms);
  return out;
}

json::value to_json(const CallView& view) {
  return json::object{{"call", view.call.text},
                      {"incident", view.incident},
                      {"person", view.person},
                      {"address", view.address},
                      {"progress", kaden::to_text(view.progress)},
                      {"placed_at", to_iso8601(view.placed_at)}};
}

std::vector<IncidentView> Engine::incidents(std::optional<IncidentState> state, std::size_t most) const {
  std::vector<IncidentView> out;
  for (auto it = impl_->incidents.rbegin(); it != impl_->incidents.rend() && out.size() < most; ++it) {
    if (!state || it->second.state == *state) out.push_back(view_of(it->second));
  }
  return out;
}

std::optional<IncidentView> Engine::incident(std::uint64_t id) const {
  const Incident* found = impl_->find(id);
  if (found == nullptr) return std::nullopt;
  return view_of(*found);
}

std::vector<TimelineEntry> Engine::timeline(std::uint64_t incident) const {
  const Incident* found = impl_->find(incident);
  if (found == nullptr) return {};
  return found->timeline.entries(incident);
}

std::optional<AlarmHolder> Engine::holder(std::string_view source, std::string_view alarm) const {
  const Incident* found = impl_->holder_of_active(source, alarm);
  if (found == nullptr) return std::nullopt;
  return AlarmHolder{found->id, found->state, found->ending ? found->ending->acknowledged_by : std::string()};
}

Standing Engine::standing(const AlarmEvent& reported) const {
  const Input in = cleaned(AlarmReported{reported}); // as it will be taken
  const AlarmEvent& event = std::get<AlarmReported>(in).event;
  Standing out;
  out.is_known = impl_->is_repeat(in);
  out.is_held = impl_->holder_of_active(event.source, event.alarm) != nullptr ||
                impl_->waiting_by_alarm.count(alarm_key(event)) > 0;
  if (!out.is_held) impl_->find_left(event, out);
  return out;
}

std::vector<CallView> Engine::live_calls() const {
  std::vector<CallView> out;
  for (const auto& [id, call] : impl_->calls) {
    out.push_back(
        {CallId{id}, call.incident, call.person, call.method.address, call.progress, call.placed_at});
  }
  return out;
}

Counts Engine::counts() const {
  Counts out;
  out.triggered = impl_->triggered;
  out.acknowledged = impl_->acknowledged;
  out.resolved_kept = impl_->incidents.size() - impl_->triggered - impl_->acknowledged;
  out.alarms_active = impl_->alarms_active;
  out.calls_live = impl_->calls.size();
  out.incidents_ever = impl_->incidents_ever;
  out.calls_ever = impl_->calls_ever;
  out.exhausted_ever = impl_->exhausted_ever;
  out.duplicates_ever = impl_->duplicates_ever;
  out.triage_waiting = impl_->waiting_events;
  return out;
}

} // namespace kaden::incident
