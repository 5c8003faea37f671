/// sections.h - the parts of the configuration file, each read into its part of Settings. Room: config.
/// Threads: values; one at a time. Errors: noted in the section's Notes; what was wrong keeps its default.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "kaden/config.h"
#include "reader.h"

namespace kaden::config {

/// What surrounds the file.
struct Surroundings {
  const Environment& environment;
  std::string folder; ///< of the configuration file, "" or with a '/' at its end

  /// Relative paths begin at the configuration file.
  std::string absolute(const std::string& path) const;
};

/// `<key>_file` or `<key>_env`: exactly one, readable, private, within the limits.
std::string read_secret(Section& section, std::string_view key, std::size_t bytes_min,
                        const Surroundings& around);

/// A file that need not be secret; its absolute path, "" when there is none or it cannot be read.
std::string read_plain_file(Section& section, std::string_view key, const Surroundings& around);

// edge.cpp: how Kaden meets the world
Listen read_listen(Section& top, const Surroundings& around);
struct Store {
  std::string folder;
  StoredMetrics metrics;
  StoredLogs logs;
};
Store read_store(Section& top, const Surroundings& around);
std::vector<AccessKey> read_access_keys(Section& top, const Surroundings& around);
std::vector<Token> read_tokens(Section& top, const Surroundings& around);
Arns read_arns(Section& top);
Speech read_speech(Section& top, const Surroundings& around, const std::string& store_folder);
LogLevel read_log_level(Section& top);

// webhooks.cpp: what other tools post
std::vector<Webhook> read_webhooks(Section& top, const Surroundings& around);
webhook::Rules read_webhook_rules(Section& section);

// aws_yaml.cpp
Aws read_aws(Section& top, const Surroundings& around);
/// Of a webhook of format sqs.
std::optional<Queue> read_queue(Section& hook, const std::string& name);

// carriers.cpp
std::optional<Sip> read_sip(Section& top, const Surroundings& around);

// plan.cpp: whom to call
/// Numbers need the trunk's proxy: they become SIP URIs there.
std::vector<incident::Person> read_people(Section& top, const std::optional<Sip>& sip);
std::vector<incident::Policy> read_policies(Section& top, const std::vector<incident::Person>& people);
std::vector<incident::Route> read_routes(Section& top, const std::vector<incident::Policy>& policies);

// logs.cpp: log events and what is counted in them
/// Of the section `store`.
StoredLogs read_stored_logs(Section& store);
std::vector<MetricFilter> read_metric_filters(Section& top);

// sources.cpp and a file for each kind of source: what is watched from outside
Sources read_sources(Section& top, const Surroundings& around, bool keeps_logs);
std::vector<StatusPage> read_status_pages(Section& sources, const Surroundings& around);
std::vector<Vcenter> read_vcenters(Section& sources, const Surroundings& around);
std::optional<Network> read_network(Section& sources, const Surroundings& around);
std::optional<Snmp> read_snmp(Section& sources, const Surroundings& around);

// triage_yaml.cpp
struct TriageSection {
  incident::Triage engine;
  std::optional<TriageModel> model;
};
TriageSection read_triage(Section& top, const Surroundings& around);
std::vector<MailListener> read_mail_listeners(Section& sources, const Surroundings& around);
/// Its rules alone, to be tried on a mail.
mailrules::Rules read_mail_rules(Section& listener);
std::vector<WatchedLog> read_watched_logs(Section& sources, const Surroundings& around, bool keeps_logs);

// chat_yaml.cpp
std::optional<Chat> read_chat(Section& top, const Surroundings& around);

// rules.cpp: what to watch
std::vector<alarm::Rule> read_rules(Section& top);

/// An id, noted when it is missing, malformed or taken. `of` names the kind: "person".
std::string read_id(Section& section, std::set<std::string>& seen, std::string_view of);
/// Notes a second use of an id.
void check_unique(Section& section, std::string_view key, const std::string& value,
                  std::set<std::string>& seen, std::string_view of);
/// A file that is no secret, such as a certificate, by its absolute path; noted when it cannot be read or is
/// empty, and "" then.
std::string read_public_file(Section& section, std::string_view key, const Surroundings& around);
/// The same for a file that only its owner and group may read, such as a key.
std::string read_private_file(Section& section, std::string_view key, const Surroundings& around);
/// Severities of a route, a rule.
const std::vector<std::string_view>& severity_words();
/// A severity, or "none" for nothing; the fallback when the key is missing or wrong.
std::optional<Severity> read_severity_or_none(Section& section, std::string_view key,
                                              std::optional<Severity> fallback);

} // namespace kaden::config
