// A DNS question: over UDP, and over TCP when the answer was cut.
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "attempt.h"
#include "dns_message.h"

namespace kaden::probe {

namespace {

using channel::Channel;
using State = Channel::State;

class DnsAttempt final : public Attempt {
 public:
  explicit DnsAttempt(const Probe& probe) : probe_(probe) {
    question_.id = static_cast<std::uint16_t>(random_number());
    question_.name = probe.target.question;
    question_.type = probe.target.record_type;
  }

  void start(const Addresses& addresses, SteadyTime now) override {
    server_ = addresses.front();
    began_ = now;
    socket_ = channel::File(socket(server_.bytes.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket_.is_open()) {
      finding().is_unable = true;
      return end_with(channel::errno_error("opening a socket").message);
    }
    // Connected: the kernel passes on only what comes from there.
    const std::string query = dns_query(question_);
    if (connect(socket_.get(), reinterpret_cast<const sockaddr*>(&server_.bytes), server_.size) != 0 ||
        send(socket_.get(), query.data(), query.size(), MSG_NOSIGNAL) < 0)
      end_with(channel::errno_error("asking").message);
  }

  void step(SteadyTime now) override {
    if (stream_.is_open()) {
      step_stream(now);
      return;
    }
    std::array<char, 4'096> bytes; // NOLINT(cppcoreguidelines-pro-type-member-init): filled by what arrives
    for (int looked = 0; looked < 64 && !is_over() && !stream_.is_open(); ++looked) {
      const ssize_t got = recv(socket_.get(), bytes.data(), bytes.size(), 0);
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
      if (got < 0) return end_with(channel::errno_error("asking").message);
      const auto answer = read_dns_answer(question_, {bytes.data(), static_cast<std::size_t>(got)});
      if (answer) take(*answer, now);
    }
  }

  void give_up() override {
    stream_.close();
    end_with("no answer in time");
  }

  pollfd wanted() const override {
    if (!stream_.is_open()) return {socket_.get(), POLLIN, 0};
    return {stream_.descriptor(), static_cast<short>(wanted_ == State::wants_read ? POLLIN : POLLOUT), 0};
  }

 private:
  void take(const DnsAnswer& answer, SteadyTime now) {
    if (answer.is_cut && !stream_.is_open()) return ask_again(now);
    finding().received = 1;
    finding().answer_time = now - began_;
    stream_.close();
    if (answer.code != 0) return end_with(dns_code_words(answer.code));
    if (answer.values.empty()) return end_with("the name has no such record");
    const bool has_it = probe_.expect.empty() || std::find(answer.values.begin(), answer.values.end(),
                                                           to_lower(probe_.expect)) != answer.values.end();
    if (!has_it) return end_with("the answer is not " + probe_.expect);
    finding().is_up = true;
    end();
  }

  void ask_again(SteadyTime now) {
    channel::Address address = probe_.target.address;
    address.scheme = channel::Scheme::tcp;
    auto opened = Channel::connect(server_, address, nullptr);
    if (!opened) return end_with(opened.error().message);
    stream_ = std::move(*opened);
    is_connecting_ = true;
    const std::string query = dns_query(question_);
    sent_ = {static_cast<char>(query.size() >> 8U), static_cast<char>(query.size() & 0xFFU)};
    sent_ += query;
    unsent_ = sent_;
    step_stream(now);
  }

  void step_stream(SteadyTime now) {
    while (!is_over()) {
      const auto state = step_stream_once(now);
      if (!state) {
        stream_.close();
        return end_with(state.error().message);
      }
      wanted_ = *state;
      if (*state != State::done) return;
    }
  }

  Result<State> step_stream_once(SteadyTime now) {
    if (is_connecting_) {
      auto state = stream_.finish_connect();
      if (state && *state == State::done) is_connecting_ = false;
      return state;
    }
    if (!unsent_.empty()) return stream_.send(unsent_);
    bool closed = false;
    auto state = stream_.receive(heard_, closed);
    if (!state || *state != State::done) return state;
    if (heard_.size() >= 2) {
      const std::size_t size =
          static_cast<unsigned char>(heard_[0]) * 256U + static_cast<unsigned char>(heard_[1]);
      if (heard_.size() >= size + 2) {
        const auto answer = read_dns_answer(question_, std::string_view(heard_).substr(2, size));
        if (!answer) return tl::unexpected(answer.error());
        take(*answer, now);
        return State::done;
      }
    }
    if (closed) return fail(Fault::unavailable, "the server closed before its answer was whole");
    return State::done;
  }

  // Borrowed
  const Probe& probe_;
  // State
  DnsQuestion question_;
  channel::SocketAddress server_;
  SteadyTime began_{};
  channel::File socket_;
  Channel stream_; ///< open: TCP
  bool is_connecting_ = false;
  State wanted_ = State::wants_write;
  std::string sent_, heard_;
  std::string_view unsent_;
};

} // namespace

std::unique_ptr<Attempt> make_dns_attempt(const Probe& probe) {
  return std::make_unique<DnsAttempt>(probe);
}

} // namespace kaden::probe
