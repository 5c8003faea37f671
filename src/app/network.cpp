#include "network.h"

namespace kaden::app {

namespace {

network::ProbeSettings settings_of(const config::NetworkProbe& probe) {
  network::ProbeSettings settings;
  settings.id = probe.id;
  settings.path = probe.path;
  settings.every = probe.every;
  auto target = probe::parse_target(probe.url);
  require(target.has_value(), "a probe's URL was checked when the configuration was read");
  settings.probe.target = std::move(*target);
  settings.probe.patience = probe.timeout;
  settings.probe.ca_file = probe.ca_file;
  settings.probe.status_min = static_cast<int>(probe.status_min);
  settings.probe.status_max = static_cast<int>(probe.status_max);
  settings.probe.packets = static_cast<int>(probe.packets);
  settings.probe.expect = probe.expect;
  return settings;
}

network::PathSettings settings_of(const config::NetworkPath& path) {
  network::PathSettings settings;
  settings.id = path.id;
  settings.name = path.name;
  settings.ends = path.ends;
  settings.fail_after = static_cast<int>(path.fail_after);
  settings.clear_after = static_cast<int>(path.clear_after);
  settings.loss_percent = static_cast<double>(path.loss_percent);
  settings.latency_ms = static_cast<double>(path.latency_ms);
  settings.window = static_cast<std::size_t>(path.window);
  settings.expiry_days = static_cast<double>(path.expiry_days);
  settings.down = path.severity;
  settings.degraded = path.degraded;
  return settings;
}

const std::string* dimension_of(const alarm::Datum& datum, std::string_view name) {
  for (const auto& [key, value] : datum.metric.dimensions) {
    if (key == name) return &value;
  }
  return nullptr;
}

} // namespace

network::Settings settings_of(const config::Network& network) {
  network::Settings settings;
  settings.vantage = network.vantage;
  settings.silent_after = network.silent_after;
  settings.silent = network.silent;
  settings.unreadable_after = network.unreadable_after;
  for (const auto& probe : network.probes) settings.probes.push_back(settings_of(probe));
  for (const auto& path : network.paths) settings.paths.push_back(settings_of(path));
  return settings;
}

std::vector<alarm::Datum> data_of(const std::string& path, const std::string& probe,
                                  const std::string& vantage, const std::vector<probe::Measure>& measures,
                                  WallTime at) {
  std::vector<alarm::Datum> data;
  for (const probe::Measure& measure : measures) {
    alarm::Datum datum;
    datum.metric = {std::string(probe::metric_namespace),
                    std::string(measure.name),
                    {{std::string(probe::path_dimension), path},
                     {std::string(probe::probe_dimension), probe},
                     {std::string(probe::vantage_dimension), vantage}}};
    datum.unit = measure.unit;
    datum.at = at;
    datum.high_resolution = true; // probes run more often than once a minute
    datum.values = alarm::StatisticSet{1, measure.value, measure.value, measure.value};
    data.push_back(std::move(datum));
  }
  return data;
}

void give(const alarm::Datum& datum, network::Readings& readings) {
  if (datum.metric.name_space != probe::metric_namespace || datum.values.sample_count <= 0) return;
  const std::string* const path = dimension_of(datum, probe::path_dimension);
  const std::string* const probe = dimension_of(datum, probe::probe_dimension);
  const std::string* const vantage = dimension_of(datum, probe::vantage_dimension);
  if (path == nullptr || probe == nullptr || vantage == nullptr) return;
  readings.put(*path, *probe, *vantage, datum.metric.name, datum.values.sum / datum.values.sample_count,
               datum.at);
}

} // namespace kaden::app
