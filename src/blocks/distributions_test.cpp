#include "distributions.h"
#include "kaden/blocks.h"
#include "kaden/limits/metrics.h"
#include "kaden/limits/stored_datapoints.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <random>

namespace kaden::blocks {
namespace {

using samples::Distribution;
using samples::ValueCount;
using Chance = std::mt19937_64;

Point point(std::uint32_t step, std::vector<ValueCount> samples, std::uint8_t digits = Distribution::exact) {
  auto each = std::make_shared<const Distribution>(Distribution::of(std::move(samples), digits));
  const Values set = each->set();
  return {step, set, std::move(each)};
}

void expect_kept(const std::vector<Point>& points, const std::string& what) {
  const std::string bytes = encode_each(points);
  EXPECT_LE(bytes.size(), limits::distribution_bytes_max) << what;
  const auto read = decode_each(bytes);
  ASSERT_TRUE(read) << what << ": " << read.error().message;
  auto found = read->begin();
  for (const Point& one : points) {
    if (one.each == nullptr) continue;
    ASSERT_NE(found, read->end()) << what;
    EXPECT_EQ(found->step, one.step) << what;
    EXPECT_TRUE(*found->each == *one.each) << what << ", step " << one.step;
    ++found;
  }
  EXPECT_EQ(found, read->end()) << what;
}

std::vector<ValueCount> any_samples(Chance& chance, std::uint64_t kind, std::uint64_t most) {
  std::vector<ValueCount> all;
  const auto size = 1 + chance() % most;
  for (std::uint64_t i = 0; i < size; ++i) {
    const auto draw = static_cast<double>(chance() % 1'000'000);
    double value = std::floor(draw / 1'000);
    if (kind == 1) value = draw / 100 - 5'000;
    if (kind == 2) value = std::exp(draw / 100'000);
    if (kind == 3) value = std::ldexp(draw, static_cast<int>(chance() % 2'000) - 1'060);
    double count = 1;
    if (chance() % 4 == 0) count = static_cast<double>(1 + chance() % 1'000);
    if (kind == 4 && chance() % 4 == 0) count = 0.25 * static_cast<double>(1 + chance() % 9);
    all.push_back({chance() % 50 == 0 ? -value : value, count});
  }
  return all;
}

TEST(DistributionsProperty, any_are_kept) {
  Chance chance(20'261'127);
  for (int round = 0; round < 400; ++round) {
    std::vector<Point> points;
    std::uint32_t step = static_cast<std::uint32_t>(chance() % 60'000);
    const auto count = chance() % 100;
    const auto most = round % 10 == 0 ? limits::values_per_step_max : 1 + chance() % 30;
    const auto kind = chance() % 6;
    for (std::uint64_t i = 0; i < count; ++i) {
      step += static_cast<std::uint32_t>(1 + (chance() % 5 == 0 ? chance() % 20 : 0));
      const bool is_rounded = chance() % 4 == 0;
      const auto digits = static_cast<std::uint8_t>(is_rounded ? 1 + chance() % 10 : Distribution::exact);
      Point one = point(step, any_samples(chance, kind == 5 ? chance() % 5 : kind, most), digits);
      if (chance() % 10 == 0) one.each = nullptr;
      points.push_back(std::move(one));
    }
    expect_kept(points, "round " + std::to_string(round));
  }
}

TEST(Distributions, keep_their_ends) {
  const double great = std::numeric_limits<double>::max();
  const double tiny = std::numeric_limits<double>::denorm_min();
  expect_kept({}, "nothing");
  expect_kept({point(65'535, {{1, 1}, {2, 1}})}, "the last step");
  expect_kept({point(0, {{-great, 1}, {-tiny, 2}, {0, 1}, {tiny, great}, {great, tiny}})}, "odd numbers");
  expect_kept({point(0, {{9'007'199'254'740'991.0, 1}, {9'007'199'254'740'993.0, 1}, {-1e15, 9e15}})},
              "whole ones");
  std::vector<ValueCount> worst;
  for (std::size_t i = 0; i < limits::values_per_step_max; ++i) {
    const auto bits = static_cast<double>(i);
    worst.push_back({std::ldexp(1 + std::sin(bits) / 3, static_cast<int>(i * 2) - 1'000), 1 / (bits + 3)});
  }
  std::vector<Point> points;
  for (std::uint32_t i = 0; i < limits::distribution_steps_max; ++i) points.push_back(point(i, worst));
  expect_kept(points, "the worst");
}

struct Shape {
  const char* name;
  std::function<std::vector<ValueCount>(std::uint32_t)> samples;
  double bits_each_max; ///< of each value and its count
};

TEST(Distributions, are_small) {
  Chance chance(5);
  const auto noise = [&chance] {
    return static_cast<double>(chance() >> 11) / static_cast<double>(1ULL << 53);
  };
  const auto some = [](std::size_t count, const std::function<double()>& value) {
    std::vector<ValueCount> all;
    for (std::size_t i = 0; i < count; ++i) all.push_back({value(), 1});
    return all;
  };
  const Shape shapes[] = {
      {"150 latencies in milliseconds",
       [&](auto) { return some(150, [&] { return std::floor(20 + 400 * noise()); }); }, 4.5},
      {"150 latencies in microseconds",
       [&](auto) { return some(150, [&] { return std::floor(20'000 * (1 + noise())); }); }, 9.5},
      {"150 latencies to the last bit", [&](auto) { return some(150, [&] { return 0.02 + noise(); }); }, 50},
      {"five of noise", [&](auto) { return some(5, [&] { return 100 * noise(); }); }, 56},
      {"two of a few",
       [](std::uint32_t i) {
         return std::vector<ValueCount>{{0, 40.0 + i % 5}, {1, 20}};
       },
       11},
  };
  for (const Shape& shape : shapes) {
    std::vector<Point> points;
    double values = 0;
    for (std::uint32_t i = 0; i < 60; ++i) {
      points.push_back(point(i, shape.samples(i)));
      values += static_cast<double>(points.back().each->samples().size());
    }
    const double bits = 8 * static_cast<double>(encode_each(points).size()) / values;
    RecordProperty(shape.name, std::to_string(bits));
    EXPECT_LE(bits, shape.bits_each_max) << shape.name;
  }
}

/// What steps over a minute hold of a value a minute.
TEST(Distributions, of_longer_steps_take_little) {
  Chance chance(11);
  for (const std::uint32_t factor : {5U, 60U}) {
    std::vector<Point> minutes;
    for (std::uint32_t i = 0; i < 96 * factor; ++i) {
      const double value = 100 * (static_cast<double>(chance() >> 11) / static_cast<double>(1ULL << 53));
      minutes.push_back({i, {1, value, value, value}});
    }
    const auto rolled = rolled_up(minutes, factor, 0, Detail::coarse);
    ASSERT_EQ(rolled.size(), 96U);
    const double each = static_cast<double>(encode_each(rolled).size()) / 96;
    RecordProperty("bytes of " + std::to_string(factor), std::to_string(each));
    EXPECT_LE(each, factor == 5 ? 5.2 : 28);
  }
}

TEST(DistributionsProperty, every_cut_is_refused) {
  Chance chance(7);
  for (int round = 0; round < 20; ++round) {
    std::vector<Point> points;
    for (std::uint32_t i = 0; i < 10; ++i) points.push_back(point(i, any_samples(chance, chance() % 5, 8)));
    const std::string bytes = encode_each(points);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      EXPECT_FALSE(decode_each(std::string_view(bytes).substr(0, length)))
          << "round " << round << ", " << length;
    }
    EXPECT_FALSE(decode_each(bytes + '\0')) << "a byte too many";
  }
}

TEST(Distributions, refuse_bytes_that_cannot_have_been_written) {
  const std::vector<std::string> wrong = {
      "",
      std::string("\x02\x00", 2),                 // a version of later
      std::string("\x01\xff\xff\x7f", 4),         // too many
      std::string("\x01\x01", 2),                 // none of one
      std::string("\x01\x01\x00\x00\x00\x00", 6), // zeros for ever
      std::string(limits::distribution_bytes_max + 1, '\x01'),
  };
  for (const std::string& bytes : wrong) {
    const auto read = decode_each(bytes);
    ASSERT_FALSE(read) << to_hex(std::string_view(bytes).substr(0, 12));
    EXPECT_EQ(read.error().fault, Fault::corrupt);
  }
}

// Merging -------------------------------------------------------------------------------------------------

/// The slow way: every sample of a step in one list.
struct SlowStep {
  std::vector<ValueCount> samples;
  bool is_known = true;
  Values set;
};

TEST(DistributionsProperty, merging_and_rolling_up_are_what_the_samples_say) {
  Chance chance(20'261'128);
  for (int round = 0; round < 100; ++round) {
    std::vector<Point> parts[2];
    std::map<std::uint32_t, SlowStep> slow;
    const std::uint32_t factor = round % 2 == 0 ? 5 : 12;
    for (std::uint32_t step = 0; step < 120; ++step) {
      for (auto& part : parts) {
        if (chance() % 3 == 0) continue;
        auto& into = slow[step / factor];
        Point one{step, {}, nullptr};
        std::vector<ValueCount> samples;
        if (chance() % 3 == 0) {
          samples = {{static_cast<double>(chance() % 20), 1}};
        } else {
          const auto size = 2 + chance() % (round % 5 == 0 ? 300 : 4);
          for (std::uint64_t i = 0; i < size; ++i)
            samples.push_back({static_cast<double>(chance() % 5'000), 1});
        }
        one.values = samples::set_of(samples);
        const bool is_set = chance() % 100 == 0 && one.values.minimum != one.values.maximum;
        const bool is_told = samples::raw_value_of(one.values).has_value();
        if (!is_set && !is_told) one.each = std::make_shared<const Distribution>(Distribution::of(samples));
        into.is_known = into.is_known && !is_set;
        if (into.samples.empty()) {
          into.set = one.values;
        } else {
          samples::merge(into.set, one.values);
        }
        into.samples.insert(into.samples.end(), samples.begin(), samples.end());
        part.push_back(std::move(one));
      }
    }
    for (const Detail detail : {Detail::full, Detail::coarse}) {
      // Whole numbers: sums are exact in any order.
      const auto one_way = rolled_up(merged(parts[0], parts[1]), factor, 7, detail);
      const auto other_way =
          merged(rolled_up(parts[1], factor, 7, detail), rolled_up(parts[0], factor, 7, detail), detail);
      EXPECT_EQ(one_way, other_way) << "round " << round;
      ASSERT_EQ(one_way.size(), slow.size());
      for (const Point& made : one_way) {
        const SlowStep& wanted = slow.at(made.step - 7);
        EXPECT_EQ(made.values, wanted.set);
        Distribution each = Distribution::of(wanted.samples);
        const auto different = each.samples().size();
        if (detail == Detail::coarse && different > 1) each.round_to(limits::coarse_digits);
        const bool is_beside = wanted.is_known && (different > 1 || each.samples().size() > 1);
        ASSERT_EQ(made.each != nullptr, is_beside) << "round " << round << ", step " << made.step;
        if (!is_beside) continue;
        EXPECT_TRUE(*made.each == each) << "round " << round << ", step " << made.step;
      }
    }
  }
}

// Batches -------------------------------------------------------------------------------------------------

TEST(Batch, keeps_values_beside_the_set) {
  Chance chance(9);
  std::vector<Record> records;
  for (std::uint64_t i = 0; i < 200; ++i) {
    Point made = point(0, any_samples(chance, i % 5, 150));
    if (i % 3 == 0) made = {0, {1, 5, 5, 5}, nullptr};
    records.push_back({i, i % 2 == 0, static_cast<std::int64_t>(29'000'000 + i), made.values, made.each});
  }
  const std::string bytes = encode_batch(records);
  const auto read = decode_batch(bytes);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, records);
  for (std::size_t length = 0; length < bytes.size(); length += 7)
    EXPECT_FALSE(decode_batch(std::string_view(bytes).substr(0, length))) << length;
}

TEST(Batch, of_the_edition_before_is_read) {
  std::string bytes("\x01\x02", 2);
  bytes += std::string("\x03\x03\x0a", 3); // series 3, one sample of the finest tier, step 5
  put_real(bytes, 2.5);
  bytes += std::string("\x01\x00\x02", 3); // series 4, a set, step 1
  for (const double number : {10.0, 2.0, 3.0, 7.0}) put_real(bytes, number);
  const auto read = decode_batch(bytes);
  ASSERT_TRUE(read) << read.error().message;
  const std::vector<Record> wanted{{3, true, 5, {1, 2.5, 2.5, 2.5}, nullptr},
                                   {4, false, 1, {2, 10, 3, 7}, nullptr}};
  EXPECT_EQ(*read, wanted);
  bytes[3] = 7;
  EXPECT_FALSE(decode_batch(bytes)) << "values in an edition without them";
}

} // namespace
} // namespace kaden::blocks
