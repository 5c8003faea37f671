/// tiers.h - how time is cut into steps and blocks, and the key of a block. Room: datapoints, inside.
/// Threads: pure functions. Errors: none; times are checked where they come in.
#pragma once

#include <array>
#include <cstdint>

#include "kaden/blocks.h"
#include "kaden/datapoints.h"

namespace kaden::datapoints {

inline constexpr std::array<Tier, 4> tiers{Tier::second, Tier::minute, Tier::five_minutes, Tier::hour};

/// How long a tier is kept before it is rolled up into the next one.
Millis keep_of(Tier tier);
/// Steps of one block: an hour, a day, 4 days, 32 days. Each block lies in one of the next tier.
std::int64_t block_steps(Tier tier);

/// The number of the step in which `at` (1970 or later) lies.
std::int64_t step_number(Tier tier, WallTime at);
WallTime step_start(Tier tier, std::int64_t step);

/// Where a step is stored.
struct Place {
  std::int64_t block = 0; ///< its number, counted from 1970
  std::uint32_t step = 0; ///< in the block
};
Place place_of(Tier tier, std::int64_t step);
WallTime block_start(Tier tier, std::int64_t block);
WallTime block_end(Tier tier, std::int64_t block);

inline constexpr std::int64_t blocks_max = std::int64_t{1} << 24; ///< of hours: until the year 3883
inline constexpr std::uint64_t series_numbers_max = std::uint64_t{1} << 32;

/// Series, tier and block in one number: blocks of a metric are neighbours. Stored.
std::int64_t key_of(std::uint64_t series, Tier tier, std::int64_t block);
std::uint64_t series_of(std::int64_t key);
Tier tier_of(std::int64_t key);
std::int64_t block_of(std::int64_t key);

/// The values of a block's steps stand in rows of their own, each of some steps: its parts. What comes
/// rewrites a block of sets, which is small, and of the rest the parts it belongs to.
inline constexpr std::int64_t parts_max = 32;
std::int64_t part_steps(Tier tier); ///< at most limits::distribution_steps_max
/// The key of the part of a block in which `step` lies. Stored.
std::int64_t part_key(std::int64_t block_key, std::uint32_t step);
inline std::int64_t first_part(std::int64_t block_key) {
  return block_key * parts_max;
}
inline std::int64_t last_part(std::int64_t block_key) {
  return block_key * parts_max + parts_max - 1;
}
/// The first step of a part, in its block.
std::uint32_t part_start(std::int64_t part);
/// What the seal of a part is about: never a block's key, nor a batch_place().
inline std::uint64_t part_place(std::int64_t part) {
  return ~static_cast<std::uint64_t>(part);
}
/// Months are kept coarser than days.
blocks::Detail detail_of(Tier tier);

/// What the seal of a batch is about: never a key.
inline std::uint64_t batch_place(std::int64_t id) {
  return (std::uint64_t{1} << 63) | static_cast<std::uint64_t>(id);
}

/// A block of `tier` as points of a block of the next tier.
struct RolledUp {
  Tier tier = Tier::hour;
  std::int64_t block = 0;
  std::vector<blocks::Point> points;
};
RolledUp roll_up(Tier tier, std::int64_t block, std::span<const blocks::Point> points);

} // namespace kaden::datapoints
