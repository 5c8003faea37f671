#include "archive.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "kaden/limits/metrics.h"
#include "kaden/limits/stored_datapoints.h"

namespace kaden::app {

namespace {

using cloudwatch::PastQuery;
using cloudwatch::PastSeries;

/// In the order in which they first came.
std::vector<alarm::KnownMetric> known_metrics(std::vector<datapoints::SeriesInfo> series, WallTime since) {
  std::erase_if(series, [&](const auto& one) { return one.last_seen < since; });
  std::sort(series.begin(), series.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  std::vector<alarm::KnownMetric> known;
  known.reserve(series.size());
  for (auto& one : series) known.push_back({std::move(one.id.metric), std::move(one.id.unit), one.last_seen});
  return known;
}

alarm::Datum datum_of(const datapoints::SeriesId& id, const datapoints::Point& point) {
  alarm::Datum datum{id.metric, id.unit, point.at, point.values, point.tier == datapoints::Tier::second, {}};
  if (point.each == nullptr) return datum;
  datum.counted = point.each->samples();
  datum.digits = point.each->digits();
  return datum;
}

} // namespace

std::vector<PastSeries::Point> in_steps(const std::vector<datapoints::Point>& points, Millis step,
                                        WallTime from, WallTime to) {
  std::vector<PastSeries::Point> out;
  for (const datapoints::Point& point : points) {
    if (point.at < from || point.at >= to) continue;
    const WallTime at = step > Millis(0) ? alarm::floor_to(point.at, step) : point.at;
    if (step > Millis(0) && !out.empty() && out.back().at == at) {
      samples::merge(out.back().values, point.values);
      continue;
    }
    const bool is_fine = point.tier == datapoints::Tier::second && step < seconds(60);
    out.push_back({at, point.values, is_fine, step > Millis(0) ? nullptr : point.each});
  }
  return out;
}

Archive::Archive(datapoints::Settings settings, const runtime::Clock& clock, Log log)
    : settings_(std::move(settings)),
      log_(std::move(log)),
      clock_(clock),
      worker_(std::make_unique<runtime::Worker>(clock, "kaden-past")) {
  open();
}

Archive::~Archive() {
  worker_.reset();
}

/// In the constructor and then on the worker.
void Archive::open() {
  auto opened = datapoints::Store::open(settings_, clock_, log_);
  std::string why = opened ? "" : opened.error().message;
  bool is_news = false;
  {
    const std::lock_guard lock(mutex_);
    if (opened) store_ = std::move(*opened);
    is_news = why != std::exchange(not_opened_, why);
  }
  if (is_news && log_) log_(why.empty() ? "datapoints are stored again" : "no datapoints are stored: " + why);
  if (!why.empty()) worker_->post_after(limits::archive_retry, [this] { open(); });
}

std::shared_ptr<datapoints::Store> Archive::store() const {
  const std::lock_guard lock(mutex_);
  return store_;
}

void Archive::put(const alarm::Datum& datum, std::string_view maker) {
  if (const auto store = this->store()) store->put(datum, maker);
}

std::string Archive::trouble() const {
  const auto store = this->store();
  if (store) return store->trouble();
  const std::lock_guard lock(mutex_);
  return not_opened_.empty() ? "" : "no datapoints are stored: " + not_opened_;
}

datapoints::Store::Counts Archive::counts() const {
  const auto store = this->store();
  return store ? store->counts() : datapoints::Store::Counts();
}

// At the start ----------------------------------------------------------------------------------------------

std::size_t Archive::recall(cloudwatch::Endpoint& endpoint) const {
  const WallTime now = clock_.wall();
  const SteadyTime patience = clock_.steady() + limits::recall_time_max;
  std::size_t count = 0;
  const auto give_up = [&](const Error& why) {
    if (log_) log_("alarms do not see all datapoints from before the start: " + why.message);
    return count;
  };
  if (!store()) return count;
  auto reader = datapoints::Reader::open(settings_.path);
  if (!reader) return give_up(reader.error());
  const auto until = (*reader)->complete_until();
  if (!until) return give_up(until.error());
  if (!until->has_value()) return count;
  const auto series = (*reader)->series();
  if (!series) return give_up(series.error());
  endpoint.remember(known_metrics(*series, now - limits::silent_metric_max));
  std::map<Millis, std::vector<alarm::MetricId>> wanted;
  for (const auto& one : *series) {
    const Millis history = endpoint.history_wanted(one.id.metric);
    if (history > Millis(0) && one.last_seen >= now - history) wanted[history].push_back(one.id.metric);
  }
  Result<void> all;
  const auto give = [&](const datapoints::SeriesId& id, const std::vector<datapoints::Point>& points) {
    std::vector<alarm::Datum> data;
    data.reserve(points.size());
    for (const auto& point : points) data.push_back(datum_of(id, point));
    all = endpoint.recall(data, **until);
    if (all) count += data.size();
    if (all && clock_.steady() >= patience) all = fail(Fault::timeout, "it would take too long");
    return all.has_value();
  };
  // Those that look back least come first: they are the ones that change soonest.
  for (auto& [history, metrics] : wanted) {
    const auto read = (*reader)->read({now - history, now, {}, std::move(metrics)}, give);
    if (!read) return give_up(read.error());
    if (!all) return give_up(all.error());
  }
  return count;
}

// Reads of the past
// ------------------------------------------------------------------------------------------

Result<std::vector<PastSeries>> Archive::look_up(const PastQuery& query) {
  const std::uint64_t begun = counts().set_aside;
  if (begun != std::exchange(reader_begun_, begun)) reader_.reset(); // that file was set aside
  // None may still wait for the file: in the minute after a start the newest come from it as well, and late
  // ones belong to any time.
  if (const auto store = this->store()) static_cast<void>(store->flush());
  if (!reader_) {
    auto opened = datapoints::Reader::open(settings_.path);
    if (!opened && opened.error().fault == Fault::not_found) return std::vector<PastSeries>();
    if (!opened) return tl::unexpected<Error>(opened.error());
    reader_ = std::move(*opened);
  }
  std::map<alarm::MetricId, Millis> steps;
  std::vector<alarm::MetricId> metrics;
  for (const auto& one : query.metrics) {
    steps.emplace(one.metric, one.step);
    metrics.push_back(one.metric);
  }
  datapoints::Reader::Query asked{query.from, query.to, {}, std::move(metrics)};
  asked.points_max = limits::query_points_max;
  asked.sets_only =
      std::all_of(steps.begin(), steps.end(), [](const auto& one) { return one.second > Millis(0); });
  std::vector<PastSeries> found;
  const auto take = [&](const datapoints::SeriesId& id, const std::vector<datapoints::Point>& points) {
    found.push_back({id.metric, id.unit, in_steps(points, steps.at(id.metric), query.from, query.to)});
    return true;
  };
  const auto read = reader_->read(asked, take);
  if (read) return found;
  if (read.error().fault != Fault::invalid) reader_.reset(); // the next one begins with a fresh connection
  return tl::unexpected<Error>(read.error());
}

void Archive::read(PastQuery query, std::function<void(Result<std::vector<PastSeries>>)> done) {
  const std::string asker = query.asker;
  Read read{std::move(query), std::move(done)};
  // The worker is told only that there is one more; whose it is, their turns decide.
  const auto take = [this] {
    std::optional<Read> turn;
    reads_.take(turn, Millis(0));
    return turn;
  };
  if (!reads_.post(asker, std::move(read)))
    return read.done( // NOLINT(bugprone-use-after-move): refused, it is untouched
        fail(Fault::busy, "too many reads of stored datapoints wait, try again in a second"));
  const bool posted = worker_->post([this, take] {
    if (const auto turn = take()) turn->done(look_up(turn->query));
  });
  if (posted) return;
  if (const auto turn = take()) turn->done(fail(Fault::unavailable, "Kaden is shutting down"));
}

} // namespace kaden::app
