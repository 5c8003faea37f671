#include "proc_text.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

namespace kaden::agent {

namespace {

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (const std::string_view word : split(line, ' ')) {
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

std::optional<std::uint64_t> parse_count(std::string_view text) {
  const auto number = parse_int(text);
  if (!number || *number < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

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

bool matches_any(const std::vector<std::string>& globs, std::string_view path) {
  return std::any_of(globs.begin(), globs.end(),
                     [&](const std::string& glob) { return glob_match(glob, path); });
}

bool is_chosen(const Mount& mount, const MountChoice& choice) {
  if (matches_any(choice.exclude, mount.path)) return false;
  if (!choice.include.empty()) return matches_any(choice.include, mount.path);
  if (mount.type == "overlay" && mount.path == "/") return true;
  return !is_pseudo(mount.type) && !is_network(mount.type);
}

} // namespace

Result<CpuTimes> parse_cpu_times(std::string_view proc_stat) {
  for (const std::string_view line : split(proc_stat, '\n')) {
    if (!line.starts_with("cpu ")) continue;
    const auto words = words_of(line);
    CpuTimes times;
    const std::array<std::uint64_t*, 10> fields = {
        &times.user, &times.nice,    &times.system, &times.idle,  &times.iowait,
        &times.irq,  &times.softirq, &times.steal,  &times.guest, &times.guest_nice};
    if (words.size() < 5) return fail(Fault::invalid, "the line cpu has too few numbers");
    for (std::size_t i = 0; i < fields.size() && i + 1 < words.size(); ++i) {
      const auto number = parse_count(words[i + 1]);
      if (!number) return fail(Fault::invalid, "the line cpu holds something that is no number");
      *fields.at(i) = *number;
    }
    return times;
  }
  return fail(Fault::invalid, "there is no line cpu");
}

Result<Memory> parse_memory(std::string_view proc_meminfo) {
  Memory memory;
  std::uint64_t reclaimable = 0;
  bool has_available = false;
  bool has_total = false;
  for (const std::string_view line : split(proc_meminfo, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view name = line.substr(0, colon);
    std::uint64_t* const field = name == "MemTotal"       ? &memory.total
                                 : name == "MemFree"      ? &memory.free
                                 : name == "MemAvailable" ? &memory.available
                                 : name == "Buffers"      ? &memory.buffers
                                 : name == "Cached"       ? &memory.cached
                                 : name == "SReclaimable" ? &reclaimable
                                                          : nullptr;
    if (field == nullptr) continue;
    const auto words = words_of(line.substr(colon + 1));
    const auto kibibytes = words.empty() ? std::nullopt : parse_count(words[0]);
    constexpr std::uint64_t most = 1ULL << 50U; // so that no sum or product of these overflows
    if (!kibibytes || *kibibytes > most) {
      return fail(Fault::invalid, std::string(name) + " is no number of kB");
    }
    *field = *kibibytes * 1'024;
    has_total = has_total || field == &memory.total;
    has_available = has_available || field == &memory.available;
  }
  if (!has_total || memory.total == 0) return fail(Fault::invalid, "MemTotal is missing");
  memory.cached += reclaimable;
  if (!has_available) memory.available = memory.free + memory.cached; // kernels before 3.14
  return memory;
}

std::vector<Mount> parse_mounts(std::string_view proc_mounts) {
  std::vector<Mount> mounts;
  for (const std::string_view line : split(proc_mounts, '\n')) {
    const auto words = words_of(line);
    if (words.size() < 3) continue;
    mounts.push_back({unescape(words[0]), unescape(words[1]), unescape(words[2])});
  }
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
