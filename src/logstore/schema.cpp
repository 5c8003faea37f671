#include "schema.h"

#include <array>

namespace kaden::logstore {

namespace {

using sqlite::Database;
using sqlite::Transaction;

// Forward only: migration N leads from schema N to schema N + 1, and is never changed once released. Numbers
// of groups, streams and chunks are never given twice (AUTOINCREMENT): a chunk of a group that was deleted
// can belong to no other, and a reader may keep a chunk under its number.
constexpr std::array<const char*, 3> migrations = {
    "CREATE TABLE groups(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,"
    " created_ms INTEGER NOT NULL, retention_days INTEGER NOT NULL, bytes INTEGER NOT NULL,"
    " tags TEXT NOT NULL) STRICT;"
    "CREATE TABLE streams(id INTEGER PRIMARY KEY AUTOINCREMENT, group_id INTEGER NOT NULL, name TEXT NOT "
    "NULL,"
    " created_ms INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,"
    " ingested_ms INTEGER NOT NULL, UNIQUE(group_id, name)) STRICT;"
    "CREATE TABLE filters(group_id INTEGER NOT NULL, name TEXT NOT NULL, created_ms INTEGER NOT NULL,"
    " definition TEXT NOT NULL, PRIMARY KEY(group_id, name)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE chunks(id INTEGER PRIMARY KEY AUTOINCREMENT, group_id INTEGER NOT NULL,"
    " stream_id INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,"
    " ingested_ms INTEGER NOT NULL, raw_bytes INTEGER NOT NULL, data BLOB NOT NULL) STRICT;"
    "CREATE INDEX chunks_of_group ON chunks(group_id, first_ms, last_ms, stream_id);"
    "CREATE INDEX chunks_of_stream ON chunks(stream_id, first_ms, last_ms, group_id);"
    // What is to be deleted, bit by bit: kind 0 is a group, 1 a stream.
    "CREATE TABLE doomed(kind INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY(kind, id)) STRICT,"
    " WITHOUT ROWID;",
    // Which access key made it; empty: Kaden itself, or before this was remembered.
    "ALTER TABLE groups ADD COLUMN maker TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE streams ADD COLUMN maker TEXT NOT NULL DEFAULT '';",
    // Which access key sent it: who writes most loses first, in whosever group. What was there before is
    // nobody's, and goes first as it did.
    "ALTER TABLE chunks ADD COLUMN writer TEXT NOT NULL DEFAULT '';"
    "CREATE INDEX chunks_of_writer ON chunks(writer, id, raw_bytes);"};

/// In the file's head, so that a file of another program is told from ours.
constexpr std::int64_t application_id = 0x4b4c4f47; // "KLOG"

Result<std::int64_t> number(const Database& database, const char* sql) {
  auto statement = database.prepare(sql);
  if (!statement) return tl::unexpected(std::move(statement.error()));
  auto row = statement->step();
  if (!row) return tl::unexpected(std::move(row.error()));
  return *row ? statement->integer(0) : 0;
}

/// 0 for an empty file.
Result<std::size_t> schema_of(const Database& database) {
  const auto tables = number(database, "SELECT count(*) FROM sqlite_schema");
  if (!tables) return tl::unexpected<Error>(tables.error());
  if (*tables == 0) return 0;
  const auto application = number(database, "PRAGMA application_id");
  if (!application) return tl::unexpected<Error>(application.error());
  if (*application != application_id) return fail(Fault::invalid, "this is another program's SQLite file");
  const auto version = number(database, "PRAGMA user_version");
  if (!version) return tl::unexpected<Error>(version.error());
  if (*version < 1) return fail(Fault::corrupt, "the schema number is missing");
  if (*version > static_cast<std::int64_t>(migrations.size())) {
    return fail(Fault::invalid, "schema " + std::to_string(*version) +
                                    " is of a newer Kaden, this one knows " +
                                    std::to_string(migrations.size()));
  }
  return static_cast<std::size_t>(*version);
}

Result<void> migrate(Database& database) {
  auto transaction = Transaction::begin(database);
  if (!transaction) return tl::unexpected(std::move(transaction.error()));
  const auto schema = schema_of(database);
  if (!schema) return tl::unexpected<Error>(schema.error());
  if (*schema == migrations.size()) return {};
  std::string sql;
  for (std::size_t next = *schema; next < migrations.size(); ++next) sql += migrations.at(next);
  sql += "PRAGMA application_id=" + std::to_string(application_id) + ";";
  sql += "PRAGMA user_version=" + std::to_string(migrations.size()) + ";";
  if (auto done = database.execute(sql); !done) return done;
  return transaction->commit();
}

} // namespace

Result<Database> open_for_writing(const std::string& path) {
  auto database = Database::open(path, Database::Mode::read_write);
  if (!database) return database;
  auto set = database->execute(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=67108864;"
      "PRAGMA wal_autocheckpoint=0;");
  if (set) set = migrate(*database);
  if (!set) return tl::unexpected(std::move(set.error()));
  return database;
}

Result<Database> open_for_reading(const std::string& path) {
  return Database::open(path, Database::Mode::read_only);
}

} // namespace kaden::logstore
