/// readings.h - counters as metrics: what changed between two readings, or what is now. Room: agent, inside.
/// Pure. Names, units and dimensions: CloudWatch agent, "Metrics collected by the CloudWatch agent on Linux";
/// load and uptime, which it does not have, are named as Telegraf's plugin `system` would be there.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "metric.h"

namespace kaden::agent {

std::vector<Datum> load_data(const Load& load);
std::vector<Datum> uptime_data(double uptime_s);
/// A machine without swap has 0 of it, and none is used.
std::vector<Datum> swap_data(const Memory& memory);

/// Differences, to be looked at with Sum; none for what appeared meanwhile, or began again at zero.
std::vector<Datum> diskio_data(const std::vector<DiskCounters>& before, const std::vector<DiskCounters>& now);
std::vector<Datum> net_data(const std::vector<NetCounters>& before, const std::vector<NetCounters>& now);

std::vector<Datum> netstat_data(const SocketCounts& counts);

/// By state, as ps(1) writes them.
struct ProcessCounts {
  std::map<char, std::uint64_t> by_state{};
  std::uint64_t total = 0, threads = 0;
  void add(const Process& process);
};
std::vector<Datum> processes_data(const ProcessCounts& counts);

/// All processes that one Watched names, together.
struct Usage {
  std::uint64_t processes = 0, threads = 0, resident_bytes = 0, virtual_bytes = 0;
  std::uint64_t ticks_gained = 0;
  bool has_gained = false; ///< false at the first reading: then there is no CPU usage
};
/// `ticks_passed`: clock ticks of one CPU between the readings, so that 100 % is one CPU, as top(1) has it.
std::vector<Datum> procstat_data(const Dimensions& dimensions, const Usage& usage, double ticks_passed);

} // namespace kaden::agent
