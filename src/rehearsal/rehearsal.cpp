#include "kaden/rehearsal.h"
#include "kaden/limits/metrics.h"

#include <algorithm>
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

std::vector<Arrival> arrivals_of(const alarm::MetricId& metric, const std::string& unit, WallTime at,
                                 Millis step, const alarm::StatisticSet& values) {
  const std::int64_t parts = std::max<std::int64_t>(step / minute, 1);
  const auto share = static_cast<double>(parts);
  const Millis part = step / parts;
  std::vector<Arrival> arrivals;
  for (std::int64_t i = 0; i < parts; ++i) {
    alarm::Datum datum{metric,
                       unit,
                       at + part * i,
                       {values.sample_count / share, values.sum / share, values.minimum, values.maximum},
                       step < minute};
    arrivals.push_back({at + part * (i + 1), std::move(datum)});
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
    engine.apply(incident::ConfigChanged{plan.engine}, evaluated, ++position);
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
