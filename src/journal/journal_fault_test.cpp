// Disks that fail: every write, sync, truncation and opening in turn, disks that are full, and kill -9.
#include <gtest/gtest.h>
#include <unistd.h>

#include <random>

#include "faulty_disk.h"
#include "kaden/journal.h"
#include "killed_writer.h"
#include "test_folder.h"

namespace kaden::journal {
namespace {

using test::FaultyDisk;
using test::plan;

std::vector<NewEntry> batch(int number, int size) {
  return {static_cast<std::size_t>(size),
          {wall_time(number), std::to_string(number) + std::string(1'000, '.')}};
}

/// What the world was told is durable.
struct Told {
  Position position = 0;
  int records = 0;
  bool stopped = false; ///< the journal said corrupt: restart
};

/// A short life: appends, records and snapshots; goes on after failures, as a server would.
void live(const std::string& path, Told& told) {
  auto journal = open_sqlite(path);
  if (!journal) return;
  auto records = open_records(path);
  for (int number = 0; number < 3; ++number) {
    const Position before = (*journal)->last_position();
    const auto appended = (*journal)->append(batch(number, 2));
    if (appended) {
      EXPECT_EQ(*appended, before + 2);
      EXPECT_FALSE(told.stopped) << "an append went on after the journal said stop";
      told.position = *appended;
    } else {
      EXPECT_EQ((*journal)->last_position(), before);
      told.stopped = told.stopped || appended.error().fault == Fault::corrupt;
    }
    const std::vector<Records::Change> change = {{"alarm", std::to_string(told.records), "x"}};
    if (records && (*records)->apply(change)) ++told.records;
    if (number == 1) static_cast<void>((*journal)->save_snapshot({(*journal)->last_position(), "state"}));
  }
}

void expect_kept(const std::string& path, const Told& told, const std::string& when) {
  auto journal = open_sqlite(path);
  ASSERT_TRUE(journal) << when << ": " << journal.error().message;
  EXPECT_GE((*journal)->last_position(), told.position) << when;
  EXPECT_EQ((*journal)->last_position() % 2, 0U) << when << ": half a batch";
  const Check check = (*journal)->verify().value();
  EXPECT_EQ(check.first_bad, 0U) << when << ": " << check.reason;
  EXPECT_TRUE((*journal)->append(batch(9, 2))) << when;
  auto records = open_records(path);
  ASSERT_TRUE(records) << when;
  EXPECT_GE((*records)->all("alarm").value().size(), static_cast<std::size_t>(told.records)) << when;
}

TEST_F(FaultyDisk, every_operation_may_fail_once) {
  for (const int code : {SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC, SQLITE_FULL}) {
    bool hit = true;
    long long tried = 0;
    for (; hit; ++tried) {
      const TestFolder folder;
      plan = {tried, code, false};
      Told told;
      live(folder.file(), told);
      hit = plan.hit;
      plan = {};
      const std::string when =
          "SQLite code " + std::to_string(code) + " at operation " + std::to_string(tried);
      EXPECT_FALSE(told.stopped && code == SQLITE_FULL) << when << ": a full disk needs no restart";
      expect_kept(folder.file(), told, when);
      EXPECT_TRUE(hit || told.position == 6) << "without a fault everything is appended";
    }
    EXPECT_GT(tried, 40) << "the plan reached too few operations";
    RecordProperty("operations", static_cast<int>(tried));
  }
}

TEST_F(FaultyDisk, a_failed_sync_stops_the_journal_until_it_is_opened_again) {
  const TestFolder folder;
  {
    auto journal = open_sqlite(folder.file());
    ASSERT_TRUE(journal);
    ASSERT_TRUE((*journal)->append(batch(1, 1)));
    bool failed = false;
    for (long long n = 0; !failed; ++n) {
      plan = {n, SQLITE_IOERR_FSYNC, false};
      const auto appended = (*journal)->append(batch(2, 1));
      failed = !appended;
      EXPECT_TRUE(appended || appended.error().fault == Fault::corrupt) << "never: nothing was stored";
    }
    plan = {};
    const auto after = (*journal)->append(batch(3, 1));
    ASSERT_FALSE(after);
    EXPECT_EQ(after.error().fault, Fault::corrupt);
    EXPECT_EQ((*journal)->save_snapshot({1, "x"}).error().fault, Fault::corrupt);
  }
  auto journal = open_sqlite(folder.file());
  ASSERT_TRUE(journal) << journal.error().message;
  EXPECT_TRUE((*journal)->append(batch(3, 1)));
}

TEST_F(FaultyDisk, a_full_disk_refuses_and_goes_on_when_there_is_room) {
  const TestFolder folder;
  auto journal = open_sqlite(folder.file());
  ASSERT_TRUE(journal);
  ASSERT_TRUE((*journal)->append(batch(1, 2)));
  for (int round = 0; round < 3; ++round) {
    plan = {0, SQLITE_FULL, false};
    const auto refused = (*journal)->append(batch(2, 5));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::unavailable);
    EXPECT_EQ((*journal)->last_position(), 2U);
  }
  plan = {};
  EXPECT_EQ((*journal)->append(batch(3, 1)).value(), 3U);
  EXPECT_EQ((*journal)->verify().value().first_bad, 0U);
}

TEST(KilledWriter, nothing_acknowledged_is_lost) {
  const TestFolder folder;
  std::minstd_rand chance(20'261'123);
  Position told = 0;
  for (int round = 0; round < 12; ++round) {
    const auto write_for_ever = [&](int pipe_end) {
      auto journal = open_sqlite(folder.file());
      if (!journal) _exit(2);
      for (int number = 0;; ++number) {
        const auto appended = (*journal)->append(batch(number, 1 + number % 5));
        if (!appended) _exit(3);
        if (write(pipe_end, &*appended, sizeof *appended) != sizeof *appended) _exit(4);
        if (number % 7 == 0 && !(*journal)->save_snapshot({*appended, std::string(20'000, 's')})) _exit(5);
      }
    };
    ASSERT_NO_FATAL_FAILURE(test::kill_a_writer(chance, 60, told, write_for_ever));

    auto journal = open_sqlite(folder.file());
    ASSERT_TRUE(journal) << journal.error().message;
    EXPECT_GE((*journal)->last_position(), told);
    EXPECT_LE((*journal)->last_position(), told + 5) << "at most the batch in flight may be there as well";
    const Check check = (*journal)->verify().value();
    EXPECT_EQ(check.first_bad, 0U) << check.reason;
    EXPECT_TRUE((*journal)->latest_snapshot().value());
    told = (*journal)->last_position();
  }
}

} // namespace
} // namespace kaden::journal
