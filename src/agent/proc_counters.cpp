// The counters of /proc: load, uptime, disks, interfaces, sockets, processes.
#include <algorithm>

#include "proc_text.h"
#include "proc_words.h"

#include "kaden/limits/agent.h"

namespace kaden::agent {

namespace {

/// Reads as many counters as `fields` asks for; false when one is missing or no number.
bool read_counts(Words& words, std::initializer_list<std::uint64_t*> fields) {
  std::uint64_t passed_over = 0;
  return std::all_of(fields.begin(), fields.end(), [&](std::uint64_t* field) {
    const auto number = parse_count(words.next());
    if (number) *(field == nullptr ? &passed_over : field) = *number;
    return number.has_value();
  });
}

bool is_memory_device(std::string_view name) {
  return name.starts_with("loop") || name.starts_with("ram") || name.starts_with("zram");
}

/// The two hex digits behind the addresses.
std::size_t socket_state(std::string_view line) {
  const std::string_view state = Words(line).skip(3).next();
  std::size_t number = 0;
  if (state.empty() || state.size() > 2) return 0;
  for (const char c : state) {
    const std::string_view digits = "0123456789ABCDEF";
    const std::size_t digit = digits.find(c);
    if (digit == std::string_view::npos) return 0;
    number = number * 16 + digit;
  }
  return number;
}

} // namespace

Result<Load> parse_load(std::string_view proc_loadavg) {
  Words words(proc_loadavg.substr(0, proc_loadavg.find('\n')));
  Load load;
  for (double* const field : {&load.one, &load.five, &load.fifteen}) {
    const auto number = parse_real(words.next());
    if (!number || *number < 0) return fail(Fault::invalid, "there are no three load averages");
    *field = *number;
  }
  return load;
}

Result<double> parse_uptime(std::string_view proc_uptime) {
  const auto number = parse_real(Words(proc_uptime.substr(0, proc_uptime.find('\n'))).next());
  if (!number || *number < 0) return fail(Fault::invalid, "there is no uptime");
  return *number;
}

std::vector<DiskCounters> parse_diskstats(std::string_view proc_diskstats,
                                          const std::vector<std::string>& globs) {
  constexpr std::uint64_t sector_bytes = 512;        // whatever the device's own
  constexpr std::uint64_t sectors_max = 1ULL << 54U; // so that the bytes do not overflow
  std::vector<DiskCounters> disks;
  each_line(proc_diskstats, [&](std::string_view line) {
    if (disks.size() >= limits::devices_max) return;
    Words words(line);
    words.skip(2);
    DiskCounters disk;
    disk.name = words.next().substr(0, limits::device_name_bytes_max);
    if (!read_counts(words, {&disk.reads, nullptr, &disk.read_bytes, &disk.read_ms, &disk.writes, nullptr,
                             &disk.write_bytes, &disk.write_ms, &disk.in_progress, &disk.io_ms})) {
      return;
    }
    disk.read_bytes = std::min(disk.read_bytes, sectors_max) * sector_bytes;
    disk.write_bytes = std::min(disk.write_bytes, sectors_max) * sector_bytes;
    const bool dull = is_memory_device(disk.name) || (disk.reads == 0 && disk.writes == 0);
    if (globs.empty() ? !dull : matches_any(globs, disk.name)) disks.push_back(std::move(disk));
  });
  return disks;
}

std::vector<NetCounters> parse_net_dev(std::string_view proc_net_dev, const std::vector<std::string>& globs) {
  std::vector<NetCounters> interfaces;
  each_line(proc_net_dev, [&](std::string_view line) {
    const std::size_t colon = line.rfind(':'); // an alias holds one too: "eth0:1"
    if (colon == std::string_view::npos || interfaces.size() >= limits::devices_max) return;
    NetCounters net;
    net.name = trim(line.substr(0, colon)).substr(0, limits::device_name_bytes_max);
    Words words(line.substr(colon + 1)); // old kernels write no blank behind the colon
    if (net.name.empty() ||
        !read_counts(
            words, {&net.bytes_in, &net.packets_in, &net.errors_in, &net.drops_in, nullptr, nullptr, nullptr,
                    nullptr, &net.bytes_out, &net.packets_out, &net.errors_out, &net.drops_out})) {
      return;
    }
    if (globs.empty() ? net.name != "lo" : matches_any(globs, net.name)) interfaces.push_back(std::move(net));
  });
  return interfaces;
}

void count_tcp_line(std::string_view line, SocketCounts& counts) {
  const std::size_t state = socket_state(line);
  if (state > 0 && state < counts.tcp.size()) ++counts.tcp.at(state);
}

void count_udp_line(std::string_view line, SocketCounts& counts) {
  if (socket_state(line) > 0) ++counts.udp;
}

Result<Process> parse_process(std::string_view proc_pid_stat) {
  const std::size_t open = proc_pid_stat.find('(');
  const std::size_t close = proc_pid_stat.rfind(')'); // the name may hold brackets, blanks and line ends
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
    return fail(Fault::invalid, "there is no name in brackets");
  }
  Process process;
  process.name = proc_pid_stat.substr(open + 1, std::min<std::size_t>(close - open - 1, 64));
  const std::string_view rest = proc_pid_stat.substr(close + 1);
  Words words(rest.substr(0, rest.find('\n')));
  const std::string_view state = words.next();
  std::uint64_t user = 0;
  std::uint64_t system = 0;
  bool good = state.size() == 1;
  if (good) process.state = state.front();
  words.skip(10); // ppid to cmajflt; some are negative
  good = good && read_counts(words, {&user, &system});
  words.skip(4); // of its children, priority, nice
  good = good && read_counts(words, {&process.threads, nullptr, &process.started_ticks,
                                     &process.virtual_bytes, &process.resident_pages});
  if (!good) return fail(Fault::invalid, "it is not a process's line");
  process.ticks = user + system;
  return process;
}

} // namespace kaden::agent
