// A rate with a burst: what is left grows with time and is taken by use.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kaden/base.h"

namespace kaden::cloudwatch {

class TokenBucket {
 public:
  /// Full at first. `per_s` and `burst` up to 2^40.
  TokenBucket(std::int64_t per_s, std::int64_t burst, SteadyTime now)
      : per_s_(per_s), most_(burst * thousandths), left_(most_), filled_at_(now) {}

  /// Takes `count` when anything is left: one large use may go into debt, which time pays back first. So
  /// nothing is too large for ever, and the rate holds on the whole.
  bool take(std::int64_t count, SteadyTime now) {
    if (!has_any(now)) return false;
    left_ -= count * thousandths;
    return true;
  }
  bool has_any(SteadyTime now) {
    // Each millisecond brings per_s thousandths.
    const std::int64_t idle_ms = std::max<std::int64_t>(0, (now - filled_at_).count());
    const std::int64_t missing = most_ - left_;
    left_ = idle_ms > missing / per_s_ ? most_ : left_ + idle_ms * per_s_;
    filled_at_ = std::max(filled_at_, now);
    return left_ > 0;
  }

 private:
  static constexpr std::int64_t thousandths = 1'000;
  // Config
  std::int64_t per_s_, most_;
  // State
  std::int64_t left_;
  SteadyTime filled_at_;
};

} // namespace kaden::cloudwatch
