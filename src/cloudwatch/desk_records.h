// Under which names the desk keeps its records.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kaden/alarm_book.h"

namespace kaden::cloudwatch {

inline const std::string definitions = "alarm";           // key: the alarm's name
inline const std::string composites = "alarm_composite";  // the same
inline const std::string states = "alarm_state";          // key: source/name
inline const std::string history_items = "alarm_history"; // key: its number, so that they come back in order

// Rules' alarms whose actions are disabled. Key: the alarm's name; value: since when.
inline const std::string disabled_by_name = "alarm_disabled";

inline std::string state_key(const alarm::AlarmKey& key) {
  return std::string(alarm::source_of(key.origin)) + "/" + key.name;
}

inline std::optional<alarm::AlarmKey> parse_state_key(const std::string& text) {
  const std::size_t slash = text.find('/');
  const auto origin = alarm::parse_source(std::string_view(text).substr(0, slash));
  if (!origin || slash == std::string::npos) return std::nullopt;
  return alarm::AlarmKey{text.substr(slash + 1), *origin};
}

} // namespace kaden::cloudwatch
