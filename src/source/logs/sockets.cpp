#include "sockets.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "kaden/limits/log_sources.h"

namespace kaden::logs {

namespace {

using runtime::Descriptor;

tl::unexpected<Error> refuse(const std::string& what, int why) {
  return fail(Fault::unavailable, what + ": " + std::system_category().message(why));
}

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

Result<SocketAddress> socket_address(const Address& address) {
  SocketAddress out;
  auto* const v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
  if (inet_pton(AF_INET, address.ip.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(address.port);
    out.size = sizeof *v4;
  } else if (inet_pton(AF_INET6, address.ip.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(address.port);
    out.size = sizeof *v6;
  } else {
    return fail(Fault::invalid, address.ip + " is no IP address");
  }
  return out;
}

Result<Descriptor> open_bound(const Address& address, int type, const char* word) {
  const auto to = socket_address(address);
  if (!to) return tl::unexpected(to.error());
  const std::string what = fmt::format("{}:{} {}", address.ip, address.port, word);
  Descriptor descriptor(socket(to->storage.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!descriptor.is_open()) return refuse(what, errno);
  const int on = 1;
  if (type == SOCK_STREAM) setsockopt(descriptor.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(descriptor.get(), reinterpret_cast<const sockaddr*>(&to->storage), to->size) != 0)
    return refuse(what, errno);
  return descriptor;
}

void ask_for_buffer(const Descriptor& descriptor) {
  const int bytes = static_cast<int>(limits::syslog_receive_buffer);
  setsockopt(descriptor.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  setsockopt(descriptor.get(), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes); // with CAP_NET_ADMIN
}

} // namespace

Result<Descriptor> open_udp(const Address& address) {
  auto descriptor = open_bound(address, SOCK_DGRAM, "UDP");
  if (descriptor) ask_for_buffer(*descriptor);
  return descriptor;
}

Result<Descriptor> open_tcp(const Address& address) {
  auto descriptor = open_bound(address, SOCK_STREAM, "TCP");
  if (!descriptor) return descriptor;
  constexpr int backlog = 128;
  if (listen(descriptor->get(), backlog) != 0) return refuse(address.ip, errno);
  return descriptor;
}

Result<Descriptor> open_local(const std::string& path) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (path.size() >= sizeof to.sun_path) return fail(Fault::invalid, path + ": is too long for a socket");
  std::memcpy(&to.sun_path[0], path.c_str(), path.size() + 1);
  const auto* const address = reinterpret_cast<const sockaddr*>(&to);
  Descriptor descriptor(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!descriptor.is_open()) return refuse(path, errno);
  if (bind(descriptor.get(), address, sizeof to) != 0) {
    if (errno != EADDRINUSE) return refuse(path, errno);
    struct stat told {};
    const Descriptor probe(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const bool is_left_over = stat(path.c_str(), &told) == 0 && S_ISSOCK(told.st_mode) &&
                              connect(probe.get(), address, sizeof to) != 0 && errno == ECONNREFUSED;
    if (!is_left_over) return refuse(path, EADDRINUSE);
    unlink(path.c_str());
    if (bind(descriptor.get(), address, sizeof to) != 0) return refuse(path, errno);
  }
  constexpr mode_t everybody = 0666;
  chmod(path.c_str(), everybody);
  ask_for_buffer(descriptor);
  return descriptor;
}

std::uint16_t port_of(const Descriptor& descriptor) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (getsockname(descriptor.get(), reinterpret_cast<sockaddr*>(&bound), &size) != 0) return 0;
  if (bound.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in*>(&bound)->sin_port);
  if (bound.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6*>(&bound)->sin6_port);
  return 0;
}

std::string ip_of(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(&address)->sin_addr, text.data(), text.size());
  } else if (address.ss_family == AF_INET6) {
    const auto& ip = reinterpret_cast<const sockaddr_in6*>(&address)->sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&ip)) {
      inet_ntop(AF_INET, &ip.s6_addr[12], text.data(), text.size());
    } else {
      inet_ntop(AF_INET6, &ip, text.data(), text.size());
    }
  }
  return text.data();
}

} // namespace kaden::logs
