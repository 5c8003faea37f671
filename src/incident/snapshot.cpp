// The state at one position, exactly: restore(snapshot()) behaves as the engine that made it, byte for byte.
// Form: a line that names it, SHA-256 of the rest, the rest packed. What can be derived is not stored but
// made again, and whatever does not fit together is refused.
#include <algorithm>
#include <boost/json.hpp>

#include "clean.h"
#include "config_codec.h"
#include "engine_impl.h"

#include "kaden/limits/engine.h"

namespace kaden::incident {

namespace {

constexpr std::string_view form = "kaden incidents 1\n";

void save_time(Packer& out, const std::optional<WallTime>& at) {
  out.flag(at.has_value());
  if (at) out.time(*at);
}
std::optional<WallTime> restore_time(Unpacker& in) {
  if (!in.flag()) return std::nullopt;
  return in.time();
}

using TextPlaces = std::map<const SpokenText*, std::uint64_t>;

void save_alarm(Packer& out, const Alarm& alarm, const TextPlaces& places) {
  out.word(alarm.state);
  out.word(alarm.severity);
  // Was a flag before there were `taken` and `triage`.
  out.number((alarm.active ? 1U : 0U) + (alarm.taken ? 2U : 0U) + (alarm.triage != nullptr ? 4U : 0U));
  out.time(alarm.since);
  out.number(alarm.say ? places.at(alarm.say) + 1 : 0);
  if (alarm.triage != nullptr) out.number(places.at(alarm.triage));
  out.text(alarm.packed.view());
}

bool restore_alarm(Unpacker& in, Alarm& alarm, const std::vector<SpokenText>& says, TextPool& texts) {
  alarm.state = in.word(AlarmState::insufficient_data);
  alarm.severity = in.word(Severity::critical);
  const std::uint64_t flags = in.number(7);
  alarm.active = (flags & 1U) != 0;
  alarm.taken = (flags & 2U) != 0;
  alarm.since = in.time();
  const std::uint64_t say = in.number(says.size());
  if (say > 0) alarm.say = texts.share(says[static_cast<std::size_t>(say - 1)]);
  if ((flags & 4U) != 0) {
    const std::uint64_t triage = in.number();
    if (in.bad() || triage >= says.size()) return false;
    alarm.triage = texts.share(says[static_cast<std::size_t>(triage)]);
  }
  const std::string_view packed = in.text();
  alarm.packed.assign(packed);
  Unpacker words(packed);
  std::size_t count = 0;
  for (; !words.done(); ++count) {
    if (!is_valid_utf8(words.text())) return false;
  }
  return !in.bad() && !words.bad() && count >= 4 && count % 2 == 0;
}

void save_ending(Packer& out, const Ending* ending) {
  out.flag(ending != nullptr);
  if (ending == nullptr) return;
  save_time(out, ending->acknowledged_at);
  save_time(out, ending->resolved_at);
  out.text(ending->acknowledged_by);
  out.text(ending->resolved_by);
}

std::unique_ptr<Ending> restore_ending(Unpacker& in) {
  if (!in.flag()) return nullptr;
  auto ending = std::make_unique<Ending>();
  ending->acknowledged_at = restore_time(in);
  ending->resolved_at = restore_time(in);
  ending->acknowledged_by = in.text();
  ending->resolved_by = in.text();
  return ending;
}

void save_call(Packer& out, const CallEntry& entry) {
  const Call& call = entry.second;
  out.text(entry.first);
  out.number(call.incident);
  out.text(call.person);
  out.text(call.method.carrier);
  out.text(call.method.address);
  out.number(call.method_index);
  out.time(call.placed_at);
  out.word(call.progress);
  out.flag(call.answered);
  out.flag(call.recovering);
  out.flag(call.told_to_end);
  out.number(call.verdict ? static_cast<std::uint64_t>(*call.verdict) + 1 : 0);
  out.text(call.dialog.remote_tag);
  out.text(call.dialog.remote_target);
  out.number(call.dialog.routes.size());
  for (const std::string& route : call.dialog.routes) out.text(route);
  out.number(call.dialog.invite_cseq);
  out.text(call.words);
}

std::string restore_call(Unpacker& in, Call& call) {
  std::string id(in.text());
  call.incident = in.number();
  call.person = in.text();
  call.method.carrier = in.text();
  call.method.address = in.text();
  call.method_index = static_cast<std::size_t>(in.number(UINT16_MAX));
  call.placed_at = in.time();
  call.progress = in.word(Progress::heard);
  call.answered = in.flag();
  call.recovering = in.flag();
  call.told_to_end = in.flag();
  const std::uint64_t verdict = in.number(static_cast<std::uint64_t>(Verdict::not_recorded) + 1);
  if (verdict > 0) call.verdict = static_cast<Verdict>(verdict - 1);
  call.dialog.remote_tag = in.text();
  call.dialog.remote_target = in.text();
  const std::size_t routes = in.count();
  for (std::size_t i = 0; i < routes && !in.bad(); ++i) call.dialog.routes.emplace_back(in.text());
  call.dialog.invite_cseq = static_cast<std::uint32_t>(in.number(UINT32_MAX));
  call.words = in.text();
  return id;
}

void save_texts(Packer& out, const TextPool& texts, TextPlaces& places) {
  out.number(texts.all().size());
  for (const auto& [text, uses] : texts.all()) {
    places.emplace(&text, places.size());
    out.number(text.size());
    for (const auto& [language, template_text] : text) {
      out.word(language);
      out.text(template_text);
    }
  }
}

std::vector<SpokenText> restore_texts(Unpacker& in) {
  std::vector<SpokenText> says;
  const std::size_t count = in.count();
  for (std::size_t i = 0; i < count && !in.bad(); ++i) {
    SpokenText text;
    const std::size_t languages = in.count();
    for (std::size_t k = 0; k < languages && !in.bad(); ++k) {
      const auto language = in.word(Language::en);
      text[language] = in.text();
    }
    if (text.empty()) in.spoil();
    says.push_back(std::move(text));
  }
  return says;
}

/// Equal plans once, in the order of their first use: whether they are one object or two does not show.
class PlanTable {
 public:
  explicit PlanTable(const std::map<std::uint64_t, Incident>& incidents) {
    for (const auto& [id, incident] : incidents) {
      if (by_object_.count(incident.plan.get()) > 0) continue;
      std::string text = plan_text(*incident.plan);
      const auto [known, is_new] = by_text_.emplace(std::move(text), by_text_.size());
      if (is_new) texts_.push_back(known->first);
      by_object_.emplace(incident.plan.get(), known->second);
    }
  }
  const std::vector<std::string_view>& texts() const { return texts_; }
  std::uint64_t place(const Plan& plan) const { return by_object_.at(&plan); }

