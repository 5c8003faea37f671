// The writing side: folding, rolling up, dropping, damage.
#include "disk.h"

#include <gtest/gtest.h>

#include <random>

#include "faulty_disk.h"
#include "identity.h"
#include "test_folder.h"

#include "kaden/limits/engine.h"
#include "kaden/limits/stored_datapoints.h"

namespace kaden::datapoints {
namespace {

using Chance = std::mt19937_64;

const WallTime start = parse_iso8601("2026-11-26T00:00:00Z").value();
constexpr Millis day = seconds(86'400);
constexpr Millis keep = limits::datapoint_keep;

SeriesId series_id(std::uint64_t number) {
  return {{"CWAgent", "cpu_usage_active", {{"host", "web-" + std::to_string(number)}}}, "Percent"};
}

StoredSeries series(std::uint64_t number) {
  const SeriesId id = series_id(number);
  return {number, identity_of(id.metric, id.unit), start};
}

std::unique_ptr<Disk> open(const TestFolder& folder) {
  auto disk = Disk::open(folder.file());
  require(disk.has_value(), "the file opens");
  return std::move(*disk);
}

blocks::Record record(std::uint64_t number, WallTime at, double value, bool fine = false) {
  const Tier tier = fine ? Tier::second : Tier::minute;
  return {number, fine, step_number(tier, at), {1, value, value, value}};
}

void finish(Result<bool> (Disk::*step)(), Disk& disk) {
  for (;;) {
    const auto more = (disk.*step)();
    ASSERT_TRUE(more) << more.error().message;
    if (!*more) return;
  }
}

void fold(Disk& disk) {
  finish(&Disk::fold_some, disk);
}

void age(Disk& disk, WallTime now, Millis kept = keep) {
  while (disk.aged_to() < now) {
    ASSERT_TRUE(disk.begin_ageing(now));
    for (bool more = true; more;) {
      const auto aged = disk.age_some(kept);
      ASSERT_TRUE(aged) << aged.error().message;
      more = *aged;
    }
  }
}

void expect_near(const Hours& found, const Hours& wanted, const std::string& when) {
  ASSERT_EQ(found.size(), wanted.size()) << when;
  for (const auto& [key, values] : wanted) {
    const auto at = found.find(key);
    ASSERT_NE(at, found.end()) << when;
    EXPECT_EQ(at->second, values) << when << ", hour " << key.second;
  }
}

/// For stories of many commits: on a disk that never waits for its platter.
using QuickDisk = test::FaultyDisk;

TEST_F(QuickDisk, folding_and_ageing_change_no_hour) {
  Chance chance(20'261'126);
  for (int round = 0; round < 6; ++round) {
    const TestFolder folder;
    auto disk = open(folder);
    std::vector<StoredSeries> fresh = {series(1), series(2), series(700)};
    Hours wanted;
    WallTime now = start;
    ASSERT_TRUE(disk->begin_ageing(now));
    for (int step = 0; step < 60; ++step) {
      now += Millis(static_cast<std::int64_t>(chance() % static_cast<std::uint64_t>(3 * day.count())));
      std::vector<blocks::Record> records;
      for (std::uint64_t i = 0; i < 50; ++i) {
        const std::uint64_t number = std::array<std::uint64_t, 3>{1, 2, 700}[chance() % 3];
        const bool fine = chance() % 4 == 0;
        const WallTime at = now - Millis(static_cast<std::int64_t>(chance() % 20'000'000));
        records.push_back(record(number, at, static_cast<double>(chance() % 1'000), fine)); // exact sums
        const Tier tier = fine ? Tier::second : Tier::minute;
        const auto& values = records.back().values;
        add(wanted, series_id(number), step_start(tier, records.back().step),
            {values.sample_count, values.sum, values.minimum, values.maximum});
      }
      ASSERT_TRUE(disk->append(fresh, records));
      fresh.clear();
      if (chance() % 3 == 0) fold(*disk);
      if (chance() % 3 == 0) age(*disk, now);
      if (chance() % 5 == 0) {
        disk.reset();
        disk = open(folder);
      }
      if (step % 10 == 9) expect_near(read_hours(folder.file()), wanted, "round " + std::to_string(round));
    }
    EXPECT_EQ(disk->damaged(), 0U);
  }
}

/// The tiers in which a metric's points are, with the age of the oldest of each, in days.
std::map<Tier, double> oldest_days(const TestFolder& folder, WallTime now) {
  std::map<Tier, double> days;
  auto reader = Reader::open(folder.file());
  require(reader.has_value(), "the file can be opened");
  const auto read = (*reader)->read(
      {wall_time(0), limits::wall_time_max, {}}, [&](const SeriesId&, const std::vector<Point>& points) {
        for (const Point& point : points) {
          auto& oldest = days[point.tier];
          oldest = std::max(oldest,
                            static_cast<double>((now - point.at).count()) / static_cast<double>(day.count()));
        }
        return true;
      });
  require(read.has_value(), "the file can be read");
  return days;
}

TEST_F(QuickDisk, tiers_are_kept_as_long_as_cloudwatch_keeps_them) {
  const TestFolder folder;
  auto disk = open(folder);
  ASSERT_TRUE(disk->begin_ageing(start));
  std::vector<StoredSeries> fresh = {series(1)};
  WallTime now = start;
  for (int days = 0; days < 500; ++days, now += day) {
    std::vector<blocks::Record> records;
    for (int i = 0; i < 24; ++i) records.push_back(record(1, now + seconds(3'600 * i), i));
    records.push_back(record(1, now + seconds(5), 50, true));
    ASSERT_TRUE(disk->append(fresh, records));
    fresh.clear();
    fold(*disk);
    age(*disk, now);
  }
  const auto oldest = oldest_days(folder, now - day); // as of the last pass
  ASSERT_EQ(oldest.size(), 4U);
  EXPECT_LE(oldest.at(Tier::second), 0.2);
  EXPECT_GE(oldest.at(Tier::minute), 14);
  EXPECT_LE(oldest.at(Tier::minute), 16);
  EXPECT_GE(oldest.at(Tier::five_minutes), 62);
  EXPECT_LE(oldest.at(Tier::five_minutes), 67);
  EXPECT_GE(oldest.at(Tier::hour), 454);
  EXPECT_LE(oldest.at(Tier::hour), 487);
}

TEST(Disk, a_shorter_keep_ends_every_tier) {
  const TestFolder folder;
  auto disk = open(folder);
  ASSERT_TRUE(disk->begin_ageing(start));
  std::vector<blocks::Record> records;
  for (int days = 0; days < 20; ++days) records.push_back(record(1, start + day * days, days));
  ASSERT_TRUE(disk->append(std::vector{series(1)}, records));
  fold(*disk);
  age(*disk, start + day * 20, day * 7);
  const auto oldest = oldest_days(folder, start + day * 20);
  ASSERT_EQ(oldest.size(), 1U);
  EXPECT_LE(oldest.at(Tier::minute), 8);
  EXPECT_GE(oldest.at(Tier::minute), 7);
}

TEST(Disk, a_clock_that_jumps_ages_a_day_at_a_time_and_never_back) {
  const TestFolder folder;
  auto disk = open(folder);
  ASSERT_TRUE(disk->begin_ageing(start));
  EXPECT_EQ(disk->aged_to(), start);
  ASSERT_TRUE(disk->begin_ageing(start + day * 365));
  EXPECT_EQ(disk->aged_to(), start + day);
  ASSERT_TRUE(disk->begin_ageing(start - day * 365));
  EXPECT_EQ(disk->aged_to(), start + day);
  disk.reset();
  disk = open(folder);
  EXPECT_EQ(disk->aged_to(), start + day) << "kept over a restart";
  ASSERT_TRUE(disk->begin_ageing(start + day + seconds(60)));
  EXPECT_EQ(disk->aged_to(), start + day + seconds(60));
}

TEST(Disk, a_fold_goes_in_pieces_and_readers_see_each_datapoint_once) {
  const TestFolder folder;
  auto disk = open(folder);
  std::vector<StoredSeries> fresh;
  std::vector<blocks::Record> records;
  Hours wanted;
  constexpr std::uint64_t count = 2 * limits::fold_blocks_max + 7;
  for (std::uint64_t number = 1; number <= count; ++number) {
    fresh.push_back(series(number));
    records.push_back(record(number, start, static_cast<double>(number)));
    add(wanted, series_id(number), start,
        {1, static_cast<double>(number), static_cast<double>(number), static_cast<double>(number)});
  }
  ASSERT_TRUE(disk->append(fresh, records));
  auto reader = Reader::open(folder.file());
  ASSERT_TRUE(reader);
  EXPECT_EQ(read_hours(**reader), wanted);
  ASSERT_EQ(disk->fold_some(), Result<bool>(true));
  EXPECT_EQ(read_hours(**reader), wanted) << "in the middle";
  // Arrived in the middle, and a crash before the end.
  ASSERT_TRUE(disk->append({}, {record(1, start, 5)}));
  add(wanted, series_id(1), start, {1, 5, 5, 5});
  disk.reset();
  disk = open(folder);
  EXPECT_EQ(read_hours(**reader), wanted) << "after a restart";
  for (int pieces = 0; pieces < 4; ++pieces) {
    ASSERT_TRUE(disk->fold_some());
    EXPECT_EQ(read_hours(**reader), wanted) << pieces;
  }
  fold(*disk);
  EXPECT_EQ(read_hours(**reader), wanted) << "at the end";
  EXPECT_EQ(disk->batch_bytes(), 0U);
  EXPECT_EQ((*reader)->damaged(), 0U);
}

TEST(Disk, a_damaged_block_or_batch_is_left_out_and_counted) {
  const TestFolder folder;
  {
    auto disk = open(folder);
    ASSERT_TRUE(disk->append(std::vector{series(1), series(2)}, {record(1, start, 1), record(2, start, 2)}));
    fold(*disk);
    ASSERT_TRUE(disk->append({}, {record(1, start + seconds(3'600), 3)}));
    ASSERT_TRUE(disk->append({}, {record(2, start + seconds(3'600), 4)}));
  }
  const auto flip = [&](const std::string& table, const std::string& where) {
    // The last bit of the first byte after the version.
    ASSERT_EQ(
        run_sql(folder.file(),
                "UPDATE " + table + " SET data = CAST(x'01ff' || substr(data, 3) AS BLOB) WHERE " + where),
        SQLITE_OK);
  };
  flip("blocks", "key = (SELECT min(key) FROM blocks)");
  flip("batches", "id = (SELECT max(id) FROM batches)");
  auto reader = Reader::open(folder.file());
  ASSERT_TRUE(reader);
  Hours wanted;
  add(wanted, series_id(2), start, {1, 2, 2, 2});
  add(wanted, series_id(1), start + seconds(3'600), {1, 3, 3, 3});
  EXPECT_EQ(read_hours(**reader), wanted);
  EXPECT_EQ((*reader)->damaged(), 2U);
  // The writer goes on: the damaged block is replaced, the rest stays.
  auto disk = open(folder);
  fold(*disk);
  EXPECT_EQ(disk->damaged(), 2U);
  EXPECT_EQ(read_hours(folder.file()), wanted);
}

TEST(Disk, a_block_moved_to_another_place_is_damaged) {
  const TestFolder folder;
  auto disk = open(folder);
  ASSERT_TRUE(disk->append(std::vector{series(1), series(2)}, {record(1, start, 1)}));
  fold(*disk);
  disk.reset();
  const std::string step = std::to_string(key_of(2, Tier::minute, 0) - key_of(1, Tier::minute, 0));
  ASSERT_EQ(run_sql(folder.file(), "UPDATE blocks SET key = key + " + step), SQLITE_OK);
  EXPECT_TRUE(read_hours(folder.file()).empty());
}

TEST(Disk, beyond_its_bytes_the_oldest_go_first) {
  const TestFolder folder;
  auto disk = open(folder);
  Chance chance(1);
  std::vector<StoredSeries> fresh = {series(1)};
  for (int days = 0; days < 40; ++days) {
    std::vector<blocks::Record> records;
    for (int minute = 0; minute < 1'440; ++minute) { // noise: nothing compresses
      records.push_back(record(1, start + day * days + seconds(60 * minute),
                               static_cast<double>(chance()) / static_cast<double>(chance() | 1U)));
    }
    ASSERT_TRUE(disk->append(fresh, records));
    fresh.clear();
    fold(*disk);
  }
  const std::uint64_t most = disk->used_bytes() / 2;
  for (;;) {
    const auto more = disk->trim_some(most);
    ASSERT_TRUE(more) << more.error().message;
    if (!*more) break;
  }
  EXPECT_LE(disk->file_bytes(), most);
  EXPECT_GE(disk->used_bytes(), most / 2) << "not more than needed";
  const Hours left = read_hours(folder.file());
  ASSERT_FALSE(left.empty());
  const std::int64_t newest = to_ms(start + day * 40) / 3'600'000 - 1;
  EXPECT_EQ(left.rbegin()->first.second, newest);
  EXPECT_EQ(newest - left.begin()->first.second + 1, static_cast<std::int64_t>(left.size())) << "no holes";
}

TEST(Disk, who_fills_the_file_loses_first_and_nobody_else) {
  const TestFolder folder;
  auto disk = open(folder);
  Chance chance(1);
  constexpr std::uint64_t quiet = 1, noisy_from = 2, noisy_to = 12;
  std::vector<StoredSeries> fresh = {series(quiet)};
  fresh.back().maker = "AKIDQUIET";
  for (std::uint64_t number = noisy_from; number <= noisy_to; ++number) {
    fresh.push_back(series(number));
    fresh.back().maker = "AKIDNOISY";
  }
  constexpr int days = 8;
  for (int number_of_day = 0; number_of_day < days; ++number_of_day) {
    std::vector<blocks::Record> records;
    for (int minute = 0; minute < 1'440; ++minute) {
      const WallTime at = start + day * number_of_day + seconds(60 * minute);
      records.push_back(record(quiet, at, static_cast<double>(chance() % 1'000)));
      if (number_of_day < days / 2) continue; // the noise comes later than what it must not push out
      for (std::uint64_t number = noisy_from; number <= noisy_to; ++number) {
        records.push_back(record(number, at, static_cast<double>(chance())));
        const auto any = [&] { return static_cast<double>(chance()); };
        records.back().each = std::make_shared<const samples::Distribution>(
            samples::Distribution::of({{any(), 1}, {any(), 1}, {any(), 1}})); // its parts count, too
      }
    }
    ASSERT_TRUE(disk->append(fresh, records));
    fresh.clear();
    fold(*disk);
  }
  disk.reset(); // whose they are is in the file
  disk = open(folder);
  const std::uint64_t most = disk->used_bytes() / 3;
  for (;;) {
    const auto more = disk->trim_some(most);
    ASSERT_TRUE(more) << more.error().message;
    if (!*more) break;
  }
  EXPECT_LE(disk->file_bytes(), most);
  std::map<SeriesId, int> hours;
  for (const auto& [key, values] : read_hours(folder.file())) ++hours[key.first];
  EXPECT_EQ(hours[series_id(quiet)], days * 24) << "all of it is there";
  EXPECT_GT(hours[series_id(noisy_from)], 0) << "not more than needed";
  EXPECT_LT(hours[series_id(noisy_from)], days / 2 * 24);
}

TEST(Disk, a_file_of_before_makers_were_remembered_is_nobodys) {
  const TestFolder folder;
  auto disk = open(folder);
  ASSERT_TRUE(disk->append(std::vector{series(1)}, {record(1, start, 1)}));
  fold(*disk);
  disk.reset();
  ASSERT_EQ(run_sql(folder.file(), to_schema_2), SQLITE_OK);
  disk = open(folder);
  const auto known = disk->series();
  ASSERT_TRUE(known) << known.error().message;
  ASSERT_EQ(known->size(), 1U);
  EXPECT_EQ(known->front().maker, "");
  EXPECT_EQ(read_hours(folder.file()).size(), 1U);
  auto mine = series(2);
  mine.maker = "AKIDKADEN";
  ASSERT_TRUE(disk->append(std::vector{mine}, {record(2, start, 1), record(1, start + seconds(60), 2)}));
  fold(*disk);
  EXPECT_EQ(disk->series()->back().maker, "AKIDKADEN");
  EXPECT_EQ(read_hours(folder.file()).size(), 2U);
}

TEST(Disk, names_of_series_read_back) {
  const alarm::MetricId odd{"a\"b\\c", "名前\n\x01", {{"", "\t"}, {"path", "C:\\"}}};
  const auto read = parse_identity(identity_of(odd, "Bytes/Second"));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->metric, odd);
  EXPECT_EQ(read->unit, "Bytes/Second");
  for (const char* wrong : {"", "[]", "[1,2,3,4]", "[\"a\",\"b\",{\"c\":1},\"d\"]", "{}"}) {
    EXPECT_FALSE(parse_identity(wrong)) << wrong;
  }
}

TEST(Tiers, keys_take_apart_and_blocks_nest) {
  for (const Tier tier : tiers) {
    for (const std::uint64_t number : {std::uint64_t{1}, std::uint64_t{6'000}, series_numbers_max - 1}) {
      const std::int64_t key = key_of(number, tier, 20'783);
      EXPECT_EQ(series_of(key), number);
      EXPECT_EQ(tier_of(key), tier);
      EXPECT_EQ(block_of(key), 20'783);
    }
    if (tier == Tier::hour) continue;
    for (std::int64_t block = 20'000; block < 20'100; ++block) {
      const auto last = static_cast<std::uint32_t>(block_steps(tier) - 1);
      const std::vector<blocks::Point> ends = {{0, {1, 1, 1, 1}}, {last, {1, 1, 1, 1}}};
      const RolledUp rolled = roll_up(tier, block, ends);
      EXPECT_LE(block_start(rolled.tier, rolled.block), block_start(tier, block));
      EXPECT_GE(block_end(rolled.tier, rolled.block), block_end(tier, block));
      const std::int64_t steps = rolled.block * block_steps(rolled.tier);
      EXPECT_EQ(step_start(rolled.tier, steps + rolled.points.front().step), block_start(tier, block));
      EXPECT_EQ(step_start(rolled.tier, steps + rolled.points.back().step + 1), block_end(tier, block));
    }
  }
}

} // namespace
} // namespace kaden::datapoints
