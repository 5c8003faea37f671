/// proc_text.h - what Linux says in /proc, parsed. Room: agent, inside. Pure. proc(5), and the kernel's
/// Documentation/admin-guide/iostats.rst. Kernels add fields at the end and lines anywhere: both are passed
/// over. Errors: Fault::invalid when the text is not what the kernel writes.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"

namespace kaden::agent {

/// A line "cpu" of /proc/stat, in clock ticks since the start. `user` contains guest, `nice` contains
/// guest_nice.
struct CpuTimes {
  std::uint64_t user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0;
  std::uint64_t guest = 0, guest_nice = 0;

  bool operator==(const CpuTimes&) const = default;
};
/// All CPUs together. Fields that old kernels lack are 0.
Result<CpuTimes> parse_cpu_times(std::string_view proc_stat);

struct CoreTimes {
  std::string name; ///< "cpu0"
  CpuTimes times;
};
/// At most limits::cores_max; lines that are none are passed over. A core that is off is missing.
std::vector<CoreTimes> parse_core_times(std::string_view proc_stat);

/// /proc/meminfo, in bytes.
struct Memory {
  std::uint64_t total = 0, free = 0, available = 0, buffers = 0;
  std::uint64_t cached = 0; ///< with SReclaimable, as free(1) and the CloudWatch agent count it
  std::uint64_t active = 0, inactive = 0, swap_total = 0, swap_free = 0;

  bool operator==(const Memory&) const = default;
};
Result<Memory> parse_memory(std::string_view proc_meminfo);

/// /proc/loadavg: processes that run or wait for the disk, as averages over 1, 5 and 15 minutes.
struct Load {
  double one = 0, five = 0, fifteen = 0;

  bool operator==(const Load&) const = default;
};
Result<Load> parse_load(std::string_view proc_loadavg);

/// /proc/uptime, in seconds.
Result<double> parse_uptime(std::string_view proc_uptime);

/// A line of /proc/diskstats.
struct DiskCounters {
  std::string name; ///< "sda", "nvme0n1p1"
  std::uint64_t reads = 0, read_bytes = 0, read_ms = 0, writes = 0, write_bytes = 0, write_ms = 0;
  std::uint64_t in_progress = 0, io_ms = 0;

  bool operator==(const DiskCounters&) const = default;
};
/// At most limits::devices_max that match a glob; without globs all but loop, ram and never used ones.
std::vector<DiskCounters> parse_diskstats(std::string_view proc_diskstats,
                                          const std::vector<std::string>& globs);

/// A line of /proc/net/dev.
struct NetCounters {
  std::string name; ///< "eth0"
  std::uint64_t bytes_in = 0, packets_in = 0, errors_in = 0, drops_in = 0;
  std::uint64_t bytes_out = 0, packets_out = 0, errors_out = 0, drops_out = 0;

  bool operator==(const NetCounters&) const = default;
};
/// At most limits::devices_max that match a glob; without globs all but lo.
std::vector<NetCounters> parse_net_dev(std::string_view proc_net_dev, const std::vector<std::string>& globs);

/// Sockets by state, as include/net/tcp_states.h numbers them (1 ESTABLISHED ... 12 NEW_SYN_RECV).
struct SocketCounts {
  std::array<std::uint64_t, 13> tcp{};
  std::uint64_t udp = 0;

  bool operator==(const SocketCounts&) const = default;
};
/// Counts one line of /proc/net/tcp or tcp6; the heading and nonsense count as nothing.
void count_tcp_line(std::string_view line, SocketCounts& counts);
/// The same for /proc/net/udp and udp6.
void count_udp_line(std::string_view line, SocketCounts& counts);

/// /proc/PID/stat.
struct Process {
  std::string name; ///< at most 15 bytes, as the kernel keeps it; may hold anything
  char state = '?';
  std::uint64_t ticks = 0; ///< user and system together
  std::uint64_t threads = 0, started_ticks = 0, virtual_bytes = 0, resident_pages = 0;

  bool operator==(const Process&) const = default;
};
Result<Process> parse_process(std::string_view proc_pid_stat);

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

/// True when a glob matches, or when there is none.
bool matches_any(const std::vector<std::string>& globs, std::string_view text);

} // namespace kaden::agent
