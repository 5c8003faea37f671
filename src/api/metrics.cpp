#include "kaden/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <limits>

namespace kaden::api {

namespace {

prometheus::MetricType type_of(MetricKind kind) {
  switch (kind) {
    case MetricKind::gauge:
      return prometheus::MetricType::Gauge;
    case MetricKind::counter:
      return prometheus::MetricType::Counter;
    case MetricKind::histogram:
      return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

prometheus::ClientMetric histogram_of(const Distribution& distribution) {
  prometheus::ClientMetric out;
  out.histogram.sample_count = distribution.count;
  out.histogram.sample_sum = distribution.sum;
  for (const Bucket& bucket : distribution.buckets) {
    out.histogram.bucket.push_back({bucket.cumulative, bucket.most});
  }
  out.histogram.bucket.push_back({distribution.count, std::numeric_limits<double>::infinity()});
  return out;
}

prometheus::ClientMetric line_of(const Sample& sample) {
  prometheus::ClientMetric out;
  for (const auto& [name, value] : sample.labels) out.label.push_back({name, value});
  out.gauge.value = sample.value;
  out.counter.value = sample.value;
  return out;
}

} // namespace

Metric gauge(std::string name, std::string help, double value) {
  return {std::move(name), std::move(help), MetricKind::gauge, {{{}, value}}, {}};
}

Metric counter(std::string name, std::string help, std::uint64_t value) {
  return {std::move(name), std::move(help), MetricKind::counter, {{{}, static_cast<double>(value)}}, {}};
}

std::vector<Metric> metrics_of(const incident::Counts& engine) {
  Metric by_state{"kaden_incidents", "Incidents in memory, by state.", MetricKind::gauge, {}, {}};
  const auto add = [&](incident::IncidentState state, std::size_t value) {
    by_state.samples.push_back(
        {{{"state", std::string(incident::to_text(state))}}, static_cast<double>(value)});
  };
  add(incident::IncidentState::triggered, engine.triggered);
  add(incident::IncidentState::acknowledged, engine.acknowledged);
  add(incident::IncidentState::resolved, engine.resolved_kept);
  return {
      by_state,
      counter("kaden_incidents_opened_total", "Incidents ever opened.", engine.incidents_ever),
      counter("kaden_incidents_exhausted_total", "Incidents whose plan was used up without a key press.",
              engine.exhausted_ever),
      gauge("kaden_alarms_active", "Alarms in state ALARM.", static_cast<double>(engine.alarms_active)),
      gauge("kaden_calls_live", "Calls placed and not ended.", static_cast<double>(engine.calls_live)),
      counter("kaden_calls_placed_total", "Calls ever placed.", engine.calls_ever),
      gauge("kaden_triage_waiting", "Alarm events that wait for a model's verdict.",
            static_cast<double>(engine.triage_waiting)),
  };
}

std::vector<Metric> metrics_of(const writer::Writer& writer) {
  const writer::Counts counts = writer.counts();
  return {
      gauge("kaden_journal_healthy", "1 while the journal can be written.", writer.is_healthy() ? 1 : 0),
      gauge("kaden_journal_commit_wait_seconds", "How long the commit under way has taken so far.",
            static_cast<double>(writer.commit_wait().count()) / 1e3),
      histogram("kaden_journal_commit_seconds", "How long commits took, fsync included.", counts.commit_ms,
                1e-3),
      histogram("kaden_journal_batch_inputs", "Inputs stored by one commit.", counts.batch_inputs, 1),
      counter("kaden_journal_inputs_total", "Inputs committed since the start.", counts.inputs),
      counter("kaden_journal_failed_commits_total", "Commits that the disk refused.", counts.failed_commits),
      counter("kaden_journal_snapshots_total", "Snapshots saved since the start.", counts.snapshots),
      counter("kaden_inputs_repeated_total", "Inputs known already by their id.", counts.repeats),
      counter("kaden_inputs_refused_total", "Inputs refused because the mailbox was full.",
              counts.refused_busy),
  };
}

std::string to_text(const std::vector<Metric>& metrics) {
  std::vector<prometheus::MetricFamily> families;
  families.reserve(metrics.size());
  for (const Metric& metric : metrics) {
    prometheus::MetricFamily& family = families.emplace_back();
    family.name = metric.name;
    family.help = metric.help;
    family.type = type_of(metric.kind);
    if (metric.kind == MetricKind::histogram) family.metric.push_back(histogram_of(metric.distribution));
    for (const Sample& sample : metric.samples) family.metric.push_back(line_of(sample));
  }
  return prometheus::TextSerializer().Serialize(families);
}

} // namespace kaden::api
