/// kaden/limits/media.h - the limits of RTP and recordings, each with its reason. Room: base.
/// docs/limits.md is the same for users; tools/make_limits_doc makes it.
#pragma once

#include <cstddef>

namespace kaden::limits {

// One constant a line, its reason beside it.
// clang-format off

// Media ----------------------------------------------------------------------------------------------
inline constexpr std::size_t rtp_datagram_bytes_max = 1'500;   // an Ethernet frame; speech takes 172 bytes
inline constexpr std::size_t rtp_per_tick_max = 8;             // packets taken from one stream in 20 ms: a storm costs only itself
inline constexpr std::size_t recording_bytes_max = 1u << 25;   // 32 MiB, 35 minutes of 8 kHz; no call lasts that long

} // namespace kaden::limits
