/// app/secret.h - a command's secret from a file or a variable, and the exit codes of commands. Room: app.
/// Threads: the main thread, before others begin. Errors: not_found; the message names the file, never the
/// secret.
#pragma once

#include <string>

#include "kaden/base.h"

namespace kaden::app {

/// The file's text without the blanks around it; without a file the variable, "" when there is none.
Result<std::string> read_secret(const std::string& file, const char* variable);

/// Prints the error as one sentence to stderr. 2 when Kaden could not be reached, else 1.
int report(const Error& error);

} // namespace kaden::app
