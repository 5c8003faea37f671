/// app/rehearse.h - `kaden alarms test`: an alarm rule over stored datapoints, drawn. Room: app. Uses: base,
/// alarm, cloudwatch, config, datapoints, rehearsal. Threads: the main thread; reads beside a running Kaden.
/// Errors: one sentence on stderr and the exit code (0 drawn, 1 refused, or nothing fits the rule, 2 the
/// datapoints cannot be read).
#pragma once

#include <string>

#include "kaden/base.h"
#include "kaden/config.h"
#include "kaden/datapoint_reader.h"
#include "kaden/rehearsal.h"

namespace kaden::app {

struct RehearseOptions {
  std::string rule;                      ///< its name in the configuration, or a YAML file with one rule
  std::string config;                    ///< decides who would be called, and where the datapoints are
  std::string from = "-24h", to = "now"; ///< as rehearsal::parse_moment()
  std::size_t columns = 0;               ///< 0: what the terminal has room for
  Language language = Language::en;
  bool color = false;
};
int run_alarms_test(const RehearseOptions& options);

/// The rule of that name, or those of the file of that name. not_found: neither, with the names there are.
Result<std::vector<alarm::Rule>> find_rules(const std::string& rule, const config::Settings& settings,
                                            const config::Environment& environment);
/// Reads all that may concern the plan's rules, some hours at a time, and evaluates it.
Result<rehearsal::Outcome> rehearse(rehearsal::Plan plan, datapoints::Reader& reader);

} // namespace kaden::app
