/// sender.h - sends what a spool holds, oldest first, with pauses after failures. Room: agent, inside.
/// Threads: send_waiting() or run() on one thread; wake() and stop() on any. Errors: what the delivery says.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>

#include "delivery.h"
#include "kaden/runtime.h"
#include "spool.h"

namespace kaden::agent {

/// One line, once for as long as it stays the same.
class Teller {
 public:
  explicit Teller(std::function<void(const std::string&)> log) : log_(std::move(log)) {}
  void tell(const std::string& line) {
    if (line == last_) return;
    last_ = line;
    if (!line.empty()) log_(line);
  }

 private:
  const std::function<void(const std::string&)> log_;
  std::string last_;
};

class Sender {
 public:
  /// One try. An error is a failure to reach anybody.
  using Deliver = std::function<Result<Judgement>(const Spool::Entry&)>;

  /// `what`: "metrics". `spread` sets the pauses of many agents apart.
  Sender(std::string what, std::uint64_t spread, Spool& spool, const runtime::Clock& clock, Deliver deliver,
         std::function<void(const std::string&)> log);
  /// Stops at the first failure that a later try may mend, and keeps the rest; what is refused for good is
  /// told and dropped.
  Result<void> send_waiting();
  /// Until stop().
  void run();
  void wake();
  void stop();

 private:
  bool is_stopping() const;

  // Borrowed
  Spool& spool_;
  const runtime::Clock& clock_;
  // Owned
  const std::string what_;
  const std::uint64_t spread_;
  const Deliver deliver_;
  const std::function<void(const std::string&)> log_;
  Teller failures_, refusals_;
  // State
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool awake_ = false, stopping_ = false;
};

} // namespace kaden::agent
