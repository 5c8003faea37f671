/// kaden/client_network.h - from which addresses clients may come. Room: smtp. Uses: base. Pure. Threads:
/// values; any. Errors: invalid, with what is wrong. RFC 4632 (prefixes), RFC 4291.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "kaden/base.h"

namespace kaden::smtp {

/// "10.0.0.0/8", "2001:db8::/32", or one address.
struct Network {
  std::string bytes; ///< 4 or 16 of them
  std::size_t bits = 0;
  bool operator==(const Network&) const = default;
};
Result<Network> parse_network(std::string_view text);
/// An IPv4 address that is written as an IPv6 one counts as the IPv4 one.
bool holds(const Network& network, const std::string& address);

} // namespace kaden::smtp
