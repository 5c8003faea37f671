#include "kaden/statistic.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace kaden::alarm {
namespace {

using Kind = ExtendedStatistic::Kind;

std::vector<ValueCount> counted(std::initializer_list<double> values) {
  std::vector<ValueCount> out;
  for (const double value : values) out.push_back({value, 1});
  return out;
}

std::vector<ValueCount> one_to(int most) {
  std::vector<ValueCount> out;
  for (int i = 1; i <= most; ++i) out.push_back({static_cast<double>(i), 1});
  return out;
}

TEST(ExtendedStatistic, IsReadAsCloudWatchWritesIt) {
  const struct {
    const char* text;
    Kind kind;
    bool in_percent;
    std::optional<double> low, high;
  } cases[] = {
      {"p0", Kind::percentile, true, {}, 0},
      {"p50", Kind::percentile, true, {}, 50},
      {"p99.9", Kind::percentile, true, {}, 99.9},
      {"p99.9999999999", Kind::percentile, true, {}, 99.9999999999},
      {"p100", Kind::percentile, true, {}, 100},
      {"tm90", Kind::trimmed_mean, true, {}, 90},
      {"tc90", Kind::trimmed_count, true, {}, 90},
      {"ts90", Kind::trimmed_sum, true, {}, 90},
      {"wm98", Kind::winsorized_mean, true, {}, 98},
      {"IQM", Kind::trimmed_mean, true, 25, 75},
      {"TM(2%:98%)", Kind::trimmed_mean, true, 2, 98},
      {"TM(:95%)", Kind::trimmed_mean, true, {}, 95},
      {"TM(150:1000)", Kind::trimmed_mean, false, 150, 1000},
      {"TC(0.005:0.030)", Kind::trimmed_count, false, 0.005, 0.03},
      {"TS(80%:)", Kind::trimmed_sum, true, 80, {}},
      {"WM(10%:90%)", Kind::winsorized_mean, true, 10, 90},
      {"PR(:300)", Kind::percentile_rank, false, {}, 300},
      {"PR(100:2000)", Kind::percentile_rank, false, 100, 2000},
      {"PR(10:)", Kind::percentile_rank, false, 10, {}},
  };
  for (const auto& c : cases) {
    const auto read = parse_extended_statistic(c.text);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, (ExtendedStatistic{c.kind, c.in_percent, c.low, c.high, c.text})) << c.text;
  }
}

TEST(ExtendedStatistic, IsRefusedOtherwise) {
  for (const char* text : {"",          "p",       "p-1",     "p100.1",    "p1e1",        "p99.99999999999",
                           "P95",       "TM90",    "tm0",     "tm",        "iqm",         "IQM(1:2)",
                           "TM()",      "TM(:)",   "TM(5%)",  "TM(5%:90)", "TM(90%:10%)", "TM(5%:5%)",
                           "TM(100%:)", "TM(:0%)", "TM(a:b)", "TM(1:2",    "PR(10%:20%)", "PR(5)",
                           "PR(2:1)",   "Average", "XM(1:2)", "TM(1:2:3)", "TM(101%:)"}) {
    EXPECT_FALSE(parse_extended_statistic(text)) << text;
  }
  EXPECT_EQ(parse_any_statistic("Sum")->simple, Statistic::sum);
  EXPECT_EQ(to_text(*parse_any_statistic("p90")), "p90");
  EXPECT_FALSE(parse_any_statistic("sum"));
}

TEST(ExtendedStatistic, FollowsTheDefinitionsOfTheGuide) {
  const auto hundred = one_to(100);
  const auto latencies = counted({100, 150, 151, 500, 1000, 1001});
  const struct {
    const char* text;
    const std::vector<ValueCount>& values;
    std::optional<double> expected;
  } cases[] = {
      {"p0", hundred, 1},
      {"p50", hundred, 50},
      {"p99", hundred, 99}, // the largest of the remaining 99 %
      {"p99.9", hundred, 100},
      {"p7", hundred, 7}, // 0.07 * 100 is not 7 in binary
      {"p100", hundred, 100},
      {"tm90", hundred, 45.5},
      {"tc90", hundred, 90},
      {"ts90", hundred, 4095},
      {"wm90", hundred, (4095 + 10 * 90) / 100.0},
      {"IQM", hundred, 50.5},
      {"TM(2%:98%)", hundred, 50.5},
      {"TS(80%:)", hundred, 1810},
      {"WM(10%:90%)", hundred, (10 * 11 + 10 * 90 + 4040) / 100.0},
      {"TM(150:1000)", latencies, (151 + 500 + 1000) / 3.0}, // 150 is out, 1000 is in
      {"TC(150:1000)", latencies, 3},
      {"TC(2000:)", latencies, 0},
      {"TM(2000:)", latencies, std::nullopt},
      {"WM(150:1000)", latencies, (150 + 150 + 151 + 500 + 1000 + 1000) / 6.0},
      {"PR(:300)", latencies, 50},
      {"PR(100:1000)", latencies, 4 / 6.0 * 100},
  };
  for (const auto& c : cases) {
    const auto value = value_of(*parse_extended_statistic(c.text), c.values);
    ASSERT_EQ(value.has_value(), c.expected.has_value()) << c.text;
    EXPECT_NEAR(value.value_or(0), c.expected.value_or(0), 1e-9) << c.text;
  }
  EXPECT_EQ(value_of(*parse_extended_statistic("p50"), counted({-1, 2, 3})),
            std::nullopt); // the guide's last line
  EXPECT_EQ(value_of(*parse_extended_statistic("p50"), {}), std::nullopt);
  EXPECT_EQ(value_of(*parse_extended_statistic("tm1"), counted({7})), 7);
}

