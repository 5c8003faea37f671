// What a snapshot does not hold because the rest says it: indexes, lines, timers, counts. False when the
// parts do not fit together, so that a damaged snapshot is refused here and never met later as a broken rule.
#include <algorithm>

#include "engine_impl.h"

namespace kaden::incident {

namespace {

bool fits_state(const Incident& incident) {
  const bool has_end = incident.ending != nullptr;
  const bool is_acknowledged = has_end && incident.ending->acknowledged_at.has_value();
  const bool is_resolved = has_end && incident.ending->resolved_at.has_value();
  switch (incident.state) {
    case IncidentState::triggered:
      // Somebody is yet to be called, unless nobody is to be called or the plan is used up.
      return !has_end && (incident.run != nullptr) == (incident.plan->calls() && !incident.exhausted);
    case IncidentState::acknowledged:
      return is_acknowledged && !is_resolved && incident.run == nullptr;
    case IncidentState::resolved:
      return is_resolved && incident.run == nullptr && incident.active == 0;
  }
  return false;
}

bool has_methods(const Plan& plan, const Run& run) {
  return std::all_of(run.turns.begin(), run.turns.end(), [&](const Turn& turn) {
    return next_method(turn, plan.people[turn.person].methods.size()).has_value();
  });
}

} // namespace

bool Engine::Impl::derive_calls() {
  for (CallEntry& entry : calls) {
    Incident* incident = find(entry.second.incident);
    if (incident == nullptr || incident->call != nullptr) return false;
    incident->call = &entry;
    Line& line = lines[entry.second.person];
    if (line.call != nullptr) return false;
    line.call = &entry;
  }
  return true;
}

// A running escalation has a call, or stands in lines that are all taken, or has a date.
bool Engine::Impl::derive_run(Incident& incident) {
  Run& run = *incident.run;
  if (!has_methods(*incident.plan, run)) return false;
  if (incident.call != nullptr) {
    if (run.has_due || run.pausing) return false;
    if (run.calling < 0) return true;
    const Turn& turn = run.turns[static_cast<std::size_t>(run.calling)];
    const Call& call = incident.call->second;
    const std::size_t methods = incident.plan->people[turn.person].methods.size();
    return person_id(incident, turn) == call.person && call.method_index < methods && turn.attempts > 0;
  }
  if (run.calling >= 0 || (run.pausing && !run.turns.empty())) return false;
  bool waits = false;
  for (Turn& turn : run.turns) {
    if (turn.due > last_at) continue;
    const auto line = lines.find(person_id(incident, turn));
    if (line == lines.end() || line->second.call == nullptr) return false;
    line->second.waiting.insert(&incident);
    turn.waiting = true;
    waits = true;
  }
  if (run.has_due) {
    if (run.due <= last_at) return false;
    due.emplace(run.due, incident.id);
  }
  return waits || run.has_due;
}

bool Engine::Impl::derive_keys(Incident& incident) {
  if (!incident.is_open()) return true;
  if (holder_of(incident.key) != nullptr) return false;
  open_by_key.insert(incident.key, incident.id, [this](std::uint64_t each) { return key_at(each); });
  index_group(incident);
  if (!incident.is_group) return true;
  for (const Alarm& alarm : incident.alarms) {
    if (alarm.active && !open_by_alarm.emplace(alarm_key(alarm), incident.id).second) return false;
  }
  return true;
}

bool Engine::Impl::derive() {
  if (!derive_calls()) return false;
  for (auto& [id, incident] : incidents) {
    if (!fits_state(incident) || !derive_keys(incident)) return false;
    if (incident.run && !derive_run(incident)) return false;
    alarms_active += incident.active;
    triggered += incident.state == IncidentState::triggered ? 1 : 0;
    acknowledged += incident.state == IncidentState::acknowledged ? 1 : 0;
  }
  return derive_triage();
}

} // namespace kaden::incident
