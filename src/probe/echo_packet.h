/// echo_packet.h - ICMP echo as bytes. Room: probe, inside. Threads: values; any. Errors: nullopt for what is
/// no answer to us. RFC 792, RFC 4443 section 4, RFC 1071 (checksum).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kaden::probe {

enum class Family : std::uint8_t { v4, v6 };

/// A request with 16 bytes after the header: the cookie and zeros. The checksum is filled in for v4; the
/// kernel makes v6's.
std::string echo_request(Family family, std::uint16_t id, std::uint16_t sequence, std::uint64_t cookie);

struct EchoReply {
  std::uint16_t id = 0, sequence = 0;
  std::uint64_t cookie = 0;
};
/// `with_ip_header`: as a raw IPv4 socket gives it. A reply that is too short to hold a cookie is none.
std::optional<EchoReply> read_echo_reply(Family family, bool with_ip_header, std::string_view packet);

} // namespace kaden::probe
