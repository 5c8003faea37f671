/// app/reload.h - what a new configuration changes at once and what only a restart can change. Room: app.
/// Uses: config. Threads: values; any. Errors: none.
#pragma once

#include <string>
#include <vector>

#include "kaden/config.h"

namespace kaden::app {

/// The sections whose content differs, by their names in the file, in the file's order.
struct Differences {
  std::vector<std::string> taken;        ///< can change while Kaden runs
  std::vector<std::string> need_restart; ///< stay as they were
};
Differences compare(const config::Settings& running, const config::Settings& wanted);

/// `wanted`, with what needs a restart as it is in `running`: what runs after the reload.
config::Settings merge(const config::Settings& running, config::Settings wanted);

/// "reloaded: people, tokens; needs a restart: listen", for the log.
std::string to_words(const Differences& differences);

} // namespace kaden::app
