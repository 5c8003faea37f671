/// sim/model.h - the model that is asked for verdicts, and the room that asks it: answers in time or not,
/// once or twice, the truth or not. Threads: one. Errors: throws Violation when it is asked what is not
/// committed.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "chance.h"
#include "faults.h"
#include "kaden/incident.h"
#include "phones.h"
#include "schedule.h"

namespace kaden::sim {

class Model {
 public:
  Model(Schedule& schedule, Chance& chance, const Faults& faults, Mutation mutation)
      : schedule_(schedule), chance_(chance), faults_(faults), mutation_(mutation) {}

  /// What Kaden's process does.
  void ask(const incident::AskTriage& ask);
  /// Where answers go while a process lives.
  std::function<void(incident::Input)> report;
  /// The engine has committed what makes it ask.
  void expect(const std::string& question) { committed_.insert(question); }
  void process_died() { ++lives_; }

  /// Whether it ever said that of this alarm.
  bool has_said(const std::string& alarm, Severity severity) const;

 private:
  void answer(const incident::AskTriage& ask, Millis after, const TriageAnswer& answer);
  TriageAnswer verdict(const incident::AskTriage& ask);

  // Borrowed
  Schedule& schedule_;
  Chance& chance_;
  const Faults& faults_;
  const Mutation mutation_;
  // State
  std::set<std::string> committed_;
  std::map<std::string, std::set<Severity>> said_; // by alarm
  std::string last_question_;                      // of another alarm, for a mutation
  std::uint64_t lives_ = 0;
};

/// "alarm-3" of a question's text.
std::string alarm_of(const std::string& text);

} // namespace kaden::sim
