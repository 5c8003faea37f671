#include "kaden/ledger.h"

#include <algorithm>
#include <boost/json.hpp>

#include "kaden/limits/alarm_events.h"
#include "kaden/limits/engine.h"
#include "kaden/limits/sources.h"

namespace kaden::source {

namespace {

constexpr const char* record_kind = "open_alarm";

std::string key_of(const std::string& thing, const std::string& alarm) {
  return to_text(json::value(json::array{json::string(thing), json::string(alarm)}));
}

AlarmEvent end_of(const std::string& thing, const std::string& alarm, const std::string& source,
                  const std::string& machine, WallTime now) {
  constexpr std::size_t digest_digits = 32;
  AlarmEvent event;
  event.source = source;
  event.event_id =
      "gone/" + sha256_hex(key_of(thing, alarm)).substr(0, digest_digits) + "/" + to_iso8601(now);
  event.alarm = alarm;
  event.state = AlarmState::ok;
  event.machine = machine;
  event.reason = "the configuration no longer watches it";
  return event;
}

} // namespace

/// What a watcher holds in its hand.
class Ledger::Desk final : public Intake {
 public:
  Desk(Ledger& ledger, ThingOf thing_of) : ledger_(ledger), thing_of_(std::move(thing_of)) {}

  Result<void> report(std::vector<AlarmEvent> events) override {
    const auto copy = events;
    return pass(copy, [&] { return ledger_.journal_.report(std::move(events)); });
  }
  Result<void> report_taken(AlarmEvent event, std::string by) override {
    const std::vector<AlarmEvent> copy{event};
    return pass(copy, [&] { return ledger_.journal_.report_taken(std::move(event), std::move(by)); });
  }
  Result<std::map<std::string, std::string>> who_took(const std::string& source,
                                                      const std::vector<std::string>& alarms) override {
    return ledger_.journal_.who_took(source, alarms);
  }

 private:
  template <class Tell>
  Result<void> pass(const std::vector<AlarmEvent>& events, const Tell& tell) {
    if (auto written = ledger_.write_down(events, thing_of_); !written) return written;
    if (auto told = tell(); !told) return told;
    ledger_.strike_out(events, thing_of_);
    return {};
  }

