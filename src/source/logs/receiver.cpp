// The sockets, the connections, and the queue behind them.
#include "receiver.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "kaden/limits/log_sources.h"

namespace kaden::logs {

namespace {

constexpr std::size_t datagrams_at_once = 64;
constexpr std::size_t datagram_bytes = limits::syslog_message_bytes_max;
constexpr std::size_t stream_bytes = 65'536;
constexpr std::size_t queue_overhead = 100; // of a message
constexpr Millis sweep_every = seconds(1);
constexpr Millis pause_look = Millis(20);
constexpr int events_at_once = 64;

} // namespace

struct Receiver::Connection {
  runtime::Descriptor socket;
  TlsSession session; ///< null: plain
  bool is_shaking = false;
  std::string sender;
  syslog::Framer framer{};
  std::uint64_t told_cut = 0;
  SteadyTime begun{}, heard{};
  bool is_over = false;
};

Receiver::Receiver(const Syslog& settings, const runtime::Clock& clock)
    : settings_(settings),
      clock_(clock),
      rates_(settings.rate_per_s),
      buffer_(datagrams_at_once * datagram_bytes) {}

Result<std::unique_ptr<Receiver>> Receiver::open(const Syslog& settings, const runtime::Clock& clock) {
  std::unique_ptr<Receiver> receiver(new Receiver(settings, clock));
  if (const auto opened = receiver->open_sockets(); !opened) return tl::unexpected(opened.error());
  Receiver* const self = receiver.get();
  receiver->thread_ = std::thread([self] { self->run(); });
  return receiver;
}

Receiver::~Receiver() {
  if (thread_.joinable()) {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto told = write(stop_.get(), &one, sizeof one);
    thread_.join();
  }
  if (local_.is_open()) unlink(settings_.local.c_str());
}

Result<void> Receiver::open_sockets() {
  poller_ = runtime::Descriptor(epoll_create1(EPOLL_CLOEXEC));
  stop_ = runtime::Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!poller_.is_open() || !stop_.is_open())
    return fail(Fault::unavailable, "syslog: no descriptors are left");
  const auto put = [](runtime::Descriptor& to, Result<runtime::Descriptor> opened) -> Result<void> {
    if (!opened) return tl::unexpected(opened.error());
    to = std::move(*opened);
    return {};
  };
  Result<void> done;
  if (settings_.udp) done = put(udp_, open_udp(*settings_.udp));
  if (done && settings_.tcp) done = put(tcp_, open_tcp(*settings_.tcp));
  if (done && settings_.tls) {
    auto context = open_tls(settings_);
    if (!context) return tl::unexpected(context.error());
    tls_context_ = std::move(*context);
    certificate_written_ = written_at(settings_);
    done = put(tls_, open_tcp(*settings_.tls));
  }
  if (done && !settings_.local.empty()) done = put(local_, open_local(settings_.local));
  if (!done) return done;
  for (const auto* const each : {&udp_, &tcp_, &tls_, &local_, &stop_}) {
    if (!each->is_open()) continue;
    epoll_event wanted{EPOLLIN, {.fd = each->get()}};
    epoll_ctl(poller_.get(), EPOLL_CTL_ADD, each->get(), &wanted);
  }
  return {};
}

// The owner's side ---------------------------------------------------------------------------------------

