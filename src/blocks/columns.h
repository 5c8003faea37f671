/// columns.h - one column of a block: many doubles in the shortest of a few ways. Room: blocks, inside.
/// Threads: pure functions. Errors: the reader says failed().
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bits.h"

namespace kaden::blocks {

/// Bit patterns of doubles: what is equal here is equal to the last bit.
using Column = std::vector<std::uint64_t>;

/// Of ten, up to four decimals.
inline constexpr std::array<double, 5> powers{1, 10, 100, 1'000, 10'000};
/// The value as `whole / power`, when that division gives exactly its bits.
std::optional<std::int64_t> whole_of(std::uint64_t bits, double power);

/// Appends the column. `beside`: a column of the same length that was written before, or empty.
void put_column(std::string& out, const Column& column, const Column& beside);
/// `count` values; the reader's failed() is to be asked after.
Column read_column(Reader& in, std::size_t count, const Column& beside);

} // namespace kaden::blocks
