/// receiver.h - receives syslog on sockets, on a thread of its own, into a bounded queue. Room: source/logs,
/// inside. Uses: base, runtime, syslog. Threads: take(), wait() and counts() on the owner's; "kaden-syslog"
/// inside. Errors: open(): unavailable or invalid, with the socket.
///
/// When the queue is full, streams are not read (their senders wait), datagrams are dropped and counted.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "kaden/descriptor.h"
#include "kaden/log_source.h"
#include "kaden/syslog.h"
#include "rates.h"
#include "sockets.h"
#include "tls.h"

namespace kaden::logs {

struct Received {
  std::string sender; ///< IP address; empty: local
  std::string bytes;
};

class Receiver {
 public:
  /// Borrows the clock. Receives from then on.
  static Result<std::unique_ptr<Receiver>> open(const Syslog& settings, const runtime::Clock& clock);
  ~Receiver();
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  /// Up to `most`, in the order of arrival. True when more is there.
  bool take(std::vector<Received>& out, std::size_t most);
  /// Until something is there, or `most` is over.
  void wait(Millis most);
  std::map<std::string, std::uint64_t> counts() const;
  std::map<std::string, std::uint64_t> levels() const;
  /// Why connections were refused or ended, newest; empty: none was. Then forgotten.
  std::string take_complaint();
  /// Where it listens, for port 0.
  std::uint16_t udp_port() const { return port_of(udp_); }
  std::uint16_t tcp_port() const { return port_of(tcp_); }
  std::uint16_t tls_port() const { return port_of(tls_); }

 private:
  struct Connection;
  struct Counters {
    std::uint64_t received = 0, dropped_full = 0, dropped_rate = 0, cut = 0, refused = 0, broken = 0;
  };

  Receiver(const Syslog& settings, const runtime::Clock& clock);
  Result<void> open_sockets();
  void run();
  void serve(int descriptor);
  void receive_datagrams(int descriptor);
  void accept_all(const runtime::Descriptor& listener, bool is_tls);
  void read(Connection& connection);
  /// Bytes; 0: nothing now; -1: it is over.
  long read_some(Connection& connection, char* to, std::size_t most);
  bool handshake(Connection& connection);
  void take_messages(Connection& connection, bool is_over);
  void end(Connection& connection, const std::string& why);
  void sweep(SteadyTime now);
  void listen_to(const Connection& connection, std::uint32_t what, int change);
  void pause_streams(bool pause);
  void renew_certificate(SteadyTime now);
  /// What does not fit is dropped when it came as datagrams; streams stop being read before that.
  void push(std::vector<Received>&& received, bool are_datagrams);
  void count(std::uint64_t Counters::*which, std::uint64_t more = 1);
  void complain(const std::string& why);

  // Config
  const Syslog settings_;
  // Borrowed
  const runtime::Clock& clock_;
  // Owned
  runtime::Descriptor udp_, tcp_, tls_, local_, poller_, stop_;
  TlsContext tls_context_;
  std::int64_t certificate_written_ = 0;
  SteadyTime certificate_looked_at_{};
  // State: of the thread
  std::list<Connection> connections_;
  std::map<int, std::list<Connection>::iterator> by_descriptor_;
  Rates rates_;
  bool is_paused_ = false;
  std::vector<char> buffer_;
  // State: shared
  mutable std::mutex mutex_;
  std::condition_variable came_;
  std::deque<Received> queue_;
  std::size_t queue_bytes_ = 0;
  Counters counters_;
  std::size_t open_ = 0;
  std::string complaint_;
  // Owned, last: it uses all of the above
  std::thread thread_;
};

} // namespace kaden::logs
