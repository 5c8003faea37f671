/// reader.h - a place in the text of a pattern. Room: logfilter, inside.
/// Threads: one owner. Errors: Problem with the place.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "kaden/base.h"
#include "problem.h"

namespace kaden::logfilter {

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool is_done() const { return at_ >= text_.size(); }
  /// '\0' at the end.
  char peek() const { return is_done() ? '\0' : text_[at_]; }
  bool sees(std::string_view word) const { return text_.substr(at_).starts_with(word); }
  std::size_t at() const { return at_; }
  std::string_view from(std::size_t begin) const { return text_.substr(begin, at_ - begin); }

  void skip(std::size_t bytes = 1) { at_ += bytes; }
  void skip_blanks() {
    while (!is_done() && is_blank(text_[at_])) ++at_;
  }
  bool take(std::string_view word) {
    if (!sees(word)) return false;
    at_ += word.size();
    return true;
  }
  /// As take(), and no letter or digit follows.
  bool take_word(std::string_view word) {
    if (!sees(word)) return false;
    const std::size_t end = at_ + word.size();
    if (end < text_.size() && is_name(text_[end])) return false;
    at_ = end;
    return true;
  }
  /// Characters for which `belongs` holds; may be none.
  template <class Belongs>
  std::string_view take_while(const Belongs& belongs) {
    const std::size_t begin = at_;
    while (!is_done() && belongs(text_[at_])) ++at_;
    return from(begin);
  }

  /// At '"': the text inside, with \" and \\ unescaped.
  Parsed<std::string> quoted() {
    const std::size_t begin = at_++;
    std::string text;
    while (!is_done() && peek() != '"') {
      const bool is_escape =
          peek() == '\\' && at_ + 1 < text_.size() && (text_[at_ + 1] == '"' || text_[at_ + 1] == '\\');
      if (is_escape) ++at_;
      text += text_[at_++];
    }
    if (is_done()) return wrong(begin, "the quote is not closed");
    ++at_;
    return text;
  }
  /// At '%': what stands before the next unescaped '%'.
  Parsed<std::string_view> percent() {
    const std::size_t begin = ++at_;
    while (!is_done() && peek() != '%') skip(peek() == '\\' ? 2U : 1U);
    if (is_done()) {
      at_ = text_.size();
      return wrong(begin - 1, "the regular expression is not closed with '%'");
    }
    const std::string_view inside = from(begin);
    ++at_;
    return inside;
  }
  tl::unexpected<Problem> problem(std::string message) const { return wrong(at_, std::move(message)); }
  /// "'x'", or what is at the end.
  std::string seen() const {
    return is_done() ? "the end of the pattern"
                     : "'" + std::string(cut_utf8(text_.substr(at_), first_length())) + "'";
  }

  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
  static bool is_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  }
  static bool is_beyond_ascii(char c) { return static_cast<unsigned char>(c) >= 0x80; }

  /// Regular expressions so far.
  std::size_t regexes = 0;

 private:
  /// Bytes of the character at the place: one more than the continuation bytes behind it.
  std::size_t first_length() const {
    std::size_t length = 1;
    while (at_ + length < text_.size() && (static_cast<unsigned char>(text_[at_ + length]) & 0xC0) == 0x80) {
      ++length;
    }
    return length;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
};

} // namespace kaden::logfilter
