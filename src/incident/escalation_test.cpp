// Whom the engine calls next, edge by edge: the queue of a level, redials, levels, rounds, last resort, busy
// lines.
#include <functional>

#include "story.h"

namespace kaden::incident {
namespace {

using Behaviour = std::map<std::string, std::vector<LineOutcome>>;

/// Every call ends 10 s after it was placed, as the person's list says (its last item for ever); until all is
/// over.
std::string play(Story& story, Behaviour people) {
  std::map<std::string, std::size_t> calls;
  story.calls_placed();
  story.alarm("disk full");
  for (int i = 0; i < 200; ++i) {
    const auto live = story.engine.live_calls();
    if (live.empty() && !story.engine.next_due()) return story.calls_placed();
    if (live.empty()) {
      story.forward(*story.engine.next_due() - story.now);
      continue;
    }
    story.forward(seconds(10));
    const auto& list = people[live[0].person];
    if (list.empty()) {
      ADD_FAILURE() << "unexpected call to " << live[0].person;
      return story.calls_placed();
    }
    const std::size_t nth = std::min(calls[live[0].person]++, list.size() - 1);
    story.ends(live[0].person, list[nth]);
  }
  return "never ends: " + story.calls_placed();
}

struct QueueCase {
  std::string name;
  std::function<void(Config&)> change;
  Behaviour people;
  std::string calls;
};

class Queue : public testing::TestWithParam<QueueCase> {};

TEST_P(Queue, CallsInThisOrder) {
  Config config = small_config();
  config.policies[0].levels = {Level{{"sato", "ito"}, seconds(60)}};
  if (GetParam().change) GetParam().change(config);
  Story story(config);
  EXPECT_EQ(play(story, GetParam().people), GetParam().calls);
  EXPECT_TRUE(story.incident().exhausted);
  EXPECT_EQ(story.times(Happening::exhausted), 1U);
  EXPECT_EQ(story.engine.counts().exhausted_ever, 1U);
}

constexpr auto busy = LineOutcome::busy;
constexpr auto no_answer = LineOutcome::no_answer;
constexpr auto hung_up = LineOutcome::hung_up;
constexpr auto declined = LineOutcome::declined;
constexpr auto bad_number = LineOutcome::bad_number;
constexpr auto failed = LineOutcome::carrier_failed;

Policy& ops(Config& config) {
  return config.policies[0];
}

INSTANTIATE_TEST_SUITE_P(
    Table, Queue,
    testing::Values(
        QueueCase{
            "declined_is_not_redialled", {}, {{"sato", {declined}}, {"ito", {declined}}}, "0 sato, 10 ito"},
        QueueCase{"busy_is_redialled_after_its_wait_and_the_next_is_called_meanwhile",
                  {},
                  {{"sato", {busy}}, {"ito", {declined}}},
                  "0 sato, 10 ito, 40 sato"},
        QueueCase{"no_answer_waits_longer",
                  {},
                  {{"sato", {no_answer}}, {"ito", {declined}}},
                  "0 sato, 10 ito, 70 sato"},
        QueueCase{
            "no_key_is_redialled", {}, {{"sato", {hung_up}}, {"ito", {declined}}}, "0 sato, 10 ito, 70 sato"},
        QueueCase{"each_cause_has_its_own_redials",
                  {},
                  {{"sato", {busy, no_answer, busy}}, {"ito", {declined}}},
                  "0 sato, 10 ito, 40 sato, 110 sato"},
        QueueCase{"no_redials_at_all",
                  [](Config& c) { ops(c).busy.most = 0; },
                  {{"sato", {busy}}, {"ito", {busy}}},
                  "0 sato, 10 ito"},
        QueueCase{"a_redial_that_is_due_comes_after_those_not_called_yet",
                  [](Config& c) {
                    ops(c).levels[0].people = {"sato", "ito", "suzuki"};
                    ops(c).busy.wait = seconds(5);
                  },
                  {{"sato", {busy}}, {"ito", {declined}}, {"suzuki", {declined}}},
                  "0 sato, 10 ito, 20 suzuki, 30 sato"},
        QueueCase{"the_trunks_fault_comes_first_when_due",
                  [](Config& c) {
                    ops(c).levels[0].people = {"sato", "ito", "suzuki"};
                    ops(c).carrier_failed = {seconds(5), 1};
                  },
                  {{"sato", {failed, declined}}, {"ito", {declined}}, {"suzuki", {declined}}},
                  "0 sato, 10 ito, 20 sato, 30 suzuki"},
        QueueCase{"the_trunks_fault_without_a_wait_keeps_the_person",
                  [](Config& c) {
                    ops(c).carrier_failed = {seconds(0), 2};
                  },
                  {{"sato", {failed}}, {"ito", {declined}}},
                  "0 sato, 10 sato, 20 sato, 30 ito"},
        QueueCase{"lost_without_a_restart_is_the_trunks_fault",
                  [](Config& c) {
                    ops(c).carrier_failed = {seconds(0), 1};
                  },
                  {{"sato", {LineOutcome::lost}}, {"ito", {LineOutcome::no_media, LineOutcome::forbidden}}},
                  "0 sato, 10 sato, 20 ito, 30 ito"},
        QueueCase{"the_trunks_fault_does_not_use_up_other_redials",
                  [](Config& c) {
                    ops(c).carrier_failed = {seconds(0), 1};
                    ops(c).levels[0].people = {"sato"};
                  },
                  {{"sato", {failed, busy, declined}}},
                  "0 sato, 10 sato, 50 sato"},
        QueueCase{"levels_wait_from_the_last_call",
                  [](Config& c) {
                    ops(c).levels = {Level{{"sato"}, seconds(90)}, Level{{"ito"}, seconds(30)}};
                  },
                  {{"sato", {declined}}, {"ito", {declined}}},
                  "0 sato, 100 ito"},
        QueueCase{"rounds_repeat_the_levels_with_fresh_redials",
                  [](Config& c) {
                    ops(c).levels = {Level{{"sato"}, seconds(60)}};
                    ops(c).rounds = 2;
                  },
                  {{"sato", {busy}}},
                  "0 sato, 40 sato, 110 sato, 150 sato"},
        QueueCase{"last_resort_after_all_rounds_with_redials",
                  [](Config& c) {
                    ops(c).levels = {Level{{"sato"}, seconds(60)}};
                    ops(c).last_resort = {"suzuki", "ito"};
                  },
                  {{"sato", {declined}}, {"suzuki", {busy}}, {"ito", {declined}}},
                  "0 sato, 70 suzuki, 80 ito, 110 suzuki"},
        QueueCase{"people_without_methods_and_unknown_ones_take_no_time",
                  [](Config& c) {
                    c.people[1].methods.clear();
                    ops(c).levels = {Level{{"ito", "nobody"}, seconds(60)}, Level{{"sato"}, seconds(60)}};
                  },
                  {{"sato", {declined}}},
                  "0 sato"},
        QueueCase{"nobody_reachable_in_any_round",
                  [](Config& c) {
                    c.people.clear();
                    ops(c).rounds = 1000;
                    ops(c).last_resort = {"ito"};
                  },
                  {},
                  ""},
        QueueCase{"methods_take_turns",
                  [](Config& c) {
                    c.people[0] = person("sato", 2);
                    ops(c).levels = {Level{{"sato"}, seconds(0)}};
                    ops(c).busy = {seconds(0), 3};
                  },
                  {{"sato", {busy}}},
                  "0 sato, 10 sato, 20 sato, 30 sato"},
        QueueCase{"a_bad_number_is_followed_by_the_next_method_at_once",
                  [](Config& c) {
                    c.people[0] = person("sato", 3);
                    ops(c).levels[0].people = {"sato", "ito"};
                  },
                  {{"sato", {bad_number, bad_number, bad_number}}, {"ito", {bad_number}}},
                  "0 sato, 10 sato, 20 sato, 30 ito"}),
    [](const auto& each) { return each.param.name; });

TEST(Methods, AttemptsGoThroughThemInOrderPastBadOnes) {
  Config config = small_config();
  config.people[0] = person("sato", 3);
  config.policies[0].levels = {Level{{"sato"}, seconds(0)}};
  config.policies[0].busy = {seconds(0), 10};
  Story story(config);
  play(story, {{"sato", {busy, bad_number, busy, busy, busy, declined}}});
  std::vector<std::string> addresses;
  for (const PlaceCall& order : story.orders) addresses.push_back(order.method.address);
  EXPECT_EQ(addresses,
            (std::vector<std::string>{"sip:sato@127.0.0.1", "sip:sato2@127.0.0.1", "sip:sato3@127.0.0.1",
                                      "sip:sato@127.0.0.1", "sip:sato3@127.0.0.1", "sip:sato3@127.0.0.1"}));
}

TEST(PassedOn, TheNextPersonIsCalledWhenTheCallHasEnded) {
  Story story;
  story.alarm("disk full");
  story.answers("sato");
  story.presses("sato", '2');
  EXPECT_EQ(story.verdict(), "passed_on");
  EXPECT_FALSE(story.is_called("ito"));
  story.ends("sato");
  EXPECT_TRUE(story.is_called("ito"));
  EXPECT_EQ(story.last_detail(Happening::call_ended), "passed_on");
  story.ends("ito", declined);
  story.ends("suzuki", declined);
  story.forward(seconds(3600));
  EXPECT_EQ(story.calls_placed(), "0 sato, 0 ito, 0 suzuki") << "who passed it on is not redialled";
  EXPECT_TRUE(story.incident().exhausted);
}

TEST(Restart, LostCallsAreDialledAgainAtOnceAndDoNotCount) {
  Config config = small_config();
  config.policies[0].levels = {Level{{"sato", "ito"}, seconds(60)}};
  config.policies[0].carrier_failed.most = 0;
  Story story(config);
  story.alarm("disk full");
  for (int crash = 0; crash < 5; ++crash) {
    const CallId old = story.call("sato");
    story.apply(Started{"ab12"});
    ASSERT_EQ(story.all_of<RecoverCall>().size(), 1U);
    EXPECT_EQ(story.all_of<RecoverCall>()[0].call, old);
    EXPECT_TRUE(story.is_called("sato")) << "live until the far end is known to be free";
    story.apply(CallProgressed{old, Progress::answered, {}});
    EXPECT_TRUE(story.all_of<ProceedCall>().empty()) << "its process is dead";
    story.ends("sato", LineOutcome::lost);
    EXPECT_NE(story.call("sato"), old);
  }
  EXPECT_EQ(story.calls_placed(), "0 sato, 0 sato, 0 sato, 0 sato, 0 sato, 0 sato");
}

TEST(Restart, TheDialogOfAnAnsweredCallIsRemembered) {
  Story story;
  story.alarm("disk full");
  const Dialog dialog{"tag", "sip:sato@10.0.0.5", {"<sip:proxy;lr>"}, 7};
  story.apply(CallProgressed{story.call("sato"), Progress::answered, dialog});
  story.apply(Started{"ab12"});
  ASSERT_EQ(story.all_of<RecoverCall>().size(), 1U);
  EXPECT_EQ(story.all_of<RecoverCall>()[0].dialog, dialog);
  EXPECT_EQ(story.all_of<RecoverCall>()[0].progress, Progress::answered);
}

TEST(Lines, OneLiveCallPerPersonAndTheMostUrgentIsNext) {
  Config config = small_config();
  config.policies[0].levels = {Level{{"sato"}, seconds(60)}};
  Story story(config);
  story.alarm("a", Severity::warning);
  story.alarm("b", Severity::warning);
  story.alarm("c", Severity::critical);
  story.alarm("d", Severity::critical);
  EXPECT_EQ(story.engine.live_calls().size(), 1U);
  EXPECT_EQ(story.record(2),
            "alarm(new_problem), opened(new_problem), level_started, dial_planned(line_busy_with_other)");
  std::vector<std::uint64_t> order;
  for (int i = 0; i < 4; ++i) {
    order.push_back(story.engine.live_calls().at(0).incident);
    story.presses("sato", '1');
    story.ends("sato");
  }
  EXPECT_EQ(order, (std::vector<std::uint64_t>{1, 3, 4, 2}));
  EXPECT_TRUE(story.engine.live_calls().empty());
}

TEST(Lines, ARaisedSeverityMovesUpTheLine) {
  Config config = small_config();
  config.policies[0].levels = {Level{{"sato"}, seconds(60)}};
  Story story(config);
  for (const char* name : {"a", "b", "c"}) story.alarm(name, Severity::warning);
  story.alarm("c", Severity::error);
  story.presses("sato", '1');
  story.ends("sato");
  EXPECT_EQ(story.engine.live_calls().at(0).incident, 3U);
  EXPECT_EQ(story.incident(3).severity, Severity::error);
}

TEST(Lines, AnotherPersonOfTheLevelIsCalledMeanwhile) {
  Story story;
  story.alarm("a");
  story.alarm("b");
  story.alarm("c");
  story.alarm("d");
  EXPECT_EQ(story.calls_placed(), "0 sato, 0 ito, 0 suzuki");
  story.ends("ito", declined); // b goes on to nobody free; d takes ito
  ASSERT_TRUE(story.is_called("ito"));
  EXPECT_EQ(story.engine.live_calls().size(), 3U);
  EXPECT_EQ(story.calls_placed(), "0 ito");
}

TEST(Lines, WhoRedialsStandsBehindTheMoreUrgent) {
  Config config = small_config();
  config.policies[0].levels = {Level{{"sato"}, seconds(60)}};
  config.policies[0].carrier_failed = {seconds(0), 5};
  Story story(config);
  story.alarm("a", Severity::warning);
  story.alarm("b", Severity::critical);
  story.ends("sato", failed);
  EXPECT_EQ(story.engine.live_calls().at(0).incident, 2U);
  story.presses("sato", '1');
  story.ends("sato");
  EXPECT_EQ(story.engine.live_calls().at(0).incident, 1U);
}

TEST(Lines, WaitingEndsWithTheIncident) {
  Config config = small_config();
  config.policies[0].levels = {Level{{"sato"}, seconds(60)}};
  Story story(config);
  story.alarm("a");
  story.alarm("b");
  story.alarm("c");
  story.ok("b");
  story.apply(AcknowledgeAsked{3, "ito"});
  story.ends("sato", declined);
  EXPECT_TRUE(story.engine.live_calls().empty());
}

TEST(Lines, ManyWaitersCostLittle) {
  Config config = small_config();
  config.policies[0].levels = {Level{{"sato"}, seconds(60)}};
  Engine engine;
  engine.apply(ConfigChanged{config}, wall_time(0), 1);
  Position position = 1;
  AlarmEvent event;
  event.source = "api";
  for (int i = 0; i < 20'000; ++i) {
    event.event_id = event.alarm = "a" + std::to_string(i);
    engine.apply(AlarmReported{event}, wall_time(i), ++position);
  }
  std::size_t effects = 0;
  for (int i = 0; i < 2'000; ++i) {
    const CallId call = engine.live_calls().at(0).call;
    effects += engine.apply(KeyPressed{call, '1'}, wall_time(30'000 + i), ++position).size();
    effects += engine.apply(CallEnded{call, hung_up, ""}, wall_time(30'000 + i), ++position).size();
  }
  EXPECT_EQ(engine.counts().acknowledged, 2'000U);
  EXPECT_EQ(effects, 2'000U * 6) << "nobody else is told anything";
}

TEST(Time, LateWakesAndStepsBackAreHarmless) {
  Story story;
  story.alarm("a");
  story.ends("sato", busy);
  story.ends("ito", declined);
  story.ends("suzuki", declined);
  EXPECT_FALSE(story.is_called("sato"));
  story.now -= seconds(3'600);
  story.apply(TimePassed{});
  EXPECT_FALSE(story.is_called("sato"));
  story.now += seconds(7'200);
  story.apply(TimePassed{});
  story.apply(TimePassed{});
  EXPECT_TRUE(story.is_called("sato"));
  EXPECT_EQ(story.times(Happening::dialling), 4U);
}

TEST(Time, TimersFireBeforeTheInputThatFindsThemDue) {
  Config config = small_config();
  config.policies[0].levels = {Level{{"sato"}, seconds(60)}, Level{{"ito"}, seconds(60)}};
  Story story(config);
  story.alarm("a");
  story.ends("sato", declined);
  story.now += seconds(61);
  story.ok("a");
  EXPECT_EQ(story.calls_placed(), "0 sato, 61 ito") << "the call was due before the alarm cleared";
  EXPECT_EQ(story.end_reason(), "resolved");
}

} // namespace
} // namespace kaden::incident
