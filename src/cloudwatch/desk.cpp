#include "desk.h"

#include <boost/json.hpp>
#include <utility>

namespace kaden::cloudwatch {

namespace {

const std::string definitions = "alarm";  // key: the alarm's name
const std::string states = "alarm_state"; // key: source/name

// While the journal cannot be written an alarm may go on changing; beyond this only the ends of the story are
// kept.
constexpr std::size_t untold_per_alarm_max = 8;

std::string state_key(const alarm::AlarmKey& key) {
  return std::string(alarm::source_of(key.origin)) + "/" + key.name;
}

std::optional<alarm::AlarmKey> parse_state_key(const std::string& text) {
  const std::size_t slash = text.find('/');
  const auto origin = alarm::parse_source(std::string_view(text).substr(0, slash));
  if (!origin || slash == std::string::npos) return std::nullopt;
  return alarm::AlarmKey{text.substr(slash + 1), *origin};
}

std::string definition_text(const alarm::Definition& definition, WallTime defined_at) {
  json::object object;
  object["defined_ms"] = to_ms(defined_at);
  object["definition"] = alarm::to_json(definition);
  return kaden::to_text(json::value(std::move(object)));
}

struct StoredDefinition {
  alarm::Definition definition;
  WallTime defined_at{};
};

Result<StoredDefinition> parse_definition_text(const std::string& text) {
  const auto value = parse_json(text);
  if (!value) return tl::unexpected<Error>(value.error());
  const auto* object = value->if_object();
  const auto* definition = object == nullptr ? nullptr : object->if_contains("definition");
  const auto* defined = object == nullptr ? nullptr : object->if_contains("defined_ms");
  if (definition == nullptr || defined == nullptr || !defined->is_int64()) {
    return fail(Fault::invalid, "must hold definition and defined_ms");
  }
  auto read = alarm::definition_from_json(*definition);
  if (!read) return tl::unexpected<Error>(read.error());
  return StoredDefinition{std::move(*read), wall_time(defined->as_int64())};
}

void run(std::vector<std::function<void()>>& jobs) {
  for (const auto& job : jobs) job();
}

} // namespace

AlarmEvent event_of(const alarm::Transition& transition) {
  constexpr std::size_t plain_name_bytes_max = 200; // with state and time it fits limits::event_id_bytes_max
  AlarmEvent event;
  event.source = alarm::source_of(transition.key.origin);
  const std::string& name = transition.key.name;
  event.event_id = (name.size() <= plain_name_bytes_max ? name : sha256_hex(name)) + "/" +
                   std::string(to_text(transition.to)) + "/" + std::to_string(to_ms(transition.at));
  event.alarm = name;
  event.state = transition.to;
  event.severity = transition.severity;
  event.machine = transition.machine;
  event.reason = cut_utf8(transition.reason, limits::reason_bytes_max);
  event.labels = transition.labels;
  event.say = transition.say;
  return event;
}

Desk::Desk(journal::Records& records, const runtime::Clock& clock, Sink sink)
    : sink_(std::move(sink)), book_(clock.wall()), writer_(records, clock) {}

Result<void> Desk::load(std::vector<alarm::Rule> rules, journal::Records& records) {
  const std::lock_guard lock(mutex_);
  book_.set_rules(std::move(rules));
  const auto stored = records.all(definitions);
  if (!stored) return fail_while("reading alarm definitions", stored.error());
  for (const auto& [name, text] : *stored) {
    auto read = parse_definition_text(text);
    if (!read)
      return fail(Fault::corrupt, "reading the definition of alarm " + name + ": " + read.error().message);
    book_.define(std::move(read->definition), read->defined_at);
  }
  const auto saved = records.all(states);
  if (!saved) return fail_while("reading alarm states", saved.error());
  RecordWriter::Changes orphans;
  for (const auto& [key_text, text] : *saved) {
    const auto key = parse_state_key(key_text);
    // A state that cannot be used is forgotten: at worst its alarm is told once more.
    if (!key || !book_.restore(*key, text)) orphans.push_back({states, key_text, std::nullopt});
  }
  writer_.write(std::move(orphans), {});
  return {};
}

Result<void> Desk::put(std::span<const alarm::Datum> data, WallTime now) {
  const std::lock_guard lock(mutex_);
  return book_.put(data, now);
}

void Desk::enqueue(alarm::Transition transition, Done done, Jobs& jobs) {
  const alarm::AlarmKey key = transition.key;
  auto& queue = untold_[key];
  queue.push_back({std::move(transition), {}, Step::waiting});
  if (done) queue.back().done.push_back(std::move(done));
  if (queue.size() > untold_per_alarm_max) {
    // The change before the newest is dropped; who waited for it is answered with the newest.
    const auto dropped = queue.end() - 2;
    for (Done& waiting : dropped->done) queue.back().done.push_back(std::move(waiting));
    queue.erase(dropped);
  }
  if (queue.size() == 1) start(key, queue.front(), jobs);
}

void Desk::start(const alarm::AlarmKey& key, Untold& head, Jobs& jobs) {
  head.step = Step::telling;
  const std::weak_ptr<Desk> self = weak_from_this();
  const auto told = [self, key](bool durable) {
    if (const auto desk = self.lock()) desk->on_told(key, durable);
  };
  if (!head.transition.to_be_told) {
    jobs.push_back([told] { told(true); });
  } else {
    jobs.push_back([this, event = event_of(head.transition), told] { sink_(event, told); });
  }
}

void Desk::on_told(const alarm::AlarmKey& key, bool durable) {
  std::vector<Done> answered;
  {
    const std::lock_guard lock(mutex_);
    const auto queue = untold_.find(key);
    if (queue == untold_.end() || queue->second.front().step != Step::telling) return;
    Untold& head = queue->second.front();
    if (durable) {
      head.step = Step::saving;
      RecordWriter::Changes changes;
      if (book_.contains(key)) changes.push_back({states, state_key(key), head.transition.saved});
      writer_.write(std::move(changes), [this, key](const Result<void>& result) { on_saved(key, result); });
      return;
    }
    head.step = Step::waiting;
    answered = std::move(head.done);
    head.done.clear();
  }
  const Result<void> refused =
      fail(Fault::unavailable, "the event could not be stored; it will be tried again");
  for (const Done& done : answered) done(refused);
}

void Desk::on_saved(const alarm::AlarmKey& key, const Result<void>& result) {
  Jobs jobs;
  {
    const std::lock_guard lock(mutex_);
    const auto queue = untold_.find(key);
    require(queue != untold_.end() && queue->second.front().step == Step::saving,
            "a saved change is at the head of its queue");
    for (Done& done : queue->second.front().done) {
      jobs.push_back([done = std::move(done), result] { done(result); });
    }
    // Told but not saved (the store refused): after a restart it would be told again, which is harmless.
    queue->second.pop_front();
    if (queue->second.empty()) {
      untold_.erase(queue);
    } else {
      start(key, queue->second.front(), jobs);
    }
  }
  run(jobs);
}

WallTime Desk::evaluate(WallTime now) {
  Jobs jobs;
  WallTime due;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [key, queue] : untold_) {
      if (queue.front().step == Step::waiting) start(key, queue.front(), jobs);
    }
    for (alarm::Transition& change : book_.step(now)) enqueue(std::move(change), {}, jobs);
    RecordWriter::Changes erased;
    for (const auto& key : book_.take_forgotten()) erased.push_back({states, state_key(key), std::nullopt});
    if (!erased.empty()) writer_.write(std::move(erased), {});
    due = book_.next_due(now);
  }
  run(jobs);
  return due;
}

