#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "kaden/client_network.h"

namespace kaden::smtp {

namespace {

/// 4 or 16 bytes, "" for what is no address.
std::string bytes_of(const std::string& address) {
  std::array<char, 16> bytes{};
  if (inet_pton(AF_INET, address.c_str(), bytes.data()) == 1) return {bytes.data(), 4};
  if (inet_pton(AF_INET6, address.c_str(), bytes.data()) != 1) return "";
  static constexpr std::string_view mapped("\0\0\0\0\0\0\0\0\0\0\xFF\xFF", 12);
  if (std::string_view(bytes.data(), 12) == mapped) return {bytes.data() + 12, 4};
  return {bytes.data(), 16};
}

bool bit_of(const std::string& bytes, std::size_t bit) {
  return (static_cast<unsigned char>(bytes[bit / 8]) >> (7U - bit % 8U) & 1) != 0;
}

} // namespace

Result<Network> parse_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  Network network;
  network.bytes = bytes_of(std::string(text.substr(0, slash)));
  if (network.bytes.empty())
    return fail(Fault::invalid,
                "\"" + std::string(text) + "\" is no network such as 10.0.0.0/8 or 2001:db8::/32");
  const std::size_t most = 8 * network.bytes.size();
  network.bits = most;
  if (slash != std::string_view::npos) {
    const auto bits = parse_int(text.substr(slash + 1));
    if (!bits || *bits < 0 || *bits > static_cast<std::int64_t>(most))
      return fail(Fault::invalid,
                  "\"" + std::string(text) + "\": a prefix is 0 to " + std::to_string(most) + " bits long");
    network.bits = static_cast<std::size_t>(*bits);
  }
  for (std::size_t i = network.bits; i < most; ++i) {
    if (bit_of(network.bytes, i))
      return fail(Fault::invalid, "\"" + std::string(text) + "\": there are bits set behind the prefix");
  }
  return network;
}

bool holds(const Network& network, const std::string& address) {
  const std::string bytes = bytes_of(address);
  if (bytes.size() != network.bytes.size()) return false;
  for (std::size_t i = 0; i < network.bits; ++i) {
    if (bit_of(bytes, i) != bit_of(network.bytes, i)) return false;
  }
  return true;
}

} // namespace kaden::smtp
