/// kaden/readability.h - when what cannot be read is an alarm of its own. Room: base. Threads: values; any.
/// Errors: corrupt, for a stored state that is none.
#pragma once

#include <cstdint>
#include <optional>

#include "kaden/json.h"
#include "kaden/result.h"
#include "kaden/time.h"

namespace kaden {

/// Whether something has been unreadable for so long that this is an alarm of its own. Stored by its owner.
class Readability {
 public:
  enum class Change : std::uint8_t { none, unreadable, readable };

  explicit Readability(Millis unreadable_after) : after_(unreadable_after) {}
  /// As it was left. Only what has been failing is told.
  Readability(Millis unreadable_after, std::optional<WallTime> failing_since, bool is_told)
      : after_(unreadable_after), since_(failing_since), is_told_(is_told && failing_since) {}
  /// A look failed. A wall clock that steps back begins the wait anew.
  Change failed(WallTime now);
  Change read();
  /// When the failures began; nothing while it is readable. Names the alarm's event: one for each outage.
  std::optional<WallTime> failing_since() const { return since_; }
  bool is_told() const { return is_told_; }
  json::value save() const;
  /// Errors: corrupt, with the member's name.
  Result<void> restore(const json::value& saved);

 private:
  // Config
  Millis after_;
  // State
  std::optional<WallTime> since_;
  bool is_told_ = false;
};

} // namespace kaden
