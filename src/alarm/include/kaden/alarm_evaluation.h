/// kaden/alarm_evaluation.h - from datapoints to a state, and the sentence that says why. Room: alarm. Uses:
/// base. Threads: pure functions. Errors: none. CloudWatch user guide, "Configuring how CloudWatch alarms
/// treat missing data".
///
/// Choices where the guide is silent or contradicts itself:
/// - The evaluation range is EvaluationPeriods + 2 datapoints (the guide's example shows 5 for 3).
/// - The premature-alarm rule (mode `missing`: one breaching datapoint, then silence) applies only when no
/// datapoint
///   in the range is good. The guide's prose allows an older good one, its table ("0 - X - -": OK) does not.
/// - Where the guide only says "not ALARM" ("- - - - X" with M = 3), the state stays: too little was seen to
/// clear it.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "kaden/alarm.h"

namespace kaden::alarm {

inline constexpr std::size_t extra_datapoints = 2;
/// How many periods an evaluation looks back.
inline std::size_t evaluation_range(const Condition& condition) {
  return static_cast<std::size_t>(condition.evaluation_periods) + extra_datapoints;
}

/// Stored nowhere; picks the sentence.
enum class Why : std::uint8_t {
  measured,  ///< enough datapoints were there
  filled,    ///< missing ones were counted as TreatMissingData says
  silence,   ///< breaching, then nothing more came (premature-alarm rule)
  no_data,   ///< nothing in the range: INSUFFICIENT_DATA
  undecided, ///< the state stays
};

struct Decision {
  AlarmState state = AlarmState::insufficient_data;
  Why why = Why::undecided;
  std::size_t real = 0;      ///< datapoints used, at most N
  std::size_t breaching = 0; ///< of them
  std::size_t filled = 0;    ///< counted in place of missing ones
  bool operator==(const Decision&) const = default;
};

bool breaches(const Condition& condition, double value);

/// `points` are the datapoints of the evaluation range, oldest first; a missing one is nullopt. The `unknown`
/// oldest of them lie before our time: if they are absent they are unknown, not missing, and the state
/// changes only when no value they might have had could matter.
Decision decide(const Condition& condition, std::span<const std::optional<double>> points,
                std::size_t unknown, AlarmState previous);

/// The newest datapoint that speaks for the decision: breaching for ALARM, good for OK; nullopt when there is
/// none.
std::optional<double> telling_value(const Condition& condition, std::span<const std::optional<double>> points,
                                    AlarmState state);

/// "Threshold Crossed: 2 out of the last 3 datapoints [91.0 (23/11/26 06:43:00), ...] were greater than the
/// threshold (80.0) (minimum 2 datapoints for OK -> ALARM transition)." `first_at`: start of the oldest
/// period.
std::string reason_text(const Condition& condition, const Decision& decision,
                        std::span<const std::optional<double>> points, WallTime first_at);
/// CloudWatch's StateReasonData: a JSON object as text, at most 4,000 bytes.
std::string reason_data(const Condition& condition, std::span<const std::optional<double>> points,
                        WallTime first_at, WallTime now);

/// "91.0": at least one decimal, as CloudWatch writes numbers in reasons.
std::string number_text(double value);

} // namespace kaden::alarm
