// Network paths and probes in the file.
#include <algorithm>

#include "checks.h"
#include "kaden/limits/agent.h"
#include "kaden/limits/alarm_events.h"
#include "kaden/probe.h"
#include "sections.h"

namespace kaden::config {
namespace {

constexpr std::int64_t interval_s_max = 3'600;
constexpr std::int64_t wait_s_max = 86'400;
constexpr std::size_t expect_bytes_max = 255;
constexpr const char* no_vantage = "is no vantage point: 1 to 64 of a-z, A-Z, 0-9, '.', '-' and '_'";

bool is_vantage(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  });
}

void read_status(Section& section, NetworkProbe& probe) {
  probe.status_min = section.integer("status_min", 100, 599, probe.status_min);
  probe.status_max = section.integer("status_max", 100, 599, probe.status_max);
  if (probe.status_min > probe.status_max) section.mistake("status_min", "is above status_max");
}

void read_target(Section& section, NetworkProbe& probe) {
  if (!section.wants("url")) return;
  probe.url = section.text("url", limits::url_bytes_max);
  if (probe.url.empty()) return; // said already
  const auto target = probe::parse_target(probe.url);
  if (!target) {
    section.mistake("url",
                    target.error().message +
                        "; it looks like icmp://10.0.0.1, tcp://10.0.0.5:5432, https://intranet/health, "
                        "dns://10.0.0.2/www.example or tls://10.0.0.5:636");
    return;
  }
  if (!probe.expect.empty() && target->kind != probe::Kind::dns)
    section.mistake("expect", "is only for dns://, which has an answer to compare with");
}

NetworkProbe read_probe(Section& section, std::set<std::string>& seen, const Surroundings& around) {
  NetworkProbe probe;
  probe.id = read_id(section, seen, "probe");
  probe.every = section.seconds("interval_s", 1, interval_s_max, probe.every);
  probe.timeout = section.seconds("timeout_s", 1, 60, probe.timeout);
  probe.packets = section.integer("packets", 1, limits::probe_packets_max, probe.packets);
  probe.expect = section.text("expect", expect_bytes_max);
  read_status(section, probe);
  read_target(section, probe);
  if (section.has("ca_file")) probe.ca_file = read_public_file(section, "ca_file", around);
  return probe;
}

NetworkPath read_path(Section& section, std::set<std::string>& seen, const std::string& vantage) {
  NetworkPath path;
  path.id = read_id(section, seen, "path");
  path.name = section.text("name", limits::machine_bytes_max, path.id);
  for (const Word& end : section.texts("ends", limits::path_ends_max, 64)) {
    if (!is_vantage(end.text)) section.mistake_at(end.at, "ends", "\"" + end.text + "\" " + no_vantage);
    path.ends.push_back(end.text);
  }
  if (path.ends.empty()) path.ends = {vantage};
  path.fail_after = section.integer("fail_after", 1, 100, path.fail_after);
  path.clear_after = section.integer("clear_after", 1, 100, path.clear_after);
  path.loss_percent = section.integer("loss_percent", 0, 100, path.loss_percent);
  path.latency_ms = section.integer("latency_ms", 0, 60'000, path.latency_ms);
  path.window =
      section.integer("window", 1, static_cast<std::int64_t>(limits::probe_window_max), path.window);
  path.expiry_days = section.integer("expiry_days", 0, 3'650, path.expiry_days);
  path.severity = section.choice("severity", parse_severity, severity_words(), path.severity);
  path.degraded = section.choice("degraded_severity", parse_severity, severity_words(), path.degraded);
  return path;
}

/// The probe's path: named, or one of its own.
void find_path(Section& section, Network& network, NetworkProbe& probe) {
  const auto named = section.word("path", 64);
  probe.path = named ? named->text : probe.id;
  const auto found = std::find_if(network.paths.begin(), network.paths.end(),
                                  [&](const NetworkPath& path) { return path.id == probe.path; });
  if (found == network.paths.end() && named) {
    std::vector<std::string_view> known;
    for (const NetworkPath& path : network.paths) known.push_back(path.id);
    section.mistake("path", "no path is called \"" + probe.path + "\"" + suggestion(probe.path, known));
  } else if (found == network.paths.end()) {
    NetworkPath path;
    path.id = path.name = probe.path;
    path.ends = {network.vantage};
    network.paths.push_back(std::move(path));
  } else if (std::find(found->ends.begin(), found->ends.end(), network.vantage) == found->ends.end()) {
    section.mistake(named ? "path" : "id", "Kaden is no end of the path \"" + probe.path + "\": add \"" +
                                               network.vantage + "\" to its ends, or name it with vantage");
  }
}

} // namespace

std::optional<Network> read_network(Section& sources, const Surroundings& around) {
  auto section = sources.section("network", "sources.network");
  if (!section) return std::nullopt;
  Network network;
  network.vantage = section->text("vantage", 64, network.vantage);
  if (!is_vantage(network.vantage)) section->mistake("vantage", no_vantage);
  network.silent_after = section->seconds("silent_s", 10, wait_s_max, network.silent_after);
  network.silent = section->choice("silent_severity", parse_severity, severity_words(), network.silent);
  network.unreadable_after = section->seconds("unreadable_s", 0, wait_s_max, network.unreadable_after);
  std::set<std::string> seen_paths, seen_probes;
  for (Section& path : section->sections("paths", limits::paths_max, "sources.network.paths[]"))
    network.paths.push_back(read_path(path, seen_paths, network.vantage));
  for (Section& one : section->sections("probes", limits::probes_max, "sources.network.probes[]")) {
    NetworkProbe probe = read_probe(one, seen_probes, around);
    find_path(one, network, probe);
    network.probes.push_back(std::move(probe));
  }
  return network;
}

} // namespace kaden::config
