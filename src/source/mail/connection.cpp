// One client: bytes between the socket and the session, deadlines, and the answer to a mail.
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <optional>

#include "loop.h"

namespace kaden::mail {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Code = boost::system::error_code;

constexpr Millis drain_max = seconds(2);

/// The one chance to settle a mail; settles it by itself when it is dropped. Holds the connection weakly: a
/// verdict that comes after the client, or the listener, has gone is nothing.
class SettleSlot {
 public:
  using Deliver = std::function<void(smtp::Verdict)>; ///< any thread
  explicit SettleSlot(Deliver deliver) : deliver_(std::move(deliver)) {}
  ~SettleSlot() { settle({smtp::Verdict::Kind::try_again, "the mail was not judged; the same again, soon"}); }
  SettleSlot(const SettleSlot&) = delete;
  SettleSlot& operator=(const SettleSlot&) = delete;
  void settle(smtp::Verdict verdict) {
    if (!used_.exchange(true)) deliver_(std::move(verdict));
  }

 private:
  const Deliver deliver_;
  std::atomic<bool> used_{false};
};

smtp::Settings session_settings(const Loop& loop, bool is_loopback) {
  const ListenerSettings& from = loop.settings;
  const auto fits = [](const std::vector<std::string>& globs, std::string_view address) {
    const std::string lower = to_lower(address);
    for (const std::string& glob : globs) {
      if (glob.empty() ? lower.empty() : !lower.empty() && glob_match(to_lower(glob), lower)) return true;
    }
    return false;
  };
  smtp::Settings out;
  out.hostname = from.hostname;
  out.message_bytes_max = from.message_bytes_max;
  out.offers_tls = loop.tls != nullptr;
  out.needs_tls = !from.allow_plain && !is_loopback;
  out.may_send = [&from, fits](std::string_view address) { return fits(from.senders, address); };
  out.may_receive = [&from, fits](std::string_view address) { return fits(from.recipients, address); };
  return out;
}

class Client final : public Connection, public std::enable_shared_from_this<Client> {
 public:
  Client(Loop& loop, tcp::socket socket, std::string peer, bool is_loopback)
      : loop_(loop),
        socket_(std::move(socket)),
        peer_(std::move(peer)),
        session_(session_settings(loop, is_loopback)) {}

  void start() override {
    if (loop_.may_come_in(peer_)) return perform(session_.open());
    loop_.turned_away.fetch_add(1, std::memory_order_relaxed);
    perform(session_.turn_away(peer_ + " is in none of this listener's networks"));
  }

  void check_deadline(SteadyTime now) override {
    if (phase_ == Phase::closed) return;
    const bool is_data_over = data_since_ && now - *data_since_ > loop_.settings.data_max;
    if (now < deadline_ && !is_data_over) return;
    switch (phase_) {
      case Phase::settling:
        ++mail_number_; // a verdict that comes later is nothing
        return perform(
            session_.settle({smtp::Verdict::Kind::try_again, "storing it takes too long; the same again"}));
      case Phase::reading:
        loop_.too_slow.fetch_add(1, std::memory_order_relaxed);
        return end(is_data_over ? "the mail took too long" : "it was quiet for too long");
      case Phase::writing:
      case Phase::handshake:
        loop_.too_slow.fetch_add(1, std::memory_order_relaxed);
        return close();
      case Phase::draining:
      case Phase::closed:
        return close();
    }
  }

  void wind_up() override {
    if (phase_ == Phase::settling) return; // its answer comes first
    if (phase_ == Phase::reading) return end("Kaden is shutting down; the same again, soon");
    if (phase_ == Phase::handshake || phase_ == Phase::draining) close();
  }

 private:
  enum class Phase : std::uint8_t { reading, writing, handshake, settling, draining, closed };

  void enter(Phase phase, Millis at_most) {
    phase_ = phase;
    deadline_ = loop_.clock.steady() + at_most;
  }

  void end(std::string_view why) {
    is_ending_ = true; // a read is still under way
    perform(session_.end(why));
  }

  void perform(smtp::Output out) {
    if (phase_ == Phase::closed) return;
    note_held();
    next_ = std::move(out);
    if (next_.text.empty()) return go_on();
    enter(Phase::writing, loop_.settings.idle_max);
    const auto written = [self = shared_from_this()](const Code& code, std::size_t) {
      if (self->phase_ != Phase::writing) return;
      if (code) return self->close();
      self->go_on();
    };
    text_ = std::move(next_.text);
    if (tls_) {
      asio::async_write(*tls_, asio::buffer(text_), written);
    } else {
      asio::async_write(socket_, asio::buffer(text_), written);
    }
  }

  void go_on() {
    if (next_.closes) return shut_down();
    if (next_.starts_tls) return shake_hands();
    if (next_.message) return hand_over();
    if (loop_.is_closing && !is_ending_) return end_between();
    read();
  }

