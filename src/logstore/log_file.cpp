#include "log_file.h"

#include <algorithm>

#include "schema.h"

namespace kaden::logstore {

namespace {

using sqlite::Statement;
using sqlite::Transaction;

/// The WAL is folded back into the file after this many pages (16 MiB).
constexpr int checkpoint_pages = 4'096;

void bind_one(Statement& statement, int index, std::int64_t value) {
  statement.bind(index, value);
}
void bind_one(Statement& statement, int index, WallTime value) {
  statement.bind(index, to_ms(value));
}
void bind_one(Statement& statement, int index, const std::string& value) {
  statement.bind_text(index, value);
}
/// Bytes, where std::string is text.
struct Bytes {
  const std::string& value;
};
void bind_one(Statement& statement, int index, const Bytes& bytes) {
  statement.bind_bytes(index, bytes.value);
}

Result<std::int64_t> pragma(const sqlite::Database& database, const char* sql) {
  auto statement = database.prepare(sql);
  if (!statement) return tl::unexpected(std::move(statement.error()));
  const auto row = statement->step();
  if (!row) return tl::unexpected<Error>(row.error());
  return *row ? statement->integer(0) : 0;
}

} // namespace

LogFile::LogFile(sqlite::FileLock lock, sqlite::Database database)
    : lock_(std::move(lock)), database_(std::move(database)) {
  sqlite3_wal_hook(database_.handle(), &LogFile::on_committed, this);
}

LogFile::~LogFile() {
  sqlite3_wal_hook(database_.handle(), nullptr, nullptr);
}

Result<std::unique_ptr<LogFile>> LogFile::open(const std::string& path) {
  auto lock = sqlite::FileLock::take(path);
  if (!lock) return tl::unexpected(std::move(lock.error()));
  if (auto made = sqlite::make_file(path); !made) return tl::unexpected(std::move(made.error()));
  auto database = open_for_writing(path);
  if (!database) return tl::unexpected(std::move(database.error()));
  return std::make_unique<LogFile>(std::move(*lock), std::move(*database));
}

int LogFile::on_committed(void* self, sqlite3* handle, const char* name, int pages) {
  if (pages >= checkpoint_pages) {
    const int code = sqlite3_wal_checkpoint_v2(handle, name, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    // After a failed fsync the kernel may call the lost pages clean; the next fsync would then succeed
    // falsely.
    if ((code & 0xff) == SQLITE_IOERR) static_cast<LogFile*>(self)->broken_ = true;
  }
  return SQLITE_OK;
}

Result<void> LogFile::commit(const std::function<Result<void>()>& work) {
  if (broken_)
    return fail(Fault::unavailable, "the disk of the log store failed in an earlier write: restart");
  auto transaction = Transaction::begin(database_);
  if (!transaction) return tl::unexpected(std::move(transaction.error()));
  if (auto done = work(); !done) return done;
  auto committed = transaction->commit();
  if (!committed && transaction->doubtful()) broken_ = true;
  return committed;
}

Result<std::uint64_t> LogFile::used_bytes() const {
  const auto pages = pragma(database_, "PRAGMA page_count");
  if (!pages) return tl::unexpected<Error>(pages.error());
  const auto unused = pragma(database_, "PRAGMA freelist_count");
  if (!unused) return tl::unexpected<Error>(unused.error());
  const auto size = pragma(database_, "PRAGMA page_size");
  if (!size) return tl::unexpected<Error>(size.error());
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, *pages - *unused) * *size);
}

template <class... Parameters>
Result<void> LogFile::run(const char* sql, const Parameters&... parameters) {
  auto known = statements_.find(sql);
  if (known == statements_.end()) {
    auto prepared = database_.prepare(sql);
    if (!prepared) return tl::unexpected(std::move(prepared.error()));
    known = statements_.emplace(sql, std::move(*prepared)).first;
  }
  int index = 0;
  (bind_one(known->second, ++index, parameters), ...);
  return known->second.run();
}

Result<std::int64_t> LogFile::add_group(const std::string& name, WallTime now, const std::string& tags,
                                        const std::string& maker) {
  static constexpr char sql[] =
      "INSERT INTO groups(name, created_ms, retention_days, bytes, tags, maker)"
      " VALUES(?1, ?2, 0, 0, ?3, ?4)";
  if (auto done = run(sql, name, now, tags, maker); !done) return tl::unexpected(std::move(done.error()));
  return sqlite3_last_insert_rowid(database_.handle());
}

