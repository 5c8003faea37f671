/// sim/run.h - one simulated stretch of nights from one seed: sources, people, Kaden, faults; then calm; then
/// the verdict. Threads: one per run. Errors: a broken promise is in the report, nothing is thrown.
#pragma once

#include <cstdint>
#include <string>

#include "faults.h"
#include "process.h"

namespace kaden::sim {

struct Order {
  std::uint64_t seed = 1;
  Millis length = seconds(86'400); ///< with faults; calm time follows until all has ended
  Mutation mutation = Mutation::none;
};
struct Report {
  std::string violation; ///< empty: every promise was kept
  std::string record;    ///< the timeline of the incident it shows in, one line of JSON each
  std::string digest;    ///< of all effects, in order
  std::string faults;
  Counts counts;
  Millis lived{}; ///< virtual time
};
Report run(const Order& order);

} // namespace kaden::sim
