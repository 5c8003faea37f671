/// kaden/network_paths.h - network paths, each seen from one or more vantage points: what is news of what the
/// probes found. Room: source/network. Uses: base. No I/O; time is an argument. Threads: one owner. Errors:
/// corrupt from restore().
///
/// - A probe is down after `fail_after` rounds without an answer in a row, and up again after `clear_after`
/// with one.
///   Loss and latency are counted over the last `window` rounds; both clear only when they are well below
///   their thresholds (nine tenths), so that a value on the edge does not call every minute.
/// - One alarm for one path, whatever its ends and probes see: it changes when another end sees trouble, or a
/// worse
///   one. Its words name the path, what is wrong, and from where it is seen.
/// - A vantage point that has said nothing of a path for `silent_after` is an alarm of its own, one for each
/// vantage.
///   What it saw last stays until it speaks again: silence is no recovery. Readings that are older than that
///   are history and change nothing. A probe that alone has stopped, while its vantage goes on, is forgotten.
/// - A certificate that ends soon is an alarm of its own, one for each probe.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kaden/base.h"
#include "kaden/limits/probes.h"

namespace kaden::network {

inline constexpr const char* source_name = "network";

struct PathSettings {
  std::string id;                ///< "tokyo-dx"; in event ids, never changes
  std::string name;              ///< as calls say it
  std::vector<std::string> ends; ///< vantage points that watch it; at least one
  int fail_after = 3;
  int clear_after = 3;
  double loss_percent = 0; ///< above it is degraded; 0: not looked at
  double latency_ms = 0;   ///< the same, of the mean
  std::size_t window = 20; ///< rounds
  double expiry_days = 14; ///< fewer left are a warning, fewer than 3 an error
  Severity down = Severity::critical;
  Severity degraded = Severity::warning;
};

/// What one vantage found in one round.
struct Reading {
  std::string path, probe, vantage;
  WallTime at{};
  bool is_up = false;
  double loss_percent = 0;
  std::optional<double> round_trip_ms{};
  std::optional<double> days_to_expiry{};
  std::string reason{}; ///< why it is not up; agents do not tell
};

class Paths {
 public:
  struct Own {
    std::string vantage; ///< this Kaden, whose silence would be Kaden's own
    std::set<std::pair<std::string, std::string>> probes{}; ///< path and probe
  };
  Paths(std::vector<PathSettings> paths, Own own, Millis silent_after, Severity silent);

  /// Errors: not_found when no path is so called, or the vantage is not one of its ends.
  Result<std::vector<AlarmEvent>> take(const Reading& reading, WallTime now, SteadyTime steady);
  /// Who has gone silent; each second or so. The first call begins the waits.
  std::vector<AlarmEvent> tick(WallTime now, SteadyTime steady);

  /// Stored form by path or vantage ("path/tokyo-dx", "vantage/office"); only what changed since the last
  /// call.
  std::map<std::string, std::string> changed();
  Result<void> restore(const std::map<std::string, std::string>& stored);

 private:
  enum class Trouble : std::uint8_t { none, latency, loss, down }; ///< worse is larger; stored as text
  struct Round {
    double loss_percent = 0;
    std::optional<double> round_trip_ms;
  };
  /// One probe from one vantage.
  struct View {
    int failed_in_row = 0, good_in_row = 0;
    bool is_down = false, is_lossy = false, is_slow = false;
    int expiring = 0; ///< 0 not, 1 soon, 2 very soon or over
    std::string reason;
    WallTime at{};            // of the newest reading; not stored
    SteadyTime heard{};       // the same; not stored
    std::deque<Round> rounds; // not stored
    Trouble worst() const;
  };
  struct Path {
    PathSettings settings;
    std::map<std::pair<std::string, std::string>, View> views; ///< by vantage and probe
    std::map<std::string, Trouble> told;                       ///< by vantage; empty: no alarm
  };
  struct Vantage {
    std::set<std::string> told;              ///< paths of which nothing is heard; empty: no alarm
    std::map<std::string, SteadyTime> heard; ///< by path
  };
  struct Figures {
    double loss_percent = 0;
    double latency_ms = 0;
  };

  static std::string_view to_text(Trouble trouble);
  static Figures figures_of(const View& view);
  void judge(View& view, const PathSettings& settings, const Reading& reading) const;
  void hear(const Reading& reading, WallTime now, SteadyTime steady, std::vector<AlarmEvent>& out);
  void forget_stopped(Path& path, SteadyTime steady);
  void tell_path(Path& path, WallTime now, std::vector<AlarmEvent>& out);
  void tell_certificate(Path& path, View& view, const Reading& reading, WallTime now,
                        std::vector<AlarmEvent>& out);
  AlarmEvent path_event(const Path& path, const std::map<std::string, Trouble>& seen, WallTime now) const;
  SpokenText words_of(const Path& path, Trouble worst, std::size_t seeing, bool has_silent) const;
  bool is_silent(const std::string& vantage, const std::string& path) const;
  AlarmEvent vantage_event(const std::string& name, const Vantage& vantage, WallTime now) const;
  std::string save(const Path& path) const;
  Result<void> load(Path& path, const std::string& text) const;
  Result<void> load(Vantage& vantage, const std::string& text) const;

  // Config
  Own own_;
  Millis silent_after_;
  Severity silent_;
  // State
  std::map<std::string, Path> paths_;
  std::map<std::string, Vantage> vantages_; ///< without our own
  std::map<std::string, bool> touched_;
};

} // namespace kaden::network
