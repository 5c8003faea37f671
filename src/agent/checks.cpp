#include "checks.h"

namespace kaden::agent {

using probe::Finding;
using probe::Kind;

namespace {

std::vector<probe::Probe> probes_of(const std::vector<Check>& checks) {
  std::vector<probe::Probe> probes;
  for (const Check& check : checks) {
    auto probe = probe_of(check);
    require(probe.has_value(), "checks were checked");
    probes.push_back(std::move(*probe));
  }
  return probes;
}

} // namespace

Result<probe::Probe> probe_of(const Check& check) {
  auto target = probe::parse_target(check.url);
  if (!target) return fail_while("url", target.error());
  probe::Probe probe;
  probe.target = std::move(*target);
  probe.patience = check.patience;
  probe.ca_file = check.ca_file;
  probe.status_min = check.status_min;
  probe.status_max = check.status_max;
  probe.packets = check.packets;
  probe.expect = check.expect;
  if (!probe.expect.empty() && probe.target.kind != Kind::dns)
    return fail(Fault::invalid, "expect: only dns has an answer to compare with");
  if (auto good = probe::check(probe); !good) return tl::unexpected(good.error());
  return probe;
}

std::vector<Datum> check_data(const Check& check, const Finding& finding, WallTime now) {
  std::vector<Datum> data;
  if (finding.is_unable) return data;
  const auto target = probe::parse_target(check.url);
  require(target.has_value(), "checks were checked");
  const Kind kind = target->kind;
  const std::string prefix = std::string(probe::to_text(kind)) + "_check_";
  const Dimensions dimensions = {{"check", check.name}};
  const auto put = [&](const char* name, double value, std::string_view unit) {
    data.push_back({prefix + name, dimensions, value, unit});
  };
  if (finding.connect_time >= Millis(0))
    put("connect_ms", static_cast<double>(finding.connect_time.count()), "Milliseconds");
  const bool has_response = kind == Kind::http || kind == Kind::dns;
  if (has_response && finding.answer_time >= Millis(0))
    put("response_ms", static_cast<double>(finding.answer_time.count()), "Milliseconds");
  for (const probe::Measure& measure : probe::measures(finding, now)) {
    if (measure.name == "Status") put("status", measure.value, measure.unit);
    if (measure.name == "DaysToExpiry") put("days_to_expiry", measure.value, measure.unit);
    if (measure.name == "Loss" && kind == Kind::icmp) put("loss_percent", measure.value, measure.unit);
    if (measure.name == "RoundTripTime" && kind == Kind::icmp) put("rtt_ms", measure.value, measure.unit);
    if (measure.name == "Up") put("up", measure.value, measure.unit);
  }
  return data;
}

std::vector<Datum> path_data(const Check& check, const std::string& vantage, const Finding& finding,
                             WallTime now) {
  const Dimensions dimensions = {{std::string(probe::path_dimension), check.path},
                                 {std::string(probe::probe_dimension), check.name},
                                 {std::string(probe::vantage_dimension), vantage}};
  std::vector<Datum> data;
  for (const probe::Measure& measure : probe::measures(finding, now))
    data.push_back({std::string(measure.name), dimensions, measure.value, measure.unit});
  return data;
}

Checker::Checker(const std::vector<Check>& checks, const runtime::Clock& clock)
    : count_(checks.size()), prober_(probes_of(checks), clock) {}

std::vector<Finding> Checker::round(const std::atomic<bool>& stop) {
  constexpr Millis look = Millis(100); // for `stop`
  std::vector<Finding> findings(count_);
  for (std::size_t i = 0; i < count_; ++i) prober_.begin(i);
  while (!stop && prober_.running() > 0) {
    for (auto& done : prober_.wait(look)) findings[done.index] = std::move(done.finding);
  }
  return findings;
}

} // namespace kaden::agent
