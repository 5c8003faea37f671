// What the store answers: statistics per period, and lists of metrics.
#include <algorithm>
#include <utility>

#include "kaden/metric_store.h"

namespace kaden::alarm {

namespace {

bool by_value(const ValueCount& a, const ValueCount& b) {
  return a.value < b.value;
}

/// The raw values of one period while they are gathered.
struct Gathered {
  std::vector<ValueCount> values;
  double samples = 0;
  bool complete = true;
};

void gather(Gathered& into, const PackedPoint& point, const std::deque<RichPoint>& rich_points) {
  if (!point.is_rich()) {
    into.values.push_back({point.sample(), 1});
    ++into.samples;
    return;
  }
  const RichPoint& rich = rich_points[point.rich_place()];
  into.complete = into.complete && rich.each.is_known();
  const std::size_t size = rich.each.size();
  const bool is_rounded = rich.each.digits() != samples::Distribution::exact && rich.set != nullptr;
  for (std::size_t i = 0; i < size; ++i) {
    ValueCount one = rich.each.at(i);
    if (is_rounded) one.value = std::clamp(one.value, rich.set->minimum, rich.set->maximum);
    into.values.push_back(one);
    into.samples += one.count;
  }
  if (!is_rounded || size == 0) return;
  // The ends are known all the same.
  into.values[into.values.size() - size].value = rich.set->minimum;
  into.values.back().value = rich.set->maximum;
}

std::optional<double> extended_value(const ExtendedStatistic& statistic, Gathered& gathered) {
  if (!gathered.complete) return std::nullopt;
  std::stable_sort(gathered.values.begin(), gathered.values.end(), by_value);
  return value_of(statistic, gathered.values);
}

} // namespace

template <class Visit>
void MetricStore::visit(const Series::Unit& unit, const PeriodQuery& query, const Visit& take) const {
  const std::int64_t from = to_ms(query.from);
  const std::int64_t period = query.period.count();
  const std::int64_t end = from + period * static_cast<std::int64_t>(query.count);
  const auto& points = unit.points;
  // From the newest back: alarms look at the end of a long history.
  auto point = points.end();
  if (!points.empty() && std::int64_t{points.back().second()} * 1000 >= end) {
    point = std::lower_bound(points.begin(), points.end(), end, [](const PackedPoint& one, std::int64_t at) {
      return std::int64_t{one.second()} * 1000 < at;
    });
  }
  while (point != points.begin()) {
    --point;
    const std::int64_t since = std::int64_t{point->second()} * 1000 - from;
    if (since < 0) return;
    take(static_cast<std::size_t>(since / period), *point);
  }
}

std::vector<std::optional<StatisticSet>> MetricStore::aggregate(const MetricId& metric,
                                                                const std::string& unit, Millis period,
                                                                WallTime from, std::size_t count) const {
  std::vector<std::optional<StatisticSet>> out(count);
  if (const Series* series = find(metric)) aggregate(*series, {unit, period, from, count}, out);
  return out;
}

void MetricStore::aggregate(const Series& series, const PeriodQuery& query,
                            std::vector<std::optional<StatisticSet>>& out) const {
  out.assign(query.count, std::nullopt);
  for (const Series::Unit& unit : series.units) {
    if (!is_wanted(unit, query.unit)) continue;
    visit(unit, query, [&](std::size_t index, const PackedPoint& point) {
      if (out[index]) {
        merge(*out[index], set_of_point(point));
      } else {
        out[index] = set_of_point(point);
      }
    });
  }
}

void MetricStore::values(const Series& series, Statistic simple, const ExtendedStatistic* extended,
                         const PeriodQuery& query, std::vector<std::optional<double>>& out,
                         std::vector<double>* sample_counts) const {
  out.assign(query.count, std::nullopt);
  if (sample_counts != nullptr) sample_counts->assign(query.count, 0);
  if (extended != nullptr) {
    std::vector<Gathered> periods(query.count);
    for (const Series::Unit& unit : series.units) {
      if (!is_wanted(unit, query.unit)) continue;
      visit(unit, query,
            [&](std::size_t index, const PackedPoint& point) { gather(periods[index], point, rich_); });
    }
    for (std::size_t i = 0; i < query.count; ++i) {
      out[i] = extended_value(*extended, periods[i]);
      if (sample_counts != nullptr) (*sample_counts)[i] = periods[i].samples;
    }
    return;
  }
  const bool one_unit = series.units.size() == 1 || !query.unit.empty();
  if (!one_unit) {
    std::vector<std::optional<StatisticSet>> sets;
    aggregate(series, query, sets);
    for (std::size_t i = 0; i < query.count; ++i) {
      if (sets[i]) out[i] = value_of(simple, *sets[i]);
    }
    return;
  }
  for (const Series::Unit& unit : series.units) {
    if (!is_wanted(unit, query.unit)) continue;
    // The points of a period follow each other, so one set at a time is enough.
    StatisticSet set;
    std::size_t open = query.count;
    visit(unit, query, [&](std::size_t index, const PackedPoint& point) {
      if (index == open) {
        merge(set, set_of_point(point));
      } else {
        if (open < query.count) out[open] = value_of(simple, set);
        set = set_of_point(point);
        open = index;
      }
    });
    if (open < query.count) out[open] = value_of(simple, set);
  }
}

bool MetricStore::has_unknown_samples(const Series& series, const PeriodQuery& query) const {
  bool found = false;
  for (const Series::Unit& unit : series.units) {
    if (!is_wanted(unit, query.unit)) continue;
    visit(unit, query, [&](std::size_t, const PackedPoint& point) {
      found = found || (point.is_rich() && !rich_[point.rich_place()].each.is_known());
    });
  }
  return found;
}

std::vector<StatisticsPoint> MetricStore::statistics(const MetricId& metric, const PeriodQuery& query,
                                                     std::span<const AnyStatistic> wanted) const {
  std::vector<StatisticsPoint> found;
  const Series* series = find(metric);
  if (series == nullptr) return found;
  for (const Series::Unit& unit : series->units) {
    if (!is_wanted(unit, query.unit)) continue;
    PeriodQuery of_unit = query;
    of_unit.unit = symbols_.text(unit.name);
    std::vector<std::optional<double>> counts;
    values(*series, {Statistic::sample_count, std::nullopt}, of_unit, counts);
    std::vector<std::size_t> row(query.count, found.size());
    for (std::size_t i = 0; i < query.count; ++i) {
      if (!counts[i]) continue;
      row[i] = found.size();
      found.push_back({query.from + query.period * static_cast<std::int64_t>(i), of_unit.unit,
                       std::vector<std::optional<double>>(wanted.size())});
    }
    std::vector<std::optional<double>> one;
    for (std::size_t column = 0; column < wanted.size(); ++column) {
      values(*series, wanted[column], of_unit, one);
      for (std::size_t i = 0; i < query.count; ++i) {
        if (counts[i]) found[row[i]].values[column] = one[i];
      }
    }
  }
  std::stable_sort(found.begin(), found.end(), [](const StatisticsPoint& a, const StatisticsPoint& b) {
    return a.at != b.at ? a.at < b.at : a.unit < b.unit;
  });
  return found;
}

void MetricStore::copy(const MetricId& metric, WallTime from, MetricStore& into) const {
  const Series* series = find(metric);
  if (series == nullptr) return;
  Datum datum{metric, "", {}, {}, true, {}};
  for (const Series::Unit& unit : series->units) {
    datum.unit = symbols_.text(unit.name);
    for (const PackedPoint& point : unit.points) {
      datum.at = wall_time(std::int64_t{point.second()} * 1000);
      if (datum.at < from) continue;
      datum.values = set_of_point(point);
      datum.counted.clear();
      datum.digits = samples::Distribution::exact;
      if (point.is_rich() && rich_[point.rich_place()].each.is_known()) {
        datum.counted = rich_[point.rich_place()].each.samples();
        datum.digits = rich_[point.rich_place()].each.digits();
      }
      into.put(datum, datum.at);
    }
  }
}

MetricPage MetricStore::list(const MetricFilter& filter) const {
  MetricPage page;
  // Texts that no metric has find nothing.
  struct Wanted {
    SymbolTable::Symbol name = 0;
    std::optional<SymbolTable::Symbol> value;
  };
  std::vector<Wanted> wanted;
  const auto name_space = symbols_.find(filter.name_space);
  const auto name = symbols_.find(filter.name);
  if ((!filter.name_space.empty() && !name_space) || (!filter.name.empty() && !name)) return page;
  for (const auto& dimension : filter.dimensions) {
    const auto symbol = symbols_.find(dimension.name);
    if (!symbol) return page;
    Wanted one{*symbol, std::nullopt};
    if (dimension.value) {
      one.value = symbols_.find(*dimension.value);
      if (!one.value) return page;
    }
    wanted.push_back(one);
  }
  const auto has = [&](const Series& series, const Wanted& one) {
    for (std::size_t i = 2; i < series.key.size(); i += 2) {
      if (series.key[i] == one.name) return !one.value || series.key[i + 1] == *one.value;
    }
    return false;
  };
  auto next =
      std::upper_bound(by_number_.begin(), by_number_.end(), filter.after,
                       [](std::uint64_t after, const Series* series) { return after < series->number; });
  std::uint64_t last = 0;
  for (; next != by_number_.end(); ++next) {
    const Series& series = **next;
    if (!filter.name_space.empty() && series.key[0] != *name_space) continue;
    if (!filter.name.empty() && series.key[1] != *name) continue;
    if (filter.active_since && series.last_put < *filter.active_since) continue;
    if (series.units.empty()) continue; // an alarm waits for it, but it never came
    if (!std::all_of(wanted.begin(), wanted.end(), [&](const Wanted& one) { return has(series, one); }))
      continue;
    if (page.metrics.size() == filter.most) {
      page.next = last;
      break;
    }
    page.metrics.push_back(id_of(series));
    last = series.number;
  }
  return page;
}

} // namespace kaden::alarm
