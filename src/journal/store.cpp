#include "store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
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

std::string errno_text() {
  return std::system_category().message(errno);
}

/// Open file descriptor, closed at the end of its scope.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

Result<void> sync_folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path();
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.number() < 0 || fsync(opened.number()) != 0) {
    return fail(Fault::unavailable, "syncing the folder " + folder + ": " + errno_text());
  }
  return {};
}

Result<std::string> new_installation() {
  std::array<char, 8> random{};
  if (getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
    return fail(Fault::unavailable, "naming the installation: " + errno_text());
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

Result<FileLock> FileLock::take(const std::string& path) {
  const std::string name = path + ".lock";
  const int descriptor = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (descriptor < 0) return fail(Fault::unavailable, "opening " + name + ": " + errno_text());
  FileLock lock(descriptor);
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return fail(Fault::conflict, path + " is open in another Kaden");
    return fail(Fault::unavailable, "locking " + name + ": " + errno_text());
  }
  return lock;
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock::~FileLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

Result<std::string> absolute_path(const std::string& path) {
  std::error_code code;
  const std::string absolute = std::filesystem::absolute(path, code);
  if (path.empty() || code) return fail(Fault::invalid, "'" + path + "' is not a path");
  return absolute;
}

Result<void> make_file(const std::string& path) {
  // O_EXCL: a database that is there is never opened here, since closing any descriptor of it would drop the
  // POSIX locks that SQLite holds in this process.
  const Descriptor made(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (made.number() >= 0) {
    if (fsync(made.number()) != 0) return fail(Fault::unavailable, "creating " + path + ": " + errno_text());
    return sync_folder_of(path);
  }
  if (errno != EEXIST) return fail(Fault::unavailable, "creating " + path + ": " + errno_text());
  if (chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0) {
    return fail(Fault::unavailable, "setting the mode of " + path + ": " + errno_text());
  }
  return {};
}

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
