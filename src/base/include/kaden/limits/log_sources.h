/// kaden/limits/log_sources.h - the limits of watched logs (files, syslog, journals), each with its reason.
/// Room: base. docs/limits.md is the same for users; tools/make_limits_doc makes it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kaden/time.h"

namespace kaden::limits {

// One constant a line, its reason beside it.
// clang-format off

// Watched logs ----------------------------------------------------------------------------------------
inline constexpr std::size_t watched_logs_max = 50;              // one or two threads each; a log has many files and senders
inline constexpr std::size_t log_alarms_max = 200;               // of one log; each is matched against each line
inline constexpr std::size_t log_keys_max = 3;                   // fields that tell alarms of one pattern apart; more no one hears
inline constexpr std::size_t log_key_bytes_max = 60;             // of a value in an alarm's name
inline constexpr std::size_t log_active_max = 1'000;             // alarms of one log at the same time; a key that never repeats must not fill the memory
inline constexpr std::size_t log_line_bytes_max = 500;           // of a line in an event's labels and reason
inline constexpr Millis log_quiet = seconds(3'600);              // without a line of its pattern an alarm is over, unless it says otherwise
inline constexpr Millis log_repeat = seconds(300);               // an alarm whose lines go on is told again; a flood is not
inline constexpr std::size_t log_flap_raises = 5;                // of one alarm in the next row's time: more, and its end waits for the hold
inline constexpr Millis log_flap_window = seconds(600);          // a link that flaps does so within minutes
inline constexpr Millis log_flap_hold = seconds(60);             // without a raise; then a flapping alarm is over
inline constexpr Millis log_quiet_max = seconds(30 * 86'400);    // longer is never
inline constexpr Millis log_unreadable = seconds(300);           // a log that could not be read for so long is an alarm; rotation takes seconds
inline constexpr std::size_t log_paths_max = 20;                 // of one log; each is a glob
inline constexpr std::size_t log_path_bytes_max = 1'024;         // well under the system's PATH_MAX
inline constexpr std::uint64_t log_garbled_records = 10;         // records that are no text, before the encoding is doubted; a few are accidents
inline constexpr Millis log_remember_every = seconds(5);         // positions are stored so often when nothing else makes it necessary
inline constexpr Millis log_look_max = seconds(1);               // one look reads for so long; then it is counted, and the next begins
inline constexpr Millis log_complain_every = seconds(10);         // lines in Kaden's own log about refused senders and dropped datagrams
inline constexpr std::size_t log_keep_batch = 1'000;             // lines given to the log store at once
inline constexpr Millis log_keep_patience = seconds(5);          // for its commit; alarms wait for no more
inline constexpr std::size_t syslog_message_bytes_max = 65'536;  // what a UDP datagram holds; RFC 5425 asks for 8,192
inline constexpr std::size_t syslog_connections_max = 500;       // of one listener; a descriptor and a buffer each
inline constexpr std::size_t syslog_connections_of_one_max = 50; // from one address: one sender must not take all
inline constexpr Millis syslog_handshake_max = seconds(10);      // a TLS handshake; it takes three round trips
inline constexpr Millis syslog_certificate_every = seconds(60);   // a look at whether a new one lies in its place
inline constexpr Millis syslog_half_message_max = seconds(60);   // the rest of a message that has begun
inline constexpr Millis syslog_idle = seconds(86'400);           // a connection on which nothing came; quiet machines say something every day
inline constexpr std::size_t syslog_queue_bytes_max = 32u << 20; // received and not looked at: seconds of a flood. Then TCP and TLS wait, and UDP is dropped and counted
inline constexpr std::size_t syslog_queue_messages_max = 200'000; // the same for short ones: each takes a hundred bytes more
inline constexpr std::int64_t syslog_rate_per_s = 20'000;        // datagrams of one sender; a runaway process must not drown the others
inline constexpr std::int64_t syslog_rate_per_s_max = 1'000'000; // more does not come through a socket
inline constexpr std::size_t syslog_senders_max = 10'000;        // addresses whose rate is counted; those that come later share one count
inline constexpr std::size_t syslog_receive_buffer = 8u << 20;   // asked of the kernel for UDP; net.core.rmem_max may give less
inline constexpr std::size_t syslog_parameters_max = 50;         // of structured data, kept of one message
inline constexpr std::size_t journal_field_bytes_max = 65'536;   // of a journal's field; core dumps are fields, too
inline constexpr std::size_t journal_fields_max = 100;           // of one entry
inline constexpr std::size_t journal_units_max = 100;            // that one log is limited to
inline constexpr std::size_t journal_batch = 1'000;              // entries read before alarms are told

} // namespace kaden::limits
