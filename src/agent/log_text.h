/// log_text.h - bytes of a log file as events, and events as PutLogEvents. Room: agent, inside. Pure.
/// CloudWatch Logs API, PutLogEvents.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "kaden/base.h"
#include "pattern.h"

namespace kaden::agent {

/// Each byte that is not part of valid UTF-8 becomes U+FFFD.
std::string repaired_utf8(std::string_view text);
void put_json_text(std::string& out, std::string_view text);

/// Cuts what is read into events. Empty lines are none. Events over limits::log_event_bytes_max are cut in
/// parts.
class EventCutter {
 public:
  struct Event {
    std::string text;      ///< valid UTF-8, not empty, without its line end
    std::uint64_t end = 0; ///< offset in the file behind it
  };

  /// `start` may be null: each line is an event. It must outlive the cutter.
  EventCutter(const Pattern* start, std::uint64_t offset) : start_(start), consumed_(offset) {}
  void feed(std::string_view bytes);
  /// The next whole event; with `last`, what is left as well.
  std::optional<Event> next(bool last = false);
  /// Offset behind the last event that next() gave.
  std::uint64_t consumed() const { return consumed_; }
  std::size_t pending() const { return buffer_.size() - begin_; }

 private:
  std::optional<Event> cut(std::size_t bytes);
  std::optional<std::size_t> event_end(bool last);

  const Pattern* start_;
  std::uint64_t consumed_;
  std::string buffer_;
  std::size_t begin_ = 0; ///< of the event, in the buffer
  std::size_t line_ = 0;  ///< of the first line not looked at yet, from `begin_`
};

/// One PutLogEvents, growing.
class LogBatch {
 public:
  LogBatch(const std::string& group, const std::string& stream);
  /// False when it does not fit: then the batch has to go first. Times never fall within a batch.
  bool add(std::string_view message, WallTime at);
  std::size_t count() const { return count_; }
  std::string body() const { return text_ + "]}"; }

 private:
  std::string text_;
  std::size_t count_ = 0, bytes_ = 0;
  WallTime first_{}, last_{};
};

} // namespace kaden::agent
