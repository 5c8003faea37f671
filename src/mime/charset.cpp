// Character sets, by libc's iconv; ISO-2022-JP is first made eucJP-ms, since libc's own knows neither NEC's
// and IBM's characters nor half-width kana in it.
#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>

#include "kaden/mime.h"

namespace kaden::mime {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD"; // U+FFFD
constexpr char escape = '\x1B';

unsigned char byte_of(char c) {
  return static_cast<unsigned char>(c);
}
bool is_ascii(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return byte_of(c) < 0x80; });
}

struct CloseIconv {
  void operator()(void* handle) const { iconv_close(handle); }
};

/// Nothing when libc does not know the set; or, when it must be `exact`, when something is wrong in the text.
std::optional<std::string> convert(std::string_view bytes, const std::string& charset, bool is_exact,
                                   bool& is_lossy) {
  iconv_t opened = iconv_open("UTF-8", charset.c_str());
  if (opened == reinterpret_cast<iconv_t>(-1)) return std::nullopt; // NOLINT: POSIX says so
  const std::unique_ptr<void, CloseIconv> handle(opened);
  std::string in(bytes); // iconv takes no const
  char* from = in.data();
  std::size_t left = in.size();
  std::string out;
  std::array<char, 4'096> room{};
  bool is_flushing = false;
  while (true) {
    char* to = room.data();
    std::size_t free = room.size();
    const std::size_t done = is_flushing ? iconv(handle.get(), nullptr, nullptr, &to, &free)
                                         : iconv(handle.get(), &from, &left, &to, &free);
    const int why = errno;
    out.append(room.data(), room.size() - free);
    if (done != static_cast<std::size_t>(-1)) {
      if (is_flushing) return out;
      is_flushing = true;
      continue;
    }
    if (why == E2BIG) continue;
    if (is_exact) return std::nullopt;
    is_lossy = true;
    if (is_flushing || left == 0) return out;
    out += replacement;
    ++from;
    --left;
  }
}

/// ISO-2022-JP and its kin (RFC 1468, 2237, CP50221) as eucJP-ms, which holds the same characters.
std::string euc_of_2022(std::string_view bytes) {
  enum class Set : std::uint8_t { ascii, kana, kanji, more_kanji };
  std::string out;
  out.reserve(bytes.size() * 2);
  Set set = Set::ascii;
  bool is_shifted_out = false;
  const auto high = [&](char c) { out += static_cast<char>(byte_of(c) | 0x80); };
  while (!bytes.empty()) {
    const auto takes = [&](std::string_view word) {
      if (!bytes.starts_with(word)) return false;
      bytes.remove_prefix(word.size());
      return true;
    };
    if (bytes.front() == escape) {
      if (takes("\x1B(B") || takes("\x1B(J") || takes("\x1B(H")) {
        set = Set::ascii;
      } else if (takes("\x1B(I")) {
        set = Set::kana;
      } else if (takes("\x1B$@") || takes("\x1B$B") || takes("\x1B$(@") || takes("\x1B$(B")) {
        set = Set::kanji;
      } else if (takes("\x1B$(D")) {
        set = Set::more_kanji;
      } else {
        bytes.remove_prefix(1); // an escape of another set
      }
      continue;
    }
    const char c = bytes.front();
    const unsigned char byte = byte_of(c);
    if (byte == 0x0E || byte == 0x0F) {
      is_shifted_out = byte == 0x0E;
    } else if (byte <= 0x20 || byte == 0x7F) {
      out += c;
      if (byte == '\n') set = Set::ascii; // a line begins in ASCII, also when the one before forgot to return
    } else if ((set == Set::kana || is_shifted_out || byte >= 0xA1) && (byte & 0x7FU) <= 0x5F &&
               set != Set::kanji && set != Set::more_kanji) {
      out += '\x8E';
      high(c);
    } else if ((set == Set::kanji || set == Set::more_kanji) && bytes.size() > 1 &&
               byte_of(bytes[1]) > 0x20) {
      if (set == Set::more_kanji) out += '\x8F';
      high(c);
      high(bytes[1]);
      bytes.remove_prefix(1);
    } else {
      out += c;
    }
    bytes.remove_prefix(1);
  }
  return out;
}

/// What the bytes themselves say.
std::string guess(std::string_view bytes, bool& is_lossy) {
  bool ignored = false;
  if (is_ascii(bytes) && bytes.find(escape) != std::string_view::npos) {
    if (auto text = convert(euc_of_2022(bytes), "EUC-JP-MS", true, ignored)) return *text;
  }
  if (is_valid_utf8(bytes)) return std::string(bytes);
  for (const char* charset : {"EUC-JP-MS", "CP932"}) { // in this order: little of CP932 is valid EUC-JP
    if (auto text = convert(bytes, charset, true, ignored)) return *text;
  }
  return convert(bytes, "UTF-8", false, is_lossy).value_or("");
}

/// Names under which mail programs send a set, as libc calls what they mean.
std::string name_of(std::string_view charset) {
  std::string name = to_lower(trim(charset));
  name.erase(std::remove_if(name.begin(), name.end(), [](char c) { return c == '"' || c == '\''; }),
             name.end());
  const auto is = [&](std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), std::string_view(name)) != names.end();
  };
  if (is({"", "us-ascii", "ascii", "ansi_x3.4-1968", "7bit", "8bit", "unknown", "unknown-8bit", "utf8",
          "utf-8", "default", "x-unknown"})) {
    return "utf-8";
  }
  if (is({"iso-2022-jp", "iso-2022-jp-ms", "iso-2022-jp-1", "iso-2022-jp-2", "iso-2022-jp-3", "cp50220",
          "cp50221", "cp50222", "x-windows-50220", "x-windows-50221", "csiso2022jp", "jis", "iso2022jp"})) {
    return "iso-2022-jp";
  }
  if (is({"shift_jis", "shift-jis", "sjis", "x-sjis", "ms_kanji", "csshiftjis", "windows-31j", "cp932",
          "ms932", "x-ms-cp932", "cswindows31j", "shift_jisx0213"})) {
    return "CP932";
  }
  if (is({"euc-jp", "eucjp", "x-euc-jp", "eucjp-ms", "eucjp-win", "x-euc", "ujis", "cp51932"}))
    return "EUC-JP-MS";
  if (is({"iso-8859-1", "latin1"})) return "CP1252"; // as every mail program reads it
  if (is({"ks_c_5601-1987"})) return "CP949";
  if (is({"gb2312"})) return "GBK";
  const bool is_plain = name.size() <= 40 && std::all_of(name.begin(), name.end(), [](char c) {
                          return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                                 c == '.' || c == ':';
                        });
  return is_plain ? name : "utf-8"; // never a path or an option for iconv
}

} // namespace

std::string to_utf8(std::string_view bytes, std::string_view charset, bool& is_lossy) {
  const std::string name = name_of(charset);
  if (name == "utf-8") return guess(bytes, is_lossy);
  bool ignored = false;
  if (name == "iso-2022-jp") {
    if (!is_ascii(bytes) && is_valid_utf8(bytes)) return std::string(bytes); // says one and sends the other
    if (!is_ascii(bytes) && bytes.find(escape) == std::string_view::npos) return guess(bytes, is_lossy);
    return convert(euc_of_2022(bytes), "EUC-JP-MS", false, is_lossy).value_or("");
  }
  if (auto text = convert(bytes, name, true, ignored)) return *text;
  if (is_valid_utf8(bytes)) return std::string(bytes);
  if (auto text = convert(bytes, name, false, is_lossy)) return *text;
  return guess(bytes, is_lossy);
}

} // namespace kaden::mime
