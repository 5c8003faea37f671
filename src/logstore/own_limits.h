// Limits of this room.
#pragma once

#include "kaden/base.h"

namespace kaden::limits {
// clang-format off
inline constexpr std::size_t log_chunk_bytes = 65'536;         // of events in a row, before compression; twice what zlib looks back
inline constexpr Millis log_chunk_span_max = seconds(600);     // from a row's first to its last event: a reader looks back so far
inline constexpr std::size_t log_cache_bytes = 64u << 20;      // unpacked rows kept by the reader: a thousand streams side by side
inline constexpr std::size_t log_scan_bytes_max = 64u << 20;   // unpacked for one page, well under a second; then it ends, with a token
inline constexpr std::size_t log_commit_bytes = 8u << 20;      // of events in one commit: senders wait for no more
inline constexpr std::size_t log_drop_chunks_max = 500;        // rows deleted in one commit: writers wait for no more
// clang-format on
} // namespace kaden::limits
