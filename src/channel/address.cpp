#include "kaden/address.h"

#include <algorithm>
#include <array>
#include <optional>

#include "kaden/limits/agent.h"

namespace kaden::channel {

namespace {

struct Known {
  std::string_view prefix;
  Scheme scheme;
  std::uint16_t port;
};
constexpr std::array<Known, 6> known_schemes = {{{"tcp://", Scheme::tcp, 0},
                                                 {"http://", Scheme::http, 80},
                                                 {"https://", Scheme::https, 443},
                                                 {"tls://", Scheme::tls, 443},
                                                 {"dns://", Scheme::dns, 53},
                                                 {"icmp://", Scheme::icmp, 0}}};

std::optional<std::uint16_t> parse_port(std::string_view text) {
  if (text.empty() || text.size() > 5) return std::nullopt;
  const auto number = parse_int(text);
  if (!number || *number < 1 || *number > 65'535) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

bool is_host(std::string_view host, bool bracketed) {
  const std::string_view signs = bracketed ? ":.%" : "-._";
  return !host.empty() && host.size() <= 255 && std::all_of(host.begin(), host.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || signs.find(c) != std::string_view::npos;
  });
}

} // namespace

bool is_web(Scheme scheme) {
  return scheme == Scheme::http || scheme == Scheme::https;
}

Result<Address> parse_address(std::string_view url) {
  const auto refuse = [&](const char* why) {
    return fail(Fault::invalid, "'" + std::string(url.substr(0, 200)) + "' " + why);
  };
  const auto* const known = std::find_if(known_schemes.begin(), known_schemes.end(), [&](const Known& one) {
    return starts_with_no_case(url, one.prefix);
  });
  if (known == known_schemes.end()) return refuse("does not begin with a scheme such as https:// or tcp://");
  if (url.size() > limits::url_bytes_max) return refuse("is too long");
  if (std::any_of(url.begin(), url.end(), [](char c) { return c <= ' ' || c > '~'; }))
    return refuse("holds a blank or a character outside ASCII");
  if (url.find_first_of("#@") != std::string_view::npos) return refuse("has a user or a fragment");
  const std::string_view rest = url.substr(known->prefix.size());
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  Address address{known->scheme, {}, known->port, {}, std::string(rest.substr(authority.size()))};
  if (!address.target.starts_with('/')) address.target.insert(0, "/");
  const bool bracketed = authority.starts_with('[');
  const std::size_t end = bracketed ? authority.find(']') : authority.find(':');
  if (bracketed && end == std::string_view::npos) return refuse("has no end of its address");
  address.host = to_lower(authority.substr(bracketed ? 1 : 0, bracketed ? end - 1 : end));
  if (!is_host(address.host, bracketed)) return refuse("has no host");
  const std::size_t colon = bracketed ? end + 1 : end;
  if (colon < authority.size()) {
    const auto port = authority[colon] == ':' ? parse_port(authority.substr(colon + 1)) : std::nullopt;
    if (!port) return refuse("has a port that is none");
    address.port = *port;
  }
  const bool is_icmp = address.scheme == Scheme::icmp;
  if (address.port == 0 && !is_icmp) return refuse("has no port");
  if (address.port != 0 && is_icmp) return refuse("has a port, and ICMP has none");
  const bool has_target = is_web(address.scheme) || address.scheme == Scheme::dns;
  if (!has_target && address.target != "/") return refuse("has a path");
  address.authority = bracketed ? "[" + address.host + "]" : address.host;
  if (address.port != known->port) address.authority += ":" + std::to_string(address.port);
  return address;
}

} // namespace kaden::channel
