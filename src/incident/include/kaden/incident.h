/// kaden/incident.h - the engine: who is called, when, and why, as a fold over the journal. Room: incident.
/// Uses: base, script. Pure: apply(input, at, position) -> effects; no clock, thread, I/O or chance.
/// Threads: one owner. Errors: inputs from the journal are trusted after decode(); decode and restore give
/// Fault::corrupt. The same inputs at the same times give the same effects, byte for byte, on every machine.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "kaden/base.h"
#include "kaden/limits/triage.h"
#include "kaden/script.h"
#include "kaden/triage_answer.h"

namespace kaden::incident {

using Position = std::uint64_t; ///< of an input in the journal, from 1

// Configuration the engine runs under
// --------------------------------------------------------------------------------

struct ContactMethod {
  std::string carrier; ///< "sip"
  std::string address; ///< "sip:sato@10.0.0.5"
  bool operator==(const ContactMethod&) const = default;
};
struct Person {
  std::string id;
  std::string name;
  Language language = Language::en;
  std::vector<ContactMethod> methods; ///< tried in order, one per attempt, then from the first again
  bool operator==(const Person&) const = default;
};
struct Level {
  std::vector<std::string> people; ///< called one after another
  Millis wait{};                   ///< after the last call of the level, before the next level begins
  bool operator==(const Level&) const = default;
};
/// Dial the same person again after this outcome; meanwhile the next person is called.
struct Redial {
  Millis wait{};
  int most = 0; ///< extra attempts per person, level and round
  bool operator==(const Redial&) const = default;
};
struct Policy {
  std::string id;
  std::vector<Level> levels;
  int rounds = 1; ///< how often the levels are gone through
  Redial busy{seconds(30), 1};
  Redial no_answer{seconds(60), 1};
  Redial no_key{seconds(60), 1};         ///< answered, but nobody pressed a key: perhaps a voicemail
  Redial carrier_failed{seconds(10), 3}; ///< the trunk's fault; does not use up the person's other redials
  Millis ring_max = seconds(30);
  std::vector<std::string> last_resort; ///< called one after another when all rounds are used up
  bool operator==(const Policy&) const = default;
};
struct Route {
  std::vector<std::string> sources; ///< globs; empty matches all
  std::vector<Severity> severities; ///< empty matches all
  std::map<std::string, std::string>
      labels;                        ///< label -> glob; "alarm" and "machine" name the event's own fields
  std::string policy;                ///< empty: recorded, nobody is called
  std::vector<std::string> group_by; ///< labels whose values make one incident; empty: one incident per alarm
  bool operator==(const Route&) const = default;
};
/// How severe a kind of alarm is, whatever its source says; and how far a model may go from that.
struct SeverityRule {
  std::vector<std::string> sources;          ///< globs; empty matches all
  std::map<std::string, std::string> labels; ///< as of a Route
  std::vector<std::string> texts; ///< globs, one of which matches the alarm's name, reason or spoken text, in
                                  ///< any case of ASCII; empty matches all
  std::optional<Severity> severity; ///< nothing: the source's own
  std::optional<Severity> lowest;   ///< to which a model may lower; nothing: not at all
  bool asks = true;                 ///< a model, when there is one
  bool operator==(const SeverityRule&) const = default;
};
/// Severity by rules first, then by a model. Without rules and model every alarm keeps its source's severity.
struct Triage {
  std::vector<SeverityRule> rules;   ///< the first match decides
  std::string model;                 ///< its name for the record; empty: none is asked
  Millis wait = limits::triage_wait; ///< for its verdict
  bool operator==(const Triage&) const = default;
};
/// Immutable. An open incident keeps the plan it was opened under.
struct Config {
  std::string version; ///< digest of the configuration's text
  std::vector<Person> people;
  std::vector<Policy> policies;
  Triage triage;
  std::vector<Route> routes; ///< the first match decides; none: recorded, nobody is called
  bool operator==(const Config&) const = default;
};

// Inputs
// -------------------------------------------------------------------------------------------------------------

/// Each start of the process, first input of it. Calls that are still open get a RecoverCall.
struct Started {
  std::string installation; ///< from the journal's first entry on: makes call ids unique among installations
};
struct ConfigChanged {
  Config config;
};
struct AlarmReported {
  AlarmEvent event;
  /// With AlarmState::alarm: who has taken the alarm at its source ("vcenter: sato"); empty: nobody has. An
  /// incident all of whose active alarms are taken is acknowledged by that, and nobody is called for it.
  std::string acknowledged_by{};
};
struct CallProgressed {
  CallId call;
  Progress progress = Progress::dialling;
  Dialog dialog; ///< with answered
};
struct KeyPressed {
  CallId call;
  char key = 0;
};
struct CallEnded {
  CallId call;
  LineOutcome outcome = LineOutcome::hung_up;
  std::string detail; ///< "486 Busy Here", "Q.850 17"
};
struct AcknowledgeAsked { ///< by API or console
  std::uint64_t incident = 0;
  std::string by;
};
struct ResolveAsked {
  std::uint64_t incident = 0;
  std::string by;
};
struct TestCallAsked {
  std::string request_id; ///< repeats are harmless
  std::string person;
  std::string text; ///< empty: the built-in test sentence
  std::string by;
};
struct TimePassed {};
/// To an AskTriage. Of a question that nobody waits for any more it is harmless.
struct TriageAnswered {
  std::string question;
  TriageAnswer answer;
};
using Input = std::variant<Started, ConfigChanged, AlarmReported, CallProgressed, KeyPressed, CallEnded,
                           AcknowledgeAsked, ResolveAsked, TestCallAsked, TimePassed, TriageAnswered>;

/// One line of JSON, {"type":"AlarmReported",...}: what the journal stores.
std::string encode(const Input& input);
Result<Input> decode(std::string_view text);

// Timeline
// -----------------------------------------------------------------------------------------------------------

enum class Happening : std::uint8_t {
  alarm,         ///< an alarm event arrived (detail: state and reason)
  repeated,      ///< the same alarm in the same state again
  opened,        ///< incident triggered
  not_called,    ///< recorded without a call (why: no_route, no_policy, severity)
  level_started, ///< detail: round and level
  dial_planned,  ///< waits for the person's line or a redial (why, until)
  dialling,      ///< PlaceCall released
  ringing,
  answered, ///< detail: the words of the message
  heard,
  key,          ///< detail: the key
  call_ended,   ///< detail: outcome and the carrier's words
  skipped,      ///< nobody reachable (why)
  acknowledged, ///< by whom
  reopened,     ///< fired again, or worse, after it was acknowledged
  cleared,      ///< one of its alarms is OK again
  resolved,
  last_resort, ///< all rounds are used up
  exhausted,   ///< nobody took it: on record, loudly
  recovered,   ///< a call of a dead predecessor is being ended
  triaged,     ///< severity by rule or model (why; detail: the severity and what it was; reason: the model's)
};
enum class Why : std::uint8_t {
  none,
  new_problem,
  same_group,
  duplicate,
  no_route,
  no_policy,
  no_method,
  unknown_person,
  line_busy_with_other,
  redial_busy,
  redial_no_answer,
  redial_no_key,
  redial_carrier,
  cannot_take,
  next_person,
  next_level,
  next_round,
  last_resort,
  restart,
  by_key,
  by_api,
  by_source,
  worse,
  fired_again,
  plan_used_up,
  test,
  by_rule,         ///< severity: a rule says so
  by_model,        ///< a model said so, just now
  by_equal_text,   ///< a model said so before, of the same text
  model_late,      ///< the rule's severity, for the model did not answer in time
  model_failed,    ///< the rule's severity, for the model cannot be reached
  model_malformed, ///< the rule's severity, for the model's answer was not in its form
  model_busy,      ///< the rule's severity, for too many alarms came at once
  overtaken,       ///< the rule's severity, for the same alarm changed while the model was asked
};
std::string_view to_text(Happening what);
std::string_view to_text(Why why);

struct TimelineEntry {
  Position position = 0;   ///< of the input that caused it
  std::uint32_t index = 0; ///< order within that input
  WallTime at{};
  std::uint64_t incident = 0;
  Happening what = Happening::alarm;
  Why why = Why::none;
  std::string person; ///< id, or empty
  std::string call;   ///< CallId's text, or empty
  std::string detail;
  SpokenText reason{}; ///< with triaged: the model's, in each language
};
json::value to_json(const TimelineEntry& entry);

// Effects, released after the commit
// ---------------------------------------------------------------------------------

struct PlaceCall {
  CallId call;
  std::uint64_t incident = 0;
  std::string person;
  ContactMethod method;
  Millis ring_max{};
  script::CallScript script;
};
/// The answer is on record: acknowledge it to the far end and speak. (RFC 3261: the ACK waits for this.)
struct ProceedCall {
  CallId call;
};
struct AnswerKey {
  CallId call;
  char key = 0;
  Verdict verdict = Verdict::not_recorded;
};
struct EndCall {
  CallId call;
  EndReason reason = EndReason::finished;
};
/// After a restart: end what the predecessor left under this token, then report CallEnded{lost}.
struct RecoverCall {
  CallId call;
  ContactMethod method;
  Progress progress = Progress::dialling;
  Dialog dialog;
};
struct Tell { ///< a new line in the timeline, for watchers
  TimelineEntry entry;
};
/// How severe is this? Wants a TriageAnswered, whatever comes of it; without one the rule's severity holds
/// after `wait`. Asked again at each start of the process while the engine waits.
struct AskTriage {
  std::string question; ///< the text's digest: equal texts have the same
  std::string text;     ///< see triage_text()
  Millis wait{};        ///< from now on
};
using Effect = std::variant<PlaceCall, ProceedCall, AnswerKey, EndCall, RecoverCall, Tell, AskTriage>;
/// Stable text of an effect, for digests of runs.
std::string encode(const Effect& effect);
/// What a model is shown of an alarm, one field a line: "alarm: ...", then machine, source, reason, what is
/// spoken, labels. At most limits::triage_text_bytes_max bytes; line breaks inside fields are blanks. Labels
/// that are addresses (http...) stay out: they may hold keys, and say nothing of severity.
std::string triage_text(const AlarmEvent& event);

// Reading the state
// --------------------------------------------------------------------------------------------------

enum class IncidentState : std::uint8_t { triggered, acknowledged, resolved };
std::string_view to_text(IncidentState state);
std::optional<IncidentState> parse_incident_state(std::string_view text);

struct AlarmView {
  std::string source, alarm, machine, reason;
  AlarmState state = AlarmState::alarm;
  Severity severity = Severity::critical;
  WallTime since{};
  SpokenText triage; ///< a model's reason for the severity; empty: no model gave one
};
struct IncidentView {
  std::uint64_t id = 0;
  IncidentState state = IncidentState::triggered;
  Severity severity = Severity::critical;
  bool is_test = false;
  bool call_worthy = false;
  bool exhausted = false; ///< the plan and the last resort are used up without a key
  std::string title;      ///< alarm and machine
  std::string policy;
  std::string config_version;
  WallTime opened_at{};
  std::optional<WallTime> acknowledged_at, resolved_at;
  std::string acknowledged_by, resolved_by;
  std::optional<WallTime> next_call_at; ///< a redial or the next level, when nobody is called before
  bool waits_for_line = false;          ///< who is next is in a call about another incident
  std::vector<AlarmView> alarms;
};
struct CallView {
  CallId call;
  std::uint64_t incident = 0;
  std::string person, address;
  Progress progress = Progress::dialling;
  WallTime placed_at{};
};
json::value to_json(const IncidentView& view);
json::value to_json(const CallView& view);

/// The open incident that holds an alarm.
struct AlarmHolder {
  std::uint64_t incident = 0;
  IncidentState state = IncidentState::triggered;
  std::string acknowledged_by;
};

/// How an alarm that is reported stands already.
struct Standing {
  bool is_known = false; ///< the event's id was taken: it changes nothing any more
  bool is_held = false;  ///< active in an open incident, or waiting for a model's verdict
  /// Of the newest incident that held the alarm and was resolved while it was still firing, by a person then.
  /// Nothing while it is held; incidents that are not kept any more are not found.
  std::optional<std::uint64_t> left_by;
  WallTime left_at{}; ///< when that was
  bool operator==(const Standing&) const = default;
};

struct Counts {
  std::size_t triggered = 0, acknowledged = 0, resolved_kept = 0, alarms_active = 0, calls_live = 0;
  std::uint64_t incidents_ever = 0, calls_ever = 0, exhausted_ever = 0, duplicates_ever = 0;
  std::size_t triage_waiting = 0; ///< alarm events that wait for a model's verdict
};

class Engine {
 public:
  Engine();
  ~Engine();
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;

