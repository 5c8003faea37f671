/// kaden/watched_logs.h - the logs that Kaden watches, as the file says it; part of Settings. Room: config.
/// Uses: base, logalarms, tail. What each field means, with its default and limits, is in
/// docs/configuration.md. Threads: values; any. Errors: none here, see config.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kaden/base.h"
#include "kaden/decoder.h"
#include "kaden/limits/log_sources.h"
#include "kaden/log_alarms.h"

namespace kaden::config {

struct LogFiles {
  std::vector<std::string> paths; ///< absolute; globs
  std::vector<std::string> exclude;
  std::string record_start; ///< empty: each line is a record
  bool from_beginning = false;
  bool may_be_missing = false;
  tail::Encoding encoding = tail::Encoding::utf_8;
  bool operator==(const LogFiles&) const = default;
};

struct IpPort {
  std::string ip;
  std::uint16_t port = 0;
  bool operator==(const IpPort&) const = default;
};

struct LogSyslog {
  std::optional<IpPort> udp, tcp, tls;
  std::string certificate_file, key_file, client_ca_file; ///< empty: none
  std::string local;                                      ///< path of a datagram socket; empty: none
  std::int64_t rate_per_s = limits::syslog_rate_per_s;
  bool operator==(const LogSyslog&) const = default;
};

struct LogJournal {
  std::string folder; ///< empty: this machine's
  std::vector<std::string> units;
  bool from_beginning = false;
  bool operator==(const LogJournal&) const = default;
};

/// One watched log; exactly one of the four is there.
struct WatchedLog {
  std::string id;   ///< begins its alarms' names
  std::string name; ///< as calls say it; the id when the file has none
  std::optional<LogFiles> files;
  std::optional<LogSyslog> syslog;
  std::optional<LogJournal> journal;
  std::vector<std::string> log_groups; ///< globs; instead of the three
  std::string group;                   ///< of the log store; empty: lines are not kept
  std::string stream = "{host}";
  std::string machine; ///< empty: this machine's name for files and journals, none for syslog
  Millis unreadable_after = limits::log_unreadable;
  Severity unreadable = Severity::error;
  Millis silent_after{}; ///< 0: silence is fine
  std::vector<logalarms::Rule> alarms;
  bool operator==(const WatchedLog&) const = default;
};

} // namespace kaden::config
