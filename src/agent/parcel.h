/// parcel.h - what one record of a spool holds, and how far files were read. Room: agent, inside. Pure.
/// Errors: corrupt.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"
#include "kaden/tail.h"

namespace kaden::agent {

using tail::FilePosition;

/// A request to be sent. Metrics have no group.
struct Parcel {
  bool gzipped = false;
  std::string group{}, stream{};
  std::vector<FilePosition> positions{}; ///< reached with this request
  std::string body{};

  bool operator==(const Parcel&) const = default;
};
std::string encode_parcel(const Parcel& parcel);
Result<Parcel> decode_parcel(std::string_view text);

/// The file of positions: one a line, and a CRC over all at the end.
std::string encode_positions(const std::vector<FilePosition>& positions);
Result<std::vector<FilePosition>> decode_positions(std::string_view text);

} // namespace kaden::agent
