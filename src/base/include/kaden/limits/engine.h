/// kaden/limits/engine.h - the limits of the engine, its journal and its mailboxes, each with its reason.
/// Room: base. docs/limits.md is the same for users; tools/make_limits_doc makes it.
#pragma once

#include <cstddef>

#include "kaden/time.h"

namespace kaden::limits {

// One constant a line, its reason beside it.
// clang-format off

// Engine ---------------------------------------------------------------------------------------------
inline constexpr std::size_t mailbox_max = 65'536;             // inputs waiting for the writer; then senders get "busy"
inline constexpr std::size_t jobs_max = 65'536;                // waiting jobs of one worker thread; then posts are refused
inline constexpr std::size_t batch_max = 1'024;                // inputs in one commit; more adds latency, not speed
inline constexpr std::size_t seen_events_max = 200'000;        // remembered event ids; the oldest are forgotten first
inline constexpr Millis seen_events_age_max = seconds(86'400); // senders that retry for a day are still recognised
inline constexpr std::size_t resolved_incidents_max = 1'000;   // kept in memory to look at; all stay in the journal
inline constexpr std::size_t timeline_entries_max = 500;       // per incident, in memory
inline constexpr std::size_t feed_entries_max = 10'000;        // newest timeline entries kept for watchers who poll
inline constexpr std::size_t feed_waiters_max = 256;           // open long polls; one per console or terminal
inline constexpr Millis reminder_max = seconds(60);            // no reminder sleeps longer: a stepped clock costs a minute
inline constexpr std::size_t journal_entry_bytes_max = 16u << 20; // the largest event fits many times
inline constexpr std::size_t snapshot_bytes_max = 512u << 20;  // ten times the state at 100,000 active alarms
inline constexpr int rounds_max = 1'000;                       // of a policy; a day of calls to one person
inline constexpr int redials_max = 1'000;                      // the same, for one cause
inline constexpr WallTime wall_time_max = wall_time(253'402'300'799'999); // 9999-12-31T23:59:59.999Z: ISO 8601's end
inline constexpr std::size_t snapshot_every = 20'000;          // inputs; replay of the rest takes well under a second

} // namespace kaden::limits
