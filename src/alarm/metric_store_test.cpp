#include "kaden/metric_store.h"
#include "kaden/limits/metrics.h"
#include "kaden/metric_query.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

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
  EXPECT_EQ(store.datapoint_count(), 5U); // one per second of high resolution
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
  EXPECT_FALSE(store.holds(metric("web-01")));
  EXPECT_EQ(store.series_count(), 0U);
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
  EXPECT_EQ(shown(store.aggregate(store.id_of(series), "", seconds(60), at - seconds(300), 5)),
            "6:6:1:1 6:6:1:1 6:6:1:1 6:6:1:1 6:6:1:1 ");
  series.needed = seconds(3600);
  EXPECT_FALSE(store.make_space_for(101, at));
}

TEST(MetricStore, FloorsBeforeTheEpochToo) {
  EXPECT_EQ(to_ms(floor_to(wall_time(-1), seconds(10))), -10'000);
  EXPECT_EQ(to_ms(floor_to(wall_time(-10'000), seconds(10))), -10'000);
  EXPECT_EQ(to_ms(floor_to(wall_time(9'999), seconds(10))), 0);
}

Datum counted(WallTime at, std::vector<ValueCount> values, bool high_resolution = false) {
  Datum made = datum(at, 0, high_resolution);
  made.values = set_of(values);
  made.counted = std::move(values);
  return made;
}

std::optional<double> value_at(const MetricStore& store, const std::string& statistic, Millis period,
                               WallTime from, std::vector<double>* counts = nullptr) {
  const auto parsed = parse_any_statistic(statistic).value();
  std::vector<std::optional<double>> out;
  store.values(*store.find(metric("web-01")), parsed.simple, parsed.extended ? &*parsed.extended : nullptr,
               {"", period, from, 1}, out, counts);
  return out[0];
}

TEST(MetricStore, KeepsRawValuesForPercentiles) {
  MetricStore store;
  store.put(counted(noon, {{5, 90}, {100, 9}, {1000, 1}}), noon);
  EXPECT_EQ(value_at(store, "p90", seconds(60), noon), 5);
  EXPECT_EQ(value_at(store, "p99", seconds(60), noon), 100);
  EXPECT_EQ(value_at(store, "p100", seconds(60), noon), 1000);
  store.put(datum(noon + seconds(60), 7, false), noon);
  std::vector<double> counts;
  EXPECT_EQ(value_at(store, "p100", seconds(120), noon, &counts), 1000);
  EXPECT_EQ(counts, std::vector<double>{101});
  EXPECT_EQ(value_at(store, "tm90", seconds(120), noon).value(), (5 * 90 + 7) / 91.0);
  EXPECT_EQ(value_at(store, "SampleCount", seconds(120), noon), 101);
}

TEST(MetricStore, HasNoPercentilesOfStatisticSets) {
  MetricStore store;
  Datum set = datum(noon, 0, false);
  set.values = {4, 10, 1, 4};
  store.put(set, noon);
  EXPECT_EQ(value_at(store, "p50", seconds(60), noon), std::nullopt);
  EXPECT_EQ(value_at(store, "Average", seconds(60), noon), 2.5);
  set.values = {4, 12, 3, 3}; // all equal: the raw values are known
  set.at = noon + seconds(60);
  store.put(set, noon);
  EXPECT_EQ(value_at(store, "p50", seconds(60), noon + seconds(60)), 3);
  set.values = {4, 10, 1, 4}; // one set of unequal values spoils the period
  store.put(set, noon);
  EXPECT_EQ(value_at(store, "p50", seconds(60), noon + seconds(60)), std::nullopt);
  EXPECT_EQ(value_at(store, "SampleCount", seconds(60), noon + seconds(60)), 8);
  EXPECT_EQ(value_at(store, "Sum", seconds(60), noon + seconds(60)), 22);
}

TEST(MetricStore, TakesValuesAndASetOfOneDatumForWhatTheyAre) {
  MetricStore store;
  Datum both = counted(noon, {{1, 1}, {9, 1}});
  both.values = {10, 50, 0, 10}; // the agent's aggregate of more than it sent one by one
  store.put(both, noon);
  EXPECT_EQ(value_at(store, "Sum", seconds(60), noon), 50);
  EXPECT_EQ(value_at(store, "Maximum", seconds(60), noon), 10);
  EXPECT_EQ(value_at(store, "p50", seconds(60), noon), 1);
  store.put(datum(noon, 5, false), noon);
  EXPECT_EQ(value_at(store, "Sum", seconds(60), noon), 55);
  EXPECT_EQ(value_at(store, "p50", seconds(60), noon), 5);
}

TEST(MetricStore, DoesNotCareForTheOrderOfArrival) {
  std::mt19937 chance(3);
  std::vector<Datum> data;
  for (int i = 0; i < 300; ++i) {
    const WallTime at = noon + seconds(static_cast<std::int64_t>(chance() % 300));
    const double value = static_cast<double>(chance() % 50) * 0.1;
    if (chance() % 3 == 0) {
      data.push_back(
          counted(at, {{value, static_cast<double>(1 + chance() % 4)}, {value + 1, 1}}, chance() % 2 == 0));
    } else {
      data.push_back(datum(at, value, chance() % 2 == 0));
    }
  }
  MetricStore first;
  for (const auto& one : data) first.put(one, noon + seconds(300));
  for (int round = 0; round < 5; ++round) {
    std::shuffle(data.begin(), data.end(), chance);
    MetricStore again;
    for (const auto& one : data) again.put(one, noon + seconds(300));
    EXPECT_EQ(again.datapoint_count(), first.datapoint_count());
    for (const char* statistic :
         {"Sum", "Average", "p90", "tm50", "IQM", "SampleCount", "Minimum", "Maximum"}) {
      for (int minute = 0; minute < 5; ++minute) {
        EXPECT_EQ(value_at(again, statistic, seconds(60), noon + seconds(60 * minute)),
                  value_at(first, statistic, seconds(60), noon + seconds(60 * minute)))
            << statistic << minute; // bit by bit
      }
    }
  }
}

TEST(MetricStore, MakesManyValuesOfOneStepCoarser) {
  MetricStore store;
  constexpr int samples = 20'000;
  for (int i = 1; i <= samples; ++i) store.put(datum(noon, i, false), noon);
  EXPECT_EQ(store.datapoint_count(), 1U);
  EXPECT_LT(store.load(), 4'000U);
  EXPECT_EQ(value_at(store, "SampleCount", seconds(60), noon), samples);
  EXPECT_EQ(value_at(store, "Sum", seconds(60), noon), 0.5 * samples * (samples + 1));
  EXPECT_EQ(value_at(store, "Maximum", seconds(60), noon), samples);
  EXPECT_NEAR(value_at(store, "p90", seconds(60), noon).value(), 0.9 * samples, 0.02 * samples);
  EXPECT_NEAR(value_at(store, "p50", seconds(60), noon).value(), 0.5 * samples, 0.02 * samples);
  for (int i = 0; i < 100; ++i) store.put(datum(noon + seconds(60), 7, false), noon);
  EXPECT_EQ(value_at(store, "p50", seconds(60), noon + seconds(60)), 7);
}

TEST(MetricStore, CountsWhatRawValuesTake) {
  MetricStore store;
  for (int i = 0; i < 1000; ++i) store.put(datum(noon + seconds(i), i), noon + seconds(i));
  EXPECT_EQ(store.load(), 1000U);
  for (int i = 0; i < 1000; ++i) store.put(datum(noon + seconds(i), i), noon + seconds(1000));
  EXPECT_EQ(store.datapoint_count(), 1000U);
  EXPECT_GT(store.load(), 5'000U);
  store.sweep(noon + limits::metric_history + seconds(2000));
  EXPECT_EQ(store.load(), 0U);
  EXPECT_EQ(store.series_count(), 0U);
  store.put(datum(noon + limits::metric_history + seconds(2000), 5),
            noon + limits::metric_history + seconds(2000));
  EXPECT_EQ(store.load(), 1U); // places are used again
}

TEST(MetricStore, GivesSeveralStatisticsPerUnit) {
  MetricStore store;
  store.put(counted(noon, {{1, 1}, {3, 1}}), noon);
  store.put(datum(noon + seconds(120), 8, false), noon);
  store.put(datum(noon, 5, false, "Count"), noon);
  const std::vector<AnyStatistic> wanted{*parse_any_statistic("Average"), *parse_any_statistic("p100")};
  const auto points = store.statistics(metric("web-01"), {"", seconds(60), noon, 3}, wanted);
  ASSERT_EQ(points.size(), 3U);
  EXPECT_EQ(points[0].unit, "Count");
  EXPECT_EQ(points[0].values, (std::vector<std::optional<double>>{5, 5}));
  EXPECT_EQ(points[1].unit, "Percent");
  EXPECT_EQ(points[1].values, (std::vector<std::optional<double>>{2, 3}));
  EXPECT_EQ(points[2].at, noon + seconds(120));
  EXPECT_EQ(store.statistics(metric("web-01"), {"Count", seconds(60), noon, 3}, wanted).size(), 1U);
  EXPECT_TRUE(store.statistics(metric("web-01"), {"Bytes", seconds(60), noon, 3}, wanted).empty());
  EXPECT_TRUE(store.statistics(metric("web-02"), {"", seconds(60), noon, 3}, wanted).empty());
}

std::string names(const MetricPage& page) {
  std::string text;
  for (const auto& one : page.metrics) text += one.name + "/" + one.dimensions.at("host") + " ";
  return text;
}

TEST(MetricStore, ListsMetricsInPages) {
  MetricStore store;
  for (const char* name : {"cpu", "mem"}) {
    for (const char* host : {"b", "a", "c"}) {
      Datum one = datum(noon, 1);
      one.metric = {"CWAgent", name, {{"host", host}, {"os", "linux"}}};
      store.put(one, *host == 'c' ? noon - seconds(4 * 3600) : noon);
    }
  }
  store.watch({"CWAgent", "never", {{"host", "a"}}}, seconds(60)); // an alarm waits for it: no metric yet
  MetricFilter filter;
  EXPECT_EQ(names(store.list(filter)), "cpu/b cpu/a cpu/c mem/b mem/a mem/c ");
  filter.name = "mem";
  filter.most = 2;
  MetricPage page = store.list(filter);
  EXPECT_EQ(names(page), "mem/b mem/a ");
  filter.after = page.next;
  page = store.list(filter);
  EXPECT_EQ(names(page), "mem/c ");
  EXPECT_EQ(page.next, 0U);
  const struct {
    MetricFilter filter;
    const char* found;
  } cases[] = {
      {{"CWAgent", "", {{"host", "a"}}, {}, 0, 500}, "cpu/a mem/a "},
      {{"CWAgent", "cpu", {{"host", std::nullopt}, {"os", "linux"}}, {}, 0, 500}, "cpu/b cpu/a cpu/c "},
      {{"", "", {{"host", "linux"}}, {}, 0, 500}, ""},
      {{"", "", {{"os", std::nullopt}}, noon - seconds(3 * 3600), 0, 500}, "cpu/b cpu/a mem/b mem/a "},
      {{"Other", "", {}, {}, 0, 500}, ""},
      {{"", "", {{"path", std::nullopt}}, {}, 0, 500}, ""},
  };
  for (const auto& c : cases) EXPECT_EQ(names(store.list(c.filter)), c.found);
}

TEST(MetricStore, ListsAMetricForTwoWeeksAfterItsLastDatapoint) {
  MetricStore store;
  store.put(datum(noon, 1), noon);
  const std::uint64_t number = store.find(metric("web-01"))->number;
  const WallTime last = noon + limits::silent_metric_max;
  store.sweep(last);
  EXPECT_EQ(store.datapoint_count(), 0U);
  EXPECT_EQ(store.series_count(), 0U);
  EXPECT_FALSE(store.holds(number)) << "its maker is free of it";
  EXPECT_EQ(names(store.list({})), "cpu_usage_active/web-01 ");
  store.put(datum(last, 1), last);
  EXPECT_EQ(store.find(metric("web-01"))->number, number) << "the same place in the list";
  EXPECT_TRUE(store.holds(number));
  store.sweep(last + limits::silent_metric_max + seconds(1));
  EXPECT_EQ(store.list({}).metrics.size(), 0U);
  EXPECT_EQ(store.find(metric("web-01")), nullptr);
}

TEST(MetricStore, RemembersMetricsInTheOrderInWhichTheyFirstCame) {
  MetricStore store;
  const auto id = [](const char* name, const char* host) {
    return MetricId{"CWAgent", name, {{"host", host}}};
  };
  store.watch(id("mem", "b"), seconds(60)); // of an alarm, before the list is read
  store.watch(id("mem", "never"), seconds(60));
  const KnownMetric known[] = {{id("cpu", "a"), "Percent", noon - seconds(20)},
                               {id("mem", "b"), "Bytes", noon - seconds(4 * 3'600)},
                               {id("cpu", "a"), "None", noon - seconds(10)},
                               {id("cpu", "b"), "Percent", noon - seconds(4 * 3'600)}};
  store.remember(known);
  EXPECT_EQ(names(store.list({})), "cpu/a mem/b cpu/b ");
  EXPECT_EQ(store.series_count(), 2U) << "what alarms wait for";
  MetricFilter recent;
  recent.active_since = noon - seconds(3 * 3'600);
  EXPECT_EQ(names(store.list(recent)), "cpu/a ");
  Datum fresh = datum(noon, 1);
  fresh.metric = id("cpu", "new");
  store.put(fresh, noon);
  fresh.metric = id("cpu", "b");
  store.put(fresh, noon);
  EXPECT_EQ(names(store.list({})), "cpu/a mem/b cpu/b cpu/new ");
  EXPECT_EQ(names(store.list(recent)), "cpu/a cpu/b cpu/new ");
  // Pages, while others come and go.
  MetricFilter page;
  page.most = 1;
  std::string walked;
  do {
    const MetricPage one = store.list(page);
    walked += names(one);
    page.after = one.next;
    store.sweep(noon + seconds(60));
  } while (page.after != 0);
  EXPECT_EQ(walked, "cpu/a mem/b cpu/b cpu/new ");
}

TEST(MetricStore, GivesBackStoredValuesAsTheyWere) {
  std::mt19937 chance(7);
  for (const int samples : {3, 900, 6'000}) {
    MetricStore before;
    for (int i = 0; i < samples; ++i)
      before.put(datum(noon, 50 + static_cast<double>(chance() % 100'000) * 0.003, false), noon);
    before.watch(metric("web-01"), seconds(60));
    MetricStore after;
    before.copy(metric("web-01"), noon, after);
    for (int more = 0; more < 2; ++more) {
      for (const char* statistic : {"p0", "p50", "p95", "p100", "tm90", "wm90", "IQM", "PR(60:90)", "Sum"}) {
        EXPECT_EQ(value_at(after, statistic, seconds(60), noon),
                  value_at(before, statistic, seconds(60), noon))
            << statistic << " of " << samples;
      }
      EXPECT_EQ(value_at(before, "p100", seconds(60), noon), value_at(before, "Maximum", seconds(60), noon));
      // What comes after it is rounded alike.
      for (MetricStore* store : {&before, &after})
        for (int i = 0; i < 300; ++i) store->put(datum(noon, 51 + i * 0.01, false), noon);
    }
  }
}

TEST(MetricStore, SaysWherePercentilesDoNotExist) {
  MetricStore store;
  store.put(datum(noon, 5, false), noon);
  Datum set = datum(noon + seconds(60), 0, false);
  set.values = {4, 10, 1, 4};
  store.put(set, noon);
  const Series& series = *store.find(metric("web-01"));
  EXPECT_FALSE(store.has_unknown_samples(series, {"", seconds(60), noon, 1}));
  EXPECT_TRUE(store.has_unknown_samples(series, {"", seconds(60), noon, 2}));
  EXPECT_FALSE(store.has_unknown_samples(series, {"Count", seconds(60), noon, 2}));
  const MetricQuery p50{"m",  MetricStat{metric("web-01"), seconds(60), *parse_any_statistic("p50"), ""},
                        "",   "",
                        true, std::nullopt};
  MetricQuery sum = p50;
  sum.stat->statistic = *parse_any_statistic("Sum");
  const MetricQuery twice{"e", std::nullopt, "m*2", "", true, std::nullopt};
  const auto results = metric_data(store, std::vector{p50, twice}, noon, noon + seconds(120));
  ASSERT_TRUE(results);
  for (const auto& one : *results) {
    EXPECT_TRUE(one.is_partial) << one.id;
    EXPECT_EQ(one.times, std::vector{noon});
  }
  EXPECT_FALSE(metric_data(store, std::vector{sum}, noon, noon + seconds(120))->front().is_partial);
}

TEST(MetricStore, RefusesNoDatumThatItCannotPlace) {
  MetricStore store;
  store.put(datum(wall_time(-1'000), 1), wall_time(0));
  Datum far = datum(wall_time((std::int64_t{1} << 33) * 1000), 1);
  store.put(far, far.at);
  Datum odd = datum(noon, 0);
  odd.values.sample_count = 0;
  store.put(odd, noon);
  EXPECT_EQ(store.datapoint_count(), 0U);
  EXPECT_EQ(store.series_count(), 1U);
}

} // namespace
} // namespace kaden::alarm
