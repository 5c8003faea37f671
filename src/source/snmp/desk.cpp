#include "desk.h"

#include <boost/json.hpp>

namespace kaden::snmp {

namespace {

constexpr const char* record_kind = "snmp";
constexpr const char* boots_key = "engine/boots";
constexpr const char* dropping_key = "dropping/alarms";
constexpr Millis dropping_kept = seconds(600); // after the last; what was dropped may still be so

std::string readability_key(const std::string& name) {
  return "readability/" + name;
}

} // namespace

Desk::Desk(Settings settings, const Ports& ports)
    : settings_(std::move(settings)),
      ports_(ports),
      library_(settings_.identity, next_boots()),
      outbox_(record_kind, ports_.intake, ports_.records),
      alarms_(settings_.alarms) {
  const auto stored = ports_.records.all(record_kind);
  if (!stored) {
    trouble_ = "begun anew: " + stored.error().message;
    return;
  }
  if (const auto restored = alarms_.restore(*stored); !restored) {
    trouble_ = "begun anew: " + restored.error().message;
    alarms_ = Alarms(settings_.alarms);
  }
  // What cannot be read back begins anew: at worst it is told once more.
  if (const auto found = stored->find(dropping_key); found != stored->end()) {
    if (const auto value = parse_json(found->second)) static_cast<void>(dropping_.restore(*value));
  }
}

/// RFC 3414 section 2.2.2: a receiver of informs whose boots stood still would be taken for one that replays.
std::int32_t Desk::next_boots() const {
  std::int64_t boots = 0;
  if (const auto stored = ports_.records.all(record_kind)) {
    const auto found = stored->find(boots_key);
    if (found != stored->end()) boots = parse_int(found->second).value_or(0);
  }
  boots = boots < 0 || boots >= INT32_MAX - 1 ? 1 : boots + 1;
  const std::vector<journal::Records::Change> changes{{record_kind, boots_key, std::to_string(boots)}};
  // When it cannot be stored, a sender takes one more round to find the engine's time.
  static_cast<void>(ports_.records.apply(changes));
  return static_cast<std::int32_t>(boots);
}

Result<std::size_t> Desk::tell(const std::function<std::vector<AlarmEvent>(Alarms&)>& news) {
  std::lock_guard lock(mutex_);
  for (AlarmEvent& event : news(alarms_)) news_.push_back({std::move(event)});
  tell_dropping();
  return flush();
}

void Desk::tell_dropping() {
  const SteadyTime steady = ports_.clock.steady();
  const WallTime now = ports_.clock.wall();
  const std::uint64_t dropped = alarms_.counts().dropped;
  if (dropped > seen_dropped_) dropping_until_ = steady + dropping_kept;
  seen_dropped_ = dropped;
  // After a restart nothing is known of what was dropped before, but that there is no room yet.
  const bool is_dropping = steady < dropping_until_ || (dropping_.is_told() && alarms_.is_full());
  const auto began = dropping_.failing_since();
  const auto change = is_dropping ? dropping_.failed(now) : dropping_.read();
  if (change == Readability::Change::none) return;
  news_.push_back({dropping_event(change == Readability::Change::readable, began.value_or(now))});
  unsaved_[dropping_key] = kaden::to_text(dropping_.save());
}

std::string Desk::why() const {
  const Alarms::Counts& counts = alarms_.counts();
  return "too many alarms of one sender are open; dropped since the start: " +
         std::to_string(counts.dropped) +
         (counts.last_dropped.empty() ? "" : ", the last of " + counts.last_dropped);
}

AlarmEvent Desk::dropping_event(bool is_over, WallTime began) const {
  AlarmEvent event;
  event.source = source_name;
  event.event_id = std::string("dropping/") + (is_over ? "over/" : "") + to_iso8601(began);
  event.alarm = "SNMP alarms are dropped";
  event.state = is_over ? AlarmState::ok : AlarmState::alarm;
  event.severity = Severity::error;
  event.machine = alarms_.counts().last_dropped;
  event.reason = is_over ? "nothing has been dropped for a while" : why();
  event.labels = {{"kind", "dropping"}};
  if (!event.machine.empty()) event.labels["device"] = event.machine;
  event.say = {
      {Language::ja,
       "{severity}アラームです。{machine}のSNMPのアラームが多すぎるため、新しいものを処理できません。"},
      {Language::en,
       "Kaden, {severity} alarm. {machine} has too many SNMP alarms; new ones are passed over."}};
  return event;
}

Alarms::Counts Desk::counts() const {
  std::lock_guard lock(mutex_);
  return alarms_.counts();
}

std::string Desk::why_dropping() const {
  std::lock_guard lock(mutex_);
  return dropping_.is_told() ? why() : "";
}

Result<std::size_t> Desk::tell_again() {
  std::lock_guard lock(mutex_);
  return flush();
}

Result<std::size_t> Desk::flush() {
  for (auto& [key, text] : alarms_.changed()) unsaved_[key] = std::move(text);
  std::vector<source::Outbox::Change> changes;
  for (const auto& [key, text] : unsaved_) changes.push_back({record_kind, key, text});
  if (const auto stored = outbox_.store(std::move(changes), news_); !stored)
    return fail_while("remembering what SNMP told", stored.error());
  unsaved_.clear();
  news_.clear();
  source::Looked looked;
  if (!outbox_.tell(looked)) return tl::unexpected(*looked.trouble);
  return looked.reported;
}

Result<void> Desk::restore(const std::string& name, Readability& readability) const {
  const auto stored = ports_.records.all(record_kind);
  if (!stored) return tl::unexpected(stored.error());
  const auto found = stored->find(readability_key(name));
  if (found == stored->end()) return {};
  const auto value = parse_json(found->second);
  if (!value) return fail(Fault::corrupt, value.error().message);
  return readability.restore(*value);
}

Result<std::size_t> Desk::note(const std::string& name, const Readability& readability,
                               std::optional<AlarmEvent> event) {
  std::string text = kaden::to_text(readability.save());
  std::lock_guard lock(mutex_);
  std::string& known = readabilities_[name];
  if (known != text) unsaved_[readability_key(name)] = known = std::move(text);
  if (event) news_.push_back({std::move(*event)});
  return flush();
}

std::string Desk::take_trouble() {
  std::lock_guard lock(mutex_);
  return std::exchange(trouble_, "");
}

} // namespace kaden::snmp
