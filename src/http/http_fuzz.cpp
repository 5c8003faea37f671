// Bytes of a connection through the parser as the server drives it: cut at places that the first byte
// chooses.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "request_parser.h"

namespace {
constexpr std::size_t header_bytes_max = 2'048;
constexpr std::size_t body_bytes_max = 4'096;

void check(const kaden::http::Request& request) {
  kaden::require(request.body.size() <= body_bytes_max, "a body keeps its limit");
  kaden::require(!request.method.empty() && !request.path.empty(), "a request has a method and a path");
  std::size_t header_bytes = 0;
  for (const auto& [name, value] : request.headers) header_bytes += name.size() + value.size();
  kaden::require(header_bytes <= header_bytes_max, "a header keeps its limit");
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t piece = data[0] < 0x80 ? size : static_cast<std::size_t>(data[0] & 0x7fU) + 1;
  std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  std::string waiting;
  kaden::http::RequestParser* parser = nullptr;
  std::optional<kaden::http::RequestParser> current;
  while (!bytes.empty()) {
    waiting.append(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    for (bool more = true; more && !waiting.empty();) {
      if (parser == nullptr) parser = &current.emplace(header_bytes_max, body_bytes_max);
      const auto step = parser->feed(waiting);
      waiting.erase(0, step.used);
      more = false;
      if (step.stage == kaden::http::RequestParser::Stage::refused) {
        kaden::require(parser->refusal().status >= 400, "a refusal has a status");
        return 0;
      }
      if (step.stage == kaden::http::RequestParser::Stage::complete) {
        check(parser->take());
        parser = nullptr;
        more = true;
      }
    }
    if (waiting.size() > header_bytes_max + 8'192) return 0; // the server's buffer is full: refused
  }
  return 0;
}
