/// kaden/html.h - HTML of strangers as plain text. Room: html. Uses: base. Pure. Threads: values; any.
/// Errors: none: any text is some HTML. Time: linear in the text.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"

namespace kaden::html {

struct Token {
  enum class Kind : std::uint8_t { text, open, close };
  Kind kind = Kind::text;
  std::string text; ///< decoded; of a tag its name, lower case, without prefix

  bool is_open(std::string_view name) const { return kind == Kind::open && text == name; }
  bool is_close(std::string_view name) const { return kind == Kind::close && text == name; }
};

/// Comments, declarations, attributes, and what is inside script and style are dropped; entities are decoded
/// once. A '<' that begins no tag is text.
std::vector<Token> tokenize(std::string_view html);
/// Text with blanks collapsed; blocks (p, br, li ...) begin a new line.
std::string plain_text(std::span<const Token> tokens, std::size_t bytes_max);

/// Text that is no HTML: its own line ends stay, other blanks are collapsed, control characters vanish.
std::string tidy_text(std::string_view text, std::size_t bytes_max);
/// On one line. Entities are decoded once more, and tags that HTML knows are taken out: "DB <prod>" stays.
std::string tidy_title(std::string_view text, std::size_t bytes_max);

} // namespace kaden::html
