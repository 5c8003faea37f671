/// kaden/datapoints.h - metric datapoints on disk, for weeks and months. Room: datapoints. Uses: base,
/// runtime, samples, alarm, blocks, sqlite.
///
/// One SQLite file beside the journal. What arrives is committed every limits::datapoint_flush_every as one
/// row; a background step turns rows into blocks, one a metric and day, and rolls old blocks up as CloudWatch
/// does (user guide, "Metrics retention"): steps of 1 s for 3 hours, of 60 s for 15 days, of 300 s for 63
/// days, of 3,600 s for 455 days. A time is held in one tier only, and rolled up when its block is over that
/// age. Kept are the statistic set of a step and, where that does not tell them, its values with their counts
/// (kaden/samples.h): of steps up to a minute as memory keeps them, of longer ones rounded
/// (limits::coarse_digits). Of data that came as a statistic set of unequal values, and
/// of steps stored by a Kaden that kept sets only, there are no values, as in CloudWatch.
///
/// What a crash costs: at most the last limits::datapoint_loss_max of datapoints. The file is never left half
/// written. A block whose checksum does not fit is left out and counted; a file that SQLite calls corrupt is
/// set aside as "<path>.damaged" and a new one is begun, because calls go on without a history.
///
/// Ages follow the wall clock by at most a day an hour, so a clock that jumps a year ahead does not cost a
/// year of datapoints.
///
/// Who fills the file loses first: a metric is its maker's, whose datum was its first, such as an access key.
/// Beyond Settings::bytes_max the oldest blocks go of the maker whose blocks take most, and one maker has at
/// most Settings::series_of_one_max metrics.
///
/// Threads: put() and counts() from any; put() takes a lock for a look-up and an append, and never waits for
/// the disk. One thread of its own writes. Errors: open() gives unavailable, conflict (another Kaden has it
/// open), invalid (another program's file, a newer schema). Later failures are counted and told to the log;
/// datapoints wait meanwhile.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "kaden/alarm.h"
#include "kaden/base.h"
#include "kaden/limits/stored_datapoints.h"
#include "kaden/runtime.h"
#include "kaden/samples.h"

namespace kaden::datapoints {

/// A metric and the unit of its values: units are never mixed.
struct SeriesId {
  alarm::MetricId metric;
  std::string unit;
  auto operator<=>(const SeriesId&) const = default;
};

/// How long the steps are. Stored; never renumber.
enum class Tier : std::uint8_t { second = 0, minute = 1, five_minutes = 2, hour = 3 };
Millis step_of(Tier tier);

struct Point {
  WallTime at{}; ///< the beginning of its step
  Tier tier = Tier::minute;
  alarm::StatisticSet values;
  /// Null: what alarm::raw_value_of(values) tells, or nothing.
  std::shared_ptr<const samples::Distribution> each{};
};

struct Settings {
  std::string path;                                  ///< of the file
  Millis keep = limits::datapoint_keep;              ///< nothing older is kept in any tier
  std::uint64_t bytes_max = limits::datapoint_bytes; ///< of the file; beyond it blocks are dropped
  std::uint64_t disk_free_min =
      limits::disk_free_min; ///< below this nothing is written: the journal comes first
  std::size_t waiting_max = limits::batch_records_max; ///< datapoints, 4 values of one counted as one more;
                                                       ///< beyond it the newest are dropped
  std::size_t series_of_one_max = limits::stored_series_of_one_max; ///< metrics of one maker
};

class Store {
 public:
  /// A line when something begins or ceases to be wrong; called on any thread, must not block.
  using Log = std::function<void(const std::string& line)>;

  /// Creates the file when missing. `clock` is borrowed.
  static Result<std::unique_ptr<Store>> open(Settings settings, const runtime::Clock& clock, Log log);
  /// Commits what waits.
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// High-resolution data goes into steps of a second, the rest into steps of a minute; of one step they add
  /// up. Dropped and counted: times out of reach (older than `keep`, over a day ahead), values that are not
  /// finite, new metrics beyond limits::stored_series_max or their maker's share (trouble() says so), and
  /// everything when `waiting_max` datapoints wait. `maker` empty: Kaden's own, which has no share.
  void put(const alarm::Datum& datum, std::string_view maker = {});
  /// Returns when everything put before is durable. For orderly ends and for tests.
  Result<void> flush();

  struct Counts {
    std::uint64_t stored = 0;         ///< durable since the start
    std::uint64_t dropped = 0;        ///< no room to wait, or too many metrics
    std::uint64_t refused = 0;        ///< times or values that make no sense
    std::uint64_t failed_commits = 0; ///< tried again
    std::uint64_t damaged = 0;        ///< blocks and rows whose checksum did not fit
    std::uint64_t set_aside = 0;      ///< files that SQLite called corrupt
    std::uint64_t file_bytes = 0;
    std::size_t waiting = 0;
    std::size_t series = 0;
  };
  Counts counts() const;
  /// What is wrong now, as one sentence; empty: nothing.
  std::string trouble() const;

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

} // namespace kaden::datapoints
