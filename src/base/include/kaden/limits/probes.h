/// kaden/limits/probes.h - the limits of active probes and of watched network paths, each with its reason.
/// Room: base. docs/limits.md is the same for users; tools/make_limits_doc makes it.
#pragma once

#include <cstddef>

#include "kaden/time.h"

namespace kaden::limits {

// One constant a line, its reason beside it.
// clang-format off

// Network ---------------------------------------------------------------------------------------------
inline constexpr int probe_packets = 3;                        // echoes of one round, by default; one lost packet is not a dead host
inline constexpr int probe_packets_max = 20;                   // of one round; more is a load test
inline constexpr Millis probe_packets_apart = Millis(200);     // between two echoes; ping(8) asks for root below that
inline constexpr Millis probe_patience_min = Millis(100);      // for one answer; less is lost to the scheduler
inline constexpr Millis probe_patience_max = seconds(60);      // for one answer
inline constexpr std::size_t probes_max = 500;                 // of one Kaden; one socket each at the same time
inline constexpr std::size_t paths_max = 200;                  // read out and drawn one by one
inline constexpr std::size_t path_ends_max = 8;                // vantage points of one path
inline constexpr std::size_t dns_name_bytes_max = 253;         // RFC 1035's own, as text
inline constexpr std::size_t dns_answer_bytes_max = 65'535;    // over TCP, RFC 1035's own
inline constexpr std::size_t dns_records_max = 256;            // looked at in one answer
inline constexpr std::size_t echo_bytes_max = 1'024;           // of one ICMP datagram that is looked at; ours have 32
inline constexpr Millis probe_every = seconds(10);             // by default
inline constexpr Millis vantage_silent = seconds(180);         // by default: three times an agent's own interval
inline constexpr Millis backlog_settles = seconds(5);         // no newer reading for so long: what a vantage point kept while it was cut off has come
inline constexpr Millis backlog_lasts = seconds(30);          // then what has come of it is told: a link that stutters must not hide a path that is down
inline constexpr Millis network_unreadable = seconds(60);      // by default; a missing permission does not come back by itself
inline constexpr std::size_t probe_window_max = 1'000;         // rounds that loss and latency are counted over
inline constexpr std::size_t readings_waiting_max = 20'000;    // of vantage points, between two looks; more are dropped and counted

} // namespace kaden::limits
