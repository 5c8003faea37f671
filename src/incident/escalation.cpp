// Whom to call next. advance() is the only place that decides it: it is asked whenever something changed
// (opened, a call ended, a timer is due, a person's line became free) and asking it once too often changes
// nothing.
#include <algorithm>

#include "engine_impl.h"

namespace kaden::incident {

namespace {

/// Those not reached through no fault of theirs, then who is due longest, then the queue's order.
bool goes_before(const Turn& a, const Turn& b) {
  if (a.first != b.first) return a.first;
  return a.due < b.due;
}

const Alarm& worst_alarm(const Incident& incident) {
  require(!incident.alarms.empty(), "an incident has an alarm");
  const Alarm* worst = &incident.alarms.front();
  for (const Alarm& alarm : incident.alarms) {
    const bool is_worse = alarm.severity > worst->severity;
    if (alarm.active != worst->active ? alarm.active : is_worse) worst = &alarm;
  }
  return *worst;
}

script::Utterance message_of(const Incident& incident, Language language) {
  const Alarm& alarm = worst_alarm(incident);
  const SpokenText no_text;
  const SpokenText& texts = alarm.say == nullptr ? no_text : *alarm.say;
  const auto say = texts.find(language);
  const bool has_text = say != texts.end();
  if (incident.is_test) {
    if (!has_text) return {language, {}}; // the test's own sentence says it all
    return script::expand(language, say->second, script::fields_as_written(say->second));
  }
  const AlarmText text = alarm.text();
  script::FieldValues fields;
  for (const auto& [name, value] : text.labels) fields.emplace(name, value);
  fields["machine"] = text.machine;
  fields["alarm"] = text.alarm;
  fields["reason"] = text.reason;
  fields["severity"] = script::spoken(language, alarm.severity);
  if (alarm.triage != nullptr) {
    const auto reason = alarm.triage->find(language);
    if (reason != alarm.triage->end()) fields["triage"] = reason->second;
  }
  if (has_text) {
    // Blanks, or fields that are all empty: nobody is called to hear nothing.
    script::Utterance said = script::expand(language, say->second, fields);
    if (!trim(script::to_text(said)).empty()) return said;
  }
  return script::default_message(language, fields);
}

bool is_last_resort(const Plan& plan, const Run& run) {
  return run.stage + 1 == plan.stages.size();
}
bool is_last_level(const Plan& plan, const Run& run) {
  return run.stage + 2 == plan.stages.size();
}
/// A round in which nobody could be dialled would be the same again: the plan is frozen.
bool is_last_round(const Plan& plan, const Run& run) {
  return run.round + 1 >= static_cast<std::uint32_t>(plan.policy.rounds) || !run.dialled_round;
}
bool nothing_follows(const Plan& plan, const Run& run) {
  if (is_last_resort(plan, run)) return true;
  return is_last_level(plan, run) && is_last_round(plan, run) && plan.stages.back().people.empty();
}

} // namespace

const std::string& Engine::Impl::person_id(const Incident& incident, const Turn& turn) const {
  return incident.plan->people[turn.person].id;
}

// A fresh escalation under incident.plan.
void Engine::Impl::begin(Incident& incident) {
  stop_waiting(incident);
  incident.exhausted = false;
  incident.run = std::make_unique<Run>();
  begin_stage(incident);
  advance(incident);
}

void Engine::Impl::advance(Incident& incident) {
  if (!incident.run || incident.call != nullptr) return;
  stop_waiting(incident);
  while (incident.run) {
    Run& run = *incident.run;
    if (!run.pausing) {
      if (Turn* turn = pick(incident)) {
        dial(incident, *turn);
        return;
      }
      if (!run.turns.empty()) {
        wait_for_lines(incident);
        return;
      }
      if (nothing_follows(*incident.plan, run)) { // then the record says so at once
        exhaust(incident);
        return;
      }
      run.pausing = run.dialled_stage;
    }
    const WallTime next = run.last_end + incident.plan->stages[run.stage].wait;
    if (run.pausing && next > last_at) {
      set_due(incident, next);
      return;
    }
    leave_stage(incident);
  }
}

void Engine::Impl::begin_stage(Incident& incident) {
  Run& run = *incident.run;
  const Plan& plan = *incident.plan;
  const Stage& stage = plan.stages[run.stage];
  run.pausing = false;
  run.dialled_stage = false;
  run.turns.clear();
  if (is_last_resort(plan, run)) {
    tell(incident, Happening::last_resort, Why::plan_used_up);
  } else {
    const Why why = run.stage > 0 ? Why::next_level : run.round > 0 ? Why::next_round : Why::none;
    tell(incident, Happening::level_started, why, {}, {},
         "round " + std::to_string(run.round + 1) + ", level " + std::to_string(run.stage + 1));
  }
  for (const std::uint32_t person : stage.people) {
    if (plan.people[person].methods.empty()) {
      tell(incident, Happening::skipped, plan.known[person] ? Why::no_method : Why::unknown_person,
           plan.people[person].id);
      continue;
    }
    Turn turn;
    turn.due = last_at;
    turn.person = person;
    run.turns.push_back(turn);
  }
}

void Engine::Impl::leave_stage(Incident& incident) {
  Run& run = *incident.run;
  const Plan& plan = *incident.plan;
  if (is_last_level(plan, run)) {
    const bool is_over = is_last_round(plan, run);
    ++run.round;
    run.stage = is_over ? run.stage + 1 : 0;
    run.dialled_round = false;
  } else {
    ++run.stage;
  }
  begin_stage(incident);
}

void Engine::Impl::exhaust(Incident& incident) {
  incident.run.reset();
  incident.exhausted = true;
  ++exhausted_ever;
  tell(incident, Happening::exhausted, Why::plan_used_up);
  if (incident.is_test) resolve(incident, Why::test, {});
}

Turn* Engine::Impl::pick(Incident& incident) {
  Turn* best = nullptr;
  for (Turn& turn : incident.run->turns) {
    if (turn.due > last_at || !is_free(person_id(incident, turn), incident)) continue;
    if (best == nullptr || goes_before(turn, *best)) best = &turn;
  }
  return best;
}

// Free, and nobody more urgent stands in line: a line that has just become free is given to its first in
// serve().
bool Engine::Impl::is_free(const std::string& person, const Incident& for_whom) const {
  const auto line = lines.find(person);
  if (line == lines.end()) return true;
  if (line->second.call != nullptr) return false;
  return line->second.waiting.empty() || !MoreUrgent()(*line->second.waiting.begin(), &for_whom);
}

void Engine::Impl::dial(Incident& incident, Turn& turn) {
  Run& run = *incident.run;
  const Person& person = incident.plan->people[turn.person];
  const auto method = next_method(turn, person.methods.size());
  require(method.has_value(), "a turn without a usable method leaves the queue");
  const std::string id =
      "k" + installation + "-" + std::to_string(last_position) + "-" + std::to_string(effects.size());
  script::CallScript script =
      script::make_call_script(person.language, message_of(incident, person.language), incident.is_test);
  Call call;
  call.incident = incident.id;
  call.person = person.id;
  call.method = person.methods[*method];
  call.method_index = *method;
  call.placed_at = last_at;
  call.words = script::to_text(script.line(script::Line::message));
  effects.emplace_back(PlaceCall{CallId{id}, incident.id, person.id, call.method,
                                 incident.plan->policy.ring_max, std::move(script)});
  const auto [entry, is_new] = calls.emplace(id, std::move(call));
  require(is_new, "a call's id is made once");
  incident.call = &*entry;
  lines[person.id].call = &*entry;
  ++calls_ever;
  ++turn.attempts;
  run.calling = static_cast<std::int32_t>(&turn - run.turns.data());
  run.dialled_stage = true;
  run.dialled_round = true;
  run.told_waiting = false;
  tell(incident, Happening::dialling, Why::none, person.id, id, incident.call->second.method.address);
}

// Everybody who is due is in a call: stand in all their lines, and look again when the next redial is due.
void Engine::Impl::wait_for_lines(Incident& incident) {
  Run& run = *incident.run;
  std::optional<WallTime> soonest;
  const Turn* first = nullptr;
  for (Turn& turn : run.turns) {
    if (turn.due > last_at) {
      soonest = soonest ? std::min(*soonest, turn.due) : turn.due;
      continue;
    }
    lines[person_id(incident, turn)].waiting.insert(&incident);
    turn.waiting = true;
    if (first == nullptr || goes_before(turn, *first)) first = &turn;
  }
  if (soonest) set_due(incident, *soonest);
  if (first != nullptr && !run.told_waiting) {
    run.told_waiting = true;
    tell(incident, Happening::dial_planned, Why::line_busy_with_other, person_id(incident, *first));
  }
}

void Engine::Impl::stop_waiting(Incident& incident) {
  if (!incident.run) return;
  Run& run = *incident.run;
  if (run.has_due) due.erase({run.due, incident.id});
  run.has_due = false;
  for (Turn& turn : run.turns) {
    if (!turn.waiting) continue;
    turn.waiting = false;
    const auto line = lines.find(person_id(incident, turn));
    if (line == lines.end()) continue; // the same person stands twice in this queue
    line->second.waiting.erase(&incident);
    if (line->second.call == nullptr && line->second.waiting.empty()) lines.erase(line);
  }
}

void Engine::Impl::set_due(Incident& incident, WallTime at) {
  incident.run->has_due = true;
  incident.run->due = at;
  due.emplace(at, incident.id);
}

// The person's line may have become free: the first who waits gets it.
void Engine::Impl::serve(const std::string& person) {
  for (;;) {
    const auto line = lines.find(person);
    if (line == lines.end() || line->second.call != nullptr) return;
    if (line->second.waiting.empty()) {
      lines.erase(line);
      return;
    }
    Incident& next = **line->second.waiting.begin();
    require(next.run != nullptr, "who stands in line has an escalation");
    advance(next);
  }
}

} // namespace kaden::incident
