/// columns.h - one column of a block: many doubles in the shortest of a few ways. Room: blocks, inside.
/// Threads: pure functions. Errors: the reader says failed().
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "bits.h"

namespace kaden::blocks {

/// Bit patterns of doubles: what is equal here is equal to the last bit.
using Column = std::vector<std::uint64_t>;

/// Appends the column. `beside`: a column of the same length that was written before, or empty.
void put_column(std::string& out, const Column& column, const Column& beside);
/// `count` values; the reader's failed() is to be asked after.
Column read_column(Reader& in, std::size_t count, const Column& beside);

} // namespace kaden::blocks
