// Feeds a raw request (the form of the suite's .req files) to verification: no crash, and never a signer
// without the right signature.
#include <cstddef>
#include <cstdint>

#include "kaden/sigv4.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kaden;
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(data[i]);
  const std::string_view all = text;
  const std::size_t end = all.find("\n\n");
  const std::string_view body = end == std::string_view::npos ? "" : all.substr(end + 2);
  sigv4::Headers headers;
  std::string_view target;
  for (const std::string_view line : split(all.substr(0, end), '\n')) {
    const std::size_t colon = line.find(':');
    if (target.empty()) {
      target = line;
    } else {
      headers.emplace_back(line.substr(0, colon),
                           colon == std::string_view::npos ? "" : line.substr(colon + 1));
    }
  }
  const WallTime now = wall_time(1'440'938'160'000);
  const sigv4::KeyOf key_of = [](std::string_view id) {
    return std::optional(sigv4::Credentials{std::string(id), "unguessable", ""});
  };
  const sigv4::Expectation expected{{"service"}, now, seconds(300)};
  require(!sigv4::verify({"GET", target, headers, body}, key_of, expected),
          "nobody signs with a secret unknown to them");
  static_cast<void>(sigv4::claimed_key({"GET", target, headers, body}));

  if (headers.size() < 64) {
    sigv4::sign("GET", target, headers, body, {"AKIDEXAMPLE", "unguessable", ""}, "us-east-1", "service",
                now);
    static_cast<void>(sigv4::verify({"GET", target, headers, body}, key_of, expected));
  }
  return 0;
}
