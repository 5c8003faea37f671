/// kaden/agent.h - this machine's CPU, memory and disk as CloudWatch metrics, under the CloudWatch agent's
/// names. Room: agent. Uses: base, runtime, sigv4, http. Linux: /proc and statvfs(2). PutMetricData over AWS
/// Query, namespace CWAgent, dimension host first. Works against Kaden's endpoint, CloudWatch, and its VPC
/// endpoints. Threads: collect() on one thread, send() on one thread, which may be another; run() starts a
/// thread that sends. Errors: invalid (settings, or data that the other side will never take), denied (the
/// key), unavailable, timeout.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kaden/base.h"
#include "kaden/runtime.h"

namespace kaden::agent {

struct Settings {
  std::string url{}; ///< "http://127.0.0.1:8080", "https://monitoring.ap-northeast-1.amazonaws.com"
  std::string region = "ap-northeast-1";
  std::string access_key_id{};
  std::string secret{};
  std::string session_token{}; ///< empty: a long-term key
  std::string ca_file{};       ///< trust only this PEM file; empty: the system's store
  std::string host{};          ///< the dimension; empty: gethostname(2)
  Millis interval =
      seconds(60); ///< 1 s to 1 h, aligned to the wall clock; under 60 s sends StorageResolution 1
  /// Globs on mount points. Without `mounts_include` all disks, but no network file system: a dead server
  /// would hold up the collection for ever. `mounts_exclude` wins.
  std::vector<std::string> mounts_include{}, mounts_exclude{};
  std::size_t unsent_max =
      360; ///< requests kept while the other side is away: an hour at 10 s; oldest go first
  std::string proc_folder = "/proc"; ///< for tests
};

/// Lines for the operator's log; never a secret. Called from the thread that collects or sends.
using Log = std::function<void(const std::string& line)>;

class Agent {
 public:
  /// `clock` must outlive the agent.
  static Result<std::unique_ptr<Agent>> create(Settings settings, const runtime::Clock& clock, Log log);
  ~Agent();
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  /// Reads the machine and keeps what is to be sent, stamped with the time now. CPU figures are differences,
  /// so the first collection has none. Never waits for the network. What cannot be read is logged and left
  /// out.
  void collect();
  /// Sends what waits, oldest first, with the times of its collection. Stops at the first failure that a
  /// later try may mend and keeps the rest; what is refused for good is logged and dropped.
  Result<void> send();
  /// Both.
  Result<void> run_once();
  /// Collects at each multiple of the interval until `stop`, looked at five times a second; sends beside
  /// that, with growing pauses after failures. Ends within the patience of one request (10 s).
  void run(const std::atomic<bool>& stop);

  std::size_t unsent() const;

 private:
  struct Impl;
  explicit Agent(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

} // namespace kaden::agent
