// What is news of the readings: rounds, views, paths.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "kaden/limits/alarm_events.h"
#include "kaden/network_paths.h"

namespace kaden::network {

namespace {

constexpr double clear_share = 0.9;    // of a threshold; below it loss and latency are over
constexpr double very_soon_days = 3;   // left of a certificate
constexpr Millis jitter = Millis(250); // of the way to us, beside a quarter of the time between two readings

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

/// Without reason and words.
AlarmEvent certificate_event(const std::string& path, const std::string& probe, const std::string& vantage,
                             int expiring, WallTime now) {
  AlarmEvent event;
  event.source = source_name;
  const std::string thing = path + "/" + probe + "/" + vantage;
  event.alarm = cut("certificate " + thing, limits::alarm_name_bytes_max);
  event.event_id = cut("certificate/" + std::to_string(expiring) + "/" + to_iso8601(now) + "/" + thing,
                       limits::event_id_bytes_max);
  event.state = expiring == 0 ? AlarmState::ok : AlarmState::alarm;
  event.severity = expiring == 2 ? Severity::error : Severity::warning;
  event.machine = cut(probe, limits::machine_bytes_max);
  event.labels = {{"path", path}, {"probe", probe}, {"seen_from", vantage}, {"trouble", "certificate"}};
  return event;
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
  if (reading.days_to_expiry) view.days_to_expiry = reading.days_to_expiry;
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

bool Paths::is_end(const Path& path, const std::string& vantage) {
  const auto& ends = path.settings.ends;
  return std::find(ends.begin(), ends.end(), vantage) != ends.end();
}

Result<void> Paths::take(const Reading& reading, WallTime now, SteadyTime steady) {
  const auto found = paths_.find(reading.path);
  if (found == paths_.end()) return fail(Fault::not_found, "no path is called " + reading.path);
  Path& path = found->second;
  if (!is_end(path, reading.vantage))
    return fail(Fault::not_found, reading.vantage + " is no end of the path " + reading.path);
  const WallTime at = std::min(reading.at, now); // a clock that is ahead must not silence what comes after
  if (now - at > silent_after_) return {};       // history, of a queue that was stuck
  View& view = path.views[{reading.vantage, reading.probe}];
  if (at <= view.at && view.at <= now) return {}; // a repeat, or overtaken; else our clock has stepped back
  const Millis lag = now - reading.at;
  view.is_live = is_live(view, reading, lag, steady);
  if (view.is_settled) view.unsettled = steady;
  view.is_settled = false;
  view.at = at;
  view.lag = lag;
  view.heard = steady;
  hear(reading, steady);
  judge(view, path.settings, reading);
  touched_["path/" + path.settings.id] = true;
  return {};
}

/// Whether it comes in its own time, and is not one of many that were kept: those come late, and then faster
/// than they were made. The lag itself says little, for it has the difference of two clocks in it.
bool Paths::is_live(const View& view, const Reading& reading, Millis lag, SteadyTime steady) const {
  if (reading.vantage == own_.vantage) return true;
  if (view.heard == SteadyTime{} || view.at == WallTime{})
    return lag <= limits::backlog_settles && lag >= -limits::backlog_settles;
  const Millis apart = view.lag + (steady - view.heard) - lag; // by the vantage point's own clock
  const Millis change = lag - view.lag;
  const Millis most = jitter + std::max(apart, Millis(0)) / 4;
  return change <= most && change >= -most;
}

void Paths::settle(Path& path, WallTime now, SteadyTime steady, std::vector<AlarmEvent>& out) {
  for (auto& [key, view] : path.views) {
    const bool is_over = view.is_live || steady - view.heard >= limits::backlog_settles ||
                         steady - view.unsettled >= limits::backlog_lasts;
    if (view.is_settled || !is_over) continue;
    view.is_settled = true;
    if (view.is_down && view.shown != Trouble::down && view.failed_in_row == 0) {
      // Down and up again in a backlog: that was before, and nobody is called for it.
      view.is_down = view.is_lossy = view.is_slow = false;
      view.rounds.clear();
    }
    view.shown = view.worst();
    tell_certificate(path, key, view, now, out);
  }
}

void Paths::hear(const Reading& reading, SteadyTime steady) {
  const auto found = vantages_.find(reading.vantage);
  if (found == vantages_.end() || reading.vantage == own_.vantage) return;
  found->second.heard[reading.path] = steady;
  found->second.silent.erase(reading.path);
}

bool Paths::is_silent(const std::string& vantage, const std::string& path) const {
  const auto found = vantages_.find(vantage);
  return found != vantages_.end() && found->second.silent.count(path) > 0;
}

void Paths::tell_path(Path& path, WallTime now, std::vector<AlarmEvent>& out) {
  std::map<std::string, Trouble> seen;
  for (const auto& [key, view] : path.views) {
    if (view.shown == Trouble::none) continue;
    Trouble& of_vantage = seen[key.first];
    of_vantage = std::max(of_vantage, view.shown);
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
  touched_["path/" + path.settings.id] = true;
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
    if (view.shown == Trouble::none) continue;
    const Figures mine = figures_of(view);
    figures.loss_percent = std::max(figures.loss_percent, mine.loss_percent);
    figures.latency_ms = std::max(figures.latency_ms, mine.latency_ms);
    reason += fmt::format("{}{} {}: {}{}", reason.empty() ? "" : "; ", key.first, key.second,
                          to_text(view.shown), view.reason.empty() ? "" : " (" + view.reason + ")");
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

void Paths::tell_certificate(Path& path, const std::pair<std::string, std::string>& key, View& view,
                             WallTime now, std::vector<AlarmEvent>& out) {
  if (!view.days_to_expiry) return; // it was not seen: nothing is known of it
  const auto& [vantage, probe] = key;
  const double days = *view.days_to_expiry;
  const int expiring = days >= path.settings.expiry_days ? 0 : days >= very_soon_days ? 1 : 2;
  if (expiring == view.expiring) return;
  view.expiring = expiring;
  touched_["path/" + path.settings.id] = true;
  AlarmEvent event = certificate_event(path.settings.id, probe, vantage, expiring, now);
  event.reason = fmt::format("the certificate ends in {:.1f} days, seen from {}", days, vantage);
  event.labels["days"] = number(std::max(0.0, std::floor(days)));
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
  const bool is_over = vantage.silent.empty();
  const std::string of = joined({vantage.silent.begin(), vantage.silent.end()});
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
    if (view.expiring > 0) gone_certificates_.push_back({path.settings.id, at->first.second, vantage});
    at = path.views.erase(at);
  }
}

void Paths::tell_silence(SteadyTime steady, WallTime now, std::vector<AlarmEvent>& out) {
  for (auto& [name, vantage] : vantages_) {
    for (const auto& [id, path] : paths_) {
      if (name == own_.vantage || !is_end(path, name)) continue;
      const SteadyTime heard = vantage.heard.try_emplace(id, steady).first->second;
      if (steady - heard >= silent_after_) vantage.silent.insert(id);
    }
    if (vantage.silent == vantage.told) continue;
    out.push_back(vantage_event(name, vantage, now));
    vantage.told = vantage.silent;
    touched_["vantage/" + name] = true;
  }
}

/// What was told of things that the settings, or an agent's, no longer have.
void Paths::tell_gone(WallTime now, std::vector<AlarmEvent>& out) {
  for (const std::string& id : std::exchange(gone_, {})) {
    AlarmEvent over;
    over.source = source_name;
    over.event_id = cut("path/" + id + "/gone/" + to_iso8601(now), limits::event_id_bytes_max);
    over.alarm = "path " + id;
    over.state = AlarmState::ok;
    over.machine = cut(id, limits::machine_bytes_max);
    over.reason = "it is no longer watched";
    over.labels = {{"path", id}};
    out.push_back(std::move(over));
  }
  for (const Certificate& each : std::exchange(gone_certificates_, {})) {
    AlarmEvent over = certificate_event(each.path, each.probe, each.vantage, 0, now);
    over.reason = "it is no longer looked at";
    out.push_back(std::move(over));
  }
}

std::vector<AlarmEvent> Paths::tell(WallTime now, SteadyTime steady) {
  std::vector<AlarmEvent> out;
  tell_silence(steady, now, out);
  for (auto& [id, path] : paths_) {
    forget_stopped(path, steady);
    settle(path, now, steady, out);
    tell_path(path, now, out);
  }
  tell_gone(now, out);
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
                                 {"shown", to_text(view.shown)},
                                 {"expiring", view.expiring}});
  }
  return kaden::to_text(json::object{{"views", std::move(views)}});
}

std::map<std::string, std::optional<std::string>> Paths::changed() {
  std::map<std::string, std::optional<std::string>> out;
  for (const auto& [key, is_touched] : touched_) {
    static_cast<void>(is_touched);
    const std::string name = key.substr(key.find('/') + 1);
    if (key.starts_with("path/")) {
      const auto path = paths_.find(name);
      out[key] = path == paths_.end() ? std::nullopt : std::optional(save(path->second));
      continue;
    }
    const std::set<std::string>& of = vantages_.at(name).told;
    json::array told;
    for (const std::string& path : of) told.emplace_back(path);
    out[key] =
        of.empty() ? std::nullopt : std::optional(kaden::to_text(json::object{{"silent", std::move(told)}}));
  }
  touched_.clear();
  return out;
}

Result<void> Paths::load(Path& path, const std::string& text) {
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
    const auto shown = members.text_or("shown", 16, "");
    const auto expiring = members.integer_or("expiring", 0, 2, 0);
    if (!vantage || !probe || !down || !lossy || !slow || !shown || !expiring)
      return fail(Fault::corrupt, "a member of path.views is missing");
    View view;
    view.is_down = *down;
    view.is_lossy = *lossy;
    view.is_slow = *slow;
    view.expiring = static_cast<int>(*expiring);
    view.shown = view.worst(); // an older Kaden stored nothing else
    for (const Trouble each : {Trouble::none, Trouble::latency, Trouble::loss, Trouble::down}) {
      if (*shown == to_text(each)) view.shown = each;
    }
    if (view.shown != Trouble::none) {
      Trouble& told = path.told[*vantage];
      told = std::max(told, view.shown);
    }
    // The rest of what is stored is only so old as the settings: what is no longer probed is not in trouble.
    const bool is_gone = !is_end(path, *vantage) ||
                         (*vantage == own_.vantage && own_.probes.count({path.settings.id, *probe}) == 0);
    if (is_gone && view.expiring > 0) gone_certificates_.push_back({path.settings.id, *probe, *vantage});
    if (is_gone) touched_["path/" + path.settings.id] = true;
    if (!is_gone) path.views[{*vantage, *probe}] = std::move(view);
  }
  return {};
}

