#include "kaden/decoder.h"

#include <algorithm>
#include <array>

namespace kaden::tail {

namespace {

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

/// As the reader of character sets knows it: the widest of those that bear the name.
std::string_view set_name(Encoding encoding) {
  switch (encoding) {
    case Encoding::utf_8:
      return "UTF-8";
    case Encoding::shift_jis:
      return "CP932";
    case Encoding::euc_jp:
      return "EUC-JP-MS";
    case Encoding::iso_2022_jp:
      return "ISO-2022-JP";
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
  auto reader = charset::Reader::open(set_name(encoding));
  if (!reader) return tl::unexpected(reader.error());
  return std::shared_ptr<Decoder>(
      new Decoder(encoding, std::move(*reader))); // NOLINT: its constructor is private
}

Decoder::Decoded Decoder::decode(std::string_view bytes, charset::Shift& shift) {
  if (reader_.unit_bytes() == 1 && shift == charset::Shift{} && is_plain_ascii(bytes))
    return {std::string(bytes), 0};
  Decoded decoded = reader_.read(bytes, shift);
  if (decoded.text.starts_with(byte_order_mark)) decoded.text.erase(0, byte_order_mark.size());
  return decoded;
}

Decoder::Decoded Decoder::decode(std::string_view bytes) {
  charset::Shift first;
  return decode(bytes, first);
}

std::size_t Decoder::behind_line(std::string_view bytes, std::size_t from) const {
  for (std::size_t at = bytes.find('\n', from); at != std::string_view::npos; at = bytes.find('\n', at + 1)) {
    if (unit_bytes() == 1) return at + 1;
    const bool is_first = (at - from) % 2 == 0;
    if (encoding_ == Encoding::utf_16le && is_first && at + 1 < bytes.size() && bytes[at + 1] == '\0')
      return at + 2;
    if (encoding_ == Encoding::utf_16be && !is_first && bytes[at - 1] == '\0') return at + 1;
  }
  return std::string_view::npos;
}

} // namespace kaden::tail
