/// kaden/limits/triage.h - the limits of triage, each with its reason. Room: base.
/// docs/limits.md is the same for users; tools/make_limits_doc makes it.
#pragma once

#include <cstddef>

#include "kaden/time.h"

namespace kaden::limits {

// One constant a line, its reason beside it.
// clang-format off

// Triage ----------------------------------------------------------------------------------------------
inline constexpr Millis triage_wait = seconds(2);                // for a model's verdict, unless the file says otherwise; then the rule's severity holds
inline constexpr Millis triage_wait_max = seconds(30);           // that the file may say: a call must not wait longer for an opinion
inline constexpr std::size_t triage_rules_max = 1'000;           // of the file; each event is held against them in order
inline constexpr std::size_t triage_text_bytes_max = 6'000;      // of what a model is shown of one alarm; the rest is cut off
inline constexpr std::size_t triage_reason_bytes_max = 300;      // of a verdict's reason: a hundred Japanese characters, ten seconds of speech
inline constexpr std::size_t triage_waiting_max = 1'000;         // alarm events that wait for a verdict; the next ones take the rule's severity at once
inline constexpr std::size_t triage_remembered_max = 5'000;      // verdicts kept for equal texts; the oldest are forgotten first
inline constexpr Millis triage_remembered_age_max = seconds(86'400); // tomorrow the same words may mean something else
inline constexpr std::size_t triage_questions_max = 256;         // that wait for a free connection; more are answered with "busy"
inline constexpr int triage_concurrent = 4;                      // questions under way at once, unless the file says otherwise
inline constexpr int triage_concurrent_max = 64;                 // that the file may say: each is a thread
inline constexpr std::size_t triage_response_bytes_max = 262'144; // of a model's answer; a verdict takes one
inline constexpr int triage_tokens = 512;                        // a model may write, unless the file says otherwise: Bedrock reserves them up front
inline constexpr int triage_tokens_max = 16'384;                 // that the file may say: models that think first need some
inline constexpr int triage_failures_max = 5;                    // in a row; then the model is left alone for a while
inline constexpr Millis triage_rest = seconds(30);               // that while: alarms take the rule's severity without waiting
inline constexpr Millis triage_retry_wait = Millis(150);         // before the one retry of a failure that may pass
inline constexpr Millis triage_warm_up_patience = seconds(300);  // for the first question: Bedrock compiles a new schema for minutes
inline constexpr std::size_t triage_evaluation_max = 10'000;     // texts of one evaluation set

} // namespace kaden::limits
