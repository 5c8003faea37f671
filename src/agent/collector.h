/// collector.h - reads this machine and remembers the last reading. Room: agent, inside. Threads: one.
/// Errors: what cannot be read is told by lines and left out.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kaden/agent_settings.h"
#include "kaden/posix_pattern.h"
#include "readings.h"

namespace kaden::agent {

class Collector {
 public:
  /// `settings` were checked.
  explicit Collector(const Settings& settings);
  /// What is now, and what changed since the last call. `now` measures the time between two calls.
  std::vector<Datum> measure(SteadyTime now);
  /// What could not be read in the last measure(), one sentence each.
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  struct Target {
    Dimensions dimensions;
    std::optional<tail::Pattern> pattern;
    std::string pid_file;
    std::optional<std::uint64_t> pid; ///< what the file says now
    bool on_command_line = false;
    std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> ticks{}; ///< by PID and start
    bool looked = false;
  };

  std::optional<std::string> read(const std::string& file, bool optional = false);
  void measure_cpu(std::vector<Datum>& data);
  void measure_memory(std::vector<Datum>& data);
  void measure_load(std::vector<Datum>& data);
  void measure_disks(std::vector<Datum>& data);
  void measure_devices(std::vector<Datum>& data);
  void measure_sockets(std::vector<Datum>& data);
  void measure_processes(std::vector<Datum>& data, SteadyTime now);
  bool is_meant(const Target& target, std::uint64_t pid, const Process& process);
  std::string command_line(std::uint64_t pid);
  void problem(std::string what, const Error& error);

  // Borrowed
  const Settings& settings_;
  // State
  std::vector<Target> targets_;
  std::vector<std::string> problems_;
  std::optional<CpuTimes> last_cpu_;
  std::vector<CoreTimes> last_cores_;
  std::vector<DiskCounters> last_disks_;
  std::vector<NetCounters> last_nets_;
  std::optional<SteadyTime> last_processes_;
};

} // namespace kaden::agent
