/// kaden/kept_events.h - an intake that keeps what it is told, for the tests of sources. Room: source/watch.
/// Uses: base. Threads: one. Errors: unavailable when it is told to be full.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "kaden/source.h"

namespace kaden::source {

class KeptEvents : public Intake {
 public:
  Result<void> report(std::vector<AlarmEvent> told) override {
    if (is_full) return fail(Fault::unavailable, "the disk is full");
    for (AlarmEvent& event : told) events.push_back(std::move(event));
    return {};
  }
  Result<void> report_taken(AlarmEvent event, std::string /*by*/) override {
    return report({std::move(event)});
  }
  /// Nobody took anything.
  Result<std::map<std::string, std::string>> who_took(const std::string& /*source*/,
                                                      const std::vector<std::string>& /*alarms*/) override {
    return std::map<std::string, std::string>{};
  }

  bool is_full = false; ///< then nothing is taken
  std::vector<AlarmEvent> events;
};

} // namespace kaden::source