  void end_between() {
    is_ending_ = true;
    perform(session_.end("Kaden is shutting down; the same again, soon"));
  }

  void read() {
    enter(Phase::reading, loop_.settings.idle_max);
    if (!session_.is_in_data()) {
      data_since_.reset();
    } else if (!data_since_) {
      data_since_ = loop_.clock.steady();
    }
    const auto arrived = [self = shared_from_this()](const Code& code, std::size_t bytes) {
      if (self->phase_ != Phase::reading || self->is_ending_) return;
      if (code) return self->close();
      self->on_bytes({self->buffer_.data(), bytes});
    };
    if (tls_) {
      tls_->async_read_some(asio::buffer(buffer_), arrived);
    } else {
      socket_.async_read_some(asio::buffer(buffer_), arrived);
    }
  }

  void on_bytes(std::string_view bytes) {
    smtp::Output out = session_.receive(bytes);
    note_held();
    if (loop_.bytes_held > loop_.settings.bytes_max && held_ > 0 && !out.message) {
      loop_.shed.fetch_add(1, std::memory_order_relaxed);
      out = session_.end("too much mail comes at once; the same again, soon");
    }
    perform(std::move(out));
  }

  /// All connections together hold no more than is allowed.
  void note_held() {
    const std::size_t now = session_.bytes_held();
    loop_.bytes_held = loop_.bytes_held - held_ + now;
    held_ = now;
  }

  void shake_hands() {
    enter(Phase::handshake, loop_.settings.handshake_max);
    context_ = loop_.tls;
    tls_.emplace(socket_, *context_);
    tls_->async_handshake(asio::ssl::stream_base::server, [self = shared_from_this()](const Code& code) {
      if (self->phase_ != Phase::handshake) return;
      if (code) return self->close();
      self->perform(self->session_.secured());
    });
  }

  void hand_over() {
    enter(Phase::settling, loop_.settings.commit_max);
    data_since_.reset();
    loop_.mails.fetch_add(1, std::memory_order_relaxed);
    const std::uint64_t number = ++mail_number_;
    auto slot = std::make_shared<SettleSlot>(
        [loop = loop_.weak_from_this(), client = weak_from_this(), number](smtp::Verdict verdict) {
          // The loop is held while posting, so that it cannot end under us.
          const std::shared_ptr<Loop> open = loop.lock();
          if (open == nullptr) return;
          asio::post(open->io, [client, number, verdict = std::move(verdict)] {
            if (const auto self = client.lock()) self->settled(number, verdict);
          });
        });
    Arrival arrival{loop_.settings.name, peer_, std::move(*next_.message)};
    next_.message.reset();
    loop_.take(std::move(arrival), [slot](smtp::Verdict verdict) { slot->settle(std::move(verdict)); });
  }

  void settled(std::uint64_t number, const smtp::Verdict& verdict) {
    if (phase_ == Phase::settling && number == mail_number_) perform(session_.settle(verdict));
  }

  /// Says that nothing more comes, then waits a little until the client has read it.
  void shut_down() {
    if (loop_.is_closing) return close();
    enter(Phase::draining, drain_max);
    Code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    if (is_ending_) return; // the read that is under way sees the end; the deadline closes
    drain();
  }

  void drain() {
    if (phase_ != Phase::draining) return;
    socket_.async_read_some(asio::buffer(buffer_),
                            [self = shared_from_this()](const Code& code, std::size_t) {
                              if (code) return self->close();
                              self->drain();
                            });
  }

  void close() {
    if (phase_ == Phase::closed) return;
    phase_ = Phase::closed;
    loop_.bytes_held -= held_;
    held_ = 0;
    Code ignored;
    socket_.close(ignored);
    const auto found = loop_.by_peer.find(peer_);
    if (found != loop_.by_peer.end() && --found->second == 0) loop_.by_peer.erase(found);
    loop_.connections.erase(this);
  }

  // Borrowed
  Loop& loop_;
  // Owned
  tcp::socket socket_;
  std::shared_ptr<TlsContext> context_; // of tls_
  std::optional<asio::ssl::stream<tcp::socket&>> tls_;
  std::array<char, 16'384> buffer_{};
  std::string text_; // that goes out
  // State
  const std::string peer_;
  smtp::Session session_;
  smtp::Output next_;
  Phase phase_ = Phase::reading;
  SteadyTime deadline_{};
  std::optional<SteadyTime> data_since_;
  std::size_t held_ = 0;
  std::uint64_t mail_number_ = 0;
  bool is_ending_ = false;
};

} // namespace

std::shared_ptr<Connection> make_connection(Loop& loop, tcp::socket socket, const std::string& peer,
                                            bool is_loopback) {
  return std::make_shared<Client>(loop, std::move(socket), peer, is_loopback);
}

} // namespace kaden::mail
