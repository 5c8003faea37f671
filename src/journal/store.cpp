#include "store.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace kaden::journal {

namespace {

// Forward only: migration N leads from schema N to schema N + 1, and is never changed once released.
constexpr std::array<const char*, 1> migrations = {
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE entries(position INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, payload BLOB NOT NULL,"
    " chain BLOB NOT NULL) STRICT;"
    "CREATE TABLE snapshots(position INTEGER PRIMARY KEY, chain BLOB NOT NULL, digest BLOB NOT NULL,"
    " state BLOB NOT NULL) STRICT;"
    "CREATE TABLE records(kind TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,"
    " PRIMARY KEY(kind, key)) STRICT, WITHOUT ROWID;"};

Result<std::string> new_installation() {
  std::array<char, 8> random{};
  if (getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
    return fail(Fault::unavailable,
                "naming the installation: " + std::string(std::system_category().message(errno)));
  }
  return to_hex({random.data(), random.size()});
}

/// The first column of the first row; nullopt when there is no row.
Result<std::optional<std::string>> first_value(const Database& database, const char* sql) {
  auto statement = database.prepare(sql);
  if (!statement) return tl::unexpected(std::move(statement.error()));
  auto row = statement->step();
  if (!row) return tl::unexpected(std::move(row.error()));
  if (!*row) return std::nullopt;
  return std::string(statement->bytes(0));
}

/// 0 for an empty file.
Result<std::size_t> schema_of(const Database& database) {
  auto tables = first_value(database, "SELECT count(*) FROM sqlite_schema");
  if (!tables) return tl::unexpected(std::move(tables.error()));
  if (*tables == "0") return 0;
  auto meta = first_value(database, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'meta'");
  if (!meta) return tl::unexpected(std::move(meta.error()));
  if (!meta->has_value()) return fail(Fault::invalid, "this is another program's SQLite file");
  auto schema = first_value(database, "SELECT value FROM meta WHERE name = 'schema'");
  if (!schema) return tl::unexpected(std::move(schema.error()));
  const auto number = parse_int(schema->value_or(""));
  if (!number || *number < 1) return fail(Fault::corrupt, "the schema number is missing");
  if (*number > static_cast<std::int64_t>(migrations.size())) {
    return fail(Fault::invalid, "schema " + std::to_string(*number) +
                                    " is of a newer Kaden, this one knows " +
                                    std::to_string(migrations.size()));
  }
  return static_cast<std::size_t>(*number);
}

Result<void> migrate(Database& database) {
  auto transaction = Transaction::begin(database);
  if (!transaction) return tl::unexpected(std::move(transaction.error()));
  auto schema = schema_of(database);
  if (!schema) return tl::unexpected(std::move(schema.error()));
  if (*schema == migrations.size()) return {};
  auto installation = new_installation();
  if (!installation) return tl::unexpected(std::move(installation.error()));

  std::string sql;
  for (std::size_t next = *schema; next < migrations.size(); ++next) sql += migrations.at(next);
  if (*schema == 0) sql += "INSERT INTO meta VALUES('installation', '" + *installation + "');";
  sql += "INSERT OR REPLACE INTO meta VALUES('schema', '" + std::to_string(migrations.size()) + "');";
  auto done = database.execute(sql);
  if (!done) return done;
  return transaction->commit();
}

} // namespace

Result<Database> open_for_writing(const std::string& path) {
  auto database = Database::open(path, Database::Mode::read_write);
  if (!database) return database;
  // The size limit gives the room of an unusually large snapshot back to the file system.
  auto set = database->execute(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=33554432;"
      "PRAGMA wal_autocheckpoint=0;");
  if (set) set = migrate(*database);
  if (!set) return tl::unexpected(std::move(set.error()));
  return database;
}

Result<Database> open_for_reading(const std::string& path) {
  auto database = Database::open(path, Database::Mode::read_only);
  if (!database) return database;
  auto schema = schema_of(*database);
  if (!schema) return tl::unexpected(std::move(schema.error()));
  if (*schema == 0) return fail(Fault::not_found, "the file is empty");
  if (*schema < migrations.size()) {
    return fail(Fault::invalid, "schema " + std::to_string(*schema) + " is of an older Kaden: serve once");
  }
  return database;
}

Result<std::string> installation_of(const Database& database) {
  auto value = first_value(database, "SELECT value FROM meta WHERE name = 'installation'");
  if (!value) return tl::unexpected(std::move(value.error()));
  if (!value->has_value()) return fail(Fault::corrupt, "the installation's name is missing");
  return std::move(**value);
}

} // namespace kaden::journal
