/// kaden/words.h - the few words every room shares: languages, severities, alarm states. Room: base.
/// Threads: values; any. Errors: parse functions return nullopt.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace kaden {

// Stored in the journal as text; the numbers order severities.
enum class Language : std::uint8_t { ja, en };
enum class Severity : std::uint8_t { info = 0, warning = 1, error = 2, critical = 3 };
/// As in Amazon CloudWatch.
enum class AlarmState : std::uint8_t { ok, alarm, insufficient_data };

std::string_view to_text(Language language); ///< "ja", "en"
std::string_view to_text(Severity severity); ///< "info" ... "critical"
std::string_view to_text(AlarmState state);  ///< "OK", "ALARM", "INSUFFICIENT_DATA"
std::optional<Language> parse_language(std::string_view text);
std::optional<Severity> parse_severity(std::string_view text);
std::optional<AlarmState> parse_alarm_state(std::string_view text);

/// What to say, per language, as a template: "{machine} の CPU が {value} パーセントです". See script.h for
/// the fields.
using SpokenText = std::map<Language, std::string>;

} // namespace kaden
