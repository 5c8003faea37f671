// The log store's file: opened, made and brought to the newest form.
#pragma once

#include <string>

#include "kaden/base.h"
#include "kaden/sqlite.h"

namespace kaden::logstore {

/// unavailable, corrupt, invalid (another program's file, or of a newer Kaden).
Result<sqlite::Database> open_for_writing(const std::string& path);
/// After open_for_writing.
Result<sqlite::Database> open_for_reading(const std::string& path);

} // namespace kaden::logstore