  /// Fires what is due up to `at`, then takes the input. `at` below the last one counts as the last one.
  /// Effects are in the order they must be released; their key is (position, index).
  std::vector<Effect> apply(const Input& input, WallTime at, Position position);

  /// When TimePassed is wanted next; nothing while nobody waits. Early and repeated ones are harmless.
  std::optional<WallTime> next_due() const;

  /// True when the input would change nothing now (a repeat by its id): it need not be journaled again.
  bool is_repeat(const Input& input) const;

  std::string snapshot() const;
  static Result<Engine> restore(std::string_view text);

  Position last_position() const;
  const std::string& installation() const;
  const std::string& config_version() const;
  bool knows_person(std::string_view id) const;

  /// Newest first; at most `most`; of one state when given.
  std::vector<IncidentView> incidents(std::optional<IncidentState> state, std::size_t most) const;
  std::optional<IncidentView> incident(std::uint64_t id) const;
  std::vector<TimelineEntry> timeline(std::uint64_t incident) const;
  /// Nothing unless the alarm is active in an open incident.
  std::optional<AlarmHolder> holder(std::string_view source, std::string_view alarm) const;
  Standing standing(const AlarmEvent& event) const;
  std::vector<CallView> live_calls() const;
  Counts counts() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace kaden::incident
