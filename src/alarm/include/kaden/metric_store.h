/// kaden/metric_store.h - datapoints in memory, packed. Room: alarm. Uses: base, samples. Pure: `now` is an
/// argument. Threads: one owner. Errors: none; limits::series_max and limits::datapoints_max are asked for
/// before.
///
/// High-resolution data is kept in steps of 1 s, the rest in steps of 60 s, as CloudWatch does. Data of one
/// step is put together: a repeated put counts twice, as in CloudWatch. Late and early data is put where its
/// timestamp says, and the order of arrival changes nothing. A step with one sample costs 12 bytes; one with
/// more keeps its raw values beside (for percentiles), coarser ones when there are over
/// limits::values_per_step_max (kaden/samples.h). Names and dimensions are kept once for all metrics. Kept:
/// what the alarms over the metric need, and limits::metric_history; when memory (limits::datapoints_max)
/// runs short the latter is halved for all. A metric without a datapoint left stays listed for
/// limits::silent_metric_max, or until its place is needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "kaden/alarm.h"
#include "kaden/limits/metrics.h"

namespace kaden::alarm {

inline constexpr Millis finest_step = seconds(10); ///< of evaluations

/// The start of the step of that length in which `at` lies; steps are counted from 1970. Also before 1970.
constexpr WallTime floor_to(WallTime at, Millis step) {
  const std::int64_t rest = to_ms(at) % step.count();
  return at - Millis(rest < 0 ? rest + step.count() : rest);
}

/// Texts kept once, with a number for each.
class SymbolTable {
 public:
  using Symbol = std::uint32_t;
  Symbol hold(std::string_view text);
  void release(Symbol symbol);
  /// Nullopt when nobody holds it.
  std::optional<Symbol> find(std::string_view text) const;
  const std::string& text(Symbol symbol) const { return entries_[symbol].text; }

 private:
  struct Entry {
    std::string text;
    std::uint32_t holders = 0;
  };
  struct Hash {
    using is_transparent = void;
    const std::deque<Entry>* entries;
    std::size_t operator()(Symbol symbol) const;
    std::size_t operator()(std::string_view text) const;
  };
  struct Equal {
    using is_transparent = void;
    const std::deque<Entry>* entries;
    bool operator()(Symbol a, Symbol b) const { return a == b; }
    bool operator()(std::string_view a, Symbol b) const { return a == (*entries)[b].text; }
    bool operator()(Symbol a, std::string_view b) const { return (*entries)[a].text == b; }
  };
  std::deque<Entry> entries_;
  std::vector<Symbol> free_;
  std::unordered_set<Symbol, Hash, Equal> known_{16, Hash{&entries_}, Equal{&entries_}};
};

/// What fell into one step and is more than one sample.
struct RichPoint {
  samples::Distribution each;        ///< unknown: some samples came as a statistic set of unequal values
  std::unique_ptr<StatisticSet> set; ///< of all samples, when `each` does not tell it
};

/// 12 bytes: the second since 1970 and a sample, or the place of a RichPoint.
class PackedPoint {
 public:
  PackedPoint(std::uint32_t second, double sample);
  PackedPoint(std::uint32_t second, std::uint32_t rich_place);
  std::uint32_t second() const { return second_; }
  bool is_rich() const;
  double sample() const;
  std::uint32_t rich_place() const { return low_; }

