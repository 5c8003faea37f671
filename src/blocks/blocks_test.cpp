#include "kaden/blocks.h"
#include "kaden/limits/stored_datapoints.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <tuple>

namespace kaden::blocks {
namespace {

using Chance = std::mt19937_64;

Values one(double value) {
  return {1, value, value, value};
}

std::vector<Point> day_of(std::uint32_t count, const std::function<double(std::uint32_t)>& value) {
  std::vector<Point> points;
  for (std::uint32_t i = 0; i < count; ++i) points.push_back({i, one(value(i))});
  return points;
}

/// To the last bit, so that -0 is not 0 and NaN is itself.
bool same(const std::vector<Point>& a, const std::vector<Point>& b) {
  const auto bits = [](const Values& v) {
    return std::array{std::bit_cast<std::uint64_t>(v.sample_count), std::bit_cast<std::uint64_t>(v.sum),
                      std::bit_cast<std::uint64_t>(v.minimum), std::bit_cast<std::uint64_t>(v.maximum)};
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](const Point& x, const Point& y) {
    return x.step == y.step && bits(x.values) == bits(y.values);
  });
}

void expect_kept(const std::vector<Point>& points, const std::string& what) {
  const std::string bytes = encode(points);
  EXPECT_LE(bytes.size(), limits::block_bytes_max) << what;
  const auto read = decode(bytes);
  ASSERT_TRUE(read) << what << ": " << read.error().message;
  EXPECT_TRUE(same(*read, points)) << what;
}

struct Shape {
  const char* name;
  std::function<double(std::uint32_t)> value;
  double bytes_each_max; ///< of a day of minutes
};

std::vector<Shape> shapes() {
  return {
      {"constant", [](std::uint32_t) { return 83.7153; }, 0.02},
      {"zero", [](std::uint32_t) { return 0.0; }, 0.02},
      {"negative zero among zeros", [](std::uint32_t i) { return i % 7 == 3 ? -0.0 : 0.0; }, 1},
      {"steps of a constant", [](std::uint32_t i) { return i < 700 ? 12.5 : 37.25; }, 0.25},
      {"counter", [](std::uint32_t i) { return 1e9 + 1'234.0 * i; }, 2},
      {"counter that starts again", [](std::uint32_t i) { return 4'096.0 * (i % 500); }, 2.5},
      {"two decimals", [](std::uint32_t i) { return std::round(5'000 + 400 * std::sin(i / 90.0)) / 100; }, 1},
      {"a ratio of jiffies", [](std::uint32_t i) { return 100.0 * (8'000 + i * 37 % 801) / 24'000; }, 8},
      {"integers below zero", [](std::uint32_t i) { return -static_cast<double>(i * i); }, 2.6},
      {"the greatest whole numbers",
       [](std::uint32_t i) { return (i % 2 == 0 ? 1 : -1) * 9'007'199'254'740'991.0; }, 8},
      {"beyond whole numbers", [](std::uint32_t i) { return std::ldexp(1.0 + i, 360 - 12); }, 8},
      {"denormals", [](std::uint32_t i) { return i * std::numeric_limits<double>::denorm_min(); }, 8},
  };
}

TEST(Block, keeps_every_bit_and_is_small) {
  for (const Shape& shape : shapes()) {
    const auto points = day_of(1'440, shape.value);
    expect_kept(points, shape.name);
    const double each = static_cast<double>(encode(points).size()) / 1'440;
    EXPECT_LE(each, shape.bytes_each_max) << shape.name;
  }
}

TEST(Block, keeps_what_is_no_number) {
  const double odd[] = {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                        -std::numeric_limits<double>::infinity(), -0.0, 1e-320};
  expect_kept(day_of(100, [&](std::uint32_t i) { return odd[i % 5]; }), "odd numbers");
}

TEST(Block, holds_nothing_one_or_many) {
  EXPECT_EQ(encode({}).size(), 2U);
  expect_kept({}, "nothing");
  expect_kept({{65'535, one(1)}}, "the last step");
  expect_kept({{0, {0, 0, 0, 0}}}, "not one sample");
  std::vector<Point> spread;
  for (std::uint32_t i = 0; i < limits::block_points_max; ++i) spread.push_back({i * 16, one(i)});
  expect_kept(spread, "gaps everywhere");
}

/// A walk of any kind: gaps, single samples among sets, jumps, and now and then bits of no meaning.
std::vector<Point> any_points(Chance& chance) {
  std::vector<Point> points;
  const auto count = chance() % 400;
  const auto kind = chance() % 6;
  const auto gaps = 1 + chance() % 20;
  std::uint32_t step = 0;
  double value = static_cast<double>(chance() % 10'000) / (kind < 2 ? 1 : 100);
  for (std::uint64_t i = 0; i < count; ++i) {
    step += static_cast<std::uint32_t>(chance() % gaps == 0 ? 1 + chance() % 100 : 1);
    if (kind != 0) value += (static_cast<double>(chance() % 2'001) - 1'000) / (kind < 3 ? 1 : 997);
    if (kind == 5) value = std::bit_cast<double>(chance());
    Values values = one(value);
    if (kind == 2 || (kind == 4 && chance() % 3 == 0)) {
      values = {static_cast<double>(1 + chance() % 60), value * 7, value - 1, value + 3};
    }
    points.push_back({step, values});
  }
  return points;
}

TEST(BlockProperty, any_points_are_kept_and_never_larger_than_raw) {
  Chance chance(20'261'126);
  for (int round = 0; round < 2'000; ++round) {
    const auto points = any_points(chance);
    expect_kept(points, "round " + std::to_string(round));
    EXPECT_LE(encode(points).size(), 16 + points.size() * 45) << round;
  }
}

TEST(BlockProperty, every_cut_is_refused) {
  Chance chance(7);
  for (int round = 0; round < 20; ++round) {
    const auto points = any_points(chance);
    const std::string bytes = encode(points);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      EXPECT_FALSE(decode(std::string_view(bytes).substr(0, length))) << "round " << round << ", " << length;
    }
    EXPECT_FALSE(decode(bytes + '\0')) << "a byte too many";
  }
}

TEST(Block, refuses_bytes_that_ask_for_too_much) {
  const std::vector<std::string> wrong = {
      "",
      std::string("\x02\x00", 2),                                  // a version of later
      std::string("\x01\xff\xff\xff\x7f", 5),                      // too many points
      std::string("\x01\x02\x01\x00\x00", 5),                      // a run of one for two points
      std::string("\x01\x01\x01\xff\xff\x7f\x00\x01", 8),          // a step beyond the last
      std::string("\x01\x01\x01\x00\x00\x02", 6),                  // flags of later
      std::string("\x01\x01\x01\x00\x00\x01\x09", 7),              // a column of an unknown way
      std::string("\x01\x01\x01\x00\x00\x01\x04", 7),              // beside nothing
      std::string("\x01\x01\x01\x00\x00\x01\x03\x80", 8),          // a window that was never described
      std::string("\x01\x01\x01\x00\x00\x01\x01\x05\x00\x00", 10), // a fifth decimal
      std::string(limits::block_bytes_max + 1, '\x01'),
  };
  for (const std::string& bytes : wrong) {
    const auto read = decode(bytes);
    ASSERT_FALSE(read) << to_hex(std::string_view(bytes).substr(0, 12));
    EXPECT_EQ(read.error().fault, Fault::corrupt);
  }
}

TEST(BlockProperty, merging_and_rolling_up_lose_nothing) {
  Chance chance(99);
  for (int round = 0; round < 300; ++round) {
    // Whole numbers: their sums are exact in any order.
    std::vector<Point> minutes;
    for (std::uint32_t step = 0; step < 1'440; ++step) {
      if (chance() % 4 == 0) continue;
      const auto value = static_cast<double>(chance() % 1'000);
      minutes.push_back({step, {2, value * 2 + 1, value, value + 1}});
    }
    std::vector<Point> odd;
    std::vector<Point> even;
    for (const Point& point : minutes) (chance() % 2 == 0 ? odd : even).push_back(point);
    EXPECT_EQ(merged(odd, even), minutes);
    EXPECT_EQ(merged(even, odd), minutes);
    EXPECT_EQ(rolled_up(rolled_up(minutes, 5, 0), 12, 0), rolled_up(minutes, 60, 0));
    EXPECT_EQ(merged(rolled_up(odd, 5, 3), rolled_up(even, 5, 3)), rolled_up(minutes, 5, 3));
    Values all;
    Values hours;
    for (const Point& point : minutes) merge(all, point.values);
    for (const Point& point : rolled_up(minutes, 60, 24)) {
      EXPECT_GE(point.step, 24U);
      EXPECT_LT(point.step, 48U);
      merge(hours, point.values);
    }
    EXPECT_EQ(hours.sample_count, all.sample_count);
    EXPECT_EQ(hours.sum, all.sum);
    EXPECT_EQ(hours.maximum, all.maximum);
  }
}

TEST(Block, one_step_twice_adds_up) {
  const std::vector<Point> a = {{5, {2, 30, 10, 20}}};
  const std::vector<Point> b = {{5, {1, 40, 40, 40}}, {6, one(1)}};
  const std::vector<Point> both = {{5, {3, 70, 10, 40}}, {6, one(1)}};
  EXPECT_EQ(merged(a, b), both);
}

TEST(BatchProperty, any_records_are_kept_in_order) {
  Chance chance(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<Record> records;
    const auto count = chance() % 300;
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto value = static_cast<double>(chance() % 100'000) / 7;
      const bool set = chance() % 3 == 0;
      records.push_back(
          {chance() % 50 + (chance() % 20 == 0 ? chance() : 0), chance() % 2 == 0,
           static_cast<std::int64_t>(chance() % 40 == 0 ? chance() : 29'000'000 + chance() % 99),
           set ? Values{5, value * 5, value - 1, value + 1} : one(value)});
    }
    const std::string bytes = encode_batch(records);
    const auto read = decode_batch(bytes);
    ASSERT_TRUE(read) << read.error().message;
    std::stable_sort(records.begin(), records.end(), [](const Record& a, const Record& b) {
      return std::tie(a.series, a.fine, a.step) < std::tie(b.series, b.fine, b.step);
    });
    EXPECT_EQ(*read, records);
    EXPECT_FALSE(decode_batch(std::string_view(bytes).substr(0, bytes.size() - 1)));
    EXPECT_FALSE(decode_batch(bytes + "x"));
  }
}

TEST(Batch, refuses_a_count_that_cannot_be) {
  EXPECT_FALSE(decode_batch(std::string("\x01\xff\xff\xff\xff\x0f", 6)));
  EXPECT_FALSE(decode_batch(std::string("\x01\x01\x01\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00", 13)));
  EXPECT_FALSE(decode_batch(""));
}

TEST(Seal, shows_each_changed_bit_and_a_place_that_is_not_its_own) {
  const std::string body = encode(day_of(60, [](std::uint32_t i) { return i * 0.37; }));
  const std::string whole = sealed(body, 4'711);
  ASSERT_TRUE(unsealed(whole, 4'711));
  EXPECT_EQ(*unsealed(whole, 4'711), body);
  EXPECT_FALSE(unsealed(whole, 4'712));
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = whole;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      EXPECT_FALSE(unsealed(changed, 4'711)) << i;
    }
  }
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(unsealed(std::string_view(whole).substr(0, length), 4'711)) << length;
  }
}

} // namespace
} // namespace kaden::blocks
