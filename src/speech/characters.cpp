#include "characters.h"

#include <utility>

namespace kaden::speech {

Character character_at(std::string_view text, std::size_t at) {
  constexpr char32_t unknown = 0xFFFD;
  const auto byte = [&](std::size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(text[i])); };
  const std::size_t end =
      run_end(text, at + 1, [](char c) { return (static_cast<unsigned char>(c) & 0xC0u) == 0x80u; });
  const std::string_view bytes = text.substr(at, end - at);
  const char32_t lead = byte(at);
  const auto tail = [&](std::size_t i) { return byte(at + i) & 0x3Fu; };
  if (lead < 0x80 && bytes.size() == 1) return {lead, bytes};
  if (lead >= 0xC2 && lead < 0xE0 && bytes.size() == 2) return {((lead & 0x1Fu) << 6) | tail(1), bytes};
  if (lead >= 0xE0 && lead < 0xF0 && bytes.size() == 3) {
    return {((lead & 0x0Fu) << 12) | (tail(1) << 6) | tail(2), bytes};
  }
  if (lead >= 0xF0 && lead < 0xF5 && bytes.size() == 4) {
    return {((lead & 0x07u) << 18) | (tail(1) << 12) | (tail(2) << 6) | tail(3), bytes};
  }
  return {unknown, bytes};
}

std::string to_half_width(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const Character each = character_at(text, at);
    at += each.bytes.size();
    if (each.code >= 0xFF01 && each.code <= 0xFF5E) {
      out += static_cast<char>(each.code - 0xFF01 + '!');
    } else if (each.code <= ' ' || each.code == 0x7F || each.code == 0x3000) {
      out += ' ';
    } else {
      out += each.bytes;
    }
  }
  return out;
}

bool is_japanese(char32_t code) {
  constexpr std::pair<char32_t, char32_t> ranges[] = {
      {0x3005, 0x3007}, // the repeat mark, the closing mark, the kanji zero
      {0x3041, 0x3096}, // hiragana
      {0x30A1, 0x30FA}, // katakana
      {0x30FC, 0x30FC}, // the long vowel mark
      {0x3400, 0x4DBF}, {0x4E00, 0x9FFF}, {0xF900, 0xFAFF}, // kanji
      {0xFF66, 0xFF9F},                                     // half-width katakana
  };
  for (const auto& [first, last] : ranges) {
    if (code >= first && code <= last) return true;
  }
  return false;
}

} // namespace kaden::speech
