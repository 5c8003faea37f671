/// kaden/limits.h - every limit of Kaden, in one place, each with its reason. Room: base.
/// docs/limits.md is the same table for users; tools/check_limits keeps the two in step.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kaden/time.h"

namespace kaden::limits {

// One constant a line, its reason beside it.
// clang-format off

// Input -----------------------------------------------------------------------------------------------
inline constexpr std::size_t json_depth_max = 16;              // deeper than any document Kaden defines; bounds recursion
inline constexpr std::size_t http_body_bytes_max = 4'194'304;  // the largest request there is: PutLogEvents
inline constexpr std::size_t http_header_bytes_max = 16'384;   // SigV4 with a session token fits four times over
inline constexpr std::size_t http_connections_max = 2'000;     // one file descriptor each; agents keep one open
inline constexpr std::size_t descriptors_kept = 4'096;         // of the process's: a call has two sockets and a pipe to its voice, the journal a few
inline constexpr Millis http_idle_max = seconds(65);           // longer than the CloudWatch agent's 60 s flush
inline constexpr Millis http_request_max = seconds(30);        // a slow sender may not hold a connection for ever
inline constexpr std::size_t aws_body_bytes_max = 1'048'576;   // CloudWatch's own for PutMetricData, after decompression
inline constexpr std::size_t aws_log_body_bytes_max = 4'194'304; // PutLogEvents: 1 MB of messages, escaped and with their timestamps
inline constexpr std::size_t smithy_depth_max = 24;            // the deepest request of CloudWatch takes 10; bounds recursion
inline constexpr std::size_t smithy_nodes_max = 500'000;       // 1,000 data of 150 values and counts take 320,000
inline constexpr std::size_t events_per_request_max = 1'000;   // a batch is one commit
inline constexpr std::size_t sip_datagram_bytes_max = 8'192;   // larger ones cost quadratic time in header parsing
inline constexpr std::size_t sip_header_lines_max = 200;       // the same
inline constexpr std::size_t config_bytes_max = 4'194'304;     // ten thousand people fit

// Configuration ---------------------------------------------------------------------------------------
inline constexpr std::size_t config_depth_max = 16;            // twice the deepest field; bounds recursion
inline constexpr std::size_t config_nodes_max = 500'000;       // aliases counted as often as used: no "billion laughs"
inline constexpr std::size_t config_errors_max = 20;           // shown at once; more is not read, and counted instead
inline constexpr std::size_t people_max = 10'000;              // a large company's rota
inline constexpr std::size_t methods_per_person_max = 10;      // more ways to reach one person are not tried in time
inline constexpr std::size_t policies_max = 1'000;             // one a team
inline constexpr std::size_t levels_per_policy_max = 20;       // an hour of calling, about
inline constexpr std::size_t people_per_level_max = 50;        // called one after another; nobody waits for the fifty-first
inline constexpr std::size_t routes_max = 1'000;               // tried in order for each alarm event
inline constexpr std::size_t rules_max = 1'000;                // each is matched against each new metric
inline constexpr std::size_t access_keys_max = 1'000;          // one a sender
inline constexpr std::size_t tokens_max = 1'000;               // one a client
inline constexpr std::size_t secret_bytes_max = 4'096;         // AWS session tokens fit; more is the wrong file
inline constexpr std::size_t secret_bytes_min = 16;            // 96 bits in base64: shorter ones can be guessed

// Alarm events ----------------------------------------------------------------------------------------
inline constexpr std::size_t source_bytes_max = 64;
inline constexpr std::size_t event_id_bytes_max = 256;
inline constexpr std::size_t alarm_name_bytes_max = 255;       // CloudWatch's own
inline constexpr std::size_t machine_bytes_max = 255;          // a full DNS name
inline constexpr std::size_t reason_bytes_max = 1'024;         // CloudWatch's StateReason is 1,023
inline constexpr std::size_t labels_max = 30;                  // CloudWatch's dimensions
inline constexpr std::size_t label_bytes_max = 1'024;          // CloudWatch's dimension value
inline constexpr std::size_t say_bytes_max = 2'000;            // about two minutes of speech; nobody listens longer

// Metrics ---------------------------------------------------------------------------------------------
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
inline constexpr std::int64_t bad_signatures_per_s = 1;        // of one sender and key; a mistyped secret stays visible
inline constexpr std::int64_t bad_signatures_burst = 20;       // at once; then they are refused unread, which costs nothing
inline constexpr std::size_t bad_senders_max = 10'000;         // remembered at once; the longest forgotten go first

// Agent -----------------------------------------------------------------------------------------------
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
inline constexpr std::size_t print_bytes_max = 256;            // time stamps make the first and the last lines unique
inline constexpr std::size_t log_event_bytes_max = 131'072;    // longer ones are cut in parts; escaped, one fits a request of 1 MiB
inline constexpr std::size_t log_events_per_put_max = 10'000;  // CloudWatch's own
inline constexpr std::size_t log_put_bytes_max = 1'048'576;    // CloudWatch's own, with 26 bytes for each event
inline constexpr Millis log_put_span_max = seconds(86'400);    // CloudWatch's own
inline constexpr std::size_t log_batch_bytes_target = 262'144; // requests of this size keep the agent small

// Logs ------------------------------------------------------------------------------------------------
inline constexpr std::size_t filter_pattern_characters_max = 1'024; // CloudWatch's own
inline constexpr std::size_t filter_pattern_depth_max = 32;    // parentheses in a JSON pattern; bounds recursion
inline constexpr std::size_t filter_wildcard_selectors_max = 3; // CloudWatch's own
inline constexpr std::size_t regexes_per_pattern_max = 2;      // CloudWatch's own
inline constexpr int regex_repeats_max = 1'000;                // in {m,n}; RE2 has the same
inline constexpr std::size_t regex_positions_max = 1'024;      // characters with their repeats: a byte of a line costs 16 words at most
inline constexpr std::size_t log_json_depth_max = 32;          // of an event; Boost.JSON's own, deeper than any audit trail
inline constexpr std::size_t log_metric_name_bytes_max = 255;  // CloudWatch's own
inline constexpr std::size_t log_metric_value_bytes_max = 100; // CloudWatch's own
inline constexpr std::size_t log_dimensions_max = 3;           // CloudWatch's own
inline constexpr std::size_t log_dimension_values_max = 1'000; // of one metric filter; CloudWatch turns a filter off then
inline constexpr Millis log_dimension_values_age = seconds(3'600); // in this time; then it may have as many new ones
inline constexpr Millis log_lateness_max = seconds(300);       // agents send every 5 s and retry; older events are history
inline constexpr std::size_t log_groups_max = 1'000;           // a group for each kind of log; each has its filters in memory
inline constexpr std::size_t log_streams_max = 100'000;        // a stream for each machine and log; 20 MB of names
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

// Provider status -------------------------------------------------------------------------------------
inline constexpr std::size_t status_page_bytes_max = 4'194'304; // fifty incidents of a provider with hundreds of components fit
inline constexpr std::size_t status_page_id_bytes_max = 64;    // begins each event id of the page
inline constexpr std::size_t status_depth_max = 64;            // elements of a feed; XHTML inside Atom goes ten deep
inline constexpr std::size_t status_nodes_max = 200'000;       // tags of a feed; all of a provider's services take a tenth
inline constexpr std::size_t status_attributes_max = 64;       // of one element; feeds have five
inline constexpr std::size_t status_items_max = 5'000;         // of one feed; the field's have 25 to 50
inline constexpr std::size_t status_incidents_max = 1'000;     // of one page, after items of one incident were put together
inline constexpr std::size_t status_updates_max = 1'000;       // of one incident; a year of three a day
inline constexpr std::size_t status_id_bytes_max = 128;        // of an incident and of an update; longer ones are replaced by their digest
inline constexpr std::size_t status_title_bytes_max = 512;     // nobody listens to a longer one
inline constexpr std::size_t status_text_bytes_max = 2'000;    // of the newest update; two minutes of speech
inline constexpr std::size_t status_names_max = 100;           // components, or regions, of one incident
inline constexpr std::size_t status_name_bytes_max = 255;      // Statuspage's own, of a component
inline constexpr std::size_t status_remembered_max = 2'000;    // incidents of one page; more than any page lists at once
inline constexpr std::size_t status_seen_keys_max = 16;        // of an incident without dates; then an old update may be told again
inline constexpr std::size_t status_globs_max = 100;           // of one filter list; each is matched against each open incident
inline constexpr std::size_t status_state_bytes_max = 64u << 20; // what is remembered of one page, with every text at its longest
inline constexpr Millis status_skew_max = seconds(3'600);      // an update dated further ahead has no date: it may hide nothing

// Stored datapoints -----------------------------------------------------------------------------------
inline constexpr std::size_t block_points_max = 4'096;         // an hour of seconds fits, and so does each longer tier's block
inline constexpr std::size_t block_bytes_max = 262'144;        // the worst block_points_max datapoints that no compression helps
inline constexpr std::size_t batch_records_max = 1'048'576;    // one commit of datapoints; 48 MB while it waits for a disk
inline constexpr std::size_t stored_series_max = 1'000'000;    // twice series_max: machines come and go in a year
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

// Engine ----------------------------------------------------------------------------------------------
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

// Calls -----------------------------------------------------------------------------------------------
inline constexpr std::size_t calls_live_max = 2'000;           // the figure Kaden is measured at, per core
inline constexpr Millis talk_max = seconds(180);               // a call nobody answers by key ends
inline constexpr int message_loops_max = 3;                    // then the call ends as answered without a key
inline constexpr Millis menu_pause = seconds(2);               // time to find the key before the message comes again
inline constexpr Millis goodbye_reserve = seconds(10);         // of talk_max: the last words must fit in
inline constexpr Millis verdict_wait_max = seconds(8);         // a commit slower than this is told as not recorded
inline constexpr Millis first_reply_max = seconds(4);          // no SIP reply at all: the trunk is dead
inline constexpr Millis no_media_max = seconds(5);             // answered, but not one RTP packet
inline constexpr Millis answer_commit_max = seconds(32);       // 64*T1: then the far end gives up its answer (RFC 3261 13.3.1.4)
inline constexpr Millis cancel_wait_max = seconds(5);          // a cancelled call whose far end stays silent is over then
inline constexpr Millis bye_wait_max = seconds(2);             // the same for a hung-up one; the BYE itself is resent for 32 s
inline constexpr Millis answer_resent_max{4'500};              // T2 and a little: an unacknowledged 200 comes again within it (RFC 3261 13.3.1.4)
inline constexpr Millis late_answer_max = seconds(40);         // longer than any 200 OK is resent (64*T1 = 32 s)
inline constexpr std::size_t unknown_answers_max = 256;        // calls no longer remembered that are ended at once in that time; forged answers gain no more
inline constexpr std::size_t late_calls_max = 20'000;          // ended calls watched for late answers: 500 calls/s for 40 s
inline constexpr std::size_t known_calls_max = 20'000;         // ids for which a repeated place() is recognised
inline constexpr Millis same_key_max{150};                     // one press that arrives both in RTP and in SIP INFO

// Media -----------------------------------------------------------------------------------------------
inline constexpr std::size_t rtp_datagram_bytes_max = 1'500;   // an Ethernet frame; speech takes 172 bytes
inline constexpr std::size_t rtp_per_tick_max = 8;             // packets taken from one stream in 20 ms: a storm costs only itself
inline constexpr std::size_t recording_bytes_max = 1u << 25;   // 32 MiB, 35 minutes of 8 kHz; no call lasts that long

// Health ----------------------------------------------------------------------------------------------
inline constexpr Millis untold_max = seconds(10);              // changes of alarms are stored in milliseconds; then /healthz says so
inline constexpr Millis tick_stall_max = seconds(10);          // the timers tick twice a second
inline constexpr int carrier_failures_max = 3;                 // calls in a row that the carrier could not place: it is not the person's phone
inline constexpr Millis speech_check_every = seconds(300);     // each voice says one word; 0.1 s of one core
inline constexpr Millis speech_check_soon = seconds(10);       // while a voice fails
inline constexpr Millis clock_step_max = seconds(2);           // what NTP slews between two looks is far below
inline constexpr Millis clock_step_shown = seconds(600);       // long enough to be seen by whoever looks at /healthz
inline constexpr Millis clock_behind_max = seconds(10);        // behind the newest entry; escalation waits until it has caught up

// Speech ----------------------------------------------------------------------------------------------
inline constexpr std::size_t speech_cache_bytes_max = 256u << 20; // about four hours of 8 kHz audio
inline constexpr std::size_t utterance_bytes_max = 4'000;      // say_bytes_max with an opening before it
inline constexpr std::size_t voice_text_bytes_max = 6'000;     // takes longer to say than limits::talk_max
inline constexpr int voice_processes_max = 4;                  // at once: new sentences may not starve live calls
inline constexpr Millis render_max = seconds(30);              // a voice process that takes longer is killed

} // namespace kaden::limits
