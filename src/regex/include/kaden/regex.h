/// kaden/regex.h - regular expressions with named groups, in time linear in the text. Room: regex. Uses:
/// base. Pure. Threads: immutable values; any. Errors: invalid, with the place in the expression ("at 7:
/// ...", counted in bytes from 1).
///
/// Perl's notation, of which are known: characters, `.`, `[a-z]`, `[^...]`, \d \w \s \D \W \S \t \n, \ before
/// a sign, `( )`, `(?: )`, `(?<name> )` and `(?P<name> )`, `|`, `* + ? {m} {m,} {m,n}`, each lazy with `?`
/// behind it, `^` and `$` at the beginning and end of each line, \b and \B, and `(?i)` at the very beginning
/// for ASCII letters in either case. A character is one of Unicode; \d \w \s \b know ASCII only. `.` and
/// negated sets other than \D \W \S end at a line's end. There are no references back and no looking around:
/// the time would not be bounded.
///
/// The leftmost text is found, and the alternatives of one place in their order, as in Perl (Pike's machine;
/// Cox, "Regular Expression Matching: the Virtual Machine Approach").
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"

namespace kaden::regex {

/// What may still be spent, in steps of a few nanoseconds. Shared by several searches.
struct Budget {
  std::uint64_t left = 0;
  bool is_spent() const { return left == 0; }
};

struct Match {
  std::size_t begin = 0, end = 0;
  /// In the order of names(); nothing for a group that took no part. Views into the text.
  std::vector<std::optional<std::string_view>> groups;
};

class Regex {
 public:
  /// At most limits::regex_text_bytes_max long, limits::regex_instructions_max with repeats written out.
  static Result<Regex> parse(std::string_view text);

  /// Of the groups, in order; unique.
  const std::vector<std::string>& names() const;
  const std::string& text() const;
  /// The first place in `text` that fits. Takes at most instructions times characters steps; when the budget
  /// ends before, nothing is found and is_spent() is true.
  std::optional<Match> find_in(std::string_view text, Budget& budget) const;

  bool operator==(const Regex& other) const { return text() == other.text(); }

  struct Program;

 private:
  explicit Regex(std::shared_ptr<const Program> program) : program_(std::move(program)) {}
  std::shared_ptr<const Program> program_;
};

} // namespace kaden::regex
