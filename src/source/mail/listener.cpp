// Accepts clients and sweeps over their deadlines.
#include <openssl/ssl.h>
#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <future>
#include <thread>

#include "loop.h"

namespace kaden::mail {

namespace asio = boost::asio;
using asio::ip::tcp;
using Code = boost::system::error_code;

namespace {

constexpr Millis accept_pause = Millis(100);
constexpr Millis open_verdicts_max = seconds(2);

Result<std::shared_ptr<TlsContext>> tls_of(const ListenerSettings& settings) {
  if (settings.certificate_file.empty()) return std::shared_ptr<TlsContext>();
  Code code;
  auto tls = std::make_shared<TlsContext>(TlsContext::tls_server);
  SSL_CTX* const handle = tls->native_handle();
  SSL_CTX_set_min_proto_version(handle, TLS1_2_VERSION);
  SSL_CTX_set_options(handle, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(handle, SSL_MODE_RELEASE_BUFFERS);
  tls->use_certificate_chain_file(settings.certificate_file, code);
  if (code) return fail(Fault::invalid, "certificate " + settings.certificate_file + ": " + code.message());
  tls->use_private_key_file(settings.key_file, TlsContext::pem, code);
  if (code) return fail(Fault::invalid, "key " + settings.key_file + ": " + code.message());
  if (SSL_CTX_check_private_key(handle) != 1)
    return fail(Fault::invalid, "key " + settings.key_file + " does not belong to the certificate");
  return tls;
}

} // namespace

bool Loop::may_come_in(const std::string& address) const {
  return std::any_of(settings.networks.begin(), settings.networks.end(),
                     [&](const smtp::Network& network) { return holds(network, address); });
}

struct Listener::Impl {
  Impl(ListenerSettings settings, const runtime::Clock& clock, Take take)
      : loop(std::make_shared<Loop>(std::move(settings), clock, std::move(take))),
        acceptor(loop->io),
        pause(loop->io),
        sweep(loop->io) {}

  Result<void> listen() {
    const ListenerSettings& settings = loop->settings;
    auto tls = tls_of(settings);
    if (!tls) return tl::unexpected(tls.error());
    loop->tls = std::move(*tls);
    Code code;
    const auto address = asio::ip::make_address(settings.address, code);
    if (code) return fail(Fault::invalid, "'" + settings.address + "' is not an IP address");
    const tcp::endpoint endpoint(address, settings.port);
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
    acceptor.async_accept([this](const Code& code, tcp::socket socket) {
      if (!acceptor.is_open() || code == asio::error::operation_aborted) return;
      if (!code) {
        admit(std::move(socket));
        return accept();
      }
      // Out of descriptors, most likely. Trying again at once would spin until one is free.
      pause.expires_after(std::chrono::milliseconds(accept_pause.count()));
      pause.async_wait([this](const Code& stopped) {
        if (!stopped) accept();
      });
    });
  }

  void admit(tcp::socket socket) {
    Code code;
    auto address = socket.remote_endpoint(code).address();
    if (code) return; // gone already
    if (address.is_v6() && address.to_v6().is_v4_mapped())
      address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
    const std::string peer = address.to_string();
    std::size_t& open = loop->by_peer[peer];
    const ListenerSettings& settings = loop->settings;
    if (loop->connections.size() >= settings.connections_max || open >= settings.connections_per_peer_max) {
      if (open == 0) loop->by_peer.erase(peer);
      loop->shed.fetch_add(1, std::memory_order_relaxed);
      static constexpr std::string_view busy = "421 4.7.0 too many connections; the same again, soon\r\n";
      socket.non_blocking(true, code);
      socket.write_some(asio::buffer(busy), code);
      return;
    }
    ++open;
    loop->accepted.fetch_add(1, std::memory_order_relaxed);
    auto connection = make_connection(*loop, std::move(socket), peer, address.is_loopback());
    loop->connections.emplace(connection.get(), connection);
    connection->start();
  }

  std::vector<std::shared_ptr<Connection>> open_ones() const {
    std::vector<std::shared_ptr<Connection>> open; // a connection that ends takes itself out of the map
    for (const auto& [key, connection] : loop->connections) open.push_back(connection);
    return open;
  }

  void sweep_later() {
    // One timer for all: a deadline is then only a stored date.
    const ListenerSettings& settings = loop->settings;
    const Millis shortest =
        std::min({settings.idle_max, settings.handshake_max, settings.data_max, settings.commit_max});
    const Millis every = std::clamp(shortest / 8, Millis(5), Millis(250));
    sweep.expires_after(std::chrono::milliseconds(every.count()));
    sweep.async_wait([this](const Code& code) {
      if (code) return;
      const SteadyTime now = loop->clock.steady();
      for (const auto& connection : open_ones()) connection->check_deadline(now);
      if (loop->is_closing && loop->connections.empty()) return loop->io.stop();
      sweep_later();
    });
  }

  void stop() {
    if (!thread.joinable()) return;
    asio::post(loop->io, [this] {
      loop->is_closing = true;
      Code ignored;
      acceptor.close(ignored);
      pause.cancel();
      for (const auto& connection : open_ones()) connection->wind_up();
      if (loop->connections.empty()) return loop->io.stop();
      pause.expires_after(std::chrono::milliseconds(open_verdicts_max.count()));
      pause.async_wait([this](const Code&) { loop->io.stop(); });
    });
    thread.join();
    loop->connections.clear();
  }

  // Owned
  const std::shared_ptr<Loop> loop;
  tcp::acceptor acceptor;
  asio::steady_timer pause, sweep;
  std::thread thread;
  // State
  std::uint16_t port = 0;
};

Listener::Listener(ListenerSettings settings, const runtime::Clock& clock, Take take)
    : impl_(std::make_shared<Impl>(std::move(settings), clock, std::move(take))) {}

Listener::~Listener() {
  impl_->stop();
}

Result<void> Listener::start() {
  require(!impl_->thread.joinable(), "a listener is started once");
  const ListenerSettings& settings = impl_->loop->settings;
  if (const auto listening = impl_->listen(); !listening) {
    return fail_while("listening for mail on " + settings.address + " port " + std::to_string(settings.port),
                      listening.error());
  }
  impl_->accept();
  impl_->sweep_later();
  impl_->thread = std::thread([loop = impl_->loop] {
    runtime::name_thread("kaden-smtp");
    loop->io.run();
  });
  return {};
}

std::uint16_t Listener::port() const {
  return impl_->port;
}

Result<void> Listener::renew_certificate() {
  auto tls = tls_of(impl_->loop->settings);
  if (!tls) return tl::unexpected(tls.error());
  asio::post(impl_->loop->io, [loop = impl_->loop.get(), fresh = std::move(*tls)] { loop->tls = fresh; });
  return {};
}

Listener::Counts Listener::counts() const {
  const Loop& loop = *impl_->loop;
  return {loop.accepted, loop.turned_away, loop.shed, loop.too_slow, loop.mails};
}

} // namespace kaden::mail
