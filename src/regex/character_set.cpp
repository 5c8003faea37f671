#include <algorithm>

#include "program.h"

namespace kaden::regex {

namespace {
constexpr char32_t last_character = 0x10FFFF;
}

void CharacterSet::add(char32_t from, char32_t to) {
  ranges_.emplace_back(from, to);
}

void CharacterSet::add(const CharacterSet& other) {
  ranges_.insert(ranges_.end(), other.ranges_.begin(), other.ranges_.end());
}

void CharacterSet::tidy() {
  std::sort(ranges_.begin(), ranges_.end());
  std::vector<std::pair<char32_t, char32_t>> out;
  for (const auto& range : ranges_) {
    if (!out.empty() && range.first <= out.back().second + 1) {
      out.back().second = std::max(out.back().second, range.second);
    } else {
      out.push_back(range);
    }
  }
  ranges_ = std::move(out);
}

void CharacterSet::invert() {
  tidy();
  std::vector<std::pair<char32_t, char32_t>> out;
  char32_t next = 0;
  for (const auto& [from, to] : ranges_) {
    if (from > next) out.emplace_back(next, from - 1);
    next = to + 1;
  }
  if (next <= last_character) out.emplace_back(next, last_character);
  ranges_ = std::move(out);
}

void CharacterSet::fold_case() {
  const auto before = ranges_;
  const auto add_folded = [&](char32_t from, char32_t to, char32_t low, char32_t high, std::int32_t shift) {
    const char32_t begin = std::max(from, low);
    const char32_t end = std::min(to, high);
    if (begin > end) return;
    ranges_.emplace_back(static_cast<char32_t>(static_cast<std::int32_t>(begin) + shift),
                         static_cast<char32_t>(static_cast<std::int32_t>(end) + shift));
  };
  for (const auto& [from, to] : before) {
    add_folded(from, to, U'a', U'z', -32);
    add_folded(from, to, U'A', U'Z', 32);
  }
}

void CharacterSet::finish() {
  tidy();
  for (const auto& [from, to] : ranges_) {
    for (char32_t c = from; c <= to && c < ascii_.size(); ++c) ascii_.set(c);
  }
}

bool CharacterSet::has(char32_t c) const {
  if (c < ascii_.size()) return ascii_.test(c);
  const auto above = std::upper_bound(ranges_.begin(), ranges_.end(), std::pair(c, last_character));
  return above != ranges_.begin() && std::prev(above)->second >= c;
}

} // namespace kaden::regex
