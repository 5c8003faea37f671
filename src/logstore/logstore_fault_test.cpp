#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <random>

#include "faulty_disk.h"
#include "killed_writer.h"
#include "store_town.h"

namespace kaden::logstore {
namespace {

using test::FaultyDisk;
using test::plan;

Query everything() {
  Query query = Town::all();
  query.from = wall_time(0);
  return query;
}

std::vector<Event> batch(int number) {
  return {Town::event(number, std::to_string(number) + std::string(700, 'x')),
          Town::event(number, std::to_string(number) + std::string(700, 'y'))};
}

std::unique_ptr<Store> open(const std::string& path, const runtime::Clock& clock) {
  Settings settings;
  settings.path = path;
  auto store = Store::open(settings, clock, [](const auto&) { return Result<void>(); });
  return store ? std::move(*store) : nullptr;
}

/// A short life: goes on after failures, as a server would. The numbers of the batches that were told to be
/// stored.
std::vector<int> live(const std::string& path, const runtime::Clock& clock) {
  std::vector<int> told;
  const auto store = open(path, clock);
  if (!store) return told;
  static_cast<void>(wait_for([&](Done done) { store->create_group("app", {}, std::move(done)); }));
  static_cast<void>(wait_for([&](Done done) { store->create_stream("app", "s", std::move(done)); }));
  for (int number = 0; number < 2; ++number) {
    if (append(*store, "s", batch(number))) told.push_back(number);
    if (number == 0) {
      static_cast<void>(wait_for([&](Done done) { store->set_retention("app", 30, std::move(done)); }));
    }
  }
  return told;
}

void expect_kept(const std::string& path, const runtime::Clock& clock, const std::vector<int>& told,
                 const std::string& when) {
  const auto store = open(path, clock);
  ASSERT_TRUE(store) << when;
  static_cast<void>(wait_for([&](Done done) { store->create_group("app", {}, std::move(done)); }));
  static_cast<void>(wait_for([&](Done done) { store->create_stream("app", "s", std::move(done)); }));
  EXPECT_TRUE(append(*store, "s", batch(9))) << when;
  EXPECT_EQ(store->trouble(), "") << when;
  const auto page = read_page(*store, everything());
  ASSERT_TRUE(page) << when << ": " << page.error().message;
  EXPECT_EQ(page->events.size() % 2, 0U) << when << ": half a batch";
  for (const int number : told) {
    const auto found = std::count_if(page->events.begin(), page->events.end(), [&](const StoredEvent& one) {
      return one.message.starts_with(std::to_string(number) + "x");
    });
    EXPECT_EQ(found, 1) << when << ": batch " << number << " was told to be stored";
  }
}

TEST_F(FaultyDisk, every_operation_of_the_log_store_may_fail_once) {
  const runtime::ManualClock clock(noon);
  for (const int code : {SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC, SQLITE_FULL}) {
    bool hit = true;
    long long tried = 0;
    for (; hit; ++tried) {
      const TestFolder folder;
      plan = {tried, code, false};
      const auto told = live(folder.file(), clock);
      hit = plan.hit;
      plan = {};
      const std::string when =
          "SQLite code " + std::to_string(code) + " at operation " + std::to_string(tried);
      expect_kept(folder.file(), clock, told, when);
      EXPECT_TRUE(hit || told.size() == 2) << "without a fault everything is stored";
    }
    EXPECT_GT(tried, 30) << "the plan reached too few operations";
  }
}

TEST_F(FaultyDisk, a_disk_that_refuses_is_told_and_seen) {
  const runtime::ManualClock clock(noon);
  const TestFolder folder;
  const auto store = open(folder.file(), clock);
  ASSERT_TRUE(store);
  ASSERT_TRUE(wait_for([&](Done done) { store->create_group("app", {}, std::move(done)); }));
  ASSERT_TRUE(wait_for([&](Done done) { store->create_stream("app", "s", std::move(done)); }));
  plan = {0, SQLITE_FULL, false};
  const auto refused = append(*store, "s", batch(1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::unavailable);
  EXPECT_NE(store->trouble().find("cannot be stored"), std::string::npos) << store->trouble();
  EXPECT_EQ(store->counts().failed_commits, 1U);
  plan = {};
  EXPECT_TRUE(append(*store, "s", batch(2))) << "there is room again";
  EXPECT_EQ(store->trouble(), "");
  bool failed = false;
  for (long long n = 0; !failed; ++n) {
    plan = {n, SQLITE_IOERR_FSYNC, false};
    failed = !append(*store, "s", batch(3));
  }
  plan = {};
  EXPECT_FALSE(append(*store, "s", batch(4))) << "nobody knows what the disk holds";
  EXPECT_NE(store->trouble().find("restart"), std::string::npos) << store->trouble();
  EXPECT_TRUE(read_page(*store, everything())) << "what is there can be read";
}

TEST(KilledStore, nothing_that_was_told_is_lost) {
  const runtime::ManualClock clock(noon);
  const TestFolder folder;
  std::minstd_rand chance(20'261'126);
  int next = 0;
  int told = -1;
  for (int round = 0; round < 8; ++round) {
    const auto write_for_ever = [&](int pipe_end) {
      const auto store = open(folder.file(), clock);
      if (!store) _exit(2);
      static_cast<void>(wait_for([&](Done done) { store->create_group("app", {}, std::move(done)); }));
      static_cast<void>(wait_for([&](Done done) { store->create_stream("app", "s", std::move(done)); }));
      for (int number = next;; ++number) {
        if (!append(*store, "s", batch(number))) _exit(3);
        if (write(pipe_end, &number, sizeof number) != sizeof number) _exit(4);
      }
    };
    ASSERT_NO_FATAL_FAILURE(test::kill_a_writer(chance, 60, told, write_for_ever));

    const auto store = open(folder.file(), clock);
    ASSERT_TRUE(store);
    const auto page = read_page(*store, everything());
    ASSERT_TRUE(page) << page.error().message;
    ASSERT_EQ(page->events.size() % 2, 0U) << "half a batch";
    const int stored = static_cast<int>(page->events.size() / 2);
    EXPECT_GE(stored, told + 1);
    EXPECT_LE(stored, told + 2) << "at most the batch in flight may be there as well";
    next = stored;
    told = stored - 1;
  }
}

} // namespace
} // namespace kaden::logstore
