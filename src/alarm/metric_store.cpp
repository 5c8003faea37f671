#include "kaden/metric_store.h"
#include "kaden/limits/metrics.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <utility>

namespace kaden::alarm {

namespace {

constexpr Millis coarse_step = seconds(60);
constexpr Millis fine_step = seconds(1);
constexpr std::uint32_t rich_mark = 0xFFFF'FFFF; // the upper half of a NaN: no sample has it

/// Grows by a quarter: with millions of small vectors the slack of doubling would be the largest item.
template <class T>
void insert_tight(std::vector<T>& into, typename std::vector<T>::iterator place, T value) {
  const auto index = place - into.begin();
  if (into.size() == into.capacity()) into.reserve(into.size() + std::max<std::size_t>(2, into.size() / 4));
  into.insert(into.begin() + index, std::move(value));
}

std::uint32_t second_of(WallTime at) {
  return static_cast<std::uint32_t>(to_ms(at) / 1000);
}

/// The seconds that fit: 1970 to 2106.
bool fits(WallTime at) {
  return to_ms(at) >= 0 && to_ms(at) / 1000 < std::int64_t{1} << 32;
}

WallTime time_of(std::uint32_t second) {
  return wall_time(std::int64_t{second} * 1000);
}

bool is_finite(const StatisticSet& set) {
  return std::isfinite(set.sample_count) && std::isfinite(set.sum) && std::isfinite(set.minimum) &&
         std::isfinite(set.maximum) && set.sample_count > 0;
}

/// Sums that were added up in another order are the same sum.
bool same(const StatisticSet& a, const StatisticSet& b) {
  return a.sample_count == b.sample_count && a.minimum == b.minimum && a.maximum == b.maximum &&
         std::fabs(a.sum - b.sum) <= 1e-9 * std::max(std::fabs(a.sum), std::fabs(b.sum));
}

std::size_t mix(std::size_t seed, std::size_t more) {
  return seed ^ (more + 0x9e3779b97f4a7c15ULL + (seed << 6) + (seed >> 2));
}

} // namespace

// Symbols
// ----------------------------------------------------------------------------------------------------------

std::size_t SymbolTable::Hash::operator()(Symbol symbol) const {
  return (*this)(std::string_view((*entries)[symbol].text));
}

std::size_t SymbolTable::Hash::operator()(std::string_view text) const {
  return std::hash<std::string_view>()(text);
}

SymbolTable::Symbol SymbolTable::hold(std::string_view text) {
  const auto found = known_.find(text);
  if (found != known_.end()) {
    ++entries_[*found].holders;
    return *found;
  }
  Symbol symbol = 0;
  if (free_.empty()) {
    symbol = static_cast<Symbol>(entries_.size());
    entries_.push_back({std::string(text), 1});
  } else {
    symbol = free_.back();
    free_.pop_back();
    entries_[symbol] = {std::string(text), 1};
  }
  known_.insert(symbol);
  return symbol;
}

void SymbolTable::release(Symbol symbol) {
  Entry& entry = entries_[symbol];
  require(entry.holders > 0, "a symbol is released once per hold");
  if (--entry.holders > 0) return;
  known_.erase(symbol);
  entry.text = std::string();
  free_.push_back(symbol);
}

std::optional<SymbolTable::Symbol> SymbolTable::find(std::string_view text) const {
  const auto found = known_.find(text);
  if (found == known_.end()) return std::nullopt;
  return *found;
}

// Points
// -----------------------------------------------------------------------------------------------------------

PackedPoint::PackedPoint(std::uint32_t second, double sample) : second_(second) {
  const auto bits = std::bit_cast<std::uint64_t>(sample);
  low_ = static_cast<std::uint32_t>(bits);
  high_ = static_cast<std::uint32_t>(bits >> 32);
}

PackedPoint::PackedPoint(std::uint32_t second, std::uint32_t rich_place)
    : second_(second), low_(rich_place), high_(rich_mark) {}

bool PackedPoint::is_rich() const {
  return high_ == rich_mark;
}

double PackedPoint::sample() const {
  return std::bit_cast<double>((std::uint64_t{high_} << 32) | low_);
}

// The store
// --------------------------------------------------------------------------------------------------------

MetricStore::MetricStore(std::size_t datapoints_max) : datapoints_max_(datapoints_max) {}

MetricStore::~MetricStore() {
  for (Series* series : by_number_) delete series;
}

std::size_t MetricStore::KeyHash::operator()(const Symbols& key) const {
  std::size_t seed = key.size();
  for (const auto symbol : key) seed = mix(seed, symbol);
  return seed;
}

WallTime MetricStore::horizon(const Series& series, WallTime now) const {
  return now - std::max(series.needed, history_);
}

std::optional<MetricStore::Symbols> MetricStore::key_of(const MetricId& metric) const {
  Symbols key;
  key.reserve(2 + 2 * metric.dimensions.size());
  const auto add = [&](const std::string& text) {
    const auto symbol = symbols_.find(text);
    if (symbol) key.push_back(*symbol);
    return symbol.has_value();
  };
  if (!add(metric.name_space) || !add(metric.name)) return std::nullopt;
  for (const auto& [name, value] : metric.dimensions) {
    if (!add(name) || !add(value)) return std::nullopt;
  }
  return key;
}

Series* MetricStore::find(const MetricId& metric) {
  const auto key = key_of(metric);
  if (!key) return nullptr;
  const auto found = series_.find(*key);
  return found == series_.end() ? nullptr : *found;
}

const Series* MetricStore::find(const MetricId& metric) const {
  const auto key = key_of(metric);
  if (!key) return nullptr;
  const auto found = series_.find(*key);
  return found == series_.end() ? nullptr : *found;
}

MetricId MetricStore::id_of(const Series& series) const {
  MetricId id{symbols_.text(series.key[0]), symbols_.text(series.key[1]), {}};
  for (std::size_t i = 2; i < series.key.size(); i += 2) {
    id.dimensions.emplace(symbols_.text(series.key[i]), symbols_.text(series.key[i + 1]));
  }
  return id;
}

bool MetricStore::holds(std::uint64_t number) const {
  const auto found =
      std::lower_bound(by_number_.begin(), by_number_.end(), number,
                       [](const Series* series, std::uint64_t one) { return series->number < one; });
  return found != by_number_.end() && (*found)->number == number && !(*found)->only_listed;
}

bool MetricStore::holds(const MetricId& metric) const {
  const Series* series = find(metric);
  return series != nullptr && !series->only_listed;
}

Series& MetricStore::make(const MetricId& metric) {
  if (series_.size() >= limits::series_max && only_listed_ > 0) drop_listed();
  auto made = std::make_unique<Series>();
  made->key.reserve(2 + 2 * metric.dimensions.size());
  made->key.push_back(symbols_.hold(metric.name_space));
  made->key.push_back(symbols_.hold(metric.name));
  for (const auto& [name, value] : metric.dimensions) {
    made->key.push_back(symbols_.hold(name));
    made->key.push_back(symbols_.hold(value));
  }
  made->number = next_number_++;
  by_number_.push_back(made.get());
  series_.insert(made.get());
  return *made.release(); // by_number_ owns it
}

void MetricStore::drop(Series& series) {
  series_.erase(&series);
  if (series.only_listed) --only_listed_;
  for (const auto symbol : series.key) symbols_.release(symbol);
  for (const Series::Unit& unit : series.units) symbols_.release(unit.name);
  delete &series;
}

void MetricStore::revive(Series& series) {
  if (std::exchange(series.only_listed, false)) --only_listed_;
}

Series::Unit& MetricStore::unit_of(Series& series, const std::string& name) {
  for (Series::Unit& unit : series.units) {
    if (symbols_.text(unit.name) == name) return unit;
  }
  series.units.reserve(series.units.size() + 1);
  return *series.units.insert(series.units.end(), {symbols_.hold(name), {}});
}

void MetricStore::remember(std::span<const KnownMetric> known) {
  const std::uint64_t first = next_number_;
  for (const KnownMetric& one : known) {
    Series* series = find(one.metric);
    if (series == nullptr) {
      if (!has_room(only_listed_ + 1)) continue;
      series = &make(one.metric);
      series->only_listed = true;
      ++only_listed_;
    }
    // What an alarm waits for was made before it; the order is that of the data.
    if (series->number < first) series->number = next_number_++;
    unit_of(*series, one.unit);
    series->last_put = std::max(series->last_put, one.last_put);
  }
  std::sort(by_number_.begin(), by_number_.end(),
            [](const Series* a, const Series* b) { return a->number < b->number; });
}

Series& MetricStore::put(const Datum& datum, WallTime now) {
  Series* found = find(datum.metric);
  Series& series = found == nullptr ? make(datum.metric) : *found;
  revive(series);
  series.last_put = now;
  ++series.puts;
  const WallTime start = floor_to(datum.at, datum.high_resolution ? fine_step : coarse_step);
  if (!fits(start) || !is_finite(datum.values)) return series;

  Series::Unit& unit = unit_of(series, datum.unit);
  if (start < horizon(series, now)) return series; // listed all the same
  auto& points = unit.points;
  const std::uint32_t second = second_of(start);
  const auto before = [](const PackedPoint& point, std::uint32_t at) { return point.second() < at; };
  const auto place = points.empty() || points.back().second() < second
                         ? points.end()
                         : std::lower_bound(points.begin(), points.end(), second, before);
  if (place != points.end() && place->second() == second) {
    add(*place, datum);
    return series;
  }
  ++datapoints_;
  ++load_;
  const auto raw = raw_value_of(datum.values);
  const bool single = raw && raw->count == 1 && datum.counted.size() <= 1;
  PackedPoint point = single ? PackedPoint(second, raw->value) : PackedPoint(second, std::uint32_t{0});
  if (!single) {
    std::uint32_t free = 0;
    if (free_rich_.empty()) {
      free = static_cast<std::uint32_t>(rich_.size());
      rich_.emplace_back();
    } else {
      free = free_rich_.back();
      free_rich_.pop_back();
    }
    point = PackedPoint(second, free);
    load_ += load_of(rich_[free]);
    add(point, datum);
  }
  insert_tight(points, place, point);
  prune(series, unit, now);
  return series;
}

std::size_t MetricStore::load_of(const RichPoint& point) {
  const std::size_t bytes =
      sizeof(RichPoint) + point.each.heap_bytes() + (point.set == nullptr ? 0 : sizeof(StatisticSet));
  return bytes / sizeof(PackedPoint) + 1;
}

void MetricStore::make_rich(PackedPoint& point) {
  if (point.is_rich()) return;
  std::uint32_t place = static_cast<std::uint32_t>(rich_.size());
  if (free_rich_.empty()) {
    rich_.emplace_back();
  } else {
    place = free_rich_.back();
    free_rich_.pop_back();
  }
  rich_[place].each.add({point.sample(), 1});
  load_ += load_of(rich_[place]);
  point = PackedPoint(point.second(), place);
}

void MetricStore::free_rich(const PackedPoint& point) {
  if (!point.is_rich()) return;
  load_ -= load_of(rich_[point.rich_place()]);
  rich_[point.rich_place()] = RichPoint{};
  free_rich_.push_back(point.rich_place());
}

void MetricStore::add(PackedPoint& point, const Datum& datum) {
  make_rich(point);
  RichPoint& rich = rich_[point.rich_place()];
  load_ -= load_of(rich);
  const auto raw = raw_value_of(datum.values);
  std::vector<ValueCount> values = datum.counted;
  if (values.empty() && raw) values.push_back(*raw);
  const bool told =
      !values.empty() && datum.digits == samples::Distribution::exact && same(set_of(values), datum.values);
  // Rounded values do not tell their sum and ends.
  const bool beside = !told || rich.each.size() + values.size() > limits::values_per_step_max;
  if (beside && rich.set == nullptr && !rich.each.empty())
    rich.set = std::make_unique<StatisticSet>(rich.each.set());
  if (rich.set != nullptr) {
    merge(*rich.set, datum.values);
  } else if (beside) {
    rich.set = std::make_unique<StatisticSet>(datum.values);
  }
  if (values.empty()) {
    rich.each.forget(); // a part of the samples is of no use
  } else if (datum.digits == samples::Distribution::exact) {
    rich.each.add(std::move(values));
  } else {
    rich.each.merge(samples::Distribution::of(std::move(values), datum.digits));
  }
  load_ += load_of(rich);
}

StatisticSet MetricStore::set_of_point(const PackedPoint& point) const {
  if (!point.is_rich()) return {1, point.sample(), point.sample(), point.sample()};
  const RichPoint& rich = rich_[point.rich_place()];
  return rich.set != nullptr ? *rich.set : rich.each.set();
}

void MetricStore::erase_before(Series::Unit& unit, std::uint32_t second) {
  auto& points = unit.points;
  const auto keep =
      std::lower_bound(points.begin(), points.end(), second,
                       [](const PackedPoint& point, std::uint32_t at) { return point.second() < at; });
  for (auto one = points.begin(); one != keep; ++one) free_rich(*one);
  const auto gone = static_cast<std::size_t>(keep - points.begin());
  datapoints_ -= gone;
  load_ -= gone;
  points.erase(points.begin(), keep);
}

void MetricStore::replace_before(const MetricId& metric, WallTime cut, std::span<const Datum> data,
                                 WallTime now) {
  Series* series = find(metric);
  if (series == nullptr || series->only_listed || !fits(cut)) return;
  for (Series::Unit& unit : series->units) erase_before(unit, second_of(cut));
  const WallTime last_put = series->last_put;
  for (const Datum& datum : data) {
    if (datum.at < cut) put(datum, now);
  }
  series->last_put = last_put;
}

/// Waits until a quarter is old, so that moving the rest costs little per datapoint.
void MetricStore::prune(Series& series, Series::Unit& unit, WallTime now) {
  auto& points = unit.points;
  const WallTime keep_from = horizon(series, now);
  if (points.size() < 4 || time_of(points[points.size() / 4].second()) >= keep_from || !fits(keep_from))
    return;
  erase_before(unit, second_of(keep_from));
}

Series& MetricStore::watch(const MetricId& metric, Millis history) {
  Series* found = find(metric);
  Series& series = found == nullptr ? make(metric) : *found;
  revive(series);
  ++series.watchers;
  series.needed = std::max(series.needed, history);
  return series;
}

void MetricStore::unwatch(Series& series) {
  require(series.watchers > 0, "a series is unwatched once per watcher");
  if (--series.watchers == 0) series.needed = Millis(0);
}

/// `dropped` in the order of their numbers, as by_number_.
void MetricStore::drop_all(const std::vector<Series*>& dropped) {
  if (dropped.empty()) return;
  auto next = dropped.begin();
  std::erase_if(by_number_, [&](const Series* series) {
    const bool gone = next != dropped.end() && *next == series;
    if (gone) ++next;
    return gone;
  });
  for (Series* series : dropped) drop(*series);
}

void MetricStore::drop_listed() {
  std::vector<Series*> dropped;
  std::copy_if(by_number_.begin(), by_number_.end(), std::back_inserter(dropped),
               [](const Series* series) { return series->only_listed; });
  drop_all(dropped);
}

void MetricStore::sweep(WallTime now) {
  std::vector<Series*> dropped;
  for (Series* series : by_number_) {
    const WallTime keep_from = horizon(*series, now);
    bool empty = true;
    for (Series::Unit& unit : series->units) {
      if (fits(keep_from)) erase_before(unit, second_of(keep_from + Millis(999)));
      if (unit.points.capacity() > 2 * unit.points.size() + 16) unit.points.shrink_to_fit();
      empty = empty && unit.points.empty();
    }
    if (!empty || series->watchers > 0) continue;
    if (series->units.empty() || series->last_put < now - limits::silent_metric_max) {
      dropped.push_back(series);
    } else if (!std::exchange(series->only_listed, true)) {
      ++only_listed_;
    }
  }
  drop_all(dropped);
  if (load_ < datapoints_max_ / 4)
    history_ = std::min(limits::metric_history, std::max(history_ * 2, seconds(60)));
}

/// Each halving walks everything, but there are few until nothing is left to give.
bool MetricStore::make_space_for(std::size_t count, WallTime now) {
  while (load_ + count > datapoints_max_ && history_ > Millis(0)) {
    history_ = history_ < seconds(60) ? Millis(0) : history_ / 2;
    sweep(now);
  }
  return load_ + count <= datapoints_max_;
}

} // namespace kaden::alarm
