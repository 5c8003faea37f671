/// checks.h - can other machines be reached, and how fast? Room: agent, inside. Threads: round() on one;
/// names are looked up on a thread of its own, so that a dead name server holds up only the names. Errors: a
/// check that fails is a metric, not an error.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "channel.h"
#include "kaden/agent_settings.h"
#include "kaden/runtime.h"
#include "metric.h"

namespace kaden::agent {

/// What one check found.
struct Finding {
  bool is_up = false;
  std::string reason{};    ///< why not
  int status = 0;          ///< http: 0 when there was no answer
  Millis connect_time{-1}; ///< -1: it did not come to that
  Millis answer_time{-1};  ///< http: from the start of connecting
};
/// tcp_check_up, tcp_check_connect_ms; http_check_up, http_check_status, http_check_connect_ms,
/// http_check_response_ms; dimension check.
std::vector<Datum> check_data(const Check& check, const Finding& finding);

/// Looks up names over and over; the last answer stays until there is another.
class Lookups {
 public:
  Lookups();
  ~Lookups();
  Lookups(const Lookups&) = delete;
  Lookups& operator=(const Lookups&) = delete;
  /// Asks for a fresh look. Any thread.
  void ask(const Address& address);
  /// Nullptr: not known yet. An empty list: there is no such name.
  std::shared_ptr<const std::vector<SocketAddress>> known(const Address& address) const;

 private:
  struct State;
  std::shared_ptr<State> state_; ///< shared with the thread, which may hang in the resolver when we end
};

class Checker {
 public:
  /// `checks` were checked, and must outlive this.
  Checker(const std::vector<Check>& checks, const runtime::Clock& clock);
  ~Checker();
  Checker(const Checker&) = delete;
  Checker& operator=(const Checker&) = delete;
  /// All at once; takes no longer than the longest patience. Ends early when `stop`.
  std::vector<Finding> round(const std::atomic<bool>& stop);

 private:
  struct Probe;

  // Borrowed
  const std::vector<Check>& checks_;
  const runtime::Clock& clock_;
  // Owned
  std::vector<std::unique_ptr<Trust>> trusts_;
  std::vector<Address> addresses_;
  Lookups lookups_;
};

} // namespace kaden::agent
