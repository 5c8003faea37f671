#include "kaden/timeline_feed.h"
#include "kaden/limits/engine.h"

#include <algorithm>

namespace kaden::api {

namespace {
Cursor cursor_of(const incident::TimelineEntry& entry) {
  return {entry.position, entry.index};
}
} // namespace

std::string to_text(const Cursor& cursor) {
  return std::to_string(cursor.position) + "." + std::to_string(cursor.index);
}

Result<Cursor> parse_cursor(std::string_view text) {
  const auto parts = split(text, '.');
  const auto position = parse_int(parts[0]);
  const auto index = parts.size() == 2 ? parse_int(parts[1]) : 0;
  if (parts.size() > 2 || !position || !index || *position < 0 || *index < 0 || *index > UINT32_MAX) {
    return fail(Fault::invalid, "after: must be a cursor like 120.3, as the last answer gave it");
  }
  return Cursor{static_cast<incident::Position>(*position), static_cast<std::uint32_t>(*index)};
}

std::vector<incident::TimelineEntry> TimelineFeed::entries_after(Cursor after, std::size_t most) const {
  const auto from = std::upper_bound(entries_.begin(), entries_.end(), after,
                                     [](Cursor at, const auto& entry) { return at < cursor_of(entry); });
  const auto count = std::min(most, static_cast<std::size_t>(entries_.end() - from));
  return {from, from + static_cast<std::ptrdiff_t>(count)};
}

void TimelineFeed::push(const incident::TimelineEntry& entry) {
  std::vector<Waiter> ready;
  {
    std::lock_guard lock(mutex_);
    entries_.push_back(entry);
    if (entries_.size() > limits::feed_entries_max) entries_.pop_front();
    ready.swap(waiters_);
  }
  for (Waiter& waiter : ready) next(waiter.after, waiter.most, waiter.until, std::move(waiter.take));
}

void TimelineFeed::next(Cursor after, std::size_t most, SteadyTime until, Take take) {
  std::vector<incident::TimelineEntry> entries;
  {
    std::lock_guard lock(mutex_);
    entries = entries_after(after, most);
    if (entries.empty() && waiters_.size() < limits::feed_waiters_max) {
      waiters_.push_back({after, most, until, std::move(take)});
      return;
    }
  }
  take(std::move(entries));
}

Cursor TimelineFeed::newest() const {
  std::lock_guard lock(mutex_);
  return entries_.empty() ? Cursor{} : cursor_of(entries_.back());
}

void TimelineFeed::sweep(SteadyTime now) {
  std::vector<Waiter> late;
  {
    std::lock_guard lock(mutex_);
    const auto first_late = std::stable_partition(waiters_.begin(), waiters_.end(),
                                                  [&](const Waiter& waiter) { return waiter.until > now; });
    std::move(first_late, waiters_.end(), std::back_inserter(late));
    waiters_.erase(first_late, waiters_.end());
  }
  for (Waiter& waiter : late) waiter.take({});
}

} // namespace kaden::api
