/// incident/state.h - what the engine holds: incidents, their alarms, live calls, people's lines. Room:
/// incident. "Derived" members are not in the snapshot: restore() makes them again from the rest. Threads:
/// the engine's owner. Errors: none.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bytes.h"
#include "kaden/incident.h"
#include "key_table.h"
#include "plan.h"
#include "seen.h"
#include "timeline.h"

namespace kaden::incident {

/// Equal spoken texts are held once: one rule speaks for many machines.
class TextPool {
 public:
  /// Null for no text. Each share() wants its release().
  const SpokenText* share(const SpokenText& text);
  void release(const SpokenText*& text);
  const std::map<SpokenText, std::size_t>& all() const { return uses_; }

 private:
  std::map<SpokenText, std::size_t> uses_;
};

/// The texts of an alarm, read from its packed bytes.
struct AlarmText {
  std::string_view source, alarm, machine, reason;
  std::vector<std::pair<std::string_view, std::string_view>> labels;
};
/// One alarm of an incident.
struct Alarm {
  AlarmState state = AlarmState::alarm;
  Severity severity = Severity::critical;
  bool active = true;                 ///< fired and not OK since: INSUFFICIENT_DATA does not end it
  bool taken = false;                 ///< somebody acknowledged it at its source since it fired or got worse
  WallTime since{};                   ///< of state
  const SpokenText* say = nullptr;    ///< of the engine's TextPool
  const SpokenText* triage = nullptr; ///< the same: a model's reason for the severity; null: none gave one
  Bytes packed;

  void set_text(const AlarmText& text);
  AlarmText text() const;
  bool is(std::string_view source, std::string_view alarm) const;
};
AlarmText text_of(const AlarmEvent& event);

struct Call {
  std::uint64_t incident = 0;
  std::string person;
  ContactMethod method;
  std::size_t method_index = 0;
  WallTime placed_at{};
  Progress progress = Progress::dialling;
  bool answered = false;
  bool recovering = false; ///< its carrier's process died; it ends as lost
  bool told_to_end = false;
  std::optional<Verdict> verdict; ///< of its first key; repeats get the same
  Dialog dialog;
  std::string words; ///< of the message, for the timeline
};
using CallEntry = std::pair<const std::string, Call>;

struct Ending {
  std::optional<WallTime> acknowledged_at, resolved_at;
  std::string acknowledged_by, resolved_by;
};

struct Incident {
  std::uint64_t id = 0;
  Key key; ///< of its group
  IncidentState state = IncidentState::triggered;
  Severity severity = Severity::critical;
  bool is_test : 1 = false;
  bool exhausted : 1 = false;
  bool is_group : 1 = false; ///< several alarms may join: each has its own key in the index
  std::uint32_t active = 0;  ///< alarms that are active (derived)
  WallTime opened_at{};
  std::shared_ptr<const Plan> plan;
  std::unique_ptr<Run> run; ///< while somebody is yet to be called
  std::unique_ptr<Ending> ending;
  CallEntry* call = nullptr; ///< the live one (derived)
  std::vector<Alarm> alarms;
  std::unique_ptr<std::map<Key, std::uint32_t>> alarm_index; ///< of large groups (derived)
  Timeline timeline;

  bool is_open() const { return state != IncidentState::resolved; }
  Ending& end();
};

/// Who waits for a person's line: the most urgent first. An incident leaves the lines before its severity
/// changes.
struct MoreUrgent {
  bool operator()(const Incident* a, const Incident* b) const {
    if (a->severity != b->severity) return a->severity > b->severity;
    if (a->opened_at != b->opened_at) return a->opened_at < b->opened_at;
    return a->id < b->id;
  }
};
/// One person's ear: at most one live call. Here only while there is a call or somebody waits.
struct Line {
  const CallEntry* call = nullptr;
  std::set<Incident*, MoreUrgent> waiting;
};

} // namespace kaden::incident
