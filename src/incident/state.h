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

#include "kaden/incident.h"
#include "plan.h"
#include "seen.h"
#include "timeline.h"

namespace kaden::incident {

/// Equal spoken texts are held once: one rule speaks for many machines. Null for no text.
using SharedText = std::shared_ptr<const SpokenText>;
class TextPool {
 public:
  SharedText share(const SpokenText& text);
  /// Gives the text back; it goes when nobody else holds it.
  void release(SharedText& text);

  struct Less {
    bool operator()(const SharedText& a, const SharedText& b) const { return *a < *b; }
  };
  const std::set<SharedText, Less>& all() const { return texts_; }

 private:
  std::set<SharedText, Less> texts_;
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
  bool active = true; ///< fired and not OK since: INSUFFICIENT_DATA does not end it
  WallTime since{};   ///< of state
  SharedText say;
  std::vector<char> packed;

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
  bool is_test = false;
  bool exhausted = false;
  bool is_group = false;    ///< several alarms may join: each has its own key in the index
  std::uint32_t active = 0; ///< alarms that are active (derived)
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

/// Who waits for a person's line, the most urgent first.
struct WaitKey {
  Severity severity;
  WallTime opened_at;
  std::uint64_t incident;
  bool operator<(const WaitKey& other) const {
    if (severity != other.severity) return severity > other.severity;
    if (opened_at != other.opened_at) return opened_at < other.opened_at;
    return incident < other.incident;
  }
};
inline WaitKey wait_key(const Incident& incident) {
  return {incident.severity, incident.opened_at, incident.id};
}
/// One person's ear: at most one live call. Here only while there is a call or somebody waits.
struct Line {
  const CallEntry* call = nullptr;
  std::set<WaitKey> waiting;
};

} // namespace kaden::incident
