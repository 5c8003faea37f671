/// kaden/limits/logs.h - the limits of logs, log groups and metric filters, each with its reason. Room: base.
/// docs/limits.md is the same for users; tools/make_limits_doc makes it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kaden/time.h"

namespace kaden::limits {

// One constant a line, its reason beside it.
// clang-format off

// Logs -----------------------------------------------------------------------------------------------
inline constexpr std::size_t filter_pattern_characters_max = 1'024; // CloudWatch's own
inline constexpr std::size_t filter_pattern_depth_max = 32;    // parentheses in a JSON pattern; bounds recursion
inline constexpr std::size_t filter_wildcard_selectors_max = 3; // CloudWatch's own
inline constexpr std::size_t regexes_per_pattern_max = 2;      // CloudWatch's own
inline constexpr int regex_repeats_max = 1'000;                // in {m,n}; RE2 has the same
inline constexpr std::size_t regex_positions_max = 1'024;      // characters with their repeats: a byte of a line costs 16 words at most
inline constexpr std::size_t log_json_depth_max = 32;          // of an event; Boost.JSON's own, deeper than any audit trail
inline constexpr std::size_t log_metric_name_characters_max = 255;  // CloudWatch's own
inline constexpr std::size_t log_metric_value_characters_max = 100; // CloudWatch's own
inline constexpr std::size_t log_dimensions_max = 3;           // CloudWatch's own
inline constexpr std::size_t log_dimension_values_max = 1'000; // of one metric filter; CloudWatch turns a filter off then
inline constexpr Millis log_dimension_values_age = seconds(3'600); // in this time; then it may have as many new ones
inline constexpr Millis log_lateness_max = seconds(300);       // agents send every 5 s and retry; older events are history
inline constexpr std::size_t log_groups_max = 1'000;           // a group for each kind of log; each has its filters in memory
inline constexpr std::size_t log_streams_max = 100'000;        // a stream for each machine and log; 20 MB of names
inline constexpr std::size_t log_groups_of_one_max = 500;      // one access key leaves room for the others
inline constexpr std::size_t log_streams_of_one_max = 50'000;  // the same
inline constexpr std::size_t log_name_characters_max = 512;    // CloudWatch's own, of groups, streams and filters
inline constexpr std::size_t log_message_bytes_max = 1'048'576; // CloudWatch's own: one event may fill a batch
inline constexpr std::size_t log_event_overhead_bytes = 26;    // CloudWatch's own, counted for each event
inline constexpr Millis log_age_max = seconds(14 * 86'400);    // CloudWatch's own; older events are rejected
inline constexpr Millis log_future_max = seconds(7'200);       // CloudWatch's own; newer events are rejected
inline constexpr std::size_t metric_filters_per_group_max = 100; // CloudWatch's own
inline constexpr std::size_t regexes_per_group_max = 5;        // CloudWatch's own
inline constexpr std::size_t log_page_events_max = 10'000;     // CloudWatch's own, of FilterLogEvents
inline constexpr std::size_t log_page_bytes_max = 1'048'576;   // CloudWatch's own
inline constexpr std::size_t log_scan_events_max = 50'000;     // looked at for one page; then an empty page with a token goes back
inline constexpr std::size_t log_describe_page_max = 50;       // CloudWatch's own, of groups, streams and filters
inline constexpr std::size_t log_streams_per_query_max = 100;  // CloudWatch's own, of FilterLogEvents
inline constexpr std::size_t log_test_messages_max = 50;       // CloudWatch's own, of TestMetricFilter
inline constexpr Millis log_token_age_max = seconds(86'400);   // CloudWatch's own, of a nextToken
inline constexpr std::size_t log_queue_bytes_max = 64u << 20;  // events waiting for the disk; then senders get "throttled"
inline constexpr Millis log_keep = seconds(30 * 86'400);       // unless a group's retention says otherwise
inline constexpr std::uint64_t log_bytes = 4ULL << 30;         // of the log file; the oldest events go first
inline constexpr std::uint64_t log_bytes_min = 64ULL << 20;    // below it an hour of a busy machine does not fit
inline constexpr std::size_t log_drop_chunks_max = 500;         // rows deleted in one commit: writers wait for no more
inline constexpr std::size_t log_chunk_bytes = 65'536;          // of events in a row, before compression; twice what zlib looks back
inline constexpr Millis log_chunk_span_max = seconds(600);      // from a row's first event to its last: a reader looks back so far
inline constexpr std::size_t log_commit_bytes = 8u << 20;       // of events in one commit: senders wait for no more
inline constexpr std::size_t log_cache_bytes = 64u << 20;       // unpacked rows kept by the reader: a thousand streams side by side
inline constexpr std::size_t log_scan_bytes_max = 64u << 20;    // unpacked for one page, well under a second; then it ends, with a token
inline constexpr Millis log_drop_every = seconds(60);          // a pass over old events
inline constexpr std::size_t log_reads_max = 64;               // queries waiting for the reader; then they are throttled
inline constexpr std::size_t log_reads_of_one_max = 16;        // of one access key, whose queries take turns with the others

} // namespace kaden::limits
