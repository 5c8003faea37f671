/// proc_words.h - lines and words of what the kernel writes, without copies. Room: agent, inside. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "kaden/base.h"

namespace kaden::agent {

/// Words between blanks and tabs; an empty one means there is no more.
class Words {
 public:
  explicit Words(std::string_view line) : rest_(line) {}
  std::string_view next() {
    const std::size_t start = rest_.find_first_not_of(" \t");
    if (start == std::string_view::npos) return rest_ = {};
    rest_.remove_prefix(start);
    const std::string_view word = rest_.substr(0, rest_.find_first_of(" \t"));
    rest_.remove_prefix(word.size());
    return word;
  }
  /// Passes over `count` words.
  Words& skip(int count) {
    while (count-- > 0) next();
    return *this;
  }

 private:
  std::string_view rest_;
};

inline std::optional<std::uint64_t> parse_count(std::string_view text) {
  if (text.empty() || text.size() > 20) return std::nullopt;
  std::uint64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (number > (~std::uint64_t{0} - digit) / 10) return std::nullopt;
    number = number * 10 + digit;
  }
  return number;
}

template <class Take>
void each_line(std::string_view text, Take take) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    take(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

} // namespace kaden::agent
