/// file.h - the file of datapoints: its schema, its migrations, and the rows that writer and reader share.
/// Room: datapoints, inside. Threads: as sqlite.h. Errors: as sqlite.h; invalid (not ours, newer schema),
/// not_found (empty).
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "kaden/blocks.h"
#include "kaden/database_file.h"
#include "kaden/sqlite.h"
#include "tiers.h"

namespace kaden::datapoints {

using sqlite::Database;
using sqlite::Statement;
using sqlite::Transaction;

/// WAL, synchronous=FULL, the newest schema.
Result<Database> open_for_writing(const std::string& path);
Result<Database> open_for_reading(const std::string& path);

/// The number in the first column of the first row; nullopt when there is none.
Result<std::optional<std::int64_t>> number_of(const Database& database, const std::string& sql);
/// Named numbers that must survive: "aged_ms", "fold_batch", "fold_series", "last_batch", "until_ms".
Result<std::optional<std::int64_t>> read_fact(const Database& database, const std::string& name);
Result<void> write_fact(Database& database, const std::string& name, std::int64_t value);
Result<void> erase_fact(Database& database, const std::string& name);

struct StoredSeries {
  std::uint64_t number = 0;
  std::string identity;
  WallTime last_seen{};
  std::string maker{}; ///< whose datum was its first, such as an access key; empty: Kaden's own
};
Result<std::vector<StoredSeries>> read_series(const Database& database);
/// Of one metric: one for each unit. Without makers.
Result<std::vector<StoredSeries>> read_series(const Database& database, const alarm::MetricId& metric);

/// How far the batches up to `batch` are folded into blocks: metrics up to `series` are.
struct Fold {
  std::int64_t batch = 0;
  std::uint64_t series = 0;
  bool operator==(const Fold&) const = default;
};
Result<Fold> read_fold(const Database& database);

/// Records of the batches up to `last`, which the blocks do not hold yet, ordered by series, tier and step.
struct Batches {
  std::vector<blocks::Record> records;
  std::int64_t last = 0; ///< of the batches read
  std::uint64_t damaged = 0;
};
/// Those after `first` up to `last`; at least one batch, then more until `records_max`.
struct BatchRange {
  std::int64_t after = 0, last = 0;
  std::size_t records_max = std::numeric_limits<std::size_t>::max();
};
Result<Batches> read_batches(const Database& database, const Fold& fold, const BatchRange& range);
/// The order of Batches::records.
bool comes_before(const blocks::Record& a, const blocks::Record& b);

/// A block's points; nullopt when the bytes are not what was written.
std::optional<std::vector<blocks::Point>> open_block(std::int64_t key, std::string_view data);

/// A part's distributions; nullopt when the bytes are not what was written.
std::optional<std::vector<blocks::StepEach>> open_part(std::int64_t part, std::string_view data);
/// Gives those of `found` to the points of their steps; both ascend.
void attach(std::vector<blocks::StepEach> found, std::vector<blocks::Point>& points);

/// Records of one series, tier and block as points, those of one step added up.
std::vector<blocks::Point> points_of(std::span<const blocks::Record> records, Tier tier);
inline Tier tier_of(const blocks::Record& record) {
  return record.fine ? Tier::second : Tier::minute;
}

} // namespace kaden::datapoints
