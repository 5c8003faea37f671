#include "kaden/runtime.h"
#include "kaden/fair_mailbox.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <set>

namespace kaden::runtime {
namespace {

TEST(ManualClock, MovesOnlyWhenToldAndStepsWallAlone) {
  ManualClock clock(wall_time(1'000));
  EXPECT_EQ(clock.wall(), wall_time(1'000));
  clock.advance(seconds(2));
  EXPECT_EQ(clock.wall(), wall_time(3'000));
  EXPECT_EQ(clock.steady(), SteadyTime(seconds(2)));
  clock.step_wall(Millis(-500));
  EXPECT_EQ(clock.wall(), wall_time(2'500));
  EXPECT_EQ(clock.steady(), SteadyTime(seconds(2)));
}

TEST(Mailbox, KeepsOrderAndRefusesWhenFull) {
  Mailbox<int> box(2);
  EXPECT_TRUE(box.post(1));
  EXPECT_TRUE(box.post(2));
  EXPECT_FALSE(box.post(3));
  std::vector<int> out;
  EXPECT_TRUE(box.take(out, 10, Millis(0)));
  EXPECT_EQ(out, (std::vector<int>{1, 2}));
  EXPECT_TRUE(box.take(out, 10, Millis(0)));
  EXPECT_TRUE(out.empty());
}

TEST(Mailbox, ARefusedValueIsUntouched) {
  Mailbox<std::unique_ptr<int>> box(1);
  EXPECT_TRUE(box.post(std::make_unique<int>(1)));
  auto second = std::make_unique<int>(2);
  EXPECT_FALSE(box.post(std::move(second)));
  // NOLINTBEGIN(bugprone-use-after-move): a refused value is not moved from
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(*second, 2);
  // NOLINTEND(bugprone-use-after-move)
}

TEST(Mailbox, CloseLetsTheRestBeTaken) {
  Mailbox<int> box(10);
  EXPECT_TRUE(box.post(1));
  EXPECT_TRUE(box.post(2));
  box.close();
  EXPECT_FALSE(box.post(3));
  std::vector<int> out;
  EXPECT_TRUE(box.take(out, 1, seconds(10)));
  EXPECT_EQ(out, std::vector<int>{1});
  EXPECT_TRUE(box.take(out, 1, seconds(10)));
  EXPECT_FALSE(box.take(out, 1, seconds(10)));
}

TEST(Mailbox, NothingIsLostBetweenManySenders) {
  Mailbox<int> box(100'000);
  constexpr int senders = 4;
  constexpr int each = 5'000;
  std::vector<std::thread> threads;
  threads.reserve(senders);
  for (int s = 0; s < senders; ++s) {
    threads.emplace_back([&box, s] {
      for (int i = 0; i < each; ++i) ASSERT_TRUE(box.post(s * each + i));
    });
  }
  std::set<int> seen;
  std::vector<int> out;
  while (seen.size() < static_cast<std::size_t>(senders) * each && box.take(out, 64, seconds(10)) &&
         !out.empty()) {
    seen.insert(out.begin(), out.end());
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(senders) * each);
}

TEST(FairMailbox, SendersTakeTurnsHoweverMuchEachHasSent) {
  FairMailbox<std::string> box(8, 5);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(box.post("loud", "l" + std::to_string(i)));
  std::string refused = "l5";
  EXPECT_FALSE(box.post("loud", std::move(refused)));
  EXPECT_EQ(refused, "l5"); // NOLINT(bugprone-use-after-move): a refused value is not moved from
  EXPECT_TRUE(box.post("quiet", "q0"));
  EXPECT_TRUE(box.post("other", "o0"));
  EXPECT_TRUE(box.post("quiet", "q1"));
  EXPECT_FALSE(box.post("late", "x")) << "all of it is full";
  std::string taken;
  std::optional<std::string> out;
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(box.take(out, Millis(0)));
    taken += out.value() + " ";
  }
  EXPECT_EQ(taken, "l0 q0 o0 l1 ");
  EXPECT_TRUE(box.post("other", "o1"));
  while (box.take(out, Millis(0)) && out) taken += *out + " ";
  EXPECT_EQ(taken, "l0 q0 o0 l1 q1 l2 o1 l3 l4 ");
}

TEST(FairMailbox, CloseLetsTheRestBeTaken) {
  FairMailbox<int> box(10, 10);
  EXPECT_TRUE(box.post("a", 1));
  box.close();
  EXPECT_FALSE(box.post("a", 2));
  std::optional<int> out;
  EXPECT_TRUE(box.take(out, seconds(10)));
  EXPECT_EQ(out, 1);
  EXPECT_FALSE(box.take(out, seconds(10)));
  EXPECT_FALSE(out);
}

TEST(Worker, RunsJobsInOrderOfDueTimeThenSubmission) {
  SystemClock clock;
  std::vector<int> order;
  std::promise<void> done;
  Worker worker(clock, "test");
  worker.post_after(Millis(30), [&] {
    order.push_back(3);
    done.set_value();
  });
  worker.post_after(Millis(15), [&] { order.push_back(2); });
  worker.post([&] { order.push_back(0); });
  worker.post([&] { order.push_back(1); });
  done.get_future().wait();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3}));
}

TEST(Worker, DropsWhatIsNotDueAtTheEnd) {
  SystemClock clock;
  std::atomic<bool> ran = false;
  {
    Worker worker(clock, "test");
    worker.post_after(seconds(3600), [&] { ran = true; });
  }
  EXPECT_FALSE(ran);
}

} // namespace
} // namespace kaden::runtime
