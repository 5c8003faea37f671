/// linear_regex.h - the regular expressions of filter patterns, in time linear in the text. Room: logfilter,
/// inside. Threads: immutable values; any. Errors: Problem, with the place in the pattern. Without
/// parentheses an expression is a choice of rows of characters, each with a repeat count. Each character of a
/// row is a bit; a byte of the text moves all bits at once (extended Shift-And, Navarro and Raffinot,
/// "Flexible Pattern Matching in Strings", section 4.2).
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "problem.h"

namespace kaden::logfilter {

/// The characters one position takes.
struct CharacterSet {
  std::bitset<128> ascii;
  bool others = false; ///< every character beyond ASCII
};

class Regex {
 public:
  /// `text` is what stands between the percent signs; `at` its place in the pattern, for errors.
  static Parsed<Regex> parse(std::string_view text, std::size_t at);
  bool found_in(std::string_view text) const;

 private:
  struct Program;
  explicit Regex(std::shared_ptr<const Program> program) : program_(std::move(program)) {}
  friend class RegexBuilder;
  std::shared_ptr<const Program> program_;
};

} // namespace kaden::logfilter
