/// kaden/limits/calls.h - the limits of calls, each with its reason. Room: base.
/// docs/limits.md is the same for users; tools/make_limits_doc makes it.
#pragma once

#include <cstddef>

#include "kaden/time.h"

namespace kaden::limits {

// One constant a line, its reason beside it.
// clang-format off

// Calls ----------------------------------------------------------------------------------------------
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

} // namespace kaden::limits
