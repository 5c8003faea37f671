#include "readings.h"

#include <algorithm>
#include <array>

#include "kaden/limits/agent.h"

namespace kaden::agent {

namespace {

double real(std::uint64_t number) {
  return static_cast<double>(number);
}

template <class Counters>
const Counters* find_named(const std::vector<Counters>& all, const std::string& name) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Counters& one) { return one.name == name; });
  return found == all.end() ? nullptr : &*found;
}

/// One counter of a device: its name, its two readings, its unit.
struct Change {
  const char* name;
  std::uint64_t before, now;
  std::string_view unit;
};

/// None at all when one ran backwards: the device was taken out and put back.
template <std::size_t count>
void put_changes(std::vector<Datum>& data, const Dimensions& dimensions,
                 const std::array<Change, count>& changes) {
  if (std::any_of(changes.begin(), changes.end(), [](const Change& c) { return c.now < c.before; })) return;
  for (const Change& change : changes) {
    data.push_back({change.name, dimensions, real(change.now - change.before), change.unit});
  }
}

} // namespace

std::vector<Datum> load_data(const Load& load) {
  return {{"system_load1", {}, load.one, "None"},
          {"system_load15", {}, load.fifteen, "None"},
          {"system_load5", {}, load.five, "None"}};
}

std::vector<Datum> uptime_data(double uptime_s) {
  return {{"system_uptime", {}, uptime_s, "Seconds"}};
}

std::vector<Datum> swap_data(const Memory& memory) {
  const std::uint64_t free = std::min(memory.swap_free, memory.swap_total);
  const std::uint64_t used = memory.swap_total - free;
  const double percent = memory.swap_total == 0 ? 0 : 100 * real(used) / real(memory.swap_total);
  return {{"swap_free", {}, real(free), "Bytes"},
          {"swap_used", {}, real(used), "Bytes"},
          {"swap_used_percent", {}, percent, "Percent"}};
}

std::vector<Datum> diskio_data(const std::vector<DiskCounters>& before,
                               const std::vector<DiskCounters>& now) {
  std::vector<Datum> data;
  for (const DiskCounters& disk : now) {
    const DiskCounters* const old = find_named(before, disk.name);
    if (old == nullptr) continue;
    const Dimensions dimensions = {{"name", disk.name}};
    put_changes(data, dimensions,
                std::array<Change, 7>{{{"diskio_io_time", old->io_ms, disk.io_ms, "Milliseconds"},
                                       {"diskio_read_bytes", old->read_bytes, disk.read_bytes, "Bytes"},
                                       {"diskio_read_time", old->read_ms, disk.read_ms, "Milliseconds"},
                                       {"diskio_reads", old->reads, disk.reads, "Count"},
                                       {"diskio_write_bytes", old->write_bytes, disk.write_bytes, "Bytes"},
                                       {"diskio_write_time", old->write_ms, disk.write_ms, "Milliseconds"},
                                       {"diskio_writes", old->writes, disk.writes, "Count"}}});
    data.push_back({"diskio_iops_in_progress", dimensions, real(disk.in_progress), "Count"});
  }
  return data;
}

std::vector<Datum> net_data(const std::vector<NetCounters>& before, const std::vector<NetCounters>& now) {
  std::vector<Datum> data;
  for (const NetCounters& net : now) {
    const NetCounters* const old = find_named(before, net.name);
    if (old == nullptr) continue;
    put_changes(data, {{"interface", net.name}},
                std::array<Change, 8>{{{"net_bytes_recv", old->bytes_in, net.bytes_in, "Bytes"},
                                       {"net_bytes_sent", old->bytes_out, net.bytes_out, "Bytes"},
                                       {"net_drop_in", old->drops_in, net.drops_in, "Count"},
                                       {"net_drop_out", old->drops_out, net.drops_out, "Count"},
                                       {"net_err_in", old->errors_in, net.errors_in, "Count"},
                                       {"net_err_out", old->errors_out, net.errors_out, "Count"},
                                       {"net_packets_recv", old->packets_in, net.packets_in, "Count"},
                                       {"net_packets_sent", old->packets_out, net.packets_out, "Count"}}});
  }
  return data;
}

std::vector<Datum> netstat_data(const SocketCounts& counts) {
  // 12, NEW_SYN_RECV, is a half-open connection too.
  static constexpr std::array<const char*, 12> names = {
      "netstat_tcp_none",       "netstat_tcp_established", "netstat_tcp_syn_sent",  "netstat_tcp_syn_recv",
      "netstat_tcp_fin_wait1",  "netstat_tcp_fin_wait2",   "netstat_tcp_time_wait", "netstat_tcp_close",
      "netstat_tcp_close_wait", "netstat_tcp_last_ack",    "netstat_tcp_listen",    "netstat_tcp_closing"};
  std::vector<Datum> data;
  for (std::size_t state = 1; state < names.size(); ++state) {
    const std::uint64_t half_open = state == 3 ? counts.tcp.at(12) : 0;
    data.push_back({names.at(state), {}, real(counts.tcp.at(state) + half_open), "Count"});
  }
  data.push_back({"netstat_udp_socket", {}, real(counts.udp), "Count"});
  return data;
}

void ProcessCounts::add(const Process& process) {
  const char state = process.state == 't' ? 'T' : process.state == 'x' ? 'X' : process.state;
  ++by_state[state];
  ++total;
  threads += std::min<std::uint64_t>(process.threads, limits::threads_per_process_max);
}

std::vector<Datum> processes_data(const ProcessCounts& counts) {
  std::vector<Datum> data;
  const auto put = [&](const char* name, std::uint64_t count) {
    data.push_back({name, {}, real(count), "Count"});
  };
  const auto of = [&](char state) {
    const auto found = counts.by_state.find(state);
    return found == counts.by_state.end() ? 0 : found->second;
  };
  put("processes_blocked", of('D'));
  put("processes_dead", of('X'));
  put("processes_idle", of('I'));
  put("processes_paging", of('W'));
  put("processes_running", of('R'));
  put("processes_sleeping", of('S'));
  put("processes_stopped", of('T'));
  put("processes_total", counts.total);
  put("processes_total_threads", counts.threads);
  put("processes_zombies", of('Z'));
  return data;
}

std::vector<Datum> procstat_data(const Dimensions& dimensions, const Usage& usage, double ticks_passed) {
  std::vector<Datum> data = {{"procstat_lookup_pid_count", dimensions, real(usage.processes), "Count"}};
  if (usage.processes == 0) return data;
  if (usage.has_gained && ticks_passed > 0) {
    data.push_back(
        {"procstat_cpu_usage", dimensions, 100 * real(usage.ticks_gained) / ticks_passed, "Percent"});
  }
  data.push_back({"procstat_memory_rss", dimensions, real(usage.resident_bytes), "Bytes"});
  data.push_back({"procstat_memory_vms", dimensions, real(usage.virtual_bytes), "Bytes"});
  data.push_back({"procstat_num_threads", dimensions, real(usage.threads), "Count"});
  return data;
}

} // namespace kaden::agent
