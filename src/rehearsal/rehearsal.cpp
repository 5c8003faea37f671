#include "kaden/rehearsal.h"
#include "kaden/limits/metrics.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace kaden::rehearsal {

namespace {

constexpr Millis minute = seconds(60);

bool is_fine(const std::vector<alarm::Rule>& rules) {
  return std::any_of(rules.begin(), rules.end(),
                     [](const alarm::Rule& rule) { return rule.condition.period < minute; });
}

void add(std::optional<alarm::StatisticSet>& into, const alarm::StatisticSet& more) {
  if (!into) {
    into = more;
    return;
  }
  into->sample_count += more.sample_count;
  into->sum += more.sum;
  into->minimum = std::min(into->minimum, more.minimum);
  into->maximum = std::max(into->maximum, more.maximum);
}

/// A period's worth of counts and sums, so that a column of many periods stays comparable to the threshold.
double value_in(const alarm::StatisticSet& set, const alarm::Condition& condition, Millis column) {
  const auto statistic = condition.extended ? alarm::Statistic::average : condition.statistic;
  const double value = alarm::value_of(statistic, set);
  const bool adds_up = statistic == alarm::Statistic::sum || statistic == alarm::Statistic::sample_count;
  if (!adds_up || column <= condition.period) return value;
  return value * static_cast<double>(condition.period.count()) / static_cast<double>(column.count());
}

int weight(AlarmState state) {
  switch (state) {
    case AlarmState::ok:
      return 0;
    case AlarmState::insufficient_data:
      return 1;
    case AlarmState::alarm:
      return 2;
  }
  return 0;
}

} // namespace

Millis warm_up(const std::vector<alarm::Rule>& rules) {
  Millis longest = minute;
  for (const alarm::Rule& rule : rules) {
    const auto periods = static_cast<std::int64_t>(alarm::evaluation_range(rule.condition)) + 2;
    longest = std::max(longest, rule.condition.period * periods);
  }
  return longest;
}

bool may_concern(const std::vector<alarm::Rule>& rules, const alarm::MetricId& metric) {
  return std::any_of(rules.begin(), rules.end(), [&](const alarm::Rule& rule) {
    return rule.name_space == metric.name_space && rule.metric == metric.name;
  });
}

namespace {

/// What falls to part `part` of `parts` when the samples are dealt out in turn.
std::vector<alarm::ValueCount> dealt(const std::vector<alarm::ValueCount>& samples, std::int64_t part,
                                     std::int64_t parts) {
  std::vector<alarm::ValueCount> mine;
  std::int64_t before = 0;
  const auto given_until = [&](std::int64_t end) { return (end - part + parts - 1) / parts; };
  for (const auto& [value, count] : samples) {
    const std::int64_t after = before + static_cast<std::int64_t>(count);
    const std::int64_t share = given_until(after) - given_until(before);
    if (share > 0) mine.push_back({value, static_cast<double>(share)});
    before = after;
  }
  return mine;
}

/// Fewer samples than parts, or counts that are not whole: each part gets the value that stands at its share
/// of the way.
alarm::ValueCount picked(const std::vector<alarm::ValueCount>& samples, double share_of_way, double parts) {
  double total = 0;
  for (const auto& one : samples) total += one.count;
  double before = 0;
  for (const auto& [value, count] : samples) {
    before += count;
    if (before > share_of_way * total) return {value, total / parts};
  }
  return {samples.back().value, total / parts};
}

} // namespace

std::vector<Arrival> arrivals_of(const Stored& stored) {
  const std::int64_t parts = std::max<std::int64_t>(stored.step / minute, 1);
  const auto share = static_cast<double>(parts);
  const Millis part = stored.step / parts;
  std::vector<alarm::ValueCount> samples;
  if (stored.each != nullptr) samples = stored.each->samples();
  constexpr double whole_max = 1e15;
  double total = 0;
  bool whole = true;
  for (const auto& one : samples) {
    total += one.count;
    whole = whole && one.count < whole_max && std::floor(one.count) == one.count;
  }
  const auto& values = stored.values;
  std::vector<Arrival> arrivals;
  for (std::int64_t i = 0; i < parts; ++i) {
    alarm::Datum datum{stored.metric,
                       stored.unit,
                       stored.at + part * i,
                       {values.sample_count / share, values.sum / share, values.minimum, values.maximum},
                       stored.step < minute};
    if (parts == 1) {
      datum.counted = samples;
      if (stored.each != nullptr) datum.digits = stored.each->digits();
    } else if (whole && total >= share) {
      datum.counted = dealt(samples, i, parts);
    } else if (!samples.empty()) {
      datum.counted = {picked(samples, (static_cast<double>(i) + 0.5) / share, share)};
    }
    arrivals.push_back({stored.at + part * (i + 1), std::move(datum)});
  }
  return arrivals;
}

