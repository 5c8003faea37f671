#include "disk.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "kaden/limits/stored_datapoints.h"

namespace kaden::datapoints {

namespace {

constexpr Millis ageing_step_max = seconds(86'400);
constexpr std::int64_t free_pages_at_once = 2'000;

tl::unexpected<Error> pass_on(const Error& error) {
  return tl::unexpected<Error>(error);
}

} // namespace

Result<std::unique_ptr<Disk>> Disk::open(const std::string& path) {
  auto lock = sqlite::FileLock::take(path);
  if (!lock) return pass_on(lock.error());
  if (const auto made = sqlite::make_file(path); !made) return pass_on(made.error());
  auto database = open_for_writing(path);
  if (!database) return pass_on(database.error());
  std::unique_ptr<Disk> disk(new Disk(std::move(*lock), std::move(*database)));
  if (const auto ready = disk->prepare(); !ready) return pass_on(ready.error());
  return disk;
}

Result<void> Disk::prepare() {
  const std::pair<Statement*, const char*> all[] = {
      {&sql_.insert_batch, "INSERT INTO batches VALUES(?1, ?2)"},
      {&sql_.insert_maker, "INSERT OR IGNORE INTO makers(name) VALUES(?1)"},
      {&sql_.insert_series,
       "INSERT OR REPLACE INTO series(number, identity, last_ms, maker)"
       " VALUES(?1, ?2, ?3, coalesce((SELECT id FROM makers WHERE name = ?4), 0))"},
      {&sql_.touch_series, "UPDATE series SET last_ms = max(last_ms, ?2) WHERE number = ?1"},
      {&sql_.select_block, "SELECT data FROM blocks WHERE key = ?1"},
      {&sql_.select_maker, "SELECT maker FROM series WHERE number = ?1"},
      {&sql_.put_block,
       "INSERT OR REPLACE INTO blocks(key, tier, end_ms, data, maker, bytes) VALUES(?1, ?2, ?3, ?4, ?5,"
       " length(?4) + (SELECT coalesce(sum(length(data)), 0) FROM distributions WHERE part BETWEEN ?6 AND"
       " ?7))"},
      {&sql_.erase_block, "DELETE FROM blocks WHERE key = ?1"},
      {&sql_.select_parts, "SELECT part, data FROM distributions WHERE part BETWEEN ?1 AND ?2 ORDER BY part"},
      {&sql_.put_part, "INSERT OR REPLACE INTO distributions VALUES(?1, ?2)"},
      {&sql_.erase_parts, "DELETE FROM distributions WHERE part BETWEEN ?1 AND ?2"},
      {&sql_.keys_by_age, "SELECT key FROM blocks WHERE tier = ?1 AND end_ms <= ?2 ORDER BY end_ms LIMIT ?3"},
      {&sql_.oldest, "SELECT end_ms FROM blocks WHERE maker = ?1 AND tier = ?2 ORDER BY end_ms LIMIT 1"},
      {&sql_.oldest_keys,
       "SELECT key, bytes FROM blocks WHERE maker = ?1 AND tier = ?2 AND end_ms <= ?3 ORDER BY end_ms"
       " LIMIT ?4"}};
  for (const auto& [statement, text] : all) {
    auto prepared = database_.prepare(text);
    if (!prepared) return pass_on(prepared.error());
    *statement = std::move(*prepared);
  }
  // A batch's id is never used twice while a doubtful commit could be mistaken for it: folding keeps the
  // last.
  const auto last = number_of(database_, "SELECT max(id) FROM batches");
  if (!last) return pass_on(last.error());
  const auto folded = read_fact(database_, "last_batch");
  if (!folded) return pass_on(folded.error());
  last_batch_ = std::max(last->value_or(0), folded->value_or(0));
  const auto bytes = number_of(database_, "SELECT coalesce(sum(length(data)), 0) FROM batches");
  if (!bytes) return pass_on(bytes.error());
  batch_bytes_ = static_cast<std::uint64_t>(bytes->value_or(0));
  const auto aged = read_fact(database_, "aged_ms");
  if (!aged) return pass_on(aged.error());
  aged_to_ = wall_time(aged->value_or(0));
  return {};
}

Result<void> Disk::commit(Transaction& transaction) {
  auto committed = transaction.commit();
  if (!committed && transaction.doubtful()) doubtful_ = true;
  return committed;
}

Result<void> Disk::append(std::span<const StoredSeries> fresh, std::vector<blocks::Record> records,
                          std::optional<WallTime> until) {
  if (fresh.empty() && records.empty()) return {};
  auto transaction = Transaction::begin(database_);
  if (!transaction) return pass_on(transaction.error());
  for (const StoredSeries& series : fresh) {
    if (!series.maker.empty()) {
      sql_.insert_maker.bind_text(1, series.maker);
      if (auto done = sql_.insert_maker.run(); !done) return done;
    }
    sql_.insert_series.bind(1, static_cast<std::int64_t>(series.number));
    sql_.insert_series.bind_text(2, series.identity);
    sql_.insert_series.bind(3, to_ms(series.last_seen));
    sql_.insert_series.bind_text(4, series.maker);
    if (auto done = sql_.insert_series.run(); !done) return done;
  }
  const std::int64_t id = last_batch_ + 1;
  const std::string data = blocks::sealed(blocks::encode_batch(std::move(records)), batch_place(id));
  sql_.insert_batch.bind(1, id);
  sql_.insert_batch.bind_bytes(2, data);
  if (auto done = sql_.insert_batch.run(); !done) return done;
  if (until) {
    if (auto done = write_fact(database_, "until_ms", to_ms(*until)); !done) return done;
  }
  if (auto done = commit(*transaction); !done) return done;
  last_batch_ = id;
  batch_bytes_ += data.size();
  return {};
}

// Blocks
// ---------------------------------------------------------------------------------------------------------

/// None when there is no such block, or when it is damaged (counted).
Result<std::vector<blocks::Point>> Disk::stored_points(std::int64_t key) {
  sql_.select_block.bind(1, key);
  const auto row = sql_.select_block.step();
  std::vector<blocks::Point> points;
  if (row && *row) {
    auto opened = open_block(key, sql_.select_block.bytes(0));
    if (opened) {
      points = std::move(*opened);
    } else {
      ++damaged_;
    }
  }
  sql_.select_block.reset();
  if (!row) return pass_on(row.error());
  return points;
}

/// Of a metric that is forgotten: nobody's.
Result<std::int64_t> Disk::maker_of(std::uint64_t series) {
  sql_.select_maker.bind(1, static_cast<std::int64_t>(series));
  const auto row = sql_.select_maker.step();
  const std::int64_t maker = row && *row ? sql_.select_maker.integer(0) : 0;
  sql_.select_maker.reset();
  if (!row) return pass_on(row.error());
  return maker;
}

/// After its parts, whose bytes count.
Result<void> Disk::write_block(std::int64_t key, std::int64_t maker, std::span<const blocks::Point> points) {
  const std::string data = blocks::sealed(blocks::encode(points), static_cast<std::uint64_t>(key));
  sql_.put_block.bind(1, key);
  sql_.put_block.bind(2, static_cast<std::int64_t>(tier_of(key)));
  sql_.put_block.bind(3, to_ms(block_end(tier_of(key), block_of(key))));
  sql_.put_block.bind_bytes(4, data);
  sql_.put_block.bind(5, maker);
  sql_.put_block.bind(6, first_part(key));
  sql_.put_block.bind(7, last_part(key));
  return sql_.put_block.run();
}

/// Gives `points` what the parts hold of them; damaged ones are counted. True when there was a part.
Result<bool> Disk::read_parts(std::int64_t from, std::int64_t to, std::vector<blocks::Point>& points) {
  sql_.select_parts.bind(1, from);
  sql_.select_parts.bind(2, to);
  bool any = false;
  for (;;) {
    const auto row = sql_.select_parts.step();
    if (!row || !*row) {
      sql_.select_parts.reset();
      if (!row) return pass_on(row.error());
      return any;
    }
    any = true;
    auto opened = open_part(sql_.select_parts.integer(0), sql_.select_parts.bytes(1));
    if (opened) {
      attach(std::move(*opened), points);
    } else {
      ++damaged_;
    }
  }
}

/// `points` are the part's.
Result<void> Disk::write_part(std::int64_t part, std::span<const blocks::Point> points, bool is_there) {
  const bool any =
      std::any_of(points.begin(), points.end(), [](const auto& point) { return point.each != nullptr; });
  if (!any && !is_there) return {};
  if (!any) {
    sql_.erase_parts.bind(1, part);
    sql_.erase_parts.bind(2, part);
    return sql_.erase_parts.run();
  }
  const std::string data = blocks::sealed(blocks::encode_each(points), part_place(part));
  sql_.put_part.bind(1, part);
  sql_.put_part.bind_bytes(2, data);
  return sql_.put_part.run();
}

Result<void> Disk::add_to_block(std::int64_t key, std::int64_t maker, std::span<const blocks::Point> points) {
  auto stored = stored_points(key);
  if (!stored) return pass_on(stored.error());
  std::map<std::int64_t, bool> parts; // that `points` belong to, and whether they are there
  for (const blocks::Point& point : points) parts.emplace(part_key(key, point.step), false);
  for (auto& [part, is_there] : parts) {
    const auto read = read_parts(part, part, *stored);
    if (!read) return pass_on(read.error());
    is_there = *read;
  }
  const auto all = blocks::merged(*stored, points, detail_of(tier_of(key)));
  const auto before = [](const blocks::Point& point, std::int64_t step) { return point.step < step; };
  for (const auto& [part, is_there] : parts) {
    const std::int64_t start = part_start(part);
    const auto from = std::lower_bound(all.begin(), all.end(), start, before);
    const auto to = std::lower_bound(from, all.end(), start + part_steps(tier_of(key)), before);
    if (auto done = write_part(part, {from, to}, is_there); !done) return done;
  }
  return write_block(key, maker, all);
}

// Folding
// --------------------------------------------------------------------------------------------------------

Result<void> Disk::begin_fold() {
  const auto fold = read_fold(database_);
  if (!fold) return pass_on(fold.error());
  // A fold that a crash cut short goes on with the batches it began with.
  const bool resumed = fold->batch > 0;
  constexpr std::size_t records_max = limits::fold_batch_bytes / 8;
  auto batches = resumed ? read_batches(database_, *fold, {0, fold->batch})
                         : read_batches(database_, *fold, {0, last_batch_, records_max});
  if (!batches) return pass_on(batches.error());
  damaged_ += batches->damaged;
  if (batches->last == 0) return {};
  folding_ = std::make_unique<Batches>(std::move(*batches));
  folded_ = 0;
  return {};
}

/// All blocks of the records from folded_ to `end`, which are one series'.
Result<void> Disk::fold_series(std::size_t end, std::size_t& written) {
  const auto& records = folding_->records;
  const auto maker = maker_of(records[folded_].series);
  if (!maker) return pass_on(maker.error());
  WallTime newest{};
  for (std::size_t from = folded_; from < end;) {
    const Tier tier = tier_of(records[from]);
    const std::int64_t block = place_of(tier, records[from].step).block;
    std::size_t to = from + 1;
    while (to < end && tier_of(records[to]) == tier && place_of(tier, records[to].step).block == block) ++to;
    newest = std::max(newest, step_start(tier, records[to - 1].step));
    const auto points = points_of(std::span(records).subspan(from, to - from), tier);
    if (auto done = add_to_block(key_of(records[from].series, tier, block), *maker, points); !done)
      return done;
    ++written;
    from = to;
  }
  sql_.touch_series.bind(1, static_cast<std::int64_t>(records[folded_].series));
  sql_.touch_series.bind(2, to_ms(newest));
  return sql_.touch_series.run();
}

/// In the transaction of the last series: the batches are what the blocks hold now.
Result<void> Disk::end_fold() {
  auto done = database_.execute("DELETE FROM batches WHERE id <= " + std::to_string(folding_->last));
  if (done) done = erase_fact(database_, "fold_batch");
  if (done) done = erase_fact(database_, "fold_series");
  if (done) done = write_fact(database_, "last_batch", last_batch_);
  return done;
}

Result<bool> Disk::fold_some() {
  if (folding_ == nullptr) {
    if (auto begun = begin_fold(); !begun) return pass_on(begun.error());
    if (folding_ == nullptr) return false;
  }
  const auto& records = folding_->records;
  const std::size_t before = folded_;
  const auto failed = [&](const Error& error) {
    folded_ = before;
    return pass_on(error);
  };
  auto transaction = Transaction::begin(database_);
  if (!transaction) return pass_on(transaction.error());
  std::size_t written = 0;
  while (folded_ < records.size() && written < limits::fold_blocks_max) {
    const std::uint64_t series = records[folded_].series;
    std::size_t end = folded_;
    while (end < records.size() && records[end].series == series) ++end;
    if (auto done = fold_series(end, written); !done) return failed(done.error());
    folded_ = end;
  }
  const bool is_over = folded_ == records.size();
  Result<void> marked;
  if (is_over) {
    marked = end_fold();
  } else {
    marked = write_fact(database_, "fold_batch", folding_->last);
    if (marked) {
      marked = write_fact(database_, "fold_series", static_cast<std::int64_t>(records[folded_ - 1].series));
    }
  }
  if (marked) marked = commit(*transaction);
  if (!marked) return failed(marked.error());
  if (!is_over) return true;
  folding_.reset();
  const auto bytes = number_of(database_, "SELECT coalesce(sum(length(data)), 0) FROM batches");
  if (!bytes) return pass_on(bytes.error());
  batch_bytes_ = static_cast<std::uint64_t>(bytes->value_or(0));
  return batch_bytes_ > limits::fold_batch_bytes;
}

// Ageing
// ---------------------------------------------------------------------------------------------------------

Result<void> Disk::begin_ageing(WallTime now) {
  const WallTime last = aged_to_;
  WallTime next = last == WallTime{} ? now : std::min(now, last + ageing_step_max);
  next = std::max(next, last);
  if (next == last) return {};
  auto transaction = Transaction::begin(database_);
  if (!transaction) return pass_on(transaction.error());
  auto done = write_fact(database_, "aged_ms", to_ms(next));
  if (done) done = commit(*transaction);
  if (!done) return done;
  aged_to_ = next;
  return {};
}

Result<std::vector<std::int64_t>> Disk::keys_until(Tier tier, WallTime end) {
  std::vector<std::int64_t> keys;
  sql_.keys_by_age.bind(1, static_cast<std::int64_t>(tier));
  sql_.keys_by_age.bind(2, to_ms(end));
  sql_.keys_by_age.bind(3, static_cast<std::int64_t>(limits::fold_blocks_max));
  for (;;) {
    const auto row = sql_.keys_by_age.step();
    if (row && *row) {
      keys.push_back(sql_.keys_by_age.integer(0));
      continue;
    }
    sql_.keys_by_age.reset();
    if (!row) return pass_on(row.error());
    return keys;
  }
}

Result<void> Disk::roll_block(std::int64_t key, bool drop) {
  if (!drop) {
    auto points = stored_points(key);
    if (!points) return pass_on(points.error());
    const auto read = read_parts(first_part(key), last_part(key), *points);
    if (!read) return pass_on(read.error());
    const RolledUp rolled = roll_up(tier_of(key), block_of(key), *points);
    if (!rolled.points.empty()) {
      const auto maker = maker_of(series_of(key));
      if (!maker) return pass_on(maker.error());
      auto done = add_to_block(key_of(series_of(key), rolled.tier, rolled.block), *maker, rolled.points);
      if (!done) return done;
    }
  }
  sql_.erase_parts.bind(1, first_part(key));
  sql_.erase_parts.bind(2, last_part(key));
  if (auto done = sql_.erase_parts.run(); !done) return done;
  sql_.erase_block.bind(1, key);
  return sql_.erase_block.run();
}

Result<bool> Disk::age_some(Millis keep) {
  for (const Tier tier : tiers) {
    const WallTime drop_until = aged_to_ - keep;
    const bool is_last = tier == Tier::hour;
    const WallTime until = is_last ? drop_until : std::max(drop_until, aged_to_ - keep_of(tier));
    const auto keys = keys_until(tier, until);
    if (!keys) return pass_on(keys.error());
    if (keys->empty()) continue;
    auto transaction = Transaction::begin(database_);
    if (!transaction) return pass_on(transaction.error());
    for (const std::int64_t key : *keys) {
      const bool drop = is_last || block_end(tier, block_of(key)) <= drop_until;
      if (auto done = roll_block(key, drop); !done) return pass_on(done.error());
    }
    if (auto done = commit(*transaction); !done) return pass_on(done.error());
    return true;
  }
  return false;
}

/// By a look at an index: a tenth of a second for a million blocks.
Result<void> Disk::count_takers() {
  auto select = database_.prepare("SELECT maker, sum(bytes) FROM blocks GROUP BY maker");
  if (!select) return pass_on(select.error());
  for (;;) {
    const auto row = select->step();
    if (!row) return pass_on(row.error());
    if (!*row) return {};
    taken_by_[select->integer(0)] = select->integer(1);
  }
}

/// Of whichever tier they are; `bytes` is what they take.
Result<std::vector<std::int64_t>> Disk::oldest_keys_of(std::int64_t maker, std::int64_t& bytes) {
  std::optional<std::pair<std::int64_t, Tier>> oldest;
  for (const Tier tier : tiers) {
    sql_.oldest.bind(1, maker);
    sql_.oldest.bind(2, static_cast<std::int64_t>(tier));
    const auto row = sql_.oldest.step();
    if (row && *row) {
      const std::pair found(sql_.oldest.integer(0), tier);
      if (!oldest || found < *oldest) oldest = found;
    }
    sql_.oldest.reset();
    if (!row) return pass_on(row.error());
  }
  std::vector<std::int64_t> keys;
  if (!oldest) return keys;
  sql_.oldest_keys.bind(1, maker);
  sql_.oldest_keys.bind(2, static_cast<std::int64_t>(oldest->second));
  sql_.oldest_keys.bind(3, oldest->first);
  sql_.oldest_keys.bind(4, static_cast<std::int64_t>(limits::fold_blocks_max));
  for (;;) {
    const auto row = sql_.oldest_keys.step();
    if (row && *row) {
      keys.push_back(sql_.oldest_keys.integer(0));
      bytes += sql_.oldest_keys.integer(1);
      continue;
    }
    sql_.oldest_keys.reset();
    if (!row) return pass_on(row.error());
    return keys;
  }
}

Result<bool> Disk::trim_some(std::uint64_t bytes_max) {
  const std::uint64_t bytes = file_bytes();
  if (bytes <= bytes_max) {
    taken_by_.clear();
    return false;
  }
  // Free pages first: they go back to the disk without a loss.
  if (used_bytes() <= bytes_max) {
    auto done = database_.execute("PRAGMA incremental_vacuum(" + std::to_string(free_pages_at_once) + ")");
    if (!done) return pass_on(done.error());
    const std::uint64_t left = file_bytes();
    taken_by_.clear();
    return left > bytes_max && left < bytes;
  }
  constexpr int trims_per_count = 20; // what comes meanwhile counts, too
  if (taken_by_.empty() || ++trims_since_count_ >= trims_per_count) {
    taken_by_.clear();
    trims_since_count_ = 0;
    if (auto counted = count_takers(); !counted) return pass_on(counted.error());
  }
  // Who fills the file loses first, and nobody else.
  const auto fattest = std::max_element(taken_by_.begin(), taken_by_.end(),
                                        [](const auto& a, const auto& b) { return a.second < b.second; });
  if (fattest == taken_by_.end()) return false;
  std::int64_t dropped = 0;
  const auto keys = oldest_keys_of(fattest->first, dropped);
  if (!keys) return pass_on(keys.error());
  if (keys->empty()) {
    taken_by_.erase(fattest);
    return !taken_by_.empty();
  }
  auto transaction = Transaction::begin(database_);
  if (!transaction) return pass_on(transaction.error());
  for (const std::int64_t key : *keys) {
    if (auto done = roll_block(key, true); !done) return pass_on(done.error());
  }
  if (auto done = commit(*transaction); !done) return pass_on(done.error());
  fattest->second -= dropped;
  return true;
}

Result<void> Disk::forget(std::span<const std::uint64_t> series) {
  if (series.empty()) return {};
  auto transaction = Transaction::begin(database_);
  if (!transaction) return pass_on(transaction.error());
  for (const std::uint64_t number : series) {
    auto done = database_.execute("DELETE FROM series WHERE number = " + std::to_string(number));
    if (!done) return done;
  }
  return commit(*transaction);
}

// Looking
// --------------------------------------------------------------------------------------------------------

Result<std::vector<StoredSeries>> Disk::series() const {
  auto stored = read_series(database_);
  if (!stored) return stored;
  const auto fold = read_fold(database_);
  if (!fold) return pass_on(fold.error());
  const auto batches = read_batches(database_, *fold, {0, last_batch_});
  if (!batches) return pass_on(batches.error());
  std::map<std::uint64_t, WallTime> newest;
  for (const blocks::Record& record : batches->records) {
    WallTime& at = newest[record.series];
    at = std::max(at, step_start(tier_of(record), record.step));
  }
  for (StoredSeries& one : *stored) {
    const auto found = newest.find(one.number);
    if (found != newest.end()) one.last_seen = std::max(one.last_seen, found->second);
  }
  return stored;
}

std::uint64_t Disk::pages(const char* pragma) const {
  const auto count = number_of(database_, std::string("PRAGMA ") + pragma);
  return count ? static_cast<std::uint64_t>(count->value_or(0)) : 0;
}

std::uint64_t Disk::file_bytes() const {
  return pages("page_count") * pages("page_size");
}

std::uint64_t Disk::used_bytes() const {
  return (pages("page_count") - pages("freelist_count")) * pages("page_size");
}

} // namespace kaden::datapoints
