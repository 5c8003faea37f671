#include "faults.h"

namespace kaden::sim {

std::string_view to_text(FaultKind fault) {
  constexpr std::array<std::string_view, fault_count> names = {
      "commit_fails",   "slow_commits",     "crash_after_commit", "crash_between_effects",
      "crash_any_time", "trunk_down",       "call_lost",          "progress_repeated",
      "progress_late",  "machine_answers",  "nobody_presses",     "key_repeated",
      "clock_steps",    "input_repeated",   "config_changes",     "verdict_lost",
      "verdict_late",   "verdict_repeated", "model_lies",         "model_fails"};
  return names.at(static_cast<std::size_t>(fault));
}

std::string_view to_text(Mutation mutation) {
  constexpr std::array<std::string_view, mutation_count> names = {"none",
                                                                  "drop_proceed",
                                                                  "drop_answer_key",
                                                                  "drop_end",
                                                                  "drop_recover",
                                                                  "drop_call_ended",
                                                                  "forget_timers",
                                                                  "place_twice",
                                                                  "release_before_commit",
                                                                  "acknowledge_without_commit",
                                                                  "accept_before_commit",
                                                                  "verdict_lies",
                                                                  "wrong_snapshot",
                                                                  "skip_on_replay",
                                                                  "busy_as_declined",
                                                                  "press_for_machines",
                                                                  "verdict_altered",
                                                                  "verdict_swapped",
                                                                  "triage_lowers",
                                                                  "triage_waits"};
  return names.at(static_cast<std::size_t>(mutation));
}

Faults::Faults(Chance& chance, Chance& triage_chance) {
  for (std::size_t i = 0; i < fault_count; ++i)
    on_.at(i) = (i < first_triage_fault ? chance : triage_chance).below(2) == 0;
}

std::string Faults::names() const {
  std::string out;
  for (std::size_t i = 0; i < fault_count; ++i) {
    if (!on_.at(i)) continue;
    if (!out.empty()) out += ' ';
    out += to_text(static_cast<FaultKind>(i));
  }
  return out.empty() ? "none" : out;
}

} // namespace kaden::sim
