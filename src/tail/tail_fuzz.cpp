// Log files of strangers, in each encoding: UTF-8 comes out, the same however the bytes arrive, and each byte
// is counted once.
#include <algorithm>
#include <cstdint>

#include "kaden/event_cutter.h"

namespace {

using namespace kaden::tail;

struct Seen {
  std::vector<std::string> texts;
  std::vector<std::uint64_t> ends;
  bool operator==(const Seen&) const = default;
};

Seen cut(std::string_view file, const Pattern* start, Decoder* decoder, std::size_t piece) {
  EventCutter cutter(start, 0, decoder);
  Seen seen;
  const auto take = [&](bool last) {
    while (auto event = cutter.next(last)) {
      kaden::require(kaden::is_valid_utf8(event->text) && !event->text.empty(), "an event is UTF-8");
      kaden::require(event->end <= file.size(), "it ends in the file");
      seen.texts.push_back(std::move(event->text));
      seen.ends.push_back(event->end);
    }
  };
  for (std::size_t at = 0; at < file.size(); at += piece) {
    cutter.feed(file.substr(at, piece));
    take(false);
  }
  take(true);
  kaden::require(cutter.consumed() + cutter.pending() == file.size(), "no byte is lost");
  kaden::require(cutter.pending() < (decoder == nullptr ? 1 : decoder->unit_bytes()), "nothing is left");
  return seen;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view file(reinterpret_cast<const char*>(data + 1), size - 1);
  static const Pattern start = std::move(*Pattern::compile("^[0-9]"));
  const Pattern* const begins = data[0] % 2 == 0 ? nullptr : &start;
  for (const std::string_view name : encoding_names()) {
    const auto decoder = Decoder::make(*parse_encoding(name));
    kaden::require(decoder.has_value(), "the C library has the encodings");
    const Seen whole = cut(file, begins, decoder->get(), file.size() + 1);
    kaden::require(cut(file, begins, decoder->get(), 1 + data[0] / 2) == whole, "in pieces it is the same");
  }
  return 0;
}
