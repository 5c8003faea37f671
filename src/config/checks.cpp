#include "checks.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <utility>

#include "kaden/limits/agent.h"

namespace kaden::config {
namespace {

constexpr std::size_t id_bytes_max = 64;
constexpr std::size_t uri_bytes_max = 255;
constexpr std::size_t host_bytes_max = 253; // RFC 1035 section 2.3.4

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_alphanumeric(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_one_of(char c, std::string_view set) {
  return set.find(c) != std::string_view::npos;
}

/// Every character alphanumeric, in `marks`, or an escape %XX.
bool is_escaped_text(std::string_view text, std::string_view marks) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_alphanumeric(text[i]) || is_one_of(text[i], marks)) continue;
    if (text[i] != '%' || i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return false;
    i += 2;
  }
  return true;
}

bool is_host_name(std::string_view host) {
  if (host.empty() || host.size() > host_bytes_max) return false;
  for (const std::string_view label : split(host, '.')) {
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
    if (!std::all_of(label.begin(), label.end(), [](char c) { return is_alphanumeric(c) || c == '-'; }))
      return false;
  }
  // RFC 3261 section 25.1: the top label begins with a letter; what is all digits and dots is an IPv4
  // address.
  const bool looks_like_ipv4 =
      std::all_of(host.begin(), host.end(), [](char c) { return is_digit(c) || c == '.'; });
  return !looks_like_ipv4 || is_ip_address(std::string(host));
}

bool is_port(std::string_view text) {
  const auto value = text.size() <= 5 ? parse_int(text) : std::nullopt;
  return value && *value >= 1 && *value <= 65'535;
}

/// name[=value] of RFC 3261's uri-parameters.
bool is_parameter(std::string_view text) {
  constexpr std::string_view marks = "-_.!~*'()[]/:&+$";
  const std::size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  if (name.empty() || !is_escaped_text(name, marks)) return false;
  if (equals == std::string_view::npos) return true;
  const std::string_view value = text.substr(equals + 1);
  return !value.empty() && is_escaped_text(value, marks);
}

struct HostPort {
  std::string_view host; // with brackets for IPv6
  std::string_view port; // "" when there is none
};
std::optional<HostPort> parse_host_port(std::string_view text) {
  std::size_t host_end = text.find(':');
  if (!text.empty() && text.front() == '[') {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    const std::string inside(text.substr(1, close - 1));
    if (inside.find(':') == std::string::npos || !is_ip_address(inside)) return std::nullopt;
    host_end = close + 1 == text.size() ? std::string_view::npos : close + 1;
  } else if (!is_host_name(text.substr(0, host_end))) {
    return std::nullopt;
  }
  HostPort place{text.substr(0, host_end), ""};
  if (host_end == std::string_view::npos) return place;
  place.port = text.substr(host_end + 1);
  if (text[host_end] != ':' || !is_port(place.port)) return std::nullopt;
  return place;
}

/// Where clouds keep the credentials of a machine; the HTTP client refuses it whatever name leads there.
bool is_link_local(const std::string& address) {
  in_addr v4{};
  if (inet_pton(AF_INET, address.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 16U) == 0xA9FE;
  in6_addr v6{};
  return inet_pton(AF_INET6, address.c_str(), &v6) == 1 && IN6_IS_ADDR_LINKLOCAL(&v6);
}

} // namespace

bool is_id(std::string_view text) {
  const auto fits = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || c == '_' || c == '-'; };
  return !text.empty() && text.size() <= id_bytes_max && std::all_of(text.begin(), text.end(), fits);
}

bool is_ipv4_address(const std::string& text) {
  in_addr address{};
  return inet_pton(AF_INET, text.c_str(), &address) == 1;
}

