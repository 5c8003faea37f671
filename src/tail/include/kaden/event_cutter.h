/// kaden/event_cutter.h - bytes of a log file as events of one or more lines. Room: tail. Uses: base,
/// charset. Threads: one owner. Errors: none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kaden/base.h"
#include "kaden/charset.h"
#include "kaden/decoder.h"
#include "kaden/posix_pattern.h"

namespace kaden::tail {

/// Cuts what is read into events. Empty lines are none. Events over limits::log_event_bytes_max are cut in
/// parts.
class EventCutter {
 public:
  struct Event {
    std::string text;        ///< valid UTF-8, not empty, without its line end
    std::uint64_t end = 0;   ///< offset in the file behind it
    bool is_garbled = false; ///< some of it is no text in the file's encoding, or is a zero byte
  };

  /// `start` may be null: each line is an event. `decoder` may be null: the file is UTF-8. They must outlive
  /// the cutter. `offset` is where a character begins, and a line in an encoding that shifts.
  EventCutter(const Pattern* start, std::uint64_t offset, Decoder* decoder = nullptr)
      : start_(start), decoder_(decoder), consumed_(offset) {}
  void feed(std::string_view bytes);
  /// The next whole event; with `last`, what is left as well.
  std::optional<Event> next(bool last = false);
  /// Offset behind the last event that next() gave.
  std::uint64_t consumed() const { return consumed_; }
  std::size_t pending() const { return buffer_.size() - begin_; }

 private:
  std::optional<Event> cut(std::size_t bytes);
  std::optional<std::size_t> event_end(bool last);
  std::size_t behind_line(std::string_view text) const;
  bool begins_event(std::string_view line) const;

  const Pattern* start_;
  Decoder* decoder_;
  std::uint64_t consumed_;
  charset::Shift shift_; ///< in which the event begins: it may be the next part of a long line
  std::string buffer_;
  std::size_t begin_ = 0; ///< of the event, in the buffer
  std::size_t line_ = 0;  ///< of the first line not looked at yet, from `begin_`
};

} // namespace kaden::tail
