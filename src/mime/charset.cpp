// What a mail says about its character sets is often not true: what it can be is tried.
#include "kaden/charset.h"

#include <algorithm>

#include "kaden/mime.h"
#include "kaden/utf8.h"

namespace kaden::mime {

namespace {

constexpr char escape = '\x1B';
constexpr std::string_view iso_2022 = "iso-2022-jp";

bool is_ascii(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// Nothing when something is wrong in it, or libc does not know the set.
std::optional<std::string> read_exactly(std::string_view bytes, std::string_view set) {
  auto reader = charset::Reader::open(set);
  return reader ? reader->read_exactly(bytes) : std::nullopt;
}

/// Nothing when libc does not know the set.
std::optional<std::string> read_anyhow(std::string_view bytes, std::string_view set, bool& is_lossy) {
  auto reader = charset::Reader::open(set);
  if (!reader) return std::nullopt;
  auto read = reader->read(bytes);
  is_lossy = is_lossy || read.broken > 0;
  return std::move(read.text);
}

/// ISO-2022-JP that is not said to be it. Its last character may be cut.
std::optional<std::string> guess_iso_2022(std::string_view bytes, bool& is_lossy) {
  if (!is_ascii(bytes) || bytes.find(escape) == std::string_view::npos) return std::nullopt;
  auto reader = charset::Reader::open(iso_2022);
  if (!reader || !reader->read_exactly(bytes.substr(0, reader->whole(bytes, {})))) return std::nullopt;
  return read_anyhow(bytes, iso_2022, is_lossy);
}

/// What the bytes themselves say.
std::string guess(std::string_view bytes, bool& is_lossy) {
  if (auto text = guess_iso_2022(bytes, is_lossy)) return *text;
  if (is_valid_utf8(bytes)) return std::string(bytes);
  for (const char* set : {"EUC-JP-MS", "CP932"}) { // in this order: little of CP932 is valid EUC-JP
    if (auto text = read_exactly(bytes, set)) return *text;
  }
  is_lossy = true;
  return repaired_utf8(bytes);
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
  if (is({"iso-2022-jp", "iso-2022-jp-ms", "iso-2022-jp-1", "iso-2022-jp-2", "iso-2022-jp-3",
          "iso-2022-jp-2004", "cp50220", "cp50221", "cp50222", "x-windows-50220", "x-windows-50221",
          "csiso2022jp", "jis", "iso2022jp"})) {
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
  if (name == iso_2022) {
    if (!is_ascii(bytes) && is_valid_utf8(bytes)) return std::string(bytes); // says one and sends the other
    if (!is_ascii(bytes) && bytes.find(escape) == std::string_view::npos) return guess(bytes, is_lossy);
    return read_anyhow(bytes, iso_2022, is_lossy).value_or("");
  }
  if (auto text = read_exactly(bytes, name)) return *text;
  if (is_valid_utf8(bytes)) return std::string(bytes);
  if (auto text = read_anyhow(bytes, name, is_lossy)) return *text;
  return guess(bytes, is_lossy);
}

} // namespace kaden::mime
