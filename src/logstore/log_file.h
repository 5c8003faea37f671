// The writing side of the log store's file: rows in, rows out of the way.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "catalog.h"
#include "chunk.h"
#include "kaden/database_file.h"
#include "kaden/sqlite.h"

namespace kaden::logstore {

/// Threads: one. Everything but open(), commit() and used_bytes() is called from inside commit().
class LogFile {
 public:
  static Result<std::unique_ptr<LogFile>> open(const std::string& path);
  LogFile(sqlite::FileLock lock, sqlite::Database database);
  ~LogFile();
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  /// All of `work`, durably, or nothing. unavailable; after a failure in which the disk may hold it all the
  /// same, everything is refused until the file is opened again.
  Result<void> commit(const std::function<Result<void>()>& work);
  bool is_broken() const { return broken_; }
  const sqlite::Database& database() const { return database_; }
  /// Without what is free in it.
  Result<std::uint64_t> used_bytes() const;

  Result<std::int64_t> add_group(const std::string& name, WallTime now, const std::string& tags,
                                 const std::string& maker);
  Result<void> remove_group(std::int64_t group);
  Result<void> set_retention(std::int64_t group, std::optional<int> days);
  Result<void> set_tags(std::int64_t group, const std::string& tags);
  Result<std::int64_t> add_stream(std::int64_t group, const std::string& name, WallTime now,
                                  const std::string& maker);
  Result<void> remove_stream(std::int64_t stream);
  Result<void> put_filter(std::int64_t group, const Filter& filter);
  Result<void> remove_filter(std::int64_t group, const std::string& name);
  /// Adds the bytes of its events, before compression, to `bytes`. `writer`: see Store::append().
  Result<void> add_chunk(const Catalog::Target& target, Slice events, WallTime now, const std::string& writer,
                         std::int64_t& bytes);
  Result<void> note_events(const Catalog::Target& target, std::int64_t bytes, WallTime first, WallTime last,
                           WallTime now);

  /// What was deleted: bytes of each group, before compression.
  struct Dropped {
    std::map<std::int64_t, std::int64_t> bytes;
    std::size_t chunks = 0;
  };
  // Each deletes at most `most` chunks.
  /// Of groups and streams that were removed.
  Result<void> drop_doomed(std::size_t most, Dropped& dropped);
  /// Those that end before `before`.
  Result<void> drop_old(std::int64_t group, WallTime before, std::size_t most, Dropped& dropped);
  /// Those of a writer that came first.
  Result<void> drop_first(const std::string& writer, std::size_t most, Dropped& dropped);
  /// Before compression. A look at an index: some tens of milliseconds for a full file.
  Result<std::map<std::string, std::int64_t>> bytes_of_writers() const;

 private:
  /// Called by SQLite after each commit, which is durable by then.
  static int on_committed(void* self, sqlite3* handle, const char* name, int pages);
  /// Runs a statement with these parameters.
  template <class... Parameters>
  Result<void> run(const char* sql, const Parameters&... parameters);
  Result<std::size_t> drop(sqlite::Statement& select, Dropped& dropped);

  // Owned
  const sqlite::FileLock lock_;
  sqlite::Database database_;
  std::map<const char*, sqlite::Statement> statements_; // by the address of their text
  // State
  bool broken_ = false;
};

} // namespace kaden::logstore
