/// store.h - the journal's file: its schema and its migrations. Room: journal, inside.
/// Errors: unavailable, invalid (not ours, or of a newer Kaden), corrupt.
#pragma once

#include <string>

#include "kaden/database_file.h"
#include "kaden/sqlite.h"

namespace kaden::journal {

using sqlite::absolute_path;
using sqlite::Database;
using sqlite::FileLock;
using sqlite::make_file;
using sqlite::Statement;
using sqlite::Transaction;

/// A connection for writing: WAL, synchronous=FULL, the newest schema.
Result<Database> open_for_writing(const std::string& path);
/// A connection for reading; checks that the file is a journal of this schema.
Result<Database> open_for_reading(const std::string& path);
Result<std::string> installation_of(const Database& database);

} // namespace kaden::journal
