/// kaden/limits/configuration.h - the limits of the configuration, each with its reason. Room: base.
/// docs/limits.md is the same for users; tools/make_limits_doc makes it.
#pragma once

#include <cstddef>

namespace kaden::limits {

// One constant a line, its reason beside it.
// clang-format off

// Configuration --------------------------------------------------------------------------------------
inline constexpr std::size_t config_depth_max = 16;            // twice the deepest field; bounds recursion
inline constexpr std::size_t config_nodes_max = 500'000;       // aliases counted as often as used: no "billion laughs"
inline constexpr std::size_t config_errors_max = 20;           // shown at once; more is not read, and counted instead
inline constexpr std::size_t people_max = 10'000;              // a large company's rota
inline constexpr std::size_t methods_per_person_max = 10;      // more ways to reach one person are not tried in time
inline constexpr std::size_t policies_max = 1'000;             // one a team
inline constexpr std::size_t levels_per_policy_max = 20;       // an hour of calling, about
inline constexpr std::size_t people_per_level_max = 50;        // called one after another; nobody waits for the fifty-first
inline constexpr std::size_t routes_max = 1'000;               // tried in order for each alarm event
inline constexpr std::size_t rules_max = 1'000;                // each is matched against each new metric
inline constexpr std::size_t access_keys_max = 1'000;          // one a sender
inline constexpr std::size_t tokens_max = 1'000;               // one a client
inline constexpr std::size_t secret_bytes_max = 4'096;         // AWS session tokens fit; more is the wrong file
inline constexpr std::size_t secret_bytes_min = 16;            // 96 bits in base64: shorter ones can be guessed

} // namespace kaden::limits