Result<void> Paths::load(Vantage& vantage, const std::string& name, const std::string& text) const {
  const auto value = parse_json(text);
  const json::object* const object = value ? value->if_object() : nullptr;
  const json::value* const silent = object == nullptr ? nullptr : object->if_contains("silent");
  if (silent == nullptr || !silent->is_array()) return fail(Fault::corrupt, "silent is no list");
  for (const auto& one : silent->get_array()) {
    if (!one.is_string()) return fail(Fault::corrupt, "silent holds no text");
    const std::string id(one.get_string());
    vantage.told.insert(id);
    const auto path = paths_.find(id);
    if (name != own_.vantage && path != paths_.end() && is_end(path->second, name)) vantage.silent.insert(id);
  }
  return {};
}

Result<void> Paths::restore(const std::map<std::string, std::string>& stored) {
  for (const auto& [key, text] : stored) {
    const std::string name = key.substr(key.find('/') + 1);
    Result<void> loaded;
    if (key.starts_with("path/") && paths_.count(name) > 0) {
      loaded = load(paths_.at(name), text);
    } else if (key.starts_with("path/")) {
      Path gone; // nobody is an end of it
      gone.settings.id = name;
      static_cast<void>(load(gone, text)); // of what cannot be read nothing was told that is known
      if (!gone.told.empty()) gone_.insert(name);
      touched_[key] = true;
    } else if (key.starts_with("vantage/")) {
      const bool is_watched = vantages_.count(name) > 0;
      loaded = load(vantages_[name], name, text);
      if (!is_watched) loaded = {};
    }
    if (!loaded) return fail_while(key, loaded.error());
  }
  return {};
}

} // namespace kaden::network
