// One alarm as the book keeps it.
#pragma once

#include "kaden/alarm_book.h"
#include "kaden/pattern.h"
#include "query_plan.h"

namespace kaden::alarm {

/// A rule with its patterns ready.
struct AlarmBook::RuleInForce {
  Rule rule;
  std::vector<std::pair<std::string, Pattern>> patterns;
  explicit RuleInForce(Rule made);
  bool matches(const MetricId& metric) const;
};

struct AlarmBook::Alarm {
  // Config: exactly one of the three is set
  std::unique_ptr<const Definition> definition;         // put by API
  std::unique_ptr<const CompositeDefinition> composite; // the same
  std::shared_ptr<const RuleInForce> rule;              // made by a rule
  AlarmKey key;
  Condition condition;
  WallTime defined_at{};
  WallTime known_from{}; // an absent datapoint of a period that begins earlier is unknown
  /// Borrowed from the store, watched: the metric; of an alarm on metric math those of its plan, in its
  /// order; of a silence all that came.
  std::vector<Series*> series;
  std::unique_ptr<const QueryPlan> plan; // metric math
  std::string machine;                   // of a rule's silence
  bool is_silence = false;
  bool actions_enabled = true; // of a rule's alarm; others have it in their definition
  Millis window_offset{};      // wall clock windows
  // State
  AlarmState state = AlarmState::insufficient_data;
  WallTime changed_at{};
  WallTime updated_at{};
  std::string reason = "Unchecked: Initial alarm creation";
  std::string reason_data;
  std::string evaluation_error;
  std::size_t slot = 0; // where it stands in its due list
  bool settled = false; // nothing real, unknown or changed in its range: until data comes it stays as it is
  std::uint64_t puts_seen = 0;
  // Composite
  std::unique_ptr<const CompositeRule> tree;
  std::optional<std::vector<AlarmState>> seen; // the children's states when it was last evaluated
  bool in_circle = false;
  SuppressedBy suppressed_by = SuppressedBy::nothing;
  WallTime suppressed_until{};
  bool held_back = false; // actions of a change wait for the suppressor

  AlarmType type() const { return composite != nullptr ? AlarmType::composite : AlarmType::metric; }
};

/// The state as text; `metric` is null for alarms put by API, whose definition is stored apart.
struct SavedState {
  AlarmState state = AlarmState::insufficient_data;
  WallTime changed_at{};
  WallTime updated_at{};
  std::string reason, reason_data;
  std::string rule;                            ///< empty for alarms put by API
  std::optional<MetricId> metric;              ///< of a rule's alarm
  std::string tree;                            ///< digest of a composite alarm's rule; empty for others
  std::optional<std::vector<AlarmState>> seen; ///< as the alarm's own, under that rule
  SuppressedBy suppressed_by = SuppressedBy::nothing;
  WallTime suppressed_until{};
  bool held_back = false;
};
std::string to_text(const SavedState& saved);
Result<SavedState> parse_saved_state(const std::string& text);

} // namespace kaden::alarm
