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

/// After the states: with its state a rule's alarm is there from the start, without one it may come yet.
Result<void> Desk::load_disabled(journal::Records& records) {
  const auto stored = records.all(disabled_by_name);
  if (!stored) return fail_while("reading whose actions are disabled", stored.error());
  RecordWriter::Changes orphans;
  for (const auto& [name, text] : *stored) {
    const WallTime since = parse_iso8601(text).value_or(clock_.wall());
    if (book_.set_actions_enabled({name, alarm::Origin::rule}, false, since, false)) continue;
    if (clock_.wall() - since > limits::silent_metric_max) {
      orphans.push_back({disabled_by_name, name, std::nullopt});
    } else {
      book_.disable_when_made(name);
    }
  }
  if (!orphans.empty()) writer_.write(std::move(orphans), {});
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
  return load_disabled(records);
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

/// `begin` runs under the lock, when no change before it concerns the same names any more: what it finds in
/// the book stays so until it leaves. Those that wait are bounded by the requests that are open.
void Desk::change(Claim claim, std::function<void(Turns::Ticket)> begin) {
  const std::lock_guard lock(mutex_);
  changes_.emplace(turns_.enter(std::move(claim)), std::move(begin));
  begin_changes();
}

void Desk::begin_changes() {
  while (const auto ticket = turns_.next()) changes_.extract(*ticket).mapped()(*ticket);
}

/// Under the lock.
void Desk::end_change(Turns::Ticket ticket) {
  turns_.leave(ticket);
  begin_changes();
}

/// Under the lock: the plan comes into force after its changes are durable, and only then others look.
void Desk::carry_out(Turns::Ticket ticket, Result<Plan> plan, const Done& done) {
  if (!plan) {
    refuse(plan.error(), done);
    return end_change(ticket);
  }
  if (!plan->fresh.empty()) book_.expect(plan->fresh);
  writer_.write(std::move(plan->changes), [this, ticket, into_force = std::move(plan->into_force),
                                           fresh = plan->fresh, done](const Result<void>& result) {
    Result<void> outcome = result;
    Jobs jobs;
    {
      const std::lock_guard lock(mutex_);
      if (!fresh.empty()) book_.expect_no_more(fresh);
      if (result) {
        outcome = into_force(jobs);
        RecordWriter::Changes told;
        save_history(told, clock_.wall());
        if (!told.empty()) writer_.write(std::move(told), {});
      }
      end_change(ticket);
    }
    for (const auto& job : jobs) job();
    done(outcome);
  });
}

namespace {

tl::unexpected<Error> name_is_taken(const std::string& name, std::string_view kind) {
  return fail(Fault::conflict, "A " + std::string(kind) + " alarm named " + name + " exists already.");
}
/// An alarm that a rule makes has the name already: DescribeAlarms would show two.
Result<void> check_rules(const alarm::AlarmBook& book, const std::string& name) {
  if (book.contains({name, alarm::Origin::api})) return {};
  const auto made = book.describe(alarm::AlarmKey{name, alarm::Origin::rule});
  if (!made) return {};
  return fail(Fault::conflict, "An alarm named " + name + " exists already (" + made->definition.description +
                                   " of the configuration). Choose another name.");
}

tl::unexpected<Error> no_room() {
  return fail(Fault::busy, "the number of alarms is at its limit");
}

} // namespace

Result<Desk::Plan> Desk::plan_of(alarm::Definition definition, WallTime now) {
  const alarm::AlarmKey key{definition.name, alarm::Origin::api};
  if (!book_.has_room_for(key)) return no_room();
  if (auto free = check_rules(book_, key.name); !free) return tl::unexpected<Error>(free.error());
  const auto before = book_.describe(key);
  if (before && before->composite) return name_is_taken(definition.name, "composite");
  if (before) definition.tags = before->definition.tags; // those of a request are for a new alarm only
  Plan plan;
  plan.changes.push_back({definitions, definition.name, definition_text(definition, now)});
  if (!before) {
    // A state left by a deleted alarm of that name is not this one's.
    plan.changes.push_back({states, state_key(key), std::nullopt});
    plan.fresh = definition.name;
  }
  plan.into_force = [this, definition = std::move(definition), now](Jobs&) -> Result<void> {
    book_.define(definition, now);
    return {};
  };
  return plan;
}

void Desk::define(alarm::Definition definition, WallTime now, const Done& done) {
  Claim claim{{definition.name}, {}};
  change(std::move(claim),
         [this, definition = std::move(definition), now, done](Turns::Ticket ticket) mutable {
           carry_out(ticket, plan_of(std::move(definition), now), done);
         });
}

/// Under the lock: what keeps the alarms that a composite alarm names from being its children.
std::optional<Error> Desk::misfit_of(const alarm::CompositeDefinition& definition,
                                     Turns::Ticket ticket) const {
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
    const std::string name = alarm::alarm_name_of(child);
    auto parents = turns_.named_before(name, ticket); // those on their way count too
    for (const auto& parent : book_.parents_of(name)) parents.insert(parent.name);
    if (parents.contains(definition.name) || parents.size() < limits::composite_parents_max) continue;
    return Error{Fault::busy, fmt::format("the alarm {} is in the rules of {} composite alarms already",
                                          child, parents.size())};
  }
  return std::nullopt;
}

