// Definitions, data, descriptions and saved states; alarm_step.cpp evaluates.
#include "kaden/alarm_book.h"
#include "kaden/limits/metrics.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "alarm_record.h"

namespace kaden::alarm {

AlarmBook::AlarmBook(WallTime started_at, std::size_t alarms_max)
    : started_at_(started_at), complete_until_(started_at), alarms_max_(alarms_max), tidied_at_(started_at) {}

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
  const auto periods =
      static_cast<std::int64_t>(evaluation_range(condition)) + (condition.window.wall_clock ? 1 : 0);
  return condition.period * periods + step_of(cadence_of(condition)) + limits::evaluation_grace;
}

bool AlarmBook::has_room_for(const AlarmKey& key) const {
  return alarms_.size() + expected_.size() < alarms_max_ || contains(key);
}

AlarmBook::Alarm& AlarmBook::add(AlarmKey key, const Condition& condition, WallTime known_from,
                                 WallTime now) {
  auto made = std::make_unique<Alarm>();
  Alarm& alarm = *made;
  alarm.key = std::move(key);
  alarm.condition = condition;
  alarm.defined_at = alarm.changed_at = alarm.updated_at = now;
  alarm.known_from = known_from;
  if (alarm.key.origin == Origin::rule) alarm.actions_enabled = disabled_ahead_.erase(alarm.key.name) == 0;
  alarms_[alarm.key] = std::move(made);
  const auto parents = parents_.find(alarm.key.name);
  if (parents != parents_.end()) composites_in_order_ = false;
  return alarm;
}

void AlarmBook::watch(Alarm& alarm, const MetricId& metric) {
  alarm.series.push_back(&store_.watch(metric, alarm.is_silence ? Millis(0) : history_of(alarm.condition)));
  alarm.settled = false;
}

void AlarmBook::unwatch_all(Alarm& alarm) {
  for (Series* series : alarm.series) MetricStore::unwatch(*series);
  alarm.series.clear();
}

void AlarmBook::enlist(Alarm& alarm) {
  if (alarm.composite != nullptr) return;
  auto& list = due_lists_[static_cast<std::size_t>(cadence_of(alarm.condition))];
  alarm.slot = list.size();
  list.push_back(&alarm);
}

void AlarmBook::delist(Alarm& alarm) {
  if (alarm.composite != nullptr) return;
  auto& list = due_lists_[static_cast<std::size_t>(cadence_of(alarm.condition))];
  list[alarm.slot] = list.back();
  list[alarm.slot]->slot = alarm.slot;
  list.pop_back();
}

void AlarmBook::remove(std::map<AlarmKey, std::unique_ptr<Alarm>>::iterator entry) {
  Alarm& alarm = *entry->second;
  delist(alarm);
  if (alarm.composite != nullptr) unlink(alarm);
  for (Series* series : alarm.series) series->rules_seen = 0;
  unwatch_all(alarm);
  const auto parents = parents_.find(alarm.key.name);
  if (parents != parents_.end()) {
    composites_in_order_ = false;
    for (const Alarm* parent : parents->second) stale_.insert(parent->key);
  }
  alarms_.erase(entry);
}

void AlarmBook::define(Definition definition, WallTime now, bool noted) {
  const AlarmKey key{definition.name, Origin::api};
  const auto found = alarms_.find(key);
  const bool fresh = found == alarms_.end();
  Alarm& alarm = fresh ? add(key, definition.condition, started_at_, now) : *found->second;
  if (!fresh) {
    delist(alarm);
    if (alarm.composite != nullptr) unlink(alarm);
    alarm.composite.reset();
  }
  const std::vector<Series*> before = std::exchange(alarm.series, {});
  alarm.condition = definition.condition;
  alarm.defined_at = now;
  alarm.plan.reset();
  alarm.evaluation_error.clear();
  alarm.window_offset = utc_offset_of(definition.condition.window.timezone).value_or(Millis(0));
  if (definition.queries.empty()) {
    watch(alarm, definition.metric);
  } else {
    auto plan = plan_queries(definition.queries);
    require(plan.has_value(), "a definition is checked before it is put into the book");
    for (const auto& query : plan->queries) {
      if (query.stat) watch(alarm, query.stat->metric);
      if (query.return_data) alarm.condition.period = query.period;
    }
    alarm.plan = std::make_unique<const QueryPlan>(std::move(*plan));
  }
  for (Series* series : before) MetricStore::unwatch(*series);
  if (noted) {
    for (const Series* series : alarm.series) want_past(store_.id_of(*series), history_of(alarm.condition));
  }
  alarm.definition = std::make_unique<const Definition>(std::move(definition));
  enlist(alarm);
  if (noted) note_definition(alarm, fresh ? "created" : "updated", now);
}

