#include "model.h"

#include <algorithm>

namespace kaden::sim {

namespace {

/// What the text deserves: the same on every machine.
Severity truth_of(const std::string& text) {
  return static_cast<Severity>(sha256(text)[0] % 4);
}

} // namespace

std::string alarm_of(const std::string& text) {
  constexpr std::string_view name = "alarm: ";
  return text.substr(name.size(), text.find('\n') - name.size());
}

bool Model::has_said(const std::string& alarm, Severity severity) const {
  const auto found = said_.find(alarm);
  return found != said_.end() && found->second.count(severity) > 0;
}

TriageAnswer Model::verdict(const incident::AskTriage& ask) {
  const bool lies = faults_.is_on(FaultKind::model_lies) && chance_.below(2) == 0;
  const Severity severity = lies ? static_cast<Severity>(chance_.below(4)) : truth_of(ask.text);
  said_[alarm_of(ask.text)].insert(severity);
  return {
      TriageOutcome::judged, severity, {{Language::en, "so it seems"}, {Language::ja, "そのようです"}}, {}};
}

// As the triage room: whatever happens there is an answer when the time is over, unless it is lost with the
// process or on the way.
void Model::ask(const incident::AskTriage& ask) {
  demand(committed_.count(ask.question) > 0, "a model was asked what is not committed");
  demand(ask.wait > Millis(0), "a question that is over was asked");
  if (faults_.is_on(FaultKind::verdict_lost) && chance_.below(4) == 0) return;
  Millis latency = chance_.between(Millis(50), Millis(1'500));
  const bool is_late = faults_.is_on(FaultKind::verdict_late) && chance_.below(4) == 0;
  if (is_late)
    latency = chance_.between(ask.wait, ask.wait + seconds(20)); // also beyond the engine's patience
  if (!is_late && latency >= ask.wait) return answer(ask, ask.wait, {TriageOutcome::late, {}, {}, "slow"});
  if (faults_.is_on(FaultKind::model_fails) && chance_.below(3) == 0) {
    static constexpr std::array outcomes{TriageOutcome::failed, TriageOutcome::malformed,
                                         TriageOutcome::busy};
    return answer(ask, latency, {outcomes.at(chance_.below(outcomes.size())), {}, {}, "down"});
  }
  const TriageAnswer mine = verdict(ask);
  answer(ask, latency, mine);
  if (faults_.is_on(FaultKind::verdict_repeated) && chance_.below(3) == 0)
    answer(ask, latency + chance_.between(Millis(1), seconds(60)), mine);
}

void Model::answer(const incident::AskTriage& ask, Millis after, const TriageAnswer& answer) {
  incident::TriageAnswered said{ask.question, answer};
  if (mutation_ == Mutation::verdict_altered)
    said.answer.severity = static_cast<Severity>((static_cast<int>(answer.severity) + 1) % 4);
  if (mutation_ == Mutation::verdict_swapped) std::swap(said.question, last_question_);
  schedule_.after(after, [this, life = lives_, said] {
    if (life == lives_) report(said);
  });
}

} // namespace kaden::sim
