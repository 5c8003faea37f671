/// kaden/pattern.h - regular expressions with a promise: matching takes at most the text's length times the
/// pattern's, whatever both hold. Room: alarm. Uses: base. Threads: values; matching any. Errors: invalid,
/// with the place in the pattern ("at 7: ...", counted from 1).
///
/// Syntax, a part of POSIX ERE and RE2's: literals, `.`, classes `[a-z0-9_]`, `[^...]`, `\d \w \s` and `\`
/// before any other sign, groups `(...)`, `|`, `*`, `+`, `?`, `{2}`, `{2,}`, `{2,5}`. Bytes, not characters;
/// the whole text must match, so `^` and `$` are not needed (they may stand at the ends). No back references,
/// no look-around.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string_view>
#include <vector>

#include "kaden/base.h"

namespace kaden::alarm {

class Pattern {
 public:
  /// At most limits::pattern_bytes_max long, and limits::pattern_states_max once repeats are written out.
  static Result<Pattern> parse(std::string_view text);
  /// True when the whole text matches.
  bool matches(std::string_view text) const;

  /// One step of the automaton.
  struct State {
    enum class Kind : std::uint8_t { byte, fork, done };
    Kind kind = Kind::done;
    std::uint16_t set = 0;             ///< of `byte`: which of sets_
    std::uint16_t next = 0, other = 0; ///< `other` of `fork` only
  };

 private:
  std::vector<State> states_;
  std::vector<std::bitset<256>> sets_;
  std::uint16_t start_ = 0;
};

} // namespace kaden::alarm
