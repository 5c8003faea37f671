/// address.h - URLs of endpoints and checks. Room: agent, inside. Pure. Errors: invalid.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kaden/base.h"

namespace kaden::agent {

enum class Scheme : std::uint8_t { tcp, http, https };

struct Address {
  Scheme scheme = Scheme::http;
  std::string host;         ///< lower case, an IPv6 address without its brackets
  std::uint16_t port = 0;   ///< the scheme's own when the URL has none; tcp needs one
  std::string authority;    ///< as the Host header: without the scheme's own port
  std::string target = "/"; ///< path and query
};
/// No user and no fragment. tcp://host:port, http://..., https://...
Result<Address> parse_address(std::string_view url);

} // namespace kaden::agent