struct Rehearsal::Impl {
  /// An alarm's states, each from its time on.
  struct States {
    WallTime known_from{};
    std::vector<std::pair<WallTime, AlarmState>> changes;
  };

  // Config
  const Plan plan;
  const Millis step;
  // State
  alarm::AlarmBook book;
  incident::Engine engine;
  incident::Position position = 0;
  WallTime evaluated;
  std::map<alarm::AlarmKey, States> states;
  std::size_t noted = 0; // alarms, when last looked at
  std::map<alarm::MetricId, std::vector<std::optional<alarm::StatisticSet>>> values;
  Outcome found;

  explicit Impl(Plan given)
      : plan(std::move(given)),
        step(is_fine(plan.rules) ? alarm::finest_step : minute),
        book(plan.from - warm_up(plan.rules)),
        evaluated(alarm::floor_to(plan.from - warm_up(plan.rules), step)) {
    require(plan.from < plan.to && plan.columns > 0, "a rehearsal has a beginning, an end and columns");
    book.set_rules(plan.rules);
    found.from = plan.from;
    found.to = plan.to;
    engine.apply(incident::Started{"rehearsal"}, evaluated, ++position);
    incident::Config config = plan.engine;
    config.triage.model.clear(); // nobody is asked about the past: the rules' severity holds
    engine.apply(incident::ConfigChanged{std::move(config)}, evaluated, ++position);
  }

  WallTime column_start(std::size_t column) const {
    return plan.from + (plan.to - plan.from) * static_cast<std::int64_t>(column) /
                           static_cast<std::int64_t>(plan.columns);
  }
  Millis column_width() const {
    return std::max((plan.to - plan.from) / static_cast<std::int64_t>(plan.columns), Millis(1));
  }

  void remember(const alarm::Datum& datum) {
    if (datum.at < plan.from || datum.at >= plan.to) return;
    auto& cells = values[datum.metric];
    cells.resize(plan.columns);
    const auto column = static_cast<std::size_t>(
        (datum.at - plan.from) * static_cast<std::int64_t>(plan.columns) / (plan.to - plan.from));
    add(cells[std::min(column, plan.columns - 1)], datum.values);
  }

  /// Whoever is called answers and presses 1.
  void pick_up(const std::vector<incident::Effect>& effects, WallTime now) {
    for (const incident::Effect& effect : effects) {
      if (const auto* told = std::get_if<incident::Tell>(&effect)) {
        if (told->entry.what == incident::Happening::opened) ++found.incidents;
      }
      const auto* call = std::get_if<incident::PlaceCall>(&effect);
      if (call == nullptr) continue;
      ++found.calls;
      feed(incident::CallProgressed{call->call, Progress::answered, {}}, now);
      feed(incident::KeyPressed{call->call, '1'}, now);
      feed(incident::CallEnded{call->call, LineOutcome::hung_up, {}}, now);
    }
  }

  void feed(const incident::Input& input, WallTime now) {
    pick_up(engine.apply(input, now, ++position), now);
  }

  void evaluate(WallTime now) {
    for (const alarm::Transition& change : book.step(now)) {
      states[change.key].changes.emplace_back(change.at, change.to);
      if (change.at < plan.from || change.at >= plan.to) continue;
      found.changes.push_back({change.at, change.key.name, change.from, change.to, change.reason});
      if (change.to == AlarmState::alarm) ++found.alarms;
      if (change.to_be_told) feed(incident::AlarmReported{plan.event_of(change)}, now);
    }
    if (const auto due = engine.next_due(); due && *due <= now) feed(incident::TimePassed{}, now);
  }

