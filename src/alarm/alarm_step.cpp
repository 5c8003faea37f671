// One round of evaluation: which alarms are due, what they read, and what a change tells.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "alarm_record.h"

#include "kaden/limits/alarm_events.h"
#include "kaden/limits/engine.h"
#include "kaden/limits/metrics.h"

namespace kaden::alarm {

namespace {

constexpr Millis tidy_every = seconds(600);

void add_label(std::map<std::string, std::string>& labels, const std::string& name,
               const std::string& value) {
  if (labels.size() >= limits::labels_max || name.empty()) return;
  labels.try_emplace(std::string(cut_utf8(name, limits::label_bytes_max)),
                     cut_utf8(value, limits::label_bytes_max));
}

/// The start of the calendar period of a wall clock window; weeks begin on Monday (1970-01-01 was a
/// Thursday).
WallTime wall_clock_end(WallTime end, Millis period, Millis offset) {
  const Millis shift = offset + (period == seconds(604'800) ? seconds(3 * 86'400) : Millis(0));
  return floor_to(end + shift, period) - shift;
}

std::uint64_t puts_of(const std::vector<Series*>& series) {
  std::uint64_t puts = 0;
  for (const Series* one : series) puts += one->puts;
  return puts;
}

/// True when every datapoint of the series lies before `from`.
bool all_before(const std::vector<Series*>& series, WallTime from) {
  for (const Series* one : series) {
    for (const Series::Unit& unit : one->units) {
      if (!unit.points.empty() && std::int64_t{unit.points.back().second()} * 1000 >= to_ms(from))
        return false;
    }
  }
  return true;
}

std::string quoted(const std::string& text) {
  return kaden::to_text(json::value(text));
}

} // namespace

WallTime AlarmBook::next_due(WallTime now) const {
  if (!stale_.empty()) return now;
  WallTime due = now + limits::reminder_max;
  for (std::size_t i = 0; i < due_lists_.size(); ++i) {
    if (due_lists_[i].empty()) continue;
    const Millis step = step_of(static_cast<Cadence>(i));
    const WallTime newest = floor_to(now - limits::evaluation_grace, step);
    if (newest != evaluated_[i]) return now;
    due = std::min(due, newest + step + limits::evaluation_grace);
  }
  for (const Alarm* alarm : composites_) {
    const bool waits = alarm->suppressed_by == SuppressedBy::wait_period ||
                       alarm->suppressed_by == SuppressedBy::extension_period;
    if (waits) due = std::min(due, std::max(now, alarm->suppressed_until));
  }
  return due;
}

std::vector<Transition> AlarmBook::step(WallTime now) {
  std::vector<Transition> changes;
  for (std::size_t i = 0; i < due_lists_.size(); ++i) {
    const WallTime end = floor_to(now - limits::evaluation_grace, step_of(static_cast<Cadence>(i)));
    if (end == evaluated_[i]) continue;
    const bool back = end < evaluated_[i]; // the clock was set back
    evaluated_[i] = end;
    for (Alarm* alarm : due_lists_[i]) {
      if (back) alarm->settled = false;
      if (alarm->is_silence) {
        evaluate_silence(*alarm, now, changes);
      } else {
        evaluate(*alarm, end, now, changes);
      }
    }
  }
  if (now >= tidied_at_ + tidy_every || now < tidied_at_) tidy(now, changes);
  evaluate_composites(now, changes);
  std::sort(changes.begin(), changes.end(),
            [](const Transition& a, const Transition& b) { return a.key < b.key; });
  return changes;
}

void AlarmBook::evaluate(Alarm& alarm, WallTime end, WallTime now, std::vector<Transition>& changes) {
  if (alarm.settled && alarm.puts_seen == puts_of(alarm.series)) return;
  const Condition* condition = &alarm.condition;
  if (condition->clear_threshold && alarm.state == AlarmState::alarm) {
    in_force_ = *condition;
    in_force_.threshold = *condition->clear_threshold;
    condition = &in_force_;
  }
  if (condition->window.wall_clock) end = wall_clock_end(end, condition->period, alarm.window_offset);
  const std::size_t count = evaluation_range(*condition);
  const WallTime from = end - condition->period * static_cast<std::int64_t>(count);
  const bool readable =
      alarm.plan == nullptr ? read_points(alarm, from, count) : read_math(alarm, from, count);
  if (!readable) return; // the state stays

  std::size_t unknown = 0;
  if (alarm.known_from > from) {
    const auto before = (alarm.known_from - from + condition->period - Millis(1)) / condition->period;
    unknown = std::min(count, static_cast<std::size_t>(before));
  }
  const Decision decision = decide(*condition, points_, unknown, alarm.state);
  if (decision.state == alarm.state) {
    alarm.puts_seen = puts_of(alarm.series);
    alarm.settled =
        unknown == 0 && alarm.plan == nullptr && decision.real == 0 && all_before(alarm.series, from);
    return;
  }
  alarm.settled = false;
  std::string data = reason_data(*condition, points_, from, now);
  changes.push_back(change(alarm, decision.state, reason_text(*condition, decision, points_, from),
                           std::move(data), telling_value(*condition, points_, decision.state), now));
}

/// The period in which our time began we saw in part, and so did the life before with the one it ended in:
/// enough for an average or a percentile, too little for what adds up.
void AlarmBook::drop_partial(const Alarm& alarm, Statistic statistic, const ExtendedStatistic* extended,
                             WallTime from, Points& points) const {
  if (alarm.known_from <= from) return;
  using Kind = ExtendedStatistic::Kind;
  const bool adds_up = extended == nullptr
                           ? statistic == Statistic::sum || statistic == Statistic::sample_count
                           : extended->kind == Kind::trimmed_sum || extended->kind == Kind::trimmed_count;
  if (!adds_up) return;
  for (const WallTime seam : {alarm.known_from, std::min(complete_until_, alarm.known_from)}) {
    const Millis since = seam - from;
    const auto index = since / alarm.condition.period;
    const bool cut = since % alarm.condition.period != Millis(0);
    if (since > Millis(0) && cut && index < static_cast<std::int64_t>(points.size())) {
      points[static_cast<std::size_t>(index)].reset();
    }
  }
}

/// False when the newest datapoints that count have too few samples for their percentile.
bool AlarmBook::read_points(Alarm& alarm, WallTime from, std::size_t count) {
  const Condition& condition = alarm.condition;
  const ExtendedStatistic* extended = condition.extended ? &*condition.extended : nullptr;
  const bool wants_counts = extended != nullptr && condition.low_samples == LowSamples::ignore;
  store_.values(*alarm.series.front(), condition.statistic, extended,
                {condition.unit, condition.period, from, count}, points_,
                wants_counts ? &sample_counts_ : nullptr);
  drop_partial(alarm, condition.statistic, extended, from, points_);
  if (!wants_counts) return true;
  auto wanted = static_cast<std::size_t>(condition.evaluation_periods);
  for (std::size_t age = 1; age <= count && wanted > 0; ++age) {
    const std::size_t index = count - age;
    if (!points_[index]) continue;
    if (has_too_few_samples(*extended, sample_counts_[index])) return false;
    --wanted;
  }
  return true;
}

/// False when an expression cannot be evaluated: what it says stays in evaluation_error.
bool AlarmBook::read_math(Alarm& alarm, WallTime from, std::size_t count) {
  const QueryPlan& plan = *alarm.plan;
  std::vector<std::vector<Points>> points(plan.queries.size());
  const Grid grid{from, alarm.condition.period, count};
  auto series = alarm.series.begin();
  for (std::size_t i = 0; i < plan.queries.size(); ++i) {
    if (!plan.queries[i].stat) continue;
    const MetricStat& stat = *plan.queries[i].stat;
    const ExtendedStatistic* extended = stat.statistic.extended ? &*stat.statistic.extended : nullptr;
    points[i].resize(1);
    store_.values(**series, stat.statistic.simple, extended, {stat.unit, grid.period, from, count},
                  points[i][0]);
    drop_partial(alarm, stat.statistic.simple, extended, from, points[i][0]);
    ++series;
  }
  alarm.evaluation_error.clear();
  for (const std::size_t i : plan.order) {
    if (plan.queries[i].stat) continue;
    auto result = evaluate_planned(plan, i, points, grid);
    if (result && result->size() != 1 && plan.queries[i].return_data) {
      result = fail(Fault::invalid,
                    "Metrics: " + plan.queries[i].id + ": an alarm watches one series, not an array");
    }
    if (!result) {
      alarm.evaluation_error = result.error().message;
      return false;
    }
    points[i] = std::move(*result);
  }
  for (std::size_t i = 0; i < plan.queries.size(); ++i) {
    if (plan.queries[i].return_data) points_ = points[i][0];
  }
  return true;
}

WallTime AlarmBook::heard(const Alarm& alarm) const {
  WallTime newest = started_at_;
  for (const Series* series : alarm.series) newest = std::max(newest, series->last_put);
  return newest;
}

void AlarmBook::evaluate_silence(Alarm& alarm, WallTime now, std::vector<Transition>& changes) {
  const Millis silent = now - heard(alarm);
  const bool is_silent = silent >= alarm.rule->rule.silent_after;
  const AlarmState state = is_silent ? AlarmState::alarm : AlarmState::ok;
  if (state == alarm.state) return;
  // After a start nothing has come yet, and nobody knows for how long.
  const bool unsure = !is_silent && heard(alarm) == started_at_;
  if (unsure) return;
  std::string reason =
      is_silent ? fmt::format("Silent: no metric of {} that fits the rule {} came for {}.", alarm.machine,
                              alarm.rule->rule.name, to_words(alarm.rule->rule.silent_after))
                : fmt::format("Metrics of {} come again.", alarm.machine);
  changes.push_back(change(alarm, state, std::move(reason), "", std::nullopt, now));
}

Transition AlarmBook::change(Alarm& alarm, AlarmState to, std::string reason, std::string reason_data,
                             std::optional<double> value, WallTime now) {
  const AlarmState from = std::exchange(alarm.state, to);
  std::string before = std::exchange(alarm.reason, std::move(reason));
  alarm.reason_data = std::move(reason_data);
  alarm.changed_at = alarm.updated_at = now;
  alarm.settled = false;
  note(alarm, HistoryKind::state_update,
       fmt::format("Alarm updated from {} to {}", to_text(from), to_text(to)),
       fmt::format(R"({{"version":"1.0","oldState":{{"stateValue":"{}","stateReason":{}}},)"
                   R"("newState":{{"stateValue":"{}","stateReason":{}{}{}}}}})",
                   to_text(from), quoted(before), to_text(to), quoted(alarm.reason),
                   alarm.reason_data.empty() ? "" : ",\"stateReasonData\":", alarm.reason_data),
       now);
  const auto parents = parents_.find(alarm.key.name);
  if (parents != parents_.end()) {
    for (const Alarm* parent : parents->second) stale_.insert(parent->key);
  }
  return report(alarm, from, value, now);
}

Transition AlarmBook::report(Alarm& alarm, AlarmState from, std::optional<double> value, WallTime now) {
  Transition made;
  made.key = alarm.key;
  made.from = from;
  made.to = alarm.state;
  made.at = now;
  made.reason = alarm.reason;
  made.reason_data = alarm.reason_data;
  Dimensions dimensions;
  if (!alarm.series.empty()) {
    MetricId id = store_.id_of(*alarm.series.front());
    dimensions = std::move(id.dimensions);
    if (value) add_label(made.labels, "value", spoken_number(*value));
    if (!alarm.is_silence) add_label(made.labels, "threshold", spoken_number(alarm.condition.threshold));
    add_label(made.labels, "metric", id.name);
  }
  if (alarm.rule != nullptr) {
    const Rule& rule = alarm.rule->rule;
    made.to_be_told = alarm.actions_enabled || made.to == AlarmState::ok;
    for (const auto& [name, text] : rule.labels) add_label(made.labels, name, text);
    made.severity = rule.severity;
    if (!alarm.is_silence) made.say = rule.say;
    made.machine = rule.for_each.empty() ? machine_of(dimensions) : dimensions.at(rule.for_each.front());
  } else if (alarm.definition != nullptr) {
    made.to_be_told = alarm.definition->actions_enabled || made.to == AlarmState::ok;
    made.severity = alarm.definition->severity();
    made.say = alarm.definition->say();
    made.machine = machine_of(dimensions);
  } else {
    made.to_be_told = alarm.composite->actions_enabled || made.to == AlarmState::ok;
    made.severity = alarm.composite->severity();
    made.say = alarm.composite->say();
  }
  made.machine = cut_utf8(made.machine, limits::machine_bytes_max);
  if (alarm.is_silence) {
    // Of a machine that went silent one metric says no more than another.
    made.labels.erase("metric");
    add_label(made.labels, alarm.rule->rule.for_each.front(), alarm.machine);
  } else {
    for (const auto& [name, text] : dimensions) add_label(made.labels, name, text);
  }
  made.saved = saved_text(alarm);
  return made;
}

Result<std::optional<Transition>> AlarmBook::set_state(const AlarmKey& key, AlarmState state,
                                                       std::string reason, std::string reason_data,
                                                       WallTime now) {
  const auto found = alarms_.find(key);
  if (found == alarms_.end()) return fail(Fault::not_found, "there is no alarm named " + key.name);
  Alarm& alarm = *found->second;
  alarm.settled = false;
  if (alarm.state == state) {
    alarm.reason = std::move(reason);
    alarm.reason_data = std::move(reason_data);
    alarm.updated_at = now;
    return std::optional<Transition>();
  }
  Transition made = change(alarm, state, std::move(reason), std::move(reason_data), std::nullopt, now);
  if (alarm.composite != nullptr) suppress(alarm, now, made);
  return made;
}

void AlarmBook::tidy(WallTime now, std::vector<Transition>& changes) {
  tidied_at_ = now;
  for (auto entry = alarms_.begin(); entry != alarms_.end();) {
    Alarm& alarm = *entry->second;
    const auto next = std::next(entry);
    if (alarm.rule != nullptr) {
      const Millis retire_after = alarm.rule->rule.retire_after;
      const bool retires = retire_after != Millis(0);
      const bool gone = now - heard(alarm) > (retires ? retire_after : limits::silent_metric_max);
      if (gone && (retires || alarm.state != AlarmState::alarm)) {
        if (alarm.state == AlarmState::alarm) {
          std::string reason = fmt::format("Retired: nothing was heard for {}.", to_words(retire_after));
          changes.push_back(change(alarm, AlarmState::ok, std::move(reason), "", std::nullopt, now));
        }
        forgotten_.push_back(alarm.key);
        remove(entry);
      }
    }
    entry = next;
  }
  history_.sweep(now);
  store_.sweep(now);
}

std::vector<AlarmKey> AlarmBook::take_forgotten() {
  return std::exchange(forgotten_, {});
}

} // namespace kaden::alarm
