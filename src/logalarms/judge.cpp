// The state machine of a log's alarms.
#include <fmt/format.h>

#include <algorithm>

#include "alarm_words.h"
#include "compiled_rule.h"
#include "kaden/limits/alarm_events.h"
#include "kaden/log_alarms.h"
#include "kaden/old_alarm_log.h"

namespace kaden::logalarms {

namespace {

constexpr std::size_t name_bytes_max = 4'096;

struct Active {
  std::string rule; ///< id
  std::string machine;
  std::map<std::string, std::string> labels; ///< without the line
  WallTime last{};                           ///< match of `raise`
  WallTime told_at{};
  bool told = false;
  std::string line;   ///< until it is told
  WallTime over_at{}; ///< of one that flaps and was cleared; the beginning of time: it was not
};

/// How often an alarm was raised lately.
struct Raises {
  WallTime since{};
  std::size_t count = 0;
};

json::object object_of(const std::map<std::string, std::string>& texts) {
  json::object object;
  for (const auto& [name, value] : texts) object.emplace(name, value);
  return object;
}

json::value to_json(const std::string& alarm, const Active& active) {
  return json::object{{"alarm", alarm},
                      {"rule", active.rule},
                      {"machine", active.machine},
                      {"labels", object_of(active.labels)},
                      {"last", to_ms(active.last)},
                      {"told_at", to_ms(active.told_at)},
                      {"told", active.told},
                      {"line", active.line},
                      {"over_at", to_ms(active.over_at)}};
}

Result<std::pair<std::string, Active>> active_from(const json::value& value) {
  const json::object* object = value.if_object();
  if (object == nullptr) return fail(Fault::corrupt, "active[]: is not an object");
  const Fields fields(*object, "active[]");
  constexpr std::int64_t time_max = std::int64_t{1} << 53;
  auto alarm = fields.text("alarm", name_bytes_max);
  auto rule = fields.text("rule", name_bytes_max);
  auto machine = fields.text_or("machine", name_bytes_max, "");
  auto line = fields.text_or("line", name_bytes_max, "");
  auto labels = fields.text_map("labels", 4 * limits::labels_max, name_bytes_max);
  const auto last = fields.integer("last", 0, time_max);
  const auto told_at = fields.integer("told_at", 0, time_max);
  const auto over_at = fields.integer_or("over_at", 0, time_max, 0);
  const auto told = fields.flag_or("told", true);
  for (const auto* text : {&alarm, &rule, &machine, &line}) {
    if (!*text) return fail(Fault::corrupt, text->error().message);
  }
  for (const auto* number : {&last, &told_at, &over_at}) {
    if (!*number) return fail(Fault::corrupt, number->error().message);
  }
  if (!labels) return fail(Fault::corrupt, labels.error().message);
  if (!told) return fail(Fault::corrupt, told.error().message);
  return std::pair(std::move(*alarm),
                   Active{std::move(*rule), std::move(*machine), std::move(*labels), wall_time(*last),
                          wall_time(*told_at), *told, std::move(*line), wall_time(*over_at)});
}

} // namespace

struct Judge::Impl {
  Impl(Settings settings_in, std::vector<CompiledRule> compiled_in, WallTime now)
      : settings(std::move(settings_in)), compiled(std::move(compiled_in)), begun(now) {}

  const Rule* rule_of(const std::string& id) const;
  AlarmEvent event_of(const std::string& alarm, const Active& active, AlarmState state, std::string reason);
  AlarmEvent tell(const std::string& alarm, Active& active, WallTime now);
  void raise(std::size_t index, const Seen& seen, WallTime now, std::vector<AlarmEvent>& out);
  void clear(std::size_t index, const Seen& seen, WallTime now, std::vector<AlarmEvent>& out);
  void note_raise(const std::string& alarm, WallTime now);
  bool is_flapping(const std::string& alarm, WallTime now) const;

