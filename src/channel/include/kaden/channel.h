/// kaden/channel.h - one connection, plain or TLS, that never blocks; and what a certificate must be. Room:
/// channel. Uses: base. Threads: one at a time per object; Trust: any. Errors: denied (the certificate),
/// unavailable. Why not the http room's client: libcurl alone is larger than the agent may be, and many
/// probes wait in one poll(2) (docs/adr/0006-agent-client.md).
#pragma once

#include <sys/socket.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/address.h"
#include "kaden/file.h"

struct ssl_st;
struct ssl_ctx_st;

namespace kaden::channel {

/// What TLS connections trust: one PEM file, or the system's store. Loaded when first used.
class Trust {
 public:
  explicit Trust(std::string ca_file) : ca_file_(std::move(ca_file)) {}
  Result<ssl_ctx_st*> context();

 private:
  struct End {
    void operator()(ssl_ctx_st* context) const;
  };
  const std::string ca_file_;
  std::unique_ptr<ssl_ctx_st, End> context_;
};

/// An IP address with its port, as the kernel wants it.
struct SocketAddress {
  sockaddr_storage bytes{};
  socklen_t size = 0;
};
/// Of an address that is written as numbers; nullopt for a name.
std::optional<SocketAddress> numeric_address(const Address& address);
/// Asks the system's resolver, which may take its time; at most four.
Result<std::vector<SocketAddress>> resolve(const Address& address);
/// 169.254.0.0/16, fe80::/10 and fd00:ec2::/32, where a cloud keeps a machine's credentials, also as IPv4 in
/// IPv6.
bool is_link_local(const SocketAddress& address);

class Channel {
 public:
  enum class State : std::uint8_t { wants_read, wants_write, done };

  Channel() = default;
  /// Whether a certificate that is not trusted ends the handshake, or is told by verdict() after it.
  enum class Judge : std::uint8_t { at_once, later };
  /// Begins to connect. `trust` is needed for https and tls, and must outlive the channel.
  static Result<Channel> connect(const SocketAddress& to, const Address& address, Trust* trust,
                                 Judge judge = Judge::at_once);
  bool is_open() const { return file_.is_open(); }
  int descriptor() const { return file_.get(); }
  /// Goes on with connecting; done when the TCP connection stands.
  Result<State> finish_connect();
  /// Goes on with TLS; done at once without it.
  Result<State> finish_handshake();
  /// After the handshake: whether the certificate is trusted. Errors: denied.
  Result<void> verdict() const;
  /// After the handshake: when the far end's certificate ends; nothing without TLS.
  std::optional<WallTime> expires_at() const;
  /// Takes off what it could send.
  Result<State> send(std::string_view& bytes);
  /// Done: `into` got at least a byte, or `closed` is set.
  Result<State> receive(std::string& into, bool& closed);
  /// False when the other side has closed, or says something unasked.
  bool is_idle() const;
  void close();

 private:
  struct End {
    void operator()(ssl_st* ssl) const;
  };
  Result<void> secure(const Address& address, Trust& trust, Judge judge);
  Result<State> tls_state(int result, const char* doing) const;

  File file_;
  std::unique_ptr<ssl_st, End> ssl_;
};

/// Waits for what the channel wants; false at the end of `patience`.
bool wait_for(const Channel& channel, Channel::State wanted, Millis patience);

} // namespace kaden::channel
