#include "watcher.h"

#include <algorithm>
#include <boost/json.hpp>

#include "kaden/limits/vcenter.h"

namespace kaden::vcenter {

using source::Looked;
using vim::Answer;
using vim::Failure;
using vim::FaultKind;

namespace {

constexpr const char* state_kind = "source_state";
constexpr const char* alarm_kind = "vcenter_alarm";

constexpr int wait_failures_max = 3; // in a row; then this session only polls

std::string state_key(const Settings& settings) {
  return std::string(source_name) + "/" + settings.name;
}

Failure failure_of(const Error& error) {
  return {FaultKind::other, error.message};
}

AlarmEvent readability_event(const Settings& settings, AlarmState state, WallTime began) {
  const std::string& vcenter = settings.name;
  AlarmEvent event;
  event.source = source_name;
  const std::string_view what = state == AlarmState::ok ? "readable" : "unreadable";
  event.event_id = vcenter + "/" + std::string(what) + "/" + to_iso8601(began);
  event.alarm = vcenter + ": vCenter cannot be read";
  event.state = state;
  event.severity = Severity::critical;
  event.machine = settings.spoken_name.empty() ? vcenter : settings.spoken_name;
  event.labels = {{"vcenter", vcenter}};
  event.say = {
      {Language::ja, "{severity}アラームです。{machine}、vCenterのアラームを読み取れません。"},
      {Language::en, "Kaden, {severity} alarm. {machine}: the alarms of this vCenter cannot be read."}};
  return event;
}

} // namespace

VcenterWatcher::VcenterWatcher(Settings settings, const Ports& ports)
    : settings_(std::move(settings)),
      ports_(ports),
      outbox_(state_key(settings_), ports_.intake, ports_.records),
      session_(settings_, ports_.exchange),
      alarms_(settings_.name, settings_.rules),
      readability_(settings_.unreadable_after) {}

VcenterWatcher::~VcenterWatcher() {
  session_.close();
}

void VcenterWatcher::restore() {
  const auto restored = load();
  if (restored) return;
  alarms_ = Alarms(settings_.name, settings_.rules);
  readability_ = Readability(settings_.unreadable_after);
  restore_trouble_ = restored.error();
}

Result<void> VcenterWatcher::load() {
  const auto states = ports_.records.all(state_kind);
  if (!states) return tl::unexpected(states.error());
  const auto own = states->find(state_key(settings_));
  if (own == states->end()) return {};
  saved_ = own->second;
  const std::string doing = "reading what is stored of vCenter " + settings_.name;
  const auto value = parse_json(own->second);
  if (!value || !value->is_object()) return fail(Fault::corrupt, doing + ": it is no JSON object");
  const Fields fields(value->get_object(), "state");
  const auto uuid = fields.text_or("instance_uuid", limits::vim_id_bytes_max, "");
  if (!uuid) return fail_while(doing, Error{Fault::corrupt, uuid.error().message});
  const auto rounds = fields.integer_or("rounds", 0, INT32_MAX, 0);
  if (!rounds) return fail_while(doing, Error{Fault::corrupt, rounds.error().message});
  const auto readability = fields.object("readability");
  if (!readability || *readability == nullptr)
    return fail(Fault::corrupt, doing + ": readability is missing");
  if (auto restored = readability_.restore(**readability); !restored)
    return fail_while(doing, restored.error());
  const auto all = ports_.records.all(alarm_kind);
  if (!all) return tl::unexpected(all.error());
  std::map<std::string, std::string> stored;
  const std::string prefix = settings_.name + "/";
  for (auto at = all->lower_bound(prefix); at != all->end() && at->first.starts_with(prefix); ++at) {
    stored.emplace(at->first.substr(prefix.size()), at->second);
  }
  return alarms_.restore(*uuid, *rounds, stored);
}

Result<void> VcenterWatcher::store(std::vector<Report> news) {
  std::vector<journal::Records::Change> changes;
  for (auto& [key, value] : alarms_.changed()) {
    changes.push_back({alarm_kind, settings_.name + "/" + key, std::move(value)});
  }
  std::string state = kaden::to_text(json::object{{"instance_uuid", alarms_.instance_uuid()},
                                                  {"rounds", alarms_.rounds()},
                                                  {"readability", readability_.save()}});
  if (state != saved_) changes.push_back({state_kind, state_key(settings_), state});
  if (auto stored = outbox_.store(std::move(changes), std::move(news)); !stored) return stored;
  saved_ = std::move(state);
  return {};
}

Looked VcenterWatcher::look(const std::atomic<bool>& cancelled) {
  Looked left;
  if (!outbox_.tell(left)) return left;
  Looked looked = look_again(cancelled);
  looked.reported += left.reported;
  return looked;
}

Looked VcenterWatcher::look_again(const std::atomic<bool>& cancelled) {
  if (const auto refused = still_refused()) return *refused;
  if (const auto waits = wait_turn(cancelled)) return *waits;
  auto news = read(cancelled);
  // A session ends by itself after half an hour without a question, or when vCenter restarts.
  if (!news && news.error().kind == FaultKind::not_authenticated && !cancelled) {
    session_.forget();
    news = read(cancelled);
  }
  if (!news) return cancelled ? Looked{} : on_failure(news.error());
  login_wait_ = {};
  const Readability before = readability_;
  note_readability(readability_.read(), before, ports_.clock.wall(), "");
  const bool again_soon = look_twice_ && *news == 0;
  look_twice_ = false;
  next_read_ = ports_.clock.steady() + (again_soon ? seconds(1) : settings_.poll);
  Looked looked{.again_in = limits::vcenter_reads_apart};
  if (!outbox_.tell(looked)) return looked;
  acknowledge(cancelled);
  looked.trouble = std::exchange(restore_trouble_, std::nullopt);
  if (!acknowledge_trouble_.empty()) looked.trouble = Error{Fault::denied, acknowledge_trouble_};
  return looked;
}

std::optional<Looked> VcenterWatcher::wait_turn(const std::atomic<bool>& cancelled) {
  const SteadyTime now = ports_.clock.steady();
  if (!session_.is_open() || now >= next_read_) return std::nullopt;
  const Millis rest = std::min(next_read_ - now, limits::vcenter_wait_max);
  Looked looked;
  if (!acknowledge_trouble_.empty()) looked.trouble = Error{Fault::denied, acknowledge_trouble_};
  if (session_.can_wait()) {
    const auto woken = session_.wait(rest, &cancelled);
    if (!woken) {
      if (++wait_failures_ >= wait_failures_max) session_.stop_waiting();
      return std::nullopt; // the reading says what is wrong
    }
    wait_failures_ = 0;
    if (*woken) {
      look_twice_ = true;
      return std::nullopt;
    }
  } else {
    looked.again_in = rest;
  }
  acknowledge(cancelled);
  return looked;
}

Answer<std::size_t> VcenterWatcher::read(const std::atomic<bool>& cancelled) {
  if (auto opened = session_.open(ports_.clock.wall(), &cancelled); !opened)
    return tl::unexpected(opened.error());
  const auto states = session_.triggered(&cancelled);
  if (!states) return tl::unexpected(states.error());
  const Alarms before = alarms_;
  auto news = take(*states, cancelled);
  if (!news) alarms_ = before; // what could not be stored is news again
  return news;
}

Answer<std::size_t> VcenterWatcher::take(const std::vector<vim::AlarmState>& states,
                                         const std::atomic<bool>& cancelled) {
  if (session_.content().instance_uuid != alarms_.instance_uuid()) names_.clear(); // other objects, same ids
  std::vector<Report> reports = alarms_.begin_with(session_.content().instance_uuid);
  const auto fresh = alarms_.unknown(states);
  if (auto learned = names_.learn(session_, fresh, ports_.clock.steady(), &cancelled); !learned) {
    return tl::unexpected(learned.error());
  }
  const auto owned = ports_.intake.who_took(source_, alarms_.names());
  if (!owned) return tl::unexpected(failure_of(owned.error()));
  const std::vector<Report> news = alarms_.take(states, names_, *owned);
  reports.insert(reports.end(), news.begin(), news.end());
  const std::size_t count = reports.size();
  if (auto stored = store(std::move(reports)); !stored) return tl::unexpected(failure_of(stored.error()));
  return count;
}

void VcenterWatcher::acknowledge(const std::atomic<bool>& cancelled) {
  const auto open = alarms_.open();
  std::erase_if(sent_, [&](const auto& each) { return open.count(each.first) == 0; });
  if (open.empty()) acknowledge_trouble_.clear();
  if (!settings_.acknowledge || open.empty() || !session_.is_open()) return;
  std::vector<std::string> names;
  names.reserve(open.size());
  for (const auto& [name, what] : open) names.push_back(name);
  const auto owned = ports_.intake.who_took(source_, names);
  if (!owned) return; // asked again in a moment
  if (owned->empty()) acknowledge_trouble_.clear();
  std::size_t count = 0;
  for (const auto& [name, by] : *owned) {
    const auto what = open.find(name);
    if (what == open.end() || cancelled || count >= limits::vcenter_acknowledged_per_look) continue;
    const WallTime now = ports_.clock.wall();
    const auto sent = sent_.find(name);
    if (sent != sent_.end() && now >= sent->second && now - sent->second < settings_.poll) continue;
    ++count;
    sent_[name] = now;
    const auto done = session_.acknowledge(what->second.alarm, what->second.entity, &cancelled);
    if (done || done.error().kind == FaultKind::not_found) {
      acknowledge_trouble_.clear();
      next_read_ = ports_.clock.steady();
    } else if (done.error().kind == FaultKind::not_authenticated) {
      return;
    } else {
      acknowledge_trouble_ = "acknowledging in vCenter " + settings_.name + ": " + done.error().message;
    }
  }
}

Looked VcenterWatcher::on_failure(const Failure& failure) {
  const bool is_locked_out = failure.kind == FaultKind::invalid_login;
  const WallTime now = ports_.clock.wall();
  const Readability before = readability_;
  Readability::Change change = readability_.failed(now);
  if (is_locked_out && change == Readability::Change::none && !readability_.is_told()) {
    change = readability_.failed(now + settings_.unreadable_after);
  }
  const std::string why = "vCenter " + settings_.name + ": " + failure.message;
  const Error trouble{is_locked_out ? Fault::denied : Fault::unavailable, why};
  if (is_locked_out) refused_ = Refused{ports_.clock.steady() + limits::vcenter_locked_wait, trouble};
  note_readability(change, before, now, why);
  Looked looked{.trouble = trouble, .again_in = is_locked_out ? limits::vcenter_locked_wait : wait_after()};
  outbox_.tell(looked);
  return looked;
}

// A password does not become right by waiting, and each try with it counts towards a lock-out. A reload of
// the configuration makes a new watcher, which tries at once.
std::optional<Looked> VcenterWatcher::still_refused() {
  if (!refused_) return std::nullopt;
  if (ports_.clock.steady() < refused_->until) {
    return Looked{.trouble = refused_->error, .again_in = refused_->until - ports_.clock.steady()};
  }
  refused_.reset();
  return std::nullopt;
}

Millis VcenterWatcher::wait_after() {
  login_wait_ = std::clamp(login_wait_ * 2, limits::vcenter_login_wait_min, limits::vcenter_login_wait_max);
  return login_wait_;
}

// When it became unreadable is stored as well, so that a restart does not begin the wait anew. An event that
// could not be stored is made again after the next look: the state goes back.
void VcenterWatcher::note_readability(Readability::Change change, const Readability& before, WallTime now,
                                      const std::string& why) {
  if (change == Readability::Change::none) {
    static_cast<void>(store({})); // or with the next look
    return;
  }
  const bool is_unreadable = change == Readability::Change::unreadable;
  const WallTime began = (is_unreadable ? readability_ : before).failing_since().value_or(now);
  AlarmEvent event = readability_event(settings_, is_unreadable ? AlarmState::alarm : AlarmState::ok, began);
  event.reason = is_unreadable ? std::string(cut_utf8(why, 1'000)) : "read again";
  if (!store({{std::move(event)}})) readability_ = before;
}

std::unique_ptr<source::Watcher> watch_vcenter(Settings settings, const Ports& ports) {
  auto watcher = std::make_unique<VcenterWatcher>(std::move(settings), ports);
  watcher->restore();
  return watcher;
}

} // namespace kaden::vcenter
