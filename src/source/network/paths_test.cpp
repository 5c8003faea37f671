#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kaden/network_paths.h"

namespace kaden::network {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::int64_t start_ms = 1'790'000'000'000;

PathSettings tokyo() {
  PathSettings path;
  path.id = "tokyo-dx";
  path.name = "Tokyo Direct Connect";
  path.ends = {"office", "sddc"};
  path.fail_after = 2;
  path.clear_after = 2;
  path.window = 4;
  path.loss_percent = 20;
  path.latency_ms = 50;
  return path;
}

/// Time moves by ten seconds with each reading.
class PathsTest : public testing::Test {
 protected:
  PathsTest() { rebuild(); }
  void rebuild(std::vector<PathSettings> settings = {tokyo()}) {
    paths_.emplace(std::move(settings), Paths::Own{"sddc", {{"tokyo-dx", "router"}, {"nagoya", "router"}}},
                   seconds(180), Severity::error);
  }
  std::vector<AlarmEvent> take(const std::string& vantage, bool is_up, double loss = -1, double rtt = 10,
                               const std::string& probe = "router") {
    at_s_ += 10;
    Reading reading{"tokyo-dx", probe, vantage, wall(), is_up};
    reading.loss_percent = loss >= 0 ? loss : is_up ? 0 : 100;
    if (is_up) reading.round_trip_ms = rtt;
    if (!is_up) reading.reason = "no answer";
    return take(reading);
  }
  std::vector<AlarmEvent> take(const Reading& reading) {
    const auto taken = paths_->take(reading, wall(), steady());
    EXPECT_TRUE(taken) << taken.error().message;
    return tick();
  }
  std::vector<AlarmEvent> tick() { return paths_->tell(wall(), steady()); }
  void restart(std::vector<PathSettings> settings = {tokyo()}) {
    for (auto& [key, text] : paths_->changed()) {
      stored_.erase(key);
      if (text) stored_[key] = *text;
    }
    rebuild(std::move(settings));
    ASSERT_TRUE(paths_->restore(stored_));
  }
  /// Of office's router, so many seconds ago.
  void hear_late(std::int64_t ago_s, bool is_up) {
    Reading reading{"tokyo-dx", "router", "office", wall() - seconds(ago_s), is_up};
    reading.loss_percent = is_up ? 0 : 100;
    EXPECT_TRUE(paths_->take(reading, wall(), steady()));
  }
  WallTime wall() const { return wall_time(start_ms + (at_s_ + wall_step_s_) * 1'000); }
  SteadyTime steady() const { return SteadyTime(seconds(1'000 + at_s_)); }

  std::optional<Paths> paths_;
  std::int64_t at_s_ = 0, wall_step_s_ = 0;
  std::map<std::string, std::string> stored_;
};

TEST_F(PathsTest, a_path_is_down_after_some_rounds_and_good_after_some) {
  PathSettings path = tokyo();
  path.loss_percent = 0;
  rebuild({path});
  EXPECT_THAT(take("sddc", true), IsEmpty());
  EXPECT_THAT(take("sddc", false), IsEmpty()) << "one round is none";
  EXPECT_THAT(take("sddc", true), IsEmpty());
  EXPECT_THAT(take("sddc", false), IsEmpty());
  const auto down = take("sddc", false);
  ASSERT_EQ(down.size(), 1U);
  EXPECT_EQ(down[0].source, "network");
  EXPECT_EQ(down[0].alarm, "path tokyo-dx");
  EXPECT_EQ(down[0].state, AlarmState::alarm);
  EXPECT_EQ(down[0].severity, Severity::critical);
  EXPECT_EQ(down[0].machine, "Tokyo Direct Connect");
  EXPECT_THAT(down[0].reason, HasSubstr("sddc router: down (no answer)"));
  EXPECT_THAT(take("sddc", false), IsEmpty()) << "no news";
  EXPECT_THAT(take("sddc", true), IsEmpty());
  const auto good = take("sddc", true);
  ASSERT_EQ(good.size(), 1U);
  EXPECT_EQ(good[0].state, AlarmState::ok);
  EXPECT_EQ(good[0].alarm, down[0].alarm);
  EXPECT_NE(good[0].event_id, down[0].event_id);
}

TEST_F(PathsTest, the_words_name_the_path_and_who_sees_it) {
  take("office", true);
  take("sddc", false);
  const auto one = take("sddc", false);
  ASSERT_EQ(one.size(), 1U);
  EXPECT_EQ(one[0].say.at(Language::en),
            "Kaden, {severity} alarm. Path {machine}, between {ends}: no answer. Seen only from {seen_from}; "
            "{good_from} "
            "sees no trouble.");
  EXPECT_EQ(one[0].labels.at("ends"), "office, sddc");
  EXPECT_EQ(one[0].labels.at("seen_from"), "sddc");
  EXPECT_EQ(one[0].labels.at("good_from"), "office");
  take("office", false);
  const auto both = take("office", false);
  ASSERT_EQ(both.size(), 1U);
  EXPECT_EQ(both[0].alarm, one[0].alarm) << "the same alarm, that has changed";
  EXPECT_NE(both[0].event_id, one[0].event_id);
  EXPECT_THAT(both[0].say.at(Language::en), HasSubstr("Seen from both ends."));
  EXPECT_THAT(both[0].say.at(Language::ja), HasSubstr("両端から見えています。"));
  take("office", true);
  const auto back = take("office", true);
  ASSERT_EQ(back.size(), 1U);
  EXPECT_EQ(back[0].state, AlarmState::alarm) << "one end still sees it";
  take("sddc", true);
  EXPECT_EQ(take("sddc", true).at(0).state, AlarmState::ok);
}

TEST_F(PathsTest, a_silent_vantage_is_an_alarm_of_its_own_and_no_recovery) {
  EXPECT_THAT(tick(), IsEmpty());
  take("office", false);
  ASSERT_EQ(take("office", false).size(), 1U);
  at_s_ += 179;
  EXPECT_THAT(tick(), IsEmpty());
  at_s_ += 1;
  const auto silent = tick();
  ASSERT_EQ(silent.size(), 1U) << "and not: all is well";
  EXPECT_EQ(silent[0].alarm, "vantage office");
  EXPECT_EQ(silent[0].severity, Severity::error);
  EXPECT_EQ(silent[0].labels.at("path"), "tokyo-dx");
  EXPECT_THAT(tick(), IsEmpty());
  take("sddc", false);
  const auto both = take("sddc", false);
  ASSERT_EQ(both.size(), 1U);
  const auto heard = take("office", true);
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_EQ(heard[0].alarm, "vantage office");
  EXPECT_EQ(heard[0].state, AlarmState::ok);
}

TEST_F(PathsTest, one_end_that_is_silent_is_said_so) {
  tick();
  at_s_ += 180;
  ASSERT_EQ(tick().size(), 1U);
  take("sddc", false);
  const auto down = take("sddc", false);
  ASSERT_EQ(down.size(), 1U);
  EXPECT_THAT(down[0].say.at(Language::en), HasSubstr("Seen from {seen_from}; {silent} is silent."));
  EXPECT_EQ(down[0].labels.at("silent"), "office");
}

TEST_F(PathsTest, loss_and_latency_are_counted_over_the_window_and_do_not_flap) {
  for (int i = 0; i < 3; ++i) EXPECT_THAT(take("sddc", true, 33), IsEmpty()) << "the window is not full";
  const auto loss = take("sddc", true, 33);
  ASSERT_EQ(loss.size(), 1U);
  EXPECT_EQ(loss[0].severity, Severity::warning);
  EXPECT_EQ(loss[0].labels.at("loss_percent"), "33");
  EXPECT_EQ(loss[0].labels.at("trouble"), "loss");
  EXPECT_THAT(take("sddc", true, 0), IsEmpty()) << "25 percent";
  EXPECT_THAT(take("sddc", true, 10), IsEmpty()) << "19 percent: below the threshold, but not well below";
  EXPECT_EQ(take("sddc", true, 10).at(0).state, AlarmState::ok);
  for (int i = 0; i < 3; ++i) EXPECT_THAT(take("sddc", true, 0, 60), IsEmpty()) << i;
  const auto slow = take("sddc", true, 0, 60);
  ASSERT_EQ(slow.size(), 1U);
  EXPECT_EQ(slow[0].labels.at("latency_ms"), "60");
  EXPECT_THAT(slow[0].say.at(Language::en), HasSubstr("answers take {latency_ms} milliseconds"));
}

TEST_F(PathsTest, what_was_lost_while_it_was_down_is_no_loss_afterwards) {
  for (int i = 0; i < 6; ++i) take("sddc", false);
  take("sddc", true);
  EXPECT_EQ(take("sddc", true).at(0).state, AlarmState::ok);
}

TEST_F(PathsTest, a_certificate_that_ends_soon_is_an_alarm_of_its_own) {
  const auto days = [&](double left) {
    at_s_ += 10;
    Reading reading{"tokyo-dx", "ldap", "sddc", wall(), true};
    reading.days_to_expiry = left;
    return take(reading);
  };
  EXPECT_THAT(days(15), IsEmpty());
  const auto soon = days(13.9);
  ASSERT_EQ(soon.size(), 1U);
  EXPECT_EQ(soon[0].alarm, "certificate tokyo-dx/ldap/sddc");
  EXPECT_EQ(soon[0].severity, Severity::warning);
  EXPECT_EQ(soon[0].labels.at("days"), "13");
  EXPECT_THAT(days(13.8), IsEmpty());
  EXPECT_EQ(days(2.9).at(0).severity, Severity::error);
  EXPECT_THAT(days(-1), IsEmpty());
  EXPECT_EQ(days(90).at(0).state, AlarmState::ok);
}

TEST_F(PathsTest, history_repeats_and_strangers_change_nothing) {
  at_s_ = 1'000;
  Reading old{"tokyo-dx", "router", "office", wall() - seconds(181), false};
  EXPECT_THAT(take(old), IsEmpty());
  EXPECT_THAT(take(old), IsEmpty()) << "a queue that was stuck";
  Reading now = old;
  now.at = wall();
  EXPECT_THAT(take(now), IsEmpty());
  EXPECT_THAT(take(now), IsEmpty()) << "the same round twice is one";
  EXPECT_THAT(take(old), IsEmpty()) << "a later one has overtaken it";
  now.path = "nowhere";
  EXPECT_EQ(paths_->take(now, wall(), steady()).error().fault, Fault::not_found);
  now.path = "tokyo-dx";
  now.vantage = "osaka";
  EXPECT_THAT(paths_->take(now, wall(), steady()).error().message,
              HasSubstr("osaka is no end of the path tokyo-dx"));
}

TEST_F(PathsTest, a_restart_in_the_middle_is_no_news_and_the_end_is_told) {
  take("sddc", false);
  ASSERT_EQ(take("sddc", false).size(), 1U);
  tick();
  at_s_ += 180;
  ASSERT_EQ(tick().size(), 1U) << "office is silent";
  restart();
  EXPECT_THAT(tick(), IsEmpty());
  EXPECT_THAT(take("sddc", false), IsEmpty());
  EXPECT_EQ(take("office", true).at(0).alarm, "vantage office");
  take("sddc", true);
  EXPECT_EQ(take("sddc", true).at(0).state, AlarmState::ok);
}

TEST_F(PathsTest, a_probe_that_is_no_longer_made_does_not_hold_its_path_down) {
  for (int i = 0; i < 2; ++i) take("sddc", false, 100, 0, "removed");
  tick();
  restart();
  const auto forgotten = tick();
  ASSERT_EQ(forgotten.size(), 1U);
  EXPECT_EQ(forgotten[0].state, AlarmState::ok);
  // An agent's check that has gone from its file, while the agent goes on.
  for (int i = 0; i < 2; ++i) take("office", false, 100, 0, "gone");
  for (int i = 0; i < 17; ++i) EXPECT_THAT(take("office", true), IsEmpty());
  const auto good = take("office", true);
  ASSERT_EQ(good.size(), 1U);
  EXPECT_EQ(good[0].state, AlarmState::ok);
}

TEST_F(PathsTest, of_a_backlog_only_its_end_is_told) {
  struct Row {
    const char* what;
    std::vector<std::pair<std::int64_t, bool>> backlog; ///< how long ago it was, whether it answered
    bool is_told;
  };
  const std::vector<Row> table = {
      {"down and up again",
       {{60, false}, {50, false}, {40, false}, {30, true}, {20, true}, {10, true}},
       false},
      {"just up again", {{40, false}, {30, false}, {20, false}, {10, true}}, false},
      {"still down", {{40, true}, {30, true}, {20, false}, {10, false}}, true},
  };
  for (const Row& row : table) {
    SCOPED_TRACE(row.what);
    rebuild();
    for (int i = 0; i < 3; ++i) EXPECT_THAT(take("office", true), IsEmpty());
    at_s_ += 60; // cut off, and nothing is heard
    EXPECT_THAT(take("sddc", true), IsEmpty());
    for (const auto& [ago, is_up] : row.backlog) {
      hear_late(ago, is_up);
      EXPECT_THAT(tick(), IsEmpty()) << "each comes in a request of its own";
    }
    at_s_ += 4;
    EXPECT_THAT(tick(), IsEmpty());
    at_s_ += 1;
    const auto told = tick();
    ASSERT_EQ(told.size(), row.is_told ? 1U : 0U);
    if (row.is_told) {
      EXPECT_EQ(told[0].labels.at("seen_from"), "office");
      continue;
    }
    at_s_ -= 5;
    for (int i = 0; i < 3; ++i) EXPECT_THAT(take("office", true), IsEmpty()) << "in their own time";
    take("office", false);
    EXPECT_EQ(take("office", false).size(), 1U) << "what is true now is told at once";
  }
}

TEST_F(PathsTest, a_backlog_does_not_end_what_its_own_end_shows) {
  take("office", false);
  ASSERT_EQ(take("office", false).size(), 1U);
  at_s_ += 60;
  for (const std::int64_t ago : {50, 40, 30}) hear_late(ago, true);
  for (const std::int64_t ago : {20, 10}) hear_late(ago, false);
  EXPECT_THAT(tick(), IsEmpty());
  at_s_ += 5;
  EXPECT_THAT(tick(), IsEmpty()) << "it was up for a while, and nobody is called again";
}

TEST_F(PathsTest, after_a_restart_a_backlog_is_known_by_its_age) {
  for (std::int64_t ago = 30; ago > 0; --ago) {
    hear_late(ago, ago <= 15);
    EXPECT_THAT(tick(), IsEmpty()) << ago;
  }
  at_s_ += 5;
  EXPECT_THAT(tick(), IsEmpty());
}

TEST_F(PathsTest, a_vantage_point_whose_clock_is_wrong_is_heard) {
  for (const std::int64_t behind : {-100, 100}) {
    rebuild();
    std::size_t told = 0;
    for (int i = 0; i < 3; ++i) {
      at_s_ += 10;
      hear_late(behind, false);
      told += tick().size();
    }
    EXPECT_EQ(told, 1U) << behind;
  }
}

TEST_F(PathsTest, a_link_that_stutters_does_not_hide_a_path_that_is_down) {
  std::int64_t waited = 0;
  for (; waited < 60; ++waited) {
    ++at_s_;
    hear_late(waited % 2 == 0 ? 3 : 0, false); // each comes as none should
    if (!tick().empty()) break;
  }
  EXPECT_LE(waited, 31);
}

TEST_F(PathsTest, our_clock_may_step_back) {
  take("sddc", true);
  take("office", true);
  wall_step_s_ = -3'600;
  take("sddc", false);
  ASSERT_EQ(take("sddc", false).size(), 1U);
  take("office", false);
  EXPECT_EQ(take("office", false).size(), 1U);
}

TEST_F(PathsTest, what_the_settings_no_longer_have_is_over) {
  PathSettings osaka = tokyo();
  osaka.id = "osaka";
  osaka.ends = {"office"};
  PathSettings nagoya = tokyo();
  nagoya.id = "nagoya";
  nagoya.ends = {"branch", "sddc"};
  const std::vector<PathSettings> all = {tokyo(), osaka, nagoya};
  rebuild(all);
  tick();
  at_s_ += 180;
  take("office", true);
  // "vantage branch" about nagoya and "vantage office" about osaka were told with it; osaka goes down.
  for (int i = 0; i < 2; ++i) {
    at_s_ += 10;
    Reading reading{"nagoya", "router", "sddc", wall(), false};
    reading.days_to_expiry = 5;
    take(reading);
  }
  restart(all);
  EXPECT_THAT(tick(), IsEmpty());
  restart();
  std::map<std::string, AlarmEvent> over;
  for (const AlarmEvent& event : tick()) over.emplace(event.alarm, event);
  ASSERT_EQ(over.size(), 4U);
  for (const char* alarm :
       {"vantage office", "vantage branch", "path nagoya", "certificate nagoya/router/sddc"}) {
    ASSERT_EQ(over.count(alarm), 1U) << alarm;
    EXPECT_EQ(over.at(alarm).state, AlarmState::ok) << alarm;
  }
  restart();
  EXPECT_THAT(tick(), IsEmpty()) << "once";
  at_s_ += 180;
  ASSERT_EQ(tick().size(), 1U) << "and office may fall silent again";
}

TEST_F(PathsTest, a_vantage_that_is_no_longer_an_end_is_not_silent) {
  tick();
  at_s_ += 180;
  ASSERT_EQ(tick().at(0).alarm, "vantage office");
  PathSettings path = tokyo();
  path.ends = {"sddc"};
  restart({path});
  const auto over = tick();
  ASSERT_EQ(over.size(), 1U);
  EXPECT_EQ(over[0].alarm, "vantage office");
  EXPECT_EQ(over[0].state, AlarmState::ok);
  at_s_ += 1'000;
  EXPECT_THAT(tick(), IsEmpty());
}

TEST_F(PathsTest, a_check_that_has_gone_takes_its_certificate_along) {
  const auto days = [&](double left) {
    at_s_ += 10;
    Reading reading{"tokyo-dx", "ldap", "office", wall(), true};
    reading.days_to_expiry = left;
    return take(reading);
  };
  ASSERT_EQ(days(2).size(), 1U);
  std::vector<AlarmEvent> over;
  for (int i = 0; i < 18 && over.empty(); ++i) over = take("office", true);
  ASSERT_EQ(over.size(), 1U);
  EXPECT_EQ(over[0].alarm, "certificate tokyo-dx/ldap/office");
  EXPECT_EQ(over[0].state, AlarmState::ok);
  EXPECT_THAT(days(90), IsEmpty());
  at_s_ += 10;
  EXPECT_EQ(days(2).size(), 1U);
}

TEST_F(PathsTest, what_was_not_saved_by_it_is_refused) {
  for (const char* text : {"", "[]", "{}", R"({"views":[1]})", R"({"views":[{"vantage":1}]})"}) {
    rebuild();
    EXPECT_EQ(paths_->restore({{"path/tokyo-dx", text}}).error().fault, Fault::corrupt) << text;
  }
  EXPECT_EQ(paths_->restore({{"vantage/office", "{}"}}).error().fault, Fault::corrupt);
  EXPECT_TRUE(paths_->restore({{"path/other", ""}, {"vantage/other", ""}}))
      << "of paths that are watched no more";
}

} // namespace
} // namespace kaden::network