void Desk::set_rules(std::vector<alarm::Rule> rules) {
  const std::lock_guard lock(mutex_);
  RecordWriter::Changes erased;
  for (const auto& key : book_.set_rules(std::move(rules)))
    erased.push_back({states, state_key(key), std::nullopt});
  if (!erased.empty()) writer_.write(std::move(erased), {});
}

void Desk::define(alarm::Definition definition, WallTime now, const Done& done) {
  const std::lock_guard lock(mutex_);
  const alarm::AlarmKey key{definition.name, alarm::Origin::api};
  if (!book_.has_room_for(key)) {
    writer_.write(
        {}, [done](const Result<void>&) { done(fail(Fault::busy, "the number of alarms is at its limit")); });
    return;
  }
  const auto before = book_.describe(key);
  if (before && definition.tags.empty()) definition.tags = before->definition.tags;
  RecordWriter::Changes changes{{definitions, definition.name, definition_text(definition, now)}};
  // A state left by a deleted alarm of that name is not this one's.
  if (!before) changes.push_back({states, state_key(key), std::nullopt});
  writer_.write(std::move(changes),
                [this, definition = std::move(definition), now, done](const Result<void>& result) {
                  if (result) {
                    const std::lock_guard inner(mutex_);
                    book_.define(definition, now);
                  }
                  done(result);
                });
}

