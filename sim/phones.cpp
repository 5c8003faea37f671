#include "phones.h"

#include "kaden/limits/calls.h"

namespace kaden::sim {

namespace {
constexpr Millis proceed_patience = seconds(10); // then the far end hangs up a silent line
constexpr Millis verdict_patience = limits::verdict_wait_max;
} // namespace

void demand(bool holds, const std::string& what, std::uint64_t incident) {
  if (!holds) throw Violation{what, incident};
}

Phones::Phones(Schedule& schedule, Chance& chance, const Faults& faults, Mutation mutation)
    : schedule_(schedule), chance_(chance), faults_(faults), mutation_(mutation) {}

Phones::Phone& Phones::known(const CallId& call, const char* doing) {
  demand(committed_.count(call.text) > 0,
         std::string(doing) + ": the carrier does not know token " + call.text);
  return phones_[call.text];
}

bool Phones::is_trunk_down() {
  if (!faults_.is_on(FaultKind::trunk_down)) return false;
  if (schedule_.now() >= trunk_down_until_ && chance_.per_mille(20)) {
    trunk_down_until_ = schedule_.now() + chance_.between(seconds(5), seconds(900));
  }
  return schedule_.now() < trunk_down_until_;
}

void Phones::place(const incident::PlaceCall& order) {
  known(order.call, "place");
  Phone& phone = phones_[order.call.text];
  if (!phone.person.empty()) return; // placed before: idempotent
  const auto other = ringing_.find(order.person);
  demand(other == ringing_.end(), "two live calls to " + order.person);
  phone.person = order.person;
  ringing_[order.person] = order.call.text;
  ours_.insert(order.call.text);
  ++placed_;
  ring(order.call.text, order.ring_max);
}

// What this phone will do: by chance, people being mostly there when nothing is to go wrong any more.
void Phones::ring(const std::string& id, Millis ring_max) {
  const Millis soon = chance_.between(Millis(50), Millis(4'000));
  if (is_trunk_down()) return later(soon, id, &Phones::finish, LineOutcome::carrier_failed);
  if (faults_.is_on(FaultKind::call_lost) && chance_.per_mille(30))
    return later(soon, id, &Phones::finish, LineOutcome::lost);
  const std::uint64_t kind = faults_.is_calm() ? 99 : chance_.below(100);
  if (kind < 10) return later(soon, id, &Phones::finish, LineOutcome::busy);
  if (kind < 14) return later(soon, id, &Phones::finish, LineOutcome::declined);
  if (kind < 16) return later(soon, id, &Phones::finish, LineOutcome::bad_number);
  if (kind < 17) return later(soon, id, &Phones::finish, LineOutcome::forbidden);
  schedule_.after(Millis(40), [this, id] {
    if (phones_[id].phase == Phase::dialled) progress(id, Progress::ringing);
  });
  if (kind < 37) return later(ring_max, id, &Phones::finish, LineOutcome::no_answer);
  schedule_.after(chance_.between(seconds(1), ring_max), [this, id] { answer(id); });
}

void Phones::later(Millis wait, const std::string& id, void (Phones::*what)(const std::string&, LineOutcome),
                   LineOutcome outcome) {
  schedule_.after(wait, [this, id, what, outcome] { (this->*what)(id, outcome); });
}

void Phones::answer(const std::string& id) {
  Phone& phone = phones_[id];
  if (phone.phase != Phase::dialled) return;
  phone.phase = Phase::answered;
  progress(id, Progress::answered);
  if (mutation_ == Mutation::press_for_machines && is_ours(id)) report(incident::KeyPressed{CallId{id}, '1'});
  schedule_.after(proceed_patience, [this, id] {
    if (!phones_[id].proceeded) finish(id, LineOutcome::no_media);
  });
}

void Phones::proceed(const CallId& call) {
  Phone& phone = known(call, "proceed");
  if (phone.proceeded) return;
  phone.proceeded = true;
  const std::string id = call.text;
  const bool is_machine = faults_.is_on(FaultKind::machine_answers) && chance_.per_mille(150);
  const bool is_silent = faults_.is_on(FaultKind::nobody_presses) && chance_.per_mille(300);
  schedule_.after(seconds(7), [this, id] {
    if (phones_[id].phase == Phase::answered) progress(id, Progress::heard);
  });
  if (is_machine || is_silent) return later(seconds(45), id, &Phones::finish, LineOutcome::hung_up);
  if (!faults_.is_calm() && chance_.per_mille(50))
    return later(seconds(3), id, &Phones::finish, LineOutcome::hung_up);
  const char key = !faults_.is_calm() && chance_.per_mille(150) ? '2' : '1';
  schedule_.after(chance_.between(seconds(1), seconds(15)), [this, id, key] { press(id, key, 3); });
}

// One who hears nothing presses again, then gives up.
void Phones::press(const std::string& id, char key, int tries) {
  Phone& phone = phones_[id];
  if (phone.phase != Phase::answered || phone.key_answered || !is_ours(id)) return;
  if (tries == 0) return finish(id, LineOutcome::hung_up);
  phone.pressed.insert(key);
  report(incident::KeyPressed{CallId{id}, key});
  if (faults_.is_on(FaultKind::key_repeated) && chance_.per_mille(300))
    report(incident::KeyPressed{CallId{id}, key});
  schedule_.after(verdict_patience, [this, id, key, tries] { press(id, key, tries - 1); });
}

void Phones::answer_key(const CallId& call, Verdict verdict) {
  Phone& phone = known(call, "answer_key");
  demand(verdict != Verdict::acknowledged || phone.pressed.count('1') > 0,
         "acknowledged is spoken, but 1 was not pressed");
  demand(verdict != Verdict::passed_on || phone.pressed.count('2') > 0,
         "passed on is spoken, but 2 was not pressed");
  if (phone.key_answered) return;
  phone.key_answered = true;
  later(seconds(3), call.text, &Phones::finish, LineOutcome::hung_up);
}

void Phones::end(const CallId& call) {
  Phone& phone = known(call, "end");
  phone.told_to_end = true;
  if (phone.phase == Phase::answered)
    return later(seconds(4), call.text, &Phones::finish, LineOutcome::hung_up);
  later(chance_.between(Millis(10), Millis(500)), call.text, &Phones::finish, LineOutcome::cancelled);
}

// Whatever is left at the far end is ended first; only then is the call reported lost.
void Phones::recover(const CallId& call) {
  known(call, "recover").told_to_end = true;
  ours_.insert(call.text);
  schedule_.after(chance_.between(Millis(20), seconds(5)), [this, id = call.text] {
    if (!is_ours(id)) return; // that process is dead as well
    phones_[id].phase = Phase::answered;
    finish(id, LineOutcome::lost);
  });
}

void Phones::process_died() {
  ours_.clear();
  ++lives_;
  // A dead dialog's phone rings or waits in vain until somebody ends it, or gives up.
  for (const auto& [person, id] : ringing_) later(seconds(32), id, &Phones::finish, LineOutcome::no_media);
}

void Phones::progress(const std::string& id, Progress progress) {
  if (!is_ours(id)) return;
  const Dialog dialog = progress == Progress::answered ? Dialog{"tag", "sip:far@127.0.0.1", {}, 1} : Dialog{};
  const incident::CallProgressed input{CallId{id}, progress, dialog};
  const auto say = [this, id, input, life = lives_] {
    if (life == lives_) report(input);
  };
  if (faults_.is_on(FaultKind::progress_late) && chance_.per_mille(200)) {
    schedule_.after(chance_.between(Millis(1), seconds(8)), say);
  } else {
    say();
  }
  if (faults_.is_on(FaultKind::progress_repeated) && chance_.per_mille(200)) {
    schedule_.after(chance_.between(Millis(0), seconds(20)), say);
  }
}

void Phones::finish(const std::string& id, LineOutcome outcome) {
  Phone& phone = phones_[id];
  if (phone.phase == Phase::over) return;
  phone.phase = Phase::over;
  phone.outcome = outcome;
  const auto busy = ringing_.find(phone.person);
  if (busy != ringing_.end() && busy->second == id) ringing_.erase(busy);
  if (ours_.erase(id) == 0 || mutation_ == Mutation::drop_call_ended) return;
  const bool lies = mutation_ == Mutation::busy_as_declined && outcome == LineOutcome::busy;
  report(incident::CallEnded{CallId{id}, lies ? LineOutcome::declined : outcome, ""});
}

bool Phones::has_pressed(const CallId& call, char key) const {
  const auto phone = phones_.find(call.text);
  return phone != phones_.end() && phone->second.pressed.count(key) > 0;
}
bool Phones::is_outcome(const CallId& call, LineOutcome outcome) const {
  const auto phone = phones_.find(call.text);
  return phone != phones_.end() && phone->second.phase == Phase::over && phone->second.outcome == outcome;
}
bool Phones::was_told_to_end(const CallId& call) const {
  const auto phone = phones_.find(call.text);
  return phone != phones_.end() &&
         (phone->second.told_to_end || phone->second.phase == Phase::over || !is_ours(call.text));
}
bool Phones::was_proceeded(const CallId& call) const {
  const auto phone = phones_.find(call.text);
  return phone != phones_.end() && phone->second.proceeded;
}
bool Phones::was_key_answered(const CallId& call) const {
  const auto phone = phones_.find(call.text);
  return phone != phones_.end() && phone->second.key_answered;
}

} // namespace kaden::sim
