/// kaden/script.h - what a call says and which keys it takes, as a state machine over values. Room: script.
/// Uses: base. Pure. Threads: values; any. Errors: none at run time; expand() never fails (unknown fields are
/// spoken as nothing). Rules: speech starts at the answer and never waits for answering-machine detection; a
/// key interrupts speech; an outcome is spoken only when the engine has answered the key; the call ends by
/// itself (limits::talk_max, loops).
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "kaden/base.h"

namespace kaden::script {

enum class SpanKind : std::uint8_t {
  words, ///< plain language
  name,  ///< a machine's name: read by speech's rules so that a person recognises it
};
struct Span {
  SpanKind kind = SpanKind::words;
  std::string text;
  bool operator==(const Span&) const = default;
};
/// A sentence in one language.
struct Utterance {
  Language language = Language::en;
  std::vector<Span> spans;
  bool operator==(const Utterance&) const = default;
};

/// What a call can say. Stored as text; never rename.
enum class Line : std::uint8_t {
  message,      ///< severity, machine, what is wrong
  menu,         ///< "press 1 to take it, 2 if you cannot, 3 to hear it again"
  acknowledged, ///< after Verdict::acknowledged
  already_taken,
  already_resolved,
  passed_on,
  not_recorded, ///< the key could not be stored; press it again
  wrong_key,
  cleared,        ///< the alarm cleared while we spoke
  taken_by_other, ///< somebody else took it while we spoke
  goodbye,        ///< loops are used up without a key
};
inline constexpr std::size_t line_count = 11;

/// Every line's text for one call; what is in here is exactly what is heard. Frozen when the call is placed.
struct CallScript {
  Language language = Language::en;
  std::array<Utterance, line_count> lines;
  const Utterance& line(Line which) const { return lines[static_cast<std::size_t>(which)]; }
  bool operator==(const CallScript&) const = default;
};

std::string_view to_text(Line line);
std::string_view to_text(SpanKind kind);
/// For logs and timelines: spans joined, names as they are written.
std::string to_text(const Utterance& utterance);
json::value to_json(const CallScript& script);
Result<CallScript> call_script_from_json(const json::value& value);

/// Fields for templates: machine, alarm, severity (as spoken() gives it), reason, and labels by their names.
using FieldValues = std::map<std::string, std::string>;

/// "{machine} is down" with machine=web-01 gives words and a name span. "{{" and "}}" are braces. {machine}
/// and {host} are name spans, and so is any {x:name}; other fields are words. Blanks are collapsed; empty
/// fields vanish.
Utterance expand(Language language, std::string_view text, const FieldValues& fields);
/// For a sentence that stands alone: each field of the template means itself, so that {web-01:name} is read
/// as the name web-01.
FieldValues fields_as_written(std::string_view text);
/// Checks a template at load time: Fault::invalid with the 1-based character column of the fault.
Result<void> check_template(std::string_view text);

/// The whole script for one call: the built-in sentences of the language around `message` (from expand()). A
/// test call says so before the message, which may be empty, and when its key was taken.
CallScript make_call_script(Language language, const Utterance& message, bool is_test);
/// The built-in message when a rule has no text: severity, machine, alarm name.
Utterance default_message(Language language, const FieldValues& fields);
/// "critical", "重大"
std::string_view spoken(Language language, Severity severity);

// The machine -------------------------------------------------------------------------------------------

struct Answered {};
struct LinePlayed {
  Line line;
};
struct KeyDown {
  char key; ///< 0-9 * # A-D
};
/// The engine's answer to the key we reported.
struct Judged {
  Verdict verdict;
};
/// The call is over for a reason outside: say so if that helps, then hang up.
struct Ended {
  EndReason reason;
};
struct Tick {};
using Event = std::variant<Answered, LinePlayed, KeyDown, Judged, Ended, Tick>;

struct Play {
  Line line; ///< stop what is playing and start this; LinePlayed follows when it ended by itself
  bool operator==(const Play&) const = default;
};
struct Silence { ///< stop playing
  bool operator==(const Silence&) const = default;
};
struct ReportKey {
  char key; ///< to the engine; without a Judged in limits::verdict_wait_max, not_recorded is said
  bool operator==(const ReportKey&) const = default;
};
struct ReportHeard { ///< the message was played to its end for the first time
  bool operator==(const ReportHeard&) const = default;
};
struct HangUp {
  bool operator==(const HangUp&) const = default;
};
using Action = std::variant<Play, Silence, ReportKey, ReportHeard, HangUp>;

/// The state between two events. Copyable; equal states behave equally.
struct State {
  enum class Phase : std::uint8_t { waiting, message, menu, pause, judging, closing, done };
  Phase phase = Phase::waiting;
  int loops = 0;        ///< how often message and menu were played
  char pending_key = 0; ///< reported, not judged yet
  bool heard = false;
  std::optional<Line> playing; ///< a LinePlayed of any other line is late and ignored
  SteadyTime answered_at{};
  std::optional<SteadyTime> due; ///< feed a Tick then (early and late ones are harmless)
  bool operator==(const State&) const = default;
};

/// The new state in place, and what to do, in order. Keys 1 and 2 are taken until the last word is being
/// said, during the goodbye too; a verdict that comes after not_recorded was said is still spoken.
std::vector<Action> step(State& state, const Event& event, SteadyTime now);

} // namespace kaden::script
