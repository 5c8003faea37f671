#include "kaden/oid.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace kaden::snmp {

namespace {

using Bytes = std::array<unsigned char, 16>;

/// As IPv6, IPv4 mapped into it; tells whether it was IPv4.
std::optional<Bytes> address_of(const std::string& text, bool& is_v4) {
  Bytes bytes{};
  is_v4 = inet_pton(AF_INET, text.c_str(), bytes.data() + 12) == 1;
  if (is_v4) {
    bytes[10] = bytes[11] = 0xFF;
    return bytes;
  }
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return std::nullopt;
  return bytes;
}

} // namespace

std::optional<Oid> parse_oid(std::string_view text) {
  constexpr std::size_t numbers_max = 128;
  if (text.starts_with('.')) text.remove_prefix(1);
  Oid oid;
  for (const std::string_view part : split(text, '.')) {
    const auto number = part.size() <= 10 && !part.starts_with('-') ? parse_int(part) : std::nullopt;
    if (!number || *number < 0 || *number > 0xFFFFFFFFLL || oid.size() == numbers_max) return std::nullopt;
    oid.push_back(static_cast<std::uint32_t>(*number));
  }
  if (oid.size() < 2 || oid[0] > 2) return std::nullopt;
  return oid;
}

std::string to_text(const Oid& oid) {
  std::string text;
  for (const std::uint32_t number : oid) text += (text.empty() ? "" : ".") + std::to_string(number);
  return text;
}

bool begins_with(const Oid& oid, const Oid& prefix) {
  return oid.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), oid.begin());
}

std::optional<Network> Network::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  bool is_v4 = false;
  const auto bytes = address_of(std::string(text.substr(0, slash)), is_v4);
  if (!bytes) return std::nullopt;
  Network network;
  network.bytes_ = *bytes;
  if (slash == std::string_view::npos) return network;
  const auto bits = parse_int(text.substr(slash + 1));
  if (!bits || *bits < 0 || *bits > (is_v4 ? 32 : 128)) return std::nullopt;
  network.bits_ = static_cast<int>(*bits) + (is_v4 ? 96 : 0);
  return network;
}

bool Network::contains(const std::string& address) const {
  bool is_v4 = false;
  const auto bytes = address_of(address, is_v4);
  if (!bytes) return false;
  const auto whole = static_cast<std::size_t>(bits_ / 8);
  if (std::memcmp(bytes->data(), bytes_.data(), whole) != 0) return false;
  const int rest = bits_ % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<unsigned char>(0xFFU << static_cast<unsigned>(8 - rest));
  return (bytes->at(whole) & mask) == (bytes_.at(whole) & mask);
}

} // namespace kaden::snmp
