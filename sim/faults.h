/// sim/faults.h - what can go wrong in a run, and the ways to break Kaden on purpose. Threads: values.
/// Errors: none. Swarm testing: each kind of fault is off in half of the runs, for some mistakes show only
/// when others are absent.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "chance.h"

namespace kaden::sim {

enum class FaultKind : std::uint8_t {
  commit_fails,
  slow_commits,
  crash_after_commit,    ///< before any effect of it
  crash_between_effects, ///< acted, but nobody heard of it
  crash_any_time,
  trunk_down,
  call_lost,
  progress_repeated,
  progress_late,
  machine_answers,
  nobody_presses,
  key_repeated,
  clock_steps,
  input_repeated,
  config_changes,
  // Those of triage are drawn apart, so that the nights before it stay as they were.
  verdict_lost,
  verdict_late,
  verdict_repeated,
  model_lies,
  model_fails,
};
inline constexpr std::size_t fault_count = 20;
inline constexpr std::size_t first_triage_fault = 15;
std::string_view to_text(FaultKind fault);

class Faults {
 public:
  /// Which kinds are on in this run.
  Faults(Chance& chance, Chance& triage_chance);
  bool is_on(FaultKind fault) const { return calm_ ? false : on_.at(static_cast<std::size_t>(fault)); }
  /// From here on nothing goes wrong any more.
  void stop() { calm_ = true; }
  bool is_calm() const { return calm_; }
  std::string names() const;

 private:
  std::array<bool, fault_count> on_{};
  bool calm_ = false;
};

/// Kaden broken in one known way; the simulator must notice each.
enum class Mutation : std::uint8_t {
  none,
  drop_proceed,          ///< answered calls stay silent
  drop_answer_key,       ///< keys are taken, but never answered
  drop_end,              ///< phones go on ringing after somebody took it
  drop_recover,          ///< calls of a dead predecessor are never ended
  drop_call_ended,       ///< a call's end is not reported
  forget_timers,         ///< nobody wakes the engine
  place_twice,           ///< each dial reaches the carrier under two tokens
  release_before_commit, ///< act first, commit second
  acknowledge_without_commit,
  accept_before_commit, ///< the sender hears "accepted" too early
  verdict_lies,         ///< "acknowledged" is spoken whatever the key did
  wrong_snapshot,       ///< a snapshot under the position after its own
  skip_on_replay,       ///< recovery misses the journal's last entry
  busy_as_declined,     ///< who is busy is not redialled
  press_for_machines,   ///< an answered call counts as a pressed key
  verdict_altered,      ///< the record holds another verdict than the model gave
  verdict_swapped,      ///< the verdict on one text is taken for another
  triage_lowers,        ///< a model may lower whatever the rules say
  triage_waits,         ///< the time limit is as long as it may be
};
inline constexpr std::size_t mutation_count = 20;
std::string_view to_text(Mutation mutation);

} // namespace kaden::sim
