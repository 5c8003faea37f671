// Datapoints older than memory: given back to alarms at the start, and read together with what is in memory.
#include <algorithm>
#include <numeric>

#include "desk.h"

#include "kaden/limits/stored_datapoints.h"

namespace kaden::cloudwatch {

namespace {

constexpr Millis for_ever = 2 * limits::datapoint_keep;

/// Percentiles need the points as they are; of the rest those of one period may come as one.
Millis step_of(Millis period, const alarm::AnyStatistic& statistic) {
  return statistic.extended ? Millis(0) : period;
}

/// Each metric once, with a step that fits all its queries.
std::vector<PastQuery::Wanted> metrics_of(const std::vector<alarm::MetricQuery>& queries) {
  std::map<alarm::MetricId, Millis> steps;
  for (const alarm::MetricQuery& query : queries) {
    if (!query.stat) continue;
    const Millis step = step_of(query.stat->period, query.stat->statistic);
    const auto [place, is_new] = steps.emplace(query.stat->metric, step);
    if (is_new) continue;
    const bool as_it_is = step == Millis(0) || place->second == Millis(0);
    place->second = as_it_is ? Millis(0) : Millis(std::gcd(step.count(), place->second.count()));
  }
  std::vector<PastQuery::Wanted> wanted;
  wanted.reserve(steps.size());
  for (const auto& [metric, step] : steps) wanted.push_back({metric, step});
  return wanted;
}

Millis longest_period(const std::vector<alarm::MetricQuery>& queries) {
  Millis longest{};
  for (const alarm::MetricQuery& query : queries) {
    if (query.stat) longest = std::max(longest, query.stat->period);
    if (query.period) longest = std::max(longest, *query.period);
  }
  return longest;
}

void append_data(const PastSeries& series, std::vector<alarm::Datum>& data) {
  data.reserve(data.size() + series.points.size());
  for (const PastSeries::Point& point : series.points) {
    alarm::Datum datum{series.metric, series.unit, point.at, point.values, point.high_resolution, {}};
    if (point.each != nullptr) {
      datum.counted = point.each->samples();
      datum.digits = point.each->digits();
    }
    data.push_back(std::move(datum));
  }
}

} // namespace

Millis Desk::history_wanted(const alarm::MetricId& metric) const {
  const std::lock_guard lock(mutex_);
  return book_.history_wanted(metric);
}

void Desk::remember(std::span<const alarm::KnownMetric> known) {
  const std::lock_guard lock(mutex_);
  book_.remember(known);
}

Result<void> Desk::recall(std::span<const alarm::Datum> data, WallTime complete_until) {
  const std::lock_guard lock(mutex_);
  return book_.recall(data, complete_until);
}

/// Under the lock: data older than a cut that arrive while the past before it is read.
void Desk::note_late(std::span<const alarm::Datum> data) {
  if (reading_past_.empty()) return;
  for (const alarm::Datum& datum : data) {
    const auto reading = reading_past_.find(datum.metric);
    if (reading != reading_past_.end() && datum.at < reading->second.cut) reading->second.is_outrun = true;
  }
}

/// Under the lock: new alarms look at what memory no longer has, as those of before the start do.
void Desk::fetch_past(WallTime now, Jobs& jobs) {
  if (!past_) {
    book_.take_past_wanted(now, book_.size());
    return;
  }
  const WallTime cut = book_.complete_from(now);
  for (const auto& [metric, history] : book_.take_past_wanted(now, limits::past_reads_of_one_max / 4)) {
    PastQuery query{{{metric, Millis(0)}}, now - history, cut, {}};
    const auto done = [self = weak_from_this(), metric = metric, history = history,
                       cut](const Result<std::vector<PastSeries>>& older) {
      if (const auto desk = self.lock()) desk->on_past(metric, history, cut, older);
    };
    reading_past_[metric] = {cut, false};
    jobs.push_back([this, query = std::move(query), done] { past_(query, done); });
  }
}

void Desk::on_past(const alarm::MetricId& metric, Millis history, WallTime cut,
                   const Result<std::vector<PastSeries>>& older) {
  const std::lock_guard lock(mutex_);
  const auto reading = reading_past_.extract(metric);
  // The read may have missed it, and what was read goes in its place: once more.
  if (!reading.empty() && reading.mapped().is_outrun) book_.want_past(metric, history);
  if (!older) {
    // A file that cannot be read now is asked again; more than can be read at once is never read.
    if (older.error().fault != Fault::invalid) book_.want_past(metric, history);
    return;
  }
  std::vector<alarm::Datum> data;
  for (const PastSeries& series : *older) append_data(series, data);
  if (data.empty()) return;
  if (!book_.backfill(metric, cut, data, clock_.wall())) book_.want_past(metric, history);
}

/// The past up to `cut`, memory from there on.
std::unique_ptr<alarm::MetricStore> Desk::joined(const std::vector<PastSeries>& older,
                                                 const std::vector<PastQuery::Wanted>& metrics,
                                                 WallTime cut) const {
  auto store = std::make_unique<alarm::MetricStore>();
  for (const auto& wanted : metrics) store->watch(wanted.metric, for_ever);
  std::vector<alarm::Datum> data;
  for (const PastSeries& series : older) {
    data.clear();
    append_data(series, data);
    for (const alarm::Datum& datum : data) store->put(datum, datum.at);
  }
  const std::lock_guard lock(mutex_);
  for (const auto& wanted : metrics) book_.metrics().copy(wanted.metric, cut, *store);
  return store;
}

/// `look` reads a store, which is the book's (then under the lock) or one made for this request.
template <class Request, class Look, class Answered>
void Desk::look_back(const Request& request, PastQuery query, WallTime now, const Look& look,
                     const Answered& done) const {
  WallTime cut;
  {
    std::unique_lock lock(mutex_);
    cut = book_.complete_from(now);
    if (!past_ || query.from >= cut || query.metrics.empty()) {
      const auto found = look(book_.metrics(), request);
      lock.unlock();
      return done(found);
    }
  }
  query.to = std::min(query.to, cut);
  auto asked = query;
  past_(std::move(asked), [self = weak_from_this(), request, query = std::move(query), cut, look,
                           done](const Result<std::vector<PastSeries>>& older) {
    const auto desk = self.lock();
    if (!desk) return; // the endpoint is gone, and with it who asked
    if (!older) return done(tl::unexpected<Error>(older.error()));
    done(look(*desk->joined(*older, query.metrics, cut), request));
  });
}

void Desk::metric_data(DataRequest request, WallTime now, const DataDone& done) const {
  if (auto fits = alarm::check_metric_data(request.queries, request.from, request.to); !fits) {
    return done(tl::unexpected<Error>(fits.error()));
  }
  // A period that begins before `from` is read from its beginning.
  PastQuery query{metrics_of(request.queries), request.from - longest_period(request.queries), request.to,
                  request.asker};
  const auto look = [](const alarm::MetricStore& store, const DataRequest& asked) {
    return alarm::metric_data(store, asked.queries, asked.from, asked.to);
  };
  look_back(request, std::move(query), now, look, done);
}

void Desk::statistics(StatisticsRequest request, WallTime now, const StatisticsDone& done) const {
  const Millis period = request.query.period;
  Millis step = period;
  for (const auto& statistic : request.wanted) step = std::min(step, step_of(period, statistic));
  PastQuery query{{{request.metric, step}},
                  request.query.from,
                  request.query.from + period * static_cast<std::int64_t>(request.query.count),
                  request.asker};
  const auto look = [](const alarm::MetricStore& store, const StatisticsRequest& asked) {
    return Result<std::vector<alarm::StatisticsPoint>>(
        store.statistics(asked.metric, asked.query, asked.wanted));
  };
  look_back(request, std::move(query), now, look, done);
}

} // namespace kaden::cloudwatch
