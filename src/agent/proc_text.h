/// proc_text.h - what Linux says in /proc, parsed. Room: agent, inside. Pure. proc(5).
/// Errors: Fault::invalid when the text is not what the kernel writes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"

namespace kaden::agent {

/// The line "cpu" of /proc/stat, in clock ticks since the start. `user` contains guest, `nice` contains
/// guest_nice.
struct CpuTimes {
  std::uint64_t user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0;
  std::uint64_t guest = 0, guest_nice = 0;

  bool operator==(const CpuTimes&) const = default;
};
/// Fields that old kernels lack are 0.
Result<CpuTimes> parse_cpu_times(std::string_view proc_stat);

/// /proc/meminfo, in bytes.
struct Memory {
  std::uint64_t total = 0, free = 0, available = 0, buffers = 0;
  std::uint64_t cached = 0; ///< with SReclaimable, as free(1) and the CloudWatch agent count it

  bool operator==(const Memory&) const = default;
};
Result<Memory> parse_memory(std::string_view proc_meminfo);

/// One line of /proc/self/mounts, escapes resolved.
struct Mount {
  std::string device, path, type;

  bool operator==(const Mount&) const = default;
};
/// Lines that are not mounts are passed over.
std::vector<Mount> parse_mounts(std::string_view proc_mounts);

struct MountChoice {
  const std::vector<std::string>& include;
  const std::vector<std::string>& exclude;
};
/// Disks only: no pseudo and no network file systems, each device once (where it is mounted first), of
/// several mounts on one path the last, which hides the others; at most limits::mounts_max. A mount that
/// `include` names is taken whatever its type; the overlay at "/" is a container's disk.
std::vector<Mount> choose_mounts(const std::vector<Mount>& mounts, const MountChoice& choice);

} // namespace kaden::agent