Result<void> LogFile::remove_group(std::int64_t group) {
  static constexpr const char* parts[] = {
      "DELETE FROM groups WHERE id = ?1", "DELETE FROM streams WHERE group_id = ?1",
      "DELETE FROM filters WHERE group_id = ?1", "INSERT OR IGNORE INTO doomed VALUES(0, ?1)"};
  for (const char* sql : parts) {
    if (auto done = run(sql, group); !done) return done;
  }
  return {};
}

Result<void> LogFile::set_retention(std::int64_t group, std::optional<int> days) {
  static constexpr char sql[] = "UPDATE groups SET retention_days = ?2 WHERE id = ?1";
  return run(sql, group, std::int64_t{days.value_or(0)});
}

Result<void> LogFile::set_tags(std::int64_t group, const std::string& tags) {
  static constexpr char sql[] = "UPDATE groups SET tags = ?2 WHERE id = ?1";
  return run(sql, group, tags);
}

Result<std::int64_t> LogFile::add_stream(std::int64_t group, const std::string& name, WallTime now,
                                         const std::string& maker) {
  static constexpr char sql[] =
      "INSERT INTO streams(group_id, name, created_ms, first_ms, last_ms, ingested_ms, maker)"
      " VALUES(?1, ?2, ?3, ?4, ?4, ?4, ?5)";
  if (auto done = run(sql, group, name, now, std::int64_t{INT64_MIN}, maker); !done) {
    return tl::unexpected(std::move(done.error()));
  }
  return sqlite3_last_insert_rowid(database_.handle());
}

Result<void> LogFile::remove_stream(std::int64_t stream) {
  static constexpr char remove[] = "DELETE FROM streams WHERE id = ?1";
  static constexpr char doom[] = "INSERT OR IGNORE INTO doomed VALUES(1, ?1)";
  if (auto done = run(remove, stream); !done) return done;
  return run(doom, stream);
}

Result<void> LogFile::put_filter(std::int64_t group, const Filter& filter) {
  static constexpr char sql[] = "INSERT OR REPLACE INTO filters VALUES(?1, ?2, ?3, ?4)";
  return run(sql, group, filter.name, filter.created, filter_to_text(filter));
}

Result<void> LogFile::remove_filter(std::int64_t group, const std::string& name) {
  static constexpr char sql[] = "DELETE FROM filters WHERE group_id = ?1 AND name = ?2";
  return run(sql, group, name);
}

Result<void> LogFile::add_chunk(const Catalog::Target& target, Slice events, WallTime now,
                                const std::string& writer, std::int64_t& bytes) {
  static constexpr char sql[] =
      "INSERT INTO chunks(group_id, stream_id, first_ms, last_ms, ingested_ms, raw_bytes, data, writer)"
      " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
  const Packed packed = pack(events);
  bytes += static_cast<std::int64_t>(packed.raw_bytes);
  return run(sql, target.group, target.stream, events.front().at, events.back().at, now,
             static_cast<std::int64_t>(packed.raw_bytes), Bytes{packed.bytes}, writer);
}

Result<void> LogFile::note_events(const Catalog::Target& target, std::int64_t bytes, WallTime first,
                                  WallTime last, WallTime now) {
  // A time that is not there is the least integer, which is the right one for max() but not for min().
  static constexpr char stream[] =
      "UPDATE streams SET first_ms = iif(first_ms = ?5, ?2, min(first_ms, ?2)), last_ms = max(last_ms, ?3), "
      "ingested_ms = ?4 WHERE id = ?1";
  static constexpr char group[] = "UPDATE groups SET bytes = bytes + ?2 WHERE id = ?1";
  if (auto done = run(stream, target.stream, first, last, now, std::int64_t{INT64_MIN}); !done) return done;
  return run(group, target.group, bytes);
}

