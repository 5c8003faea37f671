/// kaden/source_settings.h - what is watched from outside, as the file says it; part of Settings. Room:
/// config. Uses: base, statusfeed, smtp, mailrules. What each field means, with its default and limits, is in
/// docs/configuration.md. Threads: values; any. Errors: none here, see config.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kaden/aws_settings.h"
#include "kaden/base.h"
#include "kaden/client_network.h"
#include "kaden/limits/mail.h"
#include "kaden/limits/provider_status.h"
#include "kaden/limits/vcenter.h"
#include "kaden/mail_rules.h"
#include "kaden/network_settings.h"
#include "kaden/snmp_settings.h"
#include "kaden/status_watch.h"
#include "kaden/watched_logs.h"

namespace kaden::config {

/// One provider's status page.
struct StatusPage {
  std::string id;   ///< begins its event ids
  std::string name; ///< of the provider, as calls say it; the id when the file has none
  std::string url;
  Millis poll = limits::status_poll;
  Millis timeout = limits::status_timeout;
  Millis unreadable_after = limits::status_unreadable;
  Severity unreadable = Severity::error;
  Millis first_age_max = limits::status_first_age;
  statusfeed::Filter filter;
  bool maintenance_too = false;
  std::vector<statusfeed::SeverityRule> severities; ///< before the built-in ones
  bool allow_plain = false;                         ///< http on other addresses than loopback
  std::string ca_file;                              ///< PEM; empty: the system's store
  std::string certificate_sha256;                   ///< as written; empty: none
  bool operator==(const StatusPage&) const = default;
};

/// How grave a vCenter's alarm is; the first that matches decides.
struct VcenterRule {
  std::string alarm = "*";                            ///< glob of its name or system name
  std::string entity = "*";                           ///< glob of the entity's name or path
  std::optional<Severity> yellow = Severity::warning; ///< nothing: passed over
  std::optional<Severity> red = Severity::critical;
  bool operator==(const VcenterRule&) const = default;
};

/// One vCenter.
struct Vcenter {
  std::string id;   ///< begins its alarms' names
  std::string name; ///< as calls say it; the id when the file has none
  std::string url;
  std::string user;
  std::string password;
  Millis poll = limits::vcenter_poll;
  Millis unreadable_after = limits::vcenter_unreadable;
  bool acknowledge = true;
  std::vector<VcenterRule> rules;
  std::string ca_file;            ///< PEM; empty: the system's store
  std::string certificate_sha256; ///< as written; empty: none
  bool operator==(const Vcenter&) const = default;
};

/// One SMTP listener.
struct MailListener {
  std::string id;   ///< begins the names of its own alarms
  std::string name; ///< as calls say it; the id when the file has none
  std::string address = "127.0.0.1";
  std::uint16_t port = 2525;
  std::string hostname;
  std::vector<std::string> recipients, senders; ///< globs; a sender "" is the empty path
  std::vector<smtp::Network> networks;
  std::string certificate_file, key_file; ///< empty: no STARTTLS
  bool allow_plain = false;
  std::size_t message_bytes_max = limits::mail_message_bytes;
  Millis unreadable_after = seconds(60);
  Millis silent_after{}; ///< 0: silence is no alarm
  Severity silent = Severity::error;
  mailrules::Rules rules;
  bool operator==(const MailListener&) const = default;
};

struct Sources {
  std::vector<StatusPage> status_pages;
  std::vector<Vcenter> vcenters;
  std::optional<Network> network;
  std::optional<Snmp> snmp;
  std::vector<MailListener> mail;
  std::vector<WatchedLog> logs;
  Aws aws;                   ///< section `aws`
  std::vector<Queue> queues; ///< of the webhooks of format sqs
  bool operator==(const Sources&) const = default;
};

} // namespace kaden::config