 private:
  std::uint32_t second_, low_, high_;
};

/// One metric. Made by the store; its address stays until the store drops it, never while it is watched.
struct Series {
  struct Unit {
    SymbolTable::Symbol name = 0;
    std::vector<PackedPoint> points; ///< oldest first, one per step
  };
  std::vector<SymbolTable::Symbol> key; ///< namespace, name, then name and value of each dimension
  std::vector<Unit> units;              ///< in the order they came
  WallTime last_put{};                  ///< arrival, not timestamp
  Millis needed{};                      ///< history that its alarms look at
  std::uint64_t number = 0;             ///< the order in which metrics first came
  std::uint64_t puts = 0;               ///< how often data was put
  std::uint64_t rules_seen = 0;         ///< for the owner: which edition of the rules was applied to it
  std::uint32_t watchers = 0;           ///< alarms that hold a pointer to it
  bool only_listed = false;             ///< no datapoint, no watcher: for ListMetrics
};

/// A metric of a life before this one.
struct KnownMetric {
  MetricId metric;
  std::string unit;
  WallTime last_put{};
};

/// The statistics of some periods of one metric, in `unit` or (empty) of all units together.
struct PeriodQuery {
  std::string unit;
  Millis period = seconds(60);
  WallTime from{};
  std::size_t count = 0;
};

/// One datapoint of GetMetricStatistics.
struct StatisticsPoint {
  WallTime at{}; ///< start of the period
  std::string unit;
  std::vector<std::optional<double>> values; ///< in the order asked for
};

/// ListMetrics.
struct MetricFilter {
  std::string name_space, name; ///< empty: all
  struct Dimension {
    std::string name;
    std::optional<std::string> value;
  };
  std::vector<Dimension> dimensions;    ///< all must be there; others may be
  std::optional<WallTime> active_since; ///< data came since
  std::uint64_t after = 0;              ///< MetricPage::next of the page before
  std::size_t most = 500;
};
struct MetricPage {
  std::vector<MetricId> metrics; ///< in the order in which they first came
  std::uint64_t next = 0;        ///< 0: there are no more
};

class MetricStore {
 public:
  /// `datapoints_max` may be set lower in tests.
  explicit MetricStore(std::size_t datapoints_max = limits::datapoints_max);
  MetricStore(const MetricStore&) = delete;
  MetricStore& operator=(const MetricStore&) = delete;
  ~MetricStore();

  /// The series it went to. Ask has_room() and make_space_for() before: here nothing is refused.
  Series& put(const Datum& datum, WallTime now);
  /// False when `count` more metrics do not fit. Those that are only listed give way.
  bool has_room(std::size_t count) const { return series_count() + count <= limits::series_max; }
  /// Gives up history when `count` more datapoints do not fit; false when there is none left to give.
  bool make_space_for(std::size_t count, WallTime now);

  /// Before the first put(): metrics that are listed, ordered by when they first came.
  void remember(std::span<const KnownMetric> known);

  Series* find(const MetricId& metric);
  const Series* find(const MetricId& metric) const;
  MetricId id_of(const Series& series) const;
  /// False when it is not there or only listed: data would make it.
  bool holds(const MetricId& metric) const;
  /// The same of the series with that Series::number.
  bool holds(std::uint64_t number) const;
  const std::string& name_of(const Series& series) const { return symbols_.text(series.key[1]); }
  /// Finds or makes it, and keeps it and `history` of it until unwatch().
  Series& watch(const MetricId& metric, Millis history);
  /// The needed history shrinks only when the last watcher is gone.
  static void unwatch(Series& series);

  /// `count` periods from `from` on, oldest first; a period without data is nullopt. `unit` empty: all units
  /// merged.
  std::vector<std::optional<StatisticSet>> aggregate(const MetricId& metric, const std::string& unit,
                                                     Millis period, WallTime from, std::size_t count) const;
  /// The same into `out`, whose memory is used again.
  void aggregate(const Series& series, const PeriodQuery& query,
                 std::vector<std::optional<StatisticSet>>& out) const;
  /// One statistic of them, `extended` when it is not null; then `sample_counts` (may be null) gets how many
  /// samples each period had.
  void values(const Series& series, Statistic simple, const ExtendedStatistic* extended,
              const PeriodQuery& query, std::vector<std::optional<double>>& out,
              std::vector<double>* sample_counts = nullptr) const;
  void values(const Series& series, const AnyStatistic& statistic, const PeriodQuery& query,
              std::vector<std::optional<double>>& out) const {
    values(series, statistic.simple, statistic.extended ? &*statistic.extended : nullptr, query, out);
  }

