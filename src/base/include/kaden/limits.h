/// kaden/limits.h - every limit of Kaden, in one place, each with its reason. Room: base.
/// docs/limits.md is the same table for users; tools/check_limits keeps the two in step.
#pragma once

#include <cstddef>

#include "kaden/time.h"

namespace kaden::limits {

// Input ------------------------------------------------------------------------------------------------------------
inline constexpr std::size_t json_depth_max = 16;              // deeper than any document Kaden defines; bounds recursion
inline constexpr std::size_t http_body_bytes_max = 1'048'576;  // CloudWatch's own limit for PutMetricData
inline constexpr std::size_t http_header_bytes_max = 16'384;   // SigV4 with a session token fits four times over
inline constexpr std::size_t http_connections_max = 2'000;     // one file descriptor each; agents keep one open
inline constexpr Millis http_idle_max = seconds(65);           // longer than the CloudWatch agent's 60 s flush
inline constexpr Millis http_request_max = seconds(30);        // a slow sender may not hold a connection for ever
inline constexpr std::size_t events_per_request_max = 1'000;   // a batch is one commit
inline constexpr std::size_t sip_datagram_bytes_max = 8'192;   // larger ones cost quadratic time in header parsing
inline constexpr std::size_t sip_header_lines_max = 200;       // the same
inline constexpr std::size_t config_bytes_max = 4'194'304;     // ten thousand people fit

// Alarm events -----------------------------------------------------------------------------------------------------
inline constexpr std::size_t source_bytes_max = 64;
inline constexpr std::size_t event_id_bytes_max = 256;
inline constexpr std::size_t alarm_name_bytes_max = 255;   // CloudWatch's own
inline constexpr std::size_t machine_bytes_max = 255;      // a full DNS name
inline constexpr std::size_t reason_bytes_max = 1'024;     // CloudWatch's StateReason is 1,023
inline constexpr std::size_t labels_max = 30;              // CloudWatch's dimensions
inline constexpr std::size_t label_bytes_max = 1'024;      // CloudWatch's dimension value
inline constexpr std::size_t say_bytes_max = 2'000;        // about two minutes of speech; nobody listens longer

// Metrics ----------------------------------------------------------------------------------------------------------
inline constexpr std::size_t data_per_put_max = 1'000;     // CloudWatch's own
inline constexpr std::size_t values_per_datum_max = 150;   // CloudWatch's own
inline constexpr std::size_t dimensions_max = 30;          // CloudWatch's own
inline constexpr std::size_t series_max = 500'000;         // 100,000 alarms over their metrics, and as much again
inline constexpr std::size_t alarms_max = 200'000;         // twice the figure Kaden is measured at

// Engine -----------------------------------------------------------------------------------------------------------
inline constexpr std::size_t mailbox_max = 65'536;         // inputs waiting for the writer; then senders get "busy"
inline constexpr std::size_t jobs_max = 65'536;            // waiting jobs of one worker thread; then posts are refused
inline constexpr std::size_t batch_max = 1'024;            // inputs in one commit; more adds latency, not speed
inline constexpr std::size_t seen_events_max = 200'000;    // remembered event ids; the oldest are forgotten first
inline constexpr Millis seen_events_age_max = seconds(86'400);  // senders that retry for a day are still recognised
inline constexpr std::size_t resolved_incidents_max = 1'000;    // kept in memory to look at; all stay in the journal
inline constexpr std::size_t timeline_entries_max = 500;        // per incident, in memory
inline constexpr Millis reminder_max = seconds(60);        // no reminder sleeps longer: a stepped clock costs a minute
inline constexpr std::size_t snapshot_every = 20'000;      // inputs; replay of the rest takes well under a second

// Calls ------------------------------------------------------------------------------------------------------------
inline constexpr std::size_t calls_live_max = 2'000;       // the figure Kaden is measured at, per core
inline constexpr Millis talk_max = seconds(180);           // a call nobody answers by key ends
inline constexpr int message_loops_max = 3;                // then the call ends as answered without a key
inline constexpr Millis verdict_wait_max = seconds(8);     // a commit slower than this is told as not recorded
inline constexpr Millis first_reply_max = seconds(4);      // no SIP reply at all: the trunk is dead
inline constexpr Millis no_media_max = seconds(5);         // answered, but not one RTP packet

// Speech -----------------------------------------------------------------------------------------------------------
inline constexpr std::size_t speech_cache_bytes_max = 256u << 20;  // about four hours of 8 kHz audio
inline constexpr Millis render_max = seconds(30);          // a voice process that takes longer is killed

}  // namespace kaden::limits
