/// app/watched_logs.h - watched logs in the program: their settings for the watchers, and their lines' way
/// into the log store. Room: app. Uses: config, source/logs, logstore. Threads: keep_in() gives a function
/// for any thread, which blocks. Errors: stated there.
#pragma once

#include "kaden/config.h"
#include "kaden/log_source.h"
#include "kaden/logstore.h"

namespace kaden::app {

/// `host` is this machine's name.
logs::Settings settings_of(const config::WatchedLog& log, const std::string& host);
/// Makes groups and streams that are not there. Borrows the store. Errors: busy, unavailable, timeout: the
/// lines may be stored or not.
logs::Keep keep_in(logstore::Store& store);
/// For a store that could not be opened: unavailable.
logs::Keep keep_nowhere();
/// This machine's name, as gethostname(2).
std::string name_of_host();

} // namespace kaden::app
