/// kaden/source_settings.h - what is watched from outside, as the file says it; part of Settings. Room:
/// config. Uses: base, statusfeed. What each field means, with its default and limits, is in
/// docs/configuration.md. Threads: values; any. Errors: none here, see config.h.
#pragma once

#include <string>
#include <vector>

#include "kaden/base.h"
#include "kaden/limits/provider_status.h"
#include "kaden/status_watch.h"

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

struct Sources {
  std::vector<StatusPage> status_pages;
  bool operator==(const Sources&) const = default;
};

} // namespace kaden::config
