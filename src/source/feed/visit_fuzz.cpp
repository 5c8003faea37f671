// Any bytes as a Location or a Retry-After: a place where a redirect may lead, a wait that makes sense, or
// nothing.
#include <cstddef>
#include <cstdint>
#include <string>

#include "visit.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kaden;
  const std::string text(data, data + size);
  static const auto secure = http::parse_url("https://status.example.com/api/v2/summary.json");
  static const auto plain = http::parse_url("http://status.example.com/history.rss");
  if (const auto to = source::next_hop(*secure, *secure, text, true)) {
    require(to->scheme == "https", "https never leads to http");
    require(to->kind == http::HostKind::name, "a page on the internet never leads inside");
    require(!to->has_user, "no user is made up");
    const auto again = http::parse_url(to->text);
    require(again && again->text == to->text && again->host == to->host, "what is asked is what was checked");
  }
  if (const auto to = source::next_hop(*plain, *plain, text, false))
    require(to->scheme == "https", "plain http must be allowed");
  const auto wait = source::parse_retry_after(text, wall_time(1'787'536'800'000));
  require(!wait || *wait >= Millis(0), "a wait is never negative");
  return 0;
}
