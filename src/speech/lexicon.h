/// speech/lexicon.h - how the words of machine names are read. Room: speech, internal.
/// Threads: pure functions; any. Errors: none (null means unknown).
#pragma once

#include <string_view>
#include <vector>

namespace kaden::speech {

struct Reading {
  std::string_view word; ///< lower case letters and digits
  std::string_view ja;   ///< katakana
  std::string_view en;   ///< for an English voice; empty: read as it is written; "*": letter by letter
};

/// Null when the word is not known. `word` is lower case.
const Reading* find_reading(std::string_view word);
/// A word put together from known ones ("webserver", "maildb"): its parts, the fewest there can be. Empty
/// when it cannot be taken apart.
std::vector<const Reading*> take_apart(std::string_view word);
/// The whole lexicon, sorted by word.
std::vector<Reading> all_readings();

} // namespace kaden::speech
