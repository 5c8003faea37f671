#include "proc_text.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include "proc_words.h"

#include "kaden/limits/agent.h"
#include "kaden/limits/metrics.h"

namespace kaden::agent {

namespace {

/// "\040" is a blank: the kernel escapes blank, tab, line feed, backslash and '#' in octal.
std::string unescape(std::string_view text) {
  const auto is_octal = [](char c) { return c >= '0' && c <= '7'; };
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && text[i + 1] <= '3' && is_octal(text[i + 1]) &&
        is_octal(text[i + 2]) && is_octal(text[i + 3])) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

bool is_pseudo(std::string_view type) {
  static constexpr std::array<std::string_view, 33> types = {
      "aufs",    "autofs",     "binfmt_misc", "bpf",       "cgroup",    "cgroup2",  "configfs",
      "debugfs", "devfs",      "devpts",      "devtmpfs",  "efivarfs",  "fusectl",  "hugetlbfs",
      "iso9660", "mqueue",     "nsfs",        "overlay",   "proc",      "pstore",   "ramfs",
      "rootfs",  "rpc_pipefs", "securityfs",  "selinuxfs", "smackfs",   "squashfs", "sysfs",
      "tmpfs",   "tracefs",    "udf",         "usbfs",     "fuse.lxcfs"};
  return std::find(types.begin(), types.end(), type) != types.end();
}

/// Asking these for their space waits for another machine.
bool is_network(std::string_view type) {
  static constexpr std::array<std::string_view, 13> types = {"9p",   "afs",       "ceph",   "cifs",  "coda",
                                                             "gfs2", "glusterfs", "lustre", "ncpfs", "nfs",
                                                             "nfs4", "smb3",      "smbfs"};
  return type.starts_with("fuse.") || std::find(types.begin(), types.end(), type) != types.end();
}

/// What stands behind the name.
Result<CpuTimes> times_in(std::string_view numbers) {
  CpuTimes times;
  const std::array<std::uint64_t*, 10> fields = {
      &times.user, &times.nice,    &times.system, &times.idle,  &times.iowait,
      &times.irq,  &times.softirq, &times.steal,  &times.guest, &times.guest_nice};
  Words words(numbers);
  std::size_t count = 0;
  for (std::uint64_t* const field : fields) {
    const std::string_view word = words.next();
    if (word.empty()) break;
    const auto number = parse_count(word);
    if (!number) return fail(Fault::invalid, "the line cpu holds something that is no number");
    *field = *number;
    ++count;
  }
  if (count < 4) return fail(Fault::invalid, "the line cpu has too few numbers");
  return times;
}

bool is_chosen(const Mount& mount, const MountChoice& choice) {
  if (!choice.exclude.empty() && matches_any(choice.exclude, mount.path)) return false;
  if (!choice.include.empty()) return matches_any(choice.include, mount.path);
  if (mount.type == "overlay" && mount.path == "/") return true;
  return !is_pseudo(mount.type) && !is_network(mount.type);
}

} // namespace

bool matches_any(const std::vector<std::string>& globs, std::string_view text) {
  return globs.empty() || std::any_of(globs.begin(), globs.end(),
                                      [&](const std::string& glob) { return glob_match(glob, text); });
}

Result<CpuTimes> parse_cpu_times(std::string_view proc_stat) {
  Result<CpuTimes> found = fail(Fault::invalid, "there is no line cpu");
  each_line(proc_stat, [&found](std::string_view line) {
    if (!found && line.starts_with("cpu ")) found = times_in(line.substr(4));
  });
  return found;
}

std::vector<CoreTimes> parse_core_times(std::string_view proc_stat) {
  std::vector<CoreTimes> cores;
  each_line(proc_stat, [&cores](std::string_view line) {
    if (!line.starts_with("cpu") || line.size() < 4 || cores.size() >= limits::cores_max) return;
    const std::string_view name = line.substr(0, line.find(' '));
    if (name.size() > 8 || !parse_count(name.substr(3))) return;
    if (const auto times = times_in(line.substr(name.size()))) cores.push_back({std::string(name), *times});
  });
  return cores;
}

Result<Memory> parse_memory(std::string_view proc_meminfo) {
  struct Field {
    std::string_view name;
    std::uint64_t* value;
    bool seen = false;
  };
  Memory memory;
  std::uint64_t reclaimable = 0;
  std::array<Field, 10> fields = {{{"MemTotal", &memory.total},
                                   {"MemFree", &memory.free},
                                   {"MemAvailable", &memory.available},
                                   {"Buffers", &memory.buffers},
                                   {"Cached", &memory.cached},
                                   {"SReclaimable", &reclaimable},
                                   {"Active", &memory.active},
                                   {"Inactive", &memory.inactive},
                                   {"SwapTotal", &memory.swap_total},
                                   {"SwapFree", &memory.swap_free}}};
  std::string_view bad;
  each_line(proc_meminfo, [&](std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    auto* const field = std::find_if(fields.begin(), fields.end(), [&](const Field& candidate) {
      return candidate.name == line.substr(0, colon);
    });
    if (field == fields.end()) return;
    const auto kibibytes = parse_count(Words(line.substr(colon + 1)).next());
    constexpr std::uint64_t most = 1ULL << 50U; // so that no sum or product of these overflows
    if (!kibibytes || *kibibytes > most) bad = field->name;
    *field->value = std::min(kibibytes.value_or(0), most) * 1'024;
    field->seen = true;
  });
  if (!bad.empty()) return fail(Fault::invalid, std::string(bad) + " is no number of kB");
  if (memory.total == 0) return fail(Fault::invalid, "MemTotal is missing");
  memory.cached += reclaimable;
  const bool has_available = fields.at(2).seen;
  if (!has_available) memory.available = memory.free + memory.cached; // kernels before 3.14
  return memory;
}

std::vector<Mount> parse_mounts(std::string_view proc_mounts) {
  std::vector<Mount> mounts;
  each_line(proc_mounts, [&mounts](std::string_view line) {
    Words words(line);
    const std::string_view device = words.next();
    const std::string_view path = words.next();
    const std::string_view type = words.next();
    if (!type.empty()) mounts.push_back({unescape(device), unescape(path), unescape(type)});
  });
  return mounts;
}

std::vector<Mount> choose_mounts(const std::vector<Mount>& mounts, const MountChoice& choice) {
  std::map<std::string_view, std::size_t> last_on_path;
  for (std::size_t i = 0; i < mounts.size(); ++i) last_on_path.insert_or_assign(mounts[i].path, i);
  std::set<std::string_view> devices;
  std::vector<Mount> chosen;
  for (std::size_t i = 0; i < mounts.size() && chosen.size() < limits::mounts_max; ++i) {
    if (last_on_path.at(mounts[i].path) != i || !is_chosen(mounts[i], choice)) continue;
    if (devices.insert(mounts[i].device).second) chosen.push_back(mounts[i]);
  }
  return chosen;
}

} // namespace kaden::agent
