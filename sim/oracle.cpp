#include "oracle.h"

#include <algorithm>
#include <climits>

namespace kaden::sim {

using incident::Happening;
using incident::IncidentState;

namespace {

/// The cause of a redial, from the words in the record: "no key, message heard", "busy: 486 Busy Here".
std::string cause_of(const std::string& detail, bool is_recovered) {
  std::string word = detail.substr(0, detail.find(':'));
  if (word.rfind("no key", 0) == 0) return "no_key";
  if (word == "lost" && is_recovered) return "restart";
  if (word == "lost" || word == "no_media" || word == "forbidden" || word == "cancelled")
    return "carrier_failed";
  return word;
}

/// "ALARM alarm-3; acknowledged there by ..." is alarm-3.
std::string alarm_in(const std::string& detail) {
  const std::size_t begin = detail.find(' ') + 1;
  return detail.substr(begin, detail.find(';') - begin);
}

/// The severity after `name` in "error (rule: critical, model: info)".
std::optional<Severity> severity_in(const std::string& detail, const std::string& name) {
  const std::size_t at = name.empty() ? 0 : detail.find(name + ": ");
  if (at == std::string::npos) return std::nullopt;
  const std::size_t begin = name.empty() ? 0 : at + name.size() + 2;
  return parse_severity(detail.substr(begin, detail.find_first_of(" :,)", begin) - begin));
}

int redials_of(const incident::Policy& policy, const std::string& cause) {
  if (cause == "no_key") return policy.no_key.most;
  if (cause == "busy") return policy.busy.most;
  if (cause == "no_answer") return policy.no_answer.most;
  if (cause == "carrier_failed") return policy.carrier_failed.most;
  if (cause == "restart") return INT_MAX; // a crash of ours never uses up a person's turn
  return 0;
}

} // namespace

Oracle::Oracle(Phones& phones, Model& model, const Faults& faults)
    : phones_(phones),
      model_(model),
      is_punctual_(!faults.is_on(FaultKind::clock_steps) && !faults.is_on(FaultKind::slow_commits)) {}

void Oracle::check_step(const incident::Engine& engine, const incident::Input& input, WallTime at,
                        const std::vector<incident::Effect>& effects) {
  if (std::holds_alternative<incident::Started>(input)) {
    for (auto& [alarm, reported] : reported_) reported.asked_at.reset(); // nobody looked while it was dead
  }
  if (const auto* changed = std::get_if<incident::ConfigChanged>(&input)) {
    configs_[changed->config.version] = changed->config;
  }
  if (const auto* ended = std::get_if<incident::CallEnded>(&input)) {
    demand(phones_.is_outcome(ended->call, ended->outcome), "the record tells another end than the line's");
  }
  if (const auto* alarm = std::get_if<incident::AlarmReported>(&input)) note_reported(alarm->event);
  for (const incident::Effect& effect : effects) {
    if (const auto* order = std::get_if<incident::PlaceCall>(&effect)) {
      demand(tokens_.insert(order->call.text).second, "token " + order->call.text + " was made twice");
      demand(order->call.text.size() <= 64, "a token is too long");
      phones_.expect(order->call);
    } else if (const auto* answer = std::get_if<incident::AnswerKey>(&effect)) {
      const bool is_taken = answer->verdict == Verdict::acknowledged;
      demand(!is_taken || phones_.has_pressed(answer->call, '1'), "acknowledged without a key");
    } else if (const auto* ask = std::get_if<incident::AskTriage>(&effect)) {
      model_.expect(ask->question);
      const bool is_new = std::holds_alternative<incident::AlarmReported>(input);
      if (is_new) reported_[alarm_of(ask->text)].asked_at = at;
    } else if (const auto* tell = std::get_if<incident::Tell>(&effect)) {
      note_settled(tell->entry);
      follow(engine, input, tell->entry);
    }
  }
  std::set<std::string> people;
  std::set<std::uint64_t> incidents;
  for (const incident::CallView& call : engine.live_calls()) {
    demand(people.insert(call.person).second, "two live calls to " + call.person);
    demand(incidents.insert(call.incident).second,
           "two live calls for incident " + std::to_string(call.incident));
  }
}

void Oracle::note_reported(const AlarmEvent& event) {
  Reported& reported = reported_[event.alarm];
  const auto cluster = event.labels.find("cluster");
  if (cluster != event.labels.end()) reported.cluster = cluster->second;
  reported.severities.insert(event.severity);
}

// The rules of every run (sim/run.cpp): c1 may be lowered at will, c2 is an error and may be a warning, of c3
// no model is asked.
void Oracle::check_triaged(const incident::TimelineEntry& entry) const {
  using incident::Why;
  const auto heard = alarm_heard_.find(entry.incident);
  demand(heard != alarm_heard_.end(), "a severity of no alarm", entry.incident);
  const std::string& alarm = heard->second;
  const Reported& reported = reported_.at(alarm);
  const auto after = severity_in(entry.detail, "");
  demand(after.has_value(), "a severity that is none", entry.incident);
  if (entry.why == Why::by_rule) {
    demand(reported.cluster == "c2" && *after == Severity::error, "a rule that is none", entry.incident);
    return;
  }
  const Severity by_rule = severity_in(entry.detail, "rule").value_or(*after);
  const bool is_by_rule =
      reported.cluster == "c2" ? by_rule == Severity::error : reported.severities.count(by_rule) > 0;
  demand(is_by_rule, alarm + " has the severity of no rule", entry.incident);
  demand(reported.cluster != "c3", alarm + " is not to be judged by a model", entry.incident);
  if (entry.why == Why::by_model || entry.why == Why::by_equal_text) {
    const Severity said = severity_in(entry.detail, "model").value_or(*after);
    const Severity lowest = reported.cluster == "c1"   ? Severity::info
                            : reported.cluster == "c2" ? Severity::warning
                                                       : by_rule;
    demand(model_.has_said(alarm, said), "the model never said so of " + alarm, entry.incident);
    demand(*after == (said >= by_rule ? said : std::max(said, lowest)),
           alarm + " was lowered where it may not be", entry.incident);
  } else {
    demand(*after == by_rule, alarm + " lost its rule's severity without a verdict", entry.incident);
  }
  constexpr Millis wait_max = seconds(5 + 10); // the longest of a run, and some commits that fail
  const bool has_waited =
      entry.why != Why::by_equal_text && entry.why != Why::model_busy && reported.asked_at;
  demand(!is_punctual_ || !has_waited || entry.at - *reported.asked_at <= wait_max,
         alarm + " waited too long for a verdict", entry.incident);
}

void Oracle::note_settled(const incident::TimelineEntry& entry) {
  if (entry.what == Happening::triaged) return check_triaged(entry);
  if (entry.what != Happening::alarm && entry.what != Happening::repeated && entry.what != Happening::cleared)
    return;
  const std::string name = alarm_in(entry.detail);
  alarm_heard_[entry.incident] = name;
  const auto alarm = std::make_pair(entry.incident, name);
  if (entry.detail.starts_with("OK ")) settled_[alarm] = Settled::ok;
  if (!entry.detail.starts_with("ALARM ")) return;
  if (entry.detail.find("; acknowledged there by ") != std::string::npos) {
    settled_[alarm] = Settled::taken;
  } else if (settled_.count(alarm) > 0 && settled_[alarm] == Settled::ok) {
    settled_.erase(alarm); // it fires again; a repeat leaves it taken
  }
}

bool Oracle::is_all_taken(const incident::Engine& engine, std::uint64_t incident) const {
  const auto view = engine.incident(incident);
  return view && std::all_of(view->alarms.begin(), view->alarms.end(), [&](const auto& alarm) {
           return settled_.count({incident, alarm.alarm}) > 0;
         });
}

void Oracle::follow(const incident::Engine& engine, const incident::Input& input,
                    const incident::TimelineEntry& entry) {
  Stage& stage = stages_[entry.incident];
  switch (entry.what) {
    case Happening::acknowledged: {
      const auto* key = std::get_if<incident::KeyPressed>(&input);
      const bool by_key = key != nullptr && key->key == '1' && phones_.has_pressed(key->call, '1');
      const auto* alarm = std::get_if<incident::AlarmReported>(&input);
      const bool by_source = alarm != nullptr && is_all_taken(engine, entry.incident);
      demand(by_key || by_source || std::holds_alternative<incident::AcknowledgeAsked>(input),
             "incident " + std::to_string(entry.incident) + " was acknowledged by nobody", entry.incident);
      stages_.erase(entry.incident);
      return;
    }
    case Happening::resolved:
    case Happening::reopened:
      stages_.erase(entry.incident);
      return;
    case Happening::exhausted:
      end_stage(stage, entry.incident);
      stages_.erase(entry.incident);
      return;
    case Happening::level_started:
    case Happening::last_resort: {
      end_stage(stage, entry.incident);
      stage = Stage{};
      const auto view = engine.incident(entry.incident);
      if (!view || view->is_test) return;
      for (const incident::Policy& policy : configs_[view->config_version].policies) {
        if (policy.id == view->policy) stage.policy = policy;
      }
      stage.people_due = stage.policy.last_resort;
      if (entry.what == Happening::level_started) {
        const auto level = parse_int(entry.detail.substr(entry.detail.rfind(' ') + 1));
        demand(level && *level > 0 && static_cast<std::size_t>(*level) <= stage.policy.levels.size(),
               "a level is not in the plan", entry.incident);
        stage.people_due = stage.policy.levels[static_cast<std::size_t>(*level - 1)].people;
      }
      stage.is_open = true;
      return;
    }
    case Happening::dialling:
      stage.calls.insert(entry.call);
      return;
    case Happening::recovered:
      stage.recovered.insert(entry.call);
      return;
    case Happening::call_ended: {
      if (!stage.is_open || stage.calls.count(entry.call) == 0) return;
      Attempts& attempts = stage.people[entry.person];
      attempts.last = cause_of(entry.detail, stage.recovered.count(entry.call) > 0);
      ++attempts.ends[attempts.last];
      return;
    }
    case Happening::skipped:
      if (stage.is_open) stage.people[entry.person].last = "skipped";
      return;
    case Happening::alarm:
    case Happening::repeated:
    case Happening::opened:
    case Happening::not_called:
    case Happening::dial_planned:
    case Happening::ringing:
    case Happening::answered:
    case Happening::heard:
    case Happening::key:
    case Happening::cleared:
    case Happening::triaged:
      return;
  }
}

// A stage may end only when everybody in it was called, and nobody has a redial left.
void Oracle::end_stage(const Stage& stage, std::uint64_t incident) const {
  if (!stage.is_open) return;
  for (const std::string& person : stage.people_due) {
    demand(stage.people.count(person) > 0,
           "incident " + std::to_string(incident) + " went on without calling " + person, incident);
  }
  for (const auto& [person, attempts] : stage.people) {
    const auto count = attempts.ends.find(attempts.last);
    const int ends = count == attempts.ends.end() ? 0 : count->second;
    demand(redials_of(stage.policy, attempts.last) == 0 || ends > redials_of(stage.policy, attempts.last),
           "incident " + std::to_string(incident) + " went on although " + person +
               " had a redial left after " + attempts.last,
           incident);
  }
}

void Oracle::check_released(const incident::Engine& engine, const incident::Input& input) const {
  const auto live = engine.live_calls();
  const auto is_live = [&](const CallId& id) {
    return std::any_of(live.begin(), live.end(),
                       [&](const incident::CallView& view) { return view.call == id; });
  };
  if (const auto* progress = std::get_if<incident::CallProgressed>(&input)) {
    demand(progress->progress != Progress::answered || !is_live(progress->call) ||
               phones_.was_proceeded(progress->call) || phones_.was_told_to_end(progress->call),
           "an answered call was left silent");
  }
  if (const auto* key = std::get_if<incident::KeyPressed>(&input)) {
    demand((key->key != '1' && key->key != '2') || !is_live(key->call) ||
               phones_.was_key_answered(key->call) || phones_.was_told_to_end(key->call),
           "a key was not answered");
  }
  for (const incident::CallView& call : live) {
    const auto view = engine.incident(call.incident);
    demand(view.has_value(), "a live call has no incident");
    demand(view->state == IncidentState::triggered || phones_.was_told_to_end(call.call) ||
               phones_.was_key_answered(call.call),
           "the phone of " + call.person + " goes on although somebody has it");
  }
}

void Oracle::check_not_stuck(const incident::Engine& engine) const {
  const auto live = engine.live_calls();
  for (const auto& view : engine.incidents(IncidentState::triggered, SIZE_MAX)) {
    if (!view.call_worthy || view.exhausted || view.next_call_at) continue;
    const bool has_call = std::any_of(
        live.begin(), live.end(), [&](const incident::CallView& call) { return call.incident == view.id; });
    demand(has_call || (view.waits_for_line && !live.empty()),
           "incident " + std::to_string(view.id) + " is forgotten", view.id);
  }
}

void Oracle::check_ended(const incident::Engine& engine) const {
  demand(engine.live_calls().empty(), "a call never ends");
  demand(!engine.next_due().has_value(), "a date never comes");
  demand(engine.counts().triage_waiting == 0, "an alarm waits for a verdict for ever");
  for (const auto& view : engine.incidents(IncidentState::triggered, SIZE_MAX)) {
    demand(!view.call_worthy || view.exhausted, "incident " + std::to_string(view.id) + " never ends",
           view.id);
  }
}

} // namespace kaden::sim
