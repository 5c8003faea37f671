/// sim/chance.h - all chance of a run, from its seed: splitmix64, whole numbers only, the same on every
/// machine. (The standard library's distributions differ between libraries.) Threads: one. Errors: none.
#pragma once

#include <cstdint>

#include "kaden/base.h"

namespace kaden::sim {

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15U;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
  }
  /// 0 to n-1; n at least 1. The tiny bias of the remainder does not matter here.
  std::uint64_t below(std::uint64_t n) { return next() % n; }
  /// True `times` in a thousand.
  bool per_mille(std::uint64_t times) { return below(1'000) < times; }
  Millis between(Millis least, Millis most) {
    return least +
           Millis(static_cast<std::int64_t>(below(static_cast<std::uint64_t>((most - least).count()) + 1)));
  }

 private:
  std::uint64_t state_;
};

} // namespace kaden::sim
