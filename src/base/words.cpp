#include "kaden/words.h"

#include "kaden/text.h"

namespace kaden {

std::string_view to_text(Language language) {
  switch (language) {
    case Language::ja:
      return "ja";
    case Language::en:
      return "en";
  }
  return "";
}

std::string_view to_text(Severity severity) {
  switch (severity) {
    case Severity::info:
      return "info";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
    case Severity::critical:
      return "critical";
  }
  return "";
}

std::string_view to_text(AlarmState state) {
  switch (state) {
    case AlarmState::ok:
      return "OK";
    case AlarmState::alarm:
      return "ALARM";
    case AlarmState::insufficient_data:
      return "INSUFFICIENT_DATA";
  }
  return "";
}

std::optional<Language> parse_language(std::string_view text) {
  for (const Language language : {Language::ja, Language::en}) {
    if (text == to_text(language)) return language;
  }
  return std::nullopt;
}

std::optional<Severity> parse_severity(std::string_view text) {
  for (const Severity severity : {Severity::info, Severity::warning, Severity::error, Severity::critical}) {
    if (text == to_text(severity)) return severity;
  }
  return std::nullopt;
}

std::optional<AlarmState> parse_alarm_state(std::string_view text) {
  for (const AlarmState state : {AlarmState::ok, AlarmState::alarm, AlarmState::insufficient_data}) {
    if (text == to_text(state)) return state;
  }
  return std::nullopt;
}

} // namespace kaden
