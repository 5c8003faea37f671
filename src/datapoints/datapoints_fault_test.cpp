// Disks that fail: every write, sync and truncation in turn, full disks, and kill -9.
#include <gtest/gtest.h>
#include <unistd.h>

#include <random>

#include "disk.h"
#include "faulty_disk.h"
#include "identity.h"
#include "killed_writer.h"
#include "test_folder.h"

#include "kaden/limits/stored_datapoints.h"

namespace kaden::datapoints {
namespace {

using test::FaultyDisk;
using test::plan;

const WallTime start = parse_iso8601("2026-11-01T00:00:00Z").value();
constexpr Millis day = seconds(86'400);

const SeriesId id{{"CWAgent", "cpu_usage_active", {{"host", "web-01"}}}, "Percent"};

StoredSeries series() {
  return {1, identity_of(id.metric, id.unit), start};
}

/// One datapoint a batch, at a minute of its own; of two values where its number is odd.
blocks::Record record(int number) {
  const auto value = static_cast<double>(number);
  const std::int64_t step = step_number(Tier::minute, start + day * (number / 3) + seconds(60 * number));
  if (number % 2 == 0) return {1, false, step, {1, value, value, value}};
  auto two = samples::Distribution::of({{value, 1}, {value + 1'000, 3}});
  const auto set = two.set();
  return {1, false, step, set, std::make_shared<const samples::Distribution>(std::move(two))};
}

/// Samples known one by one; where they are not, none.
double known_samples(const std::string& path) {
  auto reader = Reader::open(path);
  require(reader.has_value(), "the file can be opened");
  double known = 0;
  const auto take = [&](const SeriesId&, const std::vector<Point>& points) {
    for (const Point& point : points) {
      const auto raw = alarm::raw_value_of(point.values);
      if (point.each != nullptr) {
        known += point.each->set().sample_count;
      } else if (raw) {
        known += raw->count;
      }
    }
    return true;
  };
  require((*reader)->read({wall_time(0), limits::wall_time_max, {}}, take).has_value(),
          "the file can be read");
  return known;
}

/// Does a step until it is done, as the store does: again after a failure, on a file opened again when the
/// disk may or may not hold it.
class Stubborn {
 public:
  explicit Stubborn(const TestFolder& folder) : path_(folder.file()) { open(); }

  void append(int number) {
    const std::int64_t expected = disk_->last_batch() + 1;
    for (int tries = 0; tries < 3; ++tries) {
      const std::vector<StoredSeries> fresh = {series()};
      const auto done =
          disk_->append(number == 0 ? std::span<const StoredSeries>(fresh) : std::span<const StoredSeries>(),
                        {record(number)});
      if (done) return;
      settle(done.error());
      if (disk_->last_batch() >= expected) return;
    }
    FAIL() << "append " << number;
  }
  void work(WallTime now) {
    for (int tries = 0; tries < 3; ++tries) {
      auto more = disk_->fold_some();
      while (more && *more) more = disk_->fold_some();
      if (more && !disk_->begin_ageing(now)) more = fail(Fault::unavailable, "ageing");
      for (bool again = more.has_value(); again;) {
        more = disk_->age_some(limits::datapoint_keep);
        again = more && *more;
      }
      if (more) return;
      settle(more.error());
    }
    FAIL() << "background work";
  }

 private:
  void open() {
    for (int tries = 0; tries < 3 && disk_ == nullptr; ++tries) {
      auto opened = Disk::open(path_);
      if (opened) disk_ = std::move(*opened);
    }
    require(disk_ != nullptr, "one fault does not keep the file closed");
  }
  void settle(const Error& error) {
    EXPECT_NE(error.fault, Fault::corrupt) << error.message;
    if (!disk_->is_doubtful()) return;
    disk_.reset();
    open();
  }

  std::string path_;
  std::unique_ptr<Disk> disk_;
};

constexpr int batches = 9;

Hours expected_hours() {
  Hours hours;
  for (int number = 0; number < batches; ++number) {
    const auto one = record(number);
    add(hours, id, step_start(Tier::minute, one.step), one.values);
  }
  return hours;
}

double samples_of(const Hours& hours) {
  double count = 0;
  for (const auto& [key, values] : hours) count += values[0];
  return count;
}

void live(const TestFolder& folder) {
  Stubborn disk(folder);
  for (int number = 0; number < batches; ++number) {
    disk.append(number);
    if (number % 3 == 2) disk.work(start + day * (6 * number));
  }
}

TEST_F(FaultyDisk, each_datapoint_is_stored_exactly_once_whatever_fails) {
  const Hours wanted = expected_hours();
  for (const int code : {SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC, SQLITE_FULL}) {
    bool hit = true;
    long long tried = 0;
    for (; hit; ++tried) {
      const TestFolder folder;
      plan = {tried, code, false};
      live(folder);
      hit = plan.hit;
      plan = {};
      EXPECT_EQ(read_hours(folder.file()), wanted) << "code " << code << " at operation " << tried;
      EXPECT_EQ(known_samples(folder.file()), samples_of(wanted))
          << "code " << code << " at operation " << tried;
      if (HasFailure()) return;
    }
    EXPECT_GT(tried, 60) << "the plan reached too few operations";
  }
}

TEST_F(FaultyDisk, a_store_keeps_datapoints_while_the_disk_is_full) {
  const TestFolder folder;
  const runtime::ManualClock clock(start);
  Settings settings;
  settings.path = folder.file();
  settings.disk_free_min = 0;
  auto store = Store::open(settings, clock, {});
  ASSERT_TRUE(store);
  (*store)->put(datum("web-01", start, 1));
  ASSERT_TRUE((*store)->flush());
  for (int minute = 1; minute < 4; ++minute) {
    plan = {0, SQLITE_FULL, false};
    (*store)->put(datum("web-01", start + seconds(60 * minute), minute));
    EXPECT_FALSE((*store)->flush());
    EXPECT_EQ((*store)->counts().waiting, static_cast<std::size_t>(minute));
  }
  plan = {};
  ASSERT_TRUE((*store)->flush());
  EXPECT_EQ((*store)->counts().waiting, 0U);
  EXPECT_EQ((*store)->counts().stored, 4U);
  EXPECT_EQ((*store)->counts().failed_commits, 3U);
  const Hours hours = read_hours(folder.file());
  ASSERT_EQ(hours.size(), 1U);
  EXPECT_EQ(hours.begin()->second, (std::array<double, 4>{4, 7, 1, 3}));
}

/// Appends, folds and ages for ever; tells each durable batch.
[[noreturn]] void write_for_ever(const std::string& path, int pipe_end) {
  auto disk = Disk::open(path);
  if (!disk) _exit(2);
  auto next = static_cast<int>((*disk)->last_batch());
  for (;; ++next) {
    const std::vector<StoredSeries> fresh = {series()};
    if (!(*disk)->append(fresh, {record(next)})) _exit(3);
    if (write(pipe_end, &next, sizeof next) != sizeof next) _exit(4);
    if (next % 5 == 0 && !(*disk)->fold_some()) _exit(5);
    if (next % 7 == 0) {
      if (!(*disk)->begin_ageing(start + day * (next / 3))) _exit(6);
      if (!(*disk)->age_some(limits::datapoint_keep)) _exit(7);
    }
  }
}

TEST(KilledStore, loses_nothing_committed_and_doubles_nothing) {
  const TestFolder folder;
  std::minstd_rand chance(20'261'126);
  int told = -1;
  for (int round = 0; round < 10; ++round) {
    const auto write = [&](int pipe_end) { write_for_ever(folder.file(), pipe_end); };
    ASSERT_NO_FATAL_FAILURE(test::kill_a_writer(chance, 40, told, write));

    auto disk = Disk::open(folder.file());
    ASSERT_TRUE(disk) << disk.error().message;
    const auto last = static_cast<int>((*disk)->last_batch()) - 1;
    EXPECT_GE(last, told);
    EXPECT_LE(last, told + 1) << "at most the batch in flight may be there as well";
    Hours expected;
    for (int i = 0; i <= last; ++i) {
      const auto one = record(i);
      add(expected, id, step_start(Tier::minute, one.step), one.values);
    }
    EXPECT_EQ(read_hours(folder.file()), expected) << "round " << round;
    EXPECT_EQ(known_samples(folder.file()), samples_of(expected)) << "round " << round;
    EXPECT_EQ((*disk)->damaged(), 0U);
    told = last;
  }
}

} // namespace
} // namespace kaden::datapoints
