/// app/vcenter.h - vCenter in the program: its settings for the watcher, and `kaden vcenter alarms`. Room:
/// app. Uses: config, http, source/vcenter. Threads: the command on the main thread. Errors: one sentence on
/// stderr and the exit code (0 done, 1 refused or broken).
#pragma once

#include <optional>
#include <string>

#include "kaden/config.h"
#include "kaden/vcenter.h"

namespace kaden::app {

/// Of a fingerprint in the configuration, of a vCenter or a status page; empty: nothing.
std::optional<std::string> pin_of(const std::string& fingerprint);
vcenter::Settings settings_of(const config::Vcenter& vcenter);

struct VcenterAlarmsOptions {
  std::string config;
  std::string name; ///< one of the configuration's; empty: all
  bool as_json = false;
};
/// Asks each vCenter itself; no running Kaden is needed.
int list_vcenter_alarms(const VcenterAlarmsOptions& options);

} // namespace kaden::app
