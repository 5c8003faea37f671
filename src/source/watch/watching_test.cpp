#include <gtest/gtest.h>

#include <deque>

#include "kaden/source.h"

namespace kaden::source {
namespace {

/// Gives the looks it was told, then blocks until it is cancelled. Tells the test after each.
class Scripted final : public Watcher {
 public:
  struct Shared {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Looked> looks;
    int ended = 0;
    bool was_cancelled = false;
    void wait_for(int count) {
      std::unique_lock lock(mutex);
      ASSERT_TRUE(changed.wait_for(lock, seconds(20), [&] { return ended >= count; })) << ended;
    }
  };
  Scripted(std::string name, Shared& shared) : name_(std::move(name)), shared_(shared) {}
  const std::string& source() const override { return source_; }
  const std::string& name() const override { return name_; }
  Looked look(const std::atomic<bool>& cancelled) override {
    {
      std::lock_guard lock(shared_.mutex);
      if (!shared_.looks.empty()) {
        const Looked looked = shared_.looks.front();
        shared_.looks.pop_front();
        return looked;
      }
      shared_.ended = 1;
      shared_.changed.notify_all();
    }
    while (!cancelled) std::this_thread::yield();
    std::lock_guard lock(shared_.mutex);
    shared_.was_cancelled = true;
    return {.trouble = Error{Fault::unavailable, "cancelled"}};
  }

 private:
  const std::string source_ = "status";
  const std::string name_;
  Shared& shared_;
};

TEST(Watching, looks_again_and_keeps_the_standing_of_each) {
  const runtime::ManualClock clock(wall_time(1'000'000));
  Scripted::Shared good, bad;
  good.looks = {{.reported = 2}, {.trouble = Error{Fault::timeout, "no answer"}}, {.reported = 1}};
  bad.looks = {{}, {.trouble = Error{Fault::invalid, "not a page"}}};
  std::vector<std::unique_ptr<Watcher>> watchers;
  watchers.push_back(std::make_unique<Scripted>("good", good));
  watchers.push_back(std::make_unique<Scripted>("bad", bad));
  {
    Watching watching(std::move(watchers), clock);
    good.wait_for(1);
    bad.wait_for(1);
    const auto standings = watching.standings();
    ASSERT_EQ(standings.size(), 2U);
    EXPECT_EQ(standings[0].name, "good");
    EXPECT_EQ(standings[0].source, "status");
    EXPECT_EQ(standings[0].looks, 3U);
    EXPECT_EQ(standings[0].failures, 1U);
    EXPECT_EQ(standings[0].events, 3U);
    EXPECT_EQ(standings[0].trouble, "");
    EXPECT_EQ(standings[0].read_at, clock.wall());
    EXPECT_EQ(standings[1].looks, 2U);
    EXPECT_EQ(standings[1].trouble, "not a page");
    EXPECT_TRUE(standings[1].read_at);
  }
  EXPECT_TRUE(good.was_cancelled) << "the end cancels a look and waits for it";
  EXPECT_TRUE(bad.was_cancelled);
}

TEST(Watching, ends_in_the_middle_of_a_long_wait) {
  const runtime::ManualClock clock(wall_time(0));
  Scripted::Shared shared;
  shared.looks = {{.again_in = seconds(86'400 * 30)}};
  std::vector<std::unique_ptr<Watcher>> watchers;
  watchers.push_back(std::make_unique<Scripted>("asleep", shared));
  Watching watching(std::move(watchers), clock);
  while (watching.standings()[0].looks == 0) std::this_thread::yield();
}

} // namespace
} // namespace kaden::source
