// What the journal stores: exact round trips, refusal of the rest, cleaning of what far ends send; and random
// nights in which every step is compared with a twin restored from the snapshot.
#include "clean.h"
#include "seen.h"
#include "story.h"
#include "timeline.h"

#include "kaden/limits/engine.h"

namespace kaden::incident {
namespace {

/// splitmix64: chance from one seed, the same everywhere.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : state_(seed) {}
  std::uint64_t below(std::uint64_t n) {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15U;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return (z ^ (z >> 31)) % n;
  }

 private:
  std::uint64_t state_;
};

Config rich_config() {
  Config config = small_config();
  config.people.push_back(person("robot", 3));
  config.people[3].language = Language::ja;
  config.policies[0].levels.push_back(Level{{"robot"}, Millis(1'500)});
  config.policies[0].rounds = 3;
  config.policies[0].last_resort = {"suzuki"};
  config.routes[0] =
      Route{{"api", "g*"}, {Severity::error, Severity::critical}, {{"machine", "web-*"}}, "ops", {"team"}};
  return config;
}

std::vector<Input> one_of_each() {
  AlarmEvent event;
  event.source = "api";
  event.event_id = "1";
  event.alarm = "ディスク \"full\"";
  event.labels = {{"a", "b"}, {"c", ""}};
  event.say = {{Language::ja, "{machine}"}, {Language::en, "x"}};
  event.state = AlarmState::insufficient_data;
  event.severity = Severity::warning;
  return {Started{"0123456789abcdef"},
          ConfigChanged{rich_config()},
          AlarmReported{event},
          AlarmReported{event, "vcenter: sato"},
          CallProgressed{CallId{"kx-1-2"},
                         Progress::answered,
                         {"tag", "sip:a@b", {"<sip:p;lr>", "<sip:q>"}, 4'294'967'295U}},
          CallProgressed{CallId{"kx-1-2"}, Progress::ringing, {}},
          KeyPressed{CallId{"kx-1-2"}, '#'},
          CallEnded{CallId{"kx-1-2"}, LineOutcome::no_media, "Q.850 17"},
          CallEnded{CallId{"kx-1-2"}, LineOutcome::busy, ""},
          AcknowledgeAsked{12, "ito"},
          ResolveAsked{12, ""},
          TestCallAsked{"r", "ito", "hello {machine}", "sato"},
          TimePassed{},
          TriageAnswered{"0123456789abcdef0123456789abcdef",
                         {TriageOutcome::judged, Severity::warning, {{Language::ja, "理由"}}, {}}},
          TriageAnswered{"0123456789abcdef0123456789abcdef", {TriageOutcome::failed, {}, {}, "HTTP 429"}}};
}

TEST(Inputs, ReadBackAsTheyWere) {
  const std::vector<Input> inputs = one_of_each();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::string text = encode(inputs[i]);
    const auto again = decode(text);
    ASSERT_TRUE(again.has_value()) << text << ": " << again.error().message;
    EXPECT_EQ(again->index(), inputs[i].index());
    EXPECT_EQ(encode(*again), text);
    EXPECT_EQ(text.find('\n'), std::string::npos);
  }
  EXPECT_EQ(std::get<ConfigChanged>(*decode(encode(inputs[1]))).config, rich_config());
  EXPECT_EQ(std::get<AlarmReported>(*decode(encode(inputs[2]))).event,
            std::get<AlarmReported>(inputs[2]).event);
  EXPECT_EQ(std::get<AlarmReported>(*decode(encode(inputs[2]))).acknowledged_by, "");
  EXPECT_EQ(std::get<AlarmReported>(*decode(encode(inputs[3]))).acknowledged_by, "vcenter: sato");
  EXPECT_EQ(std::get<CallProgressed>(*decode(encode(inputs[4]))).dialog,
            std::get<CallProgressed>(inputs[4]).dialog);
}

TEST(Inputs, TheStoredFormIsFixed) {
  EXPECT_EQ(encode(CallEnded{CallId{"kx-1-2"}, LineOutcome::busy, "486"}),
            R"({"type":"CallEnded","call":"kx-1-2","outcome":"busy","detail":"486"})");
  EXPECT_EQ(encode(TimePassed{}), R"({"type":"TimePassed"})");
  EXPECT_EQ(encode(KeyPressed{CallId{"kx-1-2"}, '1'}), R"({"type":"KeyPressed","call":"kx-1-2","key":"1"})");
}

TEST(Inputs, RefusesWhatIsNotOne) {
  for (const char* text :
       {"", "[]", "{}", R"({"type":"Nothing"})", R"({"type":"TimePassed","more":1})", R"({"type":"Started"})",
        R"({"type":"Started","installation":"AB"})", R"({"type":"KeyPressed","call":"k","key":"12"})",
        R"({"type":"KeyPressed","call":"k","key":""})", R"({"type":"CallEnded","call":"k","outcome":"gone"})",
        R"({"type":"CallProgressed","call":"k","progress":"flying"})",
        R"({"type":"AcknowledgeAsked","incident":-1,"by":"x"})", R"({"type":"ConfigChanged"})",
        R"({"type":"AlarmReported","event":{}})", R"({"type":"TimePassed"} x)"}) {
    const auto input = decode(text);
    ASSERT_FALSE(input.has_value()) << text;
    EXPECT_EQ(input.error().fault, Fault::corrupt);
  }
}

TEST(Inputs, WhateverComesInCanBeStored) {
  const std::string foul = std::string("bad \xff\xfe text ") + std::string(5'000, 'x');
  AlarmEvent event;
  event.source = "Not A Source!";
  event.alarm = foul;
  event.machine = foul;
  for (int i = 0; i < 100; ++i) event.labels["l" + std::to_string(i) + "\xff"] = foul;
  event.say[Language::en] = foul;
  Config config = rich_config();
  config.policies[0].rounds = 1'000'000;
  config.policies[0].busy = {Millis(-5), -1};
  config.people[0].name = foul;
  for (const Input& input :
       {Input(AlarmReported{event}), Input(AlarmReported{event, foul}),
        Input(CallEnded{CallId{foul}, LineOutcome::busy, foul}),
        Input(CallProgressed{
            CallId{"k"}, Progress::answered, {foul, foul, std::vector<std::string>(99, foul), 1}}),
        Input(KeyPressed{CallId{"k"}, '\n'}), Input(AcknowledgeAsked{1, foul}), Input(ResolveAsked{1, foul}),
        Input(TestCallAsked{"", foul, foul, foul}),
        Input(TriageAnswered{
            foul,
            {TriageOutcome::judged, Severity::info, {{Language::en, foul}, {Language::ja, "a\nb"}}, foul}}),
        Input(TriageAnswered{foul, {TriageOutcome::late, Severity::info, {{Language::en, "x"}}, foul}}),
        Input(Started{"../.."}), Input(ConfigChanged{config})}) {
    const auto again = decode(encode(input));
    ASSERT_TRUE(again.has_value()) << encode(input).substr(0, 200) << again.error().message;
    EXPECT_EQ(encode(*again), encode(input));
  }
  Story story; // and the live engine sees what the replay will see
  config.routes = {Route{{}, {}, {}, "ops", {}}};
  story.apply(ConfigChanged{config});
  story.apply(AlarmReported{event});
  story.apply(CallEnded{story.call("sato"), LineOutcome::busy, foul});
  EXPECT_EQ(story.last_detail(Happening::call_ended).substr(0, 20), "busy: bad ?? text xx");
}

TEST(Seen, ForgetsTheOldestFirst) {
  SeenIds seen;
  const auto key = [](std::size_t i) { return key_of({std::to_string(i)}); };
  for (std::size_t i = 0; i < limits::seen_events_max + 5; ++i) seen.add(key(i), wall_time(0));
  EXPECT_EQ(seen.size(), limits::seen_events_max);
  EXPECT_FALSE(seen.contains(key(4)));
  EXPECT_TRUE(seen.contains(key(5)));
  SeenIds aged;
  aged.add(key(1), wall_time(0));
  aged.add(key(2), wall_time(0) + limits::seen_events_age_max);
  EXPECT_TRUE(aged.contains(key(1)));
  aged.add(key(3), wall_time(1) + limits::seen_events_age_max);
  EXPECT_FALSE(aged.contains(key(1)));
  EXPECT_TRUE(aged.contains(key(2)));
  EXPECT_NE(key_of({"ab", "c"}), key_of({"a", "bc"}));
}

TEST(Keys, ATableAgreesWithAMap) {
  std::vector<Key> keys(1);
  const auto key_at = [&](std::uint64_t number) { return keys[static_cast<std::size_t>(number)]; };
  KeyTable table;
  std::map<Key, std::uint64_t> map;
  Chance chance(7);
  for (int i = 0; i < 20'000; ++i) {
    const Key key{chance.below(40),
                  chance.below(3) * 16 + chance.below(4)}; // few homes: long runs, wrapped ones too
    EXPECT_EQ(table.find(key, key_at).has_value(), map.count(key) > 0);
    if (map.count(key) > 0) {
      EXPECT_EQ(*table.find(key, key_at), map[key]);
      table.erase(key, key_at);
      map.erase(key);
      table.erase(key, key_at);
    } else {
      keys.push_back(key);
      table.insert(key, keys.size() - 1, key_at);
      map[key] = keys.size() - 1;
    }
    ASSERT_EQ(table.size(), map.size());
  }
}

TEST(Lines, KeepsTheBeginningAndTheCallsWhenRepeatsFlood) {
  Timeline timeline;
  TimelineEntry entry;
  entry.what = Happening::opened;
  timeline.add(entry);
  for (std::uint64_t i = 1; i < 2'000; ++i) {
    entry.position = i;
    entry.what = i % 100 == 50 ? Happening::dialling : Happening::repeated;
    timeline.add(entry);
  }
  const auto kept = timeline.entries(7);
  EXPECT_LE(kept.size(), limits::timeline_entries_max);
  EXPECT_EQ(kept.size(), timeline.size());
  EXPECT_EQ(kept.front().what, Happening::opened);
  EXPECT_EQ(kept.back().position, 1'999U);
  EXPECT_EQ(std::count_if(kept.begin(), kept.end(),
                          [](const TimelineEntry& e) { return e.what == Happening::dialling; }),
            20);
  EXPECT_TRUE(std::is_sorted(kept.begin(), kept.end(), [](const TimelineEntry& a, const TimelineEntry& b) {
    return a.position < b.position;
  }));
  EXPECT_EQ(kept.front().incident, 7U);
}

TEST(Resolved, TheOldestAreForgotten) {
  Engine engine;
  Position position = 0;
  AlarmEvent event;
  event.source = "api";
  const std::size_t many = limits::resolved_incidents_max + 10;
  for (std::size_t i = 0; i < many; ++i) {
    for (const AlarmState state : {AlarmState::alarm, AlarmState::ok}) {
      event.alarm = "a" + std::to_string(i);
      event.event_id = std::to_string(++position);
      event.state = state;
      engine.apply(AlarmReported{event}, wall_time(0), position);
    }
  }
  EXPECT_EQ(engine.counts().resolved_kept, limits::resolved_incidents_max);
  EXPECT_EQ(engine.counts().incidents_ever, many);
  EXPECT_FALSE(engine.incident(10).has_value());
  EXPECT_TRUE(engine.incident(11).has_value());
}

TEST(Snapshots, AnyDamageIsRefused) {
  Story story(rich_config());
  story.alarm("a");
  const std::string text = story.engine.snapshot();
  ASSERT_TRUE(Engine::restore(text).has_value());
  for (std::size_t i = 0; i < text.size(); i += 7) {
    std::string damaged = text;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    const auto engine = Engine::restore(damaged);
    ASSERT_FALSE(engine.has_value()) << i;
    EXPECT_EQ(engine.error().fault, Fault::corrupt);
    EXPECT_FALSE(Engine::restore(text.substr(0, i)).has_value());
  }
}

Config random_config(Chance& chance) {
  Config config = rich_config();
  config.version = "v" + std::to_string(chance.below(1'000));
  config.policies[0].rounds = static_cast<int>(1 + chance.below(3));
  config.policies[0].busy = {seconds(static_cast<std::int64_t>(chance.below(60))),
                             static_cast<int>(chance.below(3))};
  config.people[chance.below(4)].methods.resize(chance.below(3), {"sip", "sip:other"});
  config.routes = {Route{{}, {}, {}, "ops", {}}};
  if (chance.below(2) == 0) config.routes[0].group_by = {"team"};
  if (chance.below(2) == 0) {
    config.triage.model = chance.below(4) == 0 ? "m2" : "m";
    config.triage.wait = Millis(static_cast<std::int64_t>(1 + chance.below(5'000)));
    config.triage.rules = {SeverityRule{{}, {{"team", "x"}}, {}, std::nullopt, Severity::info, true},
                           SeverityRule{{}, {}, {"*a1*"}, Severity::error, Severity::warning, true}};
  }
  if (chance.below(4) == 0)
    config.routes.insert(config.routes.begin(), Route{{}, {Severity::info}, {}, "", {}});
  return config;
}

Input random_input(Story& story, Chance& chance) {
  const auto live = story.engine.live_calls();
  const CallId call = live.empty() || chance.below(20) == 0
                          ? CallId{"kab12-1-" + std::to_string(chance.below(9))}
                          : live[chance.below(live.size())].call;
  switch (chance.below(13)) {
    case 12: {
      static constexpr std::array outcomes{TriageOutcome::judged,    TriageOutcome::judged,
                                           TriageOutcome::late,      TriageOutcome::failed,
                                           TriageOutcome::malformed, TriageOutcome::busy};
      const TriageOutcome outcome = outcomes.at(chance.below(outcomes.size()));
      const std::string question =
          story.questions.empty() ? "x" : story.questions[chance.below(story.questions.size())];
      if (outcome != TriageOutcome::judged) return TriageAnswered{question, {outcome, {}, {}, "why"}};
      return TriageAnswered{
          question, {outcome, static_cast<Severity>(chance.below(4)), {{Language::en, "because"}}, {}}};
    }
    case 0:
    case 1:
    case 2: {
      AlarmEvent event =
          story.event("a" + std::to_string(chance.below(6)), static_cast<AlarmState>(chance.below(3)),
                      static_cast<Severity>(chance.below(4)));
      if (chance.below(10) == 0) event.event_id = "e1";
      event.labels["team"] = chance.below(2) == 0 ? "x" : "y";
      if (chance.below(2) == 0) event.say[Language::en] = "{machine} says {team}";
      return AlarmReported{event, chance.below(6) == 0 ? "vcenter: ope1" : ""};
    }
    case 3:
    case 4:
      return CallProgressed{call, static_cast<Progress>(chance.below(4)), {"t", "sip:x", {}, 1}};
    case 5:
      return KeyPressed{call, "1234"[chance.below(4)]};
    case 6:
    case 7:
    case 8:
      return CallEnded{call, static_cast<LineOutcome>(chance.below(10)), "why"};
    case 9:
      switch (chance.below(6)) {
        case 0:
          return ConfigChanged{random_config(chance)};
        case 1:
          return Started{"ab12"};
        case 2:
          return TestCallAsked{"r" + std::to_string(chance.below(30)), "ito", "hi", "sato"};
        default:
          return TimePassed{};
      }
    case 10:
      return AcknowledgeAsked{chance.below(40), "sato"};
    default:
      return ResolveAsked{chance.below(40), "sato"};
  }
}

class RandomNight : public testing::TestWithParam<std::uint64_t> {};
TEST_P(RandomNight, EveryStepIsTheSameFromItsSnapshot) {
  Chance chance(GetParam());
  Story story(random_config(chance));
  std::map<std::string, int> placed;
  for (int i = 0; i < 250; ++i) {
    if (chance.below(3) == 0) story.now += Millis(static_cast<std::int64_t>(chance.below(90'000)));
    story.apply(random_input(story, chance));
    ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << GetParam() << ", step " << i;
    std::map<std::string, int> by_person;
    std::map<std::uint64_t, int> by_incident;
    for (const CallView& view : story.engine.live_calls()) {
      ASSERT_EQ(++by_person[view.person], 1);
      ASSERT_EQ(++by_incident[view.incident], 1);
    }
    for (const PlaceCall& order : story.all_of<PlaceCall>()) ASSERT_EQ(++placed[order.call.text], 1);
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, RandomNight, testing::Range<std::uint64_t>(1, 13));

} // namespace
} // namespace kaden::incident
