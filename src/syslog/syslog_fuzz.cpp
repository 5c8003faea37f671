// Messages and streams of strangers: the first byte says whether it is a datagram or a stream.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"
#include "kaden/limits/log_sources.h"
#include "kaden/syslog.h"

namespace {

using namespace kaden::syslog;

bool is_plain(std::string_view text) {
  for (const char c : text) {
    if (c <= ' ' || c > '~') return false;
  }
  return true;
}

void fuzz_message(std::string_view bytes) {
  const Message message = parse(bytes);
  kaden::require(kaden::is_valid_utf8(message.text), "the text is UTF-8");
  kaden::require(message.facility >= 0 && message.facility < 24, "a facility is one of 24");
  kaden::require(message.severity >= 0 && message.severity < 8, "a severity is one of 8");
  for (const auto field : {message.host, message.app, message.process, message.message_id})
    kaden::require(is_plain(field), "fields are printable words");
  std::size_t parameters = 0;
  for_each_parameter(
      message.structured, [&](std::string_view, std::string_view name, const std::string& value) {
        ++parameters;
        kaden::require(is_plain(name) && kaden::is_valid_utf8(value), "parameters are words and UTF-8");
      });
  kaden::require(parameters <= bytes.size(), "there are no more parameters than bytes");
  // Structured data that stand alone, well-formed or not.
  for_each_parameter(bytes, [](std::string_view, std::string_view, const std::string&) {});
}

std::vector<std::string> frames(std::string_view stream, std::size_t piece) {
  Framer framer;
  std::vector<std::string> out;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    framer.feed(stream.substr(at, piece));
    for (;;) {
      const auto next = framer.next();
      if (!next) {
        out.emplace_back("no stream");
        return out;
      }
      if (!*next) break;
      kaden::require((*next)->size() <= kaden::limits::syslog_message_bytes_max, "messages keep their limit");
      out.emplace_back(**next);
    }
  }
  if (const auto rest = framer.rest()) out.emplace_back(*rest);
  return out;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] % 2 == 0) {
    fuzz_message(text);
  } else {
    const auto whole = frames(text, text.size() + 1);
    kaden::require(whole == frames(text, 1), "pieces do not matter");
    kaden::require(whole == frames(text, 7), "pieces do not matter");
  }
  return 0;
}
