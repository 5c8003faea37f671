/// kaden/limits/webhooks.h - the limits of what other tools send by webhook, each with its reason. Room:
/// base. docs/limits.md is the same for users; tools/make_limits_doc makes it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kaden/time.h"

namespace kaden::limits {

// One constant a line, its reason beside it.
// clang-format off

// Webhooks -------------------------------------------------------------------------------------------
inline constexpr std::size_t webhooks_max = 100;               // one a sender; each is a file, a token and a line in /metrics
inline constexpr std::size_t webhook_body_bytes_max = 1'048'576; // Alertmanager's 1,000 alerts fit; SNS and EventBridge send 256 KiB
inline constexpr std::int64_t webhook_rate_per_s = 50;         // of one webhook; senders batch, and retry what was refused
inline constexpr std::int64_t webhook_rate_per_s_max = 10'000; // more than the journal commits one by one
inline constexpr std::size_t webhook_waiting_max = 256;        // bodies that wait for their turn, of 1 MiB at most; then senders come again
inline constexpr std::size_t webhook_kept_max = 1'000;         // bodies kept of one webhook; a wrong mapping shows within hours
inline constexpr std::size_t webhook_kept_bytes_max = 16u << 20; // of one webhook's kept bodies, so that a hundred fit on a small disk
inline constexpr Millis webhook_kept_age_max = seconds(7 * 86'400); // over a weekend and a holiday
inline constexpr std::size_t webhook_alarms_max = 100'000;     // whose last state is remembered; the longest unheard of is forgotten
inline constexpr Millis webhook_alarm_age_max = seconds(2 * 86'400); // twice as long as event ids are remembered
inline constexpr Millis webhook_left_min = seconds(600);       // from resolving by hand to calling again for what its sender repeats: beyond Alertmanager's group_interval of 5 minutes, within its repeat_interval
inline constexpr Millis standing_patience = seconds(5);        // for the writer to look how an alarm stands; a healthy commit takes milliseconds
inline constexpr std::size_t webhook_label_name_bytes_max = 128; // longer names are not written in routes
inline constexpr std::size_t webhook_labels_max = 28;          // of the sender's own; title and cut are ours
inline constexpr std::size_t webhook_words_max = 100;          // severities or states that one webhook translates
inline constexpr std::size_t webhook_machine_labels_max = 20;  // tried in order for each event
inline constexpr std::size_t json_pointer_bytes_max = 512;     // a path through the deepest body
inline constexpr std::size_t mapping_text_bytes_max = 1'024;   // one template of a generic webhook
inline constexpr std::size_t sns_topics_max = 100;             // that one webhook takes
inline constexpr std::size_t sns_certificates_max = 16;        // kept in memory; a region has one or two at a time
inline constexpr std::size_t sns_certificate_bytes_max = 65'536; // a PEM chain is a few KiB
inline constexpr Millis sns_patience = seconds(5);             // SNS itself waits 15 s for our answer
inline constexpr Millis sns_message_age_max = seconds(4'500);  // SNS retries for an hour at most; a clock may differ
inline constexpr Millis sns_fetch_again = seconds(30);         // after a certificate could not be fetched: strangers must not make us ask without end

} // namespace kaden::limits
