/// kaden/network.h - network paths as a source: Kaden's own probes, and what agents at other vantage points
/// find. Room: source/network. Uses: base, runtime, channel, probe, journal, source/watch. Threads: the
/// watcher belongs to the thread that calls look(); Readings::put() may be called from any. Errors: none
/// here; what a look met is in its Looked, and after a while in an alarm: probes that could not even be tried
/// (no permission for ICMP) are such a trouble.
///
/// - Own probes run at their intervals; each finding is a reading, and a set of metrics.
/// - Agents send theirs as metrics (Kaden/Probe, dimensions Path, Probe, Vantage; Up is the last of one
/// round), which
///   wake the watcher: nothing waits for a poll.
/// - The state is stored with the news that come of it, in one commit, and then they are told
/// (kaden/outbox.h).
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "kaden/journal.h"
#include "kaden/network_paths.h"
#include "kaden/probe.h"
#include "kaden/runtime.h"
#include "kaden/source.h"

namespace kaden::network {

/// What agents found, on its way to the watcher. Any thread.
class Readings {
 public:
  /// Readings of `own` are Kaden's own metrics coming back, and are passed over.
  explicit Readings(std::string own) : own_(std::move(own)) {}
  /// One value of one round; the value Up completes it.
  void put(const std::string& path, const std::string& probe, const std::string& vantage,
           std::string_view measure, double value, WallTime at);
  std::vector<Reading> take();
  /// Called after each that is complete; never from inside take(). Nothing: nobody listens.
  void on_complete(std::function<void()> call);
  /// Those that waited too long for room, the oldest first.
  std::uint64_t dropped() const;

 private:
  const std::string own_;
  mutable std::mutex mutex_;
  std::map<std::string, Reading> begun_; // by path, probe and vantage
  std::deque<Reading> complete_;
  std::function<void()> call_;
  std::uint64_t dropped_ = 0;
};

struct ProbeSettings {
  std::string id;
  std::string path;
  probe::Probe probe;
  Millis every = limits::probe_every;
};

struct Settings {
  std::string vantage = "kaden"; ///< what paths call this place
  std::vector<ProbeSettings> probes;
  std::vector<PathSettings> paths;
  Millis silent_after = limits::vantage_silent;
  Severity silent = Severity::error;
  Millis unreadable_after = limits::network_unreadable;
};

/// Takes the values of one round of an own probe as metrics. Must not block for long.
using Metrics =
    std::function<void(const std::string& path, const std::string& probe, const std::string& vantage,
                       const std::vector<probe::Measure>& measures, WallTime at)>;

struct Ports {
  source::Intake& intake;
  journal::Records& records;
  const runtime::Clock& clock;
  std::shared_ptr<Readings> readings;
  Metrics metrics;
};
std::unique_ptr<source::Watcher> watch_network(Settings settings, Ports ports);

} // namespace kaden::network
