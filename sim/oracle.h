/// sim/oracle.h - the promises, checked from outside after each step. Knows nothing of how the engine does
/// it. Threads: one. Errors: throws Violation.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kaden/incident.h"
#include "model.h"
#include "phones.h"

namespace kaden::sim {

class Oracle {
 public:
  Oracle(Phones& phones, Model& model, const Faults& faults);

  /// One committed input and what came out of it, before anything is released.
  void check_step(const incident::Engine& engine, const incident::Input& input, WallTime at,
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
  void note_settled(const incident::TimelineEntry& entry);
  void note_reported(const AlarmEvent& event);
  /// Severities follow the rules and what the model really said, within the time limit.
  void check_triaged(const incident::TimelineEntry& entry) const;
  /// Whether each alarm of the incident is OK, or was once acknowledged at its source and not OK since.
  bool is_all_taken(const incident::Engine& engine, std::uint64_t incident) const;

  // Borrowed
  Phones& phones_;
  Model& model_;
  const bool is_punctual_; ///< nothing of this run delays what is due, but crashes
  // State
  std::map<std::string, incident::Config> configs_;
  std::set<std::string> tokens_;
  enum class Settled : std::uint8_t { ok, taken };
  /// Alarms of incidents that call nobody. An alarm that is OK may fire again into another incident.
  std::map<std::pair<std::uint64_t, std::string>, Settled> settled_;
  std::map<std::uint64_t, Stage> stages_;
  struct Reported {
    std::string cluster;
    std::set<Severity> severities;    ///< ever, by its source
    std::optional<WallTime> asked_at; ///< a model, last, in this life of the process
  };
  std::map<std::string, Reported> reported_;         ///< by alarm
  std::map<std::uint64_t, std::string> alarm_heard_; ///< of each incident, the last
};

} // namespace kaden::sim
