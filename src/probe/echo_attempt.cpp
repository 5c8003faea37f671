// ICMP echo: a few requests, and what comes back of them.
#include <netinet/in.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "attempt.h"
#include "echo_packet.h"

namespace kaden::probe {

std::uint64_t random_number() {
  std::uint64_t number = 0;
  require(getrandom(&number, sizeof number, 0) == static_cast<ssize_t>(sizeof number),
          "the kernel gives randomness");
  return number;
}

namespace {

class EchoAttempt final : public Attempt {
 public:
  explicit EchoAttempt(const Probe& probe) : packets_(probe.packets), patience_(probe.patience) {
    finding().sent = 0;
  }

  void start(const Addresses& addresses, SteadyTime now) override {
    if (!open(addresses.front())) return;
    cookie_ = random_number();
    id_ = static_cast<std::uint16_t>(random_number());
    step(now);
  }

  void step(SteadyTime now) override {
    receive(now);
    if (is_over()) return;
    if (finding().sent < packets_ && now >= next_) send(now);
    const bool all_sent = finding().sent == packets_;
    if (all_sent && (finding().received == packets_ || now >= next_)) conclude();
  }

  void give_up() override { conclude(); }
  pollfd wanted() const override { return {socket_.get(), POLLIN, 0}; }
  std::optional<SteadyTime> next_step() const override { return next_; }

 private:
  bool open(const channel::SocketAddress& to) {
    const bool is_v4 = to.bytes.ss_family == AF_INET;
    family_ = is_v4 ? Family::v4 : Family::v6;
    const int protocol = is_v4 ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6};
    for (const int type : {SOCK_DGRAM, SOCK_RAW}) {
      socket_ = channel::File(socket(to.bytes.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
      is_raw_ = type == SOCK_RAW;
      if (socket_.is_open()) break;
    }
    if (!socket_.is_open()) {
      const bool is_forbidden = errno == EPERM || errno == EACCES;
      finding().is_unable = true;
      end_with(
          is_forbidden
              ? "ICMP is not permitted here: the group is not in net.ipv4.ping_group_range, and CAP_NET_RAW "
                "is missing"
              : channel::errno_error("opening an ICMP socket").message);
      return false;
    }
    // Connected, the kernel passes on only what comes from there, and tells what routers on the way say.
    const auto* const raw = reinterpret_cast<const sockaddr*>(&to.bytes);
    sockaddr_storage target = to.bytes;
    if (is_v4) {
      sockaddr_in in{};
      std::memcpy(&in, raw, sizeof in);
      in.sin_port = 0;
      std::memcpy(&target, &in, sizeof in);
    } else {
      sockaddr_in6 in{};
      std::memcpy(&in, raw, sizeof in);
      in.sin6_port = 0;
      std::memcpy(&target, &in, sizeof in);
    }
    if (connect(socket_.get(), reinterpret_cast<const sockaddr*>(&target), to.size) == 0) return true;
    finding().sent = packets_; // there is no way to it from here: all are lost
    end_with(channel::errno_error("asking").message);
    return false;
  }

  void send(SteadyTime now) {
    const auto sequence = static_cast<std::uint16_t>(finding().sent);
    const std::string packet = echo_request(family_, id_, sequence, cookie_);
    if (::send(socket_.get(), packet.data(), packet.size(), MSG_NOSIGNAL) < 0)
      why_ = channel::errno_error("sending").message;
    sent_at_[sequence] = now;
    ++finding().sent;
    next_ = now + (finding().sent < packets_ ? limits::probe_packets_apart : patience_);
  }

  void receive(SteadyTime now) {
    std::array<char, limits::echo_bytes_max>
        bytes; // NOLINT(cppcoreguidelines-pro-type-member-init): filled below
    // Strangers may fill the buffer of a raw socket: not all of it at once, others want their turn.
    for (int looked = 0; looked < 64; ++looked) {
      const ssize_t got = recv(socket_.get(), bytes.data(), bytes.size(), 0);
      if (got < 0) {
        if (errno != EAGAIN && errno != EINTR) why_ = channel::errno_error("no way there").message;
        return;
      }
      const auto reply = read_echo_reply(family_, is_raw_ && family_ == Family::v4,
                                         {bytes.data(), static_cast<std::size_t>(got)});
      if (!reply || reply->cookie != cookie_ || (is_raw_ && reply->id != id_)) continue;
      if (static_cast<int>(reply->sequence) >= finding().sent || came_.at(reply->sequence)) continue;
      came_[reply->sequence] = true; // a second answer to one question is none
      ++finding().received;
      total_ += now - sent_at_[reply->sequence];
    }
  }

  void conclude() {
    const int received = finding().received;
    finding().is_up = received > 0;
    if (received > 0) finding().answer_time = total_ / received;
    end_with(received > 0 ? "" : why_.empty() ? "no answer" : why_);
  }

  // Config
  const int packets_;
  const Millis patience_;
  // State
  channel::File socket_;
  Family family_ = Family::v4;
  bool is_raw_ = false;
  std::uint64_t cookie_ = 0;
  std::uint16_t id_ = 0;
  SteadyTime next_{}; ///< when the next is sent, or the last is waited for no longer
  std::array<SteadyTime, limits::probe_packets_max> sent_at_{};
  std::array<bool, limits::probe_packets_max> came_{};
  Millis total_{};
  std::string why_;
};

} // namespace

std::unique_ptr<Attempt> make_echo_attempt(const Probe& probe) {
  return std::make_unique<EchoAttempt>(probe);
}

} // namespace kaden::probe
