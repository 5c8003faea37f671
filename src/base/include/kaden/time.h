/// kaden/time.h - two kinds of time that cannot be mixed up. Room: base.
/// Wall time is UTC, is stored, and may step; steady time only measures waits and is never stored.
/// Neither has a now(): time is an argument (runtime's Clock asks the kernel). Durations are whole
/// milliseconds. Threads: values; any. Errors: parse functions return Fault::invalid.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "kaden/result.h"

namespace kaden {

using Millis = std::chrono::duration<std::int64_t, std::milli>;

struct WallKind {
  using rep = std::int64_t;
  using period = std::milli;
  using duration = Millis;
  using time_point = std::chrono::time_point<WallKind, Millis>;
  static constexpr bool is_steady = false;
};
struct SteadyKind {
  using rep = std::int64_t;
  using period = std::milli;
  using duration = Millis;
  using time_point = std::chrono::time_point<SteadyKind, Millis>;
  static constexpr bool is_steady = true;
};

/// Milliseconds since 1970-01-01T00:00:00Z, leap seconds ignored.
using WallTime = WallKind::time_point;
/// Milliseconds since an arbitrary start; only differences mean anything.
using SteadyTime = SteadyKind::time_point;

constexpr WallTime wall_time(std::int64_t ms_since_epoch) {
  return WallTime(Millis(ms_since_epoch));
}
constexpr std::int64_t to_ms(WallTime at) {
  return at.time_since_epoch().count();
}
constexpr Millis seconds(std::int64_t n) {
  return Millis(n * 1000);
}

/// "2026-11-23T06:43:30.125Z" (milliseconds left out when zero); years 0001 to 9999.
std::string to_iso8601(WallTime at);
/// ISO 8601 as AWS and RFC 3339 write it: date, 'T', time, optional fraction (cut to ms), 'Z' or ±hh:mm or
/// ±hhmm.
Result<WallTime> parse_iso8601(std::string_view text);
/// "90 s", "2 min", "1 h 30 min": for people.
std::string to_words(Millis duration);

} // namespace kaden
