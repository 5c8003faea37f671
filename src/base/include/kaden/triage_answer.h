/// kaden/triage_answer.h - what a model said of an alarm's text, or why it said nothing: from the triage room
/// to the engine. Room: base. Threads: values; any. Errors: parse functions return nullopt. Stored as text in
/// the journal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kaden/words.h"

namespace kaden {

enum class TriageOutcome : std::uint8_t {
  judged,    ///< severity and reason are the model's
  late,      ///< no answer within the time limit
  failed,    ///< the model cannot be reached, or refused the question
  malformed, ///< it answered, but not in the form that was asked for: nothing of it is used
  busy,      ///< too many questions at once
};
std::string_view to_text(TriageOutcome outcome);
std::optional<TriageOutcome> parse_triage_outcome(std::string_view text);

struct TriageAnswer {
  TriageOutcome outcome = TriageOutcome::failed;
  Severity severity = Severity::critical; ///< with judged
  SpokenText reason{};                    ///< with judged: one line, in each language
  std::string detail{};                   ///< otherwise: what went wrong, for the record
  bool operator==(const TriageAnswer&) const = default;
};

/// A reason that may be spoken and shown: one line of 1 to limits::triage_reason_bytes_max bytes of UTF-8
/// without control, direction or invisible characters. Empty: it is one; else what is wrong with it.
std::string_view fault_of_reason(std::string_view reason);

} // namespace kaden