  // Config
  const Settings settings;
  const std::vector<CompiledRule> compiled; // as settings.rules
  // State
  WallTime begun; ///< with `next` the event ids
  std::uint64_t next = 1;
  std::map<std::string, Active> active; // by the alarm's name
  std::map<std::string, Raises> raises; // by the alarm's name; of the last limits::log_flap_window
  bool is_catching_up = false;
  Counts counts;
};

const Rule* Judge::Impl::rule_of(const std::string& id) const {
  const auto found = std::find_if(settings.rules.begin(), settings.rules.end(),
                                  [&](const Rule& rule) { return rule.id == id; });
  return found == settings.rules.end() ? nullptr : &*found;
}

AlarmEvent Judge::Impl::event_of(const std::string& alarm, const Active& one, AlarmState state,
                                 std::string reason) {
  const Rule* const rule = rule_of(one.rule);
  AlarmEvent event;
  event.source = source_name;
  event.event_id = fmt::format("{}/{}/{}", settings.log, to_ms(begun), next++);
  event.alarm = alarm;
  event.state = state;
  event.severity = rule == nullptr ? Severity::info : rule->severity;
  event.machine = one.machine;
  event.reason = std::move(reason);
  event.labels = one.labels;
  event.say = say_of(rule == nullptr ? Rule{} : *rule, state, !one.machine.empty());
  return event;
}

AlarmEvent Judge::Impl::tell(const std::string& alarm, Active& one, WallTime now) {
  AlarmEvent event = event_of(alarm, one, AlarmState::alarm, one.line);
  event.labels["line"] = one.line;
  one.told = true;
  one.told_at = now;
  one.line.clear();
  return event;
}

void Judge::Impl::raise(std::size_t index, const Seen& seen, WallTime now, std::vector<AlarmEvent>& out) {
  const Rule& rule = settings.rules[index];
  const auto keys = compiled[index].keys_of_raise(seen);
  if (!keys) return;
  ++counts.raising;
  const std::string alarm = alarm_name(settings, rule, *keys);
  auto found = active.find(alarm);
  if (found == active.end()) {
    if (active.size() >= limits::log_active_max) {
      ++counts.shed;
      return;
    }
    found = active.emplace(alarm, Active{}).first;
    found->second.rule = rule.id;
    note_raise(alarm, now);
  }
  Active& one = found->second;
  one.over_at = {};
  one.last = std::max(one.last, std::min(seen.record().at, now));
  const bool is_due = one.told && rule.repeat > Millis(0) && now - one.told_at >= rule.repeat;
  if (one.told && !is_due) return;
  one.machine =
      seen.record().host.empty() ? settings.machine : one_line(seen.record().host, limits::machine_bytes_max);
  one.labels = labels_of(settings, rule, seen.record(), *keys);
  one.line = one.labels.extract("line").mapped();
  if (!is_catching_up) out.push_back(tell(alarm, one, now));
}

void Judge::Impl::note_raise(const std::string& alarm, WallTime now) {
  constexpr std::size_t most = 4 * limits::log_active_max;
  if (raises.size() >= most && raises.count(alarm) == 0) return;
  Raises& lately = raises[alarm];
  if (now - lately.since >= limits::log_flap_window || now < lately.since) lately = {now, 0};
  ++lately.count;
}

bool Judge::Impl::is_flapping(const std::string& alarm, WallTime now) const {
  const auto found = raises.find(alarm);
  return found != raises.end() && now - found->second.since < limits::log_flap_window &&
         found->second.count >= limits::log_flap_raises;
}

void Judge::Impl::clear(std::size_t index, const Seen& seen, WallTime now, std::vector<AlarmEvent>& out) {
  const Rule& rule = settings.rules[index];
  const auto keys = compiled[index].keys_of_clear(seen);
  if (!keys) return;
  const auto found = active.find(alarm_name(settings, rule, *keys));
  if (found == active.end()) return;
  if (found->second.told && is_flapping(found->first, now)) {
    found->second.over_at = now + limits::log_flap_hold;
    ++counts.held;
    return;
  }
  ++counts.clearing;
  if (found->second.told) {
    out.push_back(event_of(found->first, found->second, AlarmState::ok,
                           one_line(seen.record().text, limits::log_line_bytes_max)));
  }
  active.erase(found);
}

Judge::Judge(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Judge::~Judge() = default;
Judge::Judge(Judge&& other) noexcept = default;
Judge& Judge::operator=(Judge&& other) noexcept = default;

Result<Judge> Judge::make(Settings settings, WallTime now) {
  std::vector<CompiledRule> compiled;
  for (const Rule& rule : settings.rules) {
    auto made = CompiledRule::make(rule);
    if (!made) return tl::unexpected(made.error());
    compiled.push_back(std::move(*made));
  }
  return Judge(std::make_unique<Impl>(std::move(settings), std::move(compiled), now));
}

std::vector<AlarmEvent> Judge::take(const Record& record, WallTime now) {
  std::vector<AlarmEvent> out;
  ++impl_->counts.records;
  if (is_of_old_alarm_log(record.text)) {
    ++impl_->counts.definitions;
    return out;
  }
  const Seen seen(record);
  for (std::size_t i = 0; i < impl_->compiled.size(); ++i) {
    if (impl_->compiled[i].raises(seen)) {
      impl_->raise(i, seen, now, out);
    } else if (impl_->compiled[i].clears(seen)) {
      impl_->clear(i, seen, now, out);
    }
  }
  return out;
}

std::vector<AlarmEvent> Judge::step(WallTime now) {
  std::vector<AlarmEvent> out;
  for (auto at = impl_->active.begin(); at != impl_->active.end();) {
    Active& one = at->second;
    const Rule* const rule = impl_->rule_of(one.rule);
    one.last = std::min(one.last, now); // the wall clock may step back
    one.told_at = std::min(one.told_at, now);
    one.over_at = std::min(one.over_at, now + limits::log_flap_hold);
    const bool is_held_out = one.over_at != WallTime{} && now >= one.over_at;
    const bool is_quiet = rule != nullptr && rule->quiet > Millis(0) && now - one.last >= rule->quiet;
    if (rule != nullptr && !is_quiet && !is_held_out) {
      ++at;
      continue;
    }
    if (one.told) {
      out.push_back(impl_->event_of(at->first, one, AlarmState::ok,
                                    rule == nullptr ? "the rule is no longer in the configuration"
                                    : is_held_out
                                        ? "it flapped, and was clear for " + to_words(limits::log_flap_hold)
                                        : "no such line for " + to_words(rule->quiet)));
    }
    at = impl_->active.erase(at);
  }
  std::erase_if(impl_->raises,
                [&](const auto& each) { return now - each.second.since >= limits::log_flap_window; });
  return out;
}

void Judge::catch_up() {
  impl_->is_catching_up = true;
}

std::vector<AlarmEvent> Judge::caught_up(WallTime now) {
  if (!impl_->is_catching_up) return {};
  impl_->is_catching_up = false;
  std::vector<AlarmEvent> out = step(now);
  for (auto& [alarm, one] : impl_->active) {
    if (!one.told || !one.line.empty()) out.push_back(impl_->tell(alarm, one, now));
  }
  return out;
}

void Judge::was_deaf(WallTime now) {
  for (auto& [alarm, one] : impl_->active) one.last = now;
}

json::value Judge::save() const {
  json::array all;
  for (const auto& [alarm, one] : impl_->active) all.push_back(to_json(alarm, one));
  return json::object{{"begun", to_ms(impl_->begun)}, {"next", impl_->next}, {"active", std::move(all)}};
}

Result<void> Judge::restore(const json::value& saved) {
  const json::object* const object = saved.if_object();
  if (object == nullptr) return fail(Fault::corrupt, "a log's alarms are not an object");
  const Fields fields(*object, "");
  constexpr std::int64_t most = std::int64_t{1} << 53;
  const auto begun = fields.integer("begun", 0, most);
  const auto next = fields.integer("next", 1, most);
  const auto list = fields.array("active");
  if (!begun) return fail(Fault::corrupt, begun.error().message);
  if (!next) return fail(Fault::corrupt, next.error().message);
  if (!list || *list == nullptr) return fail(Fault::corrupt, "active: is no list");
  std::map<std::string, Active> active;
  for (const json::value& value : **list) {
    auto one = active_from(value);
    if (!one) return tl::unexpected(one.error());
    if (active.size() >= limits::log_active_max) return fail(Fault::corrupt, "active: has too many");
    active.insert_or_assign(std::move(one->first), std::move(one->second));
  }
  impl_->begun = wall_time(*begun);
  impl_->next = static_cast<std::uint64_t>(*next);
  impl_->active = std::move(active);
  return {};
}

const Counts& Judge::counts() const {
  return impl_->counts;
}
std::size_t Judge::active() const {
  return impl_->active.size();
}
bool Judge::sees_json() const {
  return std::any_of(impl_->compiled.begin(), impl_->compiled.end(),
                     [](const CompiledRule& rule) { return rule.sees_json(); });
}

} // namespace kaden::logalarms
