#include "kaden/samples.h"
#include "kaden/limits/metrics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <random>

namespace kaden::samples {
namespace {

using Chance = std::mt19937_64;

// A slow second implementation ----------------------------------------------------------------------------

/// To so many binary digits, half to even, in whole numbers.
double slowly_rounded(double value, int digits) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const std::uint64_t exponent = bits >> 52 & 0x7ff;
  if (exponent == 0) return 0;
  const int shift = 53 - digits;
  std::uint64_t mantissa = (bits & ((std::uint64_t{1} << 52) - 1)) | std::uint64_t{1} << 52;
  const std::uint64_t rest = mantissa & ((std::uint64_t{1} << shift) - 1);
  const std::uint64_t half = std::uint64_t{1} << (shift - 1);
  mantissa >>= shift;
  if (rest > half || (rest == half && mantissa % 2 == 1)) ++mantissa;
  const double size = std::ldexp(static_cast<double>(mantissa), static_cast<int>(exponent) - 1075 + shift);
  return value < 0 ? -size : size;
}

using Slow = std::map<double, double>;

struct SlowDistribution {
  Slow samples;
  int digits = 0; ///< 0: unknown
};

SlowDistribution slowly(const std::vector<ValueCount>& all, int most_digits = Distribution::exact) {
  for (int digits = Distribution::exact; digits > 0;
       digits = digits == Distribution::exact ? 10 : digits - 1) {
    if (digits > most_digits) continue;
    Slow samples;
    for (const auto& [value, count] : all) {
      double one = value == 0 ? 0.0 : value;
      if (digits != Distribution::exact) {
        for (int left = 10; left >= digits; --left) one = slowly_rounded(one, left);
      }
      samples[one] += count;
    }
    if (samples.size() <= limits::values_per_step_max) return {samples, digits};
  }
  return {};
}

void expect_same(const Distribution& made, const SlowDistribution& wanted, const std::string& what) {
  ASSERT_EQ(made.is_known(), wanted.digits > 0) << what;
  ASSERT_EQ(made.digits(), wanted.digits) << what;
  std::vector<ValueCount> samples;
  for (const auto& [value, count] : wanted.samples) samples.push_back({value, count});
  ASSERT_EQ(made.samples(), samples) << what;
}

/// Few, many, alike, or spread over thousands of powers of two.
std::vector<ValueCount> any_samples(Chance& chance) {
  std::vector<ValueCount> all;
  const auto kind = chance() % 6;
  const auto size = kind == 0 ? chance() % 10 : chance() % 4'000;
  for (std::uint64_t i = 0; i < size; ++i) {
    const auto draw = static_cast<double>(chance() % 1'000'000);
    double value = draw;
    if (kind == 1) value = std::floor(draw / 20'000);
    if (kind == 2) value = std::exp(draw / 100'000) - 2;
    if (kind == 3) value = 100 + draw / 1e7;
    if (kind == 4) value = std::ldexp(1 + draw / 1e6, static_cast<int>(chance() % 1'900) - 1'000);
    if (kind == 5) value = draw / 1000 - 500;
    all.push_back({value, chance() % 3 == 0 ? static_cast<double>(1 + chance() % 9) : 1});
  }
  return all;
}

// Distributions -------------------------------------------------------------------------------------------

TEST(DistributionProperty, is_what_its_samples_say_in_any_order_and_in_any_parts) {
  Chance chance(20'261'127);
  for (int round = 0; round < 150; ++round) {
    auto all = any_samples(chance);
    const auto wanted = slowly(all);
    const std::string what = "round " + std::to_string(round);
    expect_same(Distribution::of(all), wanted, what + ", at once");
    std::shuffle(all.begin(), all.end(), chance);
    Distribution one_by_one;
    for (const ValueCount& one : all) one_by_one.add(one);
    expect_same(one_by_one, wanted, what + ", one by one");
    std::vector<Distribution> parts(1 + chance() % 8);
    for (const ValueCount& one : all) parts[chance() % parts.size()].add(one);
    Distribution together;
    for (const Distribution& part : parts) together.merge(part);
    expect_same(together, wanted, what + ", in parts");
    EXPECT_TRUE(together == one_by_one);
    const auto digits = static_cast<std::uint8_t>(1 + chance() % 10);
    if (!together.is_known()) continue;
    together.round_to(digits);
    expect_same(together, slowly(all, digits), what + ", rounded");
  }
}

TEST(Distribution, rounds_by_a_thousandth_at_first_and_keeps_its_bound) {
  Distribution made;
  for (int i = 0; i < 20'000; ++i) {
    made.add({100 + i * 0.001, 1});
    ASSERT_LE(made.samples().size(), limits::values_per_step_max);
  }
  EXPECT_EQ(made.digits(), Distribution::coarse);
  double count = 0;
  for (const auto& one : made.samples()) count += one.count;
  EXPECT_EQ(count, 20'000);
  EXPECT_LE(made.heap_bytes(), 2 * limits::values_per_step_max * sizeof(double) * 5 / 4 + 64);
}

TEST(Distribution, of_six_digits_is_little_off_on_average) {
  Chance chance(6);
  double sum = 0, worst = 0;
  constexpr int values = 100'000;
  for (int i = 0; i < values; ++i) {
    const double value = std::exp(static_cast<double>(chance() % 10'000'000) / 1e6);
    Distribution one = Distribution::of({{value, 1}});
    one.round_to(6);
    const double off = std::fabs(one.samples().front().value - value) / value;
    sum += off;
    worst = std::max(worst, off);
  }
  EXPECT_LT(sum / values, 0.0065);
  EXPECT_LT(worst, 0.03);
}

TEST(Distribution, knows_nothing_of_what_is_spread_too_far_or_partly_unknown) {
  Distribution far;
  for (int i = -1'000; i < 1'000; ++i) far.add({std::ldexp(1.0, i / 2), 1});
  EXPECT_TRUE(far.is_known());
  for (int i = -1'000; i < 1'000; ++i) far.add({std::ldexp(1.0, i), 1});
  EXPECT_FALSE(far.is_known());
  EXPECT_TRUE(far.empty());
  far.add({1, 1});
  EXPECT_TRUE(far.empty());
  Distribution known = Distribution::of({{1, 1}});
  known.merge(far);
  EXPECT_FALSE(known.is_known());
}

TEST(Distribution, takes_odd_numbers) {
  const double tiny = std::numeric_limits<double>::denorm_min();
  const double great = std::numeric_limits<double>::max();
  Distribution odd = Distribution::of({{-0.0, 1}, {0.0, 2}, {tiny, 1}, {great, 1}, {-great, 0.5}});
  EXPECT_EQ(odd.samples(), (std::vector<ValueCount>{{-great, 0.5}, {0.0, 3}, {tiny, 1}, {great, 1}}));
  EXPECT_FALSE(std::signbit(odd.samples()[1].value));
  odd.round_to(3);
  EXPECT_EQ(odd.samples()[1], (ValueCount{0, 4}));
  EXPECT_TRUE(std::isfinite(odd.samples().back().value));
}

// Steps ---------------------------------------------------------------------------------------------------

TEST(StepSum, keeps_beside_the_set_only_what_the_set_does_not_tell) {
  const Distribution two = Distribution::of({{5, 1}, {7, 2}});
  const StatisticSet opaque{2, 9, 4, 5};
  struct Part {
    StatisticSet set;
    const Distribution* each = nullptr;
  };
  const struct {
    std::vector<Part> parts;
    StatisticSet set;
    std::vector<ValueCount> each; ///< empty: none
  } cases[] = {
      {{{{1, 5, 5, 5}}}, {1, 5, 5, 5}, {}},
      {{{{1, 5, 5, 5}}, {{1, 5, 5, 5}}}, {2, 10, 5, 5}, {}},
      {{{{1, 5, 5, 5}}, {{1, 7, 7, 7}}}, {2, 12, 5, 7}, {{5, 1}, {7, 1}}},
      {{{{3, 19, 5, 7}, &two}}, {3, 19, 5, 7}, {{5, 1}, {7, 2}}},
      {{{{3, 19, 5, 7}, &two}, {{2, 14, 7, 7}}}, {5, 33, 5, 7}, {{5, 1}, {7, 4}}},
      {{{opaque}}, opaque, {}},
      {{{{3, 19, 5, 7}, &two}, {opaque}}, {5, 28, 4, 7}, {}},
      {{{opaque}, {{3, 19, 5, 7}, &two}}, {5, 28, 4, 7}, {}},
      {{{{9, 60, 1, 8}, &two}}, {9, 60, 1, 8}, {{5, 1}, {7, 2}}}, // a set and values that are not the same
  };
  for (const auto& c : cases) {
    StepSum sum;
    for (const Part& part : c.parts) sum.add(part.set, part.each);
    EXPECT_EQ(sum.set(), c.set);
    const auto each = sum.take_each();
    EXPECT_EQ(each == nullptr ? std::vector<ValueCount>() : each->samples(), c.each);
  }
}

TEST(StepSum, rounds_only_different_values) {
  for (const bool are_different : {false, true}) {
    StepSum sum;
    for (int i = 0; i < 5; ++i) {
      const double value = are_different ? 70.1 + i : 70.1;
      sum.add({1, value, value, value}, nullptr);
    }
    sum.round(6);
    const auto each = sum.take_each();
    ASSERT_EQ(each != nullptr, are_different);
    if (!are_different) continue;
    EXPECT_EQ(each->digits(), 6);
    EXPECT_EQ(each->samples(), (std::vector<ValueCount>{{70, 1}, {72, 3}, {74, 1}}));
  }
}

} // namespace
} // namespace kaden::samples
