#include <openssl/ssl.h>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>

#include "kaden/http.h"
#include "loop.h"

namespace kaden::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using Code = boost::system::error_code;

namespace {

constexpr Millis open_replies_max = seconds(2);
constexpr Millis accept_pause = Millis(100);

Result<void> set_up_tls(Shared& shared) {
  const ServerSettings& settings = shared.settings;
  if (settings.certificate_file.empty() && settings.key_file.empty()) return {};
  Code code;
  asio::ssl::context& tls = shared.tls.emplace(asio::ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_options(tls.native_handle(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(tls.native_handle(), SSL_MODE_RELEASE_BUFFERS);
  tls.use_certificate_chain_file(settings.certificate_file, code);
  if (code)
    return fail(Fault::invalid, "certificate file " + settings.certificate_file + ": " + code.message());
  tls.use_private_key_file(settings.key_file, asio::ssl::context::pem, code);
  if (code) return fail(Fault::invalid, "key file " + settings.key_file + ": " + code.message());
  if (SSL_CTX_check_private_key(tls.native_handle()) != 1) {
    return fail(Fault::invalid, "key file " + settings.key_file + " does not belong to the certificate");
  }
  return {};
}

std::vector<std::shared_ptr<Loop>> make_loops(const std::shared_ptr<Shared>& shared) {
  require(shared->settings.threads > 0, "a server has at least one thread");
  std::vector<std::shared_ptr<Loop>> loops(static_cast<std::size_t>(shared->settings.threads));
  for (auto& loop : loops) loop = std::make_shared<Loop>(shared);
  return loops;
}

} // namespace

struct Server::Impl {
  Impl(ServerSettings settings, Handler handler)
      : shared(std::make_shared<Shared>(std::move(settings), std::move(handler))),
        loops(make_loops(shared)),
        acceptor(loops.front()->io),
        pause(loops.front()->io) {}

  Result<void> listen() {
    Code code;
    const auto address = asio::ip::make_address(shared->settings.address, code);
    if (code) return fail(Fault::invalid, "'" + shared->settings.address + "' is not an IP address");
    const tcp::endpoint endpoint(address, shared->settings.port);
    acceptor.open(endpoint.protocol(), code);
    if (!code) acceptor.set_option(tcp::acceptor::reuse_address(true), code);
    if (!code) acceptor.bind(endpoint, code);
    if (!code) acceptor.listen(tcp::acceptor::max_listen_connections, code);
    if (!code) port = acceptor.local_endpoint(code).port();
    if (!code) return {};
    const Fault fault = code == asio::error::address_in_use  ? Fault::conflict
                        : code == asio::error::access_denied ? Fault::denied
                                                             : Fault::unavailable;
    Code ignored;
    acceptor.close(ignored);
    return fail(fault, code.message());
  }

  void accept() {
    Loop& loop = *loops[next_loop];
    next_loop = (next_loop + 1) % loops.size();
    acceptor.async_accept(loop.io, [this, &loop](const Code& code, tcp::socket socket) {
      if (!acceptor.is_open() || code == asio::error::operation_aborted) return;
      if (code) {
        // Out of descriptors, most likely. Trying again at once would spin until one is free.
        pause.expires_after(std::chrono::milliseconds(accept_pause.count()));
        pause.async_wait([this](const Code& stopped) {
          if (!stopped) accept();
        });
        return;
      }
      take(loop, std::move(socket));
      accept();
    });
  }

  void take(Loop& loop, tcp::socket socket) {
    auto slot = slot_of(socket);
    if (!slot || shared->connections.fetch_add(1) >= shared->settings.connections_max) {
      if (slot) shared->connections.fetch_sub(1);
      shared->connections_refused.fetch_add(1, std::memory_order_relaxed);
      return refuse(std::move(socket));
    }
    auto made = make_connection(loop, std::move(socket));
    made->peer_slot = std::move(slot);
    asio::post(loop.io, [&loop, connection = std::move(made)] {
      loop.add(connection);
      connection->start();
    });
  }

  /// Null when the peer has too many already.
  std::unique_ptr<PeerSlot> slot_of(const tcp::socket& socket) const {
    Code ignored;
    const auto peer = socket.remote_endpoint(ignored).address();
    {
      const std::lock_guard lock(shared->mutex);
      std::size_t& open = shared->by_peer[peer];
      if (open >= shared->settings.connections_per_peer_max) return nullptr;
      ++open;
    }
    return std::make_unique<PeerSlot>(shared, peer);
  }

  /// A word to a plain client on the way out; TLS clients only see the connection end.
  void refuse(tcp::socket socket) const {
    static constexpr std::string_view text =
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: "
        "close\r\n\r\n";
    Code ignored;
    socket.non_blocking(true, ignored);
    if (!shared->tls) socket.write_some(asio::buffer(text), ignored);
    socket.shutdown(tcp::socket::shutdown_both, ignored);
  }

  void stop() {
    if (!started) return;
    shared->closing = true;
    asio::post(loops.front()->io, [this] {
      Code ignored;
      acceptor.close(ignored);
      pause.cancel();
    });
    for (const auto& loop : loops) asio::post(loop->io, [&loop] { loop->wind_up(); });
    {
      std::unique_lock lock(shared->mutex);
      shared->none_open.wait_for(lock, open_replies_max, [&] { return shared->connections == 0; });
    }
    for (const auto& loop : loops) loop->stop_and_join();
  }

  // Owned
  const std::shared_ptr<Shared> shared;
  std::vector<std::shared_ptr<Loop>> loops; ///< the first one accepts
  tcp::acceptor acceptor;
  asio::steady_timer pause;
  // State
  std::size_t next_loop = 0;
  std::uint16_t port = 0;
  bool started = false;
};

Server::Server(ServerSettings settings, Handler handler)
    : impl_(std::make_shared<Impl>(std::move(settings), std::move(handler))) {}

Server::~Server() {
  impl_->stop();
}

Result<void> Server::start() {
  require(!impl_->started, "a server is started once");
  const ServerSettings& settings = impl_->shared->settings;
  auto ready = set_up_tls(*impl_->shared);
  if (ready) ready = impl_->listen();
  if (!ready) {
    return fail_while("listening on " + settings.address + " port " + std::to_string(settings.port),
                      ready.error());
  }
  impl_->started = true;
  impl_->accept();
  for (std::size_t i = 0; i < impl_->loops.size(); ++i) {
    impl_->loops[i]->run_in_thread("http-" + std::to_string(i));
  }
  return {};
}

std::uint16_t Server::port() const {
  return impl_->port;
}

Server::Counts Server::counts() const {
  const Shared& shared = *impl_->shared;
  return {shared.requests, shared.malformed, shared.too_large, shared.too_slow, shared.connections_refused};
}

} // namespace kaden::http
