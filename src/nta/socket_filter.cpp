#include "socket_filter.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <memory>

#include "kaden/limits/input.h"
#include "kaden/text.h"

namespace kaden::nta {
namespace {

constexpr std::uint32_t udp_header_bytes = 8; // a socket filter on UDP sees the header too

bool is_the_socket(int fd, in_addr wanted, std::uint16_t port) {
  int type = 0;
  socklen_t size = sizeof type;
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_DGRAM) return false;
  sockaddr_in address{};
  size = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return false;
  return address.sin_family == AF_INET && address.sin_addr.s_addr == wanted.s_addr &&
         ntohs(address.sin_port) == port;
}

int find_socket(in_addr ip, std::uint16_t port) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/proc/self/fd"), closedir);
  if (!folder) return -1;
  while (const dirent* entry = readdir(folder.get())) { // NOLINT(concurrency-mt-unsafe): a DIR of our own
    const auto fd = parse_int(entry->d_name);
    if (fd && is_the_socket(static_cast<int>(*fd), ip, port)) return static_cast<int>(*fd);
  }
  return -1;
}

} // namespace

Result<void> filter_socket(const std::string& ip, std::uint16_t port) {
  in_addr address{};
  if (inet_pton(AF_INET, ip.c_str(), &address) != 1)
    return fail(Fault::invalid, "SIP bind address: not IPv4");
  const int fd = find_socket(address, port);
  if (fd < 0) return fail(Fault::not_found, "guarding the SIP port: its socket was not found");
  const auto limit = static_cast<std::uint32_t>(limits::sip_datagram_bytes_max) + udp_header_bytes;
  sock_filter program[] = {
      {BPF_LD | BPF_W | BPF_LEN, 0, 0, 0},
      {BPF_JMP | BPF_JGT | BPF_K, 4, 0, limit},
      {BPF_LD | BPF_B | BPF_ABS, 0, 0, udp_header_bytes},
      {BPF_JMP | BPF_JGE | BPF_K, 0, 2, 'A'},
      {BPF_JMP | BPF_JGT | BPF_K, 1, 0, 'Z'},
      {BPF_RET | BPF_K, 0, 0, 0xffffffff},
      {BPF_RET | BPF_K, 0, 0, 0},
  };
  const sock_fprog filter{sizeof program / sizeof program[0], program};
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0) {
    return fail(Fault::unavailable, "guarding the SIP port: the kernel refused the filter");
  }
  return {};
}

} // namespace kaden::nta
