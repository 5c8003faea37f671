/// checks.h - the grammars of single values: ids, addresses, SIP URIs, phone numbers, ranges. Room: config.
/// Threads: values; any. Errors: false or nullopt for anything else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/alarm.h"
#include "kaden/config.h"

namespace kaden::config {

/// [a-z0-9_-], 1 to 64 bytes.
bool is_id(std::string_view text);
/// An IPv4 or IPv6 address, without brackets.
bool is_ip_address(const std::string& text);
/// 127.0.0.0/8 or ::1.
bool is_loopback(const std::string& address);
/// Dotted quad; SIP and RTP speak IPv4 only.
bool is_ipv4_address(const std::string& text);

struct SipUri {
  std::string_view user; ///< "" when there is none
  std::string_view host; ///< with brackets for IPv6
  std::string_view port; ///< "" when there is none
  bool is_ipv6() const { return !host.empty() && host.front() == '['; }
};
/// RFC 3261 section 19.1.1: sip:[user@]host[:port][;parameters], no password, no headers, no sips; at most
/// 255 bytes.
std::optional<SipUri> parse_sip_uri(std::string_view text);

struct WebUrl {
  bool is_plain = false; ///< http, not https
  std::string_view host; ///< with brackets for IPv6
  bool is_loopback = false;
  bool is_link_local = false;
};
/// RFC 3986, http or https: a host, perhaps a port, a path and a query in printable ASCII; no user, no
/// fragment.
std::optional<WebUrl> parse_web_url(std::string_view text);
/// SHA-256 as `openssl x509 -fingerprint -sha256` prints it: 64 hex digits, two and two parted by colons or
/// not at all.
bool is_fingerprint(std::string_view text);

/// ITU-T E.164: '+' and 7 to 15 digits, the first not 0.
bool is_e164(std::string_view text);

/// "20000-20999": 1,024 to 65,535, the first even, at least two ports.
std::optional<PortRange> parse_port_range(std::string_view text);

struct When {
  alarm::Comparison comparison = alarm::Comparison::greater;
  double threshold = 0;
};
/// "> 80", ">= 80", "< 0.5", "<=1e3".
std::optional<When> parse_when(std::string_view text);

/// The fields of a text template, in order: "{machine} {x:name} {{" gives machine, x. For a template that is
/// valid.
std::vector<std::string_view> fields_of(std::string_view text);

} // namespace kaden::config
