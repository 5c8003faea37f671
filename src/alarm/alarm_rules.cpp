// Kaden's own rules: one rule, an alarm for each machine whose metric arrives.
#include <algorithm>

#include "alarm_record.h"

namespace kaden::alarm {

namespace {

/// A name that is too long keeps its start and gets a digest, so that two long names stay two.
std::string fitted(std::string name) {
  if (name.size() <= limits::alarm_name_bytes_max) return name;
  constexpr std::size_t digest_digits = 12;
  const std::string digest = sha256_hex(name).substr(0, digest_digits);
  return std::string(cut_utf8(name, limits::alarm_name_bytes_max - digest_digits - 1)) + "~" + digest;
}

} // namespace

bool rule_matches(const Rule& rule, const MetricId& metric) {
  if (metric.name != rule.metric || metric.name_space != rule.name_space) return false;
  const auto& dimensions = metric.dimensions;
  const bool all_there = std::all_of(rule.for_each.begin(), rule.for_each.end(),
                                     [&](const std::string& name) { return dimensions.contains(name); });
  return all_there && std::all_of(rule.where.begin(), rule.where.end(), [&](const auto& wanted) {
           const auto found = dimensions.find(wanted.first);
           return found != dimensions.end() && glob_match(wanted.second, found->second);
         });
}

/// The plain name belongs to the first metric that asks for it; others of the same machine (cpu0 beside
/// cpu-total) add the dimensions that tell them apart. States are saved with their metric, so a restart
/// changes no name.
AlarmBook::RuleNames AlarmBook::names_by_rule(const Rule& rule, const MetricId& metric) {
  std::string plain = rule.name;
  for (std::size_t i = 0; i < rule.for_each.size(); ++i) {
    plain += (i == 0 ? " " : "/") + metric.dimensions.at(rule.for_each[i]);
  }
  std::string rest;
  for (const auto& [dimension, value] : metric.dimensions) {
    if (std::find(rule.for_each.begin(), rule.for_each.end(), dimension) != rule.for_each.end()) continue;
    rest.append(rest.empty() ? "" : ", ").append(dimension).append("=").append(value);
  }
  return {fitted(plain), fitted(plain + " (" + rest + ")")};
}

void AlarmBook::apply_rules(Series& series, const Datum& datum, WallTime now) {
  if (series.rules_seen == rules_edition_) return;
  const std::uint64_t refused = refused_alarms_;
  for (const auto& rule : rules_) {
    if (rule_matches(*rule, series.id)) make_by_rule(rule, series, datum, now);
  }
  if (refused_alarms_ == refused) series.rules_seen = rules_edition_;
}

void AlarmBook::make_by_rule(const std::shared_ptr<const Rule>& rule, Series& series, const Datum& datum,
                             WallTime now) {
  RuleNames names = names_by_rule(*rule, series.id);
  const auto plain = alarms_.find({names.plain, Origin::rule});
  const bool plain_is_taken = plain != alarms_.end();
  if (plain_is_taken && plain->second->series == &series) return;
  if (alarms_.contains({names.full, Origin::rule})) return;
  const AlarmKey key{std::move(plain_is_taken ? names.full : names.plain), Origin::rule};
  if (!has_room_for(key)) {
    ++refused_alarms_;
    return;
  }
  // Before its first datum the machine was unknown to us, not silent.
  const Millis step = rule->condition.period < seconds(60) ? finest_step : seconds(60);
  Alarm& alarm = add(key, series.id, rule->condition, floor_to(std::min(datum.at, now), step), now);
  alarm.rule = rule;
}

std::vector<AlarmKey> AlarmBook::set_rules(std::vector<Rule> rules) {
  rules_.clear();
  std::map<std::string, std::shared_ptr<const Rule>> by_name;
  for (Rule& rule : rules) {
    const auto shared = std::make_shared<const Rule>(std::move(rule));
    rules_.push_back(shared);
    by_name[shared->name] = shared;
  }
  ++rules_edition_;

  std::vector<AlarmKey> gone;
  for (auto entry = alarms_.begin(); entry != alarms_.end();) {
    Alarm& alarm = *entry->second;
    const auto next = std::next(entry);
    if (alarm.rule != nullptr) {
      const auto found = by_name.find(alarm.rule->name);
      const bool stays = found != by_name.end() && found->second->for_each == alarm.rule->for_each &&
                         rule_matches(*found->second, alarm.series->id);
      if (stays) {
        delist(alarm);
        alarm.rule = found->second;
        alarm.condition = alarm.rule->condition;
        alarm.series->needed = std::max(alarm.series->needed, history_of(alarm.condition));
        enlist(alarm);
      } else {
        gone.push_back(alarm.key);
        remove(entry);
      }
    }
    entry = next;
  }
  return gone;
}

} // namespace kaden::alarm
