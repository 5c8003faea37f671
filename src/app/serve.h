/// app/serve.h - `kaden serve`: every room wired together, started, and closed in reverse order. Room: app.
/// Threads: run_serve() blocks the main thread until SIGINT or SIGTERM. Errors: one sentence (or the
/// configuration's list) on stderr; exit code 0 after an orderly end, 1 when it could not start.
#pragma once

#include <string>

namespace kaden::app {

int run_serve(const std::string& config_path);

} // namespace kaden::app
