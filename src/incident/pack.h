/// incident/pack.h - a small binary form for what is held many times: timelines, alarms, snapshots. Room:
/// incident. Numbers are LEB128 (little-endian groups of 7 bits), text is its length and its bytes. No
/// versions inside: the snapshot's first line names the form. Threads: values; any. Errors: Unpacker turns
/// bad() and then yields zeros and empty texts; check once at the end.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kaden/base.h"

namespace kaden::incident {

class Packer {
 public:
  void number(std::uint64_t value);
  void text(std::string_view value);
  /// Zigzag: times before 1970 stay short.
  void time(WallTime at);
  void wait(Millis wait) { time(WallTime(wait)); }
  void flag(bool value) { number(value ? 1 : 0); }
  template <class Enum>
  void word(Enum value) {
    number(static_cast<std::uint64_t>(value));
  }
  const std::string& bytes() const { return bytes_; }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : left_(bytes) {}

  std::uint64_t number();
  /// At most `most`; more turns bad.
  std::uint64_t number(std::uint64_t most);
  /// Points into the bytes given.
  std::string_view text();
  WallTime time();
  Millis wait() { return time().time_since_epoch(); }
  bool flag() { return number(1) == 1; }
  template <class Enum>
  Enum word(Enum last) {
    return static_cast<Enum>(number(static_cast<std::uint64_t>(last)));
  }
  /// How many items follow; each takes at least one byte, so a lie cannot make us reserve much.
  std::size_t count() { return static_cast<std::size_t>(number(left_.size())); }

  void spoil() { bad_ = true; }
  bool bad() const { return bad_; }
  bool done() const { return bad_ || left_.empty(); }

 private:
  std::string_view left_;
  bool bad_ = false;
};

} // namespace kaden::incident
