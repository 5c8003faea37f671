/// app/network.h - network paths in the program: settings for their watcher, findings as metrics and metrics
/// as readings. Room: app. Uses: config, alarm, probe, source/network. Threads: values; any. Errors: none.
#pragma once

#include <string>
#include <vector>

#include "kaden/alarm.h"
#include "kaden/config.h"
#include "kaden/network.h"

namespace kaden::app {

network::Settings settings_of(const config::Network& network);

std::vector<alarm::Datum> data_of(const std::string& path, const std::string& probe,
                                  const std::string& vantage, const std::vector<probe::Measure>& measures,
                                  WallTime at);
/// What is no view of a path is passed over.
void give(const alarm::Datum& datum, network::Readings& readings);

} // namespace kaden::app