  Ledger& ledger_;
  const ThingOf thing_of_;
};

std::unique_ptr<Intake> Ledger::intake(ThingOf thing_of) {
  return std::make_unique<Desk>(*this, std::move(thing_of));
}

/// Under the lock. What cannot be read is passed over: at worst somebody ends that alarm by hand.
Result<void> Ledger::load() {
  if (is_loaded_) return {};
  const auto stored = records_.all(record_kind);
  if (!stored) return fail_while("reading which alarms are open", stored.error());
  is_loaded_ = true;
  for (const auto& [key, text] : *stored) {
    const auto names = parse_json(key);
    const auto* parts = names ? names->if_array() : nullptr;
    const auto value = parse_json(text);
    const auto* object = value ? value->if_object() : nullptr;
    if (parts == nullptr || parts->size() != 2 || object == nullptr) continue;
    const auto* thing = (*parts)[0].if_string();
    const auto* alarm = (*parts)[1].if_string();
    const Fields fields(*object, "");
    const auto source = fields.text("source", limits::source_bytes_max);
    const auto machine = fields.text_or("machine", limits::machine_bytes_max, "");
    if (thing == nullptr || alarm == nullptr || !source || !machine) continue;
    open_[std::string(*thing)].insert_or_assign(std::string(*alarm), Open{*source, *machine});
  }
  return {};
}

Result<void> Ledger::write_down(const std::vector<AlarmEvent>& events, const ThingOf& thing_of) {
  const std::lock_guard lock(mutex_);
  if (auto loaded = load(); !loaded) return loaded;
  std::vector<Change> changes;
  std::map<std::pair<std::string, std::string>, Open> fresh;
  for (const AlarmEvent& event : events) {
    if (event.state != AlarmState::alarm) continue;
    const std::string thing = thing_of(event);
    const auto& known = open_[thing];
    // Beyond it somebody has more to do than to change the configuration.
    if (known.contains(event.alarm) || known.size() >= limits::open_alarms_of_one_max) continue;
    if (!fresh.try_emplace({thing, event.alarm}, Open{event.source, event.machine}).second) continue;
    changes.push_back(
        {record_kind, key_of(thing, event.alarm),
         to_text(json::value(json::object{{"source", event.source}, {"machine", event.machine}}))});
  }
  if (changes.empty()) return {};
  if (auto stored = records_.apply(changes); !stored)
    return fail(Fault::unavailable, "writing down an alarm: " + stored.error().message);
  for (auto& [names, open] : fresh) open_[names.first].emplace(names.second, std::move(open));
  return {};
}

/// That it fails is no trouble: an alarm too many in the ledger is ended twice at worst.
void Ledger::strike_out(const std::vector<AlarmEvent>& events, const ThingOf& thing_of) {
  std::map<std::pair<std::string, std::string>, AlarmState> last; // an alarm may end and begin in one report
  for (const AlarmEvent& event : events) last[{thing_of(event), event.alarm}] = event.state;
  const std::lock_guard lock(mutex_);
  std::vector<Change> changes;
  for (const auto& [names, state] : last) {
    if (state == AlarmState::ok && open_[names.first].contains(names.second))
      changes.push_back({record_kind, key_of(names.first, names.second), std::nullopt});
  }
  if (changes.empty() || !records_.apply(changes)) return;
  for (const auto& [names, state] : last) {
    if (state == AlarmState::ok) open_[names.first].erase(names.second);
  }
}

Result<std::vector<Ledger::Change>> Ledger::forgotten(const std::vector<Shelf>& shelves) const {
  std::vector<Change> changes;
  for (const auto& [kind, begins] : shelves) {
    const auto stored = records_.all(kind);
    if (!stored) return tl::unexpected<Error>(stored.error());
    const bool is_prefix = begins.empty() || begins.ends_with('/');
    for (const auto& [key, text] : *stored) {
      if (is_prefix ? key.starts_with(begins) : key == begins) changes.push_back({kind, key, std::nullopt});
    }
  }
  return changes;
}

Result<std::size_t> Ledger::end_all_but(
    const std::set<std::string>& watched, WallTime now,
    const std::function<std::vector<Shelf>(const std::string& thing)>& shelves_of) {
  const std::lock_guard lock(mutex_);
  if (auto loaded = load(); !loaded) return tl::unexpected<Error>(loaded.error());
  std::size_t count = 0;
  for (auto entry = open_.begin(); entry != open_.end();) {
    const auto& [thing, alarms] = *entry;
    if (alarms.empty() || watched.contains(thing)) {
      ++entry;
      continue;
    }
    std::vector<AlarmEvent> ends;
    auto changes = forgotten(shelves_of(thing));
    if (!changes) return tl::unexpected<Error>(changes.error());
    for (const auto& [alarm, open] : alarms) {
      ends.push_back(end_of(thing, alarm, open.source, open.machine, now));
      changes->push_back({record_kind, key_of(thing, alarm), std::nullopt});
    }
    for (std::size_t from = 0; from < ends.size(); from += limits::batch_max) {
      const std::size_t to = std::min(ends.size(), from + limits::batch_max);
      std::vector<AlarmEvent> some(std::make_move_iterator(ends.begin() + static_cast<std::ptrdiff_t>(from)),
                                   std::make_move_iterator(ends.begin() + static_cast<std::ptrdiff_t>(to)));
      if (auto told = journal_.report(std::move(some)); !told) return tl::unexpected<Error>(told.error());
    }
    // Ended but not struck out: it is ended once more at the next time.
    if (auto stored = records_.apply(*changes); !stored) return tl::unexpected<Error>(stored.error());
    count += alarms.size();
    entry = open_.erase(entry);
  }
  return count;
}

} // namespace kaden::source
