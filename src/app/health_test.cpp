#include "health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kaden::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Facts well(std::int64_t second) {
  Facts facts;
  facts.wall = wall_time(1'700'000'000'000) + seconds(second);
  facts.steady = SteadyTime(seconds(second));
  facts.newest_entry = facts.wall;
  facts.has_carrier = true;
  return facts;
}

/// "part: reason", with "(!)" when calls suffer.
std::vector<std::string> words(const std::vector<api::Trouble>& troubles) {
  std::vector<std::string> all;
  for (const auto& one : troubles) {
    all.push_back(std::string(to_text(one.part)) + (one.calls_suffer ? " (!): " : ": ") + one.reason);
  }
  return all;
}

TEST(Health, WellIsSilent) {
  Health health;
  for (int second = 0; second < 100; ++second) health.look(well(second));
  EXPECT_THAT(words(health.troubles(SteadyTime(seconds(99)))), IsEmpty());
}

TEST(Health, OneLookTellsWhatIsWrongNow) {
  const struct {
    void (*spoil)(Facts&);
    const char* words;
  } cases[] = {
      {[](Facts& f) { f.has_carrier = false; },
       "carrier (!): no carrier is configured: nobody can be called"},
      {[](Facts& f) { f.carrier_trouble = "address gone"; }, "carrier (!): address gone"},
      {[](Facts& f) {
         f.carrier_failures = 3;
         f.carrier_failure = "no reply";
       },
       "carrier (!): the last 3 calls could not be placed: no reply"},
      {[](Facts& f) { f.speech_trouble = "no voice"; }, "speech (!): no voice"},
      {[](Facts& f) { f.store_trouble = "the disk is full"; }, "metrics: the disk is full"},
      {[](Facts& f) { f.logs_trouble = "no room"; }, "logs: no room"},
      {[](Facts& f) { f.webhooks_trouble = "no room"; }, "webhooks: no room"},
      {[](Facts& f) { f.mail_trouble = "no room"; }, "mail: no room"},
      {[](Facts& f) { f.chat_trouble = "no such channel"; }, "chat: no such channel"},
      {[](Facts& f) { f.newest_entry = f.wall + seconds(11); },
       "clock (!): the clock is 11 s behind the newest entry of the journal: redials and escalation wait "
       "until "
       "it has caught up"},
  };
  for (const auto& one : cases) {
    Facts facts = well(1);
    one.spoil(facts);
    Health health;
    health.look(facts);
    EXPECT_THAT(words(health.troubles(facts.steady)), ElementsAre(one.words));
    health.look(well(2));
    EXPECT_THAT(words(health.troubles(SteadyTime(seconds(2)))), IsEmpty()) << one.words;
  }
}

TEST(Health, TwoFailuresOfTheCarrierAreAPhonesOwn) {
  Facts facts = well(1);
  facts.carrier_failures = 2;
  Health health;
  health.look(facts);
  EXPECT_THAT(words(health.troubles(facts.steady)), IsEmpty());
}

TEST(Health, UntoldChangesMayWaitAMoment) {
  Health health;
  Facts facts = well(0);
  facts.untold = 7;
  health.look(facts);
  facts.steady = SteadyTime(seconds(10));
  facts.wall += seconds(10);
  health.look(facts);
  EXPECT_THAT(words(health.troubles(SteadyTime(seconds(10)))), IsEmpty());
  EXPECT_THAT(words(health.troubles(SteadyTime(seconds(11)))),
              ElementsAre("alarms (!): 7 changes of alarms wait to be stored, for 11 s"));
  health.look(well(12));
  EXPECT_THAT(words(health.troubles(SteadyTime(seconds(12)))), IsEmpty());
}

TEST(Health, TimersThatStandStill) {
  Health health;
  health.look(well(5));
  EXPECT_THAT(words(health.troubles(SteadyTime(seconds(16)))),
              ElementsAre("alarms (!): alarms have not been evaluated for 11 s"));
}

TEST(Health, AClockThatStepsIsShownForAWhileAndIsNoFailure) {
  for (const int step : {3'600, -60}) {
    Health health;
    health.look(well(1));
    Facts facts = well(2);
    facts.wall += seconds(step);
    facts.newest_entry = facts.wall;
    health.look(facts);
    const auto said = words(health.troubles(SteadyTime(seconds(4))));
    ASSERT_EQ(said.size(), 1U);
    EXPECT_THAT(said[0], HasSubstr(step > 0 ? "clock: the clock stepped forward by"
                                            : "clock: the clock stepped back by"));
    for (int second = 3; second <= 603; ++second) {
      Facts later = well(second);
      later.wall += seconds(step);
      later.newest_entry = later.wall;
      health.look(later);
    }
    EXPECT_THAT(words(health.troubles(SteadyTime(seconds(603)))), IsEmpty());
  }
}

TEST(OwnAddress, IsAskedOfTheKernel) {
  EXPECT_EQ(trouble_with_own_address("127.0.0.1"), "");
  EXPECT_EQ(trouble_with_own_address("0.0.0.0"), "");
  EXPECT_THAT(trouble_with_own_address("192.0.2.77"), HasSubstr("no longer has the address 192.0.2.77"));
  EXPECT_THAT(trouble_with_own_address("x"), HasSubstr("not an IPv4 address"));
}

} // namespace
} // namespace kaden::app
