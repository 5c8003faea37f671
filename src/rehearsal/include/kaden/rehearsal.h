/// kaden/rehearsal.h - what would have happened: alarm rules over datapoints of the past, and a drawing of
/// it. Room: rehearsal. Uses: base, samples, alarm, incident. Pure: the datapoints are handed in, in the
/// order in which they arrived. Threads: one owner. Errors: none.
///
/// The alarm book and the engine are the real ones. An evaluation comes limits::evaluation_grace after each
/// full minute (or ten seconds), as in service. Calls are counted as if whoever is called first picks up at
/// once and presses 1: then one call is one problem that somebody would have heard of.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kaden/alarm.h"
#include "kaden/alarm_book.h"
#include "kaden/base.h"
#include "kaden/incident.h"
#include "kaden/samples.h"

namespace kaden::rehearsal {

struct Plan {
  std::vector<alarm::Rule> rules;
  incident::Config engine; ///< decides which alarms call somebody
  /// The event that tells a change.
  std::function<AlarmEvent(const alarm::Transition&)> event_of;
  WallTime from{}, to{};    ///< from < to
  std::size_t columns = 60; ///< of the drawing, 1 to 1,000
};

/// How long before `from` datapoints are wanted, so that the first evaluation looks back on full periods.
Millis warm_up(const std::vector<alarm::Rule>& rules);
/// True for metrics that a rule may be about; the book decides.
bool may_concern(const std::vector<alarm::Rule>& rules, const alarm::MetricId& metric);

struct Arrival {
  WallTime at{}; ///< when it came
  alarm::Datum datum;
};
/// One datapoint as it was stored.
struct Stored {
  const alarm::MetricId& metric;
  const std::string& unit;
  WallTime at{};
  Millis step{};
  const alarm::StatisticSet& values;
  const samples::Distribution* each = nullptr; ///< null: what `values` tells, or nothing
};
/// The arrivals that it stands for. One whose step is longer than a minute becomes as many as it has minutes:
/// count and sum are shared out, minimum and maximum stay, and the values are dealt out in turn, so that
/// each minute's are spread as the whole was.
std::vector<Arrival> arrivals_of(const Stored& stored);

/// One column of a machine's line.
struct Cell {
  /// The rule's statistic over the column's time; the average where the statistic needs raw values.
  std::optional<double> value;
  std::optional<AlarmState>
      state; ///< the worst: ALARM, then INSUFFICIENT_DATA; nothing: there was no alarm yet
};
struct Line {
  std::string alarm; ///< the alarm's name
  std::string rule_metric;
  alarm::Condition condition;
  Millis silent_after{}; ///< not zero: the alarm of a machine that is silent, which has no values
  std::vector<Cell> cells;
  Millis in_alarm{}, without_data{}; ///< within from and to
};
struct Change {
  WallTime at{};
  std::string alarm;
  AlarmState from = AlarmState::insufficient_data;
  AlarmState to = AlarmState::insufficient_data;
  std::string reason;
};
struct Outcome {
  WallTime from{}, to{};
  std::vector<Line> lines;     ///< by the alarm's name
  std::vector<Change> changes; ///< in order
  std::uint64_t alarms = 0;    ///< changes to ALARM
  std::uint64_t incidents = 0; ///< opened by them
  std::uint64_t calls = 0;
  bool is_coarse = false; ///< some datapoints were stored in longer steps than a minute
};

class Rehearsal {
 public:
  explicit Rehearsal(Plan plan);
  ~Rehearsal();
  Rehearsal(const Rehearsal&) = delete;
  Rehearsal& operator=(const Rehearsal&) = delete;

  /// `arrivals` ordered by `at`, none before the `until` of the call before. Evaluates what is due until
  /// then.
  void run(std::span<const Arrival> arrivals, WallTime until);
  /// Notes that datapoints of longer steps were used.
  void say_coarse();
  /// After the last run().
  Outcome outcome() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct Look {
  Language language = Language::en;
  bool color = false; ///< ANSI colours
  std::size_t changes_max = 200;
  std::size_t lines_max = 50; ///< beyond it alarms that were never in ALARM are only counted
};
/// Lines for a terminal, each ended by a line feed.
std::string draw(const Outcome& outcome, const Look& look);

/// "now", "-6h", "-90m", "-2d", "-1w", "-30s" (from `now` on), "2026-11-26", "2026-11-26T06:00:00Z". invalid.
Result<WallTime> parse_moment(std::string_view text, WallTime now);

} // namespace kaden::rehearsal
