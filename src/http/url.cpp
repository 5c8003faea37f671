// URLs by libcurl's parser.
#include "kaden/url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>

#include <algorithm>
#include <memory>

namespace kaden::http {

namespace {

struct UrlEnd {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Parsed = std::unique_ptr<CURLU, UrlEnd>;

std::string part_of(const Parsed& url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url.get(), part, &text, 0) != CURLUE_OK) return "";
  std::string copy(text);
  curl_free(text);
  return copy;
}

HostKind kind_of_v4(std::uint32_t address) {
  const auto is_in = [&](std::uint32_t network, unsigned bits) {
    return (address >> (32 - bits)) == (network >> (32 - bits));
  };
  if (is_in(0x7F000000, 8)) return HostKind::loopback;
  if (is_in(0x0A000000, 8) || is_in(0xAC100000, 12) || is_in(0xC0A80000, 16) || is_in(0x64400000, 10))
    return HostKind::private_address;
  // 0.0.0.0/8 is "this host" (RFC 1122), 169.254.0.0/16 link-local; from 224.0.0.0 on multicast and reserved.
  if (is_in(0, 8) || is_in(0xA9FE0000, 16) || address >= 0xE0000000) return HostKind::nowhere;
  return HostKind::name;
}

HostKind kind_of_v6(const in6_addr& address) {
  const auto* bytes = address.s6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&address) || IN6_IS_ADDR_V4COMPAT(&address)) {
    if (IN6_IS_ADDR_LOOPBACK(&address)) return HostKind::loopback;
    const std::uint32_t v4 = (std::uint32_t(bytes[12]) << 24U) | (std::uint32_t(bytes[13]) << 16U) |
                             (std::uint32_t(bytes[14]) << 8U) | bytes[15];
    return kind_of_v4(v4);
  }
  if (IN6_IS_ADDR_LOOPBACK(&address)) return HostKind::loopback;
  const bool is_metadata = bytes[0] == 0xfd && bytes[1] == 0 && bytes[2] == 0x0e && bytes[3] == 0xc2; // AWS
  if (IN6_IS_ADDR_UNSPECIFIED(&address) || IN6_IS_ADDR_LINKLOCAL(&address) ||
      IN6_IS_ADDR_MULTICAST(&address) || is_metadata)
    return HostKind::nowhere;
  return (bytes[0] & 0xfe) == 0xfc ? HostKind::private_address : HostKind::name;
}

} // namespace

HostKind kind_of_host(std::string host) {
  if (!host.empty() && host.front() == '[') {
    host = host.substr(1, host.find_first_of("]%") - 1);
    in6_addr v6{};
    return inet_pton(AF_INET6, host.c_str(), &v6) == 1 ? kind_of_v6(v6) : HostKind::nowhere;
  }
  if (!host.empty() && host.back() == '.') host.pop_back(); // a name written to its root
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return kind_of_v4(ntohl(v4.s_addr));
  return host == "localhost" || host.ends_with(".localhost") ? HostKind::loopback : HostKind::name;
}

namespace {

Result<Url> read(const Parsed& parsed) {
  curl_url_set(parsed.get(), CURLUPART_FRAGMENT, nullptr, 0);
  // A name outside ASCII is read as the process's locale says, and full-width digits are digits then: what
  // was checked would not be what is asked.
  const std::string host = part_of(parsed, CURLUPART_HOST);
  if (std::any_of(host.begin(), host.end(), [](unsigned char c) { return c >= 0x80; }))
    return fail(Fault::invalid, "the URL's host must be written as DNS has it (xn--...)");
  Url url;
  url.text = part_of(parsed, CURLUPART_URL);
  url.scheme = to_lower(part_of(parsed, CURLUPART_SCHEME));
  url.host = to_lower(part_of(parsed, CURLUPART_HOST));
  url.path = part_of(parsed, CURLUPART_PATH);
  url.has_user = !part_of(parsed, CURLUPART_USER).empty() || !part_of(parsed, CURLUPART_PASSWORD).empty();
  url.kind = kind_of_host(url.host);
  if (url.text.empty() || url.host.empty()) return fail(Fault::invalid, "the URL has no host");
  return url;
}

/// Null and the reason in the result when it cannot be parsed as seen from `base`.
Result<Parsed> parsed(const std::string& base, std::string_view reference) {
  Parsed url(curl_url());
  require(url != nullptr, "libcurl gives a URL");
  for (const std::string& text : {base, std::string(reference)}) {
    if (text.empty()) continue;
    if (text.find('\0') != std::string::npos) return fail(Fault::invalid, "the URL holds a null byte");
    const CURLUcode code = curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0);
    if (code != CURLUE_OK)
      return fail(Fault::invalid, std::string("the URL cannot be used: ") + curl_url_strerror(code));
  }
  return url;
}

} // namespace

Result<Url> parse_url(std::string_view text) {
  if (text.empty()) return fail(Fault::invalid, "the URL is empty");
  const auto url = parsed("", text);
  if (!url) return tl::unexpected(url.error());
  return read(*url);
}

Result<Url> resolve_url(const Url& base, std::string_view reference) {
  if (reference.empty()) return fail(Fault::invalid, "the URL is empty");
  const auto url = parsed(base.text, reference);
  if (!url) return tl::unexpected(url.error());
  return read(*url);
}

} // namespace kaden::http
