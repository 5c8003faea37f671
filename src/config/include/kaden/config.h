/// kaden/config.h - the one configuration file (YAML) as an immutable value. Room: config. Uses: base, alarm,
/// script, incident, statusfeed, source/webhook, modelapi, smtp, mailrules. What each field means, with its
/// default and limits, is in docs/configuration.md. Threads: values; any. load() and process_environment()
/// read files and variables on the calling thread and block. Errors: Fault::invalid lists up to
/// limits::config_errors_max mistakes, one a line, in the order of the file: "kaden.yaml:12:7:
/// policies[0].levels[1].people: unknown person \"satoh\" (did you mean
/// \"sato\"?)"; lines and columns count from 1, columns in characters. Fault::not_found or unavailable when
/// the file itself cannot be read. Nothing half-read is ever returned, and no message contains a secret.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/alarm.h"
#include "kaden/base.h"
#include "kaden/chat_settings.h"
#include "kaden/incident.h"
#include "kaden/limits/logs.h"
#include "kaden/limits/metrics.h"
#include "kaden/limits/stored_datapoints.h"
#include "kaden/limits/webhooks.h"
#include "kaden/metric_filter.h"
#include "kaden/source_settings.h"
#include "kaden/triage_settings.h"
#include "kaden/webhook.h"

