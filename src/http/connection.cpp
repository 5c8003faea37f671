#include <array>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <cstring>
#include <optional>

#include "loop.h"
#include "request_parser.h"
#include "response_text.h"

namespace kaden::http {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Code = boost::system::error_code;
using TlsStream = asio::ssl::stream<tcp::socket>;

constexpr std::size_t first_buffer_bytes = 4'096;
constexpr std::size_t joined_body_bytes_max =
    16'384; // up to one TLS record a copy is cheaper than a second write
constexpr Millis drain_max = seconds(2);
constexpr std::size_t drain_bytes_max = 4u << 20;

/// The one chance to answer a request; it answers by itself when it is dropped. Holds the connection weakly:
/// a reply that comes after the client, or the server, has gone is nothing.
class ReplySlot {
 public:
  ReplySlot(std::weak_ptr<Loop> loop, std::weak_ptr<Connection> connection)
      : loop_(std::move(loop)), connection_(std::move(connection)) {}
  ~ReplySlot() { reply(error_response({Fault::corrupt, "the request was dropped"})); }
  ReplySlot(const ReplySlot&) = delete;
  ReplySlot& operator=(const ReplySlot&) = delete;

  void reply(Response response) {
    if (used_.exchange(true)) return;
    // The loop is held while posting, so that its event loop cannot end under us.
    const std::shared_ptr<Loop> loop = loop_.lock();
    if (loop == nullptr) return;
    asio::dispatch(loop->io, [connection = std::move(connection_), reply = std::move(response)]() mutable {
      if (const auto open = connection.lock()) open->answer(std::move(reply));
    });
  }