Result<Desk::Plan> Desk::plan_of(alarm::CompositeDefinition definition, WallTime now, Turns::Ticket ticket) {
  const alarm::AlarmKey key{definition.name, alarm::Origin::api};
  if (!book_.has_room_for(key)) return no_room();
  if (auto free = check_rules(book_, key.name); !free) return tl::unexpected<Error>(free.error());
  const auto before = book_.describe(key);
  if (before && !before->composite) return name_is_taken(definition.name, "metric");
  if (auto misfit = misfit_of(definition, ticket)) return tl::unexpected<Error>(std::move(*misfit));
  if (before) definition.tags = before->composite->tags;
  Plan plan;
  plan.changes.push_back({composites, definition.name, definition_text(definition, now)});
  if (!before) {
    plan.changes.push_back({states, state_key(key), std::nullopt});
    plan.fresh = definition.name;
  }
  plan.into_force = [this, definition = std::move(definition), now](Jobs&) {
    return book_.define(definition, now);
  };
  return plan;
}

void Desk::define(alarm::CompositeDefinition definition, WallTime now, const Done& done) {
  Claim claim{{definition.name}, {}};
  const auto rule = alarm::CompositeRule::parse(definition.rule);
  require(rule.has_value(), "a definition is checked before it comes here");
  for (const auto& child : rule->children()) claim.named.insert(alarm::alarm_name_of(child));
  if (!definition.suppressor.empty()) claim.named.insert(alarm::alarm_name_of(definition.suppressor));
  change(std::move(claim),
         [this, definition = std::move(definition), now, done](Turns::Ticket ticket) mutable {
           carry_out(ticket, plan_of(std::move(definition), now, ticket), done);
         });
}

Desk::Plan Desk::plan_actions(const std::vector<std::string>& names, bool enabled, WallTime now) {
  Plan plan;
  std::vector<alarm::AlarmKey> known;
  for (const auto& name : names) {
    const auto key = find(name);
    if (!key) continue;
    known.push_back(*key);
    auto info = book_.describe(*key);
    if (key->origin == alarm::Origin::rule) {
      const auto since = enabled ? std::nullopt : std::optional(to_iso8601(now));
      plan.changes.push_back({disabled_by_name, name, since});
      // With its state it comes back after a restart before its metric does. What is not told is not saved.
      if (!untold_.contains(*key)) plan.changes.push_back({states, state_key(*key), book_.save(*key)});
    } else if (info->composite) {
      info->composite->actions_enabled = enabled;
      plan.changes.push_back({composites, name, definition_text(*info->composite, now)});
    } else {
      info->definition.actions_enabled = enabled;
      plan.changes.push_back({definitions, name, definition_text(info->definition, now)});
    }
  }
  plan.into_force = [this, known = std::move(known), enabled, now](Jobs&) -> Result<void> {
    for (const auto& key : known) {
      const bool is_gone = !book_.set_actions_enabled(key, enabled, now);
      if (is_gone) writer_.write({{disabled_by_name, key.name, std::nullopt}}, {});
    }
    return {};
  };
  return plan;
}

void Desk::set_actions_enabled(const std::vector<std::string>& names, bool enabled, WallTime now,
                               const Done& done) {
  change({{names.begin(), names.end()}, {}}, [this, names, enabled, now, done](Turns::Ticket ticket) {
    carry_out(ticket, plan_actions(names, enabled, now), done);
  });
}

