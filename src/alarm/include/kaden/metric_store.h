/// kaden/metric_store.h - datapoints in memory, as statistic sets per metric and unit. Room: alarm. Uses:
/// base. Pure: `now` is an argument. Threads: one owner. Errors: none; limits::series_max and
/// limits::datapoints_max are asked for before.
///
/// High-resolution data is kept in steps of 10 s (the finest period of an alarm), the rest in steps of 60 s,
/// as CloudWatch does. Data of one step is merged: a repeated put counts twice, as in CloudWatch. Late and
/// early data is put where its timestamp says. Kept: what the alarms over the metric need, and
/// limits::metric_history; when memory (limits::datapoints_max) runs short the latter is halved for all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "kaden/alarm.h"
#include "kaden/limits.h"

namespace kaden::alarm {

inline constexpr Millis finest_step = seconds(10);

/// The start of the step of that length in which `at` lies; steps are counted from 1970. Also before 1970.
constexpr WallTime floor_to(WallTime at, Millis step) {
  const std::int64_t rest = to_ms(at) % step.count();
  return at - Millis(rest < 0 ? rest + step.count() : rest);
}

double value_of(Statistic statistic, const StatisticSet& set);

struct Bucket {
  WallTime start;
  StatisticSet values;
};

/// One metric. Made by the store; its address stays until the store drops it, never while it is watched.
struct Series {
  struct Unit {
    std::string name;
    std::vector<Bucket> buckets; ///< oldest first, one per step
  };
  MetricId id;
  std::vector<Unit> units;      ///< in the order they came
  WallTime last_put{};          ///< arrival, not timestamp
  Millis needed{};              ///< history that its alarms look at
  std::size_t watchers = 0;     ///< alarms that hold a pointer to it
  std::uint64_t rules_seen = 0; ///< for the owner: which edition of the rules was applied to it
};

class MetricStore {
 public:
  /// `datapoints_max` may be set lower in tests.
  explicit MetricStore(std::size_t datapoints_max = limits::datapoints_max)
      : datapoints_max_(datapoints_max) {}

  /// The series it went to. Ask has_room() and make_space_for() before: here nothing is refused.
  Series& put(const Datum& datum, WallTime now);
  /// False when `count` more metrics do not fit.
  bool has_room(std::size_t count) const { return series_.size() + count <= limits::series_max; }
  /// Gives up history when `count` more datapoints do not fit; false when there is none left to give.
  bool make_space_for(std::size_t count, WallTime now);

  Series* find(const MetricId& metric);
  const Series* find(const MetricId& metric) const;
  /// Finds or makes it, and keeps it and `history` of it until unwatch().
  Series& watch(const MetricId& metric, Millis history);
  /// The needed history shrinks only when the last watcher is gone.
  static void unwatch(Series& series);

  /// `count` periods from `from` on, oldest first; a period without data is nullopt. `unit` empty: all units
  /// merged.
  std::vector<std::optional<StatisticSet>> aggregate(const MetricId& metric, const std::string& unit,
                                                     Millis period, WallTime from, std::size_t count) const;
  /// The same into `out`, whose memory is used again.
  static void aggregate(const Series& series, const std::string& unit, Millis period, WallTime from,
                        std::size_t count, std::vector<std::optional<StatisticSet>>& out);

  /// Drops old datapoints and metrics that are silent and unwatched. Walks everything: call it every few
  /// minutes.
  void sweep(WallTime now);

  std::size_t series_count() const { return series_.size(); }
  std::size_t datapoint_count() const { return datapoints_; }

 private:
  struct Hash {
    std::size_t operator()(const MetricId& metric) const;
  };
  WallTime horizon(const Series& series, WallTime now) const;
  void prune(Series& series, Series::Unit& unit, WallTime now);

  // Config
  std::size_t datapoints_max_;
  // State
  std::unordered_map<MetricId, std::unique_ptr<Series>, Hash> series_; // never walked for an order that shows
  std::size_t datapoints_ = 0;
  Millis history_ = limits::metric_history;
};

} // namespace kaden::alarm