bool Receiver::take(std::vector<Received>& out, std::size_t most) {
  std::lock_guard lock(mutex_);
  while (!queue_.empty() && out.size() < most) {
    queue_bytes_ -= queue_.front().bytes.size() + queue_overhead;
    out.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return !queue_.empty();
}

void Receiver::wait(Millis most) {
  std::unique_lock lock(mutex_);
  came_.wait_for(lock, most, [this] { return !queue_.empty(); });
}

std::map<std::string, std::uint64_t> Receiver::counts() const {
  std::lock_guard lock(mutex_);
  return {{"received", counters_.received},         {"dropped_full", counters_.dropped_full},
          {"dropped_rate", counters_.dropped_rate}, {"cut", counters_.cut},
          {"refused", counters_.refused},           {"broken", counters_.broken}};
}

std::map<std::string, std::uint64_t> Receiver::levels() const {
  std::lock_guard lock(mutex_);
  return {{"connections", open_}, {"queued", queue_.size()}};
}

std::string Receiver::take_complaint() {
  std::lock_guard lock(mutex_);
  return std::exchange(complaint_, {});
}

void Receiver::push(std::vector<Received>&& received, bool are_datagrams) {
  {
    std::lock_guard lock(mutex_);
    for (Received& one : received) {
      const bool is_full = queue_bytes_ >= limits::syslog_queue_bytes_max ||
                           queue_.size() >= limits::syslog_queue_messages_max;
      if (are_datagrams && is_full) {
        ++counters_.dropped_full;
        continue;
      }
      ++counters_.received;
      queue_bytes_ += one.bytes.size() + queue_overhead;
      queue_.push_back(std::move(one));
    }
  }
  came_.notify_one();
}

void Receiver::count(std::uint64_t Counters::*which, std::uint64_t more) {
  std::lock_guard lock(mutex_);
  counters_.*which += more;
}

void Receiver::complain(const std::string& why) {
  std::lock_guard lock(mutex_);
  complaint_ = why;
}

// The thread's side --------------------------------------------------------------------------------------

void Receiver::run() {
  runtime::name_thread("kaden-syslog");
  SteadyTime swept = clock_.steady();
  std::array<epoll_event, events_at_once> events{};
  for (;;) {
    const Millis patience = is_paused_ ? pause_look : sweep_every;
    const int came =
        epoll_wait(poller_.get(), events.data(), events_at_once, static_cast<int>(patience.count()));
    for (int i = 0; i < came; ++i) {
      const auto& event = events.at(static_cast<std::size_t>(i));
      if (event.data.fd == stop_.get()) return;
      serve(event.data.fd);
    }
    connections_.remove_if([this](Connection& one) {
      if (one.is_over) by_descriptor_.erase(one.socket.get());
      return one.is_over;
    });
    bool is_full = false;
    {
      std::lock_guard lock(mutex_);
      open_ = connections_.size();
      // Half is for streams, so that there is room for what is read while they are told to wait.
      is_full = queue_bytes_ >= limits::syslog_queue_bytes_max / 2 ||
                queue_.size() >= limits::syslog_queue_messages_max / 2;
    }
    if (is_full != is_paused_) pause_streams(is_full);
    if (const SteadyTime now = clock_.steady(); now - swept >= sweep_every) {
      sweep(now);
      swept = now;
    }
  }
}

void Receiver::serve(int descriptor) {
  if (descriptor == udp_.get() || descriptor == local_.get()) return receive_datagrams(descriptor);
  if (descriptor == tcp_.get()) return accept_all(tcp_, false);
  if (descriptor == tls_.get()) return accept_all(tls_, true);
  const auto found = by_descriptor_.find(descriptor);
  if (found == by_descriptor_.end() || found->second->is_over) return;
  Connection& connection = *found->second;
  if (connection.is_shaking && !handshake(connection)) return;
  read(connection);
}

void Receiver::receive_datagrams(int descriptor) {
  std::array<mmsghdr, datagrams_at_once> headers{};
  std::array<iovec, datagrams_at_once> parts{};
  std::array<sockaddr_storage, datagrams_at_once> from{};
  for (std::size_t i = 0; i < datagrams_at_once; ++i) {
    parts.at(i) = {buffer_.data() + i * datagram_bytes, datagram_bytes};
    headers.at(i).msg_hdr.msg_iov = &parts.at(i);
    headers.at(i).msg_hdr.msg_iovlen = 1;
    headers.at(i).msg_hdr.msg_name = &from.at(i);
    headers.at(i).msg_hdr.msg_namelen = sizeof(sockaddr_storage);
  }
  const int came = recvmmsg(descriptor, headers.data(), datagrams_at_once, MSG_DONTWAIT, nullptr);
  if (came <= 0) return;
  const SteadyTime now = clock_.steady();
  std::vector<Received> received;
  received.reserve(static_cast<std::size_t>(came));
  std::uint64_t over_rate = 0;
  std::uint64_t cut = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(came); ++i) {
    std::string sender = descriptor == local_.get() ? "" : ip_of(from.at(i));
    if (!rates_.may(sender, now)) {
      ++over_rate;
      continue;
    }
    if ((headers.at(i).msg_hdr.msg_flags & MSG_TRUNC) != 0) ++cut;
    received.push_back({std::move(sender), {buffer_.data() + i * datagram_bytes, headers.at(i).msg_len}});
  }
  if (over_rate > 0) count(&Counters::dropped_rate, over_rate);
  if (cut > 0) count(&Counters::cut, cut);
  push(std::move(received), true);
}

