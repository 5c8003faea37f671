#include "kaden/sqlite.h"

#include <array>
#include <ctime>
#include <utility>

namespace kaden::sqlite {

namespace {

tl::unexpected<Error> failed(sqlite3* database, int code) {
  const char* message = database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code);
  return fail(fault_of(code), std::string(message) + " (SQLite " + std::to_string(code) + ")");
}

/// Two connections of one process (entries and records) share the WAL, and each holds it for one commit, well
/// under a millisecond. SQLite's own handler starts at 1 ms and grows; this one keeps an append's wait short.
int wait_for_other_writer(void* /*context*/, int times) {
  constexpr int short_waits = 100;
  constexpr int waits_max = 1'100; // 100 of 0.1 ms and 1,000 of 5 ms: about 5 s
  if (times >= waits_max) return 0;
  timespec wait{};
  wait.tv_nsec = times < short_waits ? 100'000 : 5'000'000;
  nanosleep(&wait, nullptr);
  return 1;
}

} // namespace

Fault fault_of(int sqlite_code) {
  const int primary = sqlite_code & 0xff;
  if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB) return Fault::corrupt;
  if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED) return Fault::busy;
  if (primary == SQLITE_CONSTRAINT) return Fault::conflict;
  if (primary == SQLITE_TOOBIG) return Fault::invalid;
  if (primary == SQLITE_PERM || primary == SQLITE_AUTH) return Fault::denied;
  return Fault::unavailable;
}

void Statement::bind(int index, std::int64_t value) {
  require(sqlite3_bind_int64(handle_.get(), index, value) == SQLITE_OK, "an integer parameter binds");
}

void Statement::bind_text(int index, std::string_view value) {
  const int code =
      sqlite3_bind_text64(handle_.get(), index, value.data(), value.size(), SQLITE_STATIC, SQLITE_UTF8);
  require(code == SQLITE_OK, "a text parameter binds");
}

void Statement::bind_bytes(int index, std::string_view value) {
  // A null pointer would bind NULL instead of no bytes.
  const char* data = value.data() != nullptr ? value.data() : "";
  const int code = sqlite3_bind_blob64(handle_.get(), index, data, value.size(), SQLITE_STATIC);
  require(code == SQLITE_OK, "a bytes parameter binds");
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return failed(database_, code);
}

Result<void> Statement::run() {
  auto stepped = step();
  reset();
  if (!stepped) return tl::unexpected(std::move(stepped.error()));
  require(!*stepped, "a statement that is run gives no rows");
  return {};
}

void Statement::reset() {
  sqlite3_reset(handle_.get());
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(handle_.get(), column);
}

std::string_view Statement::bytes(int column) const {
  const void* data = sqlite3_column_blob(handle_.get(), column);
  const int size = sqlite3_column_bytes(handle_.get(), column);
  if (data == nullptr || size <= 0) return {};
  return {static_cast<const char*>(data), static_cast<std::size_t>(size)};
}

Result<Database> Database::open(const std::string& path, Mode mode) {
  require(!path.empty() && path.front() == '/', "a database path is absolute");
  // Never SQLITE_OPEN_CREATE: the file is made before, with its mode.
  const int access = mode == Mode::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  sqlite3* handle = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &handle, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  Database database(handle);
  if (code != SQLITE_OK) return failed(handle, code);
  sqlite3_busy_handler(handle, wait_for_other_writer, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  // Closing a reader must not fold the WAL back into the file: that is the writer's to do.
  if (mode == Mode::read_only) sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  auto set = database.execute("PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;");
  if (!set) return tl::unexpected(std::move(set.error()));
  return database;
}

Result<void> Database::execute(const std::string& sql) {
  const int code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failed(handle_.get(), code);
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) const {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return failed(handle_.get(), code);
  return Statement(handle_.get(), statement);
}

Result<Transaction> Transaction::begin(Database& database) {
  auto begun = database.execute("BEGIN IMMEDIATE");
  if (!begun) return tl::unexpected(std::move(begun.error()));
  return Transaction(database);
}

Transaction::Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
  // SQLite rolls back by itself after some failures; a second rollback then does nothing.
  if (database_ != nullptr && sqlite3_get_autocommit(database_->handle()) == 0) {
    static_cast<void>(database_->execute("ROLLBACK"));
  }
}

Result<void> Transaction::commit() {
  auto committed = database_->execute("COMMIT");
  if (!committed) {
    doubtful_ = (sqlite3_errcode(database_->handle()) & 0xff) == SQLITE_IOERR;
    return committed;
  }
  database_ = nullptr;
  return {};
}

} // namespace kaden::sqlite