bool is_ip_address(const std::string& text) {
  in6_addr address{};
  return is_ipv4_address(text) || inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

bool is_loopback(const std::string& address) {
  in_addr v4{};
  if (inet_pton(AF_INET, address.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24U) == 127;
  in6_addr v6{};
  return inet_pton(AF_INET6, address.c_str(), &v6) == 1 &&
         std::equal(std::begin(v6.s6_addr), std::end(v6.s6_addr), std::begin(in6addr_loopback.s6_addr));
}

std::optional<SipUri> parse_sip_uri(std::string_view text) {
  if (text.size() > uri_bytes_max || !starts_with_no_case(text, "sip:")) return std::nullopt;
  std::string_view rest = text.substr(4);
  SipUri uri;
  if (const std::size_t at = rest.find('@'); at != std::string_view::npos) {
    uri.user = rest.substr(0, at);
    if (uri.user.empty() || !is_escaped_text(uri.user, "-_.!~*'()&=+$,;?/")) return std::nullopt;
    rest.remove_prefix(at + 1);
  }
  const std::size_t parameters = rest.find(';');
  if (parameters != std::string_view::npos) {
    for (const std::string_view parameter : split(rest.substr(parameters + 1), ';')) {
      if (!is_parameter(parameter)) return std::nullopt;
    }
    rest = rest.substr(0, parameters);
  }
  const auto place = parse_host_port(rest);
  if (!place) return std::nullopt;
  uri.host = place->host;
  uri.port = place->port;
  return uri;
}

std::optional<WebUrl> parse_web_url(std::string_view text) {
  WebUrl url;
  url.is_plain = text.starts_with("http://");
  if (!url.is_plain && !text.starts_with("https://")) return std::nullopt;
  const auto is_odd = [](char c) { return c <= ' ' || c >= 0x7f || is_one_of(c, "\\\"<>^`{|}#"); };
  if (text.size() > limits::url_bytes_max || std::any_of(text.begin(), text.end(), is_odd))
    return std::nullopt;
  const std::string_view rest = text.substr(text.find("//") + 2);
  const auto place = parse_host_port(rest.substr(0, rest.find_first_of("/?")));
  if (!place) return std::nullopt;
  url.host = place->host;
  const bool is_bracketed = url.host.front() == '[';
  const std::string host(is_bracketed ? url.host.substr(1, url.host.size() - 2) : url.host);
  url.is_loopback = is_loopback(host) || equal_no_case(host, "localhost");
  url.is_link_local = is_link_local(host);
  return url;
}

bool is_fingerprint(std::string_view text) {
  constexpr std::size_t bytes = 32;
  std::string digits;
  for (const std::string_view part : split(text, ':')) {
    if (text.find(':') != std::string_view::npos && part.size() != 2) return false;
    digits += part;
  }
  return digits.size() == 2 * bytes && std::all_of(digits.begin(), digits.end(), is_hex);
}

bool is_e164(std::string_view text) {
  return text.size() >= 8 && text.size() <= 16 && text[0] == '+' && text[1] != '0' &&
         std::all_of(text.begin() + 1, text.end(), is_digit);
}

std::optional<PortRange> parse_port_range(std::string_view text) {
  const auto parts = split(text, '-');
  if (parts.size() != 2) return std::nullopt;
  const auto first = parse_int(trim(parts[0]));
  const auto last = parse_int(trim(parts[1]));
  if (!first || !last || *first < 1'024 || *last > 65'535 || *first % 2 != 0 || *last <= *first)
    return std::nullopt;
  return PortRange{static_cast<std::uint16_t>(*first), static_cast<std::uint16_t>(*last)};
}

std::optional<When> parse_when(std::string_view text) {
  // Longer signs first: ">" begins ">=".
  static constexpr std::array<std::pair<std::string_view, alarm::Comparison>, 4> signs{
      {{">=", alarm::Comparison::greater_or_equal},
       {"<=", alarm::Comparison::less_or_equal},
       {">", alarm::Comparison::greater},
       {"<", alarm::Comparison::less}}};
  text = trim(text);
  for (const auto& [sign, comparison] : signs) {
    if (text.substr(0, sign.size()) != sign) continue;
    const auto threshold = parse_real(trim(text.substr(sign.size())));
    return threshold ? std::optional<When>({comparison, *threshold}) : std::nullopt;
  }
  return std::nullopt;
}

std::vector<std::string_view> fields_of(std::string_view text) {
  std::vector<std::string_view> fields;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '{' && text[i] != '}') continue;
    if (text[i] == '}' || text.substr(i, 2) == "{{") {
      ++i; // "{{" and "}}" are braces
      continue;
    }
    const std::size_t end = text.find('}', i);
    if (end == std::string_view::npos) break;
    std::string_view inside = text.substr(i + 1, end - i - 1);
    constexpr std::string_view suffix = ":name";
    if (inside.size() >= suffix.size() && inside.substr(inside.size() - suffix.size()) == suffix) {
      inside.remove_suffix(suffix.size());
    }
    fields.push_back(trim(inside));
    i = end;
  }
  return fields;
}

// Of the front door
// --------------------------------------------------------------------------------------------------

bool may_dial(const Sip& sip, std::string_view uri) {
  if (sip.allow.empty()) return true;
  const auto parsed = parse_sip_uri(uri);
  if (!parsed) return false;
  return std::any_of(sip.allow.begin(), sip.allow.end(), [&](const std::string& prefix) {
    return prefix.front() == '+' ? parsed->user.substr(0, prefix.size()) == prefix
                                 : starts_with_no_case(uri, prefix);
  });
}

std::string_view to_text(KeyRight right) {
  switch (right) {
    case KeyRight::ingest:
      return "ingest";
    case KeyRight::alarms:
      return "alarms";
    case KeyRight::read:
      break;
  }
  return "read";
}

std::string_view to_text(Right right) {
  switch (right) {
    case Right::events:
      return "events";
    case Right::read:
      return "read";
    case Right::act:
      return "act";
  }
  return "";
}

std::string_view to_text(LogLevel level) {
  switch (level) {
    case LogLevel::trace:
      return "trace";
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
  }
  return "";
}

} // namespace kaden::config
