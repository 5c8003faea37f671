// Alarm events on their way to their incident: the rules, then a model, if it could change something. Nothing
// waits longer than the configured time; whatever a model does, each event goes on.
#include "triage.h"

#include <algorithm>

#include "engine_impl.h"

namespace kaden::incident {

void Engine::Impl::take(const AlarmReported& in) {
  const AlarmEvent& event = in.event;
  const Key id = key_of({"event", event.source, event.event_id});
  if (seen.contains(id)) {
    ++duplicates_ever;
    return;
  }
  seen.add(id, last_at);
  if (config.triage.rules.empty() && config.triage.model.empty() && waiting.empty()) {
    place({in});
  } else {
    triage(in);
  }
}

void Engine::Impl::triage(const AlarmReported& in) {
  const Ruling ruling = ruling_of(config.triage, in);
  const std::string text = ruling.asks ? triage_text(in.event) : std::string();
  const Key question = ruling.asks ? question_of(in.event) : Key();
  overtake(in, ruling.asks ? std::optional(question) : std::nullopt);
  AlarmReported ruled = in;
  ruled.event.severity = ruling.severity;
  if (!ruling.asks) {
    Judgement judgement{Why::by_rule, in.event.severity, ruling.severity, std::nullopt, {}, {}};
    const bool is_news = in.event.severity != ruling.severity && in.event.state == AlarmState::alarm;
    place({ruled, is_news ? &judgement : nullptr});
  } else if (const auto* known = verdicts.find(question, last_at)) {
    const TriageAnswer answer{TriageOutcome::judged, known->severity, known->reason, {}};
    const Judgement judgement = judgement_of(Why::by_equal_text, answer, ruling.severity, ruling.lowest);
    ruled.event.severity = judgement.after;
    place({ruled, &judgement});
  } else if (waiting_events >= limits::triage_waiting_max) {
    const Judgement judgement =
        judgement_of(Why::model_busy, {TriageOutcome::busy, {}, {}, "too many alarms wait for a verdict"},
                     ruling.severity, ruling.lowest);
    place({ruled, &judgement});
  } else {
    await_verdict(question, text, {std::move(ruled), ruling.lowest});
  }
}

void Engine::Impl::await_verdict(const Key& question, const std::string& text, Waiting::Event event) {
  const auto [found, is_new] = waiting.try_emplace(question);
  Waiting& mine = found->second;
  if (is_new) {
    mine.text = text;
    mine.due = last_at + config.triage.wait;
    triage_due.emplace(mine.due, question);
    waiting_by_alarm.emplace(alarm_key(event.in.event), question);
    effects.emplace_back(AskTriage{to_text(question), text, config.triage.wait});
  }
  ++waiting_events;
  mine.events.push_back(std::move(event));
}

// The alarm of events that wait is heard of again. With another text, taken or over, it is another matter:
// those go on by rule.
void Engine::Impl::overtake(const AlarmReported& in, const std::optional<Key>& question) {
  const auto found = waiting_by_alarm.find(alarm_key(in.event));
  if (found == waiting_by_alarm.end() || found->second == question) return;
  const TriageAnswer no_answer{TriageOutcome::late, {}, {}, {}};
  settle(Key(found->second), Why::overtaken, no_answer, in.event.state == AlarmState::ok);
}

void Engine::Impl::take(const TriageAnswered& in) {
  const auto question = parse_key(in.question);
  if (!question || waiting.count(*question) == 0) return;
  const TriageAnswer& answer = in.answer;
  if (answer.outcome == TriageOutcome::judged)
    verdicts.add(*question, {last_at, answer.severity, answer.reason}, last_at);
  settle(*question, why_of(answer.outcome), answer, false);
}

void Engine::Impl::settle(Key question, Why why, const TriageAnswer& answer, bool is_over) {
  auto node = waiting.extract(question);
  require(!node.empty(), "who is settled has waited");
  Waiting& mine = node.mapped();
  triage_due.erase({mine.due, question});
  waiting_by_alarm.erase(alarm_key(mine.events.front().in.event));
  waiting_events -= mine.events.size();
  for (Waiting::Event& event : mine.events) {
    const Judgement judgement = judgement_of(why, answer, event.in.event.severity, event.lowest);
    event.in.event.severity = judgement.after;
    place({event.in, &judgement, is_over});
  }
}

void Engine::Impl::ask_again() {
  for (const auto& [question, each] : waiting)
    effects.emplace_back(AskTriage{to_text(question), each.text, each.due - last_at});
}

void Engine::Impl::tell(Incident& incident, const Judgement& judgement) {
  tell(incident, Happening::triaged, judgement.why, {}, {}, to_text(judgement), judgement.reason);
}

// Only when there is something, so that states without it are stored as they always were.
void Engine::Impl::save_triage(Packer& out) const {
  if (waiting.empty() && verdicts.size() == 0) return;
  out.number(waiting.size());
  for (const auto& [question, each] : waiting) {
    out.time(each.due);
    out.number(each.events.size());
    for (const Waiting::Event& event : each.events) {
      out.text(encode(event.in));
      out.word(event.lowest);
    }
  }
  verdicts.save(out);
}

bool Engine::Impl::restore_triage(Unpacker& in) {
  const std::size_t count = in.count();
  std::optional<Key> before;
  for (std::size_t i = 0; i < count && !in.bad(); ++i) {
    Waiting each;
    each.due = in.time();
    const std::size_t events = in.count();
    for (std::size_t k = 0; k < events && !in.bad(); ++k) {
      const auto input = decode(in.text());
      const auto* report = input ? std::get_if<AlarmReported>(&*input) : nullptr;
      if (report == nullptr) return false;
      each.events.push_back({*report, in.word(Severity::critical)});
    }
    if (in.bad() || each.events.empty()) return false;
    each.text = triage_text(each.events.front().in.event);
    const Key question = question_of(each.events.front().in.event);
    if (before && !(*before < question)) return false; // one form only
    before = question;
    waiting.emplace(question, std::move(each));
  }
  if (!verdicts.restore(in, last_at)) return false;
  return !waiting.empty() || verdicts.size() > 0;
}

bool Engine::Impl::derive_triage() {
  for (const auto& [question, each] : waiting) {
    if (each.due <= last_at || verdicts.contains(question)) return false;
    const Key alarm = alarm_key(each.events.front().in.event);
    const bool fit = std::all_of(
        each.events.begin(), each.events.end(), [&, asked = question](const Waiting::Event& event) {
          return event.in.event.state == AlarmState::alarm && event.in.acknowledged_by.empty() &&
                 event.lowest <= event.in.event.severity && alarm_key(event.in.event) == alarm &&
                 question_of(event.in.event) == asked;
        });
    if (!fit || !waiting_by_alarm.emplace(alarm, question).second) return false;
    triage_due.emplace(each.due, question);
    waiting_events += each.events.size();
  }
  return waiting_events <= limits::triage_waiting_max;
}

} // namespace kaden::incident
