/// kaden/file.h - a file descriptor that closes itself, and what errno says. Room: channel. Uses: base,
/// runtime. Threads: any. Errors: not_found, unavailable.
#pragma once

#include <string>

#include "kaden/base.h"
#include "kaden/descriptor.h"

namespace kaden::channel {

using File = runtime::Descriptor;

/// "reading /proc/stat: no such file", from errno.
Error errno_error(const std::string& doing);

} // namespace kaden::channel
