/// kaden/log_taps.h - lines that were sent to log groups (PutLogEvents), on their way to watched logs. Room:
/// source/logs. Uses: base. Threads: any. Errors: none; a full tap drops lines and counts them.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "kaden/base.h"

namespace kaden::logs {

struct TappedLine {
  WallTime at{};
  std::string group, stream, text;
};

/// One watched log's end: bounded.
class Tap {
 public:
  /// `groups` are globs.
  explicit Tap(std::vector<std::string> groups) : groups_(std::move(groups)) {}
  bool wants(const std::string& group) const;
  void put(TappedLine line);
  /// True when more is there than `most`.
  bool take(std::vector<TappedLine>& out, std::size_t most);
  void wait(Millis most);
  std::uint64_t dropped() const;

 private:
  const std::vector<std::string> groups_;
  mutable std::mutex mutex_;
  std::condition_variable came_;
  std::vector<TappedLine> lines_; // newest last
  std::size_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
};

/// All taps that are open. Outlives whoever calls it.
class Taps {
 public:
  /// It is closed when the last copy goes.
  std::shared_ptr<Tap> open(std::vector<std::string> groups);
  /// Taps that want the group, to put its lines into; most groups have none.
  std::vector<std::shared_ptr<Tap>> of(const std::string& group);

 private:
  std::mutex mutex_;
  std::vector<std::weak_ptr<Tap>> taps_;
};

} // namespace kaden::logs
