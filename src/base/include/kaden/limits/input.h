/// kaden/limits/input.h - the limits of what arrives over HTTP, SIP and in files, each with its reason. Room:
/// base. docs/limits.md is the same for users; tools/make_limits_doc makes it.
#pragma once

#include <cstddef>

#include "kaden/time.h"

namespace kaden::limits {

// One constant a line, its reason beside it.
// clang-format off

// Input ----------------------------------------------------------------------------------------------
inline constexpr std::size_t json_depth_max = 16;              // deeper than any document Kaden defines; bounds recursion
inline constexpr std::size_t http_body_bytes_max = 4'194'304;  // the largest request there is: PutLogEvents
inline constexpr std::size_t http_header_bytes_max = 16'384;   // SigV4 with a session token fits four times over
inline constexpr std::size_t http_connections_max = 2'000;     // one file descriptor each; agents keep one open
inline constexpr std::size_t descriptors_kept = 4'096;         // of the process's: a call has two sockets and a pipe to its voice, the journal a few
inline constexpr Millis http_idle_max = seconds(65);           // longer than the CloudWatch agent's 60 s flush
inline constexpr Millis http_request_max = seconds(30);        // a slow sender may not hold a connection for ever
inline constexpr std::size_t http_response_bytes_max = 64u << 20; // of an answer to us; callers who expect less say so
inline constexpr std::size_t aws_body_bytes_max = 1'048'576;   // CloudWatch's own for PutMetricData, after decompression
inline constexpr std::size_t aws_log_body_bytes_max = 4'194'304; // PutLogEvents: 1 MB of messages, escaped and with their timestamps
inline constexpr std::size_t smithy_depth_max = 24;            // the deepest request of CloudWatch takes 10; bounds recursion
inline constexpr std::size_t smithy_nodes_max = 500'000;       // 1,000 data of 150 values and counts take 320,000
inline constexpr std::size_t events_per_request_max = 1'000;   // a batch is one commit
inline constexpr std::size_t sip_datagram_bytes_max = 8'192;   // larger ones cost quadratic time in header parsing
inline constexpr std::size_t sip_header_lines_max = 200;       // the same
inline constexpr std::size_t config_bytes_max = 4'194'304;     // ten thousand people fit

} // namespace kaden::limits
