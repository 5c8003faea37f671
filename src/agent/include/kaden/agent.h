/// kaden/agent.h - this machine as CloudWatch metrics, under the CloudWatch agent's names; its logs; and
/// whether others can be reached. Room: agent. Uses: base, runtime, sigv4, http. Linux: /proc and statvfs(2).
/// PutMetricData over AWS Query and PutLogEvents over AWS JSON, signed, gzip when smaller. Works against
/// Kaden's endpoint, CloudWatch, and its VPC endpoints. What cannot be sent is kept on disk
/// (Settings::state_folder) or in memory. Threads: collect() and send() on one thread each, or run(), which
/// starts its own (docs/threads.md); stop() and unsent() on any. Errors: invalid (settings, or data that the
/// other side will never take), denied (the key, the certificate), unavailable, timeout, conflict (another
/// agent has the state folder).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kaden/agent_settings.h"
#include "kaden/base.h"
#include "kaden/runtime.h"

namespace kaden::agent {

/// Lines for the operator's log; never a secret. Called from every thread of the agent.
using Log = std::function<void(const std::string& line)>;

class Agent {
 public:
  /// `clock` must outlive the agent. Reads what an earlier agent has left in the state folder.
  static Result<std::unique_ptr<Agent>> create(Settings settings, const runtime::Clock& clock, Log log);
  /// Keeps what was not sent, if there is a state folder.
  ~Agent();
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  /// Reads the machine and keeps what is to be sent, stamped with the time now. Counters are differences, so
  /// the first collection has none. Never waits for the network. What cannot be read is logged and left out.
  void collect();
  /// One round of the checks, kept in the same way. Takes up to their patience.
  void check();
  /// Sends the metrics that wait, oldest first, with the times of their collection. Stops at the first
  /// failure that a later try may mend and keeps the rest; what is refused for good is logged and dropped.
  Result<void> send();
  /// Collects at each multiple of the interval until stop(); checks, follows logs, and sends beside that,
  /// with growing pauses after failures. Ends within the patience of one request (10 s).
  void run();
  /// For run(), now or when it comes.
  void stop();

  /// Requests that wait, of metrics and of logs.
  std::size_t unsent() const;

 private:
  struct Impl;
  explicit Agent(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The command `kaden agent`, and the program kaden-agent: flags, the file they name, the environment. Blocks
/// until SIGINT or SIGTERM. Returns the exit code: 0 done, 1 refused or broken, 2 wrong usage.
int command(const std::string& program, const std::vector<std::string>& arguments);

} // namespace kaden::agent
