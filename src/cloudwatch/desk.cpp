#include "desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "desk_records.h"

#include "kaden/limits/alarm_events.h"
#include "kaden/memory.h"

namespace kaden::cloudwatch {

namespace {

// While the journal cannot be written an alarm may go on changing; beyond this only the ends of the story are
// kept.
constexpr std::size_t untold_per_alarm_max = 8;
// Alarms that change together (at the start, in a storm): what their changes took is worth giving back.
constexpr std::size_t many_at_once = 10'000;

/// What an event's delivery adds to the history.
std::string action_data(const alarm::Transition& transition) {
  json::object object;
  object["actionState"] = "Succeeded";
  object["stateUpdateTimestamp"] = to_ms(transition.at);
  object["state"] = std::string(to_text(transition.to));
  return kaden::to_text(json::value(std::move(object)));
}

/// A name that is too long for an event keeps its start and gets a digest, so that two long names stay two.
std::string event_name(const std::string& name) {
  if (name.size() <= limits::alarm_name_bytes_max) return name;
  constexpr std::size_t digest_digits = 12;
  return std::string(cut_utf8(name, limits::alarm_name_bytes_max - digest_digits - 1)) + "~" +
         sha256_hex(name).substr(0, digest_digits);
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
  event.alarm = event_name(name);
  event.state = transition.to;
  event.severity = transition.severity;
  event.machine = transition.machine;
  event.reason = cut_utf8(transition.reason, limits::reason_bytes_max);
  event.labels = transition.labels;
  event.say = transition.say;
  return event;
}

alarm::Transition ended_by_configuration(const alarm::AlarmKey& key, std::string machine, WallTime now) {
  alarm::Transition over;
  over.key = key;
  over.from = AlarmState::alarm;
  over.to = AlarmState::ok;
  over.at = now;
  over.reason = key.origin == alarm::Origin::rule
                    ? "The configuration no longer has a rule that makes this alarm."
                    : "The alarm was deleted.";
  over.machine = std::move(machine);
  return over;
}

Desk::Desk(journal::Records& records, const runtime::Clock& clock, Sink sink)
    : clock_(clock),
      begun_ms_(to_ms(clock.wall())),
      sink_(std::move(sink)),
      book_(clock.wall()),
      writer_(records, clock) {}

/// Metrics that `data` would make must fit what their maker may have. Those that are no more are taken out
/// only when it matters, and not at every request.
Result<void> Desk::room_for(std::span<const alarm::Datum> data, const Maker& maker, WallTime now) {
  constexpr Millis count_again_after = seconds(60);
  std::vector<const alarm::MetricId*> fresh;
  for (const alarm::Datum& datum : data) {
    if (!book_.metrics().holds(datum.metric)) fresh.push_back(&datum.metric);
  }
  if (fresh.empty()) return {};
  const auto less = [](const auto* a, const auto* b) { return *a < *b; };
  const auto equal = [](const auto* a, const auto* b) { return *a == *b; };
  std::sort(fresh.begin(), fresh.end(), less);
  fresh.erase(std::unique(fresh.begin(), fresh.end(), equal), fresh.end());
  Made& made = made_[maker.access_key_id];
  if (made.metrics.size() + fresh.size() > maker.metrics_max && made.counted_at + count_again_after <= now) {
    made.counted_at = now;
    std::erase_if(made.metrics, [&](std::uint64_t number) { return !book_.metrics().holds(number); });
    // One that fell silent and came again was made twice.
    std::sort(made.metrics.begin(), made.metrics.end());
    made.metrics.erase(std::unique(made.metrics.begin(), made.metrics.end()), made.metrics.end());
  }
  if (made.metrics.size() + fresh.size() <= maker.metrics_max) return {};
  return fail(
      Fault::busy,
      fmt::format("The data of this access key has made {} metrics, and {} more of this request (the first "
                  "is {}/{}) do not fit its limit of {}. Metrics whose datapoints are all too old to be kept "
                  "do not count.",
                  made.metrics.size(), fresh.size(), fresh.front()->name_space, fresh.front()->name,
                  maker.metrics_max));
}

Result<void> Desk::put(std::span<const alarm::Datum> data, WallTime now, const Maker* maker) {
  const std::lock_guard lock(mutex_);
  note_late(data);
  if (maker == nullptr) return book_.put(data, now);
  if (auto room = room_for(data, *maker, now); !room) return room;
  // Which of them are new is known only before; their numbers only after.
  std::vector<const alarm::MetricId*> fresh;
  for (const alarm::Datum& datum : data) {
    if (!book_.metrics().holds(datum.metric)) fresh.push_back(&datum.metric);
  }
  if (auto taken = book_.put(data, now); !taken || fresh.empty()) return taken;
  auto& numbers = made_[maker->access_key_id].metrics;
  const std::size_t old = numbers.size();
  for (const alarm::MetricId* metric : fresh) {
    if (const auto* series = book_.metrics().find(*metric)) numbers.push_back(series->number);
  }
  const auto added = numbers.begin() + static_cast<std::ptrdiff_t>(old);
  std::sort(added, numbers.end());
  numbers.erase(std::unique(added, numbers.end()), numbers.end());
  return {};
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
  untold_most_ = std::max(untold_most_, untold_.size());
  if (queue.size() == 1) start(key, queue.front(), jobs);
}

void Desk::start(const alarm::AlarmKey& key, Untold& head, Jobs& jobs) {
  head.step = Step::telling;
  jobs.push_back([this, key] { tell(key); });
}

/// Not under the lock. The event is made only here: of many alarms that change at once only few are there in
/// full.
void Desk::tell(const alarm::AlarmKey& key) {
  std::optional<AlarmEvent> event;
  {
    const std::lock_guard lock(mutex_);
    const auto queue = untold_.find(key);
    require(queue != untold_.end() && queue->second.front().step == Step::telling,
            "a change that is being told is at the head of its queue");
    if (queue->second.front().transition.to_be_told) event = event_of(queue->second.front().transition);
  }
  if (!event) return on_told(key, true);
  sink_(std::move(*event), [self = weak_from_this(), key](bool durable) {
    if (const auto desk = self.lock()) desk->on_told(key, durable);
  });
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
      if (head.transition.to_be_told) {
        book_.note_action(key, "Reported " + std::string(to_text(head.transition.to)) + " as an alarm event",
                          action_data(head.transition), clock_.wall());
      }
      RecordWriter::Changes changes;
      const bool more_is_to_be_told = queue->second.size() > 1;
      if (!book_.contains(key) && !more_is_to_be_told) {
        changes.push_back({states, state_key(key), std::nullopt});
      } else {
        // A change without a text is the end of an alarm that is back by now.
        const std::string& saved = head.transition.saved;
        const std::string text = saved.empty() && book_.contains(key) ? book_.save(key) : saved;
        if (!text.empty()) changes.push_back({states, state_key(key), text});
      }
      save_history(changes, clock_.wall());
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
    if (untold_.empty() && std::exchange(untold_most_, 0) >= many_at_once) {
      jobs.push_back([] { runtime::give_back_memory(); });
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
    RecordWriter::Changes changes;
    for (const auto& key : book_.take_forgotten()) {
      changes.push_back({states, state_key(key), std::nullopt});
      changes.push_back({disabled_by_name, key.name, std::nullopt});
    }
    save_history(changes, now);
    if (!changes.empty()) writer_.write(std::move(changes), {});
    due = book_.next_due(now);
    fetch_past(now, jobs);
  }
  run(jobs);
  return due;
}

void Desk::set_rules(std::vector<alarm::Rule> rules, WallTime now) {
  Jobs jobs;
  {
    const std::lock_guard lock(mutex_);
    alarm::AlarmFilter in_alarm;
    in_alarm.state = AlarmState::alarm;
    in_alarm.most = book_.size();
    std::map<alarm::AlarmKey, std::string> machines;
    for (const auto& info : book_.describe(in_alarm))
      machines.emplace(info.key, alarm::machine_of(info.definition.metric.dimensions));
    RecordWriter::Changes erased;
    for (const auto& key : book_.set_rules(std::move(rules))) {
      erased.push_back({disabled_by_name, key.name, std::nullopt});
      const auto machine = machines.find(key);
      if (machine == machines.end()) {
        erased.push_back({states, state_key(key), std::nullopt});
      } else {
        enqueue(ended_by_configuration(key, machine->second, now), {}, jobs);
      }
    }
    if (!erased.empty()) writer_.write(std::move(erased), {});
  }
  run(jobs);
}

std::optional<alarm::AlarmKey> Desk::find(const std::string& name) const {
  for (const auto origin : {alarm::Origin::api, alarm::Origin::rule}) {
    alarm::AlarmKey key{name, origin};
    if (book_.contains(key)) return key;
  }
  return std::nullopt;
}

void Desk::set_state(const std::string& name, AlarmState state, std::string reason, std::string reason_data,
                     WallTime now, Done done) {
  Jobs jobs;
  {
    const std::lock_guard lock(mutex_);
    const auto key = find(name);
    if (!key) return refuse({Fault::not_found, "Unknown alarm: " + name}, done);
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

} // namespace kaden::cloudwatch
