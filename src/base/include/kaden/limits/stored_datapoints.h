/// kaden/limits/stored_datapoints.h - the limits of the file of datapoints, each with its reason. Room: base.
/// docs/limits.md is the same for users; tools/make_limits_doc makes it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kaden/time.h"

namespace kaden::limits {

// One constant a line, its reason beside it.
// clang-format off

// Stored datapoints ----------------------------------------------------------------------------------
inline constexpr std::size_t block_points_max = 4'096;         // an hour of seconds fits, and so does each longer tier's block
inline constexpr std::size_t block_bytes_max = 262'144;        // the worst block_points_max datapoints that no compression helps
inline constexpr std::size_t distribution_steps_max = 120;     // whose values stand in one row: what a new value rewrites is two minutes or an hour, not a day
inline constexpr std::size_t distribution_bytes_max = 4'194'304; // the worst distribution_steps_max steps of values_per_step_max values and counts that no compression helps
inline constexpr std::uint8_t coarse_digits = 6;               // binary ones, of different values in a step over a minute: at most 3 % off, 0.6 % on average; exact, months would take as much as the first days
inline constexpr std::size_t batch_records_max = 1'048'576;    // one commit of datapoints, 4 values of one counted as one more; 150 MB while it waits for a disk
inline constexpr std::size_t stored_series_max = 1'000'000;    // as series_max: machines come and go in a year
inline constexpr std::size_t stored_series_of_one_max = 500'000; // of one access key: it leaves room for the others
inline constexpr Millis datapoint_flush_every = seconds(5);    // one commit each; half of what a crash may cost
inline constexpr Millis datapoint_loss_max = seconds(10);      // flush interval, and as long again for a slow commit
inline constexpr Millis datapoint_keep = seconds(455 * 86'400); // CloudWatch's own: 15 months
inline constexpr std::uint64_t datapoint_bytes = 8ULL << 30;   // a year of 6,000 metrics fits twice (docs/performance.md)
inline constexpr std::uint64_t datapoint_bytes_min = 64ULL << 20; // below it a day of a small network does not fit
inline constexpr std::uint64_t disk_free_min = 512ULL << 20;   // below it no datapoint is stored: the journal must go on
inline constexpr std::size_t fold_batch_bytes = 8u << 20;      // of batches; then they become blocks, which takes memory ten times that
inline constexpr Millis fold_every = seconds(7'200);           // the same by time, so that a reader finds few batches
inline constexpr std::size_t fold_blocks_max = 500;            // blocks written in one commit: a tenth of a second
inline constexpr Millis ageing_every = seconds(3'600);         // a pass over old blocks; ages move by a day at most in each
inline constexpr Millis archive_retry = seconds(60);            // a file of datapoints that cannot be opened is tried again
inline constexpr Millis recall_time_max = seconds(20);          // a start waits no longer for datapoints of the life before
inline constexpr std::size_t import_bytes_max = 64u << 20;      // 20,000 alarms as the aws CLI prints them
inline constexpr std::size_t past_reads_max = 256;             // reads waiting for the file; then they are refused
inline constexpr std::size_t past_reads_of_one_max = 64;       // of one access key, whose reads take turns with the others'

} // namespace kaden::limits