  /// Some period has samples that came as a statistic set of unequal values: of it ExtendedStatistics do not
  /// exist.
  bool has_unknown_samples(const Series& series, const PeriodQuery& query) const;

  /// GetMetricStatistics: oldest first, periods with data only; units apart, in the order of their names,
  /// within one time. Empty for an unknown metric.
  std::vector<StatisticsPoint> statistics(const MetricId& metric, const PeriodQuery& query,
                                          std::span<const AnyStatistic> wanted) const;
  MetricPage list(const MetricFilter& filter) const;
  /// `data` in the place of the metric's datapoints from before `cut`; when it was heard last does not
  /// change. A metric that is not there stays so.
  void replace_before(const MetricId& metric, WallTime cut, std::span<const Datum> data, WallTime now);
  /// Puts the metric's datapoints from `from` on into another store as well.
  void copy(const MetricId& metric, WallTime from, MetricStore& into) const;

  /// Drops old datapoints and metrics that are silent and unwatched. Walks everything: call it every few
  /// minutes.
  void sweep(WallTime now);

  /// Without those that are only listed.
  std::size_t series_count() const { return series_.size() - only_listed_; }
  std::size_t datapoint_count() const { return datapoints_; }
  /// How long datapoints that no alarm needs are kept now.
  Millis history() const { return history_; }
  /// Datapoints with their raw values counted in: what limits::datapoints_max bounds.
  std::size_t load() const { return load_; }

 private:
  using Symbols = std::vector<SymbolTable::Symbol>;
  struct KeyHash {
    using is_transparent = void;
    std::size_t operator()(const Symbols& key) const;
    std::size_t operator()(const Series* series) const { return (*this)(series->key); }
  };
  struct KeyEqual {
    using is_transparent = void;
    bool operator()(const Series* a, const Series* b) const { return a == b; }
    bool operator()(const Symbols& a, const Series* b) const { return a == b->key; }
    bool operator()(const Series* a, const Symbols& b) const { return a->key == b; }
  };
  std::optional<Symbols> key_of(const MetricId& metric) const;
  Series& make(const MetricId& metric);
  void drop(Series& series);
  void drop_all(const std::vector<Series*>& dropped);
  void drop_listed();
  void revive(Series& series);
  Series::Unit& unit_of(Series& series, const std::string& name);
  WallTime horizon(const Series& series, WallTime now) const;
  void add(PackedPoint& point, const Datum& datum);
  void make_rich(PackedPoint& point);
  void free_rich(const PackedPoint& point);
  void erase_before(Series::Unit& unit, std::uint32_t second);
  void prune(Series& series, Series::Unit& unit, WallTime now);
  static std::size_t load_of(const RichPoint& point);
  StatisticSet set_of_point(const PackedPoint& point) const;
  /// Calls `take(index of the period, point)` from the newest to the oldest.
  template <class Visit>
  void visit(const Series::Unit& unit, const PeriodQuery& query, const Visit& take) const;
  bool is_wanted(const Series::Unit& unit, const std::string& name) const {
    return name.empty() || symbols_.text(unit.name) == name;
  }

  // Config
  std::size_t datapoints_max_;
  // State
  SymbolTable symbols_;
  std::unordered_set<Series*, KeyHash, KeyEqual> series_; // owned; never walked for an order that shows
  std::vector<Series*> by_number_;                        // null: dropped
  std::deque<RichPoint> rich_;
  std::vector<std::uint32_t> free_rich_;
  std::uint64_t next_number_ = 1;
  std::size_t only_listed_ = 0;
  std::size_t datapoints_ = 0;
  std::size_t load_ = 0;
  Millis history_ = limits::metric_history;
};

} // namespace kaden::alarm
