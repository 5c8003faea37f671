/// checks.h - can other machines be reached, and how well? Room: agent, inside. Threads: round() on one.
/// Errors: a check that fails is a metric, not an error; one that could not be tried at all has none.
#pragma once

#include <atomic>
#include <vector>

#include "kaden/agent_settings.h"
#include "kaden/probe.h"
#include "kaden/runtime.h"
#include "metric.h"

namespace kaden::agent {

/// What a check asks. Errors: invalid, "url: ...".
Result<probe::Probe> probe_of(const Check& check);

/// KIND_check_up, KIND_check_connect_ms (tcp, http, tls), KIND_check_response_ms (http, dns),
/// http_check_status, icmp_check_rtt_ms, icmp_check_loss_percent, KIND_check_days_to_expiry (tls, and https
/// as http); dimension check. Nothing of a finding that was unable.
std::vector<Datum> check_data(const Check& check, const probe::Finding& finding, WallTime now);
/// The same of a check that belongs to a path, as this machine's view of it: Kaden/Probe's metrics.
std::vector<Datum> path_data(const Check& check, const std::string& vantage, const probe::Finding& finding,
                             WallTime now);

class Checker {
 public:
  /// `checks` were checked. Borrows the clock.
  Checker(const std::vector<Check>& checks, const runtime::Clock& clock);
  /// All at once; takes no longer than the longest patience. Ends early when `stop`.
  std::vector<probe::Finding> round(const std::atomic<bool>& stop);

 private:
  // Owned
  const std::size_t count_;
  probe::Prober prober_;
};

} // namespace kaden::agent
