#include "alarms.h"

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "kaden/limits/alarm_events.h"

namespace kaden::vcenter {

namespace {

bool matches(const std::string& glob, std::string_view text) {
  return glob_match(to_lower(glob), to_lower(text));
}

std::string acknowledgement_of(const vim::AlarmState& state) {
  if (!state.acknowledged) return {};
  return state.acknowledged_by + " " + (state.acknowledged_at ? to_iso8601(*state.acknowledged_at) : "");
}

std::string taken_by(const vim::AlarmState& state) {
  if (!state.acknowledged) return {};
  return std::string(source_name) + ": " +
         (state.acknowledged_by.empty() ? "somebody" : state.acknowledged_by);
}

/// Fits however long the names are, and stays unique: the ids are at the end.
std::string alarm_name(const std::string& vcenter, const std::string& name, const vim::AlarmState& state) {
  const std::string ids = " (" + state.alarm.id + "/" + state.entity.id + ")";
  const std::string begin = vcenter + ": ";
  if (begin.size() + ids.size() + 16 > limits::alarm_name_bytes_max) {
    return begin + to_hex(as_view(sha256(state.key)));
  }
  return begin + std::string(cut_utf8(name, limits::alarm_name_bytes_max - begin.size() - ids.size())) + ids;
}

void put(std::map<std::string, std::string>& labels, const char* name, const std::string& value) {
  if (!value.empty()) labels[name] = cut_utf8(value, limits::label_bytes_max);
}

SpokenText spoken() {
  return {{Language::ja, "{severity}アラームです。{machine}、{alarm_name:name}。"},
          {Language::en, "Kaden, {severity} alarm. {machine}, {alarm_name:name}."}};
}

} // namespace

std::optional<Severity> Alarms::severity_of(const Known& known, vim::Status status) const {
  const auto label = [&](const char* name) -> std::string {
    const auto found = known.labels.find(name);
    return found == known.labels.end() ? std::string() : found->second;
  };
  const auto rule = std::find_if(rules_.begin(), rules_.end(), [&](const Rule& each) {
    return (matches(each.alarm, label("alarm_name")) || matches(each.alarm, label("alarm_system_name"))) &&
           (matches(each.entity, label("entity")) || matches(each.entity, label("path")));
  });
  const Rule chosen = rule == rules_.end() ? Rule{} : *rule;
  switch (status) {
    case vim::Status::yellow:
      return chosen.yellow;
    case vim::Status::red:
      return chosen.red;
    case vim::Status::gray:
    case vim::Status::green:
      return std::nullopt;
  }
  return std::nullopt;
}

Alarms::Known Alarms::known_of(const vim::AlarmState& state, const Names& names) const {
  const AlarmName alarm = names.alarm(state.alarm);
  const Place place = names.place(state.entity);
  Known known;
  known.name = alarm_name(vcenter_, alarm.name, state);
  known.machine = cut_utf8(place.name, limits::machine_bytes_max);
  known.alarm = state.alarm;
  known.entity = state.entity;
  put(known.labels, "vcenter", vcenter_);
  put(known.labels, "alarm_name", alarm.name);
  put(known.labels, "alarm_system_name", alarm.system_name);
  put(known.labels, "description", alarm.description);
  put(known.labels, "entity", place.name);
  put(known.labels, "entity_type", state.entity.type);
  put(known.labels, "path", place.path);
  put(known.labels, "datacenter", place.datacenter);
  put(known.labels, "cluster", place.cluster);
  return known;
}

AlarmEvent Alarms::event_of(const std::string& key, const Known& known, AlarmState state,
                            std::string_view what) const {
  AlarmEvent event;
  event.source = source_name;
  event.event_id = instance_uuid_ + "/" + key + "/" + std::string(what) + "/" + to_iso8601(known.time);
  if (known.round > 0) event.event_id += "/" + std::to_string(known.round);
  if (event.event_id.size() > limits::event_id_bytes_max) {
    event.event_id = to_hex(as_view(sha256(event.event_id)));
  }
  event.alarm = known.name;
  event.state = state;
  event.severity = severity_of(known, known.status).value_or(Severity::info);
  event.machine = known.machine;
  event.labels = known.labels;
  event.labels["status"] = state == AlarmState::ok ? "green" : std::string(vim::to_text(known.status));
  event.reason = std::string(vim::to_text(known.status)) + " since " + to_iso8601(known.time);
  for (const char* part : {"path", "description"}) {
    const auto found = known.labels.find(part);
    if (found != known.labels.end()) event.reason += "; " + found->second;
  }
  event.reason = cut_utf8(event.reason, limits::reason_bytes_max);
  event.say = spoken();
  return event;
}

Report Alarms::over(const std::string& key, const Known& known, const std::string& why) const {
  Report report{event_of(key, known, AlarmState::ok, "green"), {}};
  report.event.reason = why;
  return report;
}

std::vector<vim::AlarmState> Alarms::unknown(const std::vector<vim::AlarmState>& states) const {
  std::vector<vim::AlarmState> out;
  std::copy_if(states.begin(), states.end(), std::back_inserter(out), [this](const vim::AlarmState& state) {
    return known_.count(state.key) == 0 &&
           (state.status == vim::Status::yellow || state.status == vim::Status::red);
  });
  return out;
}

std::vector<Report> Alarms::take(const std::vector<vim::AlarmState>& states, const Names& names,
                                 const std::map<std::string, std::string>& owned) {
  std::vector<Report> out;
  std::set<std::string> present;
  for (const vim::AlarmState& state : states) {
    if (!present.insert(state.key).second) continue; // a key that comes twice counts once
    take_one(state, names, owned, out);
  }
  for (auto at = known_.begin(); at != known_.end();) {
    if (present.count(at->first) > 0) {
      ++at;
      continue;
    }
    out.push_back(over(at->first, at->second, "no longer triggered in vCenter"));
    touched_[at->first] = true;
    at = known_.erase(at);
  }
  return out;
}

void Alarms::take_one(const vim::AlarmState& state, const Names& names,
                      const std::map<std::string, std::string>& owned, std::vector<Report>& out) {
  if (state.status == vim::Status::gray) return;
  const auto found = known_.find(state.key);
  Known known = found == known_.end() ? known_of(state, names) : found->second;
  if (!severity_of(known, state.status)) {
    if (found == known_.end()) return;
    const bool is_green = state.status == vim::Status::green;
    out.push_back(over(state.key, known, is_green ? "green" : "passed over by a rule of the configuration"));
    touched_[state.key] = true;
    known_.erase(found);
    if (!is_green) ++rounds_;
    return;
  }
  if (found == known_.end()) {
    take_new(state, std::move(known), out);
  } else {
    take_known(state, found->second, owned, out);
  }
}

void Alarms::take_new(const vim::AlarmState& state, Known known, std::vector<Report>& out) {
  known.status = state.status;
  known.time = state.time;
  known.round = rounds_;
  known.acknowledged = acknowledgement_of(state);
  out.push_back({event_of(state.key, known, AlarmState::alarm, vim::to_text(state.status)), taken_by(state)});
  touched_[state.key] = true;
  known_.insert_or_assign(state.key, std::move(known));
}

void Alarms::take_known(const vim::AlarmState& state, Known& known,
                        const std::map<std::string, std::string>& owned, std::vector<Report>& out) {
  const std::string acknowledged = acknowledgement_of(state);
  // Its time is when it triggered (vSphere API, AlarmState): acknowledging does not move it.
  const bool has_fired_again =
      state.status == known.status && state.time > known.time && !state.is_by_event && acknowledged.empty();
  const bool is_taken_here = owned.count(known.name) > 0;
  if (acknowledged.empty() && (!known.acknowledged.empty() || (has_fired_again && is_taken_here))) {
    out.push_back(over(state.key, known, "it was green in between"));
    ++rounds_;
    take_new(state, known, out);
    return;
  }
  const bool is_news = known.status != state.status || known.time != state.time;
  const bool is_taken = acknowledged != known.acknowledged;
  if (!is_news && !is_taken) return;
  known.status = state.status;
  known.time = state.time;
  known.acknowledged = acknowledged;
  touched_[state.key] = true;
  // Who acknowledged yellow has not seen red; and what Kaden sent there itself is no news.
  const bool covers = !state.acknowledged_at || !is_news || *state.acknowledged_at >= state.time;
  const std::string status(vim::to_text(state.status));
  if (is_taken && covers && !is_taken_here) {
    const std::string when = state.acknowledged_at ? to_iso8601(*state.acknowledged_at) : "";
    out.push_back(
        {event_of(state.key, known, AlarmState::alarm, status + "/acknowledged " + when), taken_by(state)});
  } else if (is_news) {
    out.push_back({event_of(state.key, known, AlarmState::alarm, status), {}});
  }
}

std::vector<Report> Alarms::begin_with(const std::string& instance_uuid) {
  std::vector<Report> out;
  if (instance_uuid == instance_uuid_) return out;
  for (const auto& [key, known] : known_) {
    out.push_back(over(key, known, "another vCenter answers under this name now"));
    touched_[key] = true;
  }
  if (!known_.empty()) ++rounds_;
  known_.clear();
  instance_uuid_ = instance_uuid;
  return out;
}

std::map<std::string, Alarms::Open> Alarms::open() const {
  std::map<std::string, Open> out;
  for (const auto& [key, known] : known_) {
    if (known.acknowledged.empty()) out.emplace(known.name, Open{key, known.alarm, known.entity});
  }
  return out;
}

std::vector<std::string> Alarms::names() const {
  std::vector<std::string> out;
  out.reserve(known_.size());
  for (const auto& [key, known] : known_) out.push_back(known.name);
  return out;
}

std::map<std::string, std::optional<std::string>> Alarms::changed() {
  std::map<std::string, std::optional<std::string>> out;
  for (const auto& [key, is_touched] : touched_) {
    const auto found = known_.find(key);
    out[key] = found == known_.end() ? std::nullopt : std::optional(save(found->second));
  }
  touched_.clear();
  return out;
}

std::string Alarms::save(const Known& known) {
  json::object labels;
  for (const auto& [name, value] : known.labels) labels[name] = value;
  return kaden::to_text(json::object{{"name", known.name},
                                     {"machine", known.machine},
                                     {"labels", std::move(labels)},
                                     {"alarm_type", known.alarm.type},
                                     {"alarm", known.alarm.id},
                                     {"entity_type", known.entity.type},
                                     {"entity", known.entity.id},
                                     {"status", vim::to_text(known.status)},
                                     {"time", to_iso8601(known.time)},
                                     {"round", known.round},
                                     {"acknowledged", known.acknowledged}});
}

Result<Alarms::Known> Alarms::load(const std::string& text) {
  const auto value = parse_json(text);
  if (!value || !value->is_object()) return fail(Fault::corrupt, "a stored alarm is no JSON object");
  const Fields fields(value->get_object(), "alarm");
  constexpr std::size_t most = limits::label_bytes_max * 4;
  Known known;
  std::string status, time;
  const std::pair<const char*, std::string*> members[] = {{"name", &known.name},
                                                          {"machine", &known.machine},
                                                          {"alarm_type", &known.alarm.type},
                                                          {"alarm", &known.alarm.id},
                                                          {"entity_type", &known.entity.type},
                                                          {"entity", &known.entity.id},
                                                          {"status", &status},
                                                          {"time", &time},
                                                          {"acknowledged", &known.acknowledged}};
  for (const auto& [name, member] : members) {
    auto found = fields.text(name, most * 2);
    if (!found) return fail(Fault::corrupt, found.error().message);
    *member = std::move(*found);
  }
  const auto round = fields.integer_or("round", 0, INT32_MAX, 0);
  if (!round) return fail(Fault::corrupt, round.error().message);
  known.round = *round;
  auto labels = fields.text_map("labels", limits::labels_max, limits::label_bytes_max);
  if (!labels) return fail(Fault::corrupt, labels.error().message);
  known.labels = std::move(*labels);
  const auto parsed_status = vim::parse_status(status);
  const auto parsed_time = parse_iso8601(time);
  if (!parsed_status || !parsed_time) return fail(Fault::corrupt, "alarm.status or alarm.time is unknown");
  known.status = *parsed_status;
  known.time = *parsed_time;
  return known;
}

Result<void> Alarms::restore(const std::string& instance_uuid, std::int64_t rounds,
                             const std::map<std::string, std::string>& stored) {
  instance_uuid_ = instance_uuid;
  rounds_ = rounds;
  for (const auto& [key, text] : stored) {
    auto known = load(text);
    if (!known) return fail_while("reading the stored alarm " + key, known.error());
    known_.insert_or_assign(key, std::move(*known));
  }
  return {};
}

} // namespace kaden::vcenter
