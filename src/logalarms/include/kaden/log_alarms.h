/// kaden/log_alarms.h - filter patterns that raise and clear alarms, as a state machine over a log's records.
/// Room: logalarms. Uses: base, logfilter. Pure: time is an argument. Threads: one owner. Errors: invalid
/// ("clear: at character 3: ..."); corrupt from restore().
///
/// - A record that matches `raise` makes an alarm, named by the log, the rule and the values of the rule's
///   keys. While it is active, further matches only keep it active, and are told again each `repeat`.
/// - One that is raised again and again (limits::log_flap_raises) is flapping: it stays active until it was
///   clear for limits::log_flap_hold, so that nobody is called for each turn.
/// - It is over with a record that matches `clear` and has the same keys, or after `quiet` without a match.
/// - Patterns of terms and of fields look at the record's text; JSON patterns at the text, too, where the
///   record has no header, else at json_of() (kaden/log_record.h).
/// - While catching up nothing is told: what was raised and cleared in what is read again is old news.
///   caught_up() tells what is left of it.
/// - Lines of `Get-AlarmDefinition | Get-AlarmAction` are recognised, counted and passed over: they say what
///   could alarm, in words such as "Red", and never that it does (old_alarm_log.h).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kaden/base.h"
#include "kaden/limits/log_sources.h"
#include "kaden/log_record.h"
#include "kaden/logfilter.h"

namespace kaden::logalarms {

constexpr const char* source_name = "log";

struct Rule {
  std::string id{};
  std::string name{}; ///< as calls say it; the id when the file has none
  std::string raise{};
  std::string clear{};                ///< empty: only quiet ends it
  Millis quiet = limits::log_quiet;   ///< 0: only `clear` ends it
  Millis repeat = limits::log_repeat; ///< 0: never told again
  Severity severity = Severity::error;
  std::vector<std::string> keys{}; ///< names of fields, or selectors of the patterns: "$.instance", "$user"
  std::map<std::string, std::string> labels{};
  SpokenText say{}; ///< a missing language has the built-in sentence
  bool operator==(const Rule&) const = default;
};

struct Settings {
  std::string log;     ///< its id: begins names and event ids
  std::string name;    ///< as calls say it
  std::string machine; ///< of records without a host
  std::vector<Rule> rules;
};

struct Counts {
  std::uint64_t records = 0;
  std::uint64_t raising = 0;     ///< matches of `raise`
  std::uint64_t clearing = 0;    ///< matches of `clear` that ended an alarm
  std::uint64_t held = 0;        ///< matches of `clear` that a flapping alarm waits after
  std::uint64_t shed = 0;        ///< raising ones beyond limits::log_active_max
  std::uint64_t definitions = 0; ///< lines of the old log
};

class Judge {
 public:
  /// `now` begins the ids of its events; a restored state brings its own.
  static Result<Judge> make(Settings settings, WallTime now);
  ~Judge();
  Judge(Judge&& other) noexcept;
  Judge& operator=(Judge&& other) noexcept;

  std::vector<AlarmEvent> take(const Record& record, WallTime now);
  /// Alarms that quiet has ended, and those of rules that are gone. Early and repeated calls are harmless.
  std::vector<AlarmEvent> step(WallTime now);

  void catch_up();
  std::vector<AlarmEvent> caught_up(WallTime now);
  /// Nobody listened until `now`: that nothing came says nothing.
  void was_deaf(WallTime now);

  json::value save() const;
  Result<void> restore(const json::value& saved);

  const Counts& counts() const;
  std::size_t active() const;
  bool sees_json() const; ///< some rule wants json_of()

 private:
  struct Impl;
  explicit Judge(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Whether a rule can be used.
Result<void> check(const Rule& rule);

/// The alarm of a log that cannot be read; one for each outage, which began at `since`.
AlarmEvent unreadable_event(const Settings& settings, AlarmState state, Severity severity, WallTime since,
                            const std::string& why);

} // namespace kaden::logalarms
