#include "kaden/metric_store.h"

#include <algorithm>
#include <functional>
#include <string_view>

namespace kaden::alarm {

namespace {

constexpr Millis coarse_step = seconds(60);

void merge(StatisticSet& into, const StatisticSet& more) {
  into.sample_count += more.sample_count;
  into.sum += more.sum;
  into.minimum = std::min(into.minimum, more.minimum);
  into.maximum = std::max(into.maximum, more.maximum);
}

bool starts_before(const Bucket& bucket, WallTime at) {
  return bucket.start < at;
}

} // namespace

double value_of(Statistic statistic, const StatisticSet& set) {
  switch (statistic) {
    case Statistic::average:
      return set.sum / set.sample_count;
    case Statistic::minimum:
      return set.minimum;
    case Statistic::maximum:
      return set.maximum;
    case Statistic::sum:
      return set.sum;
    case Statistic::sample_count:
      return set.sample_count;
  }
  return 0;
}

std::size_t MetricStore::Hash::operator()(const MetricId& metric) const {
  const std::hash<std::string_view> hash;
  std::size_t mixed = hash(metric.name_space);
  const auto mix = [&](const std::string& text) {
    mixed ^= hash(text) + 0x9e3779b97f4a7c15ULL + (mixed << 6) + (mixed >> 2);
  };
  mix(metric.name);
  for (const auto& [name, value] : metric.dimensions) {
    mix(name);
    mix(value);
  }
  return mixed;
}

WallTime MetricStore::horizon(const Series& series, WallTime now) const {
  return now - std::max(series.needed, history_);
}

Series* MetricStore::find(const MetricId& metric) {
  const auto found = series_.find(metric);
  return found == series_.end() ? nullptr : found->second.get();
}

const Series* MetricStore::find(const MetricId& metric) const {
  const auto found = series_.find(metric);
  return found == series_.end() ? nullptr : found->second.get();
}

Series& MetricStore::put(const Datum& datum, WallTime now) {
  auto found = series_.find(datum.metric);
  if (found == series_.end()) {
    auto made = std::make_unique<Series>();
    made->id = datum.metric;
    found = series_.emplace(datum.metric, std::move(made)).first;
  }
  Series& series = *found->second;
  series.last_put = now;
  const WallTime start = floor_to(datum.at, datum.high_resolution ? finest_step : coarse_step);
  if (start < horizon(series, now)) return series;

  auto unit = std::find_if(series.units.begin(), series.units.end(),
                           [&](const Series::Unit& one) { return one.name == datum.unit; });
  if (unit == series.units.end()) unit = series.units.insert(unit, {datum.unit, {}});
  auto& buckets = unit->buckets;
  const auto place = buckets.empty() || buckets.back().start < start
                         ? buckets.end()
                         : std::lower_bound(buckets.begin(), buckets.end(), start, starts_before);
  if (place != buckets.end() && place->start == start) {
    merge(place->values, datum.values);
  } else {
    buckets.insert(place, {start, datum.values});
    ++datapoints_;
    prune(series, *unit, now);
  }
  return series;
}

/// Waits until a quarter is old, so that moving the rest costs little per datapoint.
void MetricStore::prune(Series& series, Series::Unit& unit, WallTime now) {
  auto& buckets = unit.buckets;
  const auto least = static_cast<std::ptrdiff_t>(buckets.size() / 4);
  const WallTime keep_from = horizon(series, now);
  if (least > 0 && buckets[static_cast<std::size_t>(least)].start >= keep_from) return;
  const auto keep = std::lower_bound(buckets.begin(), buckets.end(), keep_from, starts_before);
  datapoints_ -= static_cast<std::size_t>(keep - buckets.begin());
  buckets.erase(buckets.begin(), keep);
}

Series& MetricStore::watch(const MetricId& metric, Millis history) {
  auto& slot = series_[metric];
  if (slot == nullptr) {
    slot = std::make_unique<Series>();
    slot->id = metric;
  }
  ++slot->watchers;
  slot->needed = std::max(slot->needed, history);
  return *slot;
}

void MetricStore::unwatch(Series& series) {
  require(series.watchers > 0, "a series is unwatched once per watcher");
  if (--series.watchers == 0) series.needed = Millis(0);
}

std::vector<std::optional<StatisticSet>> MetricStore::aggregate(const MetricId& metric,
                                                                const std::string& unit, Millis period,
                                                                WallTime from, std::size_t count) const {
  std::vector<std::optional<StatisticSet>> out(count);
  if (const Series* series = find(metric)) aggregate(*series, unit, period, from, count, out);
  return out;
}

void MetricStore::aggregate(const Series& series, const std::string& unit, Millis period, WallTime from,
                            std::size_t count, std::vector<std::optional<StatisticSet>>& out) {
  out.assign(count, std::nullopt);
  const WallTime end = from + period * static_cast<std::int64_t>(count);
  for (const Series::Unit& one : series.units) {
    if (!unit.empty() && one.name != unit) continue;
    // From the newest back: alarms look at the end of a long history.
    for (auto bucket = one.buckets.rbegin(); bucket != one.buckets.rend() && bucket->start >= from;
         ++bucket) {
      if (bucket->start >= end) continue;
      auto& into = out[static_cast<std::size_t>((bucket->start - from) / period)];
      if (into) {
        merge(*into, bucket->values);
      } else {
        into = bucket->values;
      }
    }
  }
}

void MetricStore::sweep(WallTime now) {
  for (auto entry = series_.begin(); entry != series_.end();) {
    Series& series = *entry->second;
    const WallTime keep_from = horizon(series, now);
    bool empty = true;
    for (Series::Unit& unit : series.units) {
      const auto keep = std::lower_bound(unit.buckets.begin(), unit.buckets.end(), keep_from, starts_before);
      datapoints_ -= static_cast<std::size_t>(keep - unit.buckets.begin());
      unit.buckets.erase(unit.buckets.begin(), keep);
      if (unit.buckets.capacity() > 2 * unit.buckets.size() + 16) unit.buckets.shrink_to_fit();
      empty = empty && unit.buckets.empty();
    }
    const bool drop = empty && series.watchers == 0;
    entry = drop ? series_.erase(entry) : std::next(entry);
  }
  if (datapoints_ < datapoints_max_ / 4)
    history_ = std::min(limits::metric_history, std::max(history_ * 2, seconds(60)));
}

/// Each halving walks everything, but there are few until nothing is left to give.
bool MetricStore::make_space_for(std::size_t count, WallTime now) {
  while (datapoints_ + count > datapoints_max_ && history_ > Millis(0)) {
    history_ = history_ < seconds(60) ? Millis(0) : history_ / 2;
    sweep(now);
  }
  return datapoints_ + count <= datapoints_max_;
}

} // namespace kaden::alarm
