/// kaden/limits/sources.h - the limits of what is watched from outside, each with its reason. Room: base.
/// docs/limits.md is the same for users; tools/make_limits_doc makes it.
#pragma once

#include <cstddef>

#include "kaden/time.h"

namespace kaden::limits {

// One constant a line, its reason beside it.
// clang-format off

// Sources ---------------------------------------------------------------------------------------------
inline constexpr Millis look_again_min = Millis(100);          // between two looks at one thing, whatever its source says
inline constexpr Millis look_again_max = seconds(86'400);      // a Retry-After of a week is a mistake
inline constexpr std::size_t open_alarms_of_one_max = 10'000;  // of one thing, remembered so that they can be ended with it
inline constexpr std::size_t status_pages_max = 100;           // one thread each, asleep nearly always
inline constexpr std::size_t vcenters_max = 50;                // one or two threads each; linked mode has 15

} // namespace kaden::limits
