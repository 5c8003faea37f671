// What events, keys and requests do to incidents: opening, grouping, acknowledging, reopening, resolving,
// test calls.
#include "story.h"

namespace kaden::incident {
namespace {

Config grouped_config() {
  Config config = small_config();
  config.policies.push_back(policy("quiet", {}));
  config.routes = {
      Route{{}, {Severity::info}, {}, "", {}},
      Route{{}, {}, {{"team", "db*"}}, "ops", {"cluster"}},
      Route{{"guest"}, {}, {}, "unknown policy", {}},
      Route{{"api"}, {}, {{"machine", "web-*"}}, "ops", {}},
  };
  return config;
}

AlarmEvent db(Story& story, const std::string& alarm, const std::string& cluster,
              AlarmState state = AlarmState::alarm, Severity severity = Severity::error) {
  AlarmEvent event = story.event(alarm, state, severity);
  event.labels = {{"team", "db-core"}, {"cluster", cluster}};
  return event;
}

TEST(Opening, OneAlarmOneAnsweredCall) {
  Story story;
  story.alarm("disk full");
  EXPECT_EQ(story.calls_placed(), "0 sato");
  ASSERT_EQ(story.all_of<PlaceCall>().size(), 1U);
  const PlaceCall order = story.all_of<PlaceCall>()[0];
  EXPECT_EQ(order.call.text, "kab12-3-3");
  EXPECT_EQ(order.ring_max, seconds(30));
  EXPECT_EQ(script::to_text(order.script.line(script::Line::message)),
            "Kaden, critical alarm. web-01, disk full.");
  story.apply(CallProgressed{order.call, Progress::ringing, {}});
  EXPECT_TRUE(story.all_of<ProceedCall>().empty());
  story.answers("sato");
  EXPECT_EQ(story.all_of<ProceedCall>().size(), 1U);
  story.apply(CallProgressed{order.call, Progress::heard, {}});
  story.presses("sato", '1');
  EXPECT_EQ(story.verdict(), "acknowledged");
  EXPECT_EQ(story.end_reason(), "(not ended)") << "its script says goodbye";
  EXPECT_EQ(story.incident().acknowledged_by, "sato");
  story.ends("sato");
  story.forward(seconds(7'200));
  EXPECT_EQ(story.calls_placed(), "");
  story.ok("disk full");
  EXPECT_EQ(story.incident().state, IncidentState::resolved);
  EXPECT_EQ(
      story.record(),
      "alarm(new_problem), opened(new_problem), level_started, dialling, ringing, answered, heard, key, "
      "acknowledged(by_key), call_ended, cleared(by_source), resolved(by_source)");
  EXPECT_EQ(story.last_detail(Happening::answered), "Kaden, critical alarm. web-01, disk full.");
}

TEST(Opening, RepeatsOfAnEventChangeNothing) {
  Story story;
  const AlarmEvent event = story.event("disk full");
  EXPECT_FALSE(story.engine.is_repeat(AlarmReported{event}));
  story.apply(AlarmReported{event});
  EXPECT_TRUE(story.engine.is_repeat(AlarmReported{event}));
  story.apply(AlarmReported{event});
  EXPECT_TRUE(story.effects.empty());
  EXPECT_EQ(story.engine.counts().duplicates_ever, 1U);
  AlarmEvent other = event;
  other.source = "guest";
  EXPECT_FALSE(story.engine.is_repeat(AlarmReported{other})) << "ids are the source's own";
}

TEST(Opening, OnlyAlarmOpens) {
  Story story;
  story.apply(AlarmReported{story.event("a", AlarmState::ok)});
  story.apply(AlarmReported{story.event("a", AlarmState::insufficient_data)});
  EXPECT_TRUE(story.effects.empty());
  EXPECT_EQ(story.engine.counts().incidents_ever, 0U);
}

struct RouteCase {
  std::string name, source, machine, team;
  Severity severity;
  std::string record;
};
class Routes : public testing::TestWithParam<RouteCase> {};
TEST_P(Routes, FirstMatchDecides) {
  Story story(grouped_config());
  AlarmEvent event = story.event("a", AlarmState::alarm, GetParam().severity);
  event.source = GetParam().source;
  event.machine = GetParam().machine;
  if (!GetParam().team.empty()) event.labels["team"] = GetParam().team;
  story.apply(AlarmReported{event});
  EXPECT_EQ(story.record().substr(std::string("alarm(new_problem), opened(new_problem), ").size()),
            GetParam().record);
  EXPECT_EQ(story.incident().call_worthy, GetParam().record == "level_started, dialling");
}
INSTANTIATE_TEST_SUITE_P(
    Table, Routes,
    testing::Values(RouteCase{"severity", "api", "web-01", "", Severity::info, "not_called(no_policy)"},
                    RouteCase{"label", "mail", "x", "db-core", Severity::error, "level_started, dialling"},
                    RouteCase{"unknown_policy", "guest", "web-01", "", Severity::error,
                              "not_called(no_policy)"},
                    RouteCase{"machine", "api", "web-01", "", Severity::error, "level_started, dialling"},
                    RouteCase{"other_machine", "api", "db-01", "", Severity::error, "not_called(no_route)"},
                    RouteCase{"other_source", "mail", "web-01", "", Severity::error, "not_called(no_route)"}),
    [](const auto& each) { return each.param.name; });

TEST(Groups, AlarmsOfOneClusterAreOneIncidentUntilAllAreOk) {
  Story story(grouped_config());
  story.apply(AlarmReported{db(story, "a", "c1")});
  story.apply(AlarmReported{db(story, "b", "c1")});
  story.apply(AlarmReported{db(story, "a2", "c2")});
  EXPECT_EQ(story.engine.counts().incidents_ever, 2U);
  EXPECT_EQ(story.incident().alarms.size(), 2U);
  story.apply(AlarmReported{db(story, "a", "c1", AlarmState::ok)});
  EXPECT_EQ(story.incident().state, IncidentState::triggered);
  story.apply(AlarmReported{db(story, "b", "c1", AlarmState::insufficient_data)});
  EXPECT_EQ(story.incident().state, IncidentState::triggered) << "no data is not OK";
  story.apply(AlarmReported{db(story, "b", "c1", AlarmState::ok)});
  EXPECT_EQ(story.incident().state, IncidentState::resolved);
  EXPECT_EQ(story.incident().resolved_by, "api");
  story.apply(AlarmReported{db(story, "a", "c1")});
  EXPECT_EQ(story.engine.counts().incidents_ever, 3U) << "a resolved incident stays resolved";
}

TEST(Groups, AnAlarmStaysWithItsIncidentWhenRoutesOrLabelsChange) {
  Story story(grouped_config());
  story.apply(AlarmReported{db(story, "a", "c1")});
  story.apply(ConfigChanged{small_config()});
  story.apply(AlarmReported{db(story, "a", "elsewhere", AlarmState::ok)});
  EXPECT_EQ(story.incident().state, IncidentState::resolved);
}

TEST(Groups, LargeGroupsFindTheirAlarms) {
  Story story(grouped_config());
  for (int i = 0; i < 40; ++i) story.apply(AlarmReported{db(story, "a" + std::to_string(i), "c1")});
  for (int i = 0; i < 40; ++i) story.apply(AlarmReported{db(story, "a" + std::to_string(i), "c1")});
  EXPECT_EQ(story.incident().alarms.size(), 40U);
  EXPECT_EQ(story.engine.counts().alarms_active, 40U);
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(story.incident().state, IncidentState::triggered);
    story.apply(AlarmReported{db(story, "a" + std::to_string(i), "c1", AlarmState::ok)});
  }
  EXPECT_EQ(story.incident().state, IncidentState::resolved);
  EXPECT_EQ(story.engine.counts().alarms_active, 0U);
}

TEST(Groups, TheMostSevereActiveAlarmIsSpoken) {
  Story story(grouped_config());
  story.apply(AlarmReported{db(story, "small", "c1", AlarmState::alarm, Severity::warning)});
  story.apply(AlarmReported{db(story, "big", "c1", AlarmState::alarm, Severity::critical)});
  story.ends("sato", LineOutcome::declined);
  EXPECT_EQ(script::to_text(story.orders.back().script.line(script::Line::message)),
            "Kaden, critical alarm. web-01, big.");
  story.apply(AlarmReported{db(story, "big", "c1", AlarmState::ok)});
  story.ends("ito", LineOutcome::declined);
  EXPECT_EQ(script::to_text(story.orders.back().script.line(script::Line::message)),
            "Kaden, warning alarm. web-01, small.");
}

TEST(Texts, TheEventsTemplateIsSpokenInThePersonsLanguage) {
  Config config = small_config();
  config.people[1].language = Language::ja;
  Story story(config);
  AlarmEvent event = story.event("disk");
  event.labels = {{"value", "97"}};
  event.reason = "97 > 90";
  event.say[Language::ja] = "{machine} のディスクが {value} パーセント、{severity}です";
  story.apply(AlarmReported{event});
  EXPECT_EQ(script::to_text(story.orders.back().script.line(script::Line::message)),
            "Kaden, critical alarm. web-01, disk.");
  story.ends("sato", LineOutcome::declined);
  EXPECT_EQ(story.orders.back().script.language, Language::ja);
  const std::string spoken = script::to_text(story.orders.back().script.line(script::Line::message));
  EXPECT_NE(spoken.find("web-01"), std::string::npos) << spoken;
  EXPECT_NE(spoken.find("97"), std::string::npos) << spoken;
  EXPECT_NE(spoken.find("重大"), std::string::npos) << spoken;
}

struct AgainCase {
  std::string name;
  bool is_acknowledged;
  std::string alarm; ///< a is active and error; c was active and is OK again; b is new
  Severity severity;
  std::string record;
  IncidentState state;
};
class Again : public testing::TestWithParam<AgainCase> {};
TEST_P(Again, InAGroup) {
  const AgainCase& at = GetParam();
  Story story(grouped_config());
  story.apply(AlarmReported{db(story, "a", "c1")});
  story.apply(AlarmReported{db(story, "c", "c1")});
  story.apply(AlarmReported{db(story, "c", "c1", AlarmState::ok)});
  if (at.is_acknowledged) {
    story.presses("sato", '1');
    story.ends("sato");
  }
  const std::size_t before = story.record().size();
  story.apply(AlarmReported{db(story, at.alarm, "c1", AlarmState::alarm, at.severity)});
  EXPECT_EQ(story.record().substr(before + 2), at.record);
  EXPECT_EQ(story.incident().state, at.state);
  EXPECT_EQ(story.incident().severity, std::max(at.severity, Severity::error));
  EXPECT_EQ(story.incident().acknowledged_at.has_value(), at.state == IncidentState::acknowledged);
}
constexpr auto triggered = IncidentState::triggered;
constexpr auto acknowledged = IncidentState::acknowledged;
INSTANTIATE_TEST_SUITE_P(
    Table, Again,
    testing::Values(
        AgainCase{"same", false, "a", Severity::error, "repeated(duplicate)", triggered},
        AgainCase{"same_worse", false, "a", Severity::critical, "repeated(duplicate)", triggered},
        AgainCase{"fired_again", false, "c", Severity::error, "alarm(fired_again)", triggered},
        AgainCase{"joined", false, "b", Severity::error, "alarm(same_group)", triggered},
        AgainCase{"acknowledged_same", true, "a", Severity::error, "repeated(duplicate)", acknowledged},
        AgainCase{"acknowledged_milder", true, "a", Severity::warning, "repeated(duplicate)", acknowledged},
        AgainCase{"acknowledged_joined", true, "b", Severity::error, "alarm(same_group)", acknowledged},
        AgainCase{"acknowledged_worse", true, "a", Severity::critical,
                  "repeated(duplicate), reopened(worse), level_started, dialling", triggered},
        AgainCase{"acknowledged_joined_worse", true, "b", Severity::critical,
                  "alarm(same_group), reopened(worse), level_started, dialling", triggered},
        AgainCase{"acknowledged_fired_again", true, "c", Severity::error,
                  "alarm(fired_again), reopened(fired_again), level_started, dialling", triggered}),
    [](const auto& each) { return each.param.name; });

TEST(Reopened, UnderThePlanOfNow) {
  Story story;
  story.alarm("a", Severity::error);
  story.presses("sato", '1');
  story.ends("sato");
  Config config = small_config();
  config.version = "v2";
  config.policies[0].levels = {Level{{"suzuki"}, seconds(60)}};
  story.apply(ConfigChanged{config});
  EXPECT_EQ(story.incident().config_version, "v1");
  story.alarm("a", Severity::critical);
  EXPECT_EQ(story.incident().config_version, "v2");
  EXPECT_TRUE(story.is_called("suzuki"));
}

TEST(Reopened, ACallThatIsStillEndingIsWaitedFor) {
  Story story;
  story.alarm("a", Severity::error);
  story.presses("sato", '1');
  story.alarm("a", Severity::critical);
  EXPECT_EQ(story.engine.live_calls().size(), 1U);
  story.presses("sato", '1');
  EXPECT_EQ(story.verdict(), "acknowledged");
  EXPECT_EQ(story.incident().state, IncidentState::triggered) << "that key was for what it was before";
  story.ends("sato");
  EXPECT_EQ(story.calls_placed(), "0 sato, 0 sato");
}

TEST(Reopened, WhatIsNewAfterExhaustionIsCalledFor) {
  Config config = grouped_config();
  config.policies[0].levels = {Level{{"sato"}, seconds(0)}};
  Story story(config);
  story.apply(AlarmReported{db(story, "a", "c1")});
  story.ends("sato", LineOutcome::declined);
  ASSERT_TRUE(story.incident().exhausted);
  story.apply(AlarmReported{db(story, "a", "c1")});
  EXPECT_FALSE(story.is_called("sato")) << "a repeat is nothing new";
  story.apply(AlarmReported{db(story, "b", "c1")});
  EXPECT_TRUE(story.is_called("sato"));
  EXPECT_FALSE(story.incident().exhausted);
}

TEST(Reopened, WhatWasOnlyRecordedIsCalledForWhenItGetsWorse) {
  Story story(grouped_config());
  story.alarm("a", Severity::info);
  EXPECT_FALSE(story.incident().call_worthy);
  story.alarm("a", Severity::error);
  EXPECT_TRUE(story.incident().call_worthy);
  EXPECT_TRUE(story.is_called("sato"));
}

TEST(Keys, OnlyOneAndTwoMeanSomethingAndRepeatsGetTheSameAnswer) {
  Story story;
  story.alarm("a");
  for (const char key : {'3', '0', '*', '#'}) {
    story.presses("sato", key);
    EXPECT_TRUE(story.effects.empty());
  }
  story.apply(KeyPressed{CallId{"k-nothing"}, '1'});
  EXPECT_TRUE(story.effects.empty());
  story.presses("sato", '2');
  EXPECT_EQ(story.verdict(), "passed_on");
  story.presses("sato", '2');
  EXPECT_EQ(story.verdict(), "passed_on");
  EXPECT_EQ(story.times(Happening::key), 1U);
  const CallId old = story.call("sato");
  story.ends("sato");
  story.apply(KeyPressed{old, '1'});
  EXPECT_TRUE(story.effects.empty());
  EXPECT_EQ(story.incident().state, IncidentState::triggered);
}

TEST(Keys, TooLate) {
  Story story;
  story.alarm("a");
  story.apply(AcknowledgeAsked{1, "ito"});
  EXPECT_EQ(story.end_reason(), "taken_by_other");
  story.presses("sato", '1');
  EXPECT_EQ(story.verdict(), "already_taken");
  story.presses("sato", '1');
  EXPECT_EQ(story.verdict(), "already_taken");
  EXPECT_EQ(story.incident().acknowledged_by, "ito");
  story.alarm("b");
  story.ok("b");
  EXPECT_EQ(story.end_reason(), "resolved");
  story.presses("ito", '1');
  EXPECT_EQ(story.verdict(), "already_resolved");
}

TEST(Asked, AcknowledgeAndResolveOnlyOnce) {
  Story story;
  story.apply(AcknowledgeAsked{7, "ito"});
  story.apply(ResolveAsked{7, "ito"});
  EXPECT_TRUE(story.effects.empty());
  story.alarm("a");
  story.apply(AcknowledgeAsked{1, "ito"});
  story.apply(AcknowledgeAsked{1, "suzuki"});
  EXPECT_TRUE(story.effects.empty());
  story.apply(ResolveAsked{1, "suzuki"});
  EXPECT_EQ(story.incident().acknowledged_by, "ito");
  EXPECT_EQ(story.incident().resolved_by, "suzuki");
  story.apply(ResolveAsked{1, "ito"});
  EXPECT_TRUE(story.effects.empty());
  story.ends("sato", LineOutcome::cancelled);
  story.forward(seconds(7'200));
  EXPECT_EQ(story.calls_placed(), "0 sato");
}

TEST(Calls, ProgressOnlyGoesForwardAndAnAnswerIsAlwaysProceeded) {
  Story story;
  story.alarm("a");
  const CallId call = story.call("sato");
  story.answers("sato");
  story.apply(CallProgressed{call, Progress::ringing, {}});
  EXPECT_TRUE(story.effects.empty());
  story.answers("sato");
  ASSERT_EQ(story.effects.size(), 1U);
  EXPECT_EQ(story.all_of<ProceedCall>().size(), 1U);
  story.apply(CallProgressed{call, Progress::heard, {}});
  EXPECT_EQ(story.engine.live_calls().at(0).progress, Progress::heard);
  story.answers("sato");
  EXPECT_EQ(story.all_of<ProceedCall>().size(), 1U);
  EXPECT_EQ(story.engine.live_calls().at(0).progress, Progress::heard);
  story.apply(CallProgressed{CallId{"k-nothing"}, Progress::answered, {}});
  EXPECT_TRUE(story.effects.empty());
}

TEST(Calls, AnEndIsTakenOnce) {
  Story story;
  story.alarm("a");
  const CallId call = story.call("sato");
  EXPECT_FALSE(story.engine.is_repeat(CallEnded{call, LineOutcome::busy, ""}));
  story.apply(CallEnded{call, LineOutcome::busy, "486 Busy Here"});
  EXPECT_EQ(story.last_detail(Happening::call_ended), "busy: 486 Busy Here");
  EXPECT_TRUE(story.engine.is_repeat(CallEnded{call, LineOutcome::busy, ""}));
  story.apply(CallEnded{call, LineOutcome::busy, ""});
  EXPECT_TRUE(story.effects.empty());
}

struct OutcomeCase {
  std::string name;
  bool answered, heard;
  char key;
  LineOutcome outcome;
  std::string detail;
};
class Outcomes : public testing::TestWithParam<OutcomeCase> {};
TEST_P(Outcomes, AreToldApart) {
  Story story;
  story.alarm("a");
  if (GetParam().answered) story.answers("sato");
  if (GetParam().heard) story.apply(CallProgressed{story.call("sato"), Progress::heard, {}});
  if (GetParam().key != 0) story.presses("sato", GetParam().key);
  story.ends("sato", GetParam().outcome);
  EXPECT_EQ(story.last_detail(Happening::call_ended), GetParam().detail);
  EXPECT_EQ(story.incident().state == IncidentState::acknowledged, GetParam().key == '1');
}
INSTANTIATE_TEST_SUITE_P(
    Table, Outcomes,
    testing::Values(OutcomeCase{"ack", true, true, '1', LineOutcome::hung_up, "acknowledged"},
                    OutcomeCase{"passed", true, true, '2', LineOutcome::hung_up, "passed_on"},
                    OutcomeCase{"heard", true, true, 0, LineOutcome::hung_up, "no key, message heard"},
                    OutcomeCase{"cut_short", true, false, 0, LineOutcome::hung_up,
                                "no key, message not heard"},
                    OutcomeCase{"no_answer", false, false, 0, LineOutcome::no_answer, "no_answer"},
                    OutcomeCase{"busy", false, false, 0, LineOutcome::busy, "busy"},
                    OutcomeCase{"declined", false, false, 0, LineOutcome::declined, "declined"},
                    OutcomeCase{"bad_number", false, false, 0, LineOutcome::bad_number, "bad_number"},
                    OutcomeCase{"trunk", false, false, 0, LineOutcome::carrier_failed, "carrier_failed"},
                    OutcomeCase{"forbidden", false, false, 0, LineOutcome::forbidden, "forbidden"},
                    OutcomeCase{"silent", true, false, 0, LineOutcome::no_media, "no_media"}),
    [](const auto& each) { return each.param.name; });

TEST(TestCalls, EndByThemselves) {
  Story story;
  story.apply(TestCallAsked{"r1", "ito", "Hello from {web-01:name} and all of us.", "sato"});
  EXPECT_TRUE(story.incident().is_test);
  EXPECT_EQ(script::to_text(story.orders.back().script.line(script::Line::message)),
            "This is a test call from Kaden. Hello from web-01 and all of us.");
  EXPECT_TRUE(story.engine.is_repeat(TestCallAsked{"r1", "ito", "", "sato"}));
  story.apply(TestCallAsked{"r1", "ito", "", "sato"});
  EXPECT_TRUE(story.effects.empty());
  story.presses("ito", '1');
  EXPECT_EQ(story.verdict(), "acknowledged");
  EXPECT_EQ(story.end_reason(), "(not ended)");
  EXPECT_EQ(story.incident().state, IncidentState::resolved);
  story.ends("ito");
  story.apply(TestCallAsked{"r2", "ito", "", "sato"});
  story.ends("ito", LineOutcome::busy);
  story.forward(seconds(30));
  story.ends("ito", LineOutcome::busy);
  EXPECT_EQ(story.incident(2).state, IncidentState::resolved);
  EXPECT_TRUE(story.incident(2).exhausted);
  story.apply(TestCallAsked{"r3", "nobody", "", "sato"});
  EXPECT_EQ(story.engine.counts().incidents_ever, 2U);
  EXPECT_TRUE(story.engine.knows_person("ito"));
  EXPECT_FALSE(story.engine.knows_person("nobody"));
}

TEST(Texts, ATextThatComesOutEmptyGivesWayToTheBuiltInSentence) {
  for (const char* text : {"", " ", "{value}", "\x01"}) {
    Story story;
    AlarmEvent event;
    event.source = "api";
    event.event_id = "1";
    event.alarm = "disk full";
    event.machine = "web-01";
    event.say = {{Language::ja, text}, {Language::en, text}};
    story.apply(AlarmReported{event});
    ASSERT_FALSE(story.orders.empty());
    const std::string said = script::to_text(story.orders.back().script.line(script::Line::message));
    EXPECT_NE(said.find("web-01"), std::string::npos) << said;
  }
}

TEST(Views, NewestFirstByState) {
  Story story;
  story.alarm("a");
  story.alarm("b");
  story.alarm("c");
  story.ok("b");
  const auto all = story.engine.incidents(std::nullopt, 2);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].id, 3U);
  EXPECT_EQ(all[1].id, 2U);
  EXPECT_EQ(all[0].title, "c (web-01)");
  ASSERT_EQ(story.engine.incidents(IncidentState::resolved, 10).size(), 1U);
  EXPECT_FALSE(story.engine.incident(9).has_value());
  EXPECT_TRUE(story.engine.timeline(9).empty());
  EXPECT_EQ(story.engine.counts().triggered, 2U);
  EXPECT_EQ(story.engine.counts().resolved_kept, 1U);
  EXPECT_EQ(parse_incident_state("acknowledged"), IncidentState::acknowledged);
  EXPECT_EQ(parse_incident_state("acked"), std::nullopt);
}

} // namespace
} // namespace kaden::incident