// A second implementation, slow and plain: it writes each sample down.
std::optional<double> plainly(const ExtendedStatistic& statistic, std::vector<double> samples) {
  std::sort(samples.begin(), samples.end());
  const auto n = static_cast<double>(samples.size());
  if (samples.empty() || samples.front() < 0) return std::nullopt;
  // Percentages of these tests are whole, so ranks are exact integers over 100.
  const auto share = [&](double percent) {
    return std::llround(percent) * static_cast<long long>(samples.size());
  };
  if (statistic.kind == Kind::percentile) {
    long long rank = (share(*statistic.high) + 99) / 100;
    rank = std::max<long long>(rank, 1);
    return samples[static_cast<std::size_t>(rank - 1)];
  }
  std::vector<double> kept;
  std::vector<double> below;
  std::vector<double> above;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto rank = static_cast<long long>(i) + 1;
    bool low = false;
    bool high = false;
    if (statistic.in_percent) {
      low = statistic.low && rank <= share(*statistic.low) / 100;
      high = statistic.high && rank > (share(*statistic.high) + 99) / 100;
    } else {
      low = statistic.low && samples[i] <= *statistic.low;
      high = statistic.high && samples[i] > *statistic.high;
    }
    (low ? below : high ? above : kept).push_back(samples[i]);
  }
  double sum = 0;
  for (const double one : kept) sum += one;
  switch (statistic.kind) {
    case Kind::trimmed_mean:
      if (kept.empty()) return std::nullopt;
      return sum / static_cast<double>(kept.size());
    case Kind::trimmed_count:
      return static_cast<double>(kept.size());
    case Kind::trimmed_sum:
      return sum;
    case Kind::percentile_rank:
      return static_cast<double>(kept.size()) / n * 100;
    case Kind::winsorized_mean: {
      const double low = statistic.in_percent ? kept.front() : statistic.low.value_or(0);
      const double high = statistic.in_percent ? kept.back() : statistic.high.value_or(0);
      return (sum + low * static_cast<double>(below.size()) + high * static_cast<double>(above.size())) / n;
    }
    case Kind::percentile:
      break;
  }
  return std::nullopt;
}

TEST(ExtendedStatistic, AgreesWithThePlainImplementation) {
  std::mt19937 chance(20261126);
  const auto draw = [&](int below) { return static_cast<int>(chance() % static_cast<unsigned>(below)); };
  for (int round = 0; round < 20'000; ++round) {
    ExtendedStatistic statistic;
    statistic.kind = static_cast<Kind>(draw(6));
    statistic.in_percent =
        statistic.kind == Kind::percentile || (statistic.kind != Kind::percentile_rank && draw(2) == 0);
    const int low = draw(99);
    if (statistic.kind != Kind::percentile && draw(2) == 0) statistic.low = low;
    if (!statistic.low || draw(2) == 0) statistic.high = low + 1 + draw(100 - low);
    std::vector<ValueCount> values;
    std::vector<double> samples;
    double value = draw(20) == 0 ? -1 : 0;
    for (int i = draw(8); i >= 0; --i) {
      value += 1 + draw(20);
      const int count = draw(3) == 0 ? 1 + draw(30) : 1;
      values.push_back({value, static_cast<double>(count)});
      samples.insert(samples.end(), static_cast<std::size_t>(count), value);
    }
    const auto got = value_of(statistic, values);
    const auto want = plainly(statistic, samples);
    ASSERT_EQ(got.has_value(), want.has_value()) << round;
    ASSERT_NEAR(got.value_or(0), want.value_or(0), 1e-9 * std::max(1.0, std::fabs(want.value_or(0))))
        << round;
  }
}

TEST(ExtendedStatistic, KnowsWhenSamplesAreTooFew) {
  const struct {
    const char* text;
    double enough;
  } cases[] = {{"p99", 1000}, {"p50", 20}, {"p99.9", 10'000}, {"p95", 200}, {"p10", 100}, {"p1", 1000}};
  for (const auto& c : cases) {
    const auto statistic = *parse_extended_statistic(c.text);
    EXPECT_FALSE(has_too_few_samples(statistic, c.enough)) << c.text;
    EXPECT_TRUE(has_too_few_samples(statistic, c.enough - 1)) << c.text;
  }
  for (const char* text : {"tm99", "p100", "p0", "PR(:3)"}) {
    EXPECT_FALSE(has_too_few_samples(*parse_extended_statistic(text), 1)) << text;
  }
}

TEST(StatisticSet, TellsItsRawValueWhenAllAreEqual) {
  EXPECT_EQ(raw_value_of({1, 5, 5, 5}), (ValueCount{5, 1}));
  EXPECT_EQ(raw_value_of({4, 20, 5, 5}), (ValueCount{5, 4}));
  EXPECT_EQ(raw_value_of({3, 0.3, 0.1, 0.1}), (ValueCount{0.1, 3})); // 0.1 * 3 is not 0.3
  EXPECT_EQ(raw_value_of({4, 20, 4, 6}), std::nullopt);
  EXPECT_EQ(raw_value_of({1, 6, 5, 5}), std::nullopt);
  EXPECT_EQ(raw_value_of({2, 0, 0, 0}), (ValueCount{0, 2}));
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
