/// kaden/snmp_source.h - SNMP as a source: one watcher for traps, one for each device that is polled. Room:
/// source/snmp. Uses: base, runtime, snmp, journal, source/watch. Threads: each watcher belongs to the thread
/// that calls look(); they share a Desk, behind a lock. Errors: none here; what a look met is in its Looked,
/// and after a while in an alarm: a port that cannot be had, a device that does not answer.
///
/// - An inform is answered only when what it said is in the journal and remembered; a trap has no answer, so
/// what comes
///   while Kaden is down is lost, and polls find it.
/// - The state is stored with the news that come of it, in one commit, and then they are told
/// (kaden/outbox.h).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kaden/journal.h"
#include "kaden/runtime.h"
#include "kaden/snmp.h"
#include "kaden/snmp_alarms.h"
#include "kaden/source.h"

namespace kaden::snmp {

struct PolledDevice {
  std::string id; ///< one of the AlarmSettings' devices
  AgentSettings agent;
  Millis poll = limits::snmp_poll;
  Millis unreadable_after = limits::snmp_unreadable;
};

struct Settings {
  AlarmSettings alarms;
  std::optional<ReceiverSettings> traps;
  Millis unreadable_after = seconds(60); ///< traps, when the port cannot be had
  std::vector<PolledDevice> devices;
  std::string identity; ///< of the installation; makes the engine id
};

struct Ports {
  source::Intake& intake;
  journal::Records& records;
  const runtime::Clock& clock;
};
/// What the ports say is stored is read, and written once: how often the engine has begun.
std::vector<std::unique_ptr<source::Watcher>> watch_snmp(Settings settings, const Ports& ports);

} // namespace kaden::snmp
