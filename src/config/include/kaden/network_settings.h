/// kaden/network_settings.h - network paths and SNMP as sources, as the file says them; part of Settings.
/// Room: config. Uses: base, probe. What each field means, with its default and limits, is in
/// docs/configuration.md. Threads: values; any. Errors: none here, see config.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kaden/base.h"
#include "kaden/limits/probes.h"

namespace kaden::config {

/// One probe that Kaden makes itself.
struct NetworkProbe {
  std::string id;
  std::string url;  ///< was checked by probe::parse_target()
  std::string path; ///< one of Network::paths
  Millis every = limits::probe_every;
  Millis timeout = seconds(3);
  std::int64_t packets = limits::probe_packets;
  std::int64_t status_min = 200, status_max = 399;
  std::string expect;
  std::string ca_file; ///< PEM; empty: the system's store
  bool operator==(const NetworkProbe&) const = default;
};

struct NetworkPath {
  std::string id;
  std::string name;              ///< as calls say it; the id when the file has none
  std::vector<std::string> ends; ///< vantage points; Kaden's own when the file has none
  std::int64_t fail_after = 3;
  std::int64_t clear_after = 3;
  std::int64_t loss_percent = 0; ///< 0: not looked at
  std::int64_t latency_ms = 0;   ///< the same
  std::int64_t window = 20;
  std::int64_t expiry_days = 14;
  Severity severity = Severity::critical;
  Severity degraded = Severity::warning;
  bool operator==(const NetworkPath&) const = default;
};

struct Network {
  std::string vantage = "kaden"; ///< what paths call this place
  std::vector<NetworkProbe> probes;
  std::vector<NetworkPath> paths; ///< one for each probe that names none
  Millis silent_after = limits::vantage_silent;
  Severity silent = Severity::error;
  Millis unreadable_after = limits::network_unreadable;
  bool operator==(const Network&) const = default;
};

} // namespace kaden::config
