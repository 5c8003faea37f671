/// kaden/limits/cloudwatch_api.h - the limits of what CloudWatch's clients may define, each with its reason.
/// Room: base. docs/limits.md is the same for users; tools/make_limits_doc makes it.
#pragma once

#include <cstddef>

namespace kaden::limits {

// One constant a line, its reason beside it.
// clang-format off

// CloudWatch's definitions -----------------------------------------------------------------------------
inline constexpr std::size_t composite_parents_max = 150;      // CloudWatch's own: composite alarms over one child
inline constexpr std::size_t entity_keys_min = 2;              // AWS's own, of an Entity's KeyAttributes
inline constexpr std::size_t entity_keys_max = 4;              // the same
inline constexpr std::size_t entity_key_bytes_max = 32;        // the same
inline constexpr std::size_t entity_attributes_max = 10;       // AWS's own, of an Entity's Attributes
inline constexpr std::size_t entity_attribute_bytes_max = 256; // the same, of a name
inline constexpr std::size_t entity_value_bytes_max = 2'048;   // the same, of any value

} // namespace kaden::limits
