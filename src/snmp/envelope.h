/// envelope.h - the outside of an SNMP message: which version, which engine, which user; and the question
/// that makes an agent tell its engine. Room: snmp, inside. Threads: values; any. Errors: nullopt for what is
/// no such message. Only what has to be known before net-snmp reads the message is read here. RFC 3412
/// section 6, RFC 3414 section 2.4, BER as RFC 3417 section 8 asks for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kaden::snmp {

struct Envelope {
  int version = 0; ///< 0: SNMPv1, 1: SNMPv2c, 3: SNMPv3
  std::string
      engine_id{};    ///< v3 with the user-based security model: of the authoritative engine, may be empty
  std::string user{}; ///< the same
  bool is_usm = false;
};
std::optional<Envelope> read_envelope(std::string_view message);

/// Without a user, to be answered with a Report that holds the engine's id (RFC 3414 section 4).
std::string discovery(std::uint32_t message_id);

} // namespace kaden::snmp
