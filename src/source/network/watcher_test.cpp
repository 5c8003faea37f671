#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kaden/kept_events.h"
#include "kaden/network.h"

namespace kaden::network {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// The system's, which a test can set forward: looks take real time, rounds lie seconds apart.
class ShiftedClock final : public runtime::Clock {
 public:
  WallTime wall() const override { return system_.wall() + ahead_; }
  SteadyTime steady() const override { return system_.steady() + ahead_; }
  void advance(Millis by) { ahead_ += by; }

 private:
  const runtime::SystemClock system_;
  Millis ahead_{};
};

/// Real probes of a port where nobody listens: a refused connection is answered at once.
class NetworkWatcherTest : public testing::Test {
 protected:
  NetworkWatcherTest() {
    PathSettings path;
    path.id = path.name = "dx";
    path.ends = {"office", "sddc"};
    path.fail_after = path.clear_after = 1;
    settings_.vantage = "sddc";
    settings_.paths = {path};
    ProbeSettings probe;
    probe.id = "router";
    probe.path = "dx";
    probe.probe.target = probe::parse_target("tcp://127.0.0.1:1").value();
    probe.every = seconds(3'600);
    settings_.probes = {probe};
    begin();
  }
  void begin() {
    watcher_.reset();
    readings_ = std::make_shared<Readings>("sddc");
    watcher_ = watch_network(settings_, {journal_, *records_, clock_, readings_,
                                         [this](const auto&, const auto&, const auto&, const auto& measures,
                                                WallTime) { measured_ += measures.size(); }});
  }
  source::Looked look() { return watcher_->look(cancelled_); }

  ShiftedClock clock_;
  const std::atomic<bool> cancelled_ = false;
  const std::unique_ptr<journal::Records> records_ = journal::open_records_in_memory();
  source::KeptEvents journal_;
  Settings settings_;
  std::shared_ptr<Readings> readings_;
  std::size_t measured_ = 0;
  std::unique_ptr<source::Watcher> watcher_;
};

TEST_F(NetworkWatcherTest, news_that_the_journal_refused_are_told_again) {
  journal_.is_full = true;
  const auto refused = look();
  ASSERT_TRUE(refused.trouble);
  EXPECT_THAT(refused.trouble->message, HasSubstr("the disk is full"));
  EXPECT_EQ(measured_, 2U) << "Loss and Up";
  journal_.is_full = false;
  const auto told = look();
  EXPECT_FALSE(told.trouble);
  EXPECT_EQ(told.reported, 1U);
  ASSERT_THAT(journal_.events, SizeIs(1));
  EXPECT_EQ(journal_.events[0].alarm, "path dx");
  EXPECT_THAT(journal_.events[0].reason, HasSubstr("connecting"));
  EXPECT_EQ(records_->all("network")->count("path/dx"), 1U);
  begin(); // as after a crash
  look();
  EXPECT_THAT(journal_.events, SizeIs(1)) << "no old news";
}

TEST_F(NetworkWatcherTest, what_was_stored_before_a_death_is_told_after_it_with_its_end) {
  journal_.is_full = true;
  look(); // stored, not told
  begin();
  EXPECT_TRUE(look().trouble);
  settings_.probes.clear(); // the trouble is over at the next start
  begin();
  journal_.is_full = false;
  look();
  ASSERT_THAT(journal_.events, SizeIs(2));
  EXPECT_EQ(journal_.events[0].alarm, "path dx");
  EXPECT_EQ(journal_.events[0].state, AlarmState::alarm);
  EXPECT_EQ(journal_.events[1].alarm, "path dx");
  EXPECT_EQ(journal_.events[1].state, AlarmState::ok);
  EXPECT_THAT(*records_->all("outbox/network"), IsEmpty());
}

TEST_F(NetworkWatcherTest, what_agents_find_is_heard_and_what_no_path_names_is_shown) {
  settings_.probes.clear();
  begin();
  readings_->put("dx", "erp", "office", "Up", 0, clock_.wall());
  EXPECT_EQ(look().reported, 1U);
  ASSERT_THAT(journal_.events, SizeIs(1));
  EXPECT_EQ(journal_.events[0].labels.at("seen_from"), "office");
  clock_.advance(seconds(10));
  readings_->put("other", "erp", "office", "Up", 0, clock_.wall());
  readings_->put("dx", "erp", "office", "Up", 1, clock_.wall()); // ends the look
  EXPECT_EQ(look().reported, 1U);
  EXPECT_EQ(journal_.events.back().state, AlarmState::ok);
  const auto shown = look();
  ASSERT_TRUE(shown.trouble);
  EXPECT_THAT(shown.trouble->message, HasSubstr("no path is called other"));
}

TEST_F(NetworkWatcherTest, a_backlog_is_judged_in_the_order_of_its_times) {
  settings_.probes.clear();
  begin();
  const WallTime now = clock_.wall();
  readings_->put("dx", "erp", "office", "Up", 1, now);
  readings_->put("dx", "erp", "office", "Up", 0, now - seconds(10));
  EXPECT_EQ(look().reported, 0U);
  clock_.advance(seconds(5));
  EXPECT_EQ(look().reported, 0U);
}

TEST_F(NetworkWatcherTest, readings_that_find_no_room_are_counted_and_shown) {
  settings_.probes.clear();
  begin();
  for (std::size_t i = 0; i <= limits::readings_waiting_max; ++i)
    readings_->put("dx", "erp", "office", "Up", 1, clock_.wall() + Millis(i));
  const auto looked = look();
  EXPECT_EQ(looked.counts.at("dropped_full"), 1U);
  ASSERT_TRUE(looked.trouble);
  EXPECT_THAT(looked.trouble->message, HasSubstr("dropped so far, for want of room: 1"));
}

TEST_F(NetworkWatcherTest, a_state_that_cannot_be_read_is_begun_anew_and_said_so) {
  const std::vector<journal::Records::Change> broken{{"network", "path/dx", "{"}};
  ASSERT_TRUE(records_->apply(broken));
  const auto looked = look();
  ASSERT_TRUE(looked.trouble);
  EXPECT_EQ(looked.trouble->fault, Fault::corrupt);
  EXPECT_THAT(journal_.events, SizeIs(1));
}

} // namespace
} // namespace kaden::network
