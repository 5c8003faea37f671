/// kaden/blocks.h - datapoints as compressed, checksummed bytes, and their merging and rolling up. Room:
/// blocks. Uses: base, samples. Pure. Threads: values; any. Errors: corrupt (the bytes cannot be what was
/// written).
///
/// A block is a stretch of one metric's datapoints. Their places are steps of one length, counted from the
/// block's beginning, so times cost a few bytes a block: runs of neighbours. Values are four columns (one
/// when each is a single sample), each written in the shortest of these ways, losslessly to the last bit:
/// - constant;
/// - decimal: whole numbers, or with up to four decimals, as differences in groups of 32 of equal width;
/// - XOR with the value before, or with the sum of the same datapoint (Pelkonen et al., "Gorilla", VLDB 2015,
///   section 4.1.2).
/// What a step's samples were, one by one, stands apart from its block: few who read a block need it. Most
/// steps hold one value, which the block tells.
/// A batch is what arrived in a few seconds, of many metrics: quick to write, not small.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"
#include "kaden/samples.h"

namespace kaden::blocks {

using Values = samples::StatisticSet;
/// Null: `Values` tells all that is known.
using Each = std::shared_ptr<const samples::Distribution>;

/// Of a block: `step` is below steps_max.
struct Point {
  std::uint32_t step = 0;
  Values values;
  Each each{};
};
bool operator==(const Point& a, const Point& b);
inline constexpr std::uint32_t steps_max = 65'536;

/// `points`: at most limits::block_points_max, each step greater than the one before; what Point::each holds
/// is left out. At most limits::block_bytes_max.
std::string encode(std::span<const Point> points);
/// Takes a time bounded by limits::block_points_max, whatever the bytes are.
Result<std::vector<Point>> decode(std::string_view bytes);

/// The distributions of `points`, at most limits::distribution_steps_max of them, and their steps. At most
/// limits::distribution_bytes_max.
std::string encode_each(std::span<const Point> points);
struct StepEach {
  std::uint32_t step = 0;
  Each each;
};
/// Ascending. Takes a time bounded by limits::distribution_bytes_max.
Result<std::vector<StepEach>> decode_each(std::string_view bytes);

/// What becomes of many different values.
enum class Detail : std::uint8_t {
  full,   ///< limits::values_per_step_max of them are kept
  coarse, ///< they are rounded to limits::coarse_digits
};
/// Points of both, ascending as they are; those of one step become one.
std::vector<Point> merged(std::span<const Point> a, std::span<const Point> b, Detail detail = Detail::full);
/// Each `factor` steps become one; `first` is the step of the result that step 0 falls into.
std::vector<Point> rolled_up(std::span<const Point> points, std::uint32_t factor, std::uint32_t first,
                             Detail detail = Detail::full);

/// Of a batch: steps are counted from 1970.
struct Record {
  std::uint64_t series = 0;
  bool fine = false; ///< of the finest tier
  std::int64_t step = 0;
  Values values;
  Each each{};
};
bool operator==(const Record& a, const Record& b);
/// Any order; it becomes the order of series, tier and step. At most limits::batch_records_max.
std::string encode_batch(std::vector<Record> records);
Result<std::vector<Record>> decode_batch(std::string_view bytes);

/// With CRC-32 over `about` and the bytes at the end: a changed bit, a cut and a place that is not its own
/// show. `about` names the place.
std::string sealed(std::string bytes, std::uint64_t about);
Result<std::string_view> unsealed(std::string_view bytes, std::uint64_t about);

} // namespace kaden::blocks
