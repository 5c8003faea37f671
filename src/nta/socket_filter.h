// The kernel's own filter on the SIP socket. Room: nta, inside.
#pragma once

#include <cstdint>
#include <string>

#include "kaden/result.h"

namespace kaden::nta {

/// Drops datagrams that are too long (limits::sip_datagram_bytes_max) or do not start with A-Z, before they
/// are read: header parsing costs quadratic time, and STUN and SigComp would take other paths through the
/// library. The library does not hand out its socket, so it is found among this process's own by address.
/// Fault::not_found without it.
Result<void> filter_socket(const std::string& ip, std::uint16_t port);

} // namespace kaden::nta
