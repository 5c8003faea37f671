/// app/snmp.h - SNMP in the program: settings for its watchers. Room: app. Uses: config, source/snmp.
/// Threads: values; any. Errors: none.
#pragma once

#include <string>

#include "kaden/config.h"
#include "kaden/snmp_source.h"

namespace kaden::app {

snmp::Settings settings_of(const config::Snmp& snmp, const std::string& installation);

} // namespace kaden::app
