/// distributions.h - values with their counts as bits. Room: blocks, inside. A distribution's values become
/// whole numbers that ascend (decimals, or the bits of doubles), of which differences are written; each kind
/// of number in a width that follows those before it.
/// Threads: values; one at a time. Errors: the reader says failed(), and gives null for what cannot have been
/// written.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "bits.h"
#include "kaden/samples.h"

namespace kaden::blocks {

/// How wide the numbers of one stream are, from those before.
class Width {
 public:
  unsigned bits() const;
  void follow(std::uint64_t number);

 private:
  std::uint64_t sum_ = 0; // about eight times their mean
  bool begun_ = false;
};

/// What writer and reader remember of the distributions before.
struct DistributionState {
  static constexpr std::size_t kinds = 16;
  struct Kind {
    Width first, gap;
    std::uint64_t last_first = 0;
  };
  std::array<Kind, kinds> by_kind;
  Width size, count;
  std::uint8_t kind = 0;
  std::uint64_t last_size = 0;
};

void put_number(BitWriter& out, Width& width, std::uint64_t number);
std::uint64_t read_number(Reader& in, Width& width);

/// `each` is known and not empty.
void put_distribution(BitWriter& out, DistributionState& state, const samples::Distribution& each);
std::shared_ptr<const samples::Distribution> read_distribution(Reader& in, DistributionState& state);

} // namespace kaden::blocks
