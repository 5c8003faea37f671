/// kaden/timeline_feed.h - the newest timeline entries, and those who wait for the next one. Room: api.
/// Uses: base, incident. Threads: any; waiters are called back on the thread that pushes or sweeps.
/// Errors: none; more than limits::feed_waiters_max waiters are answered at once.
#pragma once

#include <compare>
#include <deque>
#include <functional>
#include <mutex>
#include <string_view>
#include <vector>

#include "kaden/base.h"
#include "kaden/incident.h"

namespace kaden::api {

/// A place in the timeline: "position.index". Entries after it are newer.
struct Cursor {
  incident::Position position = 0;
  std::uint32_t index = 0;
  auto operator<=>(const Cursor&) const = default;
};
std::string to_text(const Cursor& cursor);
Result<Cursor> parse_cursor(std::string_view text);

class TimelineFeed {
 public:
  using Take = std::function<void(std::vector<incident::TimelineEntry>)>;

  void push(const incident::TimelineEntry& entry);
  /// At most `most` entries after `after`; with none, waits for the next push or for sweep() after `until`.
  void next(Cursor after, std::size_t most, SteadyTime until, Take take);
  /// Where the newest entry stands.
  Cursor newest() const;
  /// Answers waiters whose time is up with nothing. Called every second or so.
  void sweep(SteadyTime now);

 private:
  struct Waiter {
    Cursor after;
    std::size_t most;
    SteadyTime until;
    Take take;
  };
  std::vector<incident::TimelineEntry> entries_after(Cursor after, std::size_t most) const;

  mutable std::mutex mutex_;
  std::deque<incident::TimelineEntry> entries_; // oldest first, at most limits::feed_entries_max
  std::vector<Waiter> waiters_;
};

} // namespace kaden::api
