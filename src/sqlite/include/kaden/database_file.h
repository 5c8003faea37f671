/// kaden/database_file.h - a database's file: made durably, private, locked. Room: sqlite. Uses: base.
/// Threads: any. Errors: unavailable (I/O), conflict (locked), invalid (not a path).
#pragma once

#include <string>

#include "kaden/base.h"

namespace kaden::sqlite {

/// flock(2) on "<path>.lock", held while this lives. A lock beside the database and not on it, so that
/// readers and backups with the sqlite3 program stay possible; the kernel drops it when the process dies.
class FileLock {
 public:
  /// Fault::conflict when another process, or another part of this one, holds it.
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

} // namespace kaden::sqlite
