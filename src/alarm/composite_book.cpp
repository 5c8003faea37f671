// Composite alarms: their order, their evaluation when a child changed, and the suppressor of their actions.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "alarm_record.h"

#include "kaden/limits/alarm_events.h"
#include "kaden/limits/metrics.h"

namespace kaden::alarm {

Result<void> check(const CompositeDefinition& definition) {
  if (definition.name.empty()) return fail(Fault::invalid, "AlarmName: must not be empty");
  const auto rule = CompositeRule::parse(definition.rule);
  if (!rule) return fail_while("AlarmRule", rule.error());
  const bool has_suppressor = !definition.suppressor.empty();
  for (const Millis period : {definition.wait_period, definition.extension_period}) {
    if (period < Millis(0) || period > limits::suppressor_period_max) {
      return fail(Fault::invalid,
                  "ActionsSuppressorWaitPeriod, ActionsSuppressorExtensionPeriod: must be between 0 and " +
                      std::to_string(limits::suppressor_period_max.count() / 1000));
    }
    if (period != Millis(0) && !has_suppressor) {
      return fail(Fault::invalid, "ActionsSuppressor: is required with its periods");
    }
  }
  if (has_suppressor && alarm_name_of(definition.suppressor) == definition.name) {
    return fail(Fault::invalid, "ActionsSuppressor: an alarm cannot suppress itself");
  }
  return {};
}

AlarmBook::Alarm* AlarmBook::find_by_name(const std::string& name) {
  for (const Origin origin : {Origin::api, Origin::rule}) {
    const auto found = alarms_.find({name, origin});
    if (found != alarms_.end()) return found->second.get();
  }
  return nullptr;
}

const AlarmBook::Alarm* AlarmBook::find_by_name(const std::string& name) const {
  for (const Origin origin : {Origin::api, Origin::rule}) {
    const auto found = alarms_.find({name, origin});
    if (found != alarms_.end()) return found->second.get();
  }
  return nullptr;
}

void AlarmBook::link(Alarm& alarm) {
  for (const std::string& child : alarm.tree->children()) parents_[child].insert(&alarm);
  if (!alarm.composite->suppressor.empty())
    parents_[alarm_name_of(alarm.composite->suppressor)].insert(&alarm);
  composites_.push_back(&alarm);
  composites_in_order_ = false;
}

void AlarmBook::unlink(Alarm& alarm) {
  const auto forget = [&](const std::string& child) {
    const auto found = parents_.find(child);
    if (found == parents_.end()) return;
    found->second.erase(&alarm);
    if (found->second.empty()) parents_.erase(found);
  };
  for (const std::string& child : alarm.tree->children()) forget(child);
  if (!alarm.composite->suppressor.empty()) forget(alarm_name_of(alarm.composite->suppressor));
  std::erase(composites_, &alarm);
  composites_in_order_ = false;
  stale_.erase(alarm.key);
}

Result<void> AlarmBook::define(CompositeDefinition definition, WallTime now, bool noted) {
  const AlarmKey key{definition.name, Origin::api};
  const auto found = alarms_.find(key);
  const bool fresh = found == alarms_.end();
  if (!fresh && found->second->composite == nullptr) {
    return fail(Fault::conflict, "AlarmName: a metric alarm has this name");
  }
  auto rule = CompositeRule::parse(definition.rule);
  if (!rule) return fail_while("AlarmRule", rule.error());
  Alarm& alarm = fresh ? add(key, Condition{}, started_at_, now) : *found->second;
  if (!fresh) unlink(alarm);
  alarm.composite = std::make_unique<const CompositeDefinition>(std::move(definition));
  alarm.tree = std::make_unique<const CompositeRule>(std::move(*rule));
  alarm.defined_at = now;
  alarm.seen.reset();
  link(alarm);
  stale_.insert(key);
  if (alarm.composite->suppressor.empty()) {
    alarm.suppressed_by = SuppressedBy::nothing;
    alarm.held_back = false;
  }
  if (noted) note_definition(alarm, fresh ? "created" : "updated", now);
  return {};
}

/// Children before parents (Tarjan's strongly connected components, whose order is just that). More than one
/// in a component, or one that names itself: a circle. Returns the circles.
std::vector<std::vector<AlarmBook::Alarm*>> AlarmBook::order_composites() {
  composites_in_order_ = true;
  // By name: so the order does not depend on how they came.
  std::sort(composites_.begin(), composites_.end(),
            [](const Alarm* a, const Alarm* b) { return a->key < b->key; });
  const std::size_t count = composites_.size();
  std::map<const Alarm*, std::size_t> places;
  for (std::size_t i = 0; i < count; ++i) places.emplace(composites_[i], i);
  std::vector<std::vector<std::size_t>> children(count);
  for (std::size_t i = 0; i < count; ++i) {
    for (const std::string& name : composites_[i]->tree->children()) {
      const auto place = places.find(find_by_name(name));
      if (place != places.end()) children[i].push_back(place->second);
    }
  }
  struct Frame {
    std::size_t node, next;
  };
  constexpr std::size_t none = SIZE_MAX;
  std::vector<std::size_t> index(count, none), low(count, 0), stack;
  std::vector<char> on_stack(count, 0);
  std::vector<Alarm*> ordered;
  std::vector<std::vector<Alarm*>> circles;
  std::size_t counter = 0;
  const auto settle = [&](std::size_t root) {
    const bool alone = stack.back() == root;
    const bool names_itself =
        std::find(children[root].begin(), children[root].end(), root) != children[root].end();
    if (!alone || names_itself) circles.emplace_back();
    std::size_t one = none;
    do {
      one = stack.back();
      stack.pop_back();
      on_stack[one] = 0;
      composites_[one]->in_circle = !alone || names_itself;
      if (composites_[one]->in_circle) circles.back().push_back(composites_[one]);
      ordered.push_back(composites_[one]);
    } while (one != root);
  };
  for (std::size_t start = 0; start < count; ++start) {
    if (index[start] != none) continue;
    std::vector<Frame> frames;
    const auto enter = [&](std::size_t node) {
      index[node] = low[node] = counter++;
      stack.push_back(node);
      on_stack[node] = 1;
      frames.push_back({node, 0});
    };
    enter(start);
    while (!frames.empty()) {
      Frame& frame = frames.back();
      const std::size_t node = frame.node;
      if (frame.next < children[node].size()) {
        const std::size_t child = children[node][frame.next++];
        if (index[child] == none) {
          enter(child);
        } else if (on_stack[child] != 0) {
          low[node] = std::min(low[node], index[child]);
        }
        continue;
      }
      frames.pop_back();
      if (!frames.empty()) low[frames.back().node] = std::min(low[frames.back().node], low[node]);
      if (low[node] == index[node]) settle(node);
    }
  }
  composites_ = std::move(ordered);
  return circles;
}

/// Its members keep their state until somebody breaks the circle; this tells whoever asks why.
void AlarmBook::tell_circle(const std::vector<Alarm*>& members, WallTime now) {
  std::string names;
  for (const Alarm* member : members) names += (names.empty() ? "" : ", ") + member->key.name;
  const std::string reason(cut_utf8(
      "Not evaluated: in a circle of composite alarms (" + names + "). Change the AlarmRule of one of them.",
      limits::reason_bytes_max - 1));
  for (Alarm* alarm : members) {
    if (alarm->reason == reason) continue;
    alarm->reason = reason;
    alarm->updated_at = now;
    alarm->seen.reset();
    json::object data{{"version", "1.0"}, {"type", "Circle"}, {"reason", reason}};
    note(*alarm, HistoryKind::configuration_update, "Not evaluated: in a circle of composite alarms",
         kaden::to_text(json::value(std::move(data))), now);
  }
}

std::vector<AlarmState> AlarmBook::states_of(const Alarm& alarm) const {
  std::vector<AlarmState> states;
  for (const std::string& name : alarm.tree->children()) {
    const Alarm* child = find_by_name(name);
    states.push_back(child == nullptr ? AlarmState::insufficient_data : child->state);
  }
  return states;
}

void AlarmBook::evaluate_composites(WallTime now, std::vector<Transition>& changes) {
  if (composites_.empty()) return;
  if (!composites_in_order_) {
    for (const auto& circle : order_composites()) tell_circle(circle, now);
    for (const Alarm* alarm : composites_) stale_.insert(alarm->key);
  }
  // A changed child marks its parents, which come later in the order: one walk settles all.
  std::vector<std::pair<Alarm*, std::size_t>> changed;
  for (Alarm* alarm : composites_) {
    if (stale_.empty()) break;
    if (stale_.erase(alarm->key) == 0 || alarm->in_circle) continue;
    std::vector<AlarmState> states = states_of(*alarm);
    if (alarm->seen == states) continue;
    alarm->seen = std::move(states);
    const AlarmState to = alarm->tree->holds(*alarm->seen) ? AlarmState::alarm : AlarmState::ok;
    if (to == alarm->state) continue;
    std::string reason =
        fmt::format("{}: the rule is {}.", alarm->key.name, to == AlarmState::alarm ? "true" : "false");
    const auto& children = alarm->tree->children();
    std::size_t listed = 0;
    for (std::size_t i = 0; i < children.size() && reason.size() < limits::reason_bytes_max / 2; ++i) {
      reason += fmt::format("{} {} is {}", listed++ == 0 ? "" : ",", children[i], to_text((*alarm->seen)[i]));
    }
    reason = cut_utf8(reason, limits::reason_bytes_max - 1);
    changed.emplace_back(alarm, changes.size());
    changes.push_back(change(*alarm, to, std::move(reason), "", std::nullopt, now));
  }
  stale_.clear();
  // Suppressors are alarms too: only now all of them have their state of this moment.
  for (const auto& [alarm, place] : changed) suppress(*alarm, now, changes[place]);
  for (Alarm* alarm : composites_) follow_suppressor(*alarm, now, changes);
}

/// What becomes of the actions of a change: told, or held back for the suppressor.
void AlarmBook::suppress(Alarm& alarm, WallTime now, Transition& change) {
  const CompositeDefinition& definition = *alarm.composite;
  if (definition.suppressor.empty()) return;
  const Alarm* suppressor = find_by_name(alarm_name_of(definition.suppressor));
  if (suppressor != nullptr && suppressor->state == AlarmState::alarm) {
    alarm.suppressed_by = SuppressedBy::alarm;
  } else if (alarm.suppressed_by == SuppressedBy::nothing && alarm.state == AlarmState::alarm &&
             definition.wait_period > Millis(0)) {
    alarm.suppressed_by = SuppressedBy::wait_period;
    alarm.suppressed_until = now + definition.wait_period;
  }
  if (alarm.suppressed_by != SuppressedBy::nothing) {
    alarm.held_back = true;
    change.to_be_told = false;
  }
  change.saved = saved_text(alarm);
}

void AlarmBook::follow_suppressor(Alarm& alarm, WallTime now, std::vector<Transition>& changes) {
  const CompositeDefinition& definition = *alarm.composite;
  if (definition.suppressor.empty()) return;
  const Alarm* suppressor = find_by_name(alarm_name_of(definition.suppressor));
  if (suppressor != nullptr && suppressor->state == AlarmState::alarm) {
    alarm.suppressed_by = SuppressedBy::alarm;
    return;
  }
  if (alarm.suppressed_by == SuppressedBy::nothing) return;
  if (alarm.suppressed_by == SuppressedBy::alarm) {
    alarm.suppressed_by = SuppressedBy::extension_period;
    alarm.suppressed_until = now + definition.extension_period;
  }
  if (now < alarm.suppressed_until) return;
  alarm.suppressed_by = SuppressedBy::nothing;
  if (!std::exchange(alarm.held_back, false)) return;
  // The actions of the state as it is now; what it was meanwhile is history.
  changes.push_back(report(alarm, alarm.state, std::nullopt, now));
}

std::vector<AlarmKey> AlarmBook::children_of(const std::string& name) const {
  std::vector<AlarmKey> found;
  const auto alarm = alarms_.find({name, Origin::api});
  if (alarm == alarms_.end() || alarm->second->composite == nullptr) return found;
  std::vector<std::string> names = alarm->second->tree->children();
  if (!alarm->second->composite->suppressor.empty()) {
    names.push_back(alarm_name_of(alarm->second->composite->suppressor));
  }
  for (const std::string& child : names) {
    if (const Alarm* one = find_by_name(child)) found.push_back(one->key);
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

std::vector<AlarmKey> AlarmBook::parents_of(const std::string& name) const {
  std::vector<AlarmKey> found;
  const auto parents = parents_.find(name);
  if (parents == parents_.end()) return found;
  for (const Alarm* parent : parents->second) found.push_back(parent->key);
  std::sort(found.begin(), found.end());
  return found;
}

} // namespace kaden::alarm
