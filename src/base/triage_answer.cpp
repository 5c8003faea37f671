#include "kaden/triage_answer.h"

#include <array>

#include "kaden/limits/triage.h"
#include "kaden/text.h"

namespace kaden {

namespace {

constexpr std::array outcomes = {TriageOutcome::judged, TriageOutcome::late, TriageOutcome::failed,
                                 TriageOutcome::malformed, TriageOutcome::busy};

/// The next character of text that is valid UTF-8; what it took is taken off.
char32_t next_of(std::string_view& text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const std::size_t size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  char32_t character = size == 1 ? first : first & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) character = character << 6 | (byte(i) & 0x3FU);
  text.remove_prefix(size);
  return character;
}

/// C0, C1, line and paragraph separators, what turns the direction of text, what nobody sees (Unicode 15,
/// section 23.2, and Default_Ignorable_Code_Point where it hides text).
bool is_hidden(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x61C || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF ||
         (c >= 0xFFF0 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE0FFF);
}

} // namespace

std::string_view to_text(TriageOutcome outcome) {
  switch (outcome) {
    case TriageOutcome::judged:
      return "judged";
    case TriageOutcome::late:
      return "late";
    case TriageOutcome::failed:
      return "failed";
    case TriageOutcome::malformed:
      return "malformed";
    case TriageOutcome::busy:
      return "busy";
  }
  return "";
}

std::optional<TriageOutcome> parse_triage_outcome(std::string_view text) {
  for (const TriageOutcome outcome : outcomes) {
    if (text == to_text(outcome)) return outcome;
  }
  return std::nullopt;
}

std::string_view fault_of_reason(std::string_view reason) {
  if (reason.size() > limits::triage_reason_bytes_max) return "is too long";
  if (!is_valid_utf8(reason)) return "is not UTF-8";
  if (trim(reason).empty()) return "is empty";
  for (std::string_view left = reason; !left.empty();) {
    const char32_t c = next_of(left);
    if (c == '\n' || c == '\r' || c == 0x2028 || c == 0x2029) return "has more than one line";
    if (is_hidden(c)) return "has control or hidden characters";
  }
  return "";
}

} // namespace kaden
