/// regex/program.h - a regular expression read and written out as instructions. Room: regex, inside. Threads:
/// values; any. Errors: see the front door.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kaden/regex.h"

namespace kaden::regex {

/// Characters, as ranges of code points in rising order that do not touch.
class CharacterSet {
 public:
  void add(char32_t from, char32_t to);
  void add(const CharacterSet& other);
  void invert();
  void fold_case(); ///< ASCII letters in both cases
  /// Once it is complete.
  void finish();
  bool has(char32_t c) const;
  bool is_one() const { return ranges_.size() == 1 && ranges_[0].first == ranges_[0].second; }
  char32_t first() const { return ranges_[0].first; }
  bool has_beyond_ascii() const { return !ranges_.empty() && ranges_.back().second >= 0x80; }

 private:
  void tidy();
  std::vector<std::pair<char32_t, char32_t>> ranges_;
  std::bitset<128> ascii_;
};

enum class Look : std::uint8_t { line_begin, line_end, word_edge, no_word_edge };

struct Instruction {
  enum class Kind : std::uint8_t { character, fork, save, look, done };
  Kind kind = Kind::done;
  Look look = Look::line_begin;
  std::uint16_t set = 0;  ///< character
  std::uint16_t slot = 0; ///< save: 2 * group, and one more at its end
  std::uint16_t next = 0;
  std::uint16_t other = 0; ///< fork: the one tried when `next` leads nowhere
};

struct Regex::Program {
  std::string text;
  std::vector<std::string> names;
  std::vector<CharacterSet> sets;
  std::vector<Instruction> code;
  std::uint16_t start = 0;
  bool can_skip = false; ///< only characters whose first byte is in `leads` begin a match
  std::array<bool, 256> leads{};
};

/// One character and how many bytes it has; a byte that begins none is itself one, U+FFFD.
struct Decoded {
  char32_t c;
  std::size_t bytes;
};
Decoded decode(std::string_view text, std::size_t at);

} // namespace kaden::regex
