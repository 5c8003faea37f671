/// kaden/limits/queues.h - the limits of queues that are read, each with its reason. Room: base.
/// docs/limits.md is the same for users; tools/make_limits_doc makes it.
#pragma once

#include <cstddef>

#include "kaden/time.h"

namespace kaden::limits {

// One constant a line, its reason beside it.
// clang-format off

// Queues ----------------------------------------------------------------------------------------------
inline constexpr std::size_t queue_receive_max = 10;           // SQS's own, messages of one answer
inline constexpr Millis queue_wait = seconds(20);              // SQS's own longest poll: an alarm comes at once, and a quiet queue costs 130,000 requests a month
inline constexpr Millis queue_patience = seconds(30);          // for one answer of SQS, the wait counted
inline constexpr Millis queue_visibility = seconds(60);        // a message that is not deleted by then is given out again
inline constexpr Millis queue_settle_max = seconds(45);        // for the journal; then the message is left to be given out again
inline constexpr Millis queue_odd_again = seconds(3'600);      // what cannot be read is looked at again: Kaden may be newer by then
inline constexpr Millis queue_retry = seconds(5);              // after a failure, doubled each time
inline constexpr Millis queue_retry_max = seconds(60);         // an outage of SQS is noticed to be over within a minute
inline constexpr Millis queue_unreadable = seconds(300);       // a queue that could not be read for so long is an alarm

} // namespace kaden::limits
