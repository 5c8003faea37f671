/// app/import.h - `kaden import`: what is there already, in Kaden's words. Room: app. Uses: base, imports.
/// Threads: the main thread. Errors: one sentence on stderr and the exit code (0 done, 1 refused).
#pragma once

#include <string>

#include "kaden/base.h"

namespace kaden::app {

struct ImportAlarmsOptions {
  std::string file;           ///< "-" is standard input
  std::string requests;       ///< where the script of requests is written, mode 0700; "": nowhere
  bool requests_only = false; ///< every alarm goes there
  Language language{};
};
/// Rules go to stdout, a sentence on how many to stderr.
int import_cloudwatch_alarms(const ImportAlarmsOptions& options);
/// `url`: where agents reach Kaden. 1 too when the agent would refuse the configuration; advice goes to
/// stdout, a sentence on how much is wrong to stderr.
int import_cloudwatch_agent(const std::string& file, const std::string& url, Language language);

} // namespace kaden::app
