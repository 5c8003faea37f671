/// kaden/limits/agent.h - the limits of kaden-agent, each with its reason. Room: base.
/// docs/limits.md is the same for users; tools/make_limits_doc makes it.
#pragma once

#include <cstddef>

#include "kaden/time.h"

namespace kaden::limits {

// One constant a line, its reason beside it.
// clang-format off

// Agent ----------------------------------------------------------------------------------------------
inline constexpr std::size_t agent_config_bytes_max = 262'144; // hundreds of checks and files fit
inline constexpr std::size_t cores_max = 1'024;                // eleven metrics each; larger guests are not made
inline constexpr std::size_t devices_max = 256;                // disks, or interfaces, of one machine
inline constexpr std::size_t device_name_bytes_max = 64;       // four times the kernel's own for interfaces
inline constexpr std::size_t processes_max = 32'768;           // the kernel's default for PIDs; more are not looked at
inline constexpr std::size_t threads_per_process_max = 1'000'000; // more is nonsense in a line of /proc
inline constexpr std::size_t watched_max = 50;                 // each is matched against each process
inline constexpr std::size_t matched_bytes_max = 4'096;        // of a command line or a log line; a match costs time for each byte
inline constexpr std::size_t agent_checks_max = 100;           // one socket each at the same time
inline constexpr std::size_t url_bytes_max = 2'048;            // what AWS takes as an endpoint, half over
inline constexpr std::size_t agent_response_bytes_max = 262'144; // AWS answers in a few hundred bytes
inline constexpr std::size_t spool_bytes_min = 4u << 20;       // less is a few segments only
inline constexpr std::size_t spool_bytes_most = 17'179'869'184; // 16 GiB: more is a mistake
inline constexpr std::size_t spool_segment_bytes_max = 1u << 20; // then a new one is begun; what is sent goes away by segments
inline constexpr std::size_t spool_record_bytes_max = 2u << 20; // a request of 1 MiB that gzip does not make smaller, twice over
inline constexpr std::size_t log_rules_max = 100;              // globs; each is looked up once a second
inline constexpr std::size_t followed_files_max = 500;         // one file descriptor each
inline constexpr std::size_t unpacked_bytes_max = 256u << 20;   // of a log that was rotated and packed while nobody looked; two seconds
inline constexpr std::size_t print_bytes_max = 256;            // time stamps make the first and the last lines unique
inline constexpr std::size_t log_event_bytes_max = 131'072;    // longer ones are cut in parts; escaped, one fits a request of 1 MiB
inline constexpr std::size_t log_events_per_put_max = 10'000;  // CloudWatch's own
inline constexpr std::size_t log_put_bytes_max = 1'048'576;    // CloudWatch's own, with 26 bytes for each event
inline constexpr Millis log_put_span_max = seconds(86'400);    // CloudWatch's own
inline constexpr std::size_t log_batch_bytes_target = 262'144; // requests of this size keep the agent small

} // namespace kaden::limits
