// HTML as tokens and as plain text.
#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "kaden/html.h"

namespace kaden::html {

namespace {

constexpr std::array<std::string_view, 22> block_names{
    "p",  "br", "div", "li", "ul",         "ol", "tr", "table", "h1", "h2", "h3",
    "h4", "h5", "h6",  "hr", "blockquote", "dt", "dd", "pre",   "td", "th", "section"};
constexpr std::array<std::string_view, 17> inline_names{"a",    "b",   "i",    "em",   "strong", "small",
                                                        "span", "var", "code", "font", "abbr",   "sub",
                                                        "sup",  "u",   "s",    "img",  "tt"};
constexpr std::array<std::pair<std::string_view, std::string_view>, 28> entities{{
    {"amp", "&"},        {"lt", "<"},          {"gt", ">"},         {"quot", "\""},      {"apos", "'"},
    {"nbsp", " "},       {"ndash", "\u2013"},  {"mdash", "\u2014"}, {"lsquo", "\u2018"}, {"rsquo", "\u2019"},
    {"ldquo", "\u201c"}, {"rdquo", "\u201d"},  {"sbquo", "\u201a"}, {"bdquo", "\u201e"}, {"hellip", "\u2026"},
    {"bull", "\u2022"},  {"middot", "\u00b7"}, {"copy", "\u00a9"},  {"reg", "\u00ae"},   {"trade", "\u2122"},
    {"deg", "\u00b0"},   {"times", "\u00d7"},  {"laquo", "\u00ab"}, {"raquo", "\u00bb"}, {"rarr", "\u2192"},
    {"larr", "\u2190"},  {"yen", "\u00a5"},    {"euro", "\u20ac"},
}};

template <std::size_t N>
bool is_among(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_block(std::string_view name) {
  return is_among(block_names, name);
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f';
}

void append_utf8(std::string& to, std::uint32_t code) {
  const auto byte = [&](std::uint32_t value) { to += static_cast<char>(static_cast<unsigned char>(value)); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0 | code >> 6);
    byte(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    byte(0xE0 | code >> 12);
    byte(0x80 | (code >> 6 & 0x3F));
    byte(0x80 | (code & 0x3F));
  } else {
    byte(0xF0 | code >> 18);
    byte(0x80 | (code >> 12 & 0x3F));
    byte(0x80 | (code >> 6 & 0x3F));
    byte(0x80 | (code & 0x3F));
  }
}

/// "#8212", "#x2014": the character; nothing for what is none.
std::optional<std::uint32_t> numeric_entity(std::string_view name) {
  const bool is_hex = name.size() > 1 && (name[1] == 'x' || name[1] == 'X');
  const std::string_view digits = name.substr(is_hex ? 2 : 1);
  if (digits.empty() || digits.size() > 8) return std::nullopt;
  std::uint32_t code = 0;
  for (const char c : to_lower(digits)) {
    std::uint32_t digit = 16;
    if (c >= '0' && c <= '9') digit = static_cast<std::uint32_t>(c - '0');
    if (is_hex && c >= 'a' && c <= 'f') digit = static_cast<std::uint32_t>(c - 'a') + 10;
    if (digit == 16) return std::nullopt;
    code = code * (is_hex ? 16 : 10) + digit;
    if (code > 0x10FFFF) return std::nullopt;
  }
  if (code == 0xA0) return ' ';
  if (code == 0 || (code >= 0xD800 && code <= 0xDFFF)) return std::nullopt;
  return code;
}

/// Appends what the entity at the front of `text` (which begins with '&') stands for; gives its length, 0
/// when it is none.
std::size_t decode_entity(std::string_view text, std::string& to) {
  const std::size_t end = text.substr(0, 12).find(';');
  if (end == std::string_view::npos || end < 2) return 0;
  const std::string_view name = text.substr(1, end - 1);
  if (name.front() == '#') {
    const auto code = numeric_entity(name);
    if (!code) return 0;
    append_utf8(to, *code);
    return end + 1;
  }
  for (const auto& [known, meaning] : entities) {
    if (name == known) {
      to += meaning;
      return end + 1;
    }
  }
  return 0;
}

std::string decode_entities(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = text.front() == '&' ? decode_entity(text, result) : 0;
    if (length == 0) result += text.front();
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return result;
}

/// Bytes of the control character at the front of `text` (C0, DEL, C1, and those that turn the direction of
/// writing), 0 when it is none.
std::size_t control_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  if (byte(0) < 0x20 || byte(0) == 0x7F) return 1;
  if (byte(0) == 0xC2 && byte(1) >= 0x80 && byte(1) <= 0x9F) return 2;
  if (byte(0) == 0xE2 && byte(1) == 0x80 && byte(2) >= 0xAA && byte(2) <= 0xAE) return 3;
  if (byte(0) == 0xE2 && byte(1) == 0x81 && byte(2) >= 0xA6 && byte(2) <= 0xA9) return 3;
  return 0;
}

/// Collects text and collapses blanks: a blank or a line end is written only between two other characters.
class Collector {
 public:
  void line() { gap_ = '\n'; }
  void add(std::string_view text, bool keeps_lines) {
    while (!text.empty()) {
      if (is_blank(text.front())) {
        if (text.front() == '\n' && keeps_lines) gap_ = '\n';
        if (gap_ == 0) gap_ = ' ';
        text.remove_prefix(1);
        continue;
      }
      const std::size_t control = control_length(text);
      if (control == 0) {
        if (gap_ != 0 && !text_.empty()) text_ += gap_;
        gap_ = 0;
        text_ += text.front();
      }
      text.remove_prefix(std::max<std::size_t>(control, 1));
    }
  }
  std::string cut(std::size_t bytes_max) const { return std::string(trim(cut_utf8(text_, bytes_max))); }

