/// kaden/limits/alarm_events.h - the limits of alarm events, each with its reason. Room: base.
/// docs/limits.md is the same for users; tools/make_limits_doc makes it.
#pragma once

#include <cstddef>

namespace kaden::limits {

// One constant a line, its reason beside it.
// clang-format off

// Alarm events ---------------------------------------------------------------------------------------
inline constexpr std::size_t source_bytes_max = 64;
inline constexpr std::size_t event_id_bytes_max = 256;
inline constexpr std::size_t alarm_name_bytes_max = 255;       // CloudWatch's own
inline constexpr std::size_t machine_bytes_max = 255;          // a full DNS name
inline constexpr std::size_t reason_bytes_max = 1'024;         // CloudWatch's StateReason is 1,023
inline constexpr std::size_t labels_max = 30;                  // CloudWatch's dimensions
inline constexpr std::size_t label_bytes_max = 1'024;          // CloudWatch's dimension value
inline constexpr std::size_t say_bytes_max = 2'000;            // about two minutes of speech; nobody listens longer

} // namespace kaden::limits
