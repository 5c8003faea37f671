#include "file.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "identity.h"

namespace kaden::datapoints {

namespace {

// Forward only: migration N leads from schema N to schema N + 1, and is never changed once released.
constexpr std::array<const char*, 3> migrations = {
    "CREATE TABLE datapoint_facts(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE series(number INTEGER PRIMARY KEY, identity TEXT NOT NULL, last_ms INTEGER NOT NULL) "
    "STRICT;"
    "CREATE INDEX series_by_identity ON series(identity);"
    "CREATE TABLE batches(id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;"
    "CREATE TABLE blocks(key INTEGER PRIMARY KEY, tier INTEGER NOT NULL, end_ms INTEGER NOT NULL,"
    " data BLOB NOT NULL) STRICT;"
    "CREATE INDEX blocks_by_age ON blocks(tier, end_ms);",
    // Before it only statistic sets were kept, and of what was stored then there is no more.
    "CREATE TABLE distributions(part INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;",
    // Who made a metric (0: Kaden itself, or before this was remembered), and what a block takes with its
    // parts; one of before is reckoned at what most take.
    "CREATE TABLE makers(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;"
    "ALTER TABLE series ADD COLUMN maker INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE blocks ADD COLUMN maker INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE blocks ADD COLUMN bytes INTEGER NOT NULL DEFAULT 1000;"
    "CREATE INDEX blocks_by_maker ON blocks(maker, tier, end_ms, bytes);"};

/// 0 for an empty file.
Result<std::size_t> schema_of(const Database& database) {
  const auto tables = number_of(database, "SELECT count(*) FROM sqlite_schema");
  if (!tables) return tl::unexpected<Error>(tables.error());
  if (tables->value_or(0) == 0) return 0;
  const auto ours =
      number_of(database, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'datapoint_facts'");
  if (!ours) return tl::unexpected<Error>(ours.error());
  if (!ours->has_value()) return fail(Fault::invalid, "this is another program's SQLite file");
  const auto schema = read_fact(database, "schema");
  if (!schema) return tl::unexpected<Error>(schema.error());
  if (schema->value_or(0) < 1) return fail(Fault::corrupt, "the schema number is missing");
  const auto number = static_cast<std::size_t>(**schema);
  if (number > migrations.size()) {
    return fail(Fault::invalid, "schema " + std::to_string(number) + " is of a newer Kaden, this one knows " +
                                    std::to_string(migrations.size()));
  }
  return number;
}

Result<void> migrate(Database& database) {
  auto transaction = Transaction::begin(database);
  if (!transaction) return tl::unexpected<Error>(transaction.error());
  const auto schema = schema_of(database);
  if (!schema) return tl::unexpected<Error>(schema.error());
  if (*schema == migrations.size()) return {};
  std::string sql;
  for (std::size_t next = *schema; next < migrations.size(); ++next) sql += migrations.at(next);
  if (auto done = database.execute(sql); !done) return done;
  if (auto done = write_fact(database, "schema", static_cast<std::int64_t>(migrations.size())); !done) {
    return done;
  }
  return transaction->commit();
}

Result<std::vector<StoredSeries>> series_of(Statement& select) {
  std::vector<StoredSeries> found;
  for (;;) {
    const auto row = select.step();
    if (!row) return tl::unexpected<Error>(row.error());
    if (!*row) return found;
    const auto number = static_cast<std::uint64_t>(select.integer(0));
    if (number == 0 || number >= series_numbers_max) continue;
    found.push_back(
        {number, std::string(select.bytes(1)), wall_time(select.integer(2)), std::string(select.bytes(3))});
  }
}

/// What was written has one; a key could not be made of the rest.
bool has_place(const blocks::Record& record) {
  return record.series > 0 && record.series < series_numbers_max && record.step >= 0 &&
         record.step / block_steps(tier_of(record)) < blocks_max;
}

} // namespace

Result<Database> open_for_writing(const std::string& path) {
  auto database = Database::open(path, Database::Mode::read_write);
  if (!database) return database;
  // Before anything is set, which would be written into another program's file.
  if (const auto ours = schema_of(*database); !ours) return tl::unexpected<Error>(ours.error());
  // auto_vacuum counts only before the first table; free pages then go back to the disk when asked.
  auto set = database->execute(
      "PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
      "PRAGMA journal_size_limit=33554432; PRAGMA wal_autocheckpoint=2000;");
  if (set) set = migrate(*database);
  if (!set) return tl::unexpected<Error>(set.error());
  return database;
}

Result<Database> open_for_reading(const std::string& path) {
  auto database = Database::open(path, Database::Mode::read_only);
  if (!database) return database;
  const auto schema = schema_of(*database);
  if (!schema) return tl::unexpected<Error>(schema.error());
  if (*schema == 0) return fail(Fault::not_found, "the file is empty");
  if (*schema < migrations.size()) {
    return fail(Fault::invalid, "schema " + std::to_string(*schema) + " is of an older Kaden: serve once");
  }
  return database;
}

Result<std::optional<std::int64_t>> number_of(const Database& database, const std::string& sql) {
  auto statement = database.prepare(sql);
  if (!statement) return tl::unexpected<Error>(statement.error());
  const auto row = statement->step();
  if (!row) return tl::unexpected<Error>(row.error());
  if (!*row) return std::nullopt;
  return statement->integer(0);
}

Result<std::optional<std::int64_t>> read_fact(const Database& database, const std::string& name) {
  return number_of(database, "SELECT value FROM datapoint_facts WHERE name = '" + name + "'");
}

Result<void> write_fact(Database& database, const std::string& name, std::int64_t value) {
  return database.execute("INSERT OR REPLACE INTO datapoint_facts VALUES('" + name + "', " +
                          std::to_string(value) + ")");
}

Result<void> erase_fact(Database& database, const std::string& name) {
  return database.execute("DELETE FROM datapoint_facts WHERE name = '" + name + "'");
}

Result<std::vector<StoredSeries>> read_series(const Database& database) {
  auto select = database.prepare(
      "SELECT number, identity, last_ms, coalesce(name, '') FROM series LEFT JOIN makers ON id = maker"
      " ORDER BY number");
  if (!select) return tl::unexpected<Error>(select.error());
  return series_of(*select);
}

Result<std::vector<StoredSeries>> read_series(const Database& database, const alarm::MetricId& metric) {
  auto select = database.prepare(
      "SELECT number, identity, last_ms, '' FROM series WHERE identity >= ?1 AND identity < ?2"
      " ORDER BY number");
  if (!select) return tl::unexpected<Error>(select.error());
  // All units: from `[...,"` to what follows every text that begins so.
  const std::string of_no_unit = identity_of(metric, "");
  const std::string from = of_no_unit.substr(0, of_no_unit.size() - 2);
  std::string to = from;
  ++to.back();
  select->bind_text(1, from);
  select->bind_text(2, to);
  return series_of(*select);
}

Result<Fold> read_fold(const Database& database) {
  const auto batch = read_fact(database, "fold_batch");
  if (!batch) return tl::unexpected<Error>(batch.error());
  const auto series = read_fact(database, "fold_series");
  if (!series) return tl::unexpected<Error>(series.error());
  return Fold{batch->value_or(0), static_cast<std::uint64_t>(series->value_or(0))};
}

bool comes_before(const blocks::Record& a, const blocks::Record& b) {
  return std::tuple(a.series, !a.fine, a.step) < std::tuple(b.series, !b.fine, b.step);
}

Result<Batches> read_batches(const Database& database, const Fold& fold, const BatchRange& range) {
  auto select = database.prepare("SELECT id, data FROM batches WHERE id > ?1 AND id <= ?2 ORDER BY id");
  if (!select) return tl::unexpected<Error>(select.error());
  select->bind(1, range.after);
  select->bind(2, range.last);
  Batches found;
  while (found.last == 0 || found.records.size() < range.records_max) {
    const auto row = select->step();
    if (!row) return tl::unexpected<Error>(row.error());
    if (!*row) break;
    found.last = select->integer(0);
    const auto body = blocks::unsealed(select->bytes(1), batch_place(found.last));
    const auto records = body ? blocks::decode_batch(*body) : tl::unexpected<Error>(body.error());
    if (!records) {
      ++found.damaged;
      continue;
    }
    for (const blocks::Record& record : *records) {
      if (!has_place(record)) {
        ++found.damaged;
        continue;
      }
      const bool is_folded = found.last <= fold.batch && record.series <= fold.series;
      if (!is_folded) found.records.push_back(record);
    }
  }
  std::stable_sort(found.records.begin(), found.records.end(), comes_before);
  return found;
}

std::optional<std::vector<blocks::Point>> open_block(std::int64_t key, std::string_view data) {
  const auto body = blocks::unsealed(data, static_cast<std::uint64_t>(key));
  if (!body) return std::nullopt;
  auto points = blocks::decode(*body);
  if (!points) return std::nullopt;
  if (!points->empty() && points->back().step >= block_steps(tier_of(key))) return std::nullopt;
  return std::move(*points);
}

std::optional<std::vector<blocks::StepEach>> open_part(std::int64_t part, std::string_view data) {
  const auto body = blocks::unsealed(data, part_place(part));
  if (!body) return std::nullopt;
  auto found = blocks::decode_each(*body);
  if (!found || found->empty()) return std::nullopt;
  const std::uint32_t start = part_start(part);
  const bool fits =
      found->front().step >= start && found->back().step - start < part_steps(tier_of(part / parts_max));
  if (!fits) return std::nullopt;
  return std::move(*found);
}

void attach(std::vector<blocks::StepEach> found, std::vector<blocks::Point>& points) {
  auto point = points.begin();
  for (blocks::StepEach& one : found) {
    point = std::lower_bound(point, points.end(), one.step,
                             [](const blocks::Point& a, std::uint32_t step) { return a.step < step; });
    if (point == points.end()) return;
    if (point->step == one.step) point->each = std::move(one.each);
  }
}

std::vector<blocks::Point> points_of(std::span<const blocks::Record> records, Tier tier) {
  std::vector<blocks::Point> points;
  points.reserve(records.size());
  for (const blocks::Record& record : records)
    points.push_back({place_of(tier, record.step).step, record.values, record.each});
  return blocks::rolled_up(points, 1, 0);
}

} // namespace kaden::datapoints
