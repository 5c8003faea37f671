#include "kaden/call.h"

namespace kaden {

namespace {
/// The enum value below `count` whose text is `text`. All enums here count from 0 without gaps.
template <class Enum>
std::optional<Enum> parse_by_text(std::string_view text, int count) {
  for (int i = 0; i < count; ++i) {
    if (to_text(static_cast<Enum>(i)) == text) return static_cast<Enum>(i);
  }
  return std::nullopt;
}
} // namespace

std::string_view to_text(Progress progress) {
  switch (progress) {
    case Progress::dialling:
      return "dialling";
    case Progress::ringing:
      return "ringing";
    case Progress::answered:
      return "answered";
    case Progress::heard:
      return "heard";
  }
  return "";
}

std::string_view to_text(LineOutcome outcome) {
  switch (outcome) {
    case LineOutcome::hung_up:
      return "hung_up";
    case LineOutcome::no_answer:
      return "no_answer";
    case LineOutcome::busy:
      return "busy";
    case LineOutcome::declined:
      return "declined";
    case LineOutcome::bad_number:
      return "bad_number";
    case LineOutcome::carrier_failed:
      return "carrier_failed";
    case LineOutcome::forbidden:
      return "forbidden";
    case LineOutcome::cancelled:
      return "cancelled";
    case LineOutcome::no_media:
      return "no_media";
    case LineOutcome::lost:
      return "lost";
  }
  return "";
}

std::string_view to_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::acknowledged:
      return "acknowledged";
    case Verdict::already_taken:
      return "already_taken";
    case Verdict::already_resolved:
      return "already_resolved";
    case Verdict::passed_on:
      return "passed_on";
    case Verdict::not_recorded:
      return "not_recorded";
  }
  return "";
}

std::string_view to_text(EndReason reason) {
  switch (reason) {
    case EndReason::taken_by_other:
      return "taken_by_other";
    case EndReason::resolved:
      return "resolved";
    case EndReason::ring_limit:
      return "ring_limit";
    case EndReason::finished:
      return "finished";
    case EndReason::shutdown:
      return "shutdown";
  }
  return "";
}

std::optional<Progress> parse_progress(std::string_view text) {
  return parse_by_text<Progress>(text, 4);
}
std::optional<LineOutcome> parse_line_outcome(std::string_view text) {
  return parse_by_text<LineOutcome>(text, 10);
}
std::optional<Verdict> parse_verdict(std::string_view text) {
  return parse_by_text<Verdict>(text, 5);
}
std::optional<EndReason> parse_end_reason(std::string_view text) {
  return parse_by_text<EndReason>(text, 5);
}

} // namespace kaden
