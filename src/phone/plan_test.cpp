#include <gtest/gtest.h>

#include "kaden/phone.h"

namespace kaden::phone {
namespace {

TEST(PhonePlan, StepsAreReadInAnyOrder) {
  const auto plan = parse_plan("sato=1@9000, answer@1500,3@pause,hangup@20000");
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->first, "sato");
  EXPECT_EQ(plan->second.mode, Plan::Mode::answer);
  EXPECT_EQ(plan->second.answer_after, Millis(1500));
  EXPECT_EQ(plan->second.hang_up_after, seconds(20));
  EXPECT_EQ(plan->second.keys, (std::vector<PlannedKey>{{'1', seconds(9), false}, {'3', Millis(0), true}}));
}

TEST(PhonePlan, WordsAreModes) {
  const struct {
    const char* text;
    Plan::Mode mode;
  } cases[] = {{"a=busy", Plan::Mode::busy},
               {"a=decline", Plan::Mode::decline},
               {"a=ring", Plan::Mode::ring},
               {"a=unavailable", Plan::Mode::unavailable},
               {"*=voicemail", Plan::Mode::answer}};
  for (const auto& c : cases) {
    const auto plan = parse_plan(c.text);
    ASSERT_TRUE(plan) << c.text;
    EXPECT_EQ(plan->second.mode, c.mode);
    EXPECT_TRUE(plan->second.keys.empty());
  }
}

TEST(PhonePlan, WhatIsNoPlanIsRefusedWithTheStep) {
  for (const char* bad : {"", "sato", "=busy", "sato=", "sato=dance", "sato=answer", "sato=answer@x",
                          "sato=1@-1", "sato=1@3600001", "sato=x@1", "sato=answer@pause"}) {
    const auto plan = parse_plan(bad);
    ASSERT_FALSE(plan) << bad;
    EXPECT_EQ(plan.error().fault, Fault::invalid);
  }
  EXPECT_NE(parse_plan("sato=dance").error().message.find("dance"), std::string::npos);
}

TEST(PhoneEvent, IsOneLineOfJson) {
  const std::string line = to_json_line({wall_time(5), "key", "k-1", "sip:kaden@127.0.0.1", "sato", "1", ""});
  EXPECT_EQ(
      line,
      R"({"at_ms":5,"event":"key","call_id":"k-1","from":"sip:kaden@127.0.0.1","to":"sato","key":"1"})");
}

} // namespace
} // namespace kaden::phone
