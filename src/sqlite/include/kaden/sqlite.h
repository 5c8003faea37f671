/// kaden/sqlite.h - the little of SQLite that Kaden's stores need, as values and owners. Room: sqlite. Uses:
/// base. Threads: a Database and its statements belong to one thread at a time. Errors: fault_of() says how
/// SQLite's result codes map to ours.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "kaden/base.h"

namespace kaden::sqlite {

/// FULL, IOERR, CANTOPEN, READONLY and the rest: unavailable. CORRUPT, NOTADB: corrupt. BUSY, LOCKED: busy.
/// CONSTRAINT: conflict (somebody else wrote that row). TOOBIG: invalid.
Fault fault_of(int sqlite_code);

/// A prepared statement. Bound text and bytes are not copied: they must live until reset().
class Statement {
 public:
  Statement() = default;
  Statement(sqlite3* database, sqlite3_stmt* handle) : database_(database), handle_(handle) {}

  void bind(int index, std::int64_t value);
  void bind_text(int index, std::string_view value);
  void bind_bytes(int index, std::string_view value);

  /// True while there is a row to read.
  Result<bool> step();
  /// Steps a statement that gives no rows to its end and resets it, also when it failed.
  Result<void> run();
  void reset();

  std::int64_t integer(int column) const;
  /// Valid until the next step or reset.
  std::string_view bytes(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }
  };
  sqlite3* database_ = nullptr;
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

/// One connection.
class Database {
 public:
  enum class Mode : std::uint8_t { read_write, read_only };

  /// `path` must be absolute, so that SQLite cannot take it for a URI or for ":memory:".
  static Result<Database> open(const std::string& path, Mode mode);

  Result<void> execute(const std::string& sql);
  Result<Statement> prepare(std::string_view sql) const;
  sqlite3* handle() const { return handle_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  explicit Database(sqlite3* handle) : handle_(handle) {}
  std::unique_ptr<sqlite3, Close> handle_;
};

/// A write transaction (BEGIN IMMEDIATE); rolls back when it is not committed.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);
  ~Transaction();
  Transaction(Transaction&& other) noexcept;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  Transaction& operator=(Transaction&&) = delete;
  Result<void> commit();
  /// After a failed commit: true when the disk may hold it all the same (a write or fsync failed).
  bool doubtful() const { return doubtful_; }

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
  bool doubtful_ = false;
};

} // namespace kaden::sqlite