 private:
  std::map<const Plan*, std::uint64_t> by_object_; // looked up only, never walked
  std::map<std::string, std::uint64_t> by_text_;
  std::vector<std::string_view> texts_;
};

void save_incident(Packer& out, const Incident& incident, const PlanTable& plans, const TextPlaces& places) {
  out.number(incident.id);
  save(out, incident.key);
  out.word(incident.state);
  out.word(incident.severity);
  out.flag(incident.is_test);
  out.flag(incident.exhausted);
  out.flag(incident.is_group);
  out.time(incident.opened_at);
  out.number(plans.place(*incident.plan));
  out.flag(incident.run != nullptr);
  if (incident.run) save(out, *incident.run);
  save_ending(out, incident.ending.get());
  out.number(incident.alarms.size());
  for (const Alarm& alarm : incident.alarms) save_alarm(out, alarm, places);
  incident.timeline.save(out);
}

bool restore_incident(Unpacker& in, Incident& incident, const std::vector<std::shared_ptr<const Plan>>& plans,
                      const std::vector<SpokenText>& says, TextPool& texts) {
  incident.id = in.number();
  incident.key = restore_key(in);
  incident.state = in.word(IncidentState::resolved);
  incident.severity = in.word(Severity::critical);
  incident.is_test = in.flag();
  incident.exhausted = in.flag();
  incident.is_group = in.flag();
  incident.opened_at = in.time();
  const std::uint64_t plan = in.number();
  if (in.bad() || plan >= plans.size()) return false;
  incident.plan = plans[static_cast<std::size_t>(plan)];
  if (in.flag()) {
    incident.run = std::make_unique<Run>();
    if (!restore(in, *incident.plan, *incident.run)) return false;
  }
  incident.ending = restore_ending(in);
  const std::size_t alarms = in.count();
  for (std::size_t i = 0; i < alarms && !in.bad(); ++i) {
    Alarm alarm;
    if (!restore_alarm(in, alarm, says, texts)) return false;
    incident.active += alarm.active ? 1 : 0;
    incident.alarms.push_back(std::move(alarm));
  }
  return incident.timeline.restore(in) && !incident.alarms.empty();
}

} // namespace

std::string Engine::Impl::save() const {
  Packer out;
  out.text(kaden::to_text(to_json(config)));
  out.text(installation);
  out.number(last_position);
  out.time(last_at);
  for (const std::uint64_t n : {incidents_ever, calls_ever, exhausted_ever, duplicates_ever}) out.number(n);
  seen.save(out);
  TextPlaces places;
  save_texts(out, texts, places);
  const PlanTable plan_table(incidents);
  out.number(plan_table.texts().size());
  for (const std::string_view text : plan_table.texts()) out.text(text);
  out.number(incidents.size());
  for (const auto& [id, incident] : incidents) save_incident(out, incident, plan_table, places);
  out.number(calls.size());
  for (const CallEntry& call : calls) save_call(out, call);
  out.number(resolved.size());
  for (const std::uint64_t id : resolved) out.number(id);
  save_triage(out);
  return out.take();
}

bool Engine::Impl::restore(std::string_view body) {
  Unpacker in(body);
  const auto config_json = parse_json(in.text());
  if (!config_json) return false;
  auto restored_config = config_from_json(*config_json, "config");
  if (!restored_config) return false;
  config = std::move(*restored_config);
  installation = in.text();
  if (!installation.empty() && !is_installation(installation)) return false;
  last_position = in.number();
  last_at = in.time();
  for (std::uint64_t* n : {&incidents_ever, &calls_ever, &exhausted_ever, &duplicates_ever}) *n = in.number();
  if (last_at < WallTime{} || last_at > limits::wall_time_max || !seen.restore(in)) return false;
  const std::vector<SpokenText> says = restore_texts(in);
  std::vector<std::shared_ptr<const Plan>> plan_list;
  const std::size_t plan_count = in.count();
  for (std::size_t i = 0; i < plan_count && !in.bad(); ++i) {
    plan_list.push_back(plan_from_text(in.text()));
    if (!plan_list.back()) return false;
  }
  const std::size_t incident_count = in.count();
  for (std::size_t i = 0; i < incident_count && !in.bad(); ++i) {
    Incident incident;
    if (!restore_incident(in, incident, plan_list, says, texts)) return false;
    const std::uint64_t id = incident.id;
    const bool rises = incidents.empty() || incidents.rbegin()->first < id;
    if (!rises || id > incidents_ever || !incidents.emplace(id, std::move(incident)).second) return false;
  }
  return restore_calls(in) && derive();
}

bool Engine::Impl::restore_calls(Unpacker& in) {
  const std::size_t call_count = in.count();
  for (std::size_t i = 0; i < call_count && !in.bad(); ++i) {
    Call call;
    std::string id = restore_call(in, call);
    if (!calls.emplace(std::move(id), std::move(call)).second) return false;
  }
  const std::size_t resolved_count = in.count();
  for (std::size_t i = 0; i < resolved_count && !in.bad(); ++i) {
    const Incident* incident = find(in.number());
    if (incident == nullptr || incident->is_open()) return false;
    resolved.push_back(incident->id);
  }
  if (resolved.size() > limits::resolved_incidents_max) return false;
  if (!in.done() && !restore_triage(in)) return false;
  return !in.bad() && in.done();
}

std::string Engine::snapshot() const {
  const std::string body = impl_->save();
  std::string out(form);
  out += as_view(sha256(body));
  out += body;
  return out;
}

Result<Engine> Engine::restore(std::string_view text) {
  const auto refuse = [] {
    return fail(Fault::corrupt, "restoring the engine: the snapshot cannot be trusted");
  };
  if (text.substr(0, form.size()) != form) return refuse();
  text.remove_prefix(form.size());
  if (text.size() < sizeof(Sha256)) return refuse();
  const std::string_view body = text.substr(sizeof(Sha256));
  if (as_view(sha256(body)) != text.substr(0, sizeof(Sha256))) return refuse();
  Engine engine;
  if (!engine.impl_->restore(body)) return refuse();
  return engine;
}

} // namespace kaden::incident
