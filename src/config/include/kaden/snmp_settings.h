/// kaden/snmp_settings.h - SNMP traps and polled devices as a source, as the file says them; part of
/// Settings. Room: config. Uses: base. What each field means, with its default and limits, is in
/// docs/configuration.md. Threads: values; any. Errors: none here, see config.h.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kaden/base.h"
#include "kaden/limits/snmp.h"

namespace kaden::config {

/// Of SNMPv3's user-based security model; the words were checked.
struct SnmpUser {
  std::string name;
  std::string authentication = "none";
  std::string authentication_password; ///< a secret
  std::string privacy = "none";
  std::string privacy_password; ///< a secret
  bool operator==(const SnmpUser&) const = default;
};

struct SnmpDevice {
  std::string id;
  std::string name;    ///< as calls say it; the id when the file has none
  std::string address; ///< IPv4 or IPv6
  std::int64_t port = 161;
  std::string community;               ///< a secret; empty: `user`, or it is not polled
  std::string user;                    ///< one of Snmp::users
  std::vector<std::string> interfaces; ///< globs
  std::map<std::string, std::string> names;
  Millis poll = limits::snmp_poll;
  Millis unreadable_after = limits::snmp_unreadable;
  Severity severity = Severity::critical;
  bool operator==(const SnmpDevice&) const = default;
};

struct SnmpRule {
  std::string trap, name;
  Severity severity = Severity::error;
  std::string by, clear; ///< object identifiers; empty: none
  Millis clear_after{};
  bool operator==(const SnmpRule&) const = default;
};

struct Snmp {
  std::string listen; ///< an address; empty: no traps are received
  std::int64_t port = 162;
  std::vector<std::string> from;        ///< networks
  std::vector<std::string> communities; ///< secrets
  std::vector<SnmpUser> users;
  std::vector<SnmpDevice> devices;
  std::vector<SnmpRule> rules;
  std::optional<Severity> vcenter_yellow = Severity::warning; ///< nothing: passed over
  std::optional<Severity> vcenter_red = Severity::critical;
  bool operator==(const Snmp&) const = default;
};

} // namespace kaden::config
