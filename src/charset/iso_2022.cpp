#include "iso_2022.h"

#include <algorithm>
#include <array>

namespace kaden::charset::iso_2022 {

namespace {

constexpr unsigned char shift_out = 0x0E, shift_in = 0x0F;

struct Escape {
  std::string_view bytes;
  Set set;
};
constexpr std::array<Escape, 15> escapes{{{"\x1B(B", Set::ascii},
                                          {"\x1B(J", Set::ascii},
                                          {"\x1B(H", Set::ascii},
                                          {"\x1B(I", Set::kana},
                                          {"\x1B$@", Set::kanji},
                                          {"\x1B$B", Set::kanji},
                                          {"\x1B$(@", Set::kanji},
                                          {"\x1B$(B", Set::kanji},
                                          {"\x1B$(D", Set::more_kanji},
                                          {"\x1B$A", Set::chinese},
                                          {"\x1B$(A", Set::chinese},
                                          {"\x1B$(C", Set::korean},
                                          {"\x1B$(O", Set::plane_1},
                                          {"\x1B$(Q", Set::plane_1},
                                          {"\x1B$(P", Set::plane_2}}};
constexpr std::size_t escape_bytes_max = 6;

unsigned char byte_of(char c) {
  return static_cast<unsigned char>(c);
}
bool is_single(Set set) {
  return set == Set::ascii || set == Set::kana;
}
/// A byte of the 94 that sets are made of, with or without its eighth bit.
bool is_graphic(char c) {
  const unsigned char low = byte_of(c) & 0x7FU;
  return low > 0x20 && low < 0x7F;
}

Shift called(Set set, Shift shift) {
  shift.set = static_cast<std::uint8_t>(set);
  return shift;
}

/// An escape that calls no set is one of a terminal (colours), and stays.
Token escape_at(std::string_view bytes, Shift shift) {
  for (const Escape& each : escapes) {
    if (bytes.starts_with(each.bytes))
      return {Kind::control, each.bytes.size(), Set::ascii, called(each.set, shift)};
    if (each.bytes.starts_with(bytes)) return {Kind::cut, bytes.size(), Set::ascii, shift};
  }
  if (bytes.starts_with("\x1B$")) {
    const std::size_t last = bytes.substr(0, escape_bytes_max).find_first_not_of("$()*+,-./", 1);
    // Read as letters it would be nonsense that looks like words.
    if (last != std::string_view::npos && bytes[last] >= '0' && bytes[last] <= '~')
      return {Kind::control, last + 1, Set::ascii, called(Set::unknown, shift)};
    if (last == std::string_view::npos && bytes.size() < escape_bytes_max)
      return {Kind::cut, bytes.size(), Set::ascii, shift};
  }
  return {Kind::character, 1, Set::ascii, shift};
}

Token single_at(char c, Set set, Shift shift) {
  const unsigned char byte = byte_of(c);
  const bool is_kana = set == Set::kana || shift.is_out || byte >= 0x80;
  if (is_kana && is_graphic(c) && (byte & 0x7FU) <= 0x5F) return {Kind::character, 1, Set::kana, shift};
  return {byte < 0x80 ? Kind::character : Kind::broken, 1, Set::ascii, shift};
}

} // namespace

Token front(std::string_view bytes, Shift shift) {
  const char c = bytes.front();
  const unsigned char byte = byte_of(c);
  const Set set = static_cast<Set>(shift.set);
  if (c == escape) return escape_at(bytes, shift);
  if (byte == shift_out || byte == shift_in)
    return {Kind::control, 1, Set::ascii, Shift{shift.set, byte == shift_out}};
  // A line begins in ASCII, also when the one before forgot to return.
  if (c == '\n') return {Kind::character, 1, Set::ascii, {}};
  if (byte <= 0x20 || byte == 0x7F) return {Kind::character, 1, Set::ascii, shift};
  if (is_single(set)) return single_at(c, set, shift);
  if (!is_graphic(c)) return {Kind::broken, 1, Set::ascii, shift};
  if (bytes.size() == 1) return {Kind::cut, 1, Set::ascii, shift};
  if (!is_graphic(bytes[1])) return {Kind::broken, 1, Set::ascii, shift};
  return {set == Set::unknown ? Kind::broken : Kind::character, 2, set, shift};
}

void put_high(std::string& out, std::string_view bytes, Set set) {
  if (set == Set::ascii) {
    out += bytes;
    return;
  }
  if (set == Set::kana) out += '\x8E';
  if (set == Set::more_kanji || set == Set::plane_2) out += '\x8F';
  for (const char c : bytes) out += static_cast<char>(byte_of(c) | 0x80U);
}

} // namespace kaden::charset::iso_2022
