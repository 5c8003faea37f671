#include "kaden/near_word.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace kaden {

namespace {

/// Levenshtein's distance between short words.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

} // namespace

std::string_view near_word(std::string_view word, const std::vector<std::string_view>& known) {
  constexpr std::size_t word_bytes_max = 64;
  if (word.size() > word_bytes_max) return "";
  std::size_t best =
      std::max<std::size_t>(1, (word.size() + 1) / 3) + 1; // more edits than this are another word
  std::string_view nearest;
  for (const std::string_view candidate : known) {
    if (candidate.size() > word.size() + best || word.size() > candidate.size() + best) continue;
    const std::size_t d = distance(word, candidate);
    if (d < best) {
      best = d;
      nearest = candidate;
    }
  }
  return nearest;
}

} // namespace kaden
