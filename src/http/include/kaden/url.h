/// kaden/url.h - URLs, read by the parser that the client uses, so that what was checked is what is asked.
/// Room: http. Uses: base. Threads: values; any. Errors: invalid.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kaden/base.h"

namespace kaden::http {

/// What the text of a host says about where it leads, the nearer the greater; a name is not looked up.
enum class HostKind : std::uint8_t {
  name,            ///< or an address of the internet
  private_address, ///< RFC 1918, RFC 6598, fc00::/7
  loopback,        ///< 127.0.0.0/8, ::1, localhost
  nowhere,         ///< link-local, where clouds keep credentials; multicast, 0.0.0.0, and the like
};

struct Url {
  std::string text;   ///< normalised, without fragment: what to ask
  std::string scheme; ///< "http", "https" ..., lower case
  std::string host;   ///< lower case, ASCII; IPv4 as dotted quad whatever
                      ///< way it was written, IPv6 in brackets
  std::string path;   ///< "/" at least, still percent-encoded
  bool has_user = false;
  HostKind kind = HostKind::name;
};

/// Of the text of a host: a name, an IPv4 address, an IPv6 address in brackets.
HostKind kind_of_host(std::string host);
/// Absolute; only schemes that libcurl knows. A host outside ASCII is refused: it must be written as xn--...
Result<Url> parse_url(std::string_view text);
/// RFC 3986 section 5.2: `reference` as seen from `base`, such as a Location header's.
Result<Url> resolve_url(const Url& base, std::string_view reference);

} // namespace kaden::http
