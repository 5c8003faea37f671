#include "kaden/metric_store.h"

#include <gtest/gtest.h>

namespace kaden::alarm {
namespace {

const WallTime noon = parse_iso8601("2026-11-23T12:00:00Z").value();

MetricId metric(std::string host) {
  return {"CWAgent", "cpu_usage_active", {{"host", std::move(host)}}};
}

Datum datum(WallTime at, double value, bool high_resolution = true, std::string unit = "Percent") {
  return {metric("web-01"), std::move(unit), at, {1, value, value, value}, high_resolution};
}

std::string shown(const std::vector<std::optional<StatisticSet>>& sets) {
  std::string text;
  for (const auto& set : sets) {
    text += set ? kaden::to_text(set->sample_count) + ":" + kaden::to_text(set->sum) + ":" +
                      kaden::to_text(set->minimum) + ":" + kaden::to_text(set->maximum) + " "
                : "- ";
  }
  return text;
}

TEST(MetricStore, MergesWhatFallsIntoOnePeriodInAnyOrder) {
  MetricStore store;
  for (const std::int64_t second : {25, 5, 0, 9, 20}) {
    store.put(datum(noon + seconds(second), static_cast<double>(second)), noon);
  }
  EXPECT_EQ(shown(store.aggregate(metric("web-01"), "", seconds(10), noon, 4)), "3:14:0:9 - 2:45:20:25 - ");
  EXPECT_EQ(shown(store.aggregate(metric("web-01"), "", seconds(30), noon, 1)), "5:59:0:25 ");
  EXPECT_EQ(shown(store.aggregate(metric("web-01"), "", seconds(10), noon + seconds(10), 1)), "- ");
  EXPECT_EQ(shown(store.aggregate(metric("web-02"), "", seconds(10), noon, 2)), "- - ");
  EXPECT_EQ(store.datapoint_count(), 2U);
}

TEST(MetricStore, StampsStandardResolutionToTheMinute) {
  MetricStore store;
  store.put(datum(noon + seconds(59), 7, false), noon);
  EXPECT_EQ(shown(store.aggregate(metric("web-01"), "", seconds(10), noon, 6)), "1:7:7:7 - - - - - ");
}

TEST(MetricStore, KeepsUnitsApart) {
  MetricStore store;
  store.put(datum(noon, 1), noon);
  store.put(datum(noon, 2, true, "Count"), noon);
  EXPECT_EQ(shown(store.aggregate(metric("web-01"), "Percent", seconds(10), noon, 1)), "1:1:1:1 ");
  EXPECT_EQ(shown(store.aggregate(metric("web-01"), "Count", seconds(10), noon, 1)), "1:2:2:2 ");
  EXPECT_EQ(shown(store.aggregate(metric("web-01"), "Bytes", seconds(10), noon, 1)), "- ");
  EXPECT_EQ(shown(store.aggregate(metric("web-01"), "", seconds(10), noon, 1)), "2:3:1:2 ");
}

TEST(MetricStore, IsTheExactSetOfDimensions) {
  MetricStore store;
  Datum more = datum(noon, 1);
  more.metric.dimensions["path"] = "/";
  store.put(more, noon);
  EXPECT_EQ(store.find(metric("web-01")), nullptr);
  EXPECT_NE(store.find(more.metric), nullptr);
}

TEST(MetricStore, ForgetsWhatIsOlderThanTheHistory) {
  MetricStore store;
  const WallTime end = noon + limits::metric_history + seconds(3600);
  for (WallTime at = noon; at < end; at += seconds(10)) store.put(datum(at, 1), at);
  const auto least = static_cast<std::size_t>(limits::metric_history / seconds(10));
  EXPECT_GE(store.datapoint_count(), least);
  EXPECT_LE(store.datapoint_count(), least * 3 / 2);
  store.sweep(end);
  EXPECT_EQ(store.datapoint_count(), least);
  store.put(datum(noon, 1), end); // far too late: accepted and dropped
  EXPECT_EQ(store.datapoint_count(), least);
  store.sweep(end + limits::metric_history + seconds(10));
  EXPECT_EQ(store.datapoint_count(), 0U);
  EXPECT_EQ(store.series_count(), 0U);
}

TEST(MetricStore, KeepsWhatIsWatched) {
  MetricStore store;
  Series& series = store.watch(metric("web-01"), seconds(86'400));
  store.put(datum(noon, 1), noon);
  store.sweep(noon + seconds(80'000));
  EXPECT_EQ(store.datapoint_count(), 1U);
  store.sweep(noon + seconds(90'000));
  EXPECT_EQ(store.datapoint_count(), 0U);
  EXPECT_EQ(store.find(metric("web-01")), &series);
  MetricStore::unwatch(series);
  store.sweep(noon + seconds(90'000));
  EXPECT_EQ(store.find(metric("web-01")), nullptr);
}

TEST(MetricStore, GivesUpHistoryBeforeItRefuses) {
  MetricStore store(100);
  Series& series = store.watch(metric("web-01"), seconds(300));
  WallTime at = noon;
  for (int i = 0; i < 1000; ++i, at += seconds(10)) {
    ASSERT_TRUE(store.make_space_for(1, at)) << i;
    store.put(datum(at, 1), at);
    ASSERT_LE(store.datapoint_count(), 100U);
  }
  EXPECT_EQ(shown(store.aggregate(series.id, "", seconds(60), at - seconds(300), 5)),
            "6:6:1:1 6:6:1:1 6:6:1:1 6:6:1:1 6:6:1:1 ");
  series.needed = seconds(3600);
  EXPECT_FALSE(store.make_space_for(101, at));
}

TEST(MetricStore, FloorsBeforeTheEpochToo) {
  EXPECT_EQ(to_ms(floor_to(wall_time(-1), seconds(10))), -10'000);
  EXPECT_EQ(to_ms(floor_to(wall_time(-10'000), seconds(10))), -10'000);
  EXPECT_EQ(to_ms(floor_to(wall_time(9'999), seconds(10))), 0);
}

TEST(Statistics, ComeFromTheSet) {
  const StatisticSet set{4, 10, 1, 5};
  EXPECT_EQ(value_of(Statistic::average, set), 2.5);
  EXPECT_EQ(value_of(Statistic::minimum, set), 1);
  EXPECT_EQ(value_of(Statistic::maximum, set), 5);
  EXPECT_EQ(value_of(Statistic::sum, set), 10);
  EXPECT_EQ(value_of(Statistic::sample_count, set), 4);
}

} // namespace
} // namespace kaden::alarm
