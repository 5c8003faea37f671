// Kaden's own rules: one rule, an alarm for each machine whose metric arrives.
#include <algorithm>
#include <array>
#include <utility>

#include "alarm_record.h"

#include "kaden/limits/alarm_events.h"

namespace kaden::alarm {

namespace {

/// A name that is too long keeps its start and gets a digest, so that two long names stay two.
std::string fitted(std::string name) {
  if (name.size() <= limits::alarm_name_bytes_max) return name;
  constexpr std::size_t digest_digits = 12;
  const std::string digest = sha256_hex(name).substr(0, digest_digits);
  return std::string(cut_utf8(name, limits::alarm_name_bytes_max - digest_digits - 1)) + "~" + digest;
}

/// An alarm put by API keeps its name; what follows tells the rule's alarm apart.
std::array<std::string, 3> names_beside(const std::string& name) {
  return {name, fitted(name + " (rule)"), fitted(name + " (rule 2)")};
}

/// The rule's alarm of that name, told apart or not; null when there is none.
template <class Alarms>
auto find_made(const Alarms& alarms, const std::string& name) -> decltype(alarms.begin()->second.get()) {
  for (const auto& one : names_beside(name)) {
    const auto found = alarms.find({one, Origin::rule});
    if (found != alarms.end()) return found->second.get();
  }
  return nullptr;
}

/// Empty when alarms put by API have them all.
template <class Alarms>
std::string free_name(const Alarms& alarms, const std::set<std::string>& expected, const std::string& name) {
  for (const auto& one : names_beside(name)) {
    if (!alarms.contains({one, Origin::api}) && !expected.contains(one)) return one;
  }
  return "";
}

bool is_one_of(const std::string& name, const std::array<std::string, 3>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

} // namespace

AlarmBook::RuleInForce::RuleInForce(Rule made) : rule(std::move(made)) {
  for (const auto& [dimension, text] : rule.where_regex) {
    auto pattern = Pattern::parse(text);
    require(pattern.has_value(), "a rule is checked before it is put into the book");
    patterns.emplace_back(dimension, std::move(*pattern));
  }
}

bool AlarmBook::RuleInForce::matches(const MetricId& metric) const {
  if (metric.name != rule.metric || metric.name_space != rule.name_space) return false;
  const auto& dimensions = metric.dimensions;
  const bool all_there = std::all_of(rule.for_each.begin(), rule.for_each.end(),
                                     [&](const std::string& name) { return dimensions.contains(name); });
  const auto fits = [&](const auto& wanted, const auto& match) {
    const auto found = dimensions.find(wanted.first);
    return found != dimensions.end() && match(wanted.second, found->second);
  };
  return all_there &&
         std::all_of(rule.where.begin(), rule.where.end(),
                     [&](const auto& wanted) {
                       return fits(wanted, [](const std::string& glob, const std::string& text) {
                         return glob_match(glob, text);
                       });
                     }) &&
         std::all_of(patterns.begin(), patterns.end(), [&](const auto& wanted) {
           return fits(wanted,
                       [](const Pattern& pattern, const std::string& text) { return pattern.matches(text); });
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
  RuleNames names{fitted(plain), fitted(plain + " (" + rest + ")"), ""};
  if (rule.silent_after != Millis(0) && !rule.for_each.empty()) {
    names.silence = fitted(rule.name + " " + metric.dimensions.at(rule.for_each.front()) + " is silent");
  }
  return names;
}

/// So that many rules over one metric, each for a machine of its own, cost a look-up and not a walk.
void AlarmBook::index_rules() {
  rule_index_.clear();
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const Rule& rule = rules_[i]->rule;
    RuleBucket& bucket = rule_index_[{rule.name_space, rule.metric}];
    const auto plain = std::find_if(rule.where.begin(), rule.where.end(), [](const auto& wanted) {
      return wanted.second.find_first_of("*?") == std::string::npos;
    });
    if (plain == rule.where.end()) {
      bucket.rest.push_back(i);
    } else {
      bucket.by_value[{plain->first, plain->second}].push_back(i);
    }
  }
}

/// The rules that may match, in their order.
std::vector<std::size_t> AlarmBook::candidates(const MetricId& metric) const {
  const auto bucket = rule_index_.find({metric.name_space, metric.name});
  if (bucket == rule_index_.end()) return {};
  std::vector<std::size_t> found = bucket->second.rest;
  if (!bucket->second.by_value.empty()) {
    for (const auto& dimension : metric.dimensions) {
      const auto more = bucket->second.by_value.find({dimension.first, dimension.second});
      if (more != bucket->second.by_value.end())
        found.insert(found.end(), more->second.begin(), more->second.end());
    }
    std::sort(found.begin(), found.end());
  }
  return found;
}

void AlarmBook::apply_rules(Series& series, const Datum& datum, WallTime now) {
  if (series.rules_seen == rules_edition_) return;
  const std::uint64_t refused = refused_alarms_;
  for (const std::size_t index : candidates(datum.metric)) {
    const auto& rule = rules_[index];
    if (!rule->matches(datum.metric)) continue;
    // Before its first datum the machine was unknown to us, not silent.
    const Millis step = rule->rule.condition.period < seconds(60) ? finest_step : seconds(60);
    make_by_rule(rule, series, datum.metric, floor_to(std::min(datum.at, now), step), now);
    watch_silence(rule, series, datum.metric, now);
  }
  if (refused_alarms_ == refused) series.rules_seen = rules_edition_;
}

void AlarmBook::make_by_rule(const std::shared_ptr<const RuleInForce>& rule, Series& series,
                             const MetricId& metric, WallTime known_from, WallTime now) {
  const RuleNames names = names_by_rule(rule->rule, metric);
  const Alarm* plain = find_made(alarms_, names.plain);
  if (plain != nullptr && plain->series.front() == &series) return;
  if (find_made(alarms_, names.full) != nullptr) return;
  const AlarmKey key{free_name(alarms_, expected_, plain != nullptr ? names.full : names.plain),
                     Origin::rule};
  if (key.name.empty() || !has_room_for(key)) {
    ++refused_alarms_;
    return;
  }
  Alarm& alarm = add(key, rule->rule.condition, known_from, now);
  alarm.rule = rule;
  alarm.window_offset = utc_offset_of(alarm.condition.window.timezone).value_or(Millis(0));
  watch(alarm, metric);
  enlist(alarm);
  // A metric that has just come has no past; one of a life before was recalled at the start.
  if (series.puts > 1) want_past(metric, history_of(alarm.condition));
}

/// `known_as`: the name that the alarm had in a life before, when it is made again.
void AlarmBook::watch_silence(const std::shared_ptr<const RuleInForce>& rule, Series& series,
                              const MetricId& metric, WallTime now,
                              const std::optional<std::string>& known_as) {
  const std::string name = names_by_rule(rule->rule, metric).silence;
  if (name.empty()) return;
  Alarm* alarm = find_made(alarms_, name);
  if (alarm == nullptr) {
    const AlarmKey key{known_as.value_or(free_name(alarms_, expected_, name)), Origin::rule};
    if (key.name.empty() || !has_room_for(key)) {
      ++refused_alarms_;
      return;
    }
    Condition each_ten_seconds;
    each_ten_seconds.period = finest_step;
    alarm = &add(key, each_ten_seconds, started_at_, now);
    alarm->rule = rule;
    alarm->is_silence = true;
    alarm->machine = metric.dimensions.at(rule->rule.for_each.front());
    enlist(*alarm);
  }
  if (!alarm->is_silence ||
      std::find(alarm->series.begin(), alarm->series.end(), &series) != alarm->series.end()) {
    return;
  }
  watch(*alarm, metric);
}

AlarmBook::Alarm* AlarmBook::restore_by_rule(const AlarmKey& key, const std::string& rule_name,
                                             const MetricId& metric, WallTime at) {
  const auto found = std::find_if(rules_.begin(), rules_.end(),
                                  [&](const auto& one) { return one->rule.name == rule_name; });
  if (found == rules_.end() || !(*found)->matches(metric) || !has_room_for(key)) return nullptr;
  if (alarms_.contains({key.name, Origin::api})) return nullptr; // two of one name, as they once could be
  const RuleNames names = names_by_rule((*found)->rule, metric);
  if (!names.silence.empty() && is_one_of(key.name, names_beside(names.silence))) {
    watch_silence(*found, store_.watch(metric, Millis(0)), metric, at, key.name);
    MetricStore::unwatch(*store_.find(metric));
  } else if (is_one_of(key.name, names_beside(names.plain)) ||
             is_one_of(key.name, names_beside(names.full))) {
    Alarm& alarm = add(key, (*found)->rule.condition, started_at_, at);
    alarm.rule = *found;
    alarm.window_offset = utc_offset_of(alarm.condition.window.timezone).value_or(Millis(0));
    watch(alarm, metric);
    enlist(alarm);
  }
  const auto made = alarms_.find(key);
  return made == alarms_.end() ? nullptr : made->second.get();
}

std::vector<AlarmKey> AlarmBook::set_rules(std::vector<Rule> rules) {
  rules_.clear();
  std::map<std::string, std::shared_ptr<const RuleInForce>> by_name;
  for (Rule& rule : rules) {
    const auto shared = std::make_shared<const RuleInForce>(std::move(rule));
    rules_.push_back(shared);
    by_name[shared->rule.name] = shared;
  }
  index_rules();
  ++rules_edition_;

  std::vector<AlarmKey> gone;
  for (auto entry = alarms_.begin(); entry != alarms_.end();) {
    Alarm& alarm = *entry->second;
    const auto next = std::next(entry);
    if (alarm.rule != nullptr) {
      const auto found = by_name.find(alarm.rule->rule.name);
      const bool stays = found != by_name.end() &&
                         found->second->rule.for_each == alarm.rule->rule.for_each &&
                         (!alarm.is_silence || found->second->rule.silent_after != Millis(0)) &&
                         found->second->matches(store_.id_of(*alarm.series.front()));
      if (stays && alarm.is_silence) {
        alarm.rule = found->second;
      } else if (stays) {
        delist(alarm);
        alarm.rule = found->second;
        alarm.condition = alarm.rule->rule.condition;
        alarm.window_offset = utc_offset_of(alarm.condition.window.timezone).value_or(Millis(0));
        alarm.settled = false;
        for (Series* series : alarm.series) {
          series->needed = std::max(series->needed, history_of(alarm.condition));
          want_past(store_.id_of(*series), history_of(alarm.condition));
        }
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
