#include "kaden/decoder.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace kaden::tail {

namespace {

constexpr std::string_view not_text = "\xEF\xBF\xBD";
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

struct Name {
  std::string_view name;
  Encoding encoding;
};
constexpr std::array<Name, 7> names = {{{"utf-8", Encoding::utf_8},
                                        {"shift_jis", Encoding::shift_jis},
                                        {"cp932", Encoding::shift_jis},
                                        {"euc-jp", Encoding::euc_jp},
                                        {"iso-2022-jp", Encoding::iso_2022_jp},
                                        {"utf-16le", Encoding::utf_16le},
                                        {"utf-16be", Encoding::utf_16be}}};

/// As glibc calls it: the widest of those that bear the name.
const char* converter_name(Encoding encoding) {
  switch (encoding) {
    case Encoding::utf_8:
      return "UTF-8";
    case Encoding::shift_jis:
      return "CP932";
    case Encoding::euc_jp:
      return "EUC-JP-MS";
    case Encoding::iso_2022_jp:
      return "ISO-2022-JP-3"; // with half-width katakana
    case Encoding::utf_16le:
      return "UTF-16LE";
    case Encoding::utf_16be:
      return "UTF-16BE";
  }
  return "UTF-8";
}

/// In all encodings of bytes here; not one that shifts.
bool is_plain_ascii(std::string_view bytes) {
  constexpr char shift_out = 0x0E, shift_in = 0x0F, escape = 0x1B;
  return std::all_of(bytes.begin(), bytes.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x80 && c != shift_out && c != shift_in && c != escape;
  });
}

} // namespace

std::optional<Encoding> parse_encoding(std::string_view name) {
  const std::string lower = to_lower(name);
  const auto* const found =
      std::find_if(names.begin(), names.end(), [&](const Name& one) { return one.name == lower; });
  return found == names.end() ? std::nullopt : std::optional(found->encoding);
}

const std::vector<std::string_view>& encoding_names() {
  static const std::vector<std::string_view> all = [] {
    std::vector<std::string_view> out;
    for (const Name& one : names) out.push_back(one.name);
    return out;
  }();
  return all;
}

Result<std::shared_ptr<Decoder>> Decoder::make(Encoding encoding) {
  if (encoding == Encoding::utf_8) return nullptr;
  iconv_t const converter = iconv_open("UTF-8", converter_name(encoding));
  // NOLINTNEXTLINE(performance-no-int-to-ptr,cppcoreguidelines-pro-type-reinterpret-cast): iconv(3)'s failure
  if (converter == reinterpret_cast<iconv_t>(-1))
    return fail(Fault::unavailable, std::string("this machine's C library cannot convert ") +
                                        converter_name(encoding) +
                                        " (Debian: libc6, libc-gconv-modules-extra)");
  return std::shared_ptr<Decoder>(new Decoder(encoding, converter)); // NOLINT: its constructor is private
}

Decoder::Decoder(Encoding encoding, void* converter)
    : converter_(converter),
      encoding_(encoding),
      unit_(encoding == Encoding::utf_16le || encoding == Encoding::utf_16be ? 2 : 1) {}

Decoder::~Decoder() {
  iconv_close(converter_);
}

Decoder::Decoded Decoder::decode(std::string_view bytes) {
  if (unit_ == 1 && is_plain_ascii(bytes)) return {std::string(bytes), 0};
  Decoded decoded = convert(bytes, nullptr);
  if (decoded.text.starts_with(byte_order_mark)) decoded.text.erase(0, byte_order_mark.size());
  return decoded;
}

/// With `left_at_end`, a character that is not there to its end is left.
Decoder::Decoded Decoder::convert(std::string_view bytes, std::size_t* left_at_end) {
  Decoded out;
  std::array<char, 4'096> part{};
  char* from =
      const_cast<char*>(bytes.data()); // NOLINT(cppcoreguidelines-pro-type-const-cast): iconv(3) reads
  std::size_t left = bytes.size();
  iconv(converter_, nullptr, nullptr, nullptr, nullptr);
  for (bool is_over = false; !is_over;) {
    char* to = part.data();
    std::size_t room = part.size();
    // Without bytes it gives what it held back.
    is_over = left == 0;
    const std::size_t answer =
        iconv(converter_, is_over ? nullptr : &from, is_over ? nullptr : &left, &to, &room);
    const int why = answer == static_cast<std::size_t>(-1) ? errno : 0;
    out.text.append(part.data(), part.size() - room);
    if (why == 0 || why == E2BIG) continue;
    if (is_over) break;
    if (why == EINVAL && left_at_end != nullptr) {
      *left_at_end = left;
      return out;
    }
    ++out.broken;
    out.text.append(not_text);
    const std::size_t skipped = why == EINVAL ? left : std::min(unit_, left);
    from += skipped;
    left -= skipped;
  }
  return out;
}

std::size_t Decoder::whole(std::string_view bytes) {
  std::size_t left = 0;
  convert(bytes, &left);
  return left < bytes.size() ? bytes.size() - left : bytes.size();
}

std::size_t Decoder::behind_line(std::string_view bytes, std::size_t from) const {
  for (std::size_t at = bytes.find('\n', from); at != std::string_view::npos; at = bytes.find('\n', at + 1)) {
    if (unit_ == 1) return at + 1;
    const bool is_first = (at - from) % 2 == 0;
    if (encoding_ == Encoding::utf_16le && is_first && at + 1 < bytes.size() && bytes[at + 1] == '\0')
      return at + 2;
    if (encoding_ == Encoding::utf_16be && !is_first && bytes[at - 1] == '\0') return at + 1;
  }
  return std::string_view::npos;
}

} // namespace kaden::tail
