// Values with their counts on disk: through folding, rolling up, damage, and from files without them.
#include "disk.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <random>

#include "faulty_disk.h"
#include "identity.h"
#include "test_folder.h"

#include "kaden/limits/engine.h"
#include "kaden/limits/metrics.h"
#include "kaden/limits/stored_datapoints.h"

namespace kaden::datapoints {
namespace {

using alarm::ValueCount;
using samples::Distribution;
using Chance = std::mt19937_64;
using QuickDisk = test::FaultyDisk;

const WallTime start = parse_iso8601("2026-11-26T00:00:00Z").value();
constexpr Millis day = seconds(86'400);
const SeriesId cpu{{"CWAgent", "latency", {{"host", "web-01"}}}, "Milliseconds"};

std::unique_ptr<Disk> open(const std::string& path) {
  auto disk = Disk::open(path);
  require(disk.has_value(), "the file opens");
  return std::move(*disk);
}

StoredSeries series() {
  return {1, identity_of(cpu.metric, cpu.unit), start};
}

blocks::Record record(WallTime at, std::vector<ValueCount> samples) {
  const auto set = samples::set_of(samples);
  samples::StepSum sum;
  const auto each = Distribution::of(std::move(samples));
  sum.add(set, &each);
  return {1, false, step_number(Tier::minute, at), set, sum.take_each()};
}

void fold(Disk& disk) {
  for (bool more = true; more;) more = disk.fold_some().value();
}

void age(Disk& disk, WallTime now) {
  while (disk.aged_to() < now) {
    ASSERT_TRUE(disk.begin_ageing(now));
    for (bool more = true; more;) more = disk.age_some(limits::datapoint_keep).value();
  }
}

std::vector<Point> read_all(const std::string& path, bool sets_only = false,
                            std::uint64_t* damaged = nullptr) {
  auto reader = Reader::open(path);
  require(reader.has_value(), "the file can be read");
  std::vector<Point> all;
  Reader::Query query{wall_time(0), limits::wall_time_max, {}};
  query.sets_only = sets_only;
  const auto done = (*reader)->read(query, [&](const SeriesId&, const std::vector<Point>& points) {
    all.insert(all.end(), points.begin(), points.end());
    return true;
  });
  require(done.has_value(), "the file can be read");
  if (damaged != nullptr) *damaged = (*reader)->damaged();
  return all;
}

/// Everything that was put, by its minute; the slow way.
struct Slow {
  std::map<WallTime, std::vector<ValueCount>> samples;
  std::map<WallTime, bool> has_sets;

  void expect(const std::vector<Point>& points, const std::string& what) const {
    std::size_t seen = 0;
    for (const Point& point : points) {
      std::vector<ValueCount> all;
      bool is_known = true;
      for (auto at = samples.lower_bound(point.at);
           at != samples.end() && at->first < point.at + step_of(point.tier); ++at) {
        all.insert(all.end(), at->second.begin(), at->second.end());
        const auto set = has_sets.find(at->first);
        is_known = is_known && (set == has_sets.end() || !set->second);
        ++seen;
      }
      Distribution wanted = Distribution::of(all);
      const auto different = wanted.samples().size();
      const bool coarse = detail_of(point.tier) == blocks::Detail::coarse && different > 1;
      if (coarse) wanted.round_to(limits::coarse_digits);
      EXPECT_EQ(point.each != nullptr, is_known && different > 1)
          << what << ", tier " << static_cast<int>(point.tier);
      if (point.each == nullptr) continue;
      EXPECT_TRUE(*point.each == wanted) << what << ", tier " << static_cast<int>(point.tier);
    }
    EXPECT_EQ(seen, samples.size()) << what;
  }
};

TEST_F(QuickDisk, values_are_those_that_came_however_they_are_folded_and_rolled_up) {
  Chance chance(20'261'127);
  for (int round = 0; round < 4; ++round) {
    const TestFolder folder;
    auto disk = open(folder.file());
    std::vector<StoredSeries> fresh{series()};
    Slow slow;
    WallTime now = start;
    ASSERT_TRUE(disk->begin_ageing(now));
    for (int step = 0; step < 80; ++step) {
      now += Millis(static_cast<std::int64_t>(chance() % static_cast<std::uint64_t>(2 * day.count())));
      std::vector<blocks::Record> records;
      for (int i = 0; i < 40; ++i) {
        const WallTime at = step_start(
            Tier::minute,
            step_number(Tier::minute, now - Millis(static_cast<std::int64_t>(chance() % 4'000'000))));
        std::vector<ValueCount> samples;
        const auto size = chance() % 3 == 0 ? 1 + chance() % 150 : 1;
        for (std::uint64_t k = 0; k < size; ++k)
          samples.push_back({static_cast<double>(chance() % 9'000), static_cast<double>(1 + chance() % 3)});
        records.push_back(record(at, samples));
        slow.samples[at].insert(slow.samples[at].end(), samples.begin(), samples.end());
        if (chance() % 60 == 0 && records.back().each != nullptr) {
          records.back().each = nullptr;
          slow.has_sets[at] = true;
        }
      }
      ASSERT_TRUE(disk->append(fresh, records));
      fresh.clear();
      if (chance() % 3 == 0) fold(*disk);
      if (chance() % 3 == 0) age(*disk, now);
      if (chance() % 5 == 0) {
        disk.reset();
        disk = open(folder.file());
      }
      if (step % 20 == 19) slow.expect(read_all(folder.file()), "round " + std::to_string(round));
    }
    EXPECT_EQ(disk->damaged(), 0U);
  }
}

TEST_F(QuickDisk, a_value_a_minute_costs_nothing_beside_its_block) {
  const TestFolder folder;
  auto disk = open(folder.file());
  std::vector<blocks::Record> records;
  for (int i = 0; i < 600; ++i)
    records.push_back(record(start + seconds(60 * i), {{static_cast<double>(i * i), 1}}));
  const std::vector<StoredSeries> fresh{series()};
  ASSERT_TRUE(disk->append(fresh, records));
  fold(*disk);
  const auto database = open_for_reading(folder.file());
  EXPECT_EQ(number_of(*database, "SELECT count(*) FROM distributions")->value(), 0);
}

TEST_F(QuickDisk, a_new_value_rewrites_its_hour_only) {
  const TestFolder folder;
  auto disk = open(folder.file());
  std::vector<blocks::Record> records;
  for (int i = 0; i < 1'440; ++i)
    records.push_back(record(start + seconds(60 * i), {{1, 1}, {2 + i * 0.1, 1}}));
  const std::vector<StoredSeries> fresh{series()};
  ASSERT_TRUE(disk->append(fresh, records));
  fold(*disk);
  ASSERT_EQ(run_sql(folder.file(), "UPDATE distributions SET data = x'00' WHERE part % 32 <> 5"), 0);
  ASSERT_TRUE(disk->append({}, {record(start + seconds(5 * 3'600), {{7, 1}})}));
  fold(*disk);
  EXPECT_EQ(disk->damaged(), 0U) << "no other part was read";
  std::uint64_t damaged = 0;
  const auto points = read_all(folder.file(), false, &damaged);
  EXPECT_EQ(damaged, 23U);
  ASSERT_EQ(points.size(), 1'440U);
  for (std::size_t i = 0; i < points.size(); ++i) {
    EXPECT_EQ(points[i].each != nullptr, i / 60 == 5) << i;
    EXPECT_EQ(points[i].values.maximum, i == 300 ? 32 : 2 + static_cast<double>(i) * 0.1)
        << "sets are all there";
  }
  ASSERT_EQ(points[300].each->samples(), (std::vector<ValueCount>{{1, 1}, {7, 1}, {32, 1}}));
  // A damaged part is lost when its hour is written again, and rolling up counts the others.
  ASSERT_TRUE(disk->append({}, {record(start + seconds(60), {{7, 1}, {8, 1}})}));
  fold(*disk);
  EXPECT_EQ(disk->damaged(), 1U);
  age(*disk, start + 20 * day);
  EXPECT_EQ(disk->damaged(), 23U);
  EXPECT_EQ(read_all(folder.file()).size(), 288U);
  for (const Point& point : read_all(folder.file())) {
    const auto hour = (point.at - start) / seconds(3'600);
    EXPECT_EQ(point.each != nullptr, hour == 5) << hour;
  }
}

TEST_F(QuickDisk, what_is_dropped_leaves_no_values) {
  const TestFolder folder;
  auto disk = open(folder.file());
  const std::vector<StoredSeries> fresh{series()};
  ASSERT_TRUE(disk->append(fresh, {record(start, {{1, 1}, {2, 1}})}));
  fold(*disk);
  ASSERT_TRUE(disk->begin_ageing(start));
  const auto database = open_for_reading(folder.file());
  const auto rows = [&] { return number_of(*database, "SELECT count(*) FROM distributions")->value(); };
  EXPECT_EQ(rows(), 1);
  age(*disk, start + 20 * day);
  EXPECT_EQ(rows(), 1);
  age(*disk, start + limits::datapoint_keep + 40 * day);
  EXPECT_EQ(rows(), 0);
  EXPECT_EQ(read_all(folder.file()).size(), 0U);
}

std::string hex_blob(const std::string& bytes) {
  return "x'" + to_hex(bytes) + "'";
}

/// The file as a Kaden left it that knew statistic sets only.
TEST_F(QuickDisk, a_file_of_sets_only_is_taken_over) {
  const TestFolder folder;
  const std::vector<StoredSeries> fresh{series()};
  {
    auto disk = open(folder.file());
    blocks::Record set = record(start, {{1, 1}, {9, 1}});
    set.each = nullptr;
    ASSERT_TRUE(disk->append(fresh, {set, record(start + seconds(60), {{5, 1}})}));
    fold(*disk);
  }
  blocks::Record late = record(start + seconds(120), {{3, 1}, {4, 1}});
  late.each = nullptr;
  std::string batch = blocks::encode_batch({late});
  batch.front() = 1; // its edition
  const std::string sql =
      to_schema_2 +
      "DROP TABLE distributions; UPDATE datapoint_facts SET value = 1 WHERE name = 'schema';"
      "INSERT INTO batches VALUES(2, " +
      hex_blob(blocks::sealed(batch, batch_place(2))) + ")";
  ASSERT_EQ(run_sql(folder.file(), sql), 0);
  EXPECT_EQ(Reader::open(folder.file()).error().fault, Fault::invalid) << "until it was opened for writing";
  auto disk = open(folder.file());
  ASSERT_TRUE(disk->append({}, {record(start + seconds(60), {{6, 1}}), record(start, {{6, 1}})}));
  for (int folds = 0; folds < 2; ++folds) {
    const auto points = read_all(folder.file());
    ASSERT_EQ(points.size(), 3U);
    EXPECT_EQ(points[0].values, (alarm::StatisticSet{3, 16, 1, 9}));
    EXPECT_EQ(points[0].each, nullptr) << "a part of the samples says nothing";
    ASSERT_NE(points[1].each, nullptr) << "a set of one sample tells it";
    EXPECT_EQ(points[1].each->samples(), (std::vector<ValueCount>{{5, 1}, {6, 1}}));
    EXPECT_EQ(points[2].values, (alarm::StatisticSet{2, 7, 3, 4}));
    EXPECT_EQ(points[2].each, nullptr);
    fold(*disk);
  }
  EXPECT_EQ(disk->damaged(), 0U);
}

// The store and its reader --------------------------------------------------------------------------------

alarm::Datum counted(WallTime at, std::vector<ValueCount> values) {
  alarm::Datum made{cpu.metric, cpu.unit, at, samples::set_of(values), false, {}};
  made.counted = std::move(values);
  return made;
}

struct Town {
  TestFolder folder;
  runtime::ManualClock clock{start};
  std::unique_ptr<Store> store;

  explicit Town(std::size_t waiting_max = limits::batch_records_max) {
    Settings settings;
    settings.path = folder.file();
    settings.disk_free_min = 0;
    settings.waiting_max = waiting_max;
    store = std::move(*Store::open(settings, clock, {}));
  }
};

TEST(StoredValues, AreWhatMemoryWouldKnow) {
  Town town;
  town.store->put(counted(start, {{5, 3}, {2.5, 1}}));
  town.store->put({cpu.metric, cpu.unit, start, {1, 2.5, 2.5, 2.5}, false, {}});
  town.store->put({cpu.metric, cpu.unit, start + seconds(60), {4, 10, 1, 4}, false, {}}); // a set
  town.store->put(counted(start + seconds(120), {{7, 1}}));
  alarm::Datum both = counted(start + seconds(180), {{1, 1}, {9, 1}});
  both.values = {10, 50, 0, 10}; // each counts for its own
  town.store->put(both);
  ASSERT_TRUE(town.store->flush());
  const auto points = read_all(town.folder.file());
  ASSERT_EQ(points.size(), 4U);
  EXPECT_EQ(points[0].each->samples(), (std::vector<ValueCount>{{2.5, 2}, {5, 3}}));
  EXPECT_EQ(points[0].values, (alarm::StatisticSet{5, 20, 2.5, 5}));
  EXPECT_EQ(points[1].each, nullptr);
  EXPECT_EQ(points[2].each, nullptr) << "its set tells it";
  EXPECT_EQ(points[3].values, both.values);
  EXPECT_EQ(points[3].each->samples(), both.counted);
  for (const Point& point : read_all(town.folder.file(), true)) EXPECT_EQ(point.each, nullptr);
}

TEST(StoredValues, ThatMakeNoSenseAreRefused) {
  Town town;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const ValueCount odd : {ValueCount{nan, 1}, ValueCount{1, nan}, ValueCount{1, 0}, ValueCount{1, -1}}) {
    alarm::Datum datum = counted(start, {{1, 1}, {2, 1}});
    datum.counted.push_back(odd);
    town.store->put(datum);
  }
  EXPECT_EQ(town.store->counts().refused, 4U);
}

TEST(StoredValues, CountAmongWhatMayWait) {
  Town town(100);
  std::vector<ValueCount> values;
  for (int i = 0; i < 120; ++i) values.push_back({static_cast<double>(i), 1});
  for (int i = 0; i < 10; ++i) town.store->put(counted(start, values));
  EXPECT_EQ(town.store->counts().dropped, 6U) << "each counts as 31";
  ASSERT_TRUE(town.store->flush());
  town.store->put(counted(start, values));
  EXPECT_EQ(town.store->counts().dropped, 6U);
}

TEST(StoredValues, AreBoundedInARead) {
  Town town;
  std::vector<ValueCount> values;
  for (int i = 0; i < 100; ++i) values.push_back({static_cast<double>(i), 1});
  for (int i = 0; i < 10; ++i) town.store->put(counted(start + seconds(60 * i), values));
  ASSERT_TRUE(town.store->flush());
  auto reader = Reader::open(town.folder.file());
  const struct {
    bool sets_only;
    std::size_t points_max;
    bool fits;
  } cases[] = {{true, 10, true}, {true, 9, false}, {false, 10 * 26, true}, {false, 10 * 26 - 1, false}};
  for (const auto& c : cases) {
    Reader::Query query{start, start + day, {}};
    query.sets_only = c.sets_only;
    query.points_max = c.points_max;
    const auto read = (*reader)->read(query, [](const auto&, const auto&) { return true; });
    EXPECT_EQ(read.has_value(), c.fits) << c.points_max;
    EXPECT_EQ(read ? Fault::invalid : read.error().fault, Fault::invalid);
  }
}

} // namespace
} // namespace kaden::datapoints
