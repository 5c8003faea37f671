/// kaden/address.h - URLs of endpoints, and of what is probed. Room: channel. Uses: base. Threads: values;
/// any. Errors: invalid.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kaden/base.h"

namespace kaden::channel {

enum class Scheme : std::uint8_t { tcp, http, https, tls, dns, icmp };
/// http or https.
bool is_web(Scheme scheme);

struct Address {
  Scheme scheme = Scheme::http;
  std::string host;         ///< lower case, an IPv6 address without its brackets
  std::uint16_t port = 0;   ///< the scheme's own when the URL has none; tcp needs one, icmp has none
  std::string authority;    ///< as the Host header: without the scheme's own port
  std::string target = "/"; ///< path and query
};
/// No user and no fragment. http://..., https://..., tcp://host:port, tls://host, dns://server/name,
/// icmp://host
Result<Address> parse_address(std::string_view url);

} // namespace kaden::channel
