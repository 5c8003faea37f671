#include "network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kaden::app {
namespace {

TEST(Network, what_one_place_sends_as_metrics_another_reads_as_what_it_saw) {
  const WallTime at = wall_time(1'790'000'000'000);
  const std::vector<probe::Measure> measures = {{"Loss", 25, "Percent"},
                                                {"RoundTripTime", 12, "Milliseconds"},
                                                {"DaysToExpiry", 9.5, "None"},
                                                {"Up", 1, "Count"}};
  network::Readings elsewhere("sddc");
  int told = 0;
  elsewhere.on_complete([&] { ++told; });
  for (const auto& datum : data_of("tokyo-dx", "router", "office", measures, at)) {
    EXPECT_EQ(datum.metric.name_space, "Kaden/Probe");
    give(datum, elsewhere);
  }
  EXPECT_EQ(told, 1);
  const auto readings = elsewhere.take();
  ASSERT_EQ(readings.size(), 1U);
  EXPECT_EQ(readings[0].path, "tokyo-dx");
  EXPECT_EQ(readings[0].probe, "router");
  EXPECT_EQ(readings[0].vantage, "office");
  EXPECT_EQ(readings[0].at, at);
  EXPECT_TRUE(readings[0].is_up);
  EXPECT_EQ(readings[0].loss_percent, 25);
  EXPECT_EQ(readings[0].round_trip_ms, 12);
  EXPECT_EQ(readings[0].days_to_expiry, 9.5);
  EXPECT_TRUE(elsewhere.take().empty());
}

TEST(Network, its_own_metrics_and_those_of_others_are_no_views) {
  const std::vector<probe::Measure> measures = {{"Up", 0, "Count"}};
  network::Readings readings("sddc");
  auto data = data_of("tokyo-dx", "router", "sddc", measures, {});
  give(data[0], readings);
  data = data_of("tokyo-dx", "router", "office", measures, {});
  data[0].metric.name_space = "CWAgent";
  give(data[0], readings);
  data = data_of("tokyo-dx", "router", "office", measures, {});
  data[0].metric.dimensions.erase("Path");
  give(data[0], readings);
  EXPECT_TRUE(readings.take().empty());
}

TEST(Network, a_round_that_is_cut_short_by_the_next_is_forgotten) {
  network::Readings readings("sddc");
  readings.put("p", "r", "office", "Loss", 100, wall_time(1));
  readings.put("p", "r", "office", "Up", 1, wall_time(2));
  const auto taken = readings.take();
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].loss_percent, 0);
  EXPECT_EQ(taken[0].at, wall_time(2));
}

} // namespace
} // namespace kaden::app
