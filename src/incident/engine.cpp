// Takes one input: time first, then the input itself. What it does to incidents is in the files beside this
// one.
#include <algorithm>

#include "clean.h"
#include "engine_impl.h"

#include "kaden/limits/engine.h"

namespace kaden::incident {

std::vector<Effect> Engine::Impl::apply(const Input& input, WallTime at, Position position) {
  require(position > last_position, "the journal's positions rise");
  last_position = position;
  last_at = std::clamp(at, last_at, std::max(last_at, limits::wall_time_max));
  effects.clear();
  fire_due();
  std::visit([this](const auto& in) { take(in); }, cleaned(input));
  return std::move(effects);
}

// All timers that are due, soonest first; a timer set on the way for now is taken as well.
void Engine::Impl::fire_due() {
  const TriageAnswer late{TriageOutcome::late, {}, {}, "no answer in time"};
  for (;;) {
    const bool has_late = !triage_due.empty() && triage_due.begin()->first <= last_at;
    const bool has_due = !due.empty() && due.begin()->first <= last_at;
    if (has_late && (!has_due || triage_due.begin()->first <= due.begin()->first)) {
      settle(triage_due.begin()->second, Why::model_late, late, false);
    } else if (has_due) {
      Incident& incident = existing(due.begin()->second);
      require(incident.run != nullptr, "a timer belongs to a running escalation");
      advance(incident);
    } else {
      return;
    }
  }
}

void Engine::Impl::take(const Started& in) {
  if (installation.empty()) installation = in.installation;
  for (CallEntry& entry : calls) {
    Call& call = entry.second;
    call.recovering = true;
    tell(existing(call.incident), Happening::recovered, Why::restart, call.person, entry.first);
    effects.emplace_back(RecoverCall{CallId{entry.first}, call.method, call.progress, call.dialog});
  }
  ask_again();
}

void Engine::Impl::take(const ConfigChanged& in) {
  if (in.config.triage.model != config.triage.model) verdicts.clear(); // another model may see it otherwise
  config = in.config;
  plans.clear();
  silent_plan = nullptr;
}

void Engine::Impl::take(const TimePassed& /*in*/) {}

// A repeat changes nothing but counters; keys are never repeats, for each wants its answer.
bool Engine::Impl::is_repeat(const Input& input) const {
  const Input in = cleaned(input);
  if (const auto* alarm = std::get_if<AlarmReported>(&in)) {
    return seen.contains(key_of({"event", alarm->event.source, alarm->event.event_id}));
  }
  if (const auto* test = std::get_if<TestCallAsked>(&in))
    return seen.contains(key_of({"test", test->request_id}));
  if (const auto* ended = std::get_if<CallEnded>(&in)) return calls.find(ended->call.text) == calls.end();
  if (const auto* answered = std::get_if<TriageAnswered>(&in)) {
    const auto question = parse_key(answered->question);
    return !question || waiting.count(*question) == 0;
  }
  return false;
}

void Engine::Impl::tell(Incident& incident, Happening what, Why why, std::string_view person,
                        std::string_view call, std::string detail, const SpokenText& reason) {
  TimelineEntry entry;
  entry.position = last_position;
  entry.index = static_cast<std::uint32_t>(effects.size());
  entry.at = last_at;
  entry.incident = incident.id;
  entry.what = what;
  entry.why = why;
  entry.person = person;
  entry.call = call;
  entry.detail = std::move(detail);
  entry.reason = reason;
  incident.timeline.add(entry);
  effects.emplace_back(Tell{std::move(entry)});
}

Incident* Engine::Impl::find(std::uint64_t id) {
  const auto found = incidents.find(id);
  return found == incidents.end() ? nullptr : &found->second;
}

const Incident* Engine::Impl::find(std::uint64_t id) const {
  const auto found = incidents.find(id);
  return found == incidents.end() ? nullptr : &found->second;
}

Incident& Engine::Impl::existing(std::uint64_t id) {
  const auto found = incidents.find(id);
  require(found != incidents.end(), "an incident that something live belongs to is kept");
  return found->second;
}

Engine::Engine() : impl_(std::make_unique<Impl>()) {}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

std::vector<Effect> Engine::apply(const Input& input, WallTime at, Position position) {
  return impl_->apply(input, at, position);
}

std::optional<WallTime> Engine::next_due() const {
  std::optional<WallTime> soonest;
  if (!impl_->due.empty()) soonest = impl_->due.begin()->first;
  if (!impl_->triage_due.empty()) {
    const WallTime verdict = impl_->triage_due.begin()->first;
    soonest = soonest ? std::min(*soonest, verdict) : verdict;
  }
  return soonest;
}

bool Engine::is_repeat(const Input& input) const {
  return impl_->is_repeat(input);
}
Position Engine::last_position() const {
  return impl_->last_position;
}
const std::string& Engine::installation() const {
  return impl_->installation;
}
const std::string& Engine::config_version() const {
  return impl_->config.version;
}

bool Engine::knows_person(std::string_view id) const {
  const auto& people = impl_->config.people;
  return std::any_of(people.begin(), people.end(), [&](const Person& person) { return person.id == id; });
}

} // namespace kaden::incident
