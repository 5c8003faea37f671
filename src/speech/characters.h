/// speech/characters.h - walking over text, character by character. Room: speech, internal.
/// Threads: pure functions; any. Errors: none; bytes that are not UTF-8 become U+FFFD, one or more at a time.
#pragma once

#include <string>
#include <string_view>

namespace kaden::speech {

inline bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
inline bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
inline bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
inline bool is_letter(char c) {
  return is_upper(c) || is_lower(c);
}
inline bool is_alnum(char c) {
  return is_letter(c) || is_digit(c);
}
inline bool is_ascii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}

/// The end of the run from `at` whose bytes all satisfy `holds`.
template <class Holds>
std::size_t run_end(std::string_view text, std::size_t at, Holds holds) {
  while (at < text.size() && holds(text[at])) at += 1;
  return at;
}

struct Character {
  char32_t code = 0;
  std::string_view bytes;
};
/// `at` is before the end.
Character character_at(std::string_view text, std::size_t at);

/// Full-width letters, digits and signs (U+FF01 to U+FF5E) as ASCII; the ideographic space and control
/// characters as a blank.
std::string to_half_width(std::string_view text);

/// Kana and kanji: what a Japanese voice reads and an English one cannot.
bool is_japanese(char32_t code);

} // namespace kaden::speech
