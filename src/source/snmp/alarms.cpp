// What is news: interfaces, peers, and how it is told.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "kaden/limits/alarm_events.h"
#include "kaden/snmp_alarms.h"
#include "mib.h"

namespace kaden::snmp {

namespace {

constexpr Millis poll_most = seconds(600); // no poll takes so long
constexpr std::int64_t up = 1, down = 2, not_present = 6, lower_layer_down = 7;
constexpr std::int64_t bgp_start = 2, bgp_established = 6;

bool is_oper_down(std::int64_t status) {
  return status == down || status == not_present || status == lower_layer_down;
}

std::string cut(const std::string& text, std::size_t most) {
  return std::string(cut_utf8(text, most));
}

void put(std::map<std::string, std::string>& labels, const char* name, const std::string& value) {
  if (!value.empty()) labels[name] = cut(value, limits::label_bytes_max);
}

SpokenText link_words() {
  return {{Language::ja, "{severity}アラームです。{machine}の回線{thing:name}が切れています。"},
          {Language::en, "Kaden, {severity} alarm. {machine}: the link {thing:name} is down."}};
}

SpokenText bgp_words() {
  return {
      {Language::ja, "{severity}アラームです。{machine}で、{thing:name}とのBGPセッションが切れています。"},
      {Language::en, "Kaden, {severity} alarm. {machine}: the BGP session with {thing:name} is down."}};
}

SpokenText trap_words() {
  return {{Language::ja, "{severity}アラームです。{machine}、{thing}。"},
          {Language::en, "Kaden, {severity} alarm. {machine}, {thing}."}};
}

SpokenText vcenter_words() {
  return {{Language::ja, "{severity}アラームです。{machine}、{alarm_name:name}。"},
          {Language::en, "Kaden, {severity} alarm. {machine}, {alarm_name:name}."}};
}

std::string text_of(const Notification& trap, const Oid& oid) {
  const Binding* const found = trap.find(oid);
  return found == nullptr ? std::string() : to_text(found->value);
}

bool has_same_names(const std::map<std::uint32_t, DeviceReading::Interface>& one,
                    const std::map<std::uint32_t, DeviceReading::Interface>& other) {
  return std::equal(
      one.begin(), one.end(), other.begin(), other.end(), [](const auto& left, const auto& right) {
        return left.first == right.first && left.second.name == right.second.name &&
               left.second.description == right.second.description && left.second.alias == right.second.alias;
      });
}

std::string key_of(const std::string& device, const char* kind, const std::string& what) {
  return cut("alarm/" + device + "/" + kind + "/" + what, limits::event_id_bytes_max - 64);
}

} // namespace

Alarms::Alarms(AlarmSettings settings) : settings_(std::move(settings)) {}

const DeviceSettings* Alarms::find(const std::string& id) const {
  const auto found = std::find_if(settings_.devices.begin(), settings_.devices.end(),
                                  [&](const DeviceSettings& one) { return one.id == id; });
  return found == settings_.devices.end() ? nullptr : &*found;
}

Alarms::Origin Alarms::origin_of(const std::string& address) const {
  for (const DeviceSettings& one : settings_.devices) {
    if (one.address == address) return {one.id, one.name, address, &one};
  }
  return {address, address, address};
}

bool Alarms::is_watched(const DeviceSettings& settings, const DeviceReading::Interface& interface) {
  if (settings.interfaces.empty()) return true;
  return std::any_of(settings.interfaces.begin(), settings.interfaces.end(), [&](const std::string& glob) {
    const std::string low = to_lower(glob);
    return glob_match(low, to_lower(interface.name)) || glob_match(low, to_lower(interface.description)) ||
           glob_match(low, to_lower(interface.alias));
  });
}

Alarms::Told Alarms::told_of(const Origin& origin) {
  Told told;
  told.machine = cut(origin.name, limits::machine_bytes_max);
  told.device = origin.id;
  told.address = origin.address;
  return told;
}

Alarms::Told Alarms::link_of(const Origin& origin, std::uint32_t index,
                             const DeviceReading::Interface& interface) const {
  const std::string& name = !interface.name.empty() ? interface.name : interface.description;
  Told told = told_of(origin);
  told.alarm = cut(origin.id + ": interface " + std::to_string(index), limits::alarm_name_bytes_max);
  std::string thing = !interface.alias.empty() ? interface.alias
                      : name.empty()           ? std::to_string(index)
                                               : name;
  if (origin.settings != nullptr) {
    told.severity = origin.settings->severity;
    for (const std::string* known : {&interface.name, &interface.description, &interface.alias}) {
      const auto found = origin.settings->names.find(*known);
      if (found != origin.settings->names.end()) thing = found->second;
    }
  }
  told.labels = {{"kind", "link"}, {"device", origin.id}, {"index", std::to_string(index)}};
  put(told.labels, "interface", name);
  put(told.labels, "alias", interface.alias);
  put(told.labels, "thing", thing);
  return told;
}

Alarms::Told Alarms::peer_of(const Origin& origin, const std::string& peer) const {
  Told told = told_of(origin);
  told.alarm = cut(origin.id + ": BGP " + peer, limits::alarm_name_bytes_max);
  std::string thing = peer;
  if (origin.settings != nullptr) {
    told.severity = origin.settings->severity;
    const auto found = origin.settings->names.find(peer);
    if (found != origin.settings->names.end()) thing = found->second;
  } else {
    told.severity = Severity::critical;
  }
  told.labels = {{"kind", "bgp"}, {"device", origin.id}, {"peer", peer}};
  put(told.labels, "thing", thing);
  return told;
}

// Telling
// -----------------------------------------------------------------------------------------------------------

AlarmEvent Alarms::event_of(const std::string& key, const Told& told, AlarmState state, WallTime now) {
  AlarmEvent event;
  event.source = source_name;
  event.event_id = key + (state == AlarmState::ok ? "/over/" : "/") +
                   std::string(kaden::to_text(told.severity)) + "/" + to_iso8601(now);
  event.alarm = told.alarm;
  event.state = state;
  event.severity = told.severity;
  event.machine = told.machine;
  event.labels = told.labels;
  return event;
}

void Alarms::raise(const std::string& key, Told told, SpokenText say, const std::string& reason, WallTime now,
                   std::vector<AlarmEvent>& out) {
  const auto known = told_.find(key);
  if (known != told_.end() && known->second.severity == told.severity) {
    if (known->second.ends_at == told.ends_at) return; // told already
    known->second.ends_at = told.ends_at;              // it came again: the wait for its end begins anew
    touched_[key] = true;
    return;
  }
  if (known == told_.end()) {
    if (!has_room(told)) {
      ++counts_.dropped;
      counts_.last_dropped = told.device;
      return;
    }
    count(told, 1);
  } else {
    told.alarm = known->second.alarm; // its sender may have got an id since
  }
  AlarmEvent event = event_of(key, told, AlarmState::alarm, now);
  event.reason = cut(reason, limits::reason_bytes_max);
  event.say = std::move(say);
  out.push_back(std::move(event));
  told_.insert_or_assign(key, std::move(told));
  touched_[key] = true;
}

void Alarms::clear(const std::string& key, const std::string& reason, WallTime now,
                   std::vector<AlarmEvent>& out) {
  const auto known = told_.find(key);
  if (known == told_.end()) return;
  AlarmEvent event = event_of(key, known->second, AlarmState::ok, now);
  event.reason = cut(reason, limits::reason_bytes_max);
  out.push_back(std::move(event));
  count(known->second, -1);
  told_.erase(known);
  touched_[key] = true;
}

bool Alarms::has_room(const Told& told) const {
  if (find(told.device) == nullptr && open_unnamed_ >= limits::snmp_alarms_max) return false;
  const auto open = open_.find(told.device);
  return open == open_.end() || open->second < limits::snmp_device_alarms_max;
}

void Alarms::count(const Told& told, int change) {
  const auto add = [change](std::size_t& number) { change > 0 ? ++number : --number; };
  if (find(told.device) == nullptr) add(open_unnamed_);
  std::size_t& open = open_[told.device];
  add(open);
  if (open == 0) open_.erase(told.device);
}

bool Alarms::is_full() const {
  return open_unnamed_ >= limits::snmp_alarms_max ||
         std::any_of(open_.begin(), open_.end(),
                     [](const auto& each) { return each.second >= limits::snmp_device_alarms_max; });
}

void Alarms::note_trap(const std::string& key, SteadyTime steady) {
  if (trapped_.size() >= limits::snmp_trapped_max)
    std::erase_if(trapped_, [&](const auto& each) { return steady - each.second > poll_most; });
  if (trapped_.size() < limits::snmp_trapped_max || trapped_.count(key) > 0) trapped_[key] = steady;
}

bool Alarms::is_newer(const std::string& key, SteadyTime began) const {
  const auto trapped = trapped_.find(key);
  return trapped != trapped_.end() && trapped->second >= began;
}

// Traps
// -----------------------------------------------------------------------------------------------------------

std::vector<AlarmEvent> Alarms::take(const Notification& trap, WallTime now, SteadyTime steady) {
  std::vector<AlarmEvent> out;
  if (take_rule(trap, now, out)) return out;
  if (trap.trap == mib::link_down || trap.trap == mib::link_up) {
    take_link(trap, trap.trap == mib::link_up, now, steady, out);
  } else if (trap.trap == mib::bgp_backward || trap.trap == mib::bgp_backward_old) {
    take_bgp(trap, false, now, steady, out);
  } else if (trap.trap == mib::bgp_established || trap.trap == mib::bgp_established_old) {
    take_bgp(trap, true, now, steady, out);
  } else if (trap.trap == mib::vcenter_alarm || trap.trap == mib::vcenter_alarm_old) {
    take_vcenter(trap, now, out);
  } else {
    ++counts_.unknown;
    counts_.last_unknown = to_text(trap.trap) + " from " + trap.peer;
  }
  return out;
}

void Alarms::take_link(const Notification& trap, bool is_up, WallTime now, SteadyTime steady,
                       std::vector<AlarmEvent>& out) {
  const Binding* const bound = trap.find(mib::if_index);
  const auto number = bound == nullptr ? std::nullopt : number_of(bound->value);
  if (!number || *number < 0 || *number > 0x7FFFFFFF) {
    ++counts_.broken;
    return;
  }
  const auto index = static_cast<std::uint32_t>(*number);
  const Origin origin = origin_of(trap.peer);
  const auto device = devices_.find(origin.id);
  DeviceReading::Interface interface;
  if (device != devices_.end()) {
    const auto known = device->second.interfaces.find(index);
    if (known != device->second.interfaces.end()) interface = known->second;
  }
  const auto learn = [&](std::string& member, const Oid& oid) {
    const std::string text = text_of(trap, oid);
    if (!text.empty()) member = text;
  };
  learn(interface.name, mib::if_name);
  learn(interface.description, mib::if_description);
  learn(interface.alias, mib::if_alias);
  const std::string key = key_of(origin.id, "if", std::to_string(index));
  note_trap(key, steady);
  const Binding* const admin = trap.find(mib::if_admin_status);
  const bool is_shut = admin != nullptr && number_of(admin->value) == down;
  if (is_up || is_shut) {
    if (is_up && device != devices_.end() && device->second.unused.erase(index) > 0)
      touched_["device/" + origin.id] = true;
    return clear(key, is_up ? "the link is up again (trap)" : "shut by an administrator", now, out);
  }
  // Of an interface that no poll has ever named nothing is known: it is told, and the next poll sees to it.
  const bool has_name = !interface.name.empty() || !interface.description.empty() || !interface.alias.empty();
  if (origin.settings != nullptr && has_name && !is_watched(*origin.settings, interface)) return;
  Told told = link_of(origin, index, interface);
  if (origin.settings == nullptr) told.severity = Severity::critical;
  raise(key, std::move(told), link_words(), "link down (trap from " + trap.peer + ")", now, out);
}

void Alarms::take_bgp(const Notification& trap, bool is_up, WallTime now, SteadyTime steady,
                      std::vector<AlarmEvent>& out) {
  // The peer's address is the binding of bgpPeerRemoteAddr, else what follows another column of bgpPeerTable.
  std::string peer = text_of(trap, mib::bgp_peer_address);
  for (const Oid* column : {&mib::bgp_peer_state, &mib::bgp_last_error}) {
    const Binding* const bound = trap.find(*column);
    if (!peer.empty() || bound == nullptr || bound->oid.size() != column->size() + 4) continue;
    peer = to_text(Oid(bound->oid.end() - 4, bound->oid.end()));
  }
  if (peer.empty()) {
    ++counts_.broken;
    return;
  }
  const Origin origin = origin_of(trap.peer);
  const std::string key = key_of(origin.id, "bgp", peer);
  note_trap(key, steady);
  if (is_up) return clear(key, "the session is established again (trap)", now, out);
  raise(key, peer_of(origin, peer), bgp_words(), "BGP backward transition (trap from " + trap.peer + ")", now,
        out);
}

void Alarms::take_vcenter(const Notification& trap, WallTime now, std::vector<AlarmEvent>& out) {
  const std::string value = text_of(trap, mib::vcenter_value);
  std::string entity = text_of(trap, mib::vcenter_target);
  if (entity.empty()) entity = text_of(trap, mib::vcenter_vm);
  if (entity.empty()) entity = text_of(trap, mib::vcenter_host);
  const std::string name(mib::vcenter_alarm_name_of(value));
  if (name.empty() && entity.empty()) {
    ++counts_.broken;
    return;
  }
  const Origin origin = origin_of(trap.peer);
  const std::string digest = to_hex(as_view(sha256(name + "\n" + entity))).substr(0, 32);
  const std::string key = key_of(origin.id, "vcenter", digest);
  const std::string status_text = text_of(trap, mib::vcenter_new_status);
  const auto status = mib::vcenter_status_of(status_text);
  if (status == mib::VcenterStatus::gray) return;
  const auto severity = status == mib::VcenterStatus::green    ? std::nullopt
                        : status == mib::VcenterStatus::yellow ? settings_.yellow
                                                               : settings_.red;
  if (!severity) return clear(key, status_text + ": " + value, now, out);
  Told told = told_of(origin);
  told.alarm =
      cut(origin.id + ": " + name, limits::alarm_name_bytes_max - 20) + " (" + digest.substr(0, 12) + ")";
  told.machine = cut(entity.empty() ? origin.name : entity, limits::machine_bytes_max);
  told.severity = *severity;
  told.labels = {{"kind", "vcenter"}, {"device", origin.id}, {"status", std::string(mib::to_text(status))}};
  put(told.labels, "alarm_name", name);
  put(told.labels, "entity", entity);
  put(told.labels, "old_status", text_of(trap, mib::vcenter_old_status));
  put(told.labels, "entity_type", text_of(trap, mib::vcenter_target_type));
  raise(key, std::move(told), vcenter_words(), status_text + ": " + value, now, out);
}

bool Alarms::take_rule(const Notification& trap, WallTime now, std::vector<AlarmEvent>& out) {
  for (const TrapRule& rule : settings_.rules) {
    const bool is_begin = rule.trap == trap.trap;
    if (!is_begin && rule.clear != trap.trap) continue;
    const Origin origin = origin_of(trap.peer);
    const std::string by = rule.by ? cut(text_of(trap, *rule.by), 100) : "";
    const std::string key = key_of(origin.id, "trap", rule.name + "/" + by);
    std::string reason = "trap " + to_text(trap.trap) + " from " + trap.peer;
    for (const Binding& binding : trap.bindings) {
      const std::string text = to_text(binding.value);
      if (!text.empty()) reason += "; " + to_text(binding.oid) + "=" + text;
    }
    if (!is_begin) {
      clear(key, reason, now, out);
      return true;
    }
    Told told = told_of(origin);
    told.alarm =
        cut(origin.id + ": " + rule.name + (by.empty() ? "" : " " + by), limits::alarm_name_bytes_max);
    told.severity = rule.severity;
    told.labels = {{"kind", "trap"}, {"device", origin.id}};
    put(told.labels, "rule", rule.name);
    put(told.labels, "by", by);
    put(told.labels, "thing", rule.name + (by.empty() ? "" : " " + by));
    if (rule.clear_after > Millis(0)) told.ends_at = now + rule.clear_after;
    raise(key, std::move(told), trap_words(), reason, now, out);
    return true;
  }
  return false;
}

std::vector<AlarmEvent> Alarms::tick(WallTime now) {
  std::vector<AlarmEvent> out;
  std::vector<std::string> over;
  for (const auto& [key, told] : told_) {
    if (told.ends_at && now >= *told.ends_at) over.push_back(key);
  }
  for (const std::string& key : over) clear(key, "it has not come again", now, out);
  return out;
}

// Polls
// -----------------------------------------------------------------------------------------------------------

void Alarms::poll_interface(const Origin& origin, Device& device, std::uint32_t index,
                            const DeviceReading::Interface& interface, WallTime now,
                            std::vector<AlarmEvent>& out) {
  const std::string key = key_of(origin.id, "if", std::to_string(index));
  if (interface.admin == up && interface.oper == up) {
    device.unused.erase(index);
    return clear(key, "the link is up again", now, out);
  }
  if (interface.admin == down) return clear(key, "shut by an administrator", now, out);
  if (!is_oper_down(interface.oper)) return;
  if (!device.was_read && origin.settings->interfaces.empty() && told_.count(key) == 0)
    device.unused.insert(index);
  if (device.unused.count(index) > 0) return;
  raise(key, link_of(origin, index, interface), link_words(), "link down (polled)", now, out);
}

std::vector<AlarmEvent> Alarms::take(const std::string& id, const DeviceReading& reading, WallTime now) {
  std::vector<AlarmEvent> out;
  const DeviceSettings* const settings = find(id);
  require(settings != nullptr, "a device that is polled is in the settings");
  const Origin origin{settings->id, settings->name, settings->address, settings};
  Device& device = devices_[id];
  const auto unused_before = device.unused;
  const bool was_read = device.was_read;
  const bool has_new_names = !has_same_names(device.interfaces, reading.interfaces);
  device.interfaces = reading.interfaces;
  for (const auto& [index, interface] : reading.interfaces) {
    const std::string key = key_of(id, "if", std::to_string(index));
    if (is_newer(key, reading.began)) continue;
    if (is_watched(*settings, interface)) {
      poll_interface(origin, device, index, interface, now, out);
    } else {
      clear(key, "the settings do not watch it", now, out);
    }
  }
  for (const auto& [peer, found] : reading.peers) {
    const std::string key = key_of(id, "bgp", peer);
    if (is_newer(key, reading.began)) continue;
    if (found.state == bgp_established) {
      clear(key, "the session is established again", now, out);
    } else if (found.admin == bgp_start) {
      raise(key, peer_of(origin, peer), bgp_words(), fmt::format("BGP peer state {} (polled)", found.state),
            now, out);
    } else {
      clear(key, "stopped by an administrator", now, out);
    }
  }
  // What has gone from the tables is not down: a module was drawn, a peer removed.
  for (const char* kind : {"if", "bgp"}) {
    const std::string prefix = key_of(id, kind, "");
    std::vector<std::string> gone;
    for (auto at = told_.lower_bound(prefix); at != told_.end() && at->first.starts_with(prefix); ++at) {
      const std::string what = at->first.substr(prefix.size());
      const auto index = parse_int(what);
      const bool is_there = kind == std::string_view("bgp")
                                ? reading.peers.count(what) > 0
                                : index && reading.interfaces.count(static_cast<std::uint32_t>(*index)) > 0;
      if (!is_there && !is_newer(at->first, reading.began)) gone.push_back(at->first);
    }
    for (const std::string& key : gone) clear(key, "it is no longer in the device's table", now, out);
  }
  device.was_read = true;
  if (!was_read || has_new_names || device.unused != unused_before) touched_["device/" + id] = true;
  return out;
}

// Stored
// -----------------------------------------------------------------------------------------------------------

std::string Alarms::save(const std::string& key) const {
  if (key.starts_with("device/")) {
    const Device& device = devices_.at(key.substr(7));
    json::array unused;
    for (const std::uint32_t index : device.unused) unused.emplace_back(index);
    json::array names;
    for (const auto& [index, one] : device.interfaces)
      names.push_back(json::array{index, one.name, one.description, one.alias});
    return kaden::to_text(
        json::object{{"read", device.was_read}, {"unused", std::move(unused)}, {"names", std::move(names)}});
  }
  const Told& told = told_.at(key);
  json::object labels;
  for (const auto& [name, value] : told.labels) labels[name] = value;
  return kaden::to_text(json::object{{"alarm", told.alarm},
                                     {"machine", told.machine},
                                     {"device", told.device},
                                     {"address", told.address},
                                     {"labels", std::move(labels)},
                                     {"severity", kaden::to_text(told.severity)},
                                     {"ends_at", told.ends_at ? to_iso8601(*told.ends_at) : ""}});
}

std::map<std::string, std::optional<std::string>> Alarms::changed() {
  std::map<std::string, std::optional<std::string>> out;
  for (const auto& [key, is_touched] : touched_) {
    static_cast<void>(is_touched);
    const bool is_gone = key.starts_with("alarm/") && told_.count(key) == 0;
    out[key] = is_gone ? std::nullopt : std::optional(save(key));
  }
  touched_.clear();
  return out;
}

Result<void> Alarms::load(const std::string& key, const std::string& text) {
  const auto value = parse_json(text);
  if (!value || !value->is_object()) return fail(Fault::corrupt, "it is no JSON object");
  const Fields fields(value->get_object(), "alarm");
  if (key.starts_with("device/")) return load_device(key.substr(7), fields);
  const auto alarm = fields.text("alarm", limits::alarm_name_bytes_max);
  const auto machine = fields.text_or("machine", limits::machine_bytes_max, "");
  const auto severity = fields.text("severity", 32);
  const auto device = fields.text_or("device", limits::label_bytes_max, "");
  const auto address = fields.text_or("address", limits::label_bytes_max, "");
  const auto ends_at = fields.text_or("ends_at", 64, "");
  auto labels = fields.text_map("labels", limits::labels_max, limits::label_bytes_max);
  const auto known = severity ? parse_severity(*severity) : std::nullopt;
  if (!alarm || !machine || !known || !device || !address || !ends_at || !labels)
    return fail(Fault::corrupt, "a member is missing");
  Told told{*alarm, *machine, *device, *address, std::move(*labels), *known};
  if (!ends_at->empty()) {
    const auto at = parse_iso8601(*ends_at);
    if (!at) return fail(Fault::corrupt, at.error().message);
    told.ends_at = *at;
  }
  // Older Kadens stored neither; the label is the same.
  if (told.device.empty()) told.device = told.labels.count("device") > 0 ? told.labels.at("device") : "";
  if (told.address.empty()) {
    const DeviceSettings* const settings = find(told.device);
    told.address = settings != nullptr ? settings->address : told.device;
  }
  told_.insert_or_assign(key, std::move(told));
  return {};
}

Result<void> Alarms::load_device(const std::string& id, const Fields& fields) {
  const auto was_read = fields.flag_or("read", false);
  const auto unused = fields.array("unused");
  const auto names = fields.array("names");
  if (!was_read || !unused || *unused == nullptr || !names)
    return fail(Fault::corrupt, "read or unused is missing");
  Device& device = devices_[id];
  device.was_read = *was_read;
  for (const auto& one : **unused) {
    if (!one.is_int64() || one.get_int64() < 0) return fail(Fault::corrupt, "unused holds no number");
    device.unused.insert(static_cast<std::uint32_t>(one.get_int64()));
  }
  if (*names == nullptr) return {}; // of an older Kaden
  for (const auto& one : **names) {
    const json::array* const row = one.if_array();
    if (row == nullptr || row->size() != 4 || !(*row)[0].is_int64() || !(*row)[1].is_string() ||
        !(*row)[2].is_string() || !(*row)[3].is_string())
      return fail(Fault::corrupt, "names holds no name");
    const auto text = [row](std::size_t at) { return std::string((*row)[at].get_string()); };
    device.interfaces[static_cast<std::uint32_t>((*row)[0].get_int64())] = {text(1), text(2), text(3)};
  }
  return {};
}

/// Of a sender whose id is another now its alarms go under that, so that what ends them finds them.
void Alarms::adopt() {
  std::vector<std::pair<std::string, std::string>> moves;
  for (const auto& [key, told] : told_) {
    const std::string prefix = "alarm/" + told.device + "/";
    const std::string id = origin_of(told.address).id;
    if (find(told.device) == nullptr && id != told.device && key.starts_with(prefix))
      moves.emplace_back(key, "alarm/" + id + "/" + key.substr(prefix.size()));
  }
  for (const auto& [before, after] : moves) {
    touched_[before] = touched_[after] = true;
    if (told_.count(after) > 0) {
      told_.at(before).ends_at = WallTime{}; // told under both ids: nothing else will end this one
      continue;
    }
    auto moved = told_.extract(before);
    moved.key() = after;
    moved.mapped().device = origin_of(moved.mapped().address).id;
    told_.insert(std::move(moved));
  }
}

Result<void> Alarms::restore(const std::map<std::string, std::string>& stored) {
  for (const auto& [key, text] : stored) {
    if (!key.starts_with("device/") && !key.starts_with("alarm/")) continue;
    if (auto loaded = load(key, text); !loaded)
      return fail_while("reading what is stored of " + key, loaded.error());
  }
  adopt();
  for (const auto& [key, told] : told_) count(told, 1);
  return {};
}

} // namespace kaden::snmp
