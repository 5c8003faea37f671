/// app/import.h - `kaden import`: what is there already, in Kaden's words. Room: app. Uses: base, imports.
/// Threads: the main thread. Errors: one sentence on stderr and the exit code (0 done, 1 refused).
#pragma once

#include <string>

#include "kaden/base.h"

namespace kaden::app {

/// `file`: "-" is standard input. Rules go to stdout, a sentence on how many to stderr.
int import_cloudwatch_alarms(const std::string& file, Language language);
/// `url`: where agents reach Kaden.
int import_cloudwatch_agent(const std::string& file, const std::string& url, Language language);

} // namespace kaden::app
