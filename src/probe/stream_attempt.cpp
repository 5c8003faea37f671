// TCP, TLS and HTTP: one connection, tried at each address of the name.
#include "attempt.h"
#include "kaden/http_answer.h"
#include "kaden/limits/input.h"

namespace kaden::probe {

namespace {

using channel::Channel;
using State = Channel::State;

class StreamAttempt final : public Attempt {
 public:
  StreamAttempt(const Probe& probe, channel::Trust& trust) : probe_(probe), trust_(trust) {
    if (probe.target.kind != Kind::http) return;
    const http::Headers headers = {{"Host", probe.target.address.authority},
                                   {"User-Agent", "kaden-probe"},
                                   {"Accept", "*/*"},
                                   {"Connection", "close"}};
    request_ = channel::request_head("GET", probe.target.address.target, headers, 0);
  }

  void start(const Addresses& addresses, SteadyTime now) override {
    addresses_ = addresses;
    connect(now);
    step(now);
  }

  void step(SteadyTime now) override {
    while (!is_over()) {
      const bool was_connecting = stage_ == Stage::connecting;
      const auto state = step_once(now);
      if (!state) {
        finding().reason = state.error().message;
        channel_.close();
        if (!was_connecting || next_address_ >= addresses_.size()) return end_with(finding().reason);
        connect(now);
        continue;
      }
      wanted_ = *state;
      if (*state != State::done) return;
    }
    channel_.close();
  }

  void give_up() override {
    channel_.close();
    end_with("no answer in time");
  }

  pollfd wanted() const override {
    return {channel_.descriptor(), static_cast<short>(wanted_ == State::wants_read ? POLLIN : POLLOUT), 0};
  }

 private:
  enum class Stage : std::uint8_t { connecting, securing, asking, listening };

  const channel::Address& address() const { return probe_.target.address; }
  bool is_secure() const {
    return address().scheme == channel::Scheme::https || address().scheme == channel::Scheme::tls;
  }

  void connect(SteadyTime now) {
    while (next_address_ < addresses_.size()) {
      const channel::SocketAddress& to = addresses_[next_address_++];
      if (probe_.target.kind == Kind::http && is_link_local(to)) {
        finding().reason = "its address is link-local, where a cloud keeps a machine's credentials";
        continue;
      }
      began_ = now;
      // A watcher of certificates wants to know when one ends that nobody trusts any more.
      const auto judge =
          address().scheme == channel::Scheme::tls ? Channel::Judge::later : Channel::Judge::at_once;
      auto opened = Channel::connect(to, address(), &trust_, judge);
      if (opened) {
        channel_ = std::move(*opened);
        stage_ = Stage::connecting;
        return;
      }
      finding().reason = opened.error().message;
    }
    end_with(finding().reason);
  }

  Result<State> step_once(SteadyTime now) {
    switch (stage_) {
      case Stage::connecting:
        return finish_connect(now);
      case Stage::securing:
        return finish_handshake(now);
      case Stage::asking: {
        auto state = channel_.send(unsent_);
        if (state && *state == State::done) stage_ = Stage::listening;
        return state;
      }
      case Stage::listening:
        break;
    }
    return listen(now);
  }

  Result<State> finish_connect(SteadyTime now) {
    auto state = channel_.finish_connect();
    if (!state || *state != State::done) return state;
    finding().connect_time = now - began_;
    stage_ = is_secure() ? Stage::securing : Stage::asking;
    unsent_ = request_;
    if (probe_.target.kind == Kind::tcp) answered(now);
    return state;
  }

  Result<State> finish_handshake(SteadyTime now) {
    auto state = channel_.finish_handshake();
    if (!state || *state != State::done) return state;
    finding().expires_at = channel_.expires_at();
    stage_ = Stage::asking;
    if (probe_.target.kind != Kind::tls) return state;
    answered(now);
    if (const auto trusted = channel_.verdict(); !trusted) {
      finding().is_up = false;
      finding().reason = trusted.error().message;
    }
    return state;
  }

  Result<State> listen(SteadyTime now) {
    std::string bytes;
    bool closed = false;
    auto state = channel_.receive(bytes, closed);
    if (!state || *state != State::done) return state;
    const auto read = closed ? reader_.end() : reader_.feed(bytes);
    // The status line is the answer; what follows it is of no interest.
    const int status = reader_.response().status;
    if (!read && !reader_.has_head()) return tl::unexpected(read.error());
    if (!reader_.has_head()) {
      // TLS may hold more than one read gives: again, until nothing is left. Who never comes to the answer is
      // cut.
      heard_ += bytes.size();
      if (heard_ > 2 * limits::http_header_bytes_max)
        return fail(Fault::invalid, "the answer's head has no end");
      return State::done;
    }
    finding().status = status;
    answered(now);
    finding().is_up = status >= probe_.status_min && status <= probe_.status_max;
    if (!finding().is_up) finding().reason = "status " + std::to_string(status);
    return State::done;
  }

  void answered(SteadyTime now) {
    finding().received = 1;
    finding().is_up = true;
    finding().reason.clear();
    finding().answer_time = now - began_;
    end();
  }

  // Borrowed
  const Probe& probe_;
  channel::Trust& trust_;
  // State
  std::string request_;
  Addresses addresses_;
  std::size_t next_address_ = 0;
  Stage stage_ = Stage::connecting;
  State wanted_ = State::wants_write;
  Channel channel_;
  std::string_view unsent_;
  channel::ResponseReader reader_;
  std::size_t heard_ = 0;
  SteadyTime began_{};
};

} // namespace

std::unique_ptr<Attempt> make_stream_attempt(const Probe& probe, channel::Trust& trust) {
  return std::make_unique<StreamAttempt>(probe, trust);
}

} // namespace kaden::probe
