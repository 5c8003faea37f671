#include "tiers.h"

#include "kaden/limits/stored_datapoints.h"

namespace kaden::datapoints {

namespace {

constexpr unsigned block_bits = 24;
constexpr unsigned tier_bits = 2;

std::int64_t step_ms(Tier tier) {
  return step_of(tier).count();
}

Tier next_of(Tier tier) {
  require(tier != Tier::hour, "nothing is coarser than an hour");
  return static_cast<Tier>(static_cast<int>(tier) + 1);
}

} // namespace

Millis step_of(Tier tier) {
  switch (tier) {
    case Tier::second:
      return seconds(1);
    case Tier::minute:
      return seconds(60);
    case Tier::five_minutes:
      return seconds(300);
    case Tier::hour:
      return seconds(3'600);
  }
  return seconds(60);
}

Millis keep_of(Tier tier) {
  switch (tier) {
    case Tier::second:
      return seconds(3 * 3'600);
    case Tier::minute:
      return seconds(15 * 86'400);
    case Tier::five_minutes:
      return seconds(63 * 86'400);
    case Tier::hour:
      return limits::datapoint_keep;
  }
  return limits::datapoint_keep;
}

std::int64_t block_steps(Tier tier) {
  switch (tier) {
    case Tier::second:
      return 3'600;
    case Tier::minute:
      return 1'440;
    case Tier::five_minutes:
      return 4 * 288;
    case Tier::hour:
      return 32 * 24;
  }
  return 1;
}

std::int64_t step_number(Tier tier, WallTime at) {
  return to_ms(at) / step_ms(tier);
}

WallTime step_start(Tier tier, std::int64_t step) {
  return wall_time(step * step_ms(tier));
}

Place place_of(Tier tier, std::int64_t step) {
  return {step / block_steps(tier), static_cast<std::uint32_t>(step % block_steps(tier))};
}

WallTime block_start(Tier tier, std::int64_t block) {
  return step_start(tier, block * block_steps(tier));
}

WallTime block_end(Tier tier, std::int64_t block) {
  return block_start(tier, block + 1);
}

std::int64_t key_of(std::uint64_t series, Tier tier, std::int64_t block) {
  require(series < series_numbers_max && block >= 0 && block < blocks_max, "a part's key fits 63 bits");
  return static_cast<std::int64_t>(series << (block_bits + tier_bits)) |
         static_cast<std::int64_t>(tier) << block_bits | block;
}

std::uint64_t series_of(std::int64_t key) {
  return static_cast<std::uint64_t>(key) >> (block_bits + tier_bits);
}

Tier tier_of(std::int64_t key) {
  return static_cast<Tier>(static_cast<std::uint64_t>(key) >> block_bits & ((1U << tier_bits) - 1));
}

std::int64_t block_of(std::int64_t key) {
  return key & (blocks_max - 1);
}

std::int64_t part_steps(Tier tier) {
  switch (tier) {
    case Tier::second:
      return 120;
    case Tier::minute:
      return 60;
    case Tier::five_minutes:
    case Tier::hour:
      return 96;
  }
  return 1;
}

std::int64_t part_key(std::int64_t block_key, std::uint32_t step) {
  return first_part(block_key) + step / part_steps(tier_of(block_key));
}

std::uint32_t part_start(std::int64_t part) {
  return static_cast<std::uint32_t>(part % parts_max * part_steps(tier_of(part / parts_max)));
}

blocks::Detail detail_of(Tier tier) {
  return tier == Tier::second || tier == Tier::minute ? blocks::Detail::full : blocks::Detail::coarse;
}

RolledUp roll_up(Tier tier, std::int64_t block, std::span<const blocks::Point> points) {
  const Tier next = next_of(tier);
  const std::int64_t factor = step_ms(next) / step_ms(tier);
  const Place first = place_of(next, block * block_steps(tier) / factor);
  return {next, first.block,
          blocks::rolled_up(points, static_cast<std::uint32_t>(factor), first.step, detail_of(next))};
}

} // namespace kaden::datapoints
