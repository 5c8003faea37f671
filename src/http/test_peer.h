/// test_peer.h - a client that sends what bytes it likes, for the server's tests. Room: http, for its tests.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "kaden/http.h"

namespace kaden::http {

class Peer {
 public:
  explicit Peer(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int one = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    require(connect(socket_, generic, sizeof address) == 0, "the server is listening");
  }
  ~Peer() { close(socket_); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  /// False when the server has gone.
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void send_end() const { shutdown(socket_, SHUT_WR); }

  /// The next whole response with its body; what had come when the server closed, or after 5 s.
  std::string response(bool to_head = false) {
    for (;;) {
      const std::size_t head = waiting_.find("\r\n\r\n");
      if (head != std::string::npos) {
        const std::size_t length = to_head ? 0 : content_length(waiting_.substr(0, head));
        if (waiting_.size() >= head + 4 + length) return take(head + 4 + length);
      }
      if (!receive()) return take(waiting_.size());
    }
  }
  /// Everything until the server closes.
  std::string rest() {
    while (receive()) {
    }
    return take(waiting_.size());
  }
  bool is_closed() {
    while (receive()) {
    }
    return closed_;
  }

 private:
  static std::size_t content_length(const std::string& head) {
    const std::size_t at = head.find("Content-Length: ");
    return at == std::string::npos ? 0 : static_cast<std::size_t>(std::stoul(head.substr(at + 16)));
  }
  bool receive() {
    pollfd waits{socket_, POLLIN, 0};
    if (poll(&waits, 1, 5'000) != 1) return false;
    char bytes[65'536];
    const ssize_t got = recv(socket_, bytes, sizeof bytes, 0);
    if (got <= 0) closed_ = true;
    if (got <= 0) return false;
    waiting_.append(bytes, static_cast<std::size_t>(got));
    return true;
  }
  std::string take(std::size_t bytes) {
    std::string taken = waiting_.substr(0, bytes);
    waiting_.erase(0, bytes);
    return taken;
  }

  int socket_;
  std::string waiting_;
  bool closed_ = false;
};

} // namespace kaden::http
