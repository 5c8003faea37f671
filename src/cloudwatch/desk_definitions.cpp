// What the desk keeps for good: definitions, and the history of alarms.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "definition_text.h"
#include "desk.h"
#include "desk_records.h"

#include "kaden/limits/cloudwatch_api.h"
#include "kaden/limits/metrics.h"

namespace kaden::cloudwatch {

namespace {

std::string history_key(std::uint64_t number) {
  return fmt::format("{:020}", number);
}

} // namespace

Result<void> Desk::load_definitions(journal::Records& records) {
  const auto stored = records.all(definitions);
  if (!stored) return fail_while("reading alarm definitions", stored.error());
  for (const auto& [name, text] : *stored) {
    auto read = parse_definition_text(text, alarm::definition_from_json);
    if (!read) {
      return fail(Fault::corrupt, "reading the definition of alarm " + name + ": " + read.error().message);
    }
    book_.define(std::move(read->definition), read->defined_at, false);
  }
  const auto more = records.all(composites);
  if (!more) return fail_while("reading composite alarms", more.error());
  for (const auto& [name, text] : *more) {
    auto read = parse_definition_text(text, alarm::composite_from_json);
    if (!read) {
      return fail(Fault::corrupt, "reading the composite alarm " + name + ": " + read.error().message);
    }
    // A metric alarm of the same name came first and was never answered for: the composite one goes.
    const auto defined = book_.define(std::move(read->definition), read->defined_at, false);
    if (!defined) writer_.write({{composites, name, std::nullopt}}, {});
  }
  return {};
}

Result<void> Desk::load_history(journal::Records& records) {
  const auto stored = records.all(history_items);
  if (!stored) return fail_while("reading the history of alarms", stored.error());
  RecordWriter::Changes unreadable;
  for (const auto& [key, text] : *stored) {
    auto item = alarm::parse_history_item(text);
    if (!item) { // a line of the past is not worth a start that fails
      unreadable.push_back({history_items, key, std::nullopt});
      continue;
    }
    saved_history_.emplace_back(item->number, item->at);
    book_.history().restore(std::move(*item));
  }
  if (!unreadable.empty()) writer_.write(std::move(unreadable), {});
  return {};
}

Result<void> Desk::load(std::vector<alarm::Rule> rules, journal::Records& records) {
  const std::lock_guard lock(mutex_);
  if (auto loaded = load_history(records); !loaded) return loaded;
  book_.set_rules(std::move(rules));
  if (auto loaded = load_definitions(records); !loaded) return loaded;
  const auto saved = records.all(states);
  if (!saved) return fail_while("reading alarm states", saved.error());
  RecordWriter::Changes orphans;
  for (const auto& [key_text, text] : *saved) {
    const auto key = parse_state_key(key_text);
    if (key && book_.restore(*key, text)) continue;
    if (key && alarm::AlarmBook::state_in(text) == AlarmState::alarm) {
      // People were called for it; the first evaluation tells that it is over, and then it is forgotten.
      untold_[*key].push_back({ended_by_configuration(*key, "", clock_.wall()), {}, Step::waiting});
      continue;
    }
    // A state that cannot be used is forgotten: at worst its alarm is told once more.
    orphans.push_back({states, key_text, std::nullopt});
  }
  writer_.write(std::move(orphans), {});
  return {};
}

/// A change of state is in the history as soon as it is saved: both are one commit. What else the history
/// tells of (definitions) is written a moment after it came into force.
void Desk::save_history(RecordWriter::Changes& changes, WallTime now) {
  for (const auto& item : book_.history().take_fresh()) {
    changes.push_back({history_items, history_key(item.number), alarm::to_text(item)});
    saved_history_.emplace_back(item.number, item.at);
  }
  while (!saved_history_.empty() && (saved_history_.size() > limits::history_items_max ||
                                     saved_history_.front().second + limits::history_age_max < now)) {
    changes.push_back({history_items, history_key(saved_history_.front().first), std::nullopt});
    saved_history_.pop_front();
  }
}

/// From the writer's thread, as every answer.
void Desk::refuse(Error error, const Done& done) {
  writer_.write(
      {}, [done, error = std::move(error)](const Result<void>&) { done(tl::unexpected<Error>(error)); });
}

/// `into_force` runs under the lock, after the changes are durable.
void Desk::write_definition(RecordWriter::Changes changes, std::function<Result<void>()> into_force,
                            const Done& done) {
  writer_.write(std::move(changes),
                [this, into_force = std::move(into_force), done](const Result<void>& result) {
                  Result<void> outcome = result;
                  if (result) {
                    const std::lock_guard lock(mutex_);
                    outcome = into_force();
                    RecordWriter::Changes told;
                    save_history(told, clock_.wall());
                    if (!told.empty()) writer_.write(std::move(told), {});
                  }
                  done(outcome);
                });
}

namespace {

Error name_is_taken(const std::string& name, std::string_view kind) {
  return {Fault::conflict, "A " + std::string(kind) + " alarm named " + name + " exists already."};
}
Error no_room() {
  return {Fault::busy, "the number of alarms is at its limit"};
}

} // namespace

void Desk::define(alarm::Definition definition, WallTime now, const Done& done) {
  const std::lock_guard lock(mutex_);
  const alarm::AlarmKey key{definition.name, alarm::Origin::api};
  if (!book_.has_room_for(key)) return refuse(no_room(), done);
  const auto before = book_.describe(key);
  if (before && before->composite) return refuse(name_is_taken(definition.name, "composite"), done);
  if (before && definition.tags.empty()) definition.tags = before->definition.tags;
  RecordWriter::Changes changes{{definitions, definition.name, definition_text(definition, now)}};
  // A state left by a deleted alarm of that name is not this one's.
  if (!before) changes.push_back({states, state_key(key), std::nullopt});
  write_definition(
      std::move(changes),
      [this, definition = std::move(definition), now]() -> Result<void> {
        book_.define(definition, now);
        return {};
      },
      done);
}

/// Under the lock: what keeps the alarms that a composite alarm names from being its children.
std::optional<Error> Desk::misfit_of(const alarm::CompositeDefinition& definition) const {
  const auto rule = alarm::CompositeRule::parse(definition.rule);
  require(rule.has_value(), "a definition is checked before it comes here");
  // A slip of the pen in a rule would be an alarm that never rings.
  std::string unknown;
  for (const auto& child : rule->children()) {
    if (!find(alarm::alarm_name_of(child))) unknown += (unknown.empty() ? "" : ", ") + child;
  }
  if (!unknown.empty()) {
    return Error{Fault::conflict, "Could not save the composite alarm as alarms [" + unknown +
                                      "] in the alarm rule do not exist."};
  }
  if (!definition.suppressor.empty() && !find(alarm::alarm_name_of(definition.suppressor))) {
    return Error{Fault::conflict, "Could not save the composite alarm as the actions suppressor alarm " +
                                      definition.suppressor + " does not exist."};
  }
  for (const auto& child : rule->children()) {
    const auto parents = book_.parents_of(alarm::alarm_name_of(child));
    const bool is_one = std::any_of(parents.begin(), parents.end(),
                                    [&](const alarm::AlarmKey& key) { return key.name == definition.name; });
    if (is_one || parents.size() < limits::composite_parents_max) continue;
    return Error{Fault::busy, fmt::format("the alarm {} is in the rules of {} composite alarms already",
                                          child, parents.size())};
  }
  return std::nullopt;
}

void Desk::define(alarm::CompositeDefinition definition, WallTime now, const Done& done) {
  const std::lock_guard lock(mutex_);
  const alarm::AlarmKey key{definition.name, alarm::Origin::api};
  if (!book_.has_room_for(key)) return refuse(no_room(), done);
  const auto before = book_.describe(key);
  if (before && !before->composite) return refuse(name_is_taken(definition.name, "metric"), done);
  if (auto misfit = misfit_of(definition)) return refuse(std::move(*misfit), done);
  if (before && definition.tags.empty()) definition.tags = before->composite->tags;
  RecordWriter::Changes changes{{composites, definition.name, definition_text(definition, now)}};
  if (!before) changes.push_back({states, state_key(key), std::nullopt});
  write_definition(
      std::move(changes),
      [this, definition = std::move(definition), now] { return book_.define(definition, now); }, done);
}

void Desk::set_actions_enabled(const std::vector<std::string>& names, bool enabled, WallTime now,
                               const Done& done) {
  const std::lock_guard lock(mutex_);
  RecordWriter::Changes changes;
  std::vector<std::string> known;
  for (const auto& name : names) {
    auto info = book_.describe(alarm::AlarmKey{name, alarm::Origin::api});
    if (!info) continue;
    known.push_back(name);
    if (info->composite) {
      info->composite->actions_enabled = enabled;
      changes.push_back({composites, name, definition_text(*info->composite, now)});
    } else {
      info->definition.actions_enabled = enabled;
      changes.push_back({definitions, name, definition_text(info->definition, now)});
    }
  }
  write_definition(
      std::move(changes),
      [this, known = std::move(known), enabled, now]() -> Result<void> {
        for (const auto& name : known) book_.set_actions_enabled(name, enabled, now);
        return {};
      },
      done);
}

namespace {

template <class Definition>
void change_tags(Definition& definition, const std::map<std::string, std::string>& set,
                 const std::vector<std::string>& erase) {
  for (const auto& [key, value] : set) definition.tags[key] = value;
  for (const auto& key : erase) definition.tags.erase(key);
}

} // namespace

void Desk::tag(const std::string& name, const std::map<std::string, std::string>& set,
               const std::vector<std::string>& erase, const Done& done) {
  const std::lock_guard lock(mutex_);
  const auto key = find(name);
  if (!key) return refuse({Fault::not_found, "Unknown alarm: " + name}, done);
  if (key->origin == alarm::Origin::rule) {
    return refuse(
        {Fault::conflict, name + " is made by a rule of the configuration: its tags are the rule's."}, done);
  }
  auto info = book_.describe(*key);
  require(info.has_value(), "the alarm was found a moment ago");
  constexpr std::size_t tags_max = 50; // CloudWatch's own
  if (info->composite) {
    change_tags(*info->composite, set, erase);
  } else {
    change_tags(info->definition, set, erase);
  }
  if ((info->composite ? info->composite->tags : info->definition.tags).size() > tags_max) {
    return refuse({Fault::conflict, "An alarm has at most 50 tags."}, done);
  }
  // Tags are no part of the configuration that CloudWatch dates: its time stays.
  if (info->composite) {
    write_definition(
        {{composites, name, definition_text(*info->composite, info->defined_at)}},
        [this, made = *info->composite, at = info->defined_at] { return book_.define(made, at, false); },
        done);
  } else {
    write_definition(
        {{definitions, name, definition_text(info->definition, info->defined_at)}},
        [this, made = info->definition, at = info->defined_at]() -> Result<void> {
          book_.define(made, at, false);
          return {};
        },
        done);
  }
}

/// Under the lock. A composite alarm whose child is gone would stay quiet for good.
std::optional<Error> Desk::use_that_stays(const std::string& name,
                                          const std::vector<std::string>& going) const {
  std::string users;
  for (const auto& parent : book_.parents_of(name)) {
    if (std::find(going.begin(), going.end(), parent.name) != going.end()) continue;
    users += (users.empty() ? "" : ", ") + parent.name;
  }
  if (users.empty()) return std::nullopt;
  return Error{Fault::conflict, "Cannot delete " + name +
                                    " as there are composite alarm(s) depending on it: " + users +
                                    ". Change their AlarmRule or delete them first."};
}

void Desk::erase(const std::vector<std::string>& names, WallTime now, const Done& done) {
  // People may be called for what is in ALARM, and nothing would ever clear it.
  struct Clearing {
    std::mutex mutex;
    std::size_t open = 0;
    Result<void> result{};
  };
  std::vector<std::string> in_alarm;
  {
    const std::lock_guard lock(mutex_);
    std::size_t composite_count = 0;
    for (const auto& name : names) {
      const auto key = find(name);
      if (!key) return refuse({Fault::not_found, "Unknown alarm: " + name}, done);
      const auto info = book_.describe(*key);
      if (info->state == AlarmState::alarm) in_alarm.push_back(name);
      if (info->composite && ++composite_count > 1) {
        return refuse({Fault::conflict, "Only one composite alarm can be deleted in one request."}, done);
      }
      if (auto used = use_that_stays(name, names)) return refuse(std::move(*used), done);
    }
  }
  if (in_alarm.empty()) return forget(names, now, done);
  const auto clearing = std::make_shared<Clearing>();
  clearing->open = in_alarm.size();
  const Done cleared = [self = weak_from_this(), clearing, names, now, done](const Result<void>& result) {
    {
      const std::lock_guard lock(clearing->mutex);
      if (!result) clearing->result = result;
      if (--clearing->open > 0) return;
    }
    if (!clearing->result) return done(clearing->result);
    if (const auto desk = self.lock()) desk->forget(names, now, done);
  };
  for (const auto& name : in_alarm)
    set_state(name, AlarmState::ok, "The alarm was deleted.", "", now, cleared);
}

void Desk::forget(const std::vector<std::string>& names, WallTime now, const Done& done) {
  const std::lock_guard lock(mutex_);
  std::vector<alarm::AlarmKey> keys;
  RecordWriter::Changes changes;
  for (const auto& name : names) {
    const auto key = find(name);
    if (!key) return refuse({Fault::not_found, "Unknown alarm: " + name}, done);
    keys.push_back(*key);
    changes.push_back({states, state_key(*key), std::nullopt});
    if (key->origin == alarm::Origin::api) {
      changes.push_back({definitions, name, std::nullopt});
      changes.push_back({composites, name, std::nullopt});
    }
  }
  write_definition(
      std::move(changes),
      [this, keys = std::move(keys), now]() -> Result<void> {
        for (const auto& key : keys) book_.erase(key, now);
        return {};
      },
      done);
}

} // namespace kaden::cloudwatch