bool AlarmBook::erase(const AlarmKey& key, std::optional<WallTime> now) {
  const auto found = alarms_.find(key);
  if (found == alarms_.end()) return false;
  if (now) note_definition(*found->second, "deleted", *now);
  remove(found);
  return true;
}

bool AlarmBook::set_actions_enabled(const AlarmKey& key, bool enabled, WallTime now, bool noted) {
  const auto found = alarms_.find(key);
  if (found == alarms_.end()) return false;
  Alarm& alarm = *found->second;
  if (alarm.definition != nullptr) {
    auto changed = std::make_unique<Definition>(*alarm.definition);
    changed->actions_enabled = enabled;
    alarm.definition = std::move(changed);
  } else if (alarm.composite != nullptr) {
    auto changed = std::make_unique<CompositeDefinition>(*alarm.composite);
    changed->actions_enabled = enabled;
    alarm.composite = std::move(changed);
  } else {
    alarm.actions_enabled = enabled;
  }
  alarm.defined_at = now;
  if (noted)
    note_definition(alarm, enabled ? "updated: actions are enabled" : "updated: actions are disabled", now);
  return true;
}

void AlarmBook::note(const Alarm& alarm, HistoryKind kind, std::string summary, std::string data,
                     WallTime now) {
  history_.add({0, now, alarm.key, alarm.type(), kind, std::move(summary), std::move(data)});
}

void AlarmBook::note_definition(const Alarm& alarm, std::string_view what, WallTime now) {
  json::object data;
  data["version"] = "1.0";
  const bool is_new = what.starts_with("created");
  const bool is_gone = what.starts_with("deleted");
  data["type"] = is_new ? "Create" : is_gone ? "Delete" : "Update";
  json::value& described = data[is_new ? "createdAlarm" : is_gone ? "deletedAlarm" : "updatedAlarm"];
  if (alarm.definition != nullptr) described = to_json(*alarm.definition);
  if (alarm.composite != nullptr) described = to_json(*alarm.composite);
  if (alarm.rule != nullptr) described = to_json(info_of(alarm).definition);
  note(alarm, HistoryKind::configuration_update, "Alarm \"" + alarm.key.name + "\" " + std::string(what),
       kaden::to_text(json::value(std::move(data))), now);
}

void AlarmBook::note_action(const AlarmKey& key, std::string summary, std::string data, WallTime now) {
  const auto found = alarms_.find(key);
  if (found != alarms_.end())
    note(*found->second, HistoryKind::action, std::move(summary), std::move(data), now);
}

// Data
// -----------------------------------------------------------------------------------------------------------

