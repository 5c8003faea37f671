/// kaden/datapoint_reader.h - stored datapoints, read beside a running Kaden or without one. Room:
/// datapoints. Uses: base, alarm, blocks, sqlite. A connection of its own, read-only, in short transactions:
/// the writer is never kept waiting, and what it does meanwhile is seen as of one commit per metric. Threads:
/// one at a time. Errors: not_found (no file), unavailable, invalid (not ours, another schema), corrupt
/// (SQLite says so). Blocks and values whose checksum does not fit are left out and counted.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kaden/datapoints.h"

namespace kaden::datapoints {

struct SeriesInfo {
  SeriesId id;
  WallTime last_seen{};     ///< the newest datapoint's step
  std::uint64_t number = 0; ///< ascends in the order in which they first came
};

class Reader {
 public:
  static Result<std::unique_ptr<Reader>> open(const std::string& path);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// Ordered by id.
  Result<std::vector<SeriesInfo>> series();

  struct Query {
    WallTime from{}, to{};                                 ///< points whose step overlaps [from, to)
    std::function<bool(const SeriesId&)> wanted{};         ///< null: all
    std::optional<std::vector<alarm::MetricId>> metrics{}; ///< only these, found without a walk over all
    bool sets_only = false;                                ///< Point::each is not looked for
    /// Points, 4 values of one counted as one more; beyond it: invalid.
    std::size_t points_max = std::numeric_limits<std::size_t>::max();
  };
  /// Calls `take` for each wanted metric that has points, ordered by id; points are ordered by time, then by
  /// tier, one for each step. Ends early when it returns false.
  using Take = std::function<bool(const SeriesId& id, const std::vector<Point>& points)>;
  Result<void> read(const Query& query, const Take& take);

  /// All that came before it is in the file; nullopt: nothing was ever stored.
  Result<std::optional<WallTime>> complete_until();

  /// Blocks and rows left out so far.
  std::uint64_t damaged() const;

 private:
  struct Impl;
  explicit Reader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

} // namespace kaden::datapoints
