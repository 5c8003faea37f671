/// kaden/limits/chat.h - the limits of chat, each with its reason. Room: base.
/// docs/limits.md is the same for users; tools/make_limits_doc makes it.
#pragma once

#include <cstddef>

#include "kaden/time.h"

namespace kaden::limits {

// One constant a line, its reason beside it.
// clang-format off

// Chat ------------------------------------------------------------------------------------------------
inline constexpr std::size_t chat_mailbox_max = 10'000;        // happenings that wait for the thread; more are dropped, never waited for
inline constexpr std::size_t chat_incidents_max = 500;         // whose messages may still change
inline constexpr std::size_t chat_lines_max = 30;              // of one message; the oldest go
inline constexpr std::size_t chat_line_bytes_max = 300;        // thirty of them fit into Slack's 40,000 characters
inline constexpr std::size_t chat_title_bytes_max = 500;       // nobody reads a longer one
inline constexpr std::size_t chat_response_bytes_max = 1'048'576; // Slack sends the message back, and some more
inline constexpr std::size_t chat_ts_bytes_max = 64;           // Slack's name of a message: "1787536800.000100"
inline constexpr int chat_tries_max = 8;                       // four minutes; older news only confuse
inline constexpr Millis chat_pause = seconds(1);               // between two messages: Slack's rate for one channel
inline constexpr Millis chat_retry_after_max = seconds(3'600); // a longer Retry-After is a mistake
inline constexpr Millis chat_patience = seconds(10);           // for one message
inline constexpr Millis chat_wait_max = seconds(60);           // no reminder sleeps longer
inline constexpr Millis chat_link_max = seconds(86'400);       // how long an acknowledge link works, unless the file says otherwise

} // namespace kaden::limits
