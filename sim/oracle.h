/// sim/oracle.h - the promises, checked from outside after each step. Knows nothing of how the engine does
/// it. Threads: one. Errors: throws Violation.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kaden/incident.h"
#include "phones.h"

namespace kaden::sim {

class Oracle {
 public:
  explicit Oracle(Phones& phones) : phones_(phones) {}

  /// One committed input and what came out of it, before anything is released.
  void check_step(const incident::Engine& engine, const incident::Input& input,
                  const std::vector<incident::Effect>& effects);
  /// After the release of a step that no crash cut short.
  void check_released(const incident::Engine& engine, const incident::Input& input) const;
  /// Nobody is forgotten: each call-worthy incident has a call, a date, a place in line, or an end.
  void check_not_stuck(const incident::Engine& engine) const;
  /// When faults have stopped and time has passed: everything has ended.
  void check_ended(const incident::Engine& engine) const;

 private:
  /// What happened to one person in the stage of an incident that is running.
  struct Attempts {
    std::map<std::string, int> ends; ///< how often, by cause
    std::string last;
  };
  struct Stage {
    incident::Policy policy;
    std::map<std::string, Attempts> people;
    std::vector<std::string> people_due;
    std::set<std::string> recovered;
    std::set<std::string> calls; ///< dialled in this stage: a call from before a reopening ends in it, too
    bool is_open = false;
  };
  void follow(const incident::Engine& engine, const incident::Input& input,
              const incident::TimelineEntry& entry);
  void end_stage(const Stage& stage, std::uint64_t incident) const;
  void note_settled(const incident::AlarmReported& in, std::uint64_t incident);
  /// Whether each alarm of the incident is OK, or was once acknowledged at its source and not OK since.
  bool is_all_taken(const incident::Engine& engine, std::uint64_t incident) const;

  // Borrowed
  Phones& phones_;
  // State
  std::map<std::string, incident::Config> configs_;
  std::set<std::string> tokens_;
  enum class Settled : std::uint8_t { ok, taken };
  /// Alarms of incidents that call nobody. An alarm that is OK may fire again into another incident.
  std::map<std::pair<std::uint64_t, std::string>, Settled> settled_;
  std::map<std::uint64_t, Stage> stages_;
};

} // namespace kaden::sim
