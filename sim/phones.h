/// sim/phones.h - the carrier and the people at the far end: phones outlive Kaden's process, what it knows of
/// them does not. Keeps the carrier's contract (kaden/carrier.h): one end per accepted call, progress
/// forward, place() idempotent. Threads: one. Errors: throws Violation when a promise is broken at the far
/// end.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "chance.h"
#include "faults.h"
#include "kaden/incident.h"
#include "schedule.h"

namespace kaden::sim {

/// A promise was broken: the run ends here.
struct Violation {
  std::string what;
  std::uint64_t incident = 0; ///< whose record shows it; 0: none in particular
};
/// Throws when it does not hold.
void demand(bool holds, const std::string& what, std::uint64_t incident = 0);

class Phones {
 public:
  Phones(Schedule& schedule, Chance& chance, const Faults& faults, Mutation mutation);

  // What Kaden's process does. Tokens that Kaden has not committed are a violation.
  void place(const incident::PlaceCall& order);
  void proceed(const CallId& call);
  void answer_key(const CallId& call, Verdict verdict);
  void end(const CallId& call);
  void recover(const CallId& call);

  /// Where reports go while a process lives. Reports of calls it neither placed nor recovers are not made.
  std::function<void(incident::Input)> report;
  /// The engine has committed this dial: its token is known from here on.
  void expect(const CallId& call) { committed_.insert(call.text); }
  void process_died();

  bool has_pressed(const CallId& call, char key) const;
  /// What the far end saw of the call when it was over.
  bool is_outcome(const CallId& call, LineOutcome outcome) const;
  bool was_told_to_end(const CallId& call) const;
  bool was_proceeded(const CallId& call) const;
  bool was_key_answered(const CallId& call) const;
  std::uint64_t placed() const { return placed_; }

 private:
  enum class Phase : std::uint8_t { dialled, answered, over };
  struct Phone {
    std::string person;
    Phase phase = Phase::dialled;
    bool told_to_end = false, proceeded = false, key_answered = false;
    std::set<char> pressed;
    LineOutcome outcome = LineOutcome::hung_up;
  };
  void ring(const std::string& id, Millis ring_max);
  void answer(const std::string& id);
  void press(const std::string& id, char key, int tries);
  void progress(const std::string& id, Progress progress);
  void finish(const std::string& id, LineOutcome outcome);
  void later(Millis wait, const std::string& id, void (Phones::*what)(const std::string&, LineOutcome),
             LineOutcome outcome);
  bool is_ours(const std::string& id) const { return ours_.count(id) > 0; }
  Phone& known(const CallId& call, const char* doing);
  bool is_trunk_down();

  // Borrowed
  Schedule& schedule_;
  Chance& chance_;
  const Faults& faults_;
  const Mutation mutation_;
  // State
  std::map<std::string, Phone> phones_;
  std::map<std::string, std::string> ringing_; // person -> the call their phone is in
  std::set<std::string> ours_;                 // placed or being recovered by the living process
  std::set<std::string> committed_;
  Millis trunk_down_until_{};
  std::uint64_t placed_ = 0, lives_ = 0;
};

} // namespace kaden::sim
