/// app/hook_store.h - what webhooks, or mail, received, for a while, and the last state of their alarms.
/// Room: app. Uses: base, sqlite. A file of its own, "webhooks.db" or "mails.db": alarms and calls never wait
/// for it, and go on when it cannot be written. Commits survive a kill of the process; a power loss may cost
/// the newest, unless they are fsynced. Threads: any, serialised inside. Errors: unavailable, corrupt.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "kaden/base.h"
#include "kaden/limits/webhooks.h"
#include "kaden/sqlite.h"

namespace kaden::app {

/// One delivery. Tokens are not in it.
struct Kept {
  std::int64_t number = 0; ///< from 1, never used again
  std::string webhook;     ///< or mail listener
  WallTime at{};
  std::string call; ///< see webhook::Delivery; of a mail its envelope as JSON
  std::string body;
  int status = 0;      ///< of our answer; 0: not answered yet
  std::string outcome; ///< a sentence
  std::int64_t events = 0;
  std::int64_t bytes = 0; ///< of the body
};
json::object to_json(const Kept& kept, bool with_body);

/// What is known of an alarm when its next report comes.
struct Noted {
  WallTime since{};     ///< when it came into the state that was reported now
  bool is_old = false;  ///< a newer change was reported before
  bool is_same = false; ///< it was in this state already
};

/// How much of one webhook, or listener, is kept.
struct ShelfLife {
  std::size_t count_max = limits::webhook_kept_max;
  std::size_t bytes_max = limits::webhook_kept_bytes_max;
  Millis age_max = limits::webhook_kept_age_max;
  bool is_fsynced = false;
};

class HookStore {
 public:
  static Result<std::unique_ptr<HookStore>> open(const std::string& path, const ShelfLife& shelf = {});

  /// Takes a delivery and drops what is beyond the limits of its webhook. Gives its number.
  Result<std::int64_t> keep(const Kept& kept);
  Result<void> settle(std::int64_t number, int status, const std::string& outcome, std::int64_t events);
  /// Newest first, without bodies; of one webhook unless the name is empty.
  Result<std::vector<Kept>> list(const std::string& webhook, std::int64_t most) const;
  Result<std::optional<Kept>> find(std::int64_t number) const;

  /// Notes that the alarm is in this state. A repeat of the same state, and of the same change, gives the
  /// same answer, also after a crash in between. `since` only grows, whatever the wall clock does.
  Result<Noted> note(const std::string& source, const std::string& alarm, AlarmState state,
                     std::optional<WallTime> changed_at, WallTime now);
  /// The alarm, which note() knows, came into its state anew: gives since when.
  Result<WallTime> note_anew(const std::string& source, const std::string& alarm, WallTime now);

 private:
  HookStore(sqlite::Database database, const ShelfLife& shelf)
      : shelf_(shelf), database_(std::move(database)) {}
  Result<void> trim(const std::string& webhook, WallTime now);
  Result<void> trim_alarms(WallTime now);

  const ShelfLife shelf_;
  mutable std::mutex mutex_;
  sqlite::Database database_;
  std::int64_t notes_ = 0; // since the last trimming of alarms
};

} // namespace kaden::app
