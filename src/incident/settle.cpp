// How incidents change hands: acknowledged, reopened, worse, resolved, forgotten.
#include <algorithm>

#include "engine_impl.h"

#include "kaden/limits/engine.h"

namespace kaden::incident {

bool is_all_taken(const Incident& incident) {
  return std::all_of(incident.alarms.begin(), incident.alarms.end(),
                     [](const Alarm& alarm) { return alarm.taken || !alarm.active; });
}

void Engine::Impl::take(const AcknowledgeAsked& in) {
  Incident* incident = find(in.incident);
  if (incident == nullptr || incident->state != IncidentState::triggered) return;
  acknowledge(*incident, Why::by_api, in.by, nullptr);
}

void Engine::Impl::take(const ResolveAsked& in) {
  Incident* incident = find(in.incident);
  if (incident == nullptr || !incident->is_open()) return;
  resolve(*incident, Why::by_api, in.by);
}

// Somebody has the alarm: it is no reason to call. The rest of its group may be one.
void Engine::Impl::take_at_source(Incident& incident, Severity severity, std::string_view by) {
  const bool is_worse = severity > incident.severity;
  if (incident.state == IncidentState::triggered && !is_all_taken(incident)) {
    if (is_worse) raise(incident, severity);
    return;
  }
  stop_waiting(incident); // its place in the lines goes by severity
  if (is_worse) incident.severity = severity;
  if (incident.state == IncidentState::triggered) acknowledge(incident, Why::by_source, by, nullptr);
}

void Engine::Impl::acknowledge(Incident& incident, Why why, std::string_view by, const CallEntry* by_call) {
  stop_waiting(incident);
  incident.run.reset();
  incident.state = IncidentState::acknowledged;
  --triggered;
  ++acknowledged;
  incident.end().acknowledged_at = last_at;
  incident.end().acknowledged_by = by;
  tell(incident, Happening::acknowledged, why, by, by_call == nullptr ? std::string_view() : by_call->first);
  end_call(incident, EndReason::taken_by_other);
  if (incident.is_test) resolve(incident, Why::test, by);
}

// Calling starts over: after an acknowledgement, after the plan was used up, or where nobody was called
// before.
void Engine::Impl::reopen(Incident& incident, Why why, Severity severity, std::shared_ptr<const Plan> plan) {
  stop_waiting(incident);
  if (incident.state == IncidentState::acknowledged) {
    incident.state = IncidentState::triggered;
    --acknowledged;
    ++triggered;
    incident.ending.reset();
  }
  incident.severity = std::max(incident.severity, severity);
  if (plan->calls() || !incident.plan->calls()) incident.plan = std::move(plan);
  tell(incident, Happening::reopened, why, {}, {}, std::string(kaden::to_text(incident.severity)));
  if (incident.plan->calls()) begin(incident);
}

void Engine::Impl::raise(Incident& incident, Severity severity) {
  stop_waiting(incident); // its place in the lines goes by severity
  incident.severity = severity;
  advance(incident);
}

void Engine::Impl::resolve(Incident& incident, Why why, std::string_view by) {
  stop_waiting(incident);
  incident.run.reset();
  --(incident.state == IncidentState::triggered ? triggered : acknowledged);
  incident.state = IncidentState::resolved;
  incident.end().resolved_at = last_at;
  incident.end().resolved_by = by;
  forget_keys(incident);
  for (Alarm& alarm : incident.alarms) {
    if (alarm.active) --alarms_active;
    alarm.active = false;
    texts.release(alarm.say);
    texts.release(alarm.triage);
  }
  incident.active = 0;
  incident.alarm_index.reset();
  tell(incident, Happening::resolved, why, {}, {}, std::string(by));
  end_call(incident, EndReason::resolved);
  if (incident.call == nullptr) keep_resolved(incident);
}

// A call whose key was answered says its last words and ends by itself.
void Engine::Impl::end_call(Incident& incident, EndReason reason) {
  if (incident.call == nullptr || incident.call->second.verdict) return;
  Call& call = incident.call->second;
  if (call.told_to_end) return;
  call.told_to_end = true;
  effects.emplace_back(EndCall{CallId{incident.call->first}, reason});
}

// In the order they were resolved and their calls over; what is beyond the limit stays in the journal only.
void Engine::Impl::keep_resolved(const Incident& incident) {
  resolved.push_back(incident.id);
  while (resolved.size() > limits::resolved_incidents_max) {
    incidents.erase(resolved.front());
    resolved.pop_front();
  }
}

// Resolved incidents keep the last state of their alarms: what was resolved by its source is OK.
void Engine::Impl::find_left(const AlarmEvent& event, Standing& out) const {
  for (auto id = resolved.rbegin(); id != resolved.rend(); ++id) {
    const Incident& incident = *find(*id);
    const auto alarm = std::find_if(incident.alarms.begin(), incident.alarms.end(),
                                    [&](const Alarm& each) { return each.is(event.source, event.alarm); });
    if (alarm == incident.alarms.end()) continue;
    if (alarm->state == AlarmState::ok || !incident.ending || !incident.ending->resolved_at) return;
    out.left_by = incident.id;
    out.left_at = *incident.ending->resolved_at;
    return;
  }
}

} // namespace kaden::incident
