#include "kaden/channel.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>

namespace kaden::channel {

namespace {

std::string openssl_reason() {
  std::array<char, 160> text{};
  const unsigned long code = ERR_peek_last_error();
  if (code == 0) return "it broke off";
  ERR_error_string_n(code, text.data(), text.size());
  ERR_clear_error();
  return text.data();
}

void set_option(const File& file, int level, int name, int value) {
  setsockopt(file.get(), level, name, &value, sizeof value);
}

} // namespace

void Trust::End::operator()(ssl_ctx_st* context) const {
  SSL_CTX_free(context);
}

Result<ssl_ctx_st*> Trust::context() {
  if (context_ != nullptr) return context_.get();
  std::unique_ptr<ssl_ctx_st, End> fresh(SSL_CTX_new(TLS_client_method()));
  require(fresh != nullptr, "OpenSSL gives a context");
  SSL_CTX_set_min_proto_version(fresh.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(fresh.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(fresh.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(fresh.get(), SSL_SESS_CACHE_OFF);
  const int loaded = ca_file_.empty() ? SSL_CTX_set_default_verify_paths(fresh.get())
                                      : SSL_CTX_load_verify_locations(fresh.get(), ca_file_.c_str(), nullptr);
  if (loaded != 1) {
    return fail(Fault::invalid, "reading the certificates of " +
                                    (ca_file_.empty() ? "the system" : ca_file_) + ": " + openssl_reason());
  }
  context_ = std::move(fresh);
  return context_.get();
}

std::optional<SocketAddress> numeric_address(const Address& address) {
  SocketAddress out;
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (inet_pton(AF_INET, address.host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    std::memcpy(&out.bytes, &v4, sizeof v4);
    out.size = sizeof v4;
    return out;
  }
  if (inet_pton(AF_INET6, address.host.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    std::memcpy(&out.bytes, &v6, sizeof v6);
    out.size = sizeof v6;
    return out;
  }
  return std::nullopt;
}

Result<std::vector<SocketAddress>> resolve(const Address& address) {
  if (const auto numeric = numeric_address(address)) return std::vector<SocketAddress>{*numeric};
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int code = getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (code != 0) return fail(Fault::unavailable, "looking up " + address.host + ": " + gai_strerror(code));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  std::vector<SocketAddress> out;
  constexpr std::size_t tried_max = 4;
  for (const addrinfo* one = found; one != nullptr && out.size() < tried_max; one = one->ai_next) {
    SocketAddress socket_address;
    std::memcpy(&socket_address.bytes, one->ai_addr, one->ai_addrlen);
    socket_address.size = one->ai_addrlen;
    out.push_back(socket_address);
  }
  return out;
}

bool is_link_local(const SocketAddress& address) {
  const auto v4 = [](const unsigned char* bytes) { return bytes[0] == 169 && bytes[1] == 254; };
  if (address.bytes.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &address.bytes, sizeof in);
    std::array<unsigned char, 4> bytes{};
    std::memcpy(bytes.data(), &in.sin_addr, bytes.size());
    return v4(bytes.data());
  }
  sockaddr_in6 in{};
  std::memcpy(&in, &address.bytes, sizeof in);
  const unsigned char* bytes = in.sin6_addr.s6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&in.sin6_addr)) return v4(bytes + 12);
  const bool is_metadata = bytes[0] == 0xfd && bytes[1] == 0 && bytes[2] == 0x0e && bytes[3] == 0xc2;
  return IN6_IS_ADDR_LINKLOCAL(&in.sin6_addr) || is_metadata;
}

void Channel::End::operator()(ssl_st* ssl) const {
  SSL_free(ssl);
}

/// The TLS side of a connection that is yet to be made.
Result<void> Channel::secure(const Address& address, Trust& trust, Judge judge) {
  const auto context = trust.context();
  if (!context) return tl::unexpected(context.error());
  ssl_.reset(SSL_new(*context));
  SSL* const ssl = ssl_.get();
  require(ssl != nullptr && SSL_set_fd(ssl, descriptor()) == 1, "OpenSSL gives a connection");
  SSL_set_connect_state(ssl);
  if (judge == Judge::later) SSL_set_verify(ssl, SSL_VERIFY_NONE, nullptr);
  const bool named = !numeric_address(address);
  const int wanted = named ? SSL_set1_host(ssl, address.host.c_str())
                           : X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), address.host.c_str());
  require(wanted == 1, "OpenSSL checks the name");
  if (named) {
    SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(address.host.c_str())); // its type is older than const
  }
  return {};
}