  void note_new_alarms(WallTime now) {
    if (book.size() == noted) return;
    noted = book.size();
    for (const alarm::AlarmInfo& info : all_alarms()) {
      auto& known = states[info.key];
      // Until its first evaluation it has no state to show.
      if (known.known_from == WallTime{}) known.known_from = now + limits::evaluation_grace;
    }
  }

  std::vector<alarm::AlarmInfo> all_alarms() const {
    alarm::AlarmFilter filter;
    filter.most = limits::alarms_max;
    return book.describe(filter);
  }

  void put(const Arrival& arrival) {
    // A limit reached leaves the datapoint out, as in service.
    if (book.put(std::span(&arrival.datum, 1), arrival.at)) remember(arrival.datum);
    note_new_alarms(arrival.at);
  }

  void run(std::span<const Arrival> arrivals, WallTime until) {
    auto next = arrivals.begin();
    for (WallTime end = evaluated + step; end <= until; end += step) {
      for (; next != arrivals.end() && next->at <= end; ++next) put(*next);
      evaluate(end + limits::evaluation_grace);
      evaluated = end;
    }
    for (; next != arrivals.end(); ++next) put(*next);
  }

  /// Of the alarm of a silent machine, which is named after its rule.
  Millis silent_after_of(const std::string& name) const {
    for (const alarm::Rule& rule : plan.rules) {
      const bool is_its = rule.silent_after > Millis(0) && name.starts_with(rule.name + " ");
      if (is_its && name.ends_with(" is silent")) return rule.silent_after;
    }
    return Millis(0);
  }

  Line line_of(const alarm::AlarmInfo& info) const {
    Line line;
    line.alarm = info.key.name;
    line.rule_metric = info.definition.metric.name;
    line.condition = info.definition.condition;
    line.silent_after = silent_after_of(info.key.name);
    line.cells.resize(plan.columns);
    if (line.silent_after == Millis(0)) fill_values(line, info);
    fill_states(line, info);
    return line;
  }

  void fill_values(Line& line, const alarm::AlarmInfo& info) const {
    const auto found_values = values.find(info.definition.metric);
    for (std::size_t i = 0; i < plan.columns && found_values != values.end(); ++i) {
      const auto& set = found_values->second[i];
      if (set) line.cells[i].value = value_in(*set, line.condition, column_width());
    }
  }

  void fill_states(Line& line, const alarm::AlarmInfo& info) const {
    const auto story = states.find(info.key);
    if (story == states.end()) return;
    WallTime since = story->second.known_from;
    AlarmState state = AlarmState::insufficient_data;
    const auto hold = [&](WallTime until) {
      hold_state(line, state, std::max(since, plan.from), std::min(until, plan.to));
      since = until;
    };
    for (const auto& [at, to] : story->second.changes) {
      hold(at);
      state = to;
    }
    hold(plan.to);
  }

  /// The state of [since, until) goes into every column it touches.
  void hold_state(Line& line, AlarmState state, WallTime since, WallTime until) const {
    if (since >= until) return;
    if (state == AlarmState::alarm) line.in_alarm += until - since;
    if (state == AlarmState::insufficient_data) line.without_data += until - since;
    for (std::size_t i = 0; i < plan.columns; ++i) {
      if (column_start(i + 1) <= since || column_start(i) >= until) continue;
      auto& cell = line.cells[i].state;
      if (!cell || weight(*cell) < weight(state)) cell = state;
    }
  }
};

Rehearsal::Rehearsal(Plan plan) : impl_(std::make_unique<Impl>(std::move(plan))) {}
Rehearsal::~Rehearsal() = default;

void Rehearsal::run(std::span<const Arrival> arrivals, WallTime until) {
  impl_->run(arrivals, until);
}

void Rehearsal::say_coarse() {
  impl_->found.is_coarse = true;
}

Outcome Rehearsal::outcome() const {
  Outcome outcome = impl_->found;
  for (const alarm::AlarmInfo& info : impl_->all_alarms()) outcome.lines.push_back(impl_->line_of(info));
  return outcome;
}

} // namespace kaden::rehearsal
