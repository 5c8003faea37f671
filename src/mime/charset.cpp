// Character sets, by libc's iconv; ISO-2022-JP is first made sets of eight bits, since libc's own knows
// neither NEC's and IBM's characters nor half-width kana in it.
#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
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

using Iconv = std::unique_ptr<void, CloseIconv>;

/// Null when libc does not know the set.
Iconv open_iconv(const std::string& charset) {
  iconv_t opened = iconv_open("UTF-8", charset.c_str());
  return Iconv(opened == reinterpret_cast<iconv_t>(-1) ? nullptr : opened); // NOLINT: POSIX says so
}

/// Nothing when it must be `exact` and something is wrong in the text.
std::optional<std::string> convert(std::string_view bytes, const Iconv& handle, bool is_exact,
                                   bool& is_lossy) {
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

/// Nothing also when libc does not know the set.
std::optional<std::string> convert(std::string_view bytes, const std::string& charset, bool is_exact,
                                   bool& is_lossy) {
  const Iconv handle = open_iconv(charset);
  return handle ? convert(bytes, handle, is_exact, is_lossy) : std::nullopt;
}

/// What escapes of ISO-2022-JP and its kin call. RFC 1468, 2237 and CP50221 stay within eucJP-ms;
/// ISO-2022-JP-2 (RFC 1554) adds Korean and Chinese, where some programs find their circled digits, and -3
/// and -2004 the planes of JIS X 0213.
enum class Set : std::uint8_t { ascii, kana, kanji, more_kanji, chinese, korean, plane_1, plane_2, unknown };
struct Escape {
  std::string_view bytes;
  Set set;
};
constexpr std::array<Escape, 15> escapes{{{"\x1B(B", Set::ascii},
                                          {"\x1B(J", Set::ascii},
                                          {"\x1B(H", Set::ascii},
                                          {"\x1B(I", Set::kana},
                                          {"\x1B$@", Set::kanji},
                                          {"\x1B$B", Set::kanji},
                                          {"\x1B$(@", Set::kanji},
                                          {"\x1B$(B", Set::kanji},
                                          {"\x1B$(D", Set::more_kanji},
                                          {"\x1B$A", Set::chinese},
                                          {"\x1B$(A", Set::chinese},
                                          {"\x1B$(C", Set::korean},
                                          {"\x1B$(O", Set::plane_1},
                                          {"\x1B$(Q", Set::plane_1},
                                          {"\x1B$(P", Set::plane_2}}};

bool is_single(Set set) {
  return set == Set::ascii || set == Set::kana;
}

/// The encoding of eight bits that holds the set. All of them hold ASCII, which goes with what is before it.
const char* home_of(Set set, const char* before) {
  switch (set) {
    case Set::ascii:
    case Set::unknown:
      return before;
    case Set::kana:
    case Set::kanji:
    case Set::more_kanji:
      return "EUC-JP-MS";
    case Set::chinese:
      return "EUC-CN";
    case Set::korean:
      return "EUC-KR";
    case Set::plane_1:
    case Set::plane_2:
      break;
  }
  return "EUC-JISX0213";
}

/// Reads such a text run by run, each in its encoding of eight bits.
class Of2022 {
 public:
  explicit Of2022(bool is_exact) : is_exact_(is_exact) {}

  /// Nothing when it must be exact and something is wrong in it.
  std::optional<std::string> read(std::string_view bytes, bool& is_lossy) {
    while (!bytes.empty()) bytes.remove_prefix(bytes.front() == escape ? called(bytes) : taken(bytes));
    end_run();
    if (is_exact_ && is_lossy_) return std::nullopt;
    is_lossy = is_lossy || is_lossy_;
    return out_;
  }

 private:
  /// Both give how many bytes at the beginning they have read.
  std::size_t called(std::string_view bytes) {
    const auto known = std::find_if(escapes.begin(), escapes.end(),
                                    [&](const Escape& each) { return bytes.starts_with(each.bytes); });
    if (known != escapes.end()) {
      call(known->set);
      return known->bytes.size();
    }
    const std::size_t last = bytes.find_first_not_of("$()*+,-./", 1);
    if (!bytes.starts_with("\x1B$") || last == std::string_view::npos) return 1;
    call(Set::unknown); // read as letters it would be nonsense that looks like words
    return last + 1;
  }
  void call(Set set) {
    set_ = set;
    const char* home = home_of(set, home_);
    if (home == home_) return;
    end_run();
    home_ = home;
  }
  std::size_t taken(std::string_view bytes) {
    const char c = bytes.front();
    const unsigned char byte = byte_of(c);
    if (byte == 0x0E || byte == 0x0F) {
      is_shifted_out_ = byte == 0x0E;
    } else if (byte <= 0x20 || byte == 0x7F) {
      run_ += c;
      if (byte == '\n')
        set_ = Set::ascii; // a line begins in ASCII, also when the one before forgot to return
    } else if ((set_ == Set::kana || is_shifted_out_ || byte >= 0xA1) && (byte & 0x7FU) <= 0x5F &&
               is_single(set_)) {
      call(Set::kana);
      run_ += '\x8E';
      high(c);
    } else if (!is_single(set_) && bytes.size() > 1 && byte_of(bytes[1]) > 0x20) {
      pair(c, bytes[1]);
      return 2;
    } else {
      run_ += c;
    }
    return 1;
  }
  void pair(char first, char second) {
    if (set_ == Set::unknown) {
      end_run();
      out_ += replacement;
      is_lossy_ = true;
      return;
    }
    if (set_ == Set::more_kanji || set_ == Set::plane_2) run_ += '\x8F';
    high(first);
    high(second);
  }
  void high(char c) { run_ += static_cast<char>(byte_of(c) | 0x80); }
  void end_run() {
    if (run_.empty()) return;
    Iconv& handle = opened_[home_]; // once each: a hostile text changes its set at every character
    if (!handle) handle = open_iconv(home_);
    const auto text = handle ? convert(run_, handle, is_exact_, is_lossy_) : std::nullopt;
    if (text) {
      out_ += *text;
    } else {
      is_lossy_ = true;
    }
    run_.clear();
  }

  const bool is_exact_;
  const char* home_ = "EUC-JP-MS";
  Set set_ = Set::ascii;
  bool is_shifted_out_ = false;
  bool is_lossy_ = false;
  std::string run_, out_;
  std::map<std::string_view, Iconv> opened_;
};

/// What the bytes themselves say.
std::string guess(std::string_view bytes, bool& is_lossy) {
  bool ignored = false;
  if (is_ascii(bytes) && bytes.find(escape) != std::string_view::npos) {
    if (auto text = Of2022(true).read(bytes, ignored)) return *text;
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
  bool ignored = false;
  if (name == "iso-2022-jp") {
    if (!is_ascii(bytes) && is_valid_utf8(bytes)) return std::string(bytes); // says one and sends the other
    if (!is_ascii(bytes) && bytes.find(escape) == std::string_view::npos) return guess(bytes, is_lossy);
    return Of2022(false).read(bytes, is_lossy).value_or("");
  }
  if (auto text = convert(bytes, name, true, ignored)) return *text;
  if (is_valid_utf8(bytes)) return std::string(bytes);
  if (auto text = convert(bytes, name, false, is_lossy)) return *text;
  return guess(bytes, is_lossy);
}

} // namespace kaden::mime
