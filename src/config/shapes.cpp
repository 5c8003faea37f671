#include "shapes.h"

#include <algorithm>

#include "kaden/result.h"

namespace kaden::config {

const std::vector<Shape>& shapes() {
  static const std::vector<Shape> all{
      {"",
       {"listen", "store", "access_keys", "allow_unsigned_on_loopback", "arns", "aws", "tokens", "webhooks",
        "carriers", "speech", "people", "policies", "routes", "triage", "alarms", "metric_filters", "sources",
        "chat", "log"}},
      {"listen", {"address", "port", "certificate", "key", "allow_plain", "public_url"}},
      {"store", {"folder", "metrics", "logs"}},
      {"store.metrics", {"keep_days", "most_mib"}},
      {"store.logs", {"keep_days", "most_mib"}},
      {"access_keys[]",
       {"id", "secret_file", "secret_env", "session_token_file", "session_token_env", "may",
        "requests_per_second", "bytes_per_second", "metrics", "namespaces", "log_groups"}},
      {"arns", {"region", "account"}},
      {"aws", {"region", "profile", "ca_file", "endpoints", "fips", "dual_stack", "instance_metadata"}},
      {"tokens[]", {"name", "token_file", "token_env", "may"}},
      {"webhooks[]",
       {"name", "format", "token_file", "token_env", "source", "severity", "severities", "machine_labels",
        "requests_per_second", "sns", "map", "queue"}},
      {"webhooks[].queue", {"url", "name", "severity", "unreadable_s"}},
      {"webhooks[].sns", {"topics", "certificate", "ca"}},
      {"webhooks[].map",
       {"each", "alarm", "event_id", "state", "states", "severity", "machine", "title", "reason", "labels"}},
      {"carriers", {"sip"}},
      {"carriers.sip",
       {"bind", "port", "advertise", "from", "display", "proxy", "user", "password_file", "password_env",
        "rtp_ports", "rtp_symmetric", "require_media", "allow"}},
      {"speech", {"open_jtalk", "dictionary", "voice_ja", "cache_folder"}},
      {"people[]", {"id", "name", "language", "call"}},
      {"policies[]", {"id", "levels", "rounds", "redial", "ring_s", "last_resort"}},
      {"policies[].levels[]", {"people", "wait_s"}},
      {"policies[].redial", {"busy", "no_answer", "no_key", "carrier_failed"}},
      {"policies[].redial.*", {"wait_s", "most"}},
      {"routes[]", {"severity", "source", "labels", "policy", "group_by"}},
      {"triage", {"rules", "time_limit_s", "model"}},
      {"triage.rules[]", {"source", "labels", "text", "severity", "model_may_lower_to", "ask_model"}},
      {"triage.model",
       {"api", "id", "region", "url", "access_key_id", "secret_file", "secret_env", "session_token_file",
        "session_token_env", "api_key_file", "api_key_env", "answer", "temperature", "tokens", "tokens_field",
        "concurrent", "allow_plain", "ca_file"}},
      {"alarms[]",
       {"name",     "namespace",  "metric",   "for_each", "where",    "where_regex", "statistic",
        "period_s", "datapoints", "of",       "when",     "clear",    "missing",     "low_samples",
        "unit",     "wall_clock", "silent_s", "retire_s", "severity", "say",         "labels"}},
      {"alarms[].say", {"ja", "en"}},
      {"metric_filters[]",
       {"name", "group", "pattern", "namespace", "metric", "value", "default", "dimensions", "unit"}},
      {"sources.snmp", {"listen", "port", "from", "communities", "users", "devices", "rules", "vcenter"}},
      {"sources.snmp.communities[]", {"community_file", "community_env"}},
      {"sources.snmp.users[]",
       {"name", "authentication", "authentication_password_file", "authentication_password_env", "privacy",
        "privacy_password_file", "privacy_password_env"}},
      {"sources.snmp.devices[]",
       {"id", "name", "address", "port", "community_file", "community_env", "user", "interfaces", "names",
        "poll_s", "unreadable_s", "severity"}},
      {"sources.snmp.rules[]", {"trap", "name", "severity", "by", "clear", "clear_s"}},
      {"sources.snmp.vcenter", {"yellow", "red"}},
      {"sources.network", {"vantage", "probes", "paths", "silent_s", "silent_severity", "unreadable_s"}},
      {"sources.network.probes[]",
       {"id", "url", "path", "interval_s", "timeout_s", "packets", "status_min", "status_max", "expect",
        "ca_file"}},
      {"sources.network.paths[]",
       {"id", "name", "ends", "fail_after", "clear_after", "loss_percent", "latency_ms", "window",
        "expiry_days", "severity", "degraded_severity"}},
      {"sources", {"status_pages", "vcenters", "network", "snmp", "mail", "logs"}},
      {"sources.mail[]",
       {"id", "name", "address", "port", "hostname", "recipients", "senders", "networks", "certificate",
        "key", "allow_plain", "most_mib", "unreadable_s", "silent_s", "silent_severity", "unmatched",
        "rules"}},
      {"sources.mail[].rules[]",
       {"id", "when", "clear", "except", "alarm", "machine", "title", "reason", "labels", "severity",
        "severity_field", "severities"}},
      {"sources.mail[].rules[].when",
       {"sender", "subject", "body", "sender_regex", "subject_regex", "body_regex"}},
      {"sources.logs[]",
       {"id", "name", "files", "syslog", "journal", "log_groups", "group", "stream", "machine",
        "unreadable_s", "unreadable_severity", "silent_s", "alarms"}},
      {"sources.logs[].files",
       {"paths", "exclude", "record_start", "encoding", "from_beginning", "may_be_missing"}},
      {"sources.logs[].syslog",
       {"udp", "tcp", "tls", "certificate", "key", "client_ca", "local", "allow_plain", "rate_per_s"}},
      {"sources.logs[].journal", {"folder", "units", "from_beginning"}},
      {"sources.logs[].alarms[]",
       {"id", "name", "raise", "clear", "quiet_s", "repeat_s", "severity", "keys", "labels", "say"}},
      {"sources.logs[].alarms[].say", {"ja", "en"}},
      {"sources.vcenters[]",
       {"id", "name", "url", "user", "password_file", "password_env", "poll_s", "unreadable_s", "acknowledge",
        "severities", "ca_file", "certificate_sha256"}},
      {"sources.vcenters[].severities[]", {"alarm", "entity", "yellow", "red"}},
      {"sources.status_pages[]",
       {"id", "name", "url", "poll_s", "timeout_s", "unreadable_s", "unreadable_severity", "first_look_s",
        "include", "exclude", "maintenance", "severities", "allow_plain", "ca_file", "certificate_sha256"}},
      {"sources.status_pages[].severities[]", {"stage", "impact", "severity"}},
      {"chat", {"language", "ack_link_s", "slack"}},
      {"chat.slack",
       {"webhook_file", "webhook_env", "token_file", "token_env", "channel", "api_url", "ca_file"}},
      {"log", {"level"}},
  };
  return all;
}

const Shape& shape_of(std::string_view path) {
  const auto& all = shapes();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Shape& shape) { return shape.path == path; });
  require(found != all.end(), "every section of the configuration has its row in shapes()");
  return *found;
}

} // namespace kaden::config
