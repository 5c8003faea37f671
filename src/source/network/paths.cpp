// What is news of the readings: rounds, views, paths.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "kaden/limits/alarm_events.h"
#include "kaden/network_paths.h"

namespace kaden::network {

namespace {

constexpr double clear_share = 0.9;  // of a threshold; below it loss and latency are over
constexpr double very_soon_days = 3; // left of a certificate

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

std::string number(double value) {
  return fmt::format("{:.0f}", value);
}

std::string cut(const std::string& text, std::size_t most) {
  return std::string(cut_utf8(text, most));
}

} // namespace

std::string_view Paths::to_text(Trouble trouble) {
  switch (trouble) {
    case Trouble::none:
      return "none";
    case Trouble::latency:
      return "latency";
    case Trouble::loss:
      return "loss";
    case Trouble::down:
      break;
  }
  return "down";
}

Paths::Trouble Paths::View::worst() const {
  if (is_down) return Trouble::down;
  if (is_lossy) return Trouble::loss;
  return is_slow ? Trouble::latency : Trouble::none;
}

Paths::Paths(std::vector<PathSettings> paths, Own own, Millis silent_after, Severity silent)
    : own_(std::move(own)), silent_after_(silent_after), silent_(silent) {
  for (PathSettings& settings : paths) {
    for (const std::string& end : settings.ends) {
      if (end != own_.vantage) vantages_[end];
    }
    const std::string id = settings.id;
    paths_[id].settings = std::move(settings);
  }
}

Paths::Figures Paths::figures_of(const View& view) {
  Figures figures;
  double sum = 0, answered = 0;
  for (const Round& round : view.rounds) {
    figures.loss_percent += round.loss_percent / static_cast<double>(view.rounds.size());
    if (!round.round_trip_ms) continue;
    sum += *round.round_trip_ms;
    ++answered;
  }
  if (answered > 0) figures.latency_ms = sum / answered;
  return figures;
}

void Paths::judge(View& view, const PathSettings& settings, const Reading& reading) const {
  view.failed_in_row = reading.is_up ? 0 : std::min(view.failed_in_row + 1, settings.fail_after);
  view.good_in_row = reading.is_up ? std::min(view.good_in_row + 1, settings.clear_after) : 0;
  if (view.failed_in_row >= settings.fail_after) view.is_down = true;
  if (view.is_down && view.good_in_row >= settings.clear_after) {
    view.is_down = view.is_lossy = view.is_slow = false;
    view.rounds.clear(); // what was lost while it was down has been told
  }
  view.reason = reading.is_up ? "" : reading.reason;
  view.rounds.push_back({reading.loss_percent, reading.round_trip_ms});
  while (view.rounds.size() > settings.window) view.rounds.pop_front();
  // A window that is not full says nothing yet; after a restart what was told before stays until it is.
  if (view.rounds.size() < settings.window) return;
  const Figures figures = figures_of(view);
  const auto is_beyond = [](bool before, double value, double threshold) {
    if (threshold <= 0) return false;
    return before ? value >= threshold * clear_share : value > threshold;
  };
  view.is_lossy = is_beyond(view.is_lossy, figures.loss_percent, settings.loss_percent);
  view.is_slow = is_beyond(view.is_slow, figures.latency_ms, settings.latency_ms);
}

Result<std::vector<AlarmEvent>> Paths::take(const Reading& reading, WallTime now, SteadyTime steady) {
  std::vector<AlarmEvent> out;
  const auto found = paths_.find(reading.path);
  if (found == paths_.end()) return fail(Fault::not_found, "no path is called " + reading.path);
  Path& path = found->second;
  const auto& ends = path.settings.ends;
  if (std::find(ends.begin(), ends.end(), reading.vantage) == ends.end())
    return fail(Fault::not_found, reading.vantage + " is no end of the path " + reading.path);
  const WallTime at = std::min(reading.at, now); // a clock that is ahead must not silence what comes after
  if (now - at > silent_after_) return out;      // history, of a queue that was stuck
  View& view = path.views[{reading.vantage, reading.probe}];
  if (at <= view.at) return out; // a repeat
  view.at = at;
  view.heard = steady;
  hear(reading, now, steady, out);
  judge(view, path.settings, reading);
  touched_["path/" + path.settings.id] = true;
  tell_path(path, now, out);
  tell_certificate(path, view, reading, now, out);
  return out;
}

void Paths::hear(const Reading& reading, WallTime now, SteadyTime steady, std::vector<AlarmEvent>& out) {
  const auto found = vantages_.find(reading.vantage);
  if (found == vantages_.end()) return; // our own
  Vantage& vantage = found->second;
  vantage.heard[reading.path] = steady;
  if (vantage.told.erase(reading.path) == 0) return;
  touched_["vantage/" + reading.vantage] = true;
  out.push_back(vantage_event(reading.vantage, vantage, now));
}

bool Paths::is_silent(const std::string& vantage, const std::string& path) const {
  const auto found = vantages_.find(vantage);
  return found != vantages_.end() && found->second.told.count(path) > 0;
}

void Paths::tell_path(Path& path, WallTime now, std::vector<AlarmEvent>& out) {
  std::map<std::string, Trouble> seen;
  for (const auto& [key, view] : path.views) {
    const Trouble worst = view.worst();
    if (worst == Trouble::none) continue;
    Trouble& of_vantage = seen[key.first];
    of_vantage = std::max(of_vantage, worst);
  }
  if (seen == path.told) return;
  if (seen.empty()) {
    AlarmEvent over = path_event(path, path.told, now);
    over.state = AlarmState::ok;
    over.event_id = "path/" + path.settings.id + "/good/" + to_iso8601(now);
    over.reason = "answers as it should, from " + joined(path.settings.ends);
    out.push_back(std::move(over));
  } else {
    out.push_back(path_event(path, seen, now));
  }
  path.told = std::move(seen);
}

AlarmEvent Paths::path_event(const Path& path, const std::map<std::string, Trouble>& seen,
                             WallTime now) const {
  const PathSettings& settings = path.settings;
  Trouble worst = Trouble::none;
  Figures figures;
  std::vector<std::string> from, good, silent;
  std::string state, reason;
  for (const auto& [vantage, trouble] : seen) {
    from.push_back(vantage);
    worst = std::max(worst, trouble);
    state += vantage + "=" + std::string(to_text(trouble)) + ",";
  }
  for (const std::string& end : settings.ends) {
    const bool says_nothing = is_silent(end, settings.id);
    if (says_nothing) silent.push_back(end);
    if (!says_nothing && seen.count(end) == 0) good.push_back(end);
  }
  for (const auto& [key, view] : path.views) {
    if (view.worst() == Trouble::none) continue;
    const Figures mine = figures_of(view);
    figures.loss_percent = std::max(figures.loss_percent, mine.loss_percent);
    figures.latency_ms = std::max(figures.latency_ms, mine.latency_ms);
    reason += fmt::format("{}{} {}: {}{}", reason.empty() ? "" : "; ", key.first, key.second,
                          to_text(view.worst()), view.reason.empty() ? "" : " (" + view.reason + ")");
  }
  AlarmEvent event;
  event.source = source_name;
  event.event_id =
      cut("path/" + settings.id + "/" + to_iso8601(now) + "/" + state, limits::event_id_bytes_max);
  event.alarm = "path " + settings.id;
  event.state = AlarmState::alarm;
  event.severity = worst == Trouble::down ? settings.down : settings.degraded;
  event.machine = settings.name;
  event.reason = cut(reason, limits::reason_bytes_max);
  event.labels = {{"path", settings.id},
                  {"trouble", std::string(to_text(worst))},
                  {"ends", joined(settings.ends)},
                  {"seen_from", joined(from)},
                  {"good_from", joined(good)},
                  {"silent", joined(silent)},
                  {"loss_percent", number(figures.loss_percent)},
                  {"latency_ms", number(figures.latency_ms)}};
  for (auto& [name, value] : event.labels) value = cut(value, limits::label_bytes_max);
  event.say = words_of(path, worst, from.size(), !silent.empty());
  return event;
}

SpokenText Paths::words_of(const Path& path, Trouble worst, std::size_t seeing, bool has_silent) const {
  const std::size_t ends = path.settings.ends.size();
  std::string en = "Kaden, {severity} alarm. Path {machine}";
  std::string ja = "{severity}アラームです。経路{machine}、";
  if (ends > 1) {
    en += ", between {ends}";
    ja += "{ends}の間で、";
  }
  switch (worst) {
    case Trouble::loss:
      en += ": {loss_percent} percent is lost.";
      ja += "{loss_percent}パーセントが失われています。";
      break;
    case Trouble::latency:
      en += ": answers take {latency_ms} milliseconds.";
      ja += "応答に{latency_ms}ミリ秒かかっています。";
      break;
    case Trouble::none:
    case Trouble::down:
      en += ": no answer.";
      ja += "応答がありません。";
      break;
  }
  if (ends == 1) {
    en += " Seen from {seen_from}.";
    ja += "{seen_from}から見えています。";
  } else if (seeing == ends) {
    en += ends == 2 ? " Seen from both ends." : " Seen from all ends.";
    ja += ends == 2 ? "両端から見えています。" : "すべての端から見えています。";
  } else if (has_silent) {
    en += " Seen from {seen_from}; {silent} is silent.";
    ja += "{seen_from}から見えています。{silent}からは報告がありません。";
  } else {
    en += " Seen only from {seen_from}; {good_from} sees no trouble.";
    ja += "{seen_from}からだけ見えています。{good_from}からは正常です。";
  }
  return {{Language::ja, std::move(ja)}, {Language::en, std::move(en)}};
}

void Paths::tell_certificate(Path& path, View& view, const Reading& reading, WallTime now,
                             std::vector<AlarmEvent>& out) {
  if (!reading.days_to_expiry) return; // it was not seen: nothing is known of it
  const double days = *reading.days_to_expiry;
  const int expiring = days >= path.settings.expiry_days ? 0 : days >= very_soon_days ? 1 : 2;
  if (expiring == view.expiring) return;
  view.expiring = expiring;
  AlarmEvent event;
  event.source = source_name;
  const std::string thing = path.settings.id + "/" + reading.probe + "/" + reading.vantage;
  event.alarm = cut("certificate " + thing, limits::alarm_name_bytes_max);
  event.event_id = cut("certificate/" + std::to_string(expiring) + "/" + to_iso8601(now) + "/" + thing,
                       limits::event_id_bytes_max);
  event.state = expiring == 0 ? AlarmState::ok : AlarmState::alarm;
  event.severity = expiring == 2 ? Severity::error : Severity::warning;
  event.machine = cut(reading.probe, limits::machine_bytes_max);
  event.reason = fmt::format("the certificate ends in {:.1f} days, seen from {}", days, reading.vantage);
  event.labels = {{"path", path.settings.id},
                  {"probe", reading.probe},
                  {"seen_from", reading.vantage},
                  {"trouble", "certificate"},
                  {"days", number(std::max(0.0, std::floor(days)))}};
  if (days < 0) {
    event.say = {{Language::ja, "{severity}アラームです。{machine}の証明書は期限が切れています。"},
                 {Language::en, "Kaden, {severity} alarm. The certificate of {machine} has expired."}};
  } else {
    event.say = {
        {Language::ja, "{severity}アラームです。{machine}の証明書は、あと{days}日で期限が切れます。"},
        {Language::en, "Kaden, {severity} alarm. The certificate of {machine} expires in {days} days."}};
  }
  out.push_back(std::move(event));
}

AlarmEvent Paths::vantage_event(const std::string& name, const Vantage& vantage, WallTime now) const {
  const bool is_over = vantage.told.empty();
  const std::string of = joined({vantage.told.begin(), vantage.told.end()});
  AlarmEvent event;
  event.source = source_name;
  event.alarm = "vantage " + name;
  event.event_id = cut("vantage/" + name + (is_over ? "/heard/" : "/silent/") + to_iso8601(now) + "/" + of,
                       limits::event_id_bytes_max);
  event.state = is_over ? AlarmState::ok : AlarmState::alarm;
  event.severity = silent_;
  event.machine = name;
  event.labels = {{"vantage", name}, {"path", cut(of, limits::label_bytes_max)}, {"trouble", "silent"}};
  event.reason = is_over ? "heard again" : "no readings for " + to_words(silent_after_) + "; paths " + of;
  event.reason = cut(event.reason, limits::reason_bytes_max);
  event.say = {{Language::ja, "{severity}アラームです。{machine}から、経路{path}の報告が途絶えています。"},
               {Language::en, "Kaden, {severity} alarm. Nothing is heard from {machine} about {path}."}};
  return event;
}

void Paths::forget_stopped(Path& path, SteadyTime steady) {
  for (auto at = path.views.begin(); at != path.views.end();) {
    const std::string& vantage = at->first.first;
    View& view = at->second;
    if (view.heard == SteadyTime{}) view.heard = steady;
    const bool is_others = vantage != own_.vantage;
    const bool has_stopped = is_others && steady - view.heard >= silent_after_ &&
                             vantages_.count(vantage) > 0 &&
                             steady - vantages_.at(vantage).heard[path.settings.id] < silent_after_;
    if (!has_stopped) {
      ++at;
      continue;
    }
    touched_["path/" + path.settings.id] = true;
    at = path.views.erase(at);
  }
}

std::vector<AlarmEvent> Paths::tick(WallTime now, SteadyTime steady) {
  std::vector<AlarmEvent> out;
  for (auto& [name, vantage] : vantages_) {
    bool is_news = false;
    for (const auto& [id, path] : paths_) {
      const auto& ends = path.settings.ends;
      if (std::find(ends.begin(), ends.end(), name) == ends.end()) continue;
      const SteadyTime heard = vantage.heard.try_emplace(id, steady).first->second;
      if (steady - heard >= silent_after_) is_news = vantage.told.insert(id).second || is_news;
    }
    if (!is_news) continue;
    touched_["vantage/" + name] = true;
    out.push_back(vantage_event(name, vantage, now));
  }
  for (auto& [id, path] : paths_) {
    forget_stopped(path, steady);
    tell_path(path, now, out);
  }
  return out;
}

// Stored
// -----------------------------------------------------------------------------------------------------------

std::string Paths::save(const Path& path) const {
  json::array views;
  for (const auto& [key, view] : path.views) {
    views.push_back(json::object{{"vantage", key.first},
                                 {"probe", key.second},
                                 {"down", view.is_down},
                                 {"lossy", view.is_lossy},
                                 {"slow", view.is_slow},
                                 {"expiring", view.expiring}});
  }
  return kaden::to_text(json::object{{"views", std::move(views)}});
}

std::map<std::string, std::string> Paths::changed() {
  std::map<std::string, std::string> out;
  for (const auto& [key, is_touched] : touched_) {
    static_cast<void>(is_touched);
    const std::string name = key.substr(key.find('/') + 1);
    if (key.starts_with("path/")) {
      out[key] = save(paths_.at(name));
      continue;
    }
    json::array told;
    for (const std::string& path : vantages_.at(name).told) told.emplace_back(path);
    out[key] = kaden::to_text(json::object{{"silent", std::move(told)}});
  }
  touched_.clear();
  return out;
}

Result<void> Paths::load(Path& path, const std::string& text) const {
  const auto value = parse_json(text);
  if (!value || !value->is_object()) return fail(Fault::corrupt, "it is no JSON object");
  const Fields fields(value->get_object(), "path");
  const auto views = fields.array("views");
  if (!views || *views == nullptr) return fail(Fault::corrupt, "path.views is missing");
  for (const auto& one : **views) {
    if (!one.is_object()) return fail(Fault::corrupt, "path.views holds no object");
    const Fields members(one.get_object(), "path.views[]");
    const auto vantage = members.text("vantage", limits::label_bytes_max);
    const auto probe = members.text("probe", limits::label_bytes_max);
    const auto down = members.flag_or("down", false);
    const auto lossy = members.flag_or("lossy", false);
    const auto slow = members.flag_or("slow", false);
    const auto expiring = members.integer_or("expiring", 0, 2, 0);
    if (!vantage || !probe || !down || !lossy || !slow || !expiring)
      return fail(Fault::corrupt, "a member of path.views is missing");
    View view;
    view.is_down = *down;
    view.is_lossy = *lossy;
    view.is_slow = *slow;
    view.expiring = static_cast<int>(*expiring);
    if (view.worst() != Trouble::none) {
      Trouble& told = path.told[*vantage];
      told = std::max(told, view.worst());
    }
    // The rest of what is stored is only so old as the settings: what is no longer probed is not in trouble.
    const auto& ends = path.settings.ends;
    if (std::find(ends.begin(), ends.end(), *vantage) == ends.end()) continue;
    if (*vantage == own_.vantage && own_.probes.count({path.settings.id, *probe}) == 0) continue;
    path.views[{*vantage, *probe}] = std::move(view);
  }
  return {};
}

Result<void> Paths::load(Vantage& vantage, const std::string& text) const {
  const auto value = parse_json(text);
  const json::object* const object = value ? value->if_object() : nullptr;
  const json::value* const silent = object == nullptr ? nullptr : object->if_contains("silent");
  if (silent == nullptr || !silent->is_array()) return fail(Fault::corrupt, "silent is no list");
  for (const auto& one : silent->get_array()) {
    if (!one.is_string()) return fail(Fault::corrupt, "silent holds no text");
    const std::string path(one.get_string());
    if (paths_.count(path) > 0) vantage.told.insert(path);
  }
  return {};
}

Result<void> Paths::restore(const std::map<std::string, std::string>& stored) {
  for (const auto& [key, text] : stored) {
    const std::string name = key.substr(key.find('/') + 1);
    if (const auto path = paths_.find(name); key.starts_with("path/") && path != paths_.end()) {
      if (auto loaded = load(path->second, text); !loaded) return fail_while("path " + name, loaded.error());
    }
    if (const auto vantage = vantages_.find(name);
        key.starts_with("vantage/") && vantage != vantages_.end()) {
      if (auto loaded = load(vantage->second, text); !loaded)
        return fail_while("vantage " + name, loaded.error());
    }
  }
  return {};
}

} // namespace kaden::network
