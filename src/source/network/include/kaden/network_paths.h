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
///   are history and change nothing. A probe that alone has stopped, while its vantage goes on, is forgotten,
///   with its certificate.
/// - What a vantage point kept while it was cut off comes faster than it was found. Such a backlog is judged
/// as a whole: nothing is told of it before a reading comes in its own time or none has come for
/// limits::backlog_settles (or it has lasted for limits::backlog_lasts), and then only what holds at its end.
/// - A certificate that ends soon is an alarm of its own, one for each probe.
/// - What the settings no longer have is over: paths, ends, own probes.
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

  /// Of one probe and vantage in the order of their times; what a later one has overtaken changes nothing.
  /// Errors: not_found when no path is so called, or the vantage is not one of its ends.
  Result<void> take(const Reading& reading, WallTime now, SteadyTime steady);
  /// What is news, of readings and of who has gone silent; after all readings that are there, and each second
  /// or so. The first call begins the waits.
  std::vector<AlarmEvent> tell(WallTime now, SteadyTime steady);

  /// Stored form by path or vantage ("path/tokyo-dx", "vantage/office"); only what changed since the last
  /// call. Nothing: to be taken away.
  std::map<std::string, std::optional<std::string>> changed();
  /// Once, before anything else. What it finds over is told by the next tell().
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
    std::optional<double> days_to_expiry{}; // as last seen; not stored
    Trouble shown = Trouble::none;          ///< what counts: as judged when the view was settled last
    int expiring = 0;                       ///< told: 0 not, 1 soon, 2 very soon or over
    bool is_settled = true;                 ///< nothing came since; not stored
    bool is_live = false;                   ///< the newest reading came in its own time; not stored
    std::string reason;
    WallTime at{};            // of the newest reading; not stored
    Millis lag{};             // of the same, by our clock; not stored
    SteadyTime heard{};       // the same; not stored
    SteadyTime unsettled{};   // when the first came of which nothing is told; not stored
    std::deque<Round> rounds; // not stored
    Trouble worst() const;
  };
  struct Path {
    PathSettings settings;
    std::map<std::pair<std::string, std::string>, View> views; ///< by vantage and probe
    std::map<std::string, Trouble> told;                       ///< by vantage; empty: no alarm
  };
  struct Vantage {
    std::set<std::string> silent;            ///< paths of which nothing is heard
    std::set<std::string> told;              ///< the same as told; empty: no alarm
    std::map<std::string, SteadyTime> heard; ///< by path
  };
  struct Certificate {
    std::string path, probe, vantage;
  };
  struct Figures {
    double loss_percent = 0;
    double latency_ms = 0;
  };

  static std::string_view to_text(Trouble trouble);
  static Figures figures_of(const View& view);
  static bool is_end(const Path& path, const std::string& vantage);
  bool is_live(const View& view, const Reading& reading, Millis lag, SteadyTime steady) const;
  void judge(View& view, const PathSettings& settings, const Reading& reading) const;
  void settle(Path& path, WallTime now, SteadyTime steady, std::vector<AlarmEvent>& out);
  void hear(const Reading& reading, SteadyTime steady);
  void forget_stopped(Path& path, SteadyTime steady);
  void tell_silence(SteadyTime steady, WallTime now, std::vector<AlarmEvent>& out);
  void tell_gone(WallTime now, std::vector<AlarmEvent>& out);
  void tell_path(Path& path, WallTime now, std::vector<AlarmEvent>& out);
  void tell_certificate(Path& path, const std::pair<std::string, std::string>& key, View& view, WallTime now,
                        std::vector<AlarmEvent>& out);
  AlarmEvent path_event(const Path& path, const std::map<std::string, Trouble>& seen, WallTime now) const;
  SpokenText words_of(const Path& path, Trouble worst, std::size_t seeing, bool has_silent) const;
  bool is_silent(const std::string& vantage, const std::string& path) const;
  AlarmEvent vantage_event(const std::string& name, const Vantage& vantage, WallTime now) const;
  std::string save(const Path& path) const;
  Result<void> load(Path& path, const std::string& text);
  Result<void> load(Vantage& vantage, const std::string& name, const std::string& text) const;

  // Config
  Own own_;
  Millis silent_after_;
  Severity silent_;
  // State
  std::map<std::string, Path> paths_;
  std::map<std::string, Vantage> vantages_; ///< without our own
  std::set<std::string> gone_;              ///< told paths that the settings no longer have
  std::vector<Certificate> gone_certificates_;
  std::map<std::string, bool> touched_;
};

} // namespace kaden::network