std::optional<alarm::AlarmKey> Desk::find(const std::string& name) const {
  for (const auto origin : {alarm::Origin::api, alarm::Origin::rule}) {
    alarm::AlarmKey key{name, origin};
    if (book_.contains(key)) return key;
  }
  return std::nullopt;
}

void Desk::erase(const std::vector<std::string>& names, const Done& done) {
  const std::lock_guard lock(mutex_);
  std::vector<alarm::AlarmKey> keys;
  RecordWriter::Changes changes;
  for (const auto& name : names) {
    const auto key = find(name);
    if (!key) {
      writer_.write(
          {}, [done, name](const Result<void>&) { done(fail(Fault::not_found, "Unknown alarm: " + name)); });
      return;
    }
    keys.push_back(*key);
    changes.push_back({states, state_key(*key), std::nullopt});
    if (key->origin == alarm::Origin::api) changes.push_back({definitions, name, std::nullopt});
  }
  writer_.write(std::move(changes), [this, keys = std::move(keys), done](const Result<void>& result) {
    if (result) {
      const std::lock_guard inner(mutex_);
      for (const auto& key : keys) book_.erase(key);
    }
    done(result);
  });
}

void Desk::set_state(const std::string& name, AlarmState state, std::string reason, std::string reason_data,
                     WallTime now, Done done) {
  Jobs jobs;
  {
    const std::lock_guard lock(mutex_);
    const auto key = find(name);
    if (!key) {
      writer_.write(
          {}, [done, name](const Result<void>&) { done(fail(Fault::not_found, "Unknown alarm: " + name)); });
      return;
    }
    auto changed = book_.set_state(*key, state, std::move(reason), std::move(reason_data), now);
    require(changed.has_value(), "the alarm was found a moment ago");
    const auto waiting = untold_.find(*key);
    if (*changed) {
      enqueue(std::move(**changed), std::move(done), jobs);
    } else if (waiting != untold_.end()) {
      Untold& last = waiting->second.back();
      last.done.push_back(std::move(done));
    } else {
      writer_.write({{states, state_key(*key), book_.save(*key)}}, std::move(done));
    }
  }
  run(jobs);
}

std::vector<alarm::AlarmInfo> Desk::describe(const alarm::AlarmFilter& filter) const {
  const std::lock_guard lock(mutex_);
  return book_.describe(filter);
}

std::vector<alarm::AlarmInfo> Desk::describe(const std::vector<std::string>& names) const {
  const std::lock_guard lock(mutex_);
  std::vector<alarm::AlarmInfo> found;
  for (const auto& name : names) {
    for (const auto origin : {alarm::Origin::api, alarm::Origin::rule}) {
      if (auto info = book_.describe(alarm::AlarmKey{name, origin})) found.push_back(std::move(*info));
    }
  }
  return found;
}

void Desk::count_into(Endpoint::Counts& counts) const {
  const std::lock_guard lock(mutex_);
  counts.alarms = book_.size();
  counts.metrics = book_.metrics().series_count();
  counts.datapoints = book_.metrics().datapoint_count();
  counts.refused_alarms = book_.refused_alarms();
  counts.untold = 0;
  for (const auto& one : untold_) counts.untold += one.second.size();
}

} // namespace kaden::cloudwatch
