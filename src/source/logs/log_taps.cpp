#include "kaden/log_taps.h"

#include <algorithm>
#include <iterator>

#include "kaden/limits/log_sources.h"

namespace kaden::logs {

bool Tap::wants(const std::string& group) const {
  return std::any_of(groups_.begin(), groups_.end(),
                     [&](const std::string& glob) { return glob_match(glob, group); });
}

void Tap::put(TappedLine line) {
  {
    std::lock_guard lock(mutex_);
    if (bytes_ >= limits::syslog_queue_bytes_max || lines_.size() >= limits::syslog_queue_messages_max) {
      ++dropped_;
      return;
    }
    bytes_ += line.text.size();
    lines_.push_back(std::move(line));
  }
  came_.notify_one();
}

bool Tap::take(std::vector<TappedLine>& out, std::size_t most) {
  std::lock_guard lock(mutex_);
  const auto count = static_cast<std::ptrdiff_t>(std::min(most, lines_.size()));
  const auto end = lines_.begin() + count;
  for (auto at = lines_.begin(); at != end; ++at) bytes_ -= at->text.size();
  std::move(lines_.begin(), end, std::back_inserter(out));
  lines_.erase(lines_.begin(), end);
  return !lines_.empty();
}

void Tap::wait(Millis most) {
  std::unique_lock lock(mutex_);
  came_.wait_for(lock, most, [this] { return !lines_.empty(); });
}

std::uint64_t Tap::dropped() const {
  std::lock_guard lock(mutex_);
  return dropped_;
}

std::shared_ptr<Tap> Taps::open(std::vector<std::string> groups) {
  auto tap = std::make_shared<Tap>(std::move(groups));
  std::lock_guard lock(mutex_);
  std::erase_if(taps_, [](const std::weak_ptr<Tap>& each) { return each.expired(); });
  taps_.push_back(tap);
  return tap;
}

std::vector<std::shared_ptr<Tap>> Taps::of(const std::string& group) {
  std::vector<std::shared_ptr<Tap>> found;
  std::lock_guard lock(mutex_);
  for (const auto& each : taps_) {
    if (auto tap = each.lock(); tap && tap->wants(group)) found.push_back(std::move(tap));
  }
  return found;
}

} // namespace kaden::logs
