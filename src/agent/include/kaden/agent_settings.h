/// kaden/agent_settings.h - what the guest agent reports, and to whom. Room: agent. Uses: base, tail.
/// Threads: values; any. Errors: invalid, with file, line, column and key of each mistake. docs/agent.md
/// tells every key.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"
#include "kaden/decoder.h"
#include "kaden/limits/probes.h"

namespace kaden::agent {

/// Where the key pair stands. The first that is given counts: `credentials_file`, `secret_file`, `secret`.
/// Files are looked at before each request and read again when they have changed.
struct KeySource {
  std::string credentials_file{}; ///< "[profile]", aws_access_key_id = ..., as the AWS CLI keeps it
  std::string profile = "default";
  std::string access_key_id{};
  std::string secret_file{}; ///< holds only the secret
  std::string session_token_file{};
  std::string secret{};        ///< from the environment
  std::string session_token{}; ///< the same; empty: a long-term key
};

/// Which readings are reported. Globs that are empty mean: all that make sense.
struct Groups {
  bool cpu = true, per_core = false, load = true, memory = true, swap = true, disk = true, diskio = false,
       net = false, netstat = true, processes = true, uptime = true;
  /// Globs on mount points. Without `mounts_include` all disks, but no network file system: a dead server
  /// would hold up the collection for ever. `mounts_exclude` wins.
  std::vector<std::string> mounts_include{}, mounts_exclude{};
  std::vector<std::string> devices{};    ///< of diskio; without: all but loop, ram and never used ones
  std::vector<std::string> interfaces{}; ///< of net; without: all but lo
};

/// Processes counted and measured together.
struct Watched {
  enum class By : std::uint8_t { exe, pattern, pid_file };
  By by = By::exe;
  std::string what{}; ///< POSIX extended expression on the name or the command line, as pgrep(1); or a path
};

/// Can it be reached, and how well?
struct Check {
  std::string name{}; ///< dimension "check"
  /// "tcp://10.0.0.5:5432", "http://10.0.0.6:8080/health", "https://...", "icmp://10.0.0.1",
  /// "dns://10.0.0.2/www.example?type=AAAA", "tls://10.0.0.5:636"
  std::string url{};
  Millis patience = seconds(3);
  std::string ca_file{}; ///< https: trust only this PEM file
  int status_min = 200, status_max = 399;
  int packets = limits::probe_packets; ///< icmp: echoes each time
  std::string expect{};                ///< dns: one of the answers
  std::string path{}; ///< sent as this machine's view of the path as well (Kaden/Probe); empty: of none
};

/// Files that are followed.
struct LogFiles {
  std::string path{}; ///< absolute; a glob
  std::vector<std::string> exclude{};
  std::string group{};
  std::string stream = "{host}"; ///< {host} and {file} (the file's name) are filled in
  std::string
      multi_line_start{}; ///< POSIX extended expression; a line that does not match belongs to the one before
  tail::Encoding encoding = tail::Encoding::utf_8; ///< what the files are written in; events are UTF-8
  bool from_end = false;                           ///< where a file begins that is seen for the first time
};

struct Settings {
  std::string url{};      ///< "http://127.0.0.1:8480", "https://monitoring.ap-northeast-1.amazonaws.com"
  std::string logs_url{}; ///< "https://logs.ap-northeast-1.amazonaws.com"; needed when files are
                          ///< followed; in the file `url` is taken where it is not AWS's
  std::string region = "ap-northeast-1";
  KeySource keys{};
  std::string ca_file{}; ///< trust only this PEM file; empty: the system's store
  std::string host{};    ///< the dimension; empty: gethostname(2)
  std::string vantage{}; ///< what paths call this place; empty: the host
  /// 1 s to 1 h, aligned to the wall clock; under 60 s sends StorageResolution 1
  Millis interval = seconds(60);
  Groups groups{};
  std::vector<Watched> watched{};
  std::vector<Check> checks{};
  std::vector<LogFiles> logs{};
  /// Holds what could not be sent yet and the positions in followed files; private to one agent. Empty: both
  /// are kept in memory only.
  std::string state_folder{};
  std::size_t spool_bytes_max = 64u << 20;     ///< on disk, for metrics and for logs each; oldest go first
  std::size_t memory_bytes_max = 2u << 20;     ///< the same without `state_folder`
  Millis spool_age_max = seconds(13 * 86'400); ///< CloudWatch takes nothing older than two weeks
  std::string proc_folder = "/proc";           ///< for tests
};

struct SettingsMistake {
  std::string key; ///< "logs.files[0].path"; empty: of the whole file
  std::string why;
  std::string place{}; ///< "agent.yaml:3:16"; empty: in no file
};

/// A file as far as it can be read, and what is wrong with it.
struct ReadSettings {
  Settings settings;
  std::vector<SettingsMistake> mistakes;     ///< in the order they were found
  std::map<std::string, std::string> places; ///< "file:line:column" of each key that was read
  /// Adds what is wrong with what the file says: each mistake at the place of its key, of the map that lacks
  /// it, or of the file. Keys that could not be read are not judged again.
  void add(std::vector<SettingsMistake> found);
  /// A line for each, in the order they were found; at most limits::config_errors_max.
  std::string text() const;
};
/// Reads YAML; `name` is the file's.
ReadSettings read_settings_file(std::string_view yaml, const std::string& name);
/// The same for those who want all or nothing: invalid, with ReadSettings::text().
Result<Settings> read_settings(std::string_view yaml, const std::string& name);
/// Ranges, patterns, addresses: everything that can be known without files and network.
std::vector<SettingsMistake> mistakes_in(const Settings& settings);
/// Key files and certificates that cannot be used.
std::vector<SettingsMistake> mistakes_in_files(const Settings& settings);
/// invalid, "key: what is wrong", a line for each of mistakes_in().
Result<void> check_settings(const Settings& settings);

} // namespace kaden::agent
