// Alarm events: which incident takes them, and what they change there. Routes are asked when something opens
// or worsens.
#include <algorithm>

#include "engine_impl.h"

namespace kaden::incident {

namespace {

constexpr std::size_t linear_search_max = 16; // alarms of one incident; beyond, an index pays

Key alarm_key_of(std::string_view source, std::string_view alarm) {
  return key_of({"alarm", source, alarm});
}

bool leads(const Route& route, const AlarmEvent& event) {
  const auto& severities = route.severities;
  if (!severities.empty() &&
      std::find(severities.begin(), severities.end(), event.severity) == severities.end()) {
    return false;
  }
  return matches(route.sources, route.labels, event);
}

/// By policy and values, not by the route's place: a configuration that only moves routes leaves groups as
/// they are.
Key group_key_of(const Route& route, const AlarmEvent& event) {
  Packer values;
  for (const std::string& name : route.group_by) {
    values.text(name);
    values.text(field_of(event, name));
  }
  return key_of({"group", route.policy, values.bytes()});
}

/// Whether what just fired (`what`: a repeat, again after OK, or new in its group) makes the calling start
/// over.
std::optional<Why> why_call_anew(const Incident& incident, const Plan& plan_now, bool is_worse, Why what) {
  if (incident.state == IncidentState::acknowledged) {
    if (is_worse) return Why::worse;
    if (what == Why::fired_again) return what;
    return std::nullopt; // one who has the group has its new alarms
  }
  // Recorded only, so far: now somebody has to be called.
  if (!incident.plan->calls()) return plan_now.calls() ? std::optional(Why::worse) : std::nullopt;
  // Nobody took it and nobody is being called: what is new deserves new calls.
  if (incident.exhausted && is_worse) return Why::worse;
  if (incident.exhausted && what != Why::duplicate) return what;
  return std::nullopt;
}

/// Said before, when the alarm fired first.
bool is_old(const Judgement& judgement) {
  return judgement.why == Why::by_rule || judgement.why == Why::by_equal_text;
}

std::string describe(const AlarmEvent& event, std::string_view taken_by = {}) {
  std::string out(kaden::to_text(event.state));
  out += ' ';
  out += event.alarm;
  if (!event.reason.empty()) out += ": " + event.reason;
  if (!taken_by.empty()) out.append("; acknowledged there by ").append(taken_by);
  return out;
}

} // namespace

const Route* Engine::Impl::route_of(const AlarmEvent& event) const {
  const auto found = std::find_if(config.routes.begin(), config.routes.end(),
                                  [&](const Route& route) { return leads(route, event); });
  return found == config.routes.end() ? nullptr : &*found;
}

std::shared_ptr<const Plan> Engine::Impl::plan_of(const Route* route) {
  if (route != nullptr && !route->policy.empty()) {
    const auto policy = std::find_if(config.policies.begin(), config.policies.end(),
                                     [&](const Policy& each) { return each.id == route->policy; });
    if (policy != config.policies.end() && !policy->levels.empty()) {
      auto& plan = plans[route->policy];
      if (!plan) plan = make_plan(config, *policy);
      return plan;
    }
  }
  if (!silent_plan) silent_plan = make_silent_plan(config);
  return silent_plan;
}

void Engine::Impl::place(const Report& report) {
  const AlarmEvent& event = report.in.event;
  // An alarm stays with the incident that holds it, even when its labels or the routes have changed since.
  const Key alarm_key = alarm_key_of(event.source, event.alarm);
  const Route* route = route_of(event);
  const bool is_grouped = route != nullptr && !route->group_by.empty();
  const Key group_key = is_grouped ? group_key_of(*route, event) : alarm_key;
  Incident* holder = holder_of(alarm_key);
  if (holder == nullptr && is_grouped) holder = holder_of(group_key);
  if (holder != nullptr) {
    join(*holder, report, alarm_key, route);
  } else if (event.state == AlarmState::alarm) {
    open_for(report, alarm_key, group_key, route);
  }
}

Incident* Engine::Impl::holder_of(const Key& key) {
  const auto by_alarm = open_by_alarm.find(key);
  if (by_alarm != open_by_alarm.end()) return find(by_alarm->second);
  const auto id = open_by_key.find(key, [this](std::uint64_t each) { return key_at(each); });
  return id ? find(*id) : nullptr;
}

const Incident* Engine::Impl::holder_of_active(std::string_view source, std::string_view alarm) {
  const Key key = alarm_key_of(source, alarm);
  const Incident* holder = holder_of(key);
  if (holder == nullptr) return nullptr;
  const auto is_it = [&](const Alarm& each) { return each.active && each.is(source, alarm); };
  bool is_active = false;
  if (holder->alarm_index) {
    const auto found = holder->alarm_index->find(key);
    is_active = found != holder->alarm_index->end() && is_it(holder->alarms[found->second]);
  } else {
    is_active = std::any_of(holder->alarms.begin(), holder->alarms.end(), is_it);
  }
  return is_active ? holder : nullptr;
}

Incident& Engine::Impl::open(const Key& key, Severity severity, std::shared_ptr<const Plan> plan) {
  Incident incident;
  incident.id = ++incidents_ever;
  incident.key = key;
  incident.severity = severity;
  incident.opened_at = last_at;
  incident.plan = std::move(plan);
  ++triggered;
  Incident& opened = incidents.emplace(incident.id, std::move(incident)).first->second;
  open_by_key.insert(key, opened.id, [this](std::uint64_t each) { return key_at(each); });
  return opened;
}

void Engine::Impl::open_for(const Report& report, const Key& alarm_key, const Key& group_key,
                            const Route* route) {
  const AlarmReported& in = report.in;
  const AlarmEvent& event = in.event;
  const bool is_taken = !in.acknowledged_by.empty();
  Incident& incident = open(group_key, event.severity, plan_of(route));
  incident.is_group = alarm_key != group_key;
  tell(incident, Happening::alarm, Why::new_problem, {}, {}, describe(event, in.acknowledged_by));
  if (report.judgement != nullptr) tell(incident, *report.judgement);
  add_alarm(incident, event, alarm_key);
  incident.alarms.back().taken = is_taken;
  note_reason(incident.alarms.back(), report.judgement);
  tell(incident, Happening::opened, Why::new_problem, {}, {}, incident.plan->policy.id);
  if (!incident.plan->calls()) {
    tell(incident, Happening::not_called, route == nullptr ? Why::no_route : Why::no_policy);
  }
  if (is_taken) {
    acknowledge(incident, Why::by_source, in.acknowledged_by, nullptr);
  } else if (incident.plan->calls() && !report.is_over) {
    begin(incident);
  }
}

void Engine::Impl::join(Incident& incident, const Report& report, const Key& alarm_key, const Route* route) {
  const AlarmEvent& event = report.in.event;
  Alarm* alarm = alarm_in(incident, event, alarm_key);
  switch (event.state) {
    case AlarmState::alarm:
      fire(incident, alarm, report, alarm_key, route);
      return;
    case AlarmState::ok:
      if (alarm != nullptr) clear(incident, *alarm, event);
      return;
    case AlarmState::insufficient_data:
      if (alarm == nullptr) return;
      if (alarm->state != event.state) alarm->since = last_at;
      alarm->state = event.state;
      tell(incident, Happening::alarm, Why::none, {}, {}, describe(event));
      return;
  }
}

// ALARM in an open incident: known and active, known and OK again before, or new.
void Engine::Impl::fire(Incident& incident, Alarm* alarm, const Report& report, const Key& alarm_key,
                        const Route* route) {
  const AlarmReported& in = report.in;
  const AlarmEvent& event = in.event;
  const bool is_active = alarm != nullptr && alarm->active;
  const Why why = is_active ? Why::duplicate : alarm != nullptr ? Why::fired_again : Why::same_group;
  tell(incident, is_active ? Happening::repeated : Happening::alarm, why, {}, {},
       describe(event, in.acknowledged_by));
  if (report.judgement != nullptr &&
      !(is_active && alarm->severity == event.severity && is_old(*report.judgement)))
    tell(incident, *report.judgement);
  const bool is_taken_there = incident.state == IncidentState::acknowledged && is_all_taken(incident);
  if (alarm == nullptr) {
    add_alarm(incident, event, alarm_key);
    alarm = &incident.alarms.back();
  } else {
    note_fired(incident, *alarm, event, alarm_key);
  }
  note_reason(*alarm, report.judgement);
  if (report.is_over) return;
  if (!in.acknowledged_by.empty()) {
    alarm->taken = true;
    take_at_source(incident, event.severity, in.acknowledged_by);
    return;
  }
  const auto plan = plan_of(route);
  const bool is_worse = event.severity > incident.severity;
  auto anew = why_call_anew(incident, *plan, is_worse, why);
  // Who acknowledged its alarms at their source knows of those only.
  if (!anew && is_taken_there && why == Why::same_group) anew = why;
  if (anew) {
    reopen(incident, *anew, event.severity, plan);
  } else if (is_worse) {
    raise(incident, event.severity);
  }
}

// An alarm that the incident knows. Who took it took it as it was: not what is worse, nor what fires again.
void Engine::Impl::note_fired(Incident& incident, Alarm& alarm, const AlarmEvent& event,
                              const Key& alarm_key) {
  if (!alarm.active || event.severity > alarm.severity) alarm.taken = false;
  if (alarm.state != AlarmState::alarm) alarm.since = last_at;
  if (!alarm.active) {
    alarm.active = true;
    ++incident.active;
    ++alarms_active;
    if (incident.is_group) open_by_alarm.emplace(alarm_key, incident.id);
  }
  alarm.state = event.state;
  alarm.severity = event.severity;
  alarm.set_text(text_of(event));
  texts.release(alarm.say);
  alarm.say = texts.share(event.say);
}

void Engine::Impl::note_reason(Alarm& alarm, const Judgement* judgement) {
  texts.release(alarm.triage);
  if (judgement != nullptr) alarm.triage = texts.share(judgement->reason);
}

void Engine::Impl::clear(Incident& incident, Alarm& alarm, const AlarmEvent& event) {
  if (alarm.state != AlarmState::ok) alarm.since = last_at;
  alarm.state = AlarmState::ok;
  if (!alarm.active) return;
  alarm.active = false;
  --incident.active;
  --alarms_active;
  if (incident.is_group) open_by_alarm.erase(alarm_key_of(event.source, event.alarm));
  tell(incident, Happening::cleared, Why::by_source, {}, {}, describe(event));
  if (incident.active == 0) {
    resolve(incident, Why::by_source, event.source);
  } else if (incident.state == IncidentState::triggered && is_all_taken(incident)) {
    acknowledge(incident, Why::by_source, event.source, nullptr); // what is left is taken
  }
}

Alarm* Engine::Impl::alarm_in(Incident& incident, const AlarmEvent& event, const Key& alarm_key) {
  if (incident.alarm_index) {
    const auto found = incident.alarm_index->find(alarm_key);
    return found == incident.alarm_index->end() ? nullptr : &incident.alarms[found->second];
  }
  const auto found = std::find_if(incident.alarms.begin(), incident.alarms.end(),
                                  [&](const Alarm& alarm) { return alarm.is(event.source, event.alarm); });
  return found == incident.alarms.end() ? nullptr : &*found;
}

void Engine::Impl::add_alarm(Incident& incident, const AlarmEvent& event, const Key& alarm_key) {
  Alarm alarm;
  alarm.severity = event.severity;
  alarm.since = last_at;
  alarm.say = texts.share(event.say);
  alarm.set_text(text_of(event));
  incident.alarms.push_back(std::move(alarm));
  ++incident.active;
  ++alarms_active;
  if (incident.is_group) open_by_alarm.emplace(alarm_key, incident.id);
  if (incident.alarm_index) {
    incident.alarm_index->emplace(alarm_key, static_cast<std::uint32_t>(incident.alarms.size() - 1));
  } else {
    index_group(incident);
  }
}

void Engine::Impl::index_group(Incident& incident) {
  if (incident.alarms.size() <= linear_search_max) return;
  incident.alarm_index = std::make_unique<std::map<Key, std::uint32_t>>();
  std::uint32_t place = 0;
  for (const Alarm& alarm : incident.alarms) incident.alarm_index->emplace(alarm_key(alarm), place++);
}

Key alarm_key(const AlarmEvent& event) {
  return alarm_key_of(event.source, event.alarm);
}

Key alarm_key(const Alarm& alarm) {
  const AlarmText text = alarm.text();
  return alarm_key_of(text.source, text.alarm);
}

void Engine::Impl::forget_keys(const Incident& incident) {
  open_by_key.erase(incident.key, [this](std::uint64_t each) { return key_at(each); });
  if (!incident.is_group) return;
  for (const Alarm& alarm : incident.alarms) {
    if (alarm.active) open_by_alarm.erase(alarm_key(alarm));
  }
}

// A test is an incident of its own, with one person and one round; it ends by itself.
void Engine::Impl::take(const TestCallAsked& in) {
  const Key key = key_of({"test", in.request_id});
  if (seen.contains(key)) {
    ++duplicates_ever;
    return;
  }
  seen.add(key, last_at);
  const auto person = std::find_if(config.people.begin(), config.people.end(),
                                   [&](const Person& each) { return each.id == in.person; });
  if (person == config.people.end()) return;
  Incident& incident = open(key, Severity::info, make_test_plan(config, *person));
  incident.is_test = true;
  AlarmEvent event;
  event.source = "test";
  event.alarm = "test call";
  event.severity = Severity::info;
  event.reason = in.by;
  if (!in.text.empty()) event.say[person->language] = in.text;
  add_alarm(incident, event, key);
  tell(incident, Happening::opened, Why::test, in.person, {}, in.by);
  begin(incident);
}

} // namespace kaden::incident