Result<Channel> Channel::connect(const SocketAddress& to, const Address& address, Trust* trust, Judge judge) {
  Channel channel;
  channel.file_ = File(socket(to.bytes.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!channel.is_open()) return tl::unexpected(errno_error("opening a socket"));
  set_option(channel.file_, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(channel.file_, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(channel.file_, IPPROTO_TCP, TCP_KEEPIDLE, 30);
  set_option(channel.file_, IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set_option(channel.file_, IPPROTO_TCP, TCP_KEEPCNT, 3);
  if (address.scheme == Scheme::https || address.scheme == Scheme::tls) {
    require(trust != nullptr, "TLS has something to trust");
    if (auto secured = channel.secure(address, *trust, judge); !secured)
      return tl::unexpected(secured.error());
  }
  const auto* const raw = reinterpret_cast<const sockaddr*>(&to.bytes);
  if (::connect(channel.descriptor(), raw, to.size) != 0 && errno != EINPROGRESS)
    return tl::unexpected(errno_error("connecting to " + address.authority));
  return channel;
}

Result<Channel::State> Channel::finish_connect() {
  pollfd look{descriptor(), POLLOUT, 0};
  if (poll(&look, 1, 0) == 0) return State::wants_write;
  int why = 0;
  socklen_t size = sizeof why;
  getsockopt(descriptor(), SOL_SOCKET, SO_ERROR, &why, &size);
  if (why == 0) return State::done;
  errno = why;
  Error error = errno_error("connecting");
  error.fault = Fault::unavailable;
  return tl::unexpected(std::move(error));
}

Result<Channel::State> Channel::tls_state(int result, const char* doing) const {
  const int saved = errno;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return State::wants_read;
    case SSL_ERROR_WANT_WRITE:
      return State::wants_write;
    case SSL_ERROR_SYSCALL:
      errno = saved;
      if (ERR_peek_last_error() == 0 && saved != 0) return tl::unexpected(errno_error(doing));
      break;
    default:
      break;
  }
  const long verdict = SSL_get_verify_result(ssl_.get());
  if (verdict != X509_V_OK) {
    ERR_clear_error();
    return fail(Fault::denied, std::string(doing) + ": the certificate is not trusted: " +
                                   X509_verify_cert_error_string(verdict));
  }
  return fail(Fault::unavailable, std::string(doing) + ": " + openssl_reason());
}

Result<Channel::State> Channel::finish_handshake() {
  if (ssl_ == nullptr) return State::done;
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) return State::done;
  return tls_state(result, "TLS handshake");
}

Result<void> Channel::verdict() const {
  const long verdict = ssl_ == nullptr ? X509_V_OK : SSL_get_verify_result(ssl_.get());
  if (verdict == X509_V_OK) return {};
  return fail(Fault::denied,
              std::string("the certificate is not trusted: ") + X509_verify_cert_error_string(verdict));
}

std::optional<WallTime> Channel::expires_at() const {
  if (ssl_ == nullptr) return std::nullopt;
  const X509* const certificate = SSL_get0_peer_certificate(ssl_.get());
  std::tm parts{};
  if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) != 1)
    return std::nullopt;
  return wall_time(static_cast<std::int64_t>(timegm(&parts)) * 1'000);
}

Result<Channel::State> Channel::send(std::string_view& bytes) {
  while (!bytes.empty()) {
    if (ssl_ != nullptr) {
      ERR_clear_error();
      std::size_t put = 0;
      const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &put);
      if (result != 1) return tls_state(result, "sending");
      bytes.remove_prefix(put);
      continue;
    }
    const ssize_t put = ::send(descriptor(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && errno == EAGAIN) return State::wants_write;
    if (put < 0) return tl::unexpected(errno_error("sending"));
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return State::done;
}

Result<Channel::State> Channel::receive(std::string& into, bool& closed) {
  std::array<char, 8'192> part; // NOLINT(cppcoreguidelines-pro-type-member-init): filled by what arrives
  std::size_t got = 0;
  if (ssl_ != nullptr) {
    ERR_clear_error();
    const int result = SSL_read_ex(ssl_.get(), part.data(), part.size(), &got);
    if (result != 1) {
      if (SSL_get_error(ssl_.get(), result) != SSL_ERROR_ZERO_RETURN) return tls_state(result, "receiving");
      closed = true;
    }
  } else {
    const ssize_t count = recv(descriptor(), part.data(), part.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return State::wants_read;
    if (count < 0) return tl::unexpected(errno_error("receiving"));
    closed = count == 0;
    got = static_cast<std::size_t>(count);
  }
  into.append(part.data(), got);
  return State::done;
}

bool Channel::is_idle() const {
  pollfd look{descriptor(), POLLIN, 0};
  return is_open() && poll(&look, 1, 0) == 0;
}

void Channel::close() {
  if (ssl_ != nullptr) SSL_shutdown(ssl_.get());
  ssl_.reset();
  file_.close();
}

bool wait_for(const Channel& channel, Channel::State wanted, Millis patience) {
  const auto events = static_cast<short>(wanted == Channel::State::wants_read ? POLLIN : POLLOUT);
  pollfd look{channel.descriptor(), events, 0};
  const auto ms =
      static_cast<int>(std::max<std::int64_t>(0, std::min<std::int64_t>(patience.count(), 600'000)));
  return poll(&look, 1, ms) > 0;
}

} // namespace kaden::channel
