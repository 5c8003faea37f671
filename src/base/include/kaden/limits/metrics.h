/// kaden/limits/metrics.h - the limits of metrics, alarms and the keys that send them, each with its reason.
/// Room: base. docs/limits.md is the same for users; tools/make_limits_doc makes it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kaden/time.h"

namespace kaden::limits {

// One constant a line, its reason beside it.
// clang-format off

// Metrics --------------------------------------------------------------------------------------------
inline constexpr std::size_t mounts_max = 100;             // disks of one machine; their metrics fit one request
inline constexpr std::size_t data_per_put_max = 1'000;         // CloudWatch's own
inline constexpr std::size_t values_per_datum_max = 150;       // CloudWatch's own
inline constexpr std::size_t dimensions_max = 30;              // CloudWatch's own
inline constexpr std::size_t series_max = 1'000'000;           // ten metrics of each of 100,000 machines; under 1 GiB with their datapoints
inline constexpr std::size_t alarms_max = 200'000;             // twice the figure Kaden is measured at
inline constexpr Millis metric_history = seconds(10'800);      // CloudWatch keeps high resolution as long; alarms may need more
inline constexpr std::size_t datapoints_max = 40'000'000;      // 12 bytes each (raw values count more); then the history of everything is halved
inline constexpr std::size_t values_per_step_max = 1'000;      // different raw values kept of one step; then they are made coarser
inline constexpr Millis evaluation_grace = seconds(1);         // the last datapoints of a period get this long to arrive
inline constexpr Millis silent_metric_max = seconds(14 * 86'400); // CloudWatch forgets a metric after two weeks
inline constexpr std::size_t queries_per_alarm_max = 10;       // CloudWatch's own, for Metrics of an alarm
inline constexpr std::size_t queries_per_request_max = 500;    // CloudWatch's own, for GetMetricData
inline constexpr std::size_t query_points_max = 1'000'000;     // ten times CloudWatch's MaxDatapoints: one request stays under a second
inline constexpr std::size_t expression_bytes_max = 2'048;     // CloudWatch's own
inline constexpr std::size_t expression_nodes_max = 500;       // more cannot be read by anybody; bounds the work per datapoint
inline constexpr std::size_t expression_depth_max = 32;        // bounds recursion
inline constexpr std::size_t expression_values_max = 2'000'000; // of all intermediate results: a METRICS() inside METRICS() stays bounded
inline constexpr std::size_t rule_bytes_max = 10'240;          // CloudWatch's own, for AlarmRule
inline constexpr std::size_t rule_children_max = 100;          // CloudWatch's own
inline constexpr std::size_t rule_elements_max = 500;          // CloudWatch's own
inline constexpr std::size_t rule_depth_max = 64;              // bounds recursion
inline constexpr Millis suppressor_period_max = seconds(86'400); // a suppressor's wait or extension: a day covers any maintenance
inline constexpr std::size_t history_items_max = 100'000;      // about 600 bytes each; the oldest are forgotten first
inline constexpr Millis history_age_max = seconds(30 * 86'400); // CloudWatch's own
inline constexpr std::size_t pattern_bytes_max = 256;          // a regular expression over a dimension or a command line; people read it
inline constexpr std::size_t pattern_states_max = 500;         // with a value of 1,024 bytes a match takes about 1 ms
inline constexpr Millis silent_after_min = seconds(10);        // one evaluation
inline constexpr Millis retire_after_min = seconds(600);       // shorter ones would drop a machine that restarts
inline constexpr Millis request_skew_max = seconds(300);       // AWS refuses signatures older or newer than this
inline constexpr std::int64_t key_requests_per_s = 500;        // CloudWatch's own for PutMetricData; twice as many at once
inline constexpr std::int64_t key_requests_per_s_max = 100'000; // more than one server answers
inline constexpr std::int64_t key_bytes_per_s = 16'777'216;    // 500 requests of 32 KiB: twice what the agent sends
inline constexpr std::int64_t key_bytes_per_s_max = 1'073'741'824; // more than one server reads
inline constexpr std::int64_t key_metrics = 200'000;           // a fifth of all: one sender's mistake leaves room for the others
inline constexpr std::size_t key_globs_max = 100;              // namespaces, or log groups, that one key is narrowed to
inline constexpr std::size_t key_glob_bytes_max = 512;         // the longest name of a log group
inline constexpr std::int64_t bad_signatures_per_s = 1;        // of one sender and key; a mistyped secret stays visible
inline constexpr std::int64_t bad_signatures_burst = 20;       // at once; then they are refused unread, which costs nothing
inline constexpr std::size_t bad_senders_max = 10'000;         // remembered at once; the longest forgotten go first

} // namespace kaden::limits
