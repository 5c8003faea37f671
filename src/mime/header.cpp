// Headers: RFC 2047's encoded words, also those that senders get wrong.
#include <gmime/gmime.h>

#include <optional>

#include "gmime_types.h"
#include "kaden/mime.h"

namespace kaden::mime {

namespace {

constexpr std::size_t header_bytes_max = 16'384; // of one value; the rest is not read

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

std::string decode_payload(std::string_view text, char encoding) {
  std::string in;
  for (const char c : text) {
    if (encoding == 'Q') {
      in += c == '_' ? ' ' : c;
    } else if (!is_blank(c)) {
      in += c;
    }
  }
  GMimeEncoding state{};
  g_mime_encoding_init_decode(
      &state, encoding == 'Q' ? GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE : GMIME_CONTENT_ENCODING_BASE64);
  std::string out(g_mime_encoding_outlen(&state, in.size()) + 8, '\0');
  out.resize(g_mime_encoding_flush(&state, in.data(), in.size(), out.data()));
  return out;
}

struct EncodedWord {
  std::string charset;
  std::string bytes;
  std::size_t length = 0; ///< in the header
};

/// =?charset?B?text?= at the front of `text`. The end may be missing at the end of the header.
std::optional<EncodedWord> encoded_word(std::string_view text) {
  if (!text.starts_with("=?")) return std::nullopt;
  const std::size_t first = text.find('?', 2);
  if (first == std::string_view::npos || first == 2 || first > 60 || first + 2 >= text.size())
    return std::nullopt;
  const char encoding = static_cast<char>(text[first + 1] & ~0x20);
  if ((encoding != 'B' && encoding != 'Q') || text[first + 2] != '?') return std::nullopt;
  std::size_t end = text.find("?=", first + 3);
  const bool is_closed = end != std::string_view::npos;
  if (!is_closed) end = text.size();
  std::string_view charset = text.substr(2, first - 2);
  charset = charset.substr(0, charset.find('*')); // RFC 2231 section 5: a language
  if (charset.find_first_of(" \t\r\n") != std::string_view::npos) return std::nullopt;
  return EncodedWord{std::string(charset), decode_payload(text.substr(first + 3, end - first - 3), encoding),
                     is_closed ? end + 2 : end};
}

/// Blanks and line ends collapsed, control characters dropped.
std::string on_one_line(std::string_view text) {
  std::string out;
  bool has_gap = false;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_blank(c)) {
      has_gap = !out.empty();
    } else if (byte >= 0x20 && byte != 0x7F) {
      if (has_gap) out += ' ';
      has_gap = false;
      out += c;
    }
  }
  return out;
}

} // namespace

std::string decode_header(std::string_view value, bool& is_lossy) {
  value = value.substr(0, header_bytes_max);
  std::string out;
  std::string plain;   // not encoded
  EncodedWord pending; // words of one character set that stand side by side: one may end inside a character
  const auto flush_word = [&] {
    if (!pending.bytes.empty()) out += to_utf8(pending.bytes, pending.charset, is_lossy);
    pending = {};
  };
  const auto flush_plain = [&] {
    if (!plain.empty()) out += to_utf8(plain, "", is_lossy);
    plain.clear();
  };
  while (!value.empty()) {
    if (auto word = encoded_word(value)) {
      const bool is_between_words = !pending.charset.empty() && trim(plain).empty();
      if (is_between_words && equal_no_case(pending.charset, word->charset)) {
        plain.clear();
        pending.bytes += word->bytes;
      } else {
        flush_word();
        if (is_between_words) plain.clear(); // RFC 2047 section 6.2
        flush_plain();
        pending = {word->charset, word->bytes, 0};
      }
      value.remove_prefix(word->length);
      continue;
    }
    if (!pending.charset.empty() && !is_blank(value.front())) flush_word();
    plain += value.front();
    value.remove_prefix(1);
    if (pending.charset.empty() && value.starts_with("=?")) flush_plain();
  }
  flush_word();
  flush_plain();
  return on_one_line(out);
}

} // namespace kaden::mime