Result<void> AlarmBook::put(std::span<const Datum> data, WallTime now) {
  if (!store_.has_room(data.size())) {
    const auto fresh = std::count_if(data.begin(), data.end(),
                                     [&](const Datum& datum) { return !store_.holds(datum.metric); });
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

Millis AlarmBook::history_wanted(const MetricId& metric) const {
  const Series* series = store_.find(metric);
  Millis wanted = series == nullptr ? Millis(0) : series->needed;
  for (const std::size_t index : candidates(metric)) {
    const auto& rule = rules_[index];
    if (rule->matches(metric)) wanted = std::max(wanted, history_of(rule->rule.condition));
  }
  return wanted;
}

Result<void> AlarmBook::recall(std::span<const Datum> data, WallTime complete_until) {
  complete_until_ = std::min(complete_until, started_at_);
  std::size_t fresh = 0;
  std::size_t load = data.size();
  for (const Datum& datum : data) {
    fresh += store_.holds(datum.metric) ? 0U : 1U;
    load += datum.counted.size() * sizeof(ValueCount) / sizeof(PackedPoint);
  }
  if (!store_.has_room(fresh) || !store_.make_space_for(load, started_at_)) {
    return fail(Fault::busy, "metrics: memory for datapoints is used up");
  }
  // As if each had come when it was measured: a machine is heard again only when it sends again.
  for (const Datum& datum : data) store_.put(datum, std::min(datum.at, started_at_));
  return {};
}

void AlarmBook::want_past(const MetricId& metric, Millis history) {
  Millis& wanted = past_wanted_[metric];
  wanted = std::max(wanted, history);
}

std::vector<std::pair<MetricId, Millis>> AlarmBook::take_past_wanted(WallTime now, std::size_t most) {
  std::vector<std::pair<MetricId, Millis>> wanted;
  const WallTime cut = complete_from(now);
  while (!past_wanted_.empty() && wanted.size() < most) {
    auto one = past_wanted_.extract(past_wanted_.begin());
    if (now - one.mapped() >= cut) continue;
    // All that its alarms look at, since it comes in the place of what memory has.
    const Series* series = store_.find(one.key());
    const Millis history = series == nullptr ? one.mapped() : std::max(one.mapped(), series->needed);
    wanted.emplace_back(std::move(one.key()), history);
  }
  return wanted;
}

Result<void> AlarmBook::backfill(const MetricId& metric, WallTime cut, std::span<const Datum> data,
                                 WallTime now) {
  std::size_t load = data.size();
  for (const Datum& datum : data) load += datum.counted.size() * sizeof(ValueCount) / sizeof(PackedPoint);
  if (!store_.make_space_for(load, now))
    return fail(Fault::busy, "metrics: memory for datapoints is used up");
  store_.replace_before(metric, cut, data, now);
  return {};
}

WallTime AlarmBook::complete_from(WallTime now) const {
  constexpr Millis step = seconds(60);
  return floor_to(std::max(started_at_, now - store_.history()) + step - Millis(1), step);
}

// Reading
// --------------------------------------------------------------------------------------------------------

AlarmInfo AlarmBook::info_of(const Alarm& alarm) const {
  AlarmInfo info{alarm.key,        {},           alarm.defined_at,  alarm.state, alarm.changed_at,
                 alarm.updated_at, alarm.reason, alarm.reason_data, {},          alarm.suppressed_by};
  if (!alarm.evaluation_error.empty() || alarm.in_circle) info.evaluation_state = "EVALUATION_ERROR";
  Definition& shown = info.definition;
  shown.name = alarm.key.name;
  if (alarm.definition != nullptr) {
    shown = *alarm.definition;
  } else if (alarm.composite != nullptr) {
    info.composite = *alarm.composite;
  } else {
    shown.description = "Made by Kaden's rule " + alarm.rule->rule.name;
    shown.metric = store_.id_of(*alarm.series.front());
    shown.condition = alarm.condition;
    shown.actions_enabled = alarm.actions_enabled;
  }
  return info;
}

std::optional<AlarmInfo> AlarmBook::describe(const AlarmKey& key) const {
  const auto found = alarms_.find(key);
  if (found == alarms_.end()) return std::nullopt;
  return info_of(*found->second);
}

bool AlarmFilter::passes(AlarmState of, const CompositeDefinition* composite,
                         const Definition* definition) const {
  const auto acts = [&](const auto& defined) {
    for (const auto* actions :
         {&defined.ok_actions, &defined.alarm_actions, &defined.insufficient_data_actions}) {
      for (const auto& action : *actions) {
        if (action.starts_with(action_prefix)) return true;
      }
    }
    return false;
  };
  if (composite != nullptr ? !composite_alarms : !metric_alarms) return false;
  if (state && of != *state) return false;
  if (action_prefix.empty()) return true;
  if (composite != nullptr) return acts(*composite);
  return definition != nullptr && acts(*definition);
}

std::vector<AlarmInfo> AlarmBook::describe(const AlarmFilter& filter) const {
  std::vector<AlarmInfo> found;
  auto entry = alarms_.lower_bound({filter.name_prefix, Origin::api});
  if (filter.after && !(*filter.after < AlarmKey{filter.name_prefix, Origin::api})) {
    entry = alarms_.upper_bound(*filter.after);
  }
  for (; entry != alarms_.end() && found.size() < filter.most; ++entry) {
    const Alarm& alarm = *entry->second;
    if (!alarm.key.name.starts_with(filter.name_prefix)) break;
    if (filter.passes(alarm.state, alarm.composite.get(), alarm.definition.get()))
      found.push_back(info_of(alarm));
  }
  return found;
}

std::vector<AlarmKey> AlarmBook::alarms_on(const MetricId& metric) const {
  std::vector<AlarmKey> found;
  const Series* series = store_.find(metric);
  if (series == nullptr) return found;
  for (const auto& [key, alarm] : alarms_) {
    const bool is_on_it = alarm->series.size() == 1 && alarm->series.front() == series;
    if (is_on_it && alarm->plan == nullptr && !alarm->is_silence) found.push_back(key);
  }
  return found;
}

// Saving
// ---------------------------------------------------------------------------------------------------------

std::string AlarmBook::rule_digest(const Alarm& alarm) {
  return alarm.composite == nullptr ? std::string() : sha256_hex(alarm.composite->rule).substr(0, 16);
}

std::string AlarmBook::saved_text(const Alarm& alarm) const {
  SavedState saved;
  saved.state = alarm.state;
  saved.changed_at = alarm.changed_at;
  saved.updated_at = alarm.updated_at;
  saved.reason = alarm.reason;
  saved.reason_data = alarm.reason_data;
  if (alarm.rule != nullptr) {
    saved.rule = alarm.rule->rule.name;
    saved.metric = store_.id_of(*alarm.series.front());
  }
  if (alarm.composite != nullptr) {
    saved.tree = rule_digest(alarm);
    saved.seen = alarm.seen;
    saved.suppressed_by = alarm.suppressed_by;
    saved.suppressed_until = alarm.suppressed_until;
    saved.held_back = alarm.held_back;
  }
  return to_text(saved);
}

std::string AlarmBook::save(const AlarmKey& key) const {
  const auto found = alarms_.find(key);
  require(found != alarms_.end(), "only alarms of the book are saved");
  return saved_text(*found->second);
}

std::optional<AlarmState> AlarmBook::state_in(const std::string& saved) {
  const auto state = parse_saved_state(saved);
  return state ? std::optional(state->state) : std::nullopt;
}

Result<void> AlarmBook::restore(const AlarmKey& key, const std::string& saved) {
  const auto state = parse_saved_state(saved);
  if (!state) return tl::unexpected<Error>(state.error());
  const auto found = alarms_.find(key);
  Alarm* alarm = found == alarms_.end() ? nullptr : found->second.get();
  if (alarm == nullptr && key.origin == Origin::rule && state->metric) {
    alarm = restore_by_rule(key, state->rule, *state->metric, state->changed_at);
  }
  if (alarm == nullptr) return fail(Fault::not_found, "there is no alarm or rule for " + key.name);
  alarm->state = state->state;
  alarm->changed_at = state->changed_at;
  alarm->updated_at = state->updated_at;
  alarm->reason = state->reason;
  alarm->reason_data = state->reason_data;
  if (alarm->composite != nullptr) {
    // Another rule than then is evaluated; else only a child that changed makes it so.
    if (state->tree == rule_digest(*alarm)) alarm->seen = state->seen;
    alarm->suppressed_by = state->suppressed_by;
    alarm->suppressed_until = state->suppressed_until;
    alarm->held_back = state->held_back;
  }
  return {};
}

} // namespace kaden::alarm