namespace kaden::config {

/// Where the HTTP server listens. Paths here and below are absolute, or relative to the working folder when
/// the configuration file was named so; in the file they are relative to the file.
struct Listen {
  std::string address = "127.0.0.1"; ///< IPv4 or IPv6
  std::uint16_t port = 8480;         ///< 0: any free one
  std::string certificate_file;      ///< PEM chain; empty: no TLS
  std::string key_file;
  bool allow_plain = false; ///< HTTP without TLS on other addresses than loopback
  std::string public_url;   ///< where people reach it, without '/' at the end; empty: no links to Kaden
  bool operator==(const Listen&) const = default;
};

/// What a sender with an access key may do.
enum class KeyRight : std::uint8_t {
  ingest, ///< send metrics and logs
  alarms, ///< define, change and delete alarms
  read,   ///< look at metrics, alarms and logs
};
std::string_view to_text(KeyRight right);

/// One key pair of senders that sign with SigV4.
struct AccessKey {
  std::string id;
  std::string secret;
  std::string session_token{}; ///< empty: requests come without one
  std::vector<KeyRight> may{KeyRight::ingest, KeyRight::alarms, KeyRight::read}; ///< in the enum's order
  std::int64_t requests_per_second = limits::key_requests_per_s;
  std::int64_t bytes_per_second = limits::key_bytes_per_s;
  std::int64_t metrics = limits::key_metrics;      ///< live ones that its data may have made
  std::vector<std::string> namespaces, log_groups; ///< globs of what it may write into; empty: everything
  bool operator==(const AccessKey&) const = default;
};

enum class Right : std::uint8_t {
  events, ///< report alarm events
  read,   ///< look at incidents, alarms, calls
  act,    ///< acknowledge, resolve, place test calls
};
std::string_view to_text(Right right);

/// One bearer token of the REST API.
struct Token {
  std::string name;
  std::string secret;
  std::vector<Right> may; ///< in the enum's order
  bool operator==(const Token&) const = default;
};

struct PortRange {
  std::uint16_t first = 20000; ///< even (RFC 3550 section 11)
  std::uint16_t last = 20999;
  bool operator==(const PortRange&) const = default;
};

/// The SIP trunk (RFC 3261).
struct Sip {
  std::string bind = "127.0.0.1";
  std::uint16_t port = 5060; ///< 0: any free one
  std::string advertise;     ///< the address others reach us at; `bind` when the file has none
  std::string from;          ///< our SIP URI; "sip:kaden@<advertise>" when the file has none
  std::string display = "Kaden";
  std::string proxy; ///< "sip:10.0.0.1:5060"; empty: straight to the address dialled
  std::string user;  ///< digest credentials (RFC 7616); empty: none
  std::string password;
  PortRange rtp_ports;
  bool rtp_symmetric = false;     ///< believe another port of the far end's address than it announced
  bool require_media = false;     ///< end a call on which not one RTP packet came within limits::no_media_max
  std::vector<std::string> allow; ///< see may_dial(); empty: everything
  bool operator==(const Sip&) const = default;
};

/// True when `uri` (a SIP URI) begins with one of the prefixes, or its user part does with one that begins
/// with '+'.
bool may_dial(const Sip& sip, std::string_view uri);

struct Speech {
  std::string open_jtalk = "open_jtalk";
  std::string dictionary = "/var/lib/mecab/dic/open-jtalk/naist-jdic";
  std::string voice_ja = "/usr/share/hts-voice/nitech-jp-atr503-m001/nitech_jp_atr503_m001.htsvoice";
  std::string cache_folder; ///< empty: memory only
  bool operator==(const Speech&) const = default;
};

enum class LogLevel : std::uint8_t { trace, debug, info, warning, error };
std::string_view to_text(LogLevel level);

/// Metric datapoints on disk.
struct StoredMetrics {
  Millis keep = limits::datapoint_keep; ///< whole days; 0: nothing is stored
  std::uint64_t bytes_max = limits::datapoint_bytes;
  bool operator==(const StoredMetrics&) const = default;
};

/// Log events on disk.
struct StoredLogs {
  Millis keep = limits::log_keep; ///< whole days; 0: there is no log store
  std::uint64_t bytes_max = limits::log_bytes;
  bool operator==(const StoredLogs&) const = default;
};

/// What ARNs name: alarms' and log groups'. Nothing else depends on it.
struct Arns {
  std::string region = "us-east-1";
  std::string account = "000000000000"; ///< twelve digits
  bool operator==(const Arns&) const = default;
};

/// A metric filter that stands in the file instead of being put.
struct MetricFilter {
  std::string name, group, pattern;
  logfilter::MetricTransformation transformation;
  bool operator==(const MetricFilter&) const = default;
};

/// What a webhook of format sns takes and believes.
struct Sns {
  std::vector<std::string> topics; ///< ARNs; messages of others are refused
  std::string
      certificate_file; ///< PEM: SNS's signing certificates, trusted as they are; empty: fetched and verified
  std::string ca_file;  ///< trust this PEM instead of the system's store; empty: the system's
  bool operator==(const Sns&) const = default;
};

/// One sender that posts to /hooks/NAME.
struct Webhook {
  std::string name;
  std::string token; ///< empty: none is asked for (format sns only)
  webhook::Rules rules;
  std::int64_t requests_per_second = limits::webhook_rate_per_s;
  Sns sns;
  std::optional<Queue> queue; ///< format sqs: it is read, and nobody posts
  bool operator==(const Webhook&) const = default;
};

struct Settings {
  Listen listen;
  std::string store_folder = "/var/lib/kaden";
  StoredMetrics metrics;
  StoredLogs logs;
  std::vector<AccessKey> access_keys;
  bool allow_unsigned_on_loopback = false;
  Arns arns;
  std::vector<Token> tokens;
  std::vector<Webhook> webhooks;
  std::optional<Sip> sip;
  Speech speech;
  incident::Config
      engine; ///< its version is the first 16 hex digits of the text's SHA-256; E.164 numbers are SIP URIs
  std::vector<alarm::Rule> alarms;
  std::vector<MetricFilter> metric_filters;
  Sources sources;
  std::optional<TriageModel> triage_model; ///< rules and time limit are the engine's
  std::optional<Chat> chat;
  LogLevel log_level = LogLevel::info;
  bool operator==(const Settings&) const = default;
};

/// A file's content and its permission bits.
struct FileText {
  std::string text;
  unsigned mode = 0; ///< as in stat(): 0640
};

/// Where secrets come from; tests bring their own.
struct Environment {
  std::function<Result<FileText>(const std::string& path)> read_file;
  std::function<std::optional<std::string>(const std::string& name)> variable;
};
/// Real files (regular ones only, up to limits::config_bytes_max), and the variables as they are now.
Environment process_environment();

/// Reads the file and every secret it names.
Result<Settings> load(const std::string& path, const Environment& environment);
/// The same from text. `file_name` stands before each error, and relative paths begin at its folder.
Result<Settings> parse(std::string_view text, const std::string& file_name, const Environment& environment);
/// How one webhook reads, to be tried before it is used: a map as in the section `webhooks`, whose token is
/// not looked at.
Result<webhook::Rules> parse_webhook_rules(std::string_view text, const std::string& file_name);
/// How one listener judges its mails, to be tried before it is used: a map as in the section `sources.mail`,
/// of which only id, unmatched and rules are looked at.
Result<mailrules::Rules> parse_mail_rules(std::string_view text, const std::string& file_name);
/// Alarm rules alone, to be tried before they are added: a map of one rule, a list of them, or a section
/// `alarms` (other sections are read over).
Result<std::vector<alarm::Rule>> parse_rules(std::string_view text, const std::string& file_name);

} // namespace kaden::config