 private:
  // State
  std::string text_;
  char gap_ = 0; // to be written before the next character
};

class Tokenizer {
 public:
  explicit Tokenizer(std::string_view html) : rest_(html) {}

  std::vector<Token> run() {
    while (!rest_.empty()) {
      if (rest_.front() != '<' || !take_tag()) {
        text_ += rest_.front();
        rest_.remove_prefix(1);
      }
    }
    flush();
    return std::move(tokens_);
  }

 private:
  void flush() {
    if (!text_.empty()) tokens_.push_back({Token::Kind::text, decode_entities(text_)});
    text_.clear();
  }

  /// False when the '<' at the front begins no tag.
  bool take_tag() {
    if (rest_.starts_with("<!--")) return skip_to("-->");
    if (rest_.starts_with("<!") || rest_.starts_with("<?")) return skip_to(">");
    const bool is_close = rest_.starts_with("</");
    const std::string_view inside = rest_.substr(is_close ? 2 : 1);
    if (tags_are_over_ || inside.empty() || !is_letter(inside.front())) return false;
    const std::size_t end = end_of_tag(inside);
    if (end == std::string_view::npos) {
      tags_are_over_ = true; // nor will any other tag end: the text is looked through once only
      return false;
    }
    std::string_view name = inside.substr(0, std::min(inside.find_first_of(" \t\r\n/>"), end));
    name = name.substr(name.find(':') + 1); // npos + 1 is 0: no prefix
    flush();
    tokens_.push_back({is_close ? Token::Kind::close : Token::Kind::open, to_lower(name)});
    rest_ = inside.substr(end + 1);
    const Token& tag = tokens_.back();
    if (tag.is_open("script") || tag.is_open("style")) skip_raw(tag.text);
    return true;
  }

  /// Where its '>' is; one inside a quoted attribute value does not count.
  std::size_t end_of_tag(std::string_view inside) {
    for (std::size_t i = 0; i < inside.size(); ++i) {
      const char c = inside[i];
      if (c == '>') return i;
      if ((c != '"' && c != '\'') || inside[i - 1] != '=') continue;
      bool& is_last = c == '"' ? no_more_double_ : no_more_single_;
      const std::size_t closing = is_last ? std::string_view::npos : inside.find(c, i + 1);
      if (closing == std::string_view::npos) {
        is_last = true;
      } else {
        i = closing;
      }
    }
    return std::string_view::npos;
  }

  bool skip_to(std::string_view end) {
    const std::size_t at = rest_.find(end);
    rest_.remove_prefix(at == std::string_view::npos ? rest_.size() : at + end.size());
    return true;
  }

  /// To the closing tag, which the tokenizer reads as any other.
  void skip_raw(std::string_view name) {
    const std::string closing = "</" + std::string(name);
    while (!rest_.empty() && !starts_with_no_case(rest_, closing)) rest_.remove_prefix(1);
  }

  // State
  std::string_view rest_;
  std::string text_;
  std::vector<Token> tokens_;
  bool tags_are_over_ = false;
  bool no_more_double_ = false;
  bool no_more_single_ = false;
};

} // namespace

std::vector<Token> tokenize(std::string_view html) {
  return Tokenizer(html).run();
}

std::string plain_text(std::span<const Token> tokens, std::size_t bytes_max) {
  Collector collector;
  for (const Token& token : tokens) {
    if (token.kind == Token::Kind::text) {
      collector.add(token.text, false);
    } else if (is_block(token.text)) {
      collector.line();
    }
  }
  return collector.cut(bytes_max);
}

std::string tidy_text(std::string_view text, std::size_t bytes_max) {
  Collector collector;
  collector.add(text, true);
  return collector.cut(bytes_max);
}

std::string tidy_title(std::string_view text, std::size_t bytes_max) {
  std::string kept;
  while (!text.empty()) {
    const std::size_t from = text.starts_with("</") ? 2 : 1;
    const std::size_t end = text.front() == '<' ? text.substr(0, 128).find('>') : std::string_view::npos;
    if (end != std::string_view::npos && end > from) {
      const std::string_view inside = text.substr(from, end - from);
      const std::string name = to_lower(inside.substr(0, inside.find_first_of(" /")));
      if (is_block(name) || is_among(inline_names, name)) {
        if (is_block(name)) kept += ' ';
        text.remove_prefix(end + 1);
        continue;
      }
    }
    kept += text.front();
    text.remove_prefix(1);
  }
  Collector collector;
  collector.add(decode_entities(kept), false);
  return collector.cut(bytes_max);
}

} // namespace kaden::html
