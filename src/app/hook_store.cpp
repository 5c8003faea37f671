#include "hook_store.h"

#include <algorithm>

#include "kaden/database_file.h"
#include "kaden/limits/webhooks.h"

namespace kaden::app {
namespace {

constexpr std::int64_t notes_per_trim = 1'000;

constexpr const char* schema = R"(
CREATE TABLE IF NOT EXISTS deliveries(
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  webhook TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  call TEXT NOT NULL,
  body BLOB NOT NULL,
  bytes INTEGER NOT NULL,
  status INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  events INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS deliveries_by_webhook ON deliveries(webhook, number, bytes);
CREATE TABLE IF NOT EXISTS alarms(
  source TEXT NOT NULL,
  alarm TEXT NOT NULL,
  state TEXT NOT NULL,
  since_ms INTEGER NOT NULL,
  changed_ms INTEGER NOT NULL,
  noted_ms INTEGER NOT NULL,
  PRIMARY KEY(source, alarm)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS alarms_by_age ON alarms(noted_ms);
)";

constexpr std::string_view columns = "number, webhook, at_ms, call, bytes, status, outcome, events";

Kept read_row(const sqlite::Statement& row) {
  Kept kept;
  kept.number = row.integer(0);
  kept.webhook = row.bytes(1);
  kept.at = wall_time(row.integer(2));
  kept.call = row.bytes(3);
  kept.bytes = row.integer(4);
  kept.status = static_cast<int>(row.integer(5));
  kept.outcome = row.bytes(6);
  kept.events = row.integer(7);
  return kept;
}

} // namespace

json::object to_json(const Kept& kept, bool with_body) {
  json::object out{{"number", kept.number}, {"webhook", kept.webhook}, {"at", to_iso8601(kept.at)},
                   {"status", kept.status}, {"outcome", kept.outcome}, {"events", kept.events},
                   {"bytes", kept.bytes}};
  if (!kept.call.empty()) out.emplace("call", kept.call);
  // A body need not be text; an answer must be.
  if (with_body && is_valid_utf8(kept.body)) out.emplace("body", kept.body);
  if (with_body && !is_valid_utf8(kept.body)) out.emplace("body_hex", to_hex(kept.body));
  return out;
}

Result<std::unique_ptr<HookStore>> HookStore::open(const std::string& path, const ShelfLife& shelf) {
  const auto absolute = sqlite::absolute_path(path);
  if (!absolute) return tl::unexpected(absolute.error());
  if (const auto made = sqlite::make_file(*absolute); !made) return tl::unexpected(made.error());
  auto database = sqlite::Database::open(*absolute, sqlite::Database::Mode::read_write);
  if (!database) return tl::unexpected(database.error());
  const char* const synchronous = shelf.is_fsynced ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL";
  for (const char* sql : {"PRAGMA journal_mode=WAL", synchronous, schema}) {
    if (const auto done = database->execute(sql); !done) return tl::unexpected(done.error());
  }
  return std::unique_ptr<HookStore>(new HookStore(std::move(*database), shelf));
}

Result<std::int64_t> HookStore::keep(const Kept& kept) {
  std::lock_guard lock(mutex_);
  auto insert = database_.prepare(
      "INSERT INTO deliveries(webhook, at_ms, call, body, bytes, status, outcome, events) "
      "VALUES(?,?,?,?,?,?,?,?)");
  if (!insert) return tl::unexpected(insert.error());
  insert->bind_text(1, kept.webhook);
  insert->bind(2, to_ms(kept.at));
  insert->bind_text(3, kept.call);
  insert->bind_bytes(4, kept.body);
  insert->bind(5, static_cast<std::int64_t>(kept.body.size()));
  insert->bind(6, kept.status);
  insert->bind_text(7, kept.outcome);
  insert->bind(8, kept.events);
  if (const auto done = insert->run(); !done) return tl::unexpected(done.error());
  const std::int64_t number = sqlite3_last_insert_rowid(database_.handle());
  if (const auto trimmed = trim(kept.webhook, kept.at); !trimmed) return tl::unexpected(trimmed.error());
  return number;
}

// What the newest rows leave no room for, by count, by bytes, and by age.
Result<void> HookStore::trim(const std::string& webhook, WallTime now) {
  auto rows = database_.prepare("SELECT number, bytes FROM deliveries WHERE webhook=? ORDER BY number DESC");
  if (!rows) return tl::unexpected(rows.error());
  rows->bind_text(1, webhook);
  std::size_t count = 0;
  std::size_t bytes = 0;
  std::int64_t oldest_kept = 0;
  while (true) {
    const auto row = rows->step();
    if (!row) return tl::unexpected(row.error());
    if (!*row) break;
    bytes += static_cast<std::size_t>(rows->integer(1));
    if (++count > shelf_.count_max || bytes > shelf_.bytes_max) break;
    oldest_kept = rows->integer(0);
  }
  rows->reset();
  auto remove = database_.prepare(
      "DELETE FROM deliveries WHERE webhook=?1 AND (number<?2 OR (at_ms<?3 AND number<>?4))");
  if (!remove) return tl::unexpected(remove.error());
  remove->bind_text(1, webhook);
  remove->bind(2, oldest_kept);
  remove->bind(3, to_ms(now - shelf_.age_max));
  remove->bind(4, sqlite3_last_insert_rowid(database_.handle()));
  return remove->run();
}

Result<void> HookStore::settle(std::int64_t number, int status, const std::string& outcome,
                               std::int64_t events) {
  std::lock_guard lock(mutex_);
  auto update = database_.prepare("UPDATE deliveries SET status=?, outcome=?, events=? WHERE number=?");
  if (!update) return tl::unexpected(update.error());
  update->bind(1, status);
  update->bind_text(2, outcome);
  update->bind(3, events);
  update->bind(4, number);
  return update->run();
}

Result<std::vector<Kept>> HookStore::list(const std::string& webhook, std::int64_t most) const {
  std::lock_guard lock(mutex_);
  auto rows = database_.prepare("SELECT " + std::string(columns) +
                                " FROM deliveries WHERE ?1='' OR webhook=?1 ORDER BY number DESC LIMIT ?2");
  if (!rows) return tl::unexpected(rows.error());
  rows->bind_text(1, webhook);
  rows->bind(2, most);
  std::vector<Kept> out;
  while (true) {
    const auto row = rows->step();
    if (!row) return tl::unexpected(row.error());
    if (!*row) return out;
    out.push_back(read_row(*rows));
  }
}

Result<std::optional<Kept>> HookStore::find(std::int64_t number) const {
  std::lock_guard lock(mutex_);
  auto rows = database_.prepare("SELECT " + std::string(columns) + ", body FROM deliveries WHERE number=?");
  if (!rows) return tl::unexpected(rows.error());
  rows->bind(1, number);
  const auto row = rows->step();
  if (!row) return tl::unexpected(row.error());
  if (!*row) return std::optional<Kept>();
  Kept kept = read_row(*rows);
  kept.body = rows->bytes(8);
  return std::optional(std::move(kept));
}

Result<Noted> HookStore::note(const std::string& source, const std::string& alarm, AlarmState state,
                              std::optional<WallTime> changed_at, WallTime now) {
  std::lock_guard lock(mutex_);
  auto known = database_.prepare("SELECT state, since_ms, changed_ms FROM alarms WHERE source=? AND alarm=?");
  if (!known) return tl::unexpected(known.error());
  known->bind_text(1, source);
  known->bind_text(2, alarm);
  const auto row = known->step();
  if (!row) return tl::unexpected(row.error());
  Noted noted{now};
  std::int64_t changed_ms = changed_at ? to_ms(*changed_at) : 0;
  if (*row) {
    const WallTime since = wall_time(known->integer(1));
    noted.is_same = known->bytes(0) == kaden::to_text(state);
    noted.since = noted.is_same ? since : std::max(now, since + Millis(1));
    noted.is_old = changed_at && changed_ms < known->integer(2);
    changed_ms = std::max(changed_ms, known->integer(2));
  }
  known->reset();
  if (noted.is_old) return noted;
  auto put = database_.prepare(
      "INSERT OR REPLACE INTO alarms(source, alarm, state, since_ms, changed_ms, noted_ms) "
      "VALUES(?,?,?,?,?,?)");
  if (!put) return tl::unexpected(put.error());
  put->bind_text(1, source);
  put->bind_text(2, alarm);
  put->bind_text(3, kaden::to_text(state));
  put->bind(4, to_ms(noted.since));
  put->bind(5, changed_ms);
  put->bind(6, to_ms(now));
  if (const auto done = put->run(); !done) return tl::unexpected(done.error());
  if (++notes_ >= notes_per_trim) {
    notes_ = 0;
    if (const auto trimmed = trim_alarms(now); !trimmed) return tl::unexpected(trimmed.error());
  }
  return noted;
}

Result<WallTime> HookStore::note_anew(const std::string& source, const std::string& alarm, WallTime now) {
  std::lock_guard lock(mutex_);
  auto put = database_.prepare(
      "UPDATE alarms SET since_ms=max(?1, since_ms+1) WHERE source=?2 AND alarm=?3 RETURNING since_ms");
  if (!put) return tl::unexpected(put.error());
  put->bind(1, to_ms(now));
  put->bind_text(2, source);
  put->bind_text(3, alarm);
  WallTime since = now;
  while (true) {
    const auto row = put->step();
    if (!row) return tl::unexpected(row.error());
    if (!*row) return since;
    since = wall_time(put->integer(0));
  }
}

Result<void> HookStore::trim_alarms(WallTime now) {
  auto old = database_.prepare("DELETE FROM alarms WHERE noted_ms<?");
  if (!old) return tl::unexpected(old.error());
  old->bind(1, to_ms(now - limits::webhook_alarm_age_max));
  if (auto done = old->run(); !done) return done;
  auto many = database_.prepare(
      "DELETE FROM alarms WHERE noted_ms<=(SELECT noted_ms FROM alarms ORDER BY noted_ms DESC LIMIT 1 OFFSET "
      "?)");
  if (!many) return tl::unexpected(many.error());
  many->bind(1, static_cast<std::int64_t>(limits::webhook_alarms_max));
  return many->run();
}

} // namespace kaden::app
