#include "collector.h"

#include <dirent.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <system_error>

#include "files.h"
#include "proc_words.h"

#include "kaden/limits/agent.h"

namespace kaden::agent {

namespace {

constexpr std::size_t proc_bytes_max = 4u << 20; // /proc/stat of a machine with thousands of CPUs
constexpr std::size_t command_bytes_max = limits::matched_bytes_max;
constexpr std::size_t kernel_name_bytes = 15; // comm is cut there

std::optional<Space> space_of(const std::string& path) {
  struct statvfs told {};
  if (statvfs(path.c_str(), &told) != 0) return std::nullopt;
  const std::uint64_t block = told.f_frsize;
  return Space{told.f_blocks * block, told.f_bfree * block, told.f_bavail * block, told.f_files,
               told.f_ffree};
}

void append(std::vector<Datum>& data, std::vector<Datum> more) {
  std::move(more.begin(), more.end(), std::back_inserter(data));
}

/// The numbers among the names in /proc, at most limits::processes_max.
std::vector<std::uint64_t> pids_in(const std::string& folder) {
  std::vector<std::uint64_t> pids;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(opendir(folder.c_str()), &closedir);
  if (open == nullptr) return pids;
  while (const dirent* entry = readdir(open.get())) { // NOLINT(concurrency-mt-unsafe): a stream of our own
    const auto pid = parse_count(entry->d_name);
    if (pid && pids.size() < limits::processes_max) pids.push_back(*pid);
  }
  std::sort(pids.begin(), pids.end());
  return pids;
}

Dimensions dimensions_of(const Watched& watched) {
  switch (watched.by) {
    case Watched::By::exe:
      return {{"exe", watched.what}};
    case Watched::By::pattern:
      return {{"pattern", watched.what}};
    case Watched::By::pid_file:
      return {{"pid_file", watched.what}};
  }
  return {};
}

} // namespace

Collector::Collector(const Settings& settings) : settings_(settings) {
  for (const Watched& watched : settings.watched) {
    Target target{dimensions_of(watched), std::nullopt, {}, std::nullopt, watched.by == Watched::By::pattern};
    if (watched.by == Watched::By::pid_file) {
      target.pid_file = watched.what;
    } else {
      auto pattern = tail::Pattern::compile(watched.what);
      require(pattern.has_value(), "patterns were checked");
      target.pattern = std::move(*pattern);
    }
    targets_.push_back(std::move(target));
  }
}

void Collector::problem(std::string what, const Error& error) {
  problems_.push_back(what.append(": ").append(error.message));
}

std::optional<std::string> Collector::read(const std::string& file, bool optional) {
  auto text = read_file(settings_.proc_folder + "/" + file, proc_bytes_max);
  if (text) return std::move(*text);
  if (!optional) problems_.push_back(text.error().message);
  return std::nullopt;
}

void Collector::measure_cpu(std::vector<Datum>& data) {
  const auto text = read("stat");
  const auto cpu = text ? parse_cpu_times(*text) : Result<CpuTimes>(CpuTimes{});
  if (!text || !cpu) {
    if (!cpu) problem("CPU", cpu.error());
    last_cpu_.reset();
    return;
  }
  if (settings_.groups.cpu && last_cpu_) append(data, cpu_data(*last_cpu_, *cpu));
  last_cpu_ = *cpu;
  if (!settings_.groups.per_core) return;
  std::vector<CoreTimes> cores = parse_core_times(*text);
  for (const CoreTimes& core : cores) {
    const auto old = std::find_if(last_cores_.begin(), last_cores_.end(),
                                  [&](const CoreTimes& one) { return one.name == core.name; });
    if (old != last_cores_.end()) append(data, cpu_data(old->times, core.times, core.name));
  }
  last_cores_ = std::move(cores);
}

void Collector::measure_memory(std::vector<Datum>& data) {
  const auto text = read("meminfo");
  if (!text) return;
  const auto memory = parse_memory(*text);
  if (!memory) return problem("memory", memory.error());
  if (settings_.groups.memory) append(data, memory_data(*memory));
  if (settings_.groups.swap) append(data, swap_data(*memory));
}

void Collector::measure_load(std::vector<Datum>& data) {
  if (const auto text = settings_.groups.load ? read("loadavg") : std::nullopt) {
    if (const auto load = parse_load(*text)) {
      append(data, load_data(*load));
    } else {
      problem("load", load.error());
    }
  }
  if (const auto text = settings_.groups.uptime ? read("uptime") : std::nullopt) {
    if (const auto uptime = parse_uptime(*text)) {
      append(data, uptime_data(*uptime));
    } else {
      problem("uptime", uptime.error());
    }
  }
}

void Collector::measure_disks(std::vector<Datum>& data) {
  const auto mounts = read("self/mounts");
  if (!mounts) return;
  const Groups& groups = settings_.groups;
  for (const Mount& mount :
       choose_mounts(parse_mounts(*mounts), {groups.mounts_include, groups.mounts_exclude})) {
    const auto space = space_of(mount.path);
    if (space) append(data, disk_data(mount, *space)); // else unmounted meanwhile, or not ours to look at
  }
}

void Collector::measure_devices(std::vector<Datum>& data) {
  if (const auto text = settings_.groups.diskio ? read("diskstats") : std::nullopt) {
    auto disks = parse_diskstats(*text, settings_.groups.devices);
    append(data, diskio_data(last_disks_, disks));
    last_disks_ = std::move(disks);
  }
  if (const auto text = settings_.groups.net ? read("net/dev") : std::nullopt) {
    auto nets = parse_net_dev(*text, settings_.groups.interfaces);
    append(data, net_data(last_nets_, nets));
    last_nets_ = std::move(nets);
  }
}

void Collector::measure_sockets(std::vector<Datum>& data) {
  SocketCounts counts;
  bool any = false;
  const auto count = [&](const char* file, void (*take)(std::string_view, SocketCounts&)) {
    const auto done = read_lines(settings_.proc_folder + "/net/" + file,
                                 [&](std::string_view line) { take(line, counts); });
    any = any || done.has_value(); // a machine without IPv6 has no tcp6
  };
  count("tcp", count_tcp_line);
  count("tcp6", count_tcp_line);
  count("udp", count_udp_line);
  count("udp6", count_udp_line);
  if (any) return append(data, netstat_data(counts));
  problems_.push_back("there is no " + settings_.proc_folder + "/net/tcp");
}

std::string Collector::command_line(std::uint64_t pid) {
  auto text = read_file(settings_.proc_folder + "/" + std::to_string(pid) + "/cmdline", command_bytes_max);
  if (!text) return {};
  std::replace(text->begin(), text->end(), '\0', ' ');
  return std::string(trim(*text));
}

bool Collector::is_meant(const Target& target, std::uint64_t pid, const Process& process) {
  if (process.state == 'Z' || process.state == 'X') return false; // it runs no more
  if (!target.pattern) return target.pid == pid;
  if (target.on_command_line) {
    const std::string line = command_line(pid); // empty: one of the kernel's own threads
    return !line.empty() && pid != static_cast<std::uint64_t>(getpid()) && target.pattern->matches(line);
  }
  if (process.name.size() < kernel_name_bytes) return target.pattern->matches(process.name);
  const std::string line = command_line(pid);
  std::string_view program = std::string_view(line).substr(0, line.find(' '));
  program.remove_prefix(program.rfind('/') + 1); // npos + 1 is 0
  return target.pattern->matches(program.starts_with(process.name) ? program : process.name);
}

void Collector::measure_processes(std::vector<Datum>& data, SteadyTime now) {
  static const auto page_bytes = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  static const auto ticks_per_s = static_cast<double>(sysconf(_SC_CLK_TCK));
  const double passed =
      last_processes_ ? static_cast<double>((now - *last_processes_).count()) / 1e3 * ticks_per_s : 0;
  last_processes_ = now;
  ProcessCounts counts;
  std::vector<Usage> usages(targets_.size());
  std::vector<decltype(Target::ticks)> ticks(targets_.size());
  for (Target& target : targets_) {
    if (target.pid_file.empty()) continue;
    const auto text = read_file(target.pid_file, 64);
    target.pid = text ? parse_count(trim(*text)) : std::nullopt;
  }
  for (const std::uint64_t pid : pids_in(settings_.proc_folder)) {
    const auto text = read_file(settings_.proc_folder + "/" + std::to_string(pid) + "/stat", 4'096);
    const auto process =
        text ? parse_process(*text) : Result<Process>(fail(Fault::not_found, "it has ended meanwhile"));
    if (!process) continue;
    counts.add(*process);
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      if (!is_meant(targets_[i], pid, *process)) continue;
      Usage& usage = usages[i];
      ++usage.processes;
      usage.threads += process->threads;
      usage.resident_bytes += process->resident_pages * page_bytes;
      usage.virtual_bytes += process->virtual_bytes;
      const auto key = std::pair(pid, process->started_ticks);
      const auto old = targets_[i].ticks.find(key);
      // One that is new has used all its time since the last reading.
      const std::uint64_t before = old == targets_[i].ticks.end() ? 0 : old->second;
      usage.ticks_gained += process->ticks > before ? process->ticks - before : 0;
      ticks[i].insert_or_assign(key, process->ticks);
    }
  }
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    usages[i].has_gained = targets_[i].looked;
    append(data, procstat_data(targets_[i].dimensions, usages[i], passed));
    targets_[i].ticks = std::move(ticks[i]);
    targets_[i].looked = true;
  }
  if (!settings_.groups.processes) return;
  if (counts.total > 0) return append(data, processes_data(counts));
  problems_.push_back("there are no processes in " + settings_.proc_folder);
}

std::vector<Datum> Collector::measure(SteadyTime now) {
  problems_.clear();
  std::vector<Datum> data;
  const Groups& groups = settings_.groups;
  if (groups.cpu || groups.per_core) measure_cpu(data);
  if (groups.memory || groups.swap) measure_memory(data);
  measure_load(data);
  if (groups.disk) measure_disks(data);
  measure_devices(data);
  if (groups.netstat) measure_sockets(data);
  if (groups.processes || !targets_.empty()) measure_processes(data, now);
  return data;
}

} // namespace kaden::agent
