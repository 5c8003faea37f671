/// kaden/limits/mail.h - the limits of mail: the SMTP listener, what a mail may hold, and its rules, each
/// with its reason. Room: base. docs/limits.md is the same for users; tools/make_limits_doc makes it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kaden/time.h"

namespace kaden::limits {

// One constant a line, its reason beside it.
// clang-format off

// Mail -----------------------------------------------------------------------------------------------
inline constexpr std::size_t mail_listeners_max = 10;          // one for each network that has mail to send; a port and three threads each
inline constexpr std::size_t mail_rules_max = 500;             // of one listener; each is tried on each mail until one fits
inline constexpr std::size_t mail_patterns_max = 1'000;        // senders, recipients or networks of one listener
inline constexpr std::size_t mail_keywords_max = 20;           // of one matcher: more is a regular expression
inline constexpr std::size_t mail_text_max = 1'024;            // bytes of a keyword, a regular expression or a template in the file
inline constexpr std::size_t mail_words_max = 100;             // severities that one rule translates
inline constexpr std::size_t mail_labels_max = 20;             // of one rule; the others are Kaden's own
inline constexpr std::uint64_t mail_regex_steps_max = 20'000'000; // of all rules on one mail, about a quarter of a second
inline constexpr std::size_t mail_message_bytes = 4u << 20;    // of one mail: an alert with a graph or two attached
inline constexpr std::size_t mail_message_bytes_max = 32u << 20; // more than any relay lets through
inline constexpr std::size_t mail_body_bytes_max = 65'536;     // of the text that rules read; an alert is a page
inline constexpr std::size_t mail_subject_bytes_max = 998;     // RFC 5322's longest line
inline constexpr std::size_t mail_read_bytes_max = 2u << 20;   // of a mail, from its beginning: texts stand before attachments
inline constexpr std::size_t mail_separators_max = 2'000;      // lines that begin with -- and may part one part from the next; behind them nothing is read
inline constexpr std::size_t mail_header_lines_max = 5'000;   // of a mail and its parts together: a long way leaves a hundred; each costs memory
inline constexpr std::size_t mail_parts_max = 64;              // of one mail, also inside others; a report has ten
inline constexpr std::size_t mail_depth_max = 16;              // parts inside parts: a forwarded forward has six
inline constexpr std::size_t mail_names_max = 50;              // of attachments that are shown
inline constexpr std::size_t mail_waiting_max = 64;            // mails that wait for their turn; then senders are told to come again
inline constexpr std::size_t mail_batch_max = 32;              // mails made durable by one commit
inline constexpr std::size_t mail_kept_max = 1'000;            // mails kept of one listener; a wrong rule shows within hours
inline constexpr std::size_t mail_kept_bytes_max = 64u << 20;  // of one listener's kept mails
inline constexpr Millis mail_kept_age_max = seconds(7 * 86'400); // over a weekend and a holiday
inline constexpr std::size_t smtp_command_bytes_max = 2'048;   // RFC 5321 asks for 512, its extensions add to it
inline constexpr std::size_t smtp_text_line_bytes_max = 262'144; // an HTML page in one line; RFC 5321 asks for 1,000
inline constexpr std::size_t smtp_recipients_max = 100;        // of one mail; RFC 5321 section 4.5.3.1.8
inline constexpr std::size_t smtp_errors_max = 20;             // commands refused in one connection; then it is closed
inline constexpr std::size_t smtp_commands_max = 1'000;        // of one connection without a mail between them
inline constexpr std::size_t smtp_mails_max = 1'000;           // of one connection; senders open another
inline constexpr std::size_t smtp_connections_max = 100;       // of one listener, each with a mail in memory at most
inline constexpr std::size_t smtp_connections_per_peer_max = 50; // so that one sender leaves room for others
inline constexpr std::size_t smtp_bytes_max = 256u << 20;      // of mails being received, all connections of a listener together
inline constexpr Millis smtp_idle_max = seconds(300);          // RFC 5321 section 4.5.3.2.7
inline constexpr Millis smtp_handshake_max = seconds(30);      // of TLS
inline constexpr Millis smtp_data_max = seconds(600);          // from DATA to its end; RFC 5321 section 4.5.3.2.6
inline constexpr Millis smtp_commit_max = seconds(120);        // for a mail to become durable; then the sender is told to come again
inline constexpr Millis mail_silent_max = seconds(31 * 86'400); // the longest quiet that can be watched
inline constexpr Millis mail_look_every = seconds(2);          // at the listener and its certificate

// Regular expressions --------------------------------------------------------------------------------
inline constexpr std::size_t regex_text_bytes_max = 1'024;     // people read it
inline constexpr std::size_t regex_instructions_max = 1'000;   // with repeats written out: what one character of a text costs at most
inline constexpr std::size_t regex_depth_max = 50;             // groups inside groups; bounds recursion
inline constexpr std::size_t regex_groups_max = 10;            // with a name: an alarm's machine, what, how much ...
inline constexpr std::size_t regex_count_max = 200;            // in {m,n}

} // namespace kaden::limits
