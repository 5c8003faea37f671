/// kaden/limits/aws.h - the limits of talking to AWS, each with its reason. Room: base. docs/limits.md is the
/// same for users; tools/make_limits_doc makes it.
#pragma once

#include <cstddef>

#include "kaden/time.h"

namespace kaden::limits {

// One constant a line, its reason beside it.
// clang-format off

// AWS -------------------------------------------------------------------------------------------------
inline constexpr std::size_t aws_profiles_bytes_max = 1u << 20;  // of ~/.aws/config or credentials: thousands of profiles
inline constexpr std::size_t aws_answer_bytes_max = 8u << 20;    // of one answer; AWS pages long before
inline constexpr std::size_t aws_token_bytes_max = 20'000;       // AWS's own, of a web identity token
inline constexpr int aws_profile_hops_max = 5;                   // of source_profile; longer chains are a mistake
inline constexpr Millis aws_refresh_early = seconds(900);        // before keys end somebody tries to have new ones
inline constexpr Millis aws_refresh_must = seconds(600);         // before keys end everybody waits for new ones
inline constexpr Millis aws_refresh_again = seconds(60);         // after a try that failed while the old keys are good
inline constexpr Millis aws_look_again = seconds(300);           // keys without an end are read anew, as they may be rotated
inline constexpr Millis aws_refused_again = seconds(10);         // the same for keys that AWS refused, until there are others
inline constexpr Millis aws_outage_again = seconds(900);         // the SDKs' own: expired keys of a metadata service that is out
inline constexpr Millis aws_imds_patience = seconds(1);          // the SDKs' own, of the instance metadata service
inline constexpr Millis aws_container_patience = seconds(2);     // the SDKs' own, three times
inline constexpr Millis aws_sts_patience = seconds(10);          // one exchange with STS
inline constexpr Millis aws_process_patience = seconds(60);      // of credential_process: it may ask a person's hardware key
inline constexpr int aws_attempts = 3;                           // the SDKs' standard mode, the first one counted
inline constexpr Millis aws_backoff = seconds(1);                // the same: random up to this, doubled each time
inline constexpr Millis aws_backoff_max = seconds(20);           // the same
inline constexpr int aws_retry_tokens = 500;                     // the same: what retries of one client may cost
inline constexpr Millis aws_skew_noticed = seconds(240);         // the SDKs' own: beyond it a refused signature is tried again
inline constexpr Millis aws_skew_round_trip_max = seconds(900);  // the same: a slower answer's Date says nothing

} // namespace kaden::limits
