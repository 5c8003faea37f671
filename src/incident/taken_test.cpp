// Alarms that somebody has acknowledged at their source, in vCenter for example.
#include "story.h"

namespace kaden::incident {
namespace {

Config grouped_config() {
  Config config = small_config();
  config.routes[0].group_by = {"cluster"};
  return config;
}

TEST(TakenAtItsSource, IsOnRecordAndNobodyIsCalled) {
  Story story;
  story.apply(AlarmReported{story.event("a"), "vcenter: sato"});
  EXPECT_TRUE(story.all_of<PlaceCall>().empty());
  EXPECT_EQ(story.incident().state, IncidentState::acknowledged);
  EXPECT_EQ(story.incident().acknowledged_by, "vcenter: sato");
  EXPECT_EQ(story.record(), "alarm(new_problem), opened(new_problem), acknowledged(by_source)");
  EXPECT_EQ(story.last_detail(Happening::alarm), "ALARM a; acknowledged there by vcenter: sato");
  story.forward(seconds(7'200));
  EXPECT_EQ(story.calls_placed(), "");
  story.ok("a");
  EXPECT_EQ(story.incident().state, IncidentState::resolved);
}

TEST(TakenAtItsSource, EndsTheCall) {
  Story story;
  story.alarm("a");
  story.answers("sato");
  story.apply(AlarmReported{story.event("a"), "vcenter: ito"});
  EXPECT_EQ(story.end_reason(), "taken_by_other");
  EXPECT_EQ(story.incident().acknowledged_by, "vcenter: ito");
  story.apply(AlarmReported{story.event("a"), "vcenter: suzuki"});
  EXPECT_EQ(story.incident().acknowledged_by, "vcenter: ito") << "the first who took it";
}

TEST(TakenAtItsSource, WorseAndAgainCallAnew) {
  Story story;
  story.apply(AlarmReported{story.event("a", AlarmState::alarm, Severity::warning), "vcenter: ito"});
  EXPECT_EQ(story.calls_placed(), "");
  story.alarm("a", Severity::warning);
  EXPECT_EQ(story.calls_placed(), "") << "a repeat";
  story.alarm("a", Severity::critical);
  EXPECT_EQ(story.calls_placed(), "0 sato");
  story.apply(AlarmReported{story.event("a"), "vcenter: ito"});
  EXPECT_EQ(story.incident().state, IncidentState::acknowledged);
  story.ends("sato", LineOutcome::cancelled);
  story.apply(AlarmReported{story.event("b", AlarmState::alarm, Severity::warning), "vcenter: ito"});
  story.apply(AlarmReported{story.event("b"), "vcenter: ito"});
  EXPECT_EQ(story.incident(2).severity, Severity::critical) << "worse, and taken as that";
  EXPECT_EQ(story.calls_placed(), "");
}

TEST(TakenAtItsSource, OneOfAGroupStopsNoCallForTheOthers) {
  Story story(grouped_config());
  story.alarm("a");
  story.apply(AlarmReported{story.event("b"), "vcenter: ito"});
  EXPECT_EQ(story.incident().state, IncidentState::triggered);
  EXPECT_TRUE(story.is_called("sato"));
  story.apply(AlarmReported{story.event("a"), "vcenter: ito"});
  EXPECT_EQ(story.incident().state, IncidentState::acknowledged) << "now all of them are taken";
  story.ends("sato", LineOutcome::cancelled);
  story.calls_placed();
  story.alarm("c");
  EXPECT_EQ(story.calls_placed(), "0 sato") << "who took a and b has not taken c";
  story.ok("c");
  EXPECT_EQ(story.incident().state, IncidentState::acknowledged) << "what is left is taken";
  EXPECT_EQ(story.incident().acknowledged_by, "api");
}

TEST(TakenAtItsSource, AKeyTakesTheGroup) {
  Story story(grouped_config());
  story.alarm("a");
  story.answers("sato");
  story.presses("sato", '1');
  story.apply(AlarmReported{story.event("b"), "vcenter: ito"});
  story.ends("sato");
  story.calls_placed();
  story.alarm("c");
  EXPECT_EQ(story.calls_placed(), "");
}

TEST(TakenAtItsSource, WhoHoldsAnAlarm) {
  Story story(grouped_config());
  EXPECT_FALSE(story.engine.holder("api", "a"));
  story.alarm("a");
  story.alarm("b");
  for (const char* alarm : {"a", "b"}) {
    const auto holder = story.engine.holder("api", alarm);
    ASSERT_TRUE(holder) << alarm;
    EXPECT_EQ(holder->incident, 1U);
    EXPECT_EQ(holder->state, IncidentState::triggered);
  }
  story.apply(AcknowledgeAsked{1, "ito"});
  EXPECT_EQ(story.engine.holder("api", "a")->acknowledged_by, "ito");
  EXPECT_EQ(story.engine.holder("api", "a")->state, IncidentState::acknowledged);
  story.ok("a");
  EXPECT_FALSE(story.engine.holder("api", "a")) << "it is OK";
  EXPECT_FALSE(story.engine.holder("guest", "b")) << "another source's";
  for (int i = 0; i < 20; ++i) story.alarm("many " + std::to_string(i)); // more than are searched one by one
  EXPECT_TRUE(story.engine.holder("api", "many 19"));
  story.ok("many 19");
  EXPECT_FALSE(story.engine.holder("api", "many 19"));
  story.apply(ResolveAsked{1, "ito"});
  EXPECT_FALSE(story.engine.holder("api", "b")) << "it is resolved";
  Story single;
  single.alarm("a");
  EXPECT_EQ(single.engine.holder("api", "a")->incident, 1U);
}

TEST(Standing, OfAnAlarmThatIsReportedAgain) {
  Story story;
  const AlarmEvent first = story.event("a");
  EXPECT_EQ(story.engine.standing(first), Standing());
  story.apply(AlarmReported{first});
  EXPECT_EQ(story.engine.standing(first), (Standing{true, true, {}, {}}));
  story.apply(ResolveAsked{1, "ito"});
  story.ends("sato", LineOutcome::cancelled);
  const Standing left = story.engine.standing(first);
  EXPECT_TRUE(left.is_known);
  EXPECT_FALSE(left.is_held);
  EXPECT_EQ(left.left_by, 1U);
  EXPECT_EQ(left.left_at, story.incident().resolved_at);
  const auto restored = Engine::restore(story.engine.snapshot());
  ASSERT_TRUE(restored);
  EXPECT_EQ(restored->standing(first), left);
  // Over by its source: nobody left it firing.
  story.apply(AlarmReported{story.event("a")});
  story.apply(AlarmReported{story.event("a", AlarmState::ok)});
  story.ends("sato", LineOutcome::cancelled);
  EXPECT_EQ(story.engine.standing(first), (Standing{true, false, {}, {}}));
}

} // namespace
} // namespace kaden::incident
