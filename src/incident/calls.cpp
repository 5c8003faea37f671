// What carriers report: progress, keys, ends. Reports about calls that are not live are harmless.
#include "engine_impl.h"

namespace kaden::incident {

namespace {

/// What became of the attempt, for the record: the key decides, then what was heard, then the line.
std::string describe(const Call& call, LineOutcome outcome, const std::string& detail) {
  std::string out;
  if (call.verdict) {
    out = kaden::to_text(*call.verdict);
  } else if (outcome == LineOutcome::hung_up) {
    out = call.progress == Progress::heard ? "no key, message heard" : "no key, message not heard";
  } else {
    out = kaden::to_text(outcome);
  }
  if (!detail.empty()) out += ": " + detail;
  return out;
}

} // namespace

void Engine::Impl::take(const CallProgressed& in) {
  const auto found = calls.find(in.call.text);
  if (found == calls.end() || found->second.recovering) return; // its process is dead: it can only be ended
  Call& call = found->second;
  Incident& incident = existing(call.incident);
  const bool is_answer = in.progress == Progress::answered;
  const bool is_news = is_answer ? !call.answered : in.progress > call.progress;
  if (in.progress > call.progress) call.progress = in.progress;
  if (is_answer) {
    call.answered = true;
    if (call.dialog == Dialog{}) call.dialog = in.dialog;
  }
  if (is_news) {
    switch (in.progress) {
      case Progress::dialling:
        break;
      case Progress::ringing:
        tell(incident, Happening::ringing, Why::none, call.person, in.call.text);
        break;
      case Progress::answered:
        tell(incident, Happening::answered, Why::none, call.person, in.call.text, call.words);
        break;
      case Progress::heard:
        tell(incident, Happening::heard, Why::none, call.person, in.call.text);
        break;
    }
  }
  if (is_answer) effects.emplace_back(ProceedCall{in.call});
}

void Engine::Impl::take(const KeyPressed& in) {
  const auto found = calls.find(in.call.text);
  if (found == calls.end() || (in.key != '1' && in.key != '2')) return;
  CallEntry& entry = *found;
  if (!entry.second.verdict) {
    Incident& incident = existing(entry.second.incident);
    tell(incident, Happening::key, Why::none, entry.second.person, entry.first, std::string(1, in.key));
    entry.second.verdict = judge(incident, entry, in.key);
  }
  effects.emplace_back(AnswerKey{in.call, in.key, *entry.second.verdict});
}

Verdict Engine::Impl::judge(Incident& incident, CallEntry& call, char key) {
  switch (incident.state) {
    case IncidentState::acknowledged:
      return Verdict::already_taken;
    case IncidentState::resolved:
      return Verdict::already_resolved;
    case IncidentState::triggered:
      break;
  }
  if (key == '2') return Verdict::passed_on;
  call.second.verdict = Verdict::acknowledged; // before acknowledge(): it ends the calls that have none
  acknowledge(incident, Why::by_key, call.second.person, &call);
  return Verdict::acknowledged;
}

void Engine::Impl::take(const CallEnded& in) {
  const auto found = calls.find(in.call.text);
  if (found == calls.end()) return;
  const Call call = std::move(found->second);
  Incident& incident = existing(call.incident);
  calls.erase(found);
  incident.call = nullptr;
  lines[call.person].call = nullptr;
  tell(incident, Happening::call_ended, Why::none, call.person, in.call.text,
       describe(call, in.outcome, in.detail));
  if (incident.run) {
    if (incident.run->calling >= 0) {
      incident.run->last_end = last_at;
      settle_turn(incident, call, in.outcome);
      incident.run->calling = -1;
    }
    advance(incident);
  } else if (!incident.is_open()) {
    keep_resolved(incident);
  }
  serve(call.person);
}

// The place in the queue of the person whose call has ended: again later, another number, or done.
void Engine::Impl::settle_turn(Incident& incident, const Call& call, LineOutcome outcome) {
  Run& run = *incident.run;
  const auto place = static_cast<std::size_t>(run.calling);
  Turn& turn = run.turns[place];
  const Policy& policy = incident.plan->policy;
  const auto again_now = [&] {
    turn.due = last_at;
    turn.first = true;
  };
  turn.first = false;
  if (call.verdict == Verdict::passed_on) {
    run.turns.erase(run.turns.begin() + run.calling);
    tell(incident, Happening::skipped, Why::cannot_take, call.person);
    return;
  }
  switch (outcome) {
    case LineOutcome::hung_up:
      redial(incident, place, policy.no_key, turn.no_key, Why::redial_no_key);
      return;
    case LineOutcome::no_answer:
      redial(incident, place, policy.no_answer, turn.no_answer, Why::redial_no_answer);
      return;
    case LineOutcome::busy:
      redial(incident, place, policy.busy, turn.busy, Why::redial_busy);
      return;
    case LineOutcome::declined:
      run.turns.erase(run.turns.begin() + run.calling);
      return;
    case LineOutcome::bad_number:
      mark_bad(turn, call.method_index);
      if (next_method(turn, incident.plan->people[turn.person].methods.size())) {
        again_now();
      } else {
        run.turns.erase(run.turns.begin() + run.calling);
        tell(incident, Happening::skipped, Why::no_method, call.person);
      }
      return;
    case LineOutcome::lost:
      if (call.recovering) { // nobody spoke to them to the end: as if it had not been tried
        --turn.attempts;
        again_now();
        return;
      }
      [[fallthrough]];
    case LineOutcome::carrier_failed:
    case LineOutcome::forbidden:
    case LineOutcome::cancelled:
    case LineOutcome::no_media:
      turn.first = true;
      redial(incident, place, policy.carrier_failed, turn.carrier, Why::redial_carrier);
      return;
  }
}

void Engine::Impl::redial(Incident& incident, std::size_t place, const Redial& rule, std::uint16_t& used,
                          Why why) {
  Run& run = *incident.run;
  Turn& turn = run.turns[place];
  if (used >= rule.most) {
    run.turns.erase(run.turns.begin() + static_cast<std::ptrdiff_t>(place));
    return;
  }
  ++used;
  turn.due = last_at + rule.wait;
  tell(incident, Happening::dial_planned, why, person_id(incident, turn), {}, to_iso8601(turn.due));
}

} // namespace kaden::incident
