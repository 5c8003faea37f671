/// kaden/oid.h - object identifiers, and networks that traps may come from. Room: snmp. Uses: base. Threads:
/// values; any. Errors: nullopt for what is none.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"

namespace kaden::snmp {

using Oid = std::vector<std::uint32_t>;

/// "1.3.6.1.6.3.1.1.5.3", also with a dot before it; 2 to 128 numbers.
std::optional<Oid> parse_oid(std::string_view text);
std::string to_text(const Oid& oid);
bool begins_with(const Oid& oid, const Oid& prefix);

/// "10.0.0.0/8", "fd00::/8", "10.0.0.1". An IPv4 address mapped into IPv6 is the IPv4 one.
class Network {
 public:
  static std::optional<Network> parse(std::string_view text);
  bool contains(const std::string& address) const;

 private:
  std::array<unsigned char, 16> bytes_{};
  int bits_ = 128; ///< of IPv6, 96 more for IPv4
};

} // namespace kaden::snmp