 private:
  const std::weak_ptr<Loop> loop_;
  std::weak_ptr<Connection> connection_;
  std::atomic<bool> used_{false};
};

tcp::socket& socket_of(tcp::socket& stream) {
  return stream;
}
tcp::socket& socket_of(TlsStream& stream) {
  return stream.next_layer();
}

enum class Phase : std::uint8_t {
  handshake, ///< TLS
  idle,      ///< no byte of the next request yet
  reading,   ///< a request has begun
  handling,  ///< the handler has it; nothing is read meanwhile
  writing,   ///< the reply goes out
  draining, ///< the reply is out; what the client still sends is thrown away, lest a reset destroys the reply
  closed,
};

template <class Stream>
class StreamConnection final : public Connection,
                               public std::enable_shared_from_this<StreamConnection<Stream>> {
 public:
  template <class... More>
  StreamConnection(Loop& loop, tcp::socket socket, More&... more)
      : loop_(loop), stream_(std::move(socket), more...), buffer_(first_buffer_bytes) {}

  void start() override {
    Code code;
    const auto remote = socket_of(stream_).remote_endpoint(code);
    if (code) return close();
    socket_of(stream_).set_option(tcp::no_delay(true), code);
    auto address = remote.address();
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
      address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
    }
    peer_ = address.to_string();
    peer_is_loopback_ = address.is_loopback();
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      enter(Phase::handshake, settings().request_max);
      stream_.async_handshake(asio::ssl::stream_base::server,
                              [self = this->shared_from_this()](const Code& failed) {
                                if (failed || self->phase_ == Phase::closed) return self->close();
                                self->await_request();
                              });
    } else {
      await_request();
    }
  }

  void answer(Response response) override {
    if (phase_ == Phase::handling) write(std::move(response));
  }

  void check_deadline(SteadyTime now) override {
    if (phase_ == Phase::handling || phase_ == Phase::closed || now < deadline_) return;
    if (phase_ == Phase::reading) {
      loop_.shared->too_slow.fetch_add(1, std::memory_order_relaxed);
      drains_ = false; // a read is still under way, and nothing lies unread
      return refuse({408, "the request took too long"});
    }
    if (phase_ == Phase::writing || phase_ == Phase::handshake) {
      loop_.shared->too_slow.fetch_add(1, std::memory_order_relaxed);
    }
    close();
  }

  void wind_up() override {
    keep_alive_ = false;
    drains_ = false;
    if (phase_ == Phase::idle || phase_ == Phase::handshake || phase_ == Phase::draining) close();
  }

 private:
  const ServerSettings& settings() const { return loop_.shared->settings; }

  void enter(Phase phase, Millis at_most) {
    phase_ = phase;
    deadline_ = loop_.now() + at_most;
  }

  void await_request() {
    if (loop_.shared->closing) return close();
    parser_.emplace(settings().header_bytes_max, settings().body_bytes_max);
    if (begin_ < end_) {
      enter(Phase::reading, settings().request_max);
      return parse();
    }
    enter(Phase::idle, settings().idle_max);
    read();
  }

  /// Room behind the bytes that wait. False when the most that is ever kept is reached.
  bool make_room() {
    if (begin_ == end_) begin_ = end_ = 0;
    if (end_ < buffer_.size()) return true;
    if (begin_ > 0) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
      return true;
    }
    const std::size_t most = settings().header_bytes_max + 2 * first_buffer_bytes;
    if (buffer_.size() >= most) return false;
    buffer_.resize(std::min(buffer_.size() * 2, most));
    return true;
  }

  void read() {
    if (!make_room()) return refuse({400, "one piece of the request is too long"});
    stream_.async_read_some(asio::buffer(buffer_.data() + end_, buffer_.size() - end_),
                            [self = this->shared_from_this()](const Code& code, std::size_t bytes) {
                              self->on_read(code, bytes);
                            });
  }

  void on_read(const Code& code, std::size_t bytes) {
    if (phase_ != Phase::idle && phase_ != Phase::reading) return; // ended meanwhile
    if (code) return close();
    if (phase_ == Phase::idle) enter(Phase::reading, settings().request_max);
    end_ += bytes;
    parse();
  }

  void parse() {
    const RequestParser::Step step = parser_->feed({buffer_.data() + begin_, end_ - begin_});
    begin_ += step.used;
    switch (step.stage) {
      case RequestParser::Stage::needs_more:
        return read();
      case RequestParser::Stage::wants_continue:
        return send_continue();
      case RequestParser::Stage::complete:
        return handle();
      case RequestParser::Stage::refused:
        return refuse(parser_->refusal());
    }
  }

  void send_continue() {
    static constexpr std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
    continuing_ = true;
    asio::async_write(stream_, asio::buffer(text),
                      [self = this->shared_from_this()](const Code& code, std::size_t /*bytes*/) {
                        self->continuing_ = false;
                        if (self->phase_ != Phase::reading) return;
                        if (code) return self->close();
                        self->read();
                      });
  }

  void handle() {
    phase_ = Phase::handling;
    Request request = parser_->take();
    request.peer = peer_;
    request.peer_is_loopback = peer_is_loopback_;
    to_head_ = request.method == "HEAD";
    to_http_1_0_ = parser_->is_http_1_0();
    keep_alive_ = parser_->keeps_alive();
    loop_.shared->requests.fetch_add(1, std::memory_order_relaxed);
    auto slot = std::make_shared<ReplySlot>(loop_.weak_from_this(), this->shared_from_this());
    // A reply from inside the handler is written at once; after the call nothing here may assume a phase.
    loop_.shared->handler(std::move(request),
                          [slot = std::move(slot)](Response response) { slot->reply(std::move(response)); });
  }

  /// Answers what never reaches the handler, and ends the connection: where the next request begins is not
  /// known.
  void refuse(const Refusal& refusal) {
    if (refusal.status == 413 || refusal.status == 431) {
      loop_.shared->too_large.fetch_add(1, std::memory_order_relaxed);
    } else if (refusal.status != 408) {
      loop_.shared->malformed.fetch_add(1, std::memory_order_relaxed);
    }
    keep_alive_ = false;
    to_head_ = false;
    to_http_1_0_ = false;
    Response response = error_response({Fault::invalid, refusal.message});
    response.status = refusal.status;
    if (auto own = own_refusal(refusal.status)) response = std::move(*own);
    write(std::move(response));
  }

  /// In the words that the sender of this head expects.
  std::optional<Response> own_refusal(int status) const {
    if (!settings().refused || !parser_ || (status != 413 && status != 408)) return std::nullopt;
    const Request* head = parser_->head();
    return head == nullptr ? std::nullopt : settings().refused(*head, status);
  }

  void write(Response response) {
    if (loop_.shared->closing) keep_alive_ = false;
    enter(Phase::writing, settings().request_max);
    head_ = response_head(response, {to_head_, keep_alive_, to_http_1_0_, loop_.date()});
    body_ = has_body(response, to_head_) ? std::move(response.body) : std::string();
    if (body_.size() <= joined_body_bytes_max) {
      head_ += body_;
      body_.clear();
    }
    const std::array<asio::const_buffer, 2> both = {asio::buffer(head_), asio::buffer(body_)};
    const auto written = [self = this->shared_from_this()](const Code& code, std::size_t /*bytes*/) {
      self->on_written(code);
    };
    if (body_.empty()) {
      asio::async_write(stream_, asio::buffer(head_), written);
    } else {
      asio::async_write(stream_, both, written);
    }
  }

  void on_written(const Code& code) {
    if (phase_ != Phase::writing) return;
    if (code) return close();
    if (keep_alive_) return await_request();
    shut_down();
  }

  /// Says that nothing more comes, then waits a little until the client has read it.
  void shut_down() {
    enter(Phase::draining, drain_max);
    if (!drains_) return shut_down_socket();
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      // Sends close_notify and waits for the client's; an error only means that it did not come.
      stream_.async_shutdown([self = this->shared_from_this()](const Code&) { self->shut_down_socket(); });
    } else {
      shut_down_socket();
    }
  }

  void shut_down_socket() {
    if (phase_ != Phase::draining) return;
    Code ignored;
    socket_of(stream_).shutdown(tcp::socket::shutdown_send, ignored);
    if (!drains_) return close();
    drain(0);
  }

  void drain(std::size_t so_far) {
    if (phase_ != Phase::draining) return;
    if (so_far > drain_bytes_max) return close();
    socket_of(stream_).async_read_some(asio::buffer(buffer_), [self = this->shared_from_this(), so_far](
                                                                  const Code& code, std::size_t bytes) {
      if (code) return self->close();
      self->drain(so_far + bytes);
    });
  }

  void close() {
    if (phase_ == Phase::closed) return;
    phase_ = Phase::closed;
    Code ignored;
    socket_of(stream_).close(ignored);
    loop_.remove(*this);
  }

  // Borrowed
  Loop& loop_;
  // Owned
  Stream stream_;
  std::vector<char> buffer_; ///< bytes begin_ to end_ wait to be parsed
  std::string head_, body_;  ///< of the reply that goes out
  // State
  std::optional<RequestParser> parser_;
  std::string peer_;
  std::size_t begin_ = 0, end_ = 0;
  SteadyTime deadline_{};
  Phase phase_ = Phase::idle;
  bool peer_is_loopback_ = false;
  bool keep_alive_ = true;
  bool to_head_ = false;
  bool to_http_1_0_ = false;
  bool continuing_ = false; ///< "100 Continue" is being written
  bool drains_ = true;      ///< ends gently, see shut_down()
};

} // namespace

std::shared_ptr<Connection> make_connection(Loop& loop, tcp::socket socket) {
  if (loop.shared->tls) {
    return std::make_shared<StreamConnection<TlsStream>>(loop, std::move(socket), *loop.shared->tls);
  }
  return std::make_shared<StreamConnection<tcp::socket>>(loop, std::move(socket));
}

} // namespace kaden::http
