/// iso_2022.h - what stands at the front of an ISO-2022-JP text. Room: charset, inside. Pure. Threads: any.
/// Errors: none: any bytes are some token.
///
/// RFC 1468, 2237, CP50221; RFC 1554 adds Korean and Chinese, where some programs find their circled digits,
/// and ISO-2022-JP-3 and -2004 the planes of JIS X 0213.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kaden/charset.h"

namespace kaden::charset::iso_2022 {

inline constexpr char escape = '\x1B';

/// As Shift::set holds them.
enum class Set : std::uint8_t { ascii, kana, kanji, more_kanji, chinese, korean, plane_1, plane_2, unknown };

enum class Kind : std::uint8_t {
  control,   ///< an escape or a shift: no text
  character, ///< of the token's set
  broken,    ///< no text in the set that was called
  cut,       ///< all that is left, and not the whole of what it begins
};

struct Token {
  Kind kind = Kind::broken;
  std::size_t bytes = 1;
  Set set = Set::ascii; ///< that the character is of
  Shift then;           ///< for what is behind it
};

/// `bytes` is not empty.
Token front(std::string_view bytes, Shift shift);

/// A character as the encoding of eight bits that holds its set has it.
void put_high(std::string& out, std::string_view bytes, Set set);

} // namespace kaden::charset::iso_2022
