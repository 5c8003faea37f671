/// store.h - the journal's file: made durably, locked, migrated. Room: journal, inside.
/// Errors: unavailable, conflict (locked), invalid (not ours, or of a newer Kaden), corrupt.
#pragma once

#include <string>

#include "sqlite.h"

namespace kaden::journal {

/// flock(2) on "<path>.lock", held while this lives. A lock beside the database and not on it, so that
/// readers and backups with the sqlite3 program stay possible; the kernel drops it when the process dies.
class FileLock {
 public:
  /// Fault::conflict when another process, or another journal of this one, holds it.
  static Result<FileLock> take(const std::string& path);
  ~FileLock();
  FileLock(FileLock&& other) noexcept;
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  FileLock& operator=(FileLock&&) = delete;

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

Result<std::string> absolute_path(const std::string& path);
/// An empty file of mode 0600 and its folder's entry, both on disk. A file that is there gets mode 0600.
Result<void> make_file(const std::string& path);
/// A connection for writing: WAL, synchronous=FULL, the newest schema.
Result<Database> open_for_writing(const std::string& path);
/// A connection for reading; checks that the file is a journal of this schema.
Result<Database> open_for_reading(const std::string& path);
Result<std::string> installation_of(const Database& database);

} // namespace kaden::journal