void Receiver::accept_all(const runtime::Descriptor& listener, bool is_tls) {
  for (;;) {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    runtime::Descriptor socket(
        accept4(listener.get(), reinterpret_cast<sockaddr*>(&from), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket.is_open()) return;
    std::string sender = ip_of(from);
    const auto of_one = std::count_if(connections_.begin(), connections_.end(),
                                      [&](const Connection& one) { return one.sender == sender; });
    if (connections_.size() >= limits::syslog_connections_max ||
        static_cast<std::size_t>(of_one) >= limits::syslog_connections_of_one_max) {
      count(&Counters::refused);
      complain(fmt::format("a connection of {} was refused: {} are open, {} of them its own", sender,
                           connections_.size(), of_one));
      continue; // closed here
    }
    const int on = 1;
    setsockopt(socket.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    Connection connection;
    if (is_tls) {
      connection.session.reset(SSL_new(tls_context_.get()));
      if (!connection.session || SSL_set_fd(connection.session.get(), socket.get()) != 1) continue;
      SSL_set_accept_state(connection.session.get());
      connection.is_shaking = true;
    }
    connection.socket = std::move(socket);
    connection.sender = std::move(sender);
    connection.begun = connection.heard = clock_.steady();
    connections_.push_back(std::move(connection));
    const auto at = std::prev(connections_.end());
    by_descriptor_[at->socket.get()] = at;
    if (!is_paused_) listen_to(*at, EPOLLIN, EPOLL_CTL_ADD);
  }
}

bool Receiver::handshake(Connection& connection) {
  ERR_clear_error();
  const Step step = step_of(connection.session.get(), SSL_accept(connection.session.get()));
  switch (step) {
    case Step::done:
      connection.is_shaking = false;
      listen_to(connection, EPOLLIN, EPOLL_CTL_MOD);
      return true;
    case Step::wants_read:
      listen_to(connection, EPOLLIN, EPOLL_CTL_MOD);
      return false;
    case Step::wants_write:
      listen_to(connection, EPOLLOUT, EPOLL_CTL_MOD);
      return false;
    case Step::ended:
    case Step::failed:
      end(connection, "TLS handshake: " + tls_words());
      return false;
  }
  return false;
}

long Receiver::read_some(Connection& connection, char* to, std::size_t most) {
  if (!connection.session) {
    const ssize_t got = recv(connection.socket.get(), to, most, MSG_DONTWAIT);
    if (got > 0) return got;
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    return -1;
  }
  ERR_clear_error();
  const int got = SSL_read(connection.session.get(), to, static_cast<int>(most));
  if (got > 0) return got;
  const Step step = step_of(connection.session.get(), got);
  return step == Step::wants_read || step == Step::wants_write ? 0 : -1;
}

void Receiver::read(Connection& connection) {
  constexpr int reads_max = 16; // then others get their turn; TLS holds nothing back that long
  for (int i = 0; i < reads_max || (connection.session && SSL_pending(connection.session.get()) > 0); ++i) {
    const long got = read_some(connection, buffer_.data(), stream_bytes);
    if (got == 0) return;
    if (got < 0) {
      take_messages(connection, true);
      return end(connection, "");
    }
    connection.heard = clock_.steady();
    connection.framer.feed({buffer_.data(), static_cast<std::size_t>(got)});
    take_messages(connection, false);
    if (connection.is_over) return;
  }
}

void Receiver::take_messages(Connection& connection, bool is_over) {
  std::vector<Received> received;
  std::string trouble;
  for (;;) {
    const auto next = connection.framer.next();
    if (!next) {
      trouble = next.error().message;
      break;
    }
    if (!*next) break;
    received.push_back({connection.sender, std::string(**next)});
  }
  if (is_over && trouble.empty()) {
    if (const auto rest = connection.framer.rest())
      received.push_back({connection.sender, std::string(*rest)});
  }
  if (connection.framer.pending() == 0) connection.begun = clock_.steady();
  const std::uint64_t cut =
      connection.framer.cut() - std::exchange(connection.told_cut, connection.framer.cut());
  if (cut > 0) count(&Counters::cut, cut);
  if (!received.empty()) push(std::move(received), false);
  if (!trouble.empty()) end(connection, trouble);
}

void Receiver::end(Connection& connection, const std::string& why) {
  if (connection.is_over) return;
  connection.is_over = true;
  epoll_ctl(poller_.get(), EPOLL_CTL_DEL, connection.socket.get(), nullptr);
  if (connection.session && !connection.is_shaking) {
    ERR_clear_error();
    SSL_shutdown(connection.session.get()); // said, and not waited for
  }
  if (why.empty()) return;
  count(&Counters::broken);
  complain(fmt::format("the connection of {} was ended: {}", connection.sender, why));
}

void Receiver::sweep(SteadyTime now) {
  for (Connection& one : connections_) {
    if (is_paused_ || one.is_over) {
      one.heard = one.begun = now; // it was us who did not read
      continue;
    }
    if (one.is_shaking && now - one.begun >= limits::syslog_handshake_max) {
      end(one, "no TLS handshake within " + to_words(limits::syslog_handshake_max));
    } else if (one.framer.pending() > 0 && now - one.begun >= limits::syslog_half_message_max) {
      end(one, "half a message, and no more for " + to_words(limits::syslog_half_message_max));
    } else if (now - one.heard >= limits::syslog_idle) {
      end(one, "silent for " + to_words(limits::syslog_idle));
    }
  }
  rates_.sweep(now);
  if (tls_.is_open()) renew_certificate(now);
}

/// One that was put in the old one's place is for the connections that come; the others keep theirs.
void Receiver::renew_certificate(SteadyTime now) {
  if (now - certificate_looked_at_ < limits::syslog_certificate_every) return;
  certificate_looked_at_ = now;
  const std::int64_t written = written_at(settings_);
  if (written == 0 || written == certificate_written_) return;
  auto context = open_tls(settings_);
  if (!context) return complain("the new certificate is not taken: " + context.error().message);
  certificate_written_ = written;
  tls_context_ = std::move(*context);
  complain("a new certificate is used from now on");
}

void Receiver::listen_to(const Connection& connection, std::uint32_t what, int change) {
  epoll_event wanted{what, {.fd = connection.socket.get()}};
  epoll_ctl(poller_.get(), change, connection.socket.get(), &wanted);
}

void Receiver::pause_streams(bool pause) {
  is_paused_ = pause;
  for (const Connection& one : connections_) {
    // Taken out, not masked: a connection that its far end has closed would be told of all the time.
    if (!one.is_over) listen_to(one, EPOLLIN, pause ? EPOLL_CTL_DEL : EPOLL_CTL_ADD);
  }
}

} // namespace kaden::logs
