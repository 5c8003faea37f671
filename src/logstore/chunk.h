// Events of one stream as the bytes of a row, and back. Time is linear in the bytes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/logstore.h"

namespace kaden::logstore {

/// Events that become one row: a view into what append() was given.
using Slice = std::span<const Event>;
/// In order; each row's times lie within limits::log_chunk_span_max, and its bytes within
/// limits::log_chunk_bytes unless it is one event alone.
std::vector<Slice> slices_of(std::span<const Event> events);

struct Packed {
  std::string bytes; ///< compressed when that made it shorter than raw_bytes
  std::size_t raw_bytes = 0;
};
Packed pack(Slice events);

/// The events of a row. Messages are views into `raw`.
struct Chunk {
  struct Line {
    std::int64_t ms = 0;
    std::uint32_t at = 0, bytes = 0; ///< in `raw`
  };
  std::string raw;
  std::vector<Line> lines; ///< ascending in time
  std::int64_t stream = 0, ingested_ms = 0;

  std::string_view message(const Line& line) const {
    return std::string_view(raw).substr(line.at, line.bytes);
  }
};
/// corrupt: the bytes cannot be what pack() wrote.
Result<Chunk> unpack(std::string_view bytes, std::size_t raw_bytes, std::int64_t first_ms);

} // namespace kaden::logstore
