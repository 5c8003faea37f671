/// kaden/posix_pattern.h - a POSIX extended regular expression, as pgrep(1) and grep -E take it. Room: tail.
/// Uses: base. Threads: one at a time. Errors: invalid, with regcomp(3)'s words.
#pragma once

#include <regex.h>

#include <memory>
#include <string>

#include "kaden/base.h"

namespace kaden::tail {

/// Back references are refused: matching them takes exponential time. Texts are looked at up to
/// limits::matched_bytes_max bytes.
class Pattern {
 public:
  static Result<Pattern> compile(const std::string& expression);
  bool matches(std::string_view text) const;

 private:
  struct End {
    void operator()(regex_t* compiled) const;
  };
  explicit Pattern(std::unique_ptr<regex_t, End> compiled) : compiled_(std::move(compiled)) {}
  std::unique_ptr<regex_t, End> compiled_;
};

} // namespace kaden::tail
