/// incident/story.h - tests of the engine that read like a night on call. Room: incident, tests only.
/// Every input goes through encode() and decode(), and a twin restored from the snapshot before it must do
/// the same: so each story is also a test of both. Threads: one. Errors: test failures.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "kaden/incident.h"

namespace kaden::incident {

inline Person person(const std::string& id, std::size_t methods = 1) {
  Person out{id, id, Language::en, {}};
  out.methods.reserve(methods);
  for (std::size_t i = 0; i < methods; ++i) {
    out.methods.push_back({"sip", "sip:" + id + (i == 0 ? "" : std::to_string(i + 1)) + "@127.0.0.1"});
  }
  return out;
}

inline Policy policy(const std::string& id, std::vector<Level> levels) {
  Policy out;
  out.id = id;
  out.levels = std::move(levels);
  return out;
}

/// sato, ito and suzuki; one level of the three in order; every event goes there.
inline Config small_config() {
  Config config;
  config.version = "v1";
  config.people = {person("sato"), person("ito"), person("suzuki")};
  config.policies = {policy("ops", {Level{{"sato", "ito", "suzuki"}, seconds(60)}})};
  config.routes = {Route{{}, {}, {}, "ops", {}}};
  return config;
}

class Story {
 public:
  explicit Story(const Config& config = small_config()) {
    apply(Started{"ab12"});
    apply(ConfigChanged{config});
  }

  const std::vector<Effect>& apply(const Input& input) {
    const auto decoded = decode(encode(input));
    EXPECT_TRUE(decoded.has_value()) << encode(input);
    const std::string before = engine.snapshot();
    auto twin = Engine::restore(before);
    EXPECT_TRUE(twin.has_value()) << "before " << encode(input);
    effects = engine.apply(input, now, ++position);
    if (decoded && twin) {
      EXPECT_EQ(before, twin->snapshot());
      EXPECT_EQ(texts(effects), texts(twin->apply(*decoded, now, position))) << encode(input);
      EXPECT_EQ(engine.snapshot(), twin->snapshot()) << encode(input);
      EXPECT_EQ(engine.next_due(), twin->next_due());
    }
    for (const Effect& effect : effects) note(effect);
    return effects;
  }

  static std::vector<std::string> texts(const std::vector<Effect>& effects) {
    std::vector<std::string> out;
    out.reserve(effects.size());
    for (const Effect& effect : effects) out.push_back(encode(effect));
    return out;
  }

  AlarmEvent event(const std::string& alarm, AlarmState state = AlarmState::alarm,
                   Severity severity = Severity::critical) {
    AlarmEvent out;
    out.source = "api";
    out.event_id = "e" + std::to_string(++events_);
    out.alarm = alarm;
    out.state = state;
    out.severity = severity;
    out.machine = "web-01";
    return out;
  }
  void alarm(const std::string& name, Severity severity = Severity::critical) {
    apply(AlarmReported{event(name, AlarmState::alarm, severity)});
  }
  void ok(const std::string& name) { apply(AlarmReported{event(name, AlarmState::ok)}); }

  /// Time passes; the engine is woken at each of its dates.
  void forward(Millis by) {
    const WallTime until = now + by;
    while (engine.next_due() && *engine.next_due() <= until) {
      now = std::max(now, *engine.next_due());
      apply(TimePassed{});
    }
    now = until;
  }

  /// The person's live call; fails the test when there is none.
  CallId call(const std::string& who) {
    for (const CallView& view : engine.live_calls()) {
      if (view.person == who) return view.call;
    }
    ADD_FAILURE() << who << " has no call; placed so far: " << placed;
    return {};
  }
  bool is_called(const std::string& who) const {
    const auto calls = engine.live_calls();
    return std::any_of(calls.begin(), calls.end(), [&](const CallView& view) { return view.person == who; });
  }
  void answers(const std::string& who) { apply(CallProgressed{call(who), Progress::answered, {}}); }
  void presses(const std::string& who, char key) { apply(KeyPressed{call(who), key}); }
  void ends(const std::string& who, LineOutcome outcome = LineOutcome::hung_up) {
    apply(CallEnded{call(who), outcome, ""});
  }

  /// Who was called and when (seconds since the last ask), "0 sato, 30 ito".
  std::string calls_placed() {
    std::string out = std::move(placed);
    placed.clear();
    since = now;
    return out;
  }

  IncidentView incident(std::uint64_t id = 1) const { return engine.incident(id).value_or(IncidentView{}); }
  /// "opened, level_started, dialling ..." with the reasons, without the rest.
  std::string record(std::uint64_t id = 1) const {
    std::string out;
    for (const TimelineEntry& entry : engine.timeline(id)) {
      if (!out.empty()) out += ", ";
      out += to_text(entry.what);
      if (entry.why != Why::none) out += "(" + std::string(to_text(entry.why)) + ")";
    }
    return out;
  }
  std::string last_detail(Happening what, std::uint64_t id = 1) const {
    std::string out = "(nothing)";
    for (const TimelineEntry& entry : engine.timeline(id)) {
      if (entry.what == what) out = entry.detail;
    }
    return out;
  }
  std::size_t times(Happening what, std::uint64_t id = 1) const {
    const auto lines = engine.timeline(id);
    return static_cast<std::size_t>(
        std::count_if(lines.begin(), lines.end(), [&](const TimelineEntry& e) { return e.what == what; }));
  }

  template <class Kind>
  std::vector<Kind> all_of() const {
    std::vector<Kind> out;
    for (const Effect& effect : effects) {
      if (const Kind* kind = std::get_if<Kind>(&effect)) out.push_back(*kind);
    }
    return out;
  }
  std::string verdict() const {
    const auto answers = all_of<AnswerKey>();
    return answers.size() == 1 ? std::string(kaden::to_text(answers[0].verdict)) : "(no answer)";
  }
  std::string end_reason() const {
    const auto ends = all_of<EndCall>();
    return ends.size() == 1 ? std::string(kaden::to_text(ends[0].reason)) : "(not ended)";
  }

  Engine engine;
  Position position = 0;
  WallTime now = wall_time(1'700'000'000'000);
  WallTime since = now;
  std::vector<Effect> effects; ///< of the last input
  std::string placed;
  std::vector<PlaceCall> orders;
  std::vector<std::string> questions; ///< asked for triage, oldest first

 private:
  void note(const Effect& effect) {
    if (const auto* ask = std::get_if<AskTriage>(&effect)) questions.push_back(ask->question);
    const auto* order = std::get_if<PlaceCall>(&effect);
    if (order == nullptr) return;
    if (!placed.empty()) placed += ", ";
    placed += std::to_string((now - since).count() / 1000) + " " + order->person;
    orders.push_back(*order);
  }
  int events_ = 0;
};

} // namespace kaden::incident
