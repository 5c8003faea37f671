#include "kaden/charset.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "iso_2022.h"

namespace kaden::charset {

namespace {

constexpr std::string_view euc_jp = "EUC-JP-MS";
constexpr std::string_view not_text = "\xEF\xBF\xBD"; // U+FFFD

unsigned char byte_of(char c) {
  return static_cast<unsigned char>(c);
}

/// The encoding of eight bits that holds the set. All of them hold ASCII, which goes with what is before it.
std::string_view home_of(iso_2022::Set set, std::string_view before) {
  using iso_2022::Set;
  switch (set) {
    case Set::ascii:
    case Set::unknown:
      return before;
    case Set::kana:
    case Set::kanji:
    case Set::more_kanji:
      return euc_jp;
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

} // namespace

void Reader::Close::operator()(void* converter) const {
  iconv_close(converter);
}

Reader::Family Reader::family_of(const std::string& name) {
  if (name == "iso-2022-jp") return Family::iso_2022;
  if (name == "cp932" || name == "shift_jis") return Family::shift_jis;
  if (name.starts_with("euc-")) return Family::euc;
  if (name.starts_with("utf-16") || name.starts_with("ucs-2")) return Family::utf_16;
  if (name.starts_with("utf-32") || name.starts_with("ucs-4")) return Family::utf_32;
  return Family::bytes;
}

Result<Reader> Reader::open(std::string_view set) {
  std::string name = to_lower(set);
  const Family family = family_of(name);
  if (family == Family::iso_2022) name = euc_jp; // the most of it; the others are asked for when needed
  Reader reader(name, family);
  if (reader.converter(name) == nullptr)
    return fail(Fault::unavailable, "this machine's C library cannot convert " + std::string(set) +
                                        " (Debian: libc6, libc-gconv-modules-extra)");
  return reader;
}

void* Reader::converter(const std::string& name) {
  const auto known = converters_.find(name);
  if (known != converters_.end()) return known->second.get();
  iconv_t const opened = iconv_open("UTF-8", name.c_str());
  // NOLINTNEXTLINE(performance-no-int-to-ptr,cppcoreguidelines-pro-type-reinterpret-cast): iconv(3)'s failure
  const bool is_there = opened != reinterpret_cast<iconv_t>(-1);
  return converters_.emplace(name, is_there ? opened : nullptr).first->second.get();
}

std::size_t Reader::unit_bytes() const {
  if (family_ == Family::utf_32) return 4;
  return family_ == Family::utf_16 ? 2 : 1;
}

/// Bytes that one U+FFFD stands for: a unit, or a character of several bytes that is none. A byte of ASCII is
/// never lost with what is before it (the Encoding Standard of WHATWG).
std::size_t Reader::broken_bytes(std::string_view bytes, Family family) {
  const unsigned char first = byte_of(bytes.front());
  const auto is_high = [&](std::size_t at, unsigned char least) {
    return at < bytes.size() && byte_of(bytes[at]) >= least;
  };
  switch (family) {
    case Family::bytes:
      return 1;
    case Family::shift_jis: {
      const bool is_lead = (first >= 0x81 && first <= 0x9F) || (first >= 0xE0 && first <= 0xFC);
      return is_lead && is_high(1, 0x80) ? 2 : 1;
    }
    case Family::euc:
    case Family::iso_2022: {
      const bool is_lead = (first >= 0xA1 && first <= 0xFE) || first == 0x8E || first == 0x8F;
      const std::size_t most = first == 0x8F ? 3 : is_lead ? 2 : 1;
      std::size_t count = 1;
      while (count < most && is_high(count, 0xA1)) ++count;
      return count;
    }
    case Family::utf_16:
      return std::min<std::size_t>(2, bytes.size());
    case Family::utf_32:
      return std::min<std::size_t>(4, bytes.size());
  }
  return 1;
}

/// Rows 89 to 92 hold NEC's selection of IBM's characters wherever Windows has written (CP50221, CP51932):
/// libc's eucJP-ms has the first of a user's own characters there. From `from` on they become NEC's.
void Reader::settle_nec_rows(std::string& text, std::size_t from) {
  constexpr unsigned first = 0xE178, cells = 94, rows = 4;
  for (std::size_t at = text.find('\xEE', from); at != std::string::npos; at = text.find('\xEE', at + 3)) {
    const unsigned code = 0xE000U | (byte_of(text[at + 1]) & 0x3FU) << 6 | (byte_of(text[at + 2]) & 0x3FU);
    if (code < first || code >= first + rows * cells) continue;
    const unsigned row = (code - first) / cells, cell = (code - first) % cells;
    const unsigned trail = row % 2 == 1 ? 0x9F + cell : cell + (cell < 63 ? 0x40 : 0x41);
    const std::array<char, 2> sjis{static_cast<char>(0xED + row / 2), static_cast<char>(trail)};
    Text known;
    if (convert("CP932", {sjis.data(), sjis.size()}, known, true, nullptr) && known.text.size() == 3)
      text.replace(at, 3, known.text);
  }
}

/// Appends to `out`. With `left_at_end`, a character that is not there to its end is left. False: it must be
/// exact, and something is broken.
bool Reader::convert(const std::string& name, std::string_view bytes, Text& out, bool is_exact,
                     std::size_t* left_at_end) {
  const std::size_t before = out.text.size();
  void* const handle = converter(name);
  if (handle == nullptr) {
    ++out.broken;
    out.text.append(not_text);
    return !is_exact;
  }
  std::array<char, 4'096> part{};
  char* from =
      const_cast<char*>(bytes.data()); // NOLINT(cppcoreguidelines-pro-type-const-cast): iconv(3) reads
  std::size_t left = bytes.size();
  iconv(handle, nullptr, nullptr, nullptr, nullptr);
  for (;;) {
    char* to = part.data();
    std::size_t room = part.size();
    // Without bytes it gives what it held back.
    const bool is_over = left == 0;
    const std::size_t answer =
        iconv(handle, is_over ? nullptr : &from, is_over ? nullptr : &left, &to, &room);
    const int why = answer == static_cast<std::size_t>(-1) ? errno : 0;
    out.text.append(part.data(), part.size() - room);
    if (why == E2BIG) continue;
    if (is_over) break;
    if (why == 0) continue;
    if (why == EINVAL && left_at_end != nullptr) {
      *left_at_end = left;
      return true;
    }
    if (is_exact) return false;
    ++out.broken;
    out.text.append(not_text);
    const std::size_t skipped = why == EINVAL ? left : broken_bytes({from, left}, family_);
    from += skipped;
    left -= skipped;
  }
  if (equal_no_case(name, euc_jp)) settle_nec_rows(out.text, before);
  return true;
}

/// Run by run, each in its encoding of eight bits.
bool Reader::read_iso_2022(std::string_view bytes, Shift& shift, Text& out, bool is_exact) {
  using iso_2022::Kind;
  std::string home = name_;
  std::string run;
  const auto end_run = [&] {
    const bool is_right = run.empty() || convert(home, run, out, is_exact, nullptr);
    run.clear();
    return is_right;
  };
  while (!bytes.empty()) {
    const iso_2022::Token token = iso_2022::front(bytes, shift);
    // An escape that breaks off is none: its characters stay.
    const bool is_cut_escape = token.kind == Kind::cut && bytes.front() == iso_2022::escape;
    const std::string_view taken = bytes.substr(0, is_cut_escape ? 1 : token.bytes);
    bytes.remove_prefix(taken.size());
    const std::string_view wanted = home_of(token.set, home);
    if (wanted != home) {
      if (!end_run()) return false;
      home = wanted;
    }
    switch (is_cut_escape ? Kind::character : token.kind) {
      case Kind::control:
        break;
      case Kind::character:
        iso_2022::put_high(run, taken, token.set);
        break;
      case Kind::broken:
      case Kind::cut:
        if (is_exact || !end_run()) return false;
        ++out.broken;
        out.text.append(not_text);
        break;
    }
    shift = token.then;
  }
  return end_run();
}

Reader::Text Reader::read(std::string_view bytes, Shift& shift) {
  Text out;
  if (family_ == Family::iso_2022) {
    read_iso_2022(bytes, shift, out, false);
  } else {
    convert(name_, bytes, out, false, nullptr);
  }
  return out;
}

Reader::Text Reader::read(std::string_view bytes) {
  Shift first;
  return read(bytes, first);
}

std::optional<std::string> Reader::read_exactly(std::string_view bytes) {
  Text out;
  Shift first;
  const bool is_right = family_ == Family::iso_2022 ? read_iso_2022(bytes, first, out, true)
                                                    : convert(name_, bytes, out, true, nullptr);
  return is_right ? std::optional(std::move(out.text)) : std::nullopt;
}

std::size_t Reader::whole(std::string_view bytes, Shift shift) {
  std::size_t left = 0;
  if (family_ != Family::iso_2022) {
    Text ignored;
    convert(name_, bytes, ignored, false, &left);
    return bytes.size() - left;
  }
  std::size_t read = 0;
  while (read < bytes.size()) {
    const iso_2022::Token token = iso_2022::front(bytes.substr(read), shift);
    if (token.kind == iso_2022::Kind::cut) break;
    read += token.bytes;
    shift = token.then;
  }
  return read;
}

} // namespace kaden::charset