/// `select` gives numbers, groups and bytes of chunks; how many there were.
Result<std::size_t> LogFile::drop(Statement& select, Dropped& dropped) {
  struct Row {
    std::int64_t id, group, bytes;
  };
  std::vector<Row> rows;
  for (;;) {
    const auto row = select.step();
    if (!row) return tl::unexpected<Error>(row.error());
    if (!*row) break;
    rows.push_back({select.integer(0), select.integer(1), select.integer(2)});
  }
  static constexpr char remove[] = "DELETE FROM chunks WHERE id = ?1";
  static constexpr char subtract[] = "UPDATE groups SET bytes = max(0, bytes - ?2) WHERE id = ?1";
  std::map<std::int64_t, std::int64_t> bytes;
  for (const Row& row : rows) {
    if (auto done = run(remove, row.id); !done) return tl::unexpected(std::move(done.error()));
    bytes[row.group] += row.bytes;
  }
  for (const auto& [group, count] : bytes) {
    if (auto done = run(subtract, group, count); !done) return tl::unexpected(std::move(done.error()));
    dropped.bytes[group] += count;
  }
  dropped.chunks += rows.size();
  return rows.size();
}

Result<void> LogFile::drop_doomed(std::size_t most, Dropped& dropped) {
  static constexpr char forget[] = "DELETE FROM doomed WHERE kind = ?1 AND id = ?2";
  while (dropped.chunks < most) {
    auto doomed = database_.prepare("SELECT kind, id FROM doomed LIMIT 1");
    if (!doomed) return tl::unexpected(std::move(doomed.error()));
    const auto row = doomed->step();
    if (!row) return tl::unexpected<Error>(row.error());
    if (!*row) return {};
    const std::int64_t kind = doomed->integer(0);
    const std::int64_t id = doomed->integer(1);
    doomed->reset();
    auto select = database_.prepare(
        kind == 0 ? "SELECT id, group_id, raw_bytes FROM chunks WHERE group_id = ?1 LIMIT ?2"
                  : "SELECT id, group_id, raw_bytes FROM chunks WHERE stream_id = ?1 LIMIT ?2");
    if (!select) return tl::unexpected(std::move(select.error()));
    const std::size_t room = most - dropped.chunks;
    select->bind(1, id);
    select->bind(2, static_cast<std::int64_t>(room));
    const auto gone = drop(*select, dropped);
    if (!gone) return tl::unexpected<Error>(gone.error());
    if (*gone == room) return {};
    if (auto done = run(forget, kind, id); !done) return done;
  }
  return {};
}

Result<void> LogFile::drop_old(std::int64_t group, WallTime before, std::size_t most, Dropped& dropped) {
  if (dropped.chunks >= most) return {};
  auto select = database_.prepare(
      "SELECT id, group_id, raw_bytes FROM chunks WHERE group_id = ?1 AND first_ms < ?2 AND last_ms < ?2 "
      "LIMIT "
      "?3");
  if (!select) return tl::unexpected(std::move(select.error()));
  select->bind(1, group);
  select->bind(2, to_ms(before));
  select->bind(3, static_cast<std::int64_t>(most - dropped.chunks));
  const auto gone = drop(*select, dropped);
  if (!gone) return tl::unexpected<Error>(gone.error());
  return {};
}

Result<void> LogFile::drop_first(const std::string& writer, std::size_t most, Dropped& dropped) {
  if (dropped.chunks >= most) return {};
  auto select =
      database_.prepare("SELECT id, group_id, raw_bytes FROM chunks WHERE writer = ?1 ORDER BY id LIMIT ?2");
  if (!select) return tl::unexpected(std::move(select.error()));
  select->bind_text(1, writer);
  select->bind(2, static_cast<std::int64_t>(most - dropped.chunks));
  const auto gone = drop(*select, dropped);
  if (!gone) return tl::unexpected<Error>(gone.error());
  return {};
}

Result<std::map<std::string, std::int64_t>> LogFile::bytes_of_writers() const {
  auto select = database_.prepare("SELECT writer, sum(raw_bytes) FROM chunks GROUP BY writer");
  if (!select) return tl::unexpected(std::move(select.error()));
  std::map<std::string, std::int64_t> found;
  for (;;) {
    const auto row = select->step();
    if (!row) return tl::unexpected<Error>(row.error());
    if (!*row) return found;
    found.emplace(select->bytes(0), select->integer(1));
  }
}

} // namespace kaden::logstore
