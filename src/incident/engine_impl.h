/// incident/engine_impl.h - the engine's inside, one function per rule. Room: incident.
/// Where to look: engine.cpp takes inputs; triage.cpp finds how severe an alarm is; alarms.cpp groups and
/// routes; escalation.cpp decides whom to call next; calls.cpp hears what became of calls; settle.cpp
/// acknowledges, resolves, reopens; snapshot.cpp and views.cpp read. Threads: the engine's owner. Errors:
/// none at run time.
#pragma once

#include <deque>
#include <functional>

#include "kaden/incident.h"
#include "state.h"
#include "triage.h"

namespace kaden::incident {

/// Its key in the index of open incidents.
Key alarm_key(const Alarm& alarm);
Key alarm_key(const AlarmEvent& event);
/// Whether each active alarm of it was acknowledged at its source.
bool is_all_taken(const Incident& incident);

struct Engine::Impl {
  // engine.cpp
  std::vector<Effect> apply(const Input& input, WallTime at, Position position);
  bool is_repeat(const Input& input) const;
  void take(const Started& in);
  void take(const ConfigChanged& in);
  void take(const TimePassed& in);
  void fire_due();
  void tell(Incident& incident, Happening what, Why why = Why::none, std::string_view person = {},
            std::string_view call = {}, std::string detail = {}, const SpokenText& reason = {});
  Incident* find(std::uint64_t id);
  const Incident* find(std::uint64_t id) const;
  /// Of a live call, a timer, a key: it is there.
  Incident& existing(std::uint64_t id);

  // triage.cpp
  void take(const AlarmReported& in);
  void take(const TriageAnswered& in);
  void triage(const AlarmReported& in);
  void await_verdict(const Key& question, const std::string& text, Waiting::Event event);
  void overtake(const AlarmReported& in, const std::optional<Key>& question);
  void settle(Key question, Why why, const TriageAnswer& answer, bool is_over);
  void ask_again();
  void tell(Incident& incident, const Judgement& judgement);
  void save_triage(Packer& out) const;
  bool restore_triage(Unpacker& in);
  bool derive_triage();

  // alarms.cpp
  void place(const Report& report);
  void take(const TestCallAsked& in);
  const Route* route_of(const AlarmEvent& event) const;
  std::shared_ptr<const Plan> plan_of(const Route* route);
  Incident& open(const Key& key, Severity severity, std::shared_ptr<const Plan> plan);
  void open_for(const Report& report, const Key& alarm_key, const Key& group_key, const Route* route);
  void join(Incident& incident, const Report& report, const Key& alarm_key, const Route* route);
  void fire(Incident& incident, Alarm* alarm, const Report& report, const Key& alarm_key, const Route* route);
  void note_fired(Incident& incident, Alarm& alarm, const AlarmEvent& event, const Key& alarm_key);
  void note_reason(Alarm& alarm, const Judgement* judgement);
  void clear(Incident& incident, Alarm& alarm, const AlarmEvent& event);
  /// The open incident that holds this alarm, or whose group it is.
  Incident* holder_of(const Key& key);
  const Incident* holder_of_active(std::string_view source, std::string_view alarm);
  const Key& key_at(std::uint64_t incident) { return existing(incident).key; }
  Alarm* alarm_in(Incident& incident, const AlarmEvent& event, const Key& alarm_key);
  void add_alarm(Incident& incident, const AlarmEvent& event, const Key& alarm_key);
  void index_group(Incident& incident);
  void forget_keys(const Incident& incident);

  // escalation.cpp
  void begin(Incident& incident);
  void advance(Incident& incident);
  void begin_stage(Incident& incident);
  void leave_stage(Incident& incident);
  void exhaust(Incident& incident);
  /// The due turn to dial now; nothing when all due people are in calls.
  Turn* pick(Incident& incident);
  bool is_free(const std::string& person, const Incident& for_whom) const;
  void dial(Incident& incident, Turn& turn);
  void wait_for_lines(Incident& incident);
  void stop_waiting(Incident& incident);
  void set_due(Incident& incident, WallTime due);
  void serve(const std::string& person);
  const std::string& person_id(const Incident& incident, const Turn& turn) const;

  // calls.cpp
  void take(const CallProgressed& in);
  void take(const KeyPressed& in);
  void take(const CallEnded& in);
  Verdict judge(Incident& incident, CallEntry& call, char key);
  void settle_turn(Incident& incident, const Call& call, LineOutcome outcome);
  void redial(Incident& incident, std::size_t place, const Redial& rule, std::uint16_t& used, Why why);

  // settle.cpp
  void take(const AcknowledgeAsked& in);
  void take(const ResolveAsked& in);
  void take_at_source(Incident& incident, Severity severity, std::string_view by);
  void acknowledge(Incident& incident, Why why, std::string_view by, const CallEntry* by_call);
  void reopen(Incident& incident, Why why, Severity severity, std::shared_ptr<const Plan> plan);
  void raise(Incident& incident, Severity severity);
  void resolve(Incident& incident, Why why, std::string_view by);
  void end_call(Incident& incident, EndReason reason);
  void keep_resolved(const Incident& incident);
  void find_left(const AlarmEvent& event, Standing& out) const;

  // snapshot.cpp
  std::string save() const;
  bool restore(std::string_view body);
  bool restore_calls(Unpacker& in);

  // derive.cpp
  bool derive();
  bool derive_calls();
  bool derive_run(Incident& incident);
  bool derive_keys(Incident& incident);

  // State
  Config config;
  std::string installation;
  Position last_position = 0;
  WallTime last_at{};
  std::map<std::uint64_t, Incident> incidents;
  std::map<std::string, Call, std::less<>> calls;
  SeenIds seen;
  std::deque<std::uint64_t> resolved; // oldest first; what is beyond the limit is forgotten
  std::map<Key, Waiting> waiting;     // alarm events that wait for a verdict, by question
  Verdicts verdicts;                  // of the configured model
  std::uint64_t incidents_ever = 0, calls_ever = 0, exhausted_ever = 0, duplicates_ever = 0;

  // Derived
  KeyTable open_by_key;                       // incidents that are open, by their own key
  std::map<Key, std::uint64_t> open_by_alarm; // those that hold several alarms, by the key of each active one
  std::set<std::pair<WallTime, std::uint64_t>> due;
  std::set<std::pair<WallTime, Key>> triage_due;
  std::map<Key, Key> waiting_by_alarm; // the question, by the alarm's key
  std::size_t waiting_events = 0;
  std::map<std::string, Line> lines;
  std::map<std::string, std::shared_ptr<const Plan>> plans; // of the current configuration, by policy
  std::shared_ptr<const Plan> silent_plan;
  TextPool texts;
  std::size_t triggered = 0, acknowledged = 0, alarms_active = 0;

  // The input being taken
  std::vector<Effect> effects;
};

} // namespace kaden::incident
