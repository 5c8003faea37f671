/// kaden/log_source.h - watched logs: files, syslog, journals and log groups, whose lines raise and clear
/// alarms and go to the log store. Room: source/logs. Uses: base, runtime, syslog, logalarms, tail, journal,
/// source/watch. Threads: a watcher belongs to the thread that calls look(), which it blocks; one that
/// receives syslog has a thread of its own beside it ("kaden-syslog"). Errors: none here; what a look met is
/// in its Looked, and after a while in an alarm.
///
/// Nothing is called for twice, and nothing is lost, by a crash: how far a log was read, its active alarms
/// and the events that came of it become durable in one commit; then the events are reported, with ids of
/// their own, until the journal has them. What syslog received and was not judged yet is lost with the
/// process: the protocol acknowledges nothing.
///
/// RFC 5424, RFC 3164, RFC 5425, RFC 5426, RFC 6587 (see kaden/syslog.h); sd-journal(3).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "kaden/decoder.h"
#include "kaden/journal.h"
#include "kaden/limits/log_sources.h"
#include "kaden/log_alarms.h"
#include "kaden/log_taps.h"
#include "kaden/runtime.h"
#include "kaden/source.h"

namespace kaden::logs {

struct Files {
  std::vector<std::string> paths; ///< absolute; globs
  std::vector<std::string> exclude;
  std::string record_start; ///< POSIX extended expression of a record's first line; empty: each line is one
  bool from_beginning = false; ///< what stands in the files when they are met for the first time counts, too
  bool may_be_missing = false; ///< a path that no file fits is no trouble
  tail::Encoding encoding = tail::Encoding::utf_8; ///< was checked: the C library has it
};

struct Address {
  std::string ip; ///< IPv4 or IPv6
  std::uint16_t port = 0;
};

struct Syslog {
  std::optional<Address> udp, tcp, tls;
  std::string certificate_file, key_file;              ///< PEM; for tls
  std::string client_ca_file;                          ///< PEM; empty: senders need no certificate
  std::string local;                                   ///< path of a datagram socket; empty: none
  std::int64_t rate_per_s = limits::syslog_rate_per_s; ///< datagrams of one sender
};

struct Journal {
  std::string folder;             ///< empty: this machine's
  std::vector<std::string> units; ///< "sshd.service"; empty: all
  bool from_beginning = false;
};

/// Lines that others send to the log store with PutLogEvents.
struct Groups {
  std::vector<std::string> groups; ///< globs
};

struct Settings {
  logalarms::Settings alarms; ///< were checked; its log is the watcher's name
  std::variant<Files, Syslog, Journal, Groups> from;
  std::string group;  ///< of the log store; empty: lines are not kept
  std::string stream; ///< may hold {host}, {app} and {file}
  Millis unreadable_after = limits::log_unreadable;
  Severity unreadable = Severity::error;
  Millis silent_after{}; ///< nothing came for so long: as if unreadable; 0: silence is fine
};

struct Line {
  WallTime at{};
  std::string text;
};
/// Gives lines to the log store; blocks until they are durable, limits::log_keep_patience at most.
using Keep =
    std::function<Result<void>(const std::string& group, const std::string& stream, std::vector<Line> lines)>;

/// Borrowed until the watcher ends.
struct Ports {
  source::Intake& intake;
  journal::Records& records;
  const runtime::Clock& clock;
  Keep keep;                                   ///< may be empty when no log has a group
  Taps& taps;                                  ///< for Groups
  std::function<void(const std::string&)> log; ///< what is worth a line in Kaden's own log
};

/// For whoever watches a file in another encoding than is configured.
std::string encoding_hint(Language language);

/// The state is the record of kind "source_state" and key "log/ID"; one that cannot be read is begun anew,
/// and the first look says so.
std::unique_ptr<source::Watcher> watch_log(Settings settings, Ports ports);

} // namespace kaden::logs
