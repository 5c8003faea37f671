#include "rates.h"

#include <gtest/gtest.h>

#include "kaden/limits/log_sources.h"

namespace kaden::logs {
namespace {

SteadyTime at(std::int64_t ms) {
  return SteadyTime(Millis(ms));
}
int taken(Rates& rates, const std::string& sender, SteadyTime now, int offered) {
  int count = 0;
  for (int i = 0; i < offered; ++i) count += rates.may(sender, now) ? 1 : 0;
  return count;
}

TEST(Rates, each_sender_has_a_second_s_worth_and_then_its_rate) {
  Rates rates(100);
  EXPECT_EQ(taken(rates, "a", at(0), 1'000), 100);
  EXPECT_EQ(taken(rates, "b", at(0), 1'000), 100) << "others are not touched";
  EXPECT_EQ(taken(rates, "a", at(10), 1'000), 1);
  EXPECT_EQ(taken(rates, "a", at(510), 1'000), 50);
  EXPECT_EQ(taken(rates, "a", at(60'000), 1'000), 100) << "no more than a second's";
  EXPECT_EQ(taken(rates, "a", at(59'000), 10), 0) << "a clock that steps back gives nothing";
}

TEST(Rates, a_flood_of_addresses_shares_one_bucket) {
  Rates rates(5);
  for (std::size_t i = 0; i < limits::syslog_senders_max; ++i)
    ASSERT_TRUE(rates.may(std::to_string(i), at(0)));
  int count = 0;
  for (int i = 0; i < 1'000; ++i) count += rates.may("new " + std::to_string(i), at(0)) ? 1 : 0;
  EXPECT_EQ(count, 5);
  EXPECT_EQ(rates.senders(), limits::syslog_senders_max + 1);
  rates.sweep(at(1'000));
  EXPECT_EQ(rates.senders(), 0U);
}

} // namespace
} // namespace kaden::logs
