#include "kaden/alarm_book.h"

#include <algorithm>
#include <utility>

#include "alarm_record.h"

namespace kaden::alarm {

namespace {

constexpr Millis tidy_every = seconds(600);

void add_label(std::map<std::string, std::string>& labels, const std::string& name,
               const std::string& value) {
  if (labels.size() >= limits::labels_max || name.empty()) return;
  labels.try_emplace(std::string(cut_utf8(name, limits::label_bytes_max)),
                     cut_utf8(value, limits::label_bytes_max));
}

} // namespace

AlarmBook::AlarmBook(WallTime started_at, std::size_t alarms_max)
    : started_at_(started_at), alarms_max_(alarms_max), tidied_at_(started_at) {}

AlarmBook::~AlarmBook() = default;

// Definitions
// ----------------------------------------------------------------------------------------------------

AlarmBook::Cadence AlarmBook::cadence_of(const Condition& condition) {
  if (condition.period < seconds(60)) return Cadence::ten_seconds;
  return condition.period * condition.evaluation_periods > seconds(86'400) ? Cadence::hour : Cadence::minute;
}

Millis AlarmBook::step_of(Cadence cadence) {
  switch (cadence) {
    case Cadence::ten_seconds:
      return seconds(10);
    case Cadence::minute:
      return seconds(60);
    case Cadence::hour:
      return seconds(3600);
  }
  return seconds(60);
}

Millis AlarmBook::history_of(const Condition& condition) {
  const auto periods = static_cast<std::int64_t>(evaluation_range(condition));
  return condition.period * periods + step_of(cadence_of(condition)) + limits::evaluation_grace;
}

bool AlarmBook::has_room_for(const AlarmKey& key) const {
  return alarms_.size() < alarms_max_ || contains(key);
}

AlarmBook::Alarm& AlarmBook::add(AlarmKey key, const MetricId& metric, const Condition& condition,
                                 WallTime known_from, WallTime now) {
  auto made = std::make_unique<Alarm>();
  Alarm& alarm = *made;
  alarm.key = std::move(key);
  alarm.condition = condition;
  alarm.defined_at = alarm.changed_at = alarm.updated_at = now;
  alarm.known_from = known_from;
  alarm.series = &store_.watch(metric, history_of(condition));
  enlist(alarm);
  alarms_[alarm.key] = std::move(made);
  return alarm;
}

void AlarmBook::enlist(Alarm& alarm) {
  auto& list = due_lists_[static_cast<std::size_t>(cadence_of(alarm.condition))];
  alarm.slot = list.size();
  list.push_back(&alarm);
}

void AlarmBook::delist(Alarm& alarm) {
  auto& list = due_lists_[static_cast<std::size_t>(cadence_of(alarm.condition))];
  list[alarm.slot] = list.back();
  list[alarm.slot]->slot = alarm.slot;
  list.pop_back();
}

void AlarmBook::remove(std::map<AlarmKey, std::unique_ptr<Alarm>>::iterator entry) {
  Alarm& alarm = *entry->second;
  delist(alarm);
  alarm.series->rules_seen = 0;
  MetricStore::unwatch(*alarm.series);
  alarms_.erase(entry);
}

void AlarmBook::define(Definition definition, WallTime now) {
  const AlarmKey key{definition.name, Origin::api};
  const auto found = alarms_.find(key);
  if (found == alarms_.end()) {
    Alarm& alarm = add(key, definition.metric, definition.condition, started_at_, now);
    alarm.definition = std::make_unique<const Definition>(std::move(definition));
    return;
  }
  Alarm& alarm = *found->second;
  delist(alarm);
  Series& watched = store_.watch(definition.metric, history_of(definition.condition));
  MetricStore::unwatch(*std::exchange(alarm.series, &watched));
  alarm.condition = definition.condition;
  alarm.defined_at = now;
  alarm.definition = std::make_unique<const Definition>(std::move(definition));
  enlist(alarm);
}

bool AlarmBook::erase(const AlarmKey& key) {
  const auto found = alarms_.find(key);
  if (found == alarms_.end()) return false;
  remove(found);
  return true;
}

// Data
// -----------------------------------------------------------------------------------------------------------

Result<void> AlarmBook::put(std::span<const Datum> data, WallTime now) {
  if (!store_.has_room(data.size())) {
    const auto fresh = std::count_if(
        data.begin(), data.end(), [&](const Datum& datum) { return store_.find(datum.metric) == nullptr; });
    if (!store_.has_room(static_cast<std::size_t>(fresh))) {
      return fail(Fault::busy, "metrics: too many different metrics");
    }
  }
  if (!store_.make_space_for(data.size(), now)) {
    return fail(Fault::busy, "metrics: memory for datapoints is used up");
  }
  for (const Datum& datum : data) apply_rules(store_.put(datum, now), datum, now);
  return {};
}

// Evaluation
// -----------------------------------------------------------------------------------------------------

WallTime AlarmBook::next_due(WallTime now) const {
  WallTime due = now + limits::reminder_max;
  for (std::size_t i = 0; i < due_lists_.size(); ++i) {
    if (due_lists_[i].empty()) continue;
    const Millis step = step_of(static_cast<Cadence>(i));
    const WallTime newest = floor_to(now - limits::evaluation_grace, step);
    if (newest != evaluated_[i]) return now;
    due = std::min(due, newest + step + limits::evaluation_grace);
  }
  return due;
}

std::vector<Transition> AlarmBook::step(WallTime now) {
  std::vector<Transition> changes;
  for (std::size_t i = 0; i < due_lists_.size(); ++i) {
    const WallTime end = floor_to(now - limits::evaluation_grace, step_of(static_cast<Cadence>(i)));
    if (end == evaluated_[i]) continue;
    evaluated_[i] = end;
    for (Alarm* alarm : due_lists_[i]) evaluate(*alarm, end, now, changes);
  }
  if (now >= tidied_at_ + tidy_every || now < tidied_at_) tidy(now);
  std::sort(changes.begin(), changes.end(),
            [](const Transition& a, const Transition& b) { return a.key < b.key; });
  return changes;
}

void AlarmBook::evaluate(Alarm& alarm, WallTime end, WallTime now, std::vector<Transition>& changes) {
  const Condition& condition = alarm.condition;
  const std::size_t count = evaluation_range(condition);
  const WallTime from = end - condition.period * static_cast<std::int64_t>(count);
  MetricStore::aggregate(*alarm.series, condition.unit, condition.period, from, count, sets_);
  points_.assign(count, std::nullopt);
  for (std::size_t i = 0; i < count; ++i) {
    if (sets_[i]) points_[i] = value_of(condition.statistic, *sets_[i]);
  }

  std::size_t unknown = 0;
  if (alarm.known_from > from) {
    const auto before = (alarm.known_from - from + condition.period - Millis(1)) / condition.period;
    unknown = std::min(count, static_cast<std::size_t>(before));
    // Of the period in which our time began we hold a part: enough for an average, too little for a sum.
    const bool adds_up =
        condition.statistic == Statistic::sum || condition.statistic == Statistic::sample_count;
    const bool cut = alarm.known_from < from + condition.period * static_cast<std::int64_t>(unknown);
    if (adds_up && cut) points_[unknown - 1].reset();
  }

  const Decision decision = decide(condition, points_, unknown, alarm.state);
  if (decision.state == alarm.state) return;
  changes.push_back(change(alarm, decision.state, reason_text(condition, decision, points_, from),
                           reason_data(condition, points_, from, now),
                           telling_value(condition, points_, decision.state), now));
}

Transition AlarmBook::change(Alarm& alarm, AlarmState to, std::string reason, std::string reason_data,
                             std::optional<double> value, WallTime now) {
  Transition made;
  made.key = alarm.key;
  made.from = std::exchange(alarm.state, to);
  made.to = to;
  made.at = alarm.changed_at = alarm.updated_at = now;
  made.reason = alarm.reason = std::move(reason);
  made.reason_data = alarm.reason_data = std::move(reason_data);

  const Dimensions& dimensions = alarm.series->id.dimensions;
  if (value) add_label(made.labels, "value", spoken_number(*value));
  add_label(made.labels, "threshold", spoken_number(alarm.condition.threshold));
  add_label(made.labels, "metric", alarm.series->id.name);
  if (alarm.rule != nullptr) {
    const Rule& rule = *alarm.rule;
    for (const auto& [name, text] : rule.labels) add_label(made.labels, name, text);
    made.severity = rule.severity;
    made.say = rule.say;
    made.machine = rule.for_each.empty() ? machine_of(dimensions) : dimensions.at(rule.for_each.front());
  } else {
    made.to_be_told = alarm.definition->actions_enabled || to == AlarmState::ok;
    made.severity = alarm.definition->severity();
    made.say = alarm.definition->say();
    made.machine = machine_of(dimensions);
  }
  made.machine = cut_utf8(made.machine, limits::machine_bytes_max);
  for (const auto& [name, text] : dimensions) add_label(made.labels, name, text);
  made.saved = save(alarm.key);
  return made;
}

Result<std::optional<Transition>> AlarmBook::set_state(const AlarmKey& key, AlarmState state,
                                                       std::string reason, std::string reason_data,
                                                       WallTime now) {
  const auto found = alarms_.find(key);
  if (found == alarms_.end()) return fail(Fault::not_found, "there is no alarm named " + key.name);
  Alarm& alarm = *found->second;
  if (alarm.state == state) {
    alarm.reason = std::move(reason);
    alarm.reason_data = std::move(reason_data);
    alarm.updated_at = now;
    return std::optional<Transition>();
  }
  return change(alarm, state, std::move(reason), std::move(reason_data), std::nullopt, now);
}

void AlarmBook::tidy(WallTime now) {
  tidied_at_ = now;
  for (auto entry = alarms_.begin(); entry != alarms_.end();) {
    const Alarm& alarm = *entry->second;
    const auto next = std::next(entry);
    const WallTime heard = std::max(alarm.series->last_put, started_at_);
    if (alarm.rule != nullptr && alarm.state != AlarmState::alarm &&
        now - heard > limits::silent_metric_max) {
      forgotten_.push_back(alarm.key);
      remove(entry);
    }
    entry = next;
  }
  store_.sweep(now);
}

std::vector<AlarmKey> AlarmBook::take_forgotten() {
  return std::exchange(forgotten_, {});
}

// Reading
// --------------------------------------------------------------------------------------------------------

AlarmInfo AlarmBook::info_of(const Alarm& alarm) const {
  AlarmInfo info{alarm.key,        {},           alarm.defined_at, alarm.state, alarm.changed_at,
                 alarm.updated_at, alarm.reason, alarm.reason_data};
  if (alarm.definition != nullptr) {
    info.definition = *alarm.definition;
  } else {
    info.definition.name = alarm.key.name;
    info.definition.description = "Made by Kaden's rule " + alarm.rule->name;
    info.definition.metric = alarm.series->id;
    info.definition.condition = alarm.condition;
  }
  return info;
}

std::optional<AlarmInfo> AlarmBook::describe(const AlarmKey& key) const {
  const auto found = alarms_.find(key);
  if (found == alarms_.end()) return std::nullopt;
  return info_of(*found->second);
}

std::vector<AlarmInfo> AlarmBook::describe(const AlarmFilter& filter) const {
  std::vector<AlarmInfo> found;
  const auto acts_on = [&](const Definition& definition) {
    for (const auto* actions :
         {&definition.ok_actions, &definition.alarm_actions, &definition.insufficient_data_actions}) {
      for (const auto& action : *actions) {
        if (action.starts_with(filter.action_prefix)) return true;
      }
    }
    return false;
  };
  auto entry = alarms_.lower_bound({filter.name_prefix, Origin::api});
  if (filter.after && !(*filter.after < AlarmKey{filter.name_prefix, Origin::api})) {
    entry = alarms_.upper_bound(*filter.after);
  }
  for (; entry != alarms_.end() && found.size() < filter.most; ++entry) {
    const Alarm& alarm = *entry->second;
    if (!alarm.key.name.starts_with(filter.name_prefix)) break;
    if (filter.state && alarm.state != *filter.state) continue;
    if (!filter.action_prefix.empty() && (alarm.definition == nullptr || !acts_on(*alarm.definition)))
      continue;
    found.push_back(info_of(alarm));
  }
  return found;
}

// Saving
// ---------------------------------------------------------------------------------------------------------

std::string AlarmBook::save(const AlarmKey& key) const {
  const auto found = alarms_.find(key);
  require(found != alarms_.end(), "only alarms of the book are saved");
  const Alarm& alarm = *found->second;
  SavedState saved{alarm.state, alarm.changed_at, alarm.updated_at, alarm.reason, alarm.reason_data, {}, {}};
  if (alarm.rule != nullptr) {
    saved.rule = alarm.rule->name;
    saved.metric = alarm.series->id;
  }
  return to_text(saved);
}

Result<void> AlarmBook::restore(const AlarmKey& key, const std::string& saved) {
  const auto state = parse_saved_state(saved);
  if (!state) return tl::unexpected<Error>(state.error());
  auto found = alarms_.find(key);
  if (found == alarms_.end() && key.origin == Origin::rule && state->metric) {
    const auto rule =
        std::find_if(rules_.begin(), rules_.end(), [&](const auto& one) { return one->name == state->rule; });
    if (rule != rules_.end() && rule_matches(**rule, *state->metric) && has_room_for(key)) {
      const RuleNames names = names_by_rule(**rule, *state->metric);
      if (key.name == names.plain || key.name == names.full) {
        add(key, *state->metric, (*rule)->condition, started_at_, state->changed_at).rule = *rule;
        found = alarms_.find(key);
      }
    }
  }
  if (found == alarms_.end()) return fail(Fault::not_found, "there is no alarm or rule for " + key.name);
  Alarm& alarm = *found->second;
  alarm.state = state->state;
  alarm.changed_at = state->changed_at;
  alarm.updated_at = state->updated_at;
  alarm.reason = state->reason;
  alarm.reason_data = state->reason_data;
  return {};
}

} // namespace kaden::alarm
