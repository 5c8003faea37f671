/// alarm_reading.h - reads the members of an alarm as `aws cloudwatch describe-alarms` prints it. Room:
/// imports, inside. Threads: pure functions. Errors: a reason in the reader's language.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kaden/alarm.h"
#include "kaden/base.h"

namespace kaden::imports {

/// Why something cannot be said, in the reader's language.
using Reason = std::string;

inline constexpr std::size_t word_bytes_max = 255; ///< of names in a configuration, and of CloudWatch's

/// "" when it is absent or no text.
std::string text_of(const json::object& object, std::string_view name);
std::optional<double> number_of(const json::object& object, std::string_view name);
/// Whole numbers only: what is not becomes 0 and is refused by the check of the condition.
std::int64_t whole_of(const json::object& object, std::string_view name, std::int64_t fallback);
/// There, and neither null nor an empty text or list.
bool is_filled(const json::object& object, std::string_view name);
const json::array* list_of(const json::object& object, std::string_view name);
/// Nullopt when one of them is not a pair of texts.
std::optional<alarm::Dimensions> dimensions_of(const json::object& object);
/// Not empty, not too long, no control characters, which a configuration may not hold.
bool fits_the_file(std::string_view text, std::size_t bytes_max);

/// `period`: of metric math, which has no statistic of its own; nullopt for an alarm on one metric.
tl::expected<alarm::Condition, Reason> condition_of(const json::object& object, std::optional<Millis> period,
                                                    Language language);

} // namespace kaden::imports
