// One alarm as the book keeps it.
#pragma once

#include "kaden/alarm_book.h"

namespace kaden::alarm {

struct AlarmBook::Alarm {
  // Config
  AlarmKey key;
  Condition condition;
  std::unique_ptr<const Definition> definition; // put by API
  std::shared_ptr<const Rule> rule;             // made by a rule; exactly one of the two is set
  WallTime defined_at{};
  Series* series = nullptr; // borrowed from the store, watched
  WallTime known_from{};    // an absent datapoint of a period that begins earlier is unknown
  // State
  AlarmState state = AlarmState::insufficient_data;
  WallTime changed_at{};
  WallTime updated_at{};
  std::string reason = "Unchecked: Initial alarm creation";
  std::string reason_data;
  std::size_t slot = 0; // where it stands in its due list
};

/// The state as text; `metric` is null for alarms put by API, whose definition is stored apart.
struct SavedState {
  AlarmState state = AlarmState::insufficient_data;
  WallTime changed_at{};
  WallTime updated_at{};
  std::string reason, reason_data;
  std::string rule;               ///< empty for alarms put by API
  std::optional<MetricId> metric; ///< of a rule's alarm
};
std::string to_text(const SavedState& saved);
Result<SavedState> parse_saved_state(const std::string& text);

bool rule_matches(const Rule& rule, const MetricId& metric);

} // namespace kaden::alarm
