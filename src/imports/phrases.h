/// phrases.h - what imports say, in both languages. Room: imports, inside. Threads: constants; any.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "kaden/base.h"

namespace kaden::imports {

struct Phrase {
  std::string_view en, ja;
};

template <class... Parts>
std::string say(Language language, const Phrase& phrase, const Parts&... parts) {
  return fmt::format(fmt::runtime(language == Language::ja ? phrase.ja : phrase.en), parts...);
}

/// One line, whatever came from outside: it may stand in a comment or in a terminal.
inline std::string one_line(std::string_view text) {
  constexpr std::size_t bytes_max = 200;
  std::string out;
  for (const char c : cut_utf8(text, bytes_max)) {
    const auto byte = static_cast<unsigned char>(c);
    out.push_back(byte < 0x20 || byte == 0x7f ? ' ' : c);
  }
  return out;
}

} // namespace kaden::imports
