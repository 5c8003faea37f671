// Watched logs in the file.
#include <fmt/format.h>

#include "checks.h"
#include "kaden/limits/agent.h"
#include "kaden/limits/alarm_events.h"
#include "kaden/limits/logs.h"
#include "kaden/limits/metrics.h"
#include "kaden/log_names.h"
#include "kaden/posix_pattern.h"
#include "kaden/script.h"
#include "sections.h"

namespace kaden::config {
namespace {

constexpr std::int64_t day_s = 86'400;
constexpr std::size_t pattern_bytes_max = 4 * limits::filter_pattern_characters_max;
constexpr std::size_t key_bytes_max = 255;
constexpr std::size_t unit_bytes_max = 255;
constexpr std::size_t socket_bytes_max = 107; // sockaddr_un holds 108 with its end

std::int64_t whole_seconds(Millis time) {
  return time.count() / 1'000;
}

std::vector<std::string> read_texts(Section& section, std::string_view key, std::size_t count_max,
                                    std::size_t bytes_max) {
  std::vector<std::string> texts;
  for (Word& word : section.texts(key, count_max, bytes_max)) texts.push_back(std::move(word.text));
  return texts;
}

LogFiles read_files(Section& section) {
  LogFiles files;
  if (section.wants("paths")) {
    for (Word& word : section.texts("paths", limits::log_paths_max, limits::log_path_bytes_max)) {
      if (!word.text.starts_with('/')) section.mistake_at(word.at, "paths", "a path begins with '/'");
      files.paths.push_back(std::move(word.text));
    }
    if (files.paths.empty()) section.mistake("paths", "at least one path is needed");
  }
  files.exclude = read_texts(section, "exclude", limits::log_paths_max, limits::log_path_bytes_max);
  files.record_start = section.text("record_start", limits::pattern_bytes_max);
  if (!files.record_start.empty()) {
    if (const auto compiled = tail::Pattern::compile(files.record_start); !compiled)
      section.mistake("record_start", compiled.error().message);
  }
  files.encoding = section.choice("encoding", tail::parse_encoding, tail::encoding_names(), files.encoding);
  if (const auto decoder = tail::Decoder::make(files.encoding); !decoder)
    section.mistake("encoding", decoder.error().message);
  files.from_beginning = section.flag("from_beginning", false);
  files.may_be_missing = section.flag("may_be_missing", false);
  return files;
}

/// "10.0.0.5:514", "[::]:514".
std::optional<IpPort> parse_ip_port(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  std::string ip = text.substr(0, colon);
  if (ip.starts_with('[') && ip.ends_with(']')) {
    ip = ip.substr(1, ip.size() - 2);
  } else if (ip.find(':') != std::string::npos) {
    return std::nullopt;
  }
  const auto port = parse_int(std::string_view(text).substr(colon + 1));
  if (!is_ip_address(ip) || !port || *port < 1 || *port > 65'535) return std::nullopt;
  return IpPort{std::move(ip), static_cast<std::uint16_t>(*port)};
}

std::optional<IpPort> read_ip_port(Section& section, std::string_view key) {
  const auto word = section.word(key, 64);
  if (!word) return std::nullopt;
  auto read = parse_ip_port(word->text);
  if (!read)
    section.mistake_at(word->at, key, "is not an address and a port such as 10.0.0.5:5514 or [::]:5514");
  return read;
}

void read_certificate(Section& section, LogSyslog& syslog, const Surroundings& around) {
  if (!section.has("tls")) {
    for (const char* key : {"certificate", "key", "client_ca"}) {
      if (section.has(key)) section.mistake(key, "goes with tls");
    }
    return;
  }
  if (section.wants("certificate"))
    syslog.certificate_file = read_public_file(section, "certificate", around);
  if (section.wants("key")) syslog.key_file = read_private_file(section, "key", around);
  if (section.has("client_ca")) syslog.client_ca_file = read_public_file(section, "client_ca", around);
}

LogSyslog read_syslog(Section& section, const Surroundings& around) {
  LogSyslog syslog;
  syslog.udp = read_ip_port(section, "udp");
  syslog.tcp = read_ip_port(section, "tcp");
  syslog.tls = read_ip_port(section, "tls");
  syslog.local = section.text("local", socket_bytes_max);
  if (!syslog.local.empty() && !syslog.local.starts_with('/'))
    section.mistake("local", "a path begins with '/'");
  const bool listens = section.has("udp") || section.has("tcp") || section.has("tls") || section.has("local");
  if (!listens) section.mistake("", "one of udp, tcp, tls and local is needed");
  const bool allow_plain = section.flag("allow_plain", false);
  for (const auto& [key, at] : {std::pair("udp", &syslog.udp), std::pair("tcp", &syslog.tcp)}) {
    if (!*at || allow_plain || is_loopback((*at)->ip)) continue;
    section.mistake(
        key, "anybody who reaches this address could forge or hide lines; use tls, or say allow_plain: true");
  }
  read_certificate(section, syslog, around);
  syslog.rate_per_s = section.integer("rate_per_s", 1, limits::syslog_rate_per_s_max, syslog.rate_per_s);
  return syslog;
}

LogJournal read_journal(Section& section) {
  LogJournal journal;
  journal.folder = section.text("folder", limits::log_path_bytes_max);
  if (!journal.folder.empty() && !journal.folder.starts_with('/'))
    section.mistake("folder", "a path begins with '/'");
  journal.units = read_texts(section, "units", limits::journal_units_max, unit_bytes_max);
  journal.from_beginning = section.flag("from_beginning", false);
  return journal;
}

void read_say(Section& alarm, logalarms::Rule& rule) {
  auto say = alarm.section("say", "sources.logs[].alarms[].say");
  if (!say) return;
  for (const Language language : {Language::ja, Language::en}) {
    const std::string_view key = to_text(language);
    const auto word = say->word(key, limits::say_bytes_max);
    if (!word) continue;
    if (const auto sound = script::check_template(word->text); !sound) {
      say->mistake_at(word->at, key, "in the text, " + sound.error().message);
      continue;
    }
    rule.say[language] = word->text;
  }
}

logalarms::Rule read_alarm(Section& section, std::set<std::string>& seen) {
  logalarms::Rule rule;
  rule.id = read_id(section, seen, "alarm of this log");
  rule.name = section.text("name", limits::machine_bytes_max, rule.id);
  if (section.wants("raise")) rule.raise = section.text("raise", pattern_bytes_max);
  rule.clear = section.text("clear", pattern_bytes_max);
  const Millis quiet = rule.clear.empty() ? limits::log_quiet : Millis(0);
  rule.quiet = section.seconds("quiet_s", 0, whole_seconds(limits::log_quiet_max), quiet);
  rule.repeat = section.seconds("repeat_s", 0, day_s, rule.repeat);
  rule.severity = section.choice<Severity>("severity", parse_severity, severity_words(), rule.severity);
  rule.keys = read_texts(section, "keys", limits::log_keys_max, key_bytes_max);
  constexpr std::size_t own_labels = 15; // of the record and the rule
  rule.labels = section.text_map("labels", limits::labels_max - own_labels, limits::label_bytes_max);
  read_say(section, rule);
  if (rule.raise.empty()) return rule; // said already
  if (const auto usable = logalarms::check(rule); !usable) {
    const std::string& message = usable.error().message;
    const std::size_t colon = message.find(": ");
    const std::string key = message.substr(0, colon);
    section.mistake(section.has(key) ? key : "", section.has(key) ? message.substr(colon + 2) : message);
  }
  return rule;
}

void read_from(Section& section, WatchedLog& log, const Surroundings& around) {
  int kinds = 0;
  for (const char* key : {"files", "syslog", "journal", "log_groups"}) kinds += section.has(key) ? 1 : 0;
  if (kinds != 1) section.mistake("", "exactly one of files, syslog, journal and log_groups is needed");
  if (auto files = section.section("files", "sources.logs[].files")) log.files = read_files(*files);
  if (auto syslog = section.section("syslog", "sources.logs[].syslog"))
    log.syslog = read_syslog(*syslog, around);
  if (auto journal = section.section("journal", "sources.logs[].journal"))
    log.journal = read_journal(*journal);
}

void read_log_groups(Section& section, WatchedLog& log, bool keeps_logs) {
  if (!section.has("log_groups")) return;
  log.log_groups = read_texts(section, "log_groups", limits::log_paths_max, limits::log_path_bytes_max);
  if (log.log_groups.empty()) section.mistake("log_groups", "at least one log group is needed");
  if (!keeps_logs) section.mistake("log_groups", "there is no log store: store.logs.keep_days is 0");
  if (section.has("group")) section.mistake("group", "lines of log_groups are in a group already");
}

WatchedLog read_log(Section& section, const Surroundings& around, bool keeps_logs) {
  WatchedLog log;
  read_from(section, log, around);
  read_log_groups(section, log, keeps_logs);
  log.group = section.text("group", 4 * limits::log_name_characters_max);
  if (!log.group.empty() && !logfilter::is_group_name(log.group))
    section.mistake("group", "1 to 512 letters, digits, '.', '-', '_', '/' and '#'");
  if (!log.group.empty() && !keeps_logs)
    section.mistake("group", "there is no log store: store.logs.keep_days is 0");
  log.stream = section.text("stream", limits::log_name_characters_max, log.stream);
  log.machine = section.text("machine", limits::machine_bytes_max);
  log.unreadable_after = section.seconds("unreadable_s", 0, day_s, log.unreadable_after);
  log.unreadable =
      section.choice<Severity>("unreadable_severity", parse_severity, severity_words(), log.unreadable);
  log.silent_after = section.seconds("silent_s", 0, whole_seconds(limits::log_quiet_max), log.silent_after);
  std::set<std::string> seen;
  for (Section& alarm : section.sections("alarms", limits::log_alarms_max, "sources.logs[].alarms[]"))
    log.alarms.push_back(read_alarm(alarm, seen));
  if (log.alarms.empty() && log.group.empty() && !section.has("alarms"))
    section.mistake("", "nothing is done with this log: give it alarms, or a group");
  return log;
}

} // namespace

std::vector<WatchedLog> read_watched_logs(Section& sources, const Surroundings& around, bool keeps_logs) {
  std::vector<WatchedLog> logs;
  std::set<std::string> seen;
  for (Section& section : sources.sections("logs", limits::watched_logs_max, "sources.logs[]")) {
    WatchedLog log = read_log(section, around, keeps_logs);
    log.id = read_id(section, seen, "log");
    log.name = section.text("name", limits::machine_bytes_max, log.id);
    logs.push_back(std::move(log));
  }
  return logs;
}

} // namespace kaden::config
