/// kaden/decoder.h - lines of log files that are not UTF-8, as UTF-8. Room: tail. Uses: base, charset.
/// Threads: a Decoder has one owner at a time. Errors: unavailable, when the C library lacks a converter;
/// what is no text in the encoding becomes U+FFFD.
///
/// As browsers do, shift_jis is Windows' code page 932, and euc_jp and iso_2022_jp have its characters too
/// (the Encoding Standard of WHATWG): what writes such files on Windows writes them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kaden/base.h"
#include "kaden/charset.h"

namespace kaden::tail {

enum class Encoding : std::uint8_t { utf_8, shift_jis, euc_jp, iso_2022_jp, utf_16le, utf_16be };

/// "utf-8", "shift_jis" or "cp932", "euc-jp", "iso-2022-jp", "utf-16le", "utf-16be"; case is the same.
std::optional<Encoding> parse_encoding(std::string_view name);
/// All names.
const std::vector<std::string_view>& encoding_names();

class Decoder {
 public:
  /// Null for UTF-8, which needs none.
  static Result<std::shared_ptr<Decoder>> make(Encoding encoding);

  using Decoded = charset::Reader::Text; ///< without a byte order mark
  /// Whole lines: each begins in the first state of its encoding (RFC 1468).
  Decoded decode(std::string_view bytes);
  /// A part of a line, or lines of which the first may have begun before.
  Decoded decode(std::string_view bytes, charset::Shift& shift);
  /// How many bytes at the front are whole characters; at least one when there is one.
  std::size_t whole(std::string_view bytes, const charset::Shift& shift) {
    return reader_.whole(bytes, shift);
  }
  /// Behind the next line feed, looked for from `from`, where a character begins; npos: none.
  std::size_t behind_line(std::string_view bytes, std::size_t from) const;
  /// Characters are multiples of these.
  std::size_t unit_bytes() const { return reader_.unit_bytes(); }

 private:
  Decoder(Encoding encoding, charset::Reader reader) : reader_(std::move(reader)), encoding_(encoding) {}

  // Owned
  charset::Reader reader_;
  // State
  const Encoding encoding_;
};

} // namespace kaden::tail
