/// kaden/vcenter.h - vCenter as a source: triggered alarms become alarm events, and acknowledgements go both
/// ways. Room: source/vcenter. Uses: base, runtime, vim, journal, http, source/watch.
/// Threads: a Watcher is called by one thread; survey() blocks. Errors: stated at each; what a vCenter
/// answers is never fatal.
///
/// Truth is read, every `poll`, from triggeredAlarmState of the root folder: vSphere promises no notification
/// for it. An event collector, whose latestPage does notify, only makes the next reading come at once.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kaden/base.h"
#include "kaden/http.h"
#include "kaden/journal.h"
#include "kaden/limits/vcenter.h"
#include "kaden/runtime.h"
#include "kaden/source.h"
#include "kaden/vim.h"

namespace kaden::vcenter {

inline constexpr const char* source_name = "vcenter"; ///< of its alarm events

/// How grave an alarm is; the first rule that matches decides. Globs without regard to case.
struct Rule {
  std::string alarm = "*";  ///< of its name, or of its system name ("alarm.HostConnectionStateAlarm")
  std::string entity = "*"; ///< of the entity's name, or of its inventory path
  std::optional<Severity> yellow = Severity::warning; ///< nothing: yellow is passed over
  std::optional<Severity> red = Severity::critical;
};

struct Settings {
  std::string name;          ///< names it in alarms and event ids, 1 to 64 of [a-z0-9_-]; never change it
  std::string spoken_name{}; ///< as calls say it; empty: its name
  std::string url;           ///< "https://vcenter.example/sdk"
  std::string user;
  std::string password;
  std::string ca_file{};
  std::optional<std::string> certificate_pin{};
  std::vector<Rule> rules{}; ///< none matches: as a Rule by default
  bool acknowledge = true;   ///< send acknowledgements to vCenter
  Millis poll = limits::vcenter_poll;
  Millis unreadable_after = limits::vcenter_unreadable;
};

/// One HTTP exchange; http::Client::send, or a test's.
using Exchange = std::function<Result<http::Response>(const http::ClientRequest&)>;

struct Ports {
  source::Intake& intake;
  journal::Records& records; ///< what was reported, so that a restart brings no old news
  const runtime::Clock& clock;
  Exchange exchange;
};
/// Stored are the records of kind "source_state", key "vcenter/NAME", and of kind "vcenter_alarm". What of
/// them cannot be read is begun anew, and the first look says so.
std::unique_ptr<source::Watcher> watch_vcenter(Settings settings, const Ports& ports);

// For people: `kaden vcenter alarms`
// ----------------------------------------------------------------------------------------------------

struct Definition {
  std::string name, system_name, description;
  std::string defined_on; ///< the entity's name
  bool enabled = true;
  std::vector<vim::AlarmAction> actions;
};
struct Triggered {
  std::string alarm, entity, entity_type, path;
  vim::AlarmState state;
};
struct Survey {
  std::string server; ///< "VMware vCenter Server 8.0.3 ..."
  std::vector<Definition> definitions;
  std::string definitions_trouble; ///< why there are none
  std::vector<Triggered> triggered;
};
/// Logs in, reads everything, logs out. Errors: unavailable, denied (user, password or certificate), invalid.
Result<Survey> survey(const Settings& settings, const Exchange& exchange, WallTime now);
json::value to_json(const Survey& survey);
/// As a table for a terminal.
std::string to_text(const Survey& survey);

} // namespace kaden::vcenter
