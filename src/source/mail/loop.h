/// mail/loop.h - what the connections of one listener share. Room: source/mail, inside. Threads: everything
/// but the counts belongs to the listener's own thread. Errors: none.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <map>
#include <memory>
#include <unordered_map>

#include "kaden/mail_listener.h"

namespace kaden::mail {

using TlsContext = boost::asio::ssl::context;

class Connection {
 public:
  virtual ~Connection() = default;
  virtual void start() = 0;
  /// Ends what took too long.
  virtual void check_deadline(SteadyTime now) = 0;
  /// Ends now, or once the mail that is being made durable has its answer.
  virtual void wind_up() = 0;
};

struct Loop : std::enable_shared_from_this<Loop> {
  Loop(ListenerSettings settings_in, const runtime::Clock& clock_in, Take take_in)
      : settings(std::move(settings_in)), clock(clock_in), take(std::move(take_in)) {}

  const ListenerSettings settings;
  const runtime::Clock& clock;
  const Take take;
  std::shared_ptr<TlsContext> tls; ///< null: no STARTTLS
  std::unordered_map<const Connection*, std::shared_ptr<Connection>> connections;
  std::map<std::string, std::size_t> by_peer; ///< none of zero
  std::size_t bytes_held = 0;                 ///< of mails that are being received
  bool is_closing = false;
  std::atomic<std::uint64_t> accepted{0}, turned_away{0}, shed{0}, too_slow{0}, mails{0};
  boost::asio::io_context io{1}; ///< last: it ends before what its handlers use

  bool may_come_in(const std::string& address) const;
};

std::shared_ptr<Connection> make_connection(Loop& loop, boost::asio::ip::tcp::socket socket,
                                            const std::string& peer, bool is_loopback);

} // namespace kaden::mail
