#include "logs.h"

#include <algorithm>
#include <cmath>

#include "kaden/cloudwatchlogs.h"
#include "kaden/old_alarm_log.h"

namespace kaden::app {

namespace {

/// What CloudWatch takes as a value; a log line may hold any number.
bool is_a_value(double value) {
  return std::fabs(value) <= std::ldexp(1.0, 360);
}

alarm::Datum datum_of(const logfilter::Datum& made) {
  alarm::Datum datum;
  datum.metric = {made.name_space, made.name, made.dimensions};
  datum.unit = made.unit;
  datum.at = made.at;
  datum.high_resolution =
      true; // so that an alarm of 10 s sees it in its own period, and not in the minute's first
  datum.values = alarm::StatisticSet{1, made.value, made.value, made.value};
  return datum;
}

Result<void> give(cloudwatch::Endpoint& endpoint, const std::vector<logfilter::Datum>& made) {
  std::vector<alarm::Datum> data;
  data.reserve(made.size());
  for (const auto& one : made) {
    if (is_a_value(one.value)) data.push_back(datum_of(one));
  }
  return endpoint.put(data);
}

} // namespace

std::unique_ptr<Logs> Logs::open(const config::Settings& settings, const runtime::Clock& clock,
                                 cloudwatch::Endpoint& endpoint, logs::Taps& taps,
                                 std::function<void(const std::string&)> say) {
  std::unique_ptr<Logs> logs(new Logs());
  logs->say_ = std::move(say);
  logstore::Settings wanted;
  wanted.path = settings.store_folder + "/logs.db";
  wanted.keep = settings.logs.keep;
  wanted.bytes = settings.logs.bytes_max;
  wanted.witness = [self = logs.get(), &taps](const std::string& group, const std::string& stream,
                                              const std::vector<logstore::Event>& events) {
    self->look_for_old_alarm_logs(group, events);
    for (const auto& tap : taps.of(group)) {
      for (const logstore::Event& event : events) tap->put({event.at, group, stream, event.message});
    }
  };
  auto opened = logstore::Store::open(
      wanted, clock, [&endpoint](const std::vector<logfilter::Datum>& made) { return give(endpoint, made); });
  if (!opened) {
    logs->open_trouble_ = "log events are not stored until a restart: " + opened.error().message;
    endpoint.serve(cloudwatchlogs::make_closed_service(logs->open_trouble_));
    return logs;
  }
  logs->store_ = std::move(*opened);
  logs->set_filters(settings.metric_filters);
  endpoint.serve(cloudwatchlogs::make_service(*logs->store_, {settings.arns.region, settings.arns.account}));
  return logs;
}

void Logs::set_filters(const std::vector<config::MetricFilter>& filters) {
  if (!store_) return;
  std::vector<logstore::Filter> all;
  all.reserve(filters.size());
  for (const auto& filter : filters) {
    all.push_back({filter.group, filter.name, filter.pattern, filter.transformation, {}, true});
  }
  const auto set = store_->set_configured_filters(std::move(all));
  require(set.has_value(), "the configuration's metric filters were checked when it was read");
}

void Logs::look_for_old_alarm_logs(const std::string& group, const std::vector<logstore::Event>& events) {
  const bool is_one = std::any_of(events.begin(), events.end(), [](const logstore::Event& event) {
    return logalarms::is_of_old_alarm_log(event.message);
  });
  if (!is_one) return;
  {
    std::lock_guard lock(mutex_);
    if (old_alarm_groups_.size() >= limits::log_groups_max || !old_alarm_groups_.insert(group).second) return;
  }
  if (!say_) return;
  for (const Language language : {Language::en, Language::ja}) {
    say_("log group " + group + ": " + logalarms::old_alarm_log_hint(language));
  }
}

std::set<std::string> Logs::old_alarm_groups() const {
  std::lock_guard lock(mutex_);
  return old_alarm_groups_;
}

void Logs::tick() {
  if (store_) store_->tick();
}

std::string Logs::trouble() const {
  return store_ ? store_->trouble() : open_trouble_;
}

void Logs::add_metrics(std::vector<api::Metric>& out) const {
  if (!store_) return;
  const logstore::Store::Counts counts = store_->counts();
  const auto gauge = [&](const char* name, const char* help, auto value) {
    out.push_back(api::gauge(name, help, static_cast<double>(value)));
  };
  gauge("kaden_log_groups", "Log groups.", counts.groups);
  gauge("kaden_log_streams", "Log streams.", counts.streams);
  gauge("kaden_metric_filters", "Metric filters of log groups.", counts.filters);
  gauge("kaden_log_file_bytes", "Bytes of the log file, without what is free in it.", counts.file_bytes);
  gauge("kaden_log_queue_bytes", "Bytes of log events that wait for the disk.", counts.queue_bytes);
  gauge("kaden_log_store_healthy", "1 when log events can be stored.", trouble().empty() ? 1 : 0);
  const auto counter = [&](const char* name, const char* help, std::uint64_t value) {
    out.push_back(api::counter(name, help, value));
  };
  counter("kaden_log_events_total", "Log events stored since the start.", counts.events);
  counter("kaden_log_commits_total", "Commits of log events since the start.", counts.commits);
  counter("kaden_log_commits_failed_total", "Commits of the log store that its disk refused.",
          counts.failed_commits);
  counter("kaden_log_refused_busy_total", "Batches and queries of logs for which there was no room.",
          counts.refused_busy);
  counter("kaden_log_chunks_dropped_total", "Rows of log events dropped by age or size.",
          counts.dropped_chunks);
  counter("kaden_log_chunks_unreadable_total", "Rows of log events that were damaged and passed over.",
          counts.unreadable);
  counter("kaden_metric_filter_data_total", "Metric data made of log events.", counts.data);
  counter("kaden_metric_filter_data_refused_total", "Of these, data that the alarms had no room for.",
          counts.refused_data);
}

} // namespace kaden::app
