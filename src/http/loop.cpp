#include "loop.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <vector>

#include "kaden/http_date.h"
#include "response_text.h"

namespace kaden::http {

namespace asio = boost::asio;

Loop::Loop(std::shared_ptr<Shared> shared_state) : shared(std::move(shared_state)), sweep_(io) {}

Loop::~Loop() {
  stop_and_join();
}

void Loop::run_in_thread(const std::string& name) {
  sweep_later();
  thread_ = std::thread([this, name] {
    runtime::name_thread(name);
    io.run();
  });
}

void Loop::stop_and_join() {
  io.stop();
  if (thread_.joinable()) thread_.join();
}

void Loop::add(std::shared_ptr<Connection> connection) {
  const Connection* key = connection.get();
  connections_.emplace(key, std::move(connection));
}

void Loop::remove(const Connection& connection) {
  if (connections_.erase(&connection) == 0) return;
  if (shared->connections.fetch_sub(1) == 1 && shared->closing) {
    { std::lock_guard lock(shared->mutex); } // the waiter is either before its check or inside its wait
    shared->none_open.notify_all();
  }
}

void Loop::wind_up() {
  std::vector<std::shared_ptr<Connection>> open; // a connection that ends takes itself out of the map
  open.reserve(connections_.size());
  for (const auto& [key, connection] : connections_) open.push_back(connection);
  for (const auto& connection : open) connection->wind_up();
}

void Loop::sweep_later() {
  // One timer for all connections: a deadline is then only a stored date, and costs nothing per request.
  const Millis shortest = std::min(shared->settings.request_max, shared->settings.idle_max);
  const Millis pause = std::clamp(shortest / 8, Millis(5), Millis(250));
  sweep_.expires_after(std::chrono::milliseconds(pause.count()));
  sweep_.async_wait([this](const boost::system::error_code& code) {
    if (code) return;
    const SteadyTime at = now();
    std::vector<std::shared_ptr<Connection>> open;
    open.reserve(connections_.size());
    for (const auto& [key, connection] : connections_) open.push_back(connection);
    for (const auto& connection : open) connection->check_deadline(at);
    sweep_later();
  });
}

std::string_view Loop::date() {
  const WallTime at = shared->clock.wall();
  const std::int64_t second = to_ms(at) / 1'000;
  if (second != date_second_) {
    date_second_ = second;
    date_ = to_http_date(at);
  }
  return date_;
}

} // namespace kaden::http