namespace {

template <class Definition>
void change_tags(Definition& definition, const std::map<std::string, std::string>& set,
                 const std::vector<std::string>& erase) {
  for (const auto& [key, value] : set) definition.tags[key] = value;
  for (const auto& key : erase) definition.tags.erase(key);
}

} // namespace

Result<Desk::Plan> Desk::plan_tags(const std::string& name, const std::map<std::string, std::string>& set,
                                   const std::vector<std::string>& erase) {
  const auto key = find(name);
  if (!key) return fail(Fault::not_found, "Unknown alarm: " + name);
  if (key->origin == alarm::Origin::rule) {
    return fail(Fault::conflict, name + " is made by a rule of the configuration: its tags are the rule's.");
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
    return fail(Fault::conflict, "An alarm has at most 50 tags.");
  }
  // Tags are no part of the configuration that CloudWatch dates: its time stays.
  const WallTime at = info->defined_at;
  Plan plan;
  if (info->composite) {
    plan.changes.push_back({composites, name, definition_text(*info->composite, at)});
    plan.into_force = [this, made = *info->composite, at](Jobs&) { return book_.define(made, at, false); };
  } else {
    plan.changes.push_back({definitions, name, definition_text(info->definition, at)});
    plan.into_force = [this, made = info->definition, at](Jobs&) -> Result<void> {
      book_.define(made, at, false);
      return {};
    };
  }
  return plan;
}

void Desk::tag(const std::string& name, const std::map<std::string, std::string>& set,
               const std::vector<std::string>& erase, const Done& done) {
  change({{name}, {}}, [this, name, set, erase, done](Turns::Ticket ticket) {
    carry_out(ticket, plan_tags(name, set, erase), done);
  });
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

/// Under the lock: the alarms of these names, when all can be deleted.
Result<std::vector<alarm::AlarmKey>> Desk::check_erasure(const std::vector<std::string>& names) const {
  std::vector<alarm::AlarmKey> keys;
  std::size_t composite_count = 0;
  for (const auto& name : names) {
    const auto key = find(name);
    if (!key) return fail(Fault::not_found, "Unknown alarm: " + name);
    if (book_.describe(*key)->composite && ++composite_count > 1) {
      return fail(Fault::conflict, "Only one composite alarm can be deleted in one request.");
    }
    if (auto used = use_that_stays(name, names)) return tl::unexpected<Error>(std::move(*used));
    keys.push_back(*key);
  }
  return keys;
}

void Desk::erase(const std::vector<std::string>& names, WallTime now, const Done& done) {
  change({{names.begin(), names.end()}, {}}, [this, names, now, done](Turns::Ticket ticket) {
    carry_out(ticket, plan_erasure(names, now), done);
  });
}

/// The states stay until their ends are told: a start that finds one without its alarm tells it.
Result<Desk::Plan> Desk::plan_erasure(const std::vector<std::string>& names, WallTime now) {
  auto keys = check_erasure(names);
  if (!keys) return tl::unexpected<Error>(keys.error());
  Plan plan;
  for (const auto& key : *keys) {
    if (key.origin == alarm::Origin::api) {
      plan.changes.push_back({definitions, key.name, std::nullopt});
      plan.changes.push_back({composites, key.name, std::nullopt});
    } else {
      plan.changes.push_back({disabled_by_name, key.name, std::nullopt});
    }
  }
  plan.into_force = [this, keys = std::move(*keys), now](Jobs& jobs) -> Result<void> {
    for (const auto& key : keys) erase_now(key, now, jobs);
    return {};
  };
  return plan;
}

/// People may be called for what is in ALARM, and nothing else would ever clear it.
void Desk::erase_now(const alarm::AlarmKey& key, WallTime now, Jobs& jobs) {
  const auto info = book_.describe(key);
  if (!info) return; // it was retired meanwhile, which told its end
  if (info->state == AlarmState::alarm) {
    auto over = book_.set_state(key, AlarmState::ok, "The alarm was deleted.", "", now);
    require(over.has_value() && over->has_value(), "an alarm in ALARM can become OK");
    (*over)->saved.clear(); // of one of that name that comes after it, this is not the state
    enqueue(std::move(**over), {}, jobs);
  } else if (!untold_.contains(key)) {
    writer_.write({{states, state_key(key), std::nullopt}}, {});
  }
  book_.erase(key, now);
}

} // namespace kaden::cloudwatch
