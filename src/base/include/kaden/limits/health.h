/// kaden/limits/health.h - the limits that /healthz judges by, each with its reason. Room: base.
/// docs/limits.md is the same for users; tools/make_limits_doc makes it.
#pragma once

#include "kaden/time.h"

namespace kaden::limits {

// One constant a line, its reason beside it.
// clang-format off

// Health ---------------------------------------------------------------------------------------------
inline constexpr Millis untold_max = seconds(10);              // changes of alarms are stored in milliseconds; then /healthz says so
inline constexpr Millis tick_stall_max = seconds(10);          // the timers tick twice a second
inline constexpr int carrier_failures_max = 3;                 // calls in a row that the carrier could not place: it is not the person's phone
inline constexpr Millis speech_check_every = seconds(300);     // each voice says one word; 0.1 s of one core
inline constexpr Millis speech_check_soon = seconds(10);       // while a voice fails
inline constexpr Millis clock_step_max = seconds(2);           // what NTP slews between two looks is far below
inline constexpr Millis clock_step_shown = seconds(600);       // long enough to be seen by whoever looks at /healthz
inline constexpr Millis clock_behind_max = seconds(10);        // behind the newest entry; escalation waits until it has caught up

} // namespace kaden::limits
