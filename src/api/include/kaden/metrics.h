/// kaden/metrics.h - what /metrics shows, as values, and their text. Room: api. Uses: base, incident, writer.
/// Format: Prometheus' text exposition 0.0.4; names and labels as Prometheus wants them, and every name is
/// in docs/runbook.md. Threads: values; any. Errors: none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kaden/base.h"
#include "kaden/incident.h"
#include "kaden/writer.h"

namespace kaden::api {

enum class MetricKind : std::uint8_t { gauge, counter, histogram };

struct Sample {
  std::vector<std::pair<std::string, std::string>> labels; ///< values are escaped by to_text()
  double value = 0;
};
struct Bucket {
  double most = 0;              ///< "le"
  std::uint64_t cumulative = 0; ///< values at most that
};
struct Distribution { ///< of a histogram
  std::vector<Bucket> buckets;
  std::uint64_t count = 0;
  double sum = 0;
};
struct Metric {
  std::string name; ///< counters end in _total
  std::string help;
  MetricKind kind = MetricKind::gauge;
  std::vector<Sample> samples;    ///< of gauges and counters
  Distribution distribution = {}; ///< of a histogram
};

Metric gauge(std::string name, std::string help, double value);
Metric counter(std::string name, std::string help, std::uint64_t value);
/// `scale` turns the histogram's whole numbers into the metric's unit: 0.001 for milliseconds as seconds.
template <std::size_t N>
Metric histogram(std::string name, std::string help, const writer::Histogram<N>& from, double scale) {
  Metric metric{std::move(name), std::move(help), MetricKind::histogram, {}, {}};
  std::uint64_t so_far = 0;
  for (std::size_t i = 0; i < N; ++i) {
    so_far += from.counts[i];
    metric.distribution.buckets.push_back({static_cast<double>(from.bounds[i]) * scale, so_far});
  }
  metric.distribution.count = so_far + from.counts[N];
  metric.distribution.sum = static_cast<double>(from.sum) * scale;
  return metric;
}

/// Of the engine and of the writer with its journal.
std::vector<Metric> metrics_of(const incident::Counts& engine);
std::vector<Metric> metrics_of(const writer::Writer& writer);

std::string to_text(const std::vector<Metric>& metrics);

} // namespace kaden::api
