/// loop.h - one thread of the server: its event loop, its connections, their deadlines. Room: http, inside.
/// Threads: everything but what is marked belongs to the loop's own thread. Connections never move between
/// loops, so they need no locks.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>

#include "kaden/http.h"

namespace kaden::http {

/// What all loops of one server share. Any thread.
struct Shared {
  Shared(ServerSettings settings_in, Handler handler_in)
      : settings(std::move(settings_in)), handler(std::move(handler_in)) {}

  const ServerSettings settings;
  const Handler handler;
  const runtime::SystemClock clock;
  std::optional<boost::asio::ssl::context> tls;

  std::atomic<std::uint64_t> requests{0}, malformed{0}, too_large{0}, too_slow{0}, connections_refused{0};
  std::atomic<bool> closing{false};

  // Open connections of all loops, so that closing can wait for the last.
  std::atomic<std::size_t> connections{0};
  std::mutex mutex;
  std::map<boost::asio::ip::address, std::size_t> by_peer; ///< guarded by mutex; none of zero
  std::condition_variable none_open;
};

/// Counts a connection under its peer's address while it lives.
class PeerSlot {
 public:
  PeerSlot(std::shared_ptr<Shared> shared, boost::asio::ip::address peer)
      : shared_(std::move(shared)), peer_(std::move(peer)) {}
  ~PeerSlot() {
    const std::lock_guard lock(shared_->mutex);
    const auto found = shared_->by_peer.find(peer_);
    if (--found->second == 0) shared_->by_peer.erase(found);
  }
  PeerSlot(const PeerSlot&) = delete;
  PeerSlot& operator=(const PeerSlot&) = delete;

 private:
  const std::shared_ptr<Shared> shared_;
  const boost::asio::ip::address peer_;
};

/// One client's connection, plain or TLS.
class Connection {
 public:
  virtual ~Connection() = default;
  std::unique_ptr<PeerSlot> peer_slot;
  virtual void start() = 0;
  /// The handler's reply; ignored when none is awaited.
  virtual void answer(Response response) = 0;
  /// Ends what took too long.
  virtual void check_deadline(SteadyTime now) = 0;
  /// The server closes: idle connections end now, others after their reply.
  virtual void wind_up() = 0;
};

class Loop : public std::enable_shared_from_this<Loop> {
 public:
  explicit Loop(std::shared_ptr<Shared> shared_state);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Any thread.
  void run_in_thread(const std::string& name);
  void stop_and_join();

  void add(std::shared_ptr<Connection> connection);
  void remove(const Connection& connection);
  void wind_up();
  /// Of this second; made once a second.
  std::string_view date();
  SteadyTime now() const { return shared->clock.steady(); }

  // Owned; the connections end before the event loop that their sockets are in
  const std::shared_ptr<Shared> shared;
  boost::asio::io_context io{1};

 private:
  void sweep_later();

  // Owned
  boost::asio::steady_timer sweep_;
  std::unordered_map<const Connection*, std::shared_ptr<Connection>> connections_;
  std::thread thread_;
  // State
  std::int64_t date_second_ = -1;
  std::string date_;
};

/// Takes over an accepted socket.
std::shared_ptr<Connection> make_connection(Loop& loop, boost::asio::ip::tcp::socket socket);

} // namespace kaden::http
