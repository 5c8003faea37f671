// Texts of strangers, in each set: UTF-8 comes out, bounded, the same in pieces, and exact reading agrees.
#include <cstddef>
#include <cstdint>
#include <string>

#include "kaden/charset.h"

namespace {

using namespace kaden::charset;

std::string in_pieces(Reader& reader, std::string_view bytes, std::size_t piece) {
  Shift shift;
  std::string joined, waiting;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    waiting += bytes.substr(at, piece);
    const std::size_t whole = reader.whole(waiting, shift);
    kaden::require(whole <= waiting.size() && waiting.size() - whole < 8, "little is left of a character");
    joined += reader.read(std::string_view(waiting).substr(0, whole), shift).text;
    waiting.erase(0, whole);
  }
  return joined + reader.read(waiting, shift).text;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  for (const char* set : {"ISO-2022-JP", "CP932", "EUC-JP-MS", "UTF-16LE", "UTF-16BE", "EUC-KR", "GBK"}) {
    auto reader = Reader::open(set);
    kaden::require(reader.has_value(), "the C library has the sets");
    const Reader::Text read = reader->read(bytes);
    kaden::require(kaden::is_valid_utf8(read.text), "it is UTF-8");
    kaden::require(read.text.size() <= 4 * bytes.size(), "it does not grow without bound");
    const auto exact = reader->read_exactly(bytes);
    kaden::require(exact.has_value() == (read.broken == 0), "exact is what has nothing broken");
    kaden::require(!exact || *exact == read.text, "and is the same text");
    kaden::require(in_pieces(*reader, bytes, 1 + data[0] % 16) == read.text, "in pieces it is the same");
  }
  return 0;
}
