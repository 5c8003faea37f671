/// incident/plan.h - whom to call, frozen when an incident opens, and how far it got. Room: incident.
/// Pure values and small decisions; the engine moves them (escalation.cpp).
/// Threads: values; a Plan is shared and immutable. Errors: restore answers false or nullptr.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "kaden/incident.h"
#include "pack.h"

namespace kaden::incident {

/// One level, or the last resort as the level after them.
struct Stage {
  std::vector<std::uint32_t> people; ///< indexes of Plan::people
  Millis wait{};
};

/// A copy of policy and people as they were: a later configuration changes nothing for those who are called
/// now.
struct Plan {
  std::string config_version;
  Policy policy;              ///< without levels and an id: nobody is called
  std::vector<Person> people; ///< those the policy names, each once; unknown ones have no methods
  std::vector<bool> known;    ///< beside people: the configuration has this person
  std::vector<Stage> stages;  ///< made from policy: the levels, then the last resort

  bool calls() const { return !policy.levels.empty(); }
};
std::shared_ptr<const Plan> make_plan(const Config& config, const Policy& policy);
/// Nobody is called; only says under which configuration.
std::shared_ptr<const Plan> make_silent_plan(const Config& config);
std::shared_ptr<const Plan> make_test_plan(const Config& config, const Person& person);
std::string plan_text(const Plan& plan);
std::shared_ptr<const Plan> plan_from_text(std::string_view text);

/// One person's place in the queue of a stage.
struct Turn {
  WallTime due{};           ///< not before
  std::uint32_t person = 0; ///< index of Plan::people
  std::uint16_t attempts = 0;
  std::uint16_t busy = 0, no_answer = 0, no_key = 0, carrier = 0; ///< redials used
  std::uint8_t bad_methods = 0; ///< bit k: method k's number is wrong (the 8th and later share a bit)
  bool first : 1 = false;       ///< not reached through no fault of theirs: before all others
  bool waiting : 1 = false;     ///< in the waiting line of this person (derived)
};

/// How far an escalation got. Lives while somebody is yet to be called.
struct Run {
  std::uint32_t round = 0;
  std::uint32_t stage = 0;
  std::int32_t calling = -1;      ///< index of the turn whose call is live
  bool pausing : 1 = false;       ///< the stage's queue is used up; the next begins at due
  bool dialled_stage : 1 = false; ///< somebody was dialled in this stage
  bool dialled_round : 1 = false; ///< the same, in this round
  bool told_waiting : 1 = false;  ///< "line busy" is in the timeline since the last dial
  bool has_due : 1 = false;
  WallTime due{};      ///< when has_due: the engine must look again
  WallTime last_end{}; ///< of the stage's last call
  std::vector<Turn> turns;
};

/// The person's method for the next attempt: methods[attempts % n], past those whose number is wrong.
/// Nothing when none is left.
std::optional<std::size_t> next_method(const Turn& turn, std::size_t methods);
void mark_bad(Turn& turn, std::size_t method);

void save(Packer& out, const Run& run);
bool restore(Unpacker& in, const Plan& plan, Run& run);

} // namespace kaden::incident
