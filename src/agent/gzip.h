/// gzip.h - smaller bodies. Room: agent, inside. Pure (zlib).
#pragma once

#include <string>
#include <string_view>

namespace kaden::agent {

/// RFC 1952. The same bytes for the same input.
std::string gzip(std::string_view plain);
/// CRC-32 as in gzip; `before` goes on from an earlier piece.
unsigned crc_of(std::string_view bytes, unsigned before = 0);

} // namespace kaden::agent
