/// sockets.h - listening sockets of syslog. Room: source/logs, inside. Threads: any. Errors: unavailable:
/// "10.0.0.5:514 UDP: Permission denied".
#pragma once

#include <sys/socket.h>

#include <string>

#include "kaden/base.h"
#include "kaden/descriptor.h"
#include "kaden/log_source.h"

namespace kaden::logs {

/// Non-blocking, bound, with a large receive buffer.
Result<runtime::Descriptor> open_udp(const Address& address);
/// Non-blocking, listening.
Result<runtime::Descriptor> open_tcp(const Address& address);
/// A datagram socket that everybody who reaches its folder may write to, as /dev/log. One that nobody reads
/// is taken over.
Result<runtime::Descriptor> open_local(const std::string& path);
/// Of a bound socket; for port 0.
std::uint16_t port_of(const runtime::Descriptor& socket);
/// "10.0.0.9", "fe80::1"; IPv4 in IPv6 as IPv4. Empty: not of the internet.
std::string ip_of(const sockaddr_storage& address);

} // namespace kaden::logs
