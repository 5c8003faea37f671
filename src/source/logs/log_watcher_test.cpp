// One log, with records, troubles and times that the test gives.
#include "log_watcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

namespace kaden::logs {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// What lies in the log. Outlives its feeds, as a log does.
struct Script {
  std::vector<std::string> lines;
  std::size_t at_once = 1'000;
  std::optional<Error> trouble;
  bool is_blind = false, forgets = false, is_garbled = false;
};

class ScriptedFeed final : public Feed {
 public:
  explicit ScriptedFeed(Script& script, const runtime::Clock& clock) : script_(script), clock_(clock) {}
  bool begin(const json::value& saved) override {
    if (saved.is_null()) {
      next_ = script_.lines.size(); // the end
      return true;
    }
    if (!saved.is_int64()) return false;
    next_ = static_cast<std::size_t>(saved.as_int64());
    return true;
  }
  Read read(const Take& take) override {
    Read done{false, script_.is_blind, script_.trouble};
    if (script_.is_blind) return done;
    for (std::size_t i = 0; i < script_.at_once && next_ < script_.lines.size(); ++i) {
      logalarms::Record record;
      record.at = clock_.wall();
      record.text = script_.lines[next_++];
      take(std::move(record));
    }
    done.has_more = next_ < script_.lines.size();
    return done;
  }
  void wait(Millis, const std::atomic<bool>&) override {}
  json::value position() override { return static_cast<std::int64_t>(next_); }
  bool forgets() const override { return script_.forgets; }
  bool is_garbled() const override { return script_.is_garbled; }
  std::map<std::string, std::uint64_t> counts() const override { return {}; }

 private:
  Script& script_;
  const runtime::Clock& clock_;
  std::size_t next_ = 0;
};

class Journal final : public source::Intake {
 public:
  Result<void> report(std::vector<AlarmEvent> events) override {
    if (is_down) return fail(Fault::unavailable, "the disk is full");
    for (AlarmEvent& event : events) {
      if (ids.insert(event.event_id).second)
        taken.push_back(event.alarm + " " + std::string(to_text(event.state)));
    }
    if (dies_after) throw Died{};
    return {};
  }
  Result<void> report_taken(AlarmEvent event, std::string) override { return report({std::move(event)}); }
  Result<std::map<std::string, std::string>> who_took(const std::string&,
                                                      const std::vector<std::string>&) override {
    return std::map<std::string, std::string>{};
  }
  std::vector<std::string> news() { return std::exchange(taken, {}); }

  struct Died {};
  bool is_down = false, dies_after = false;
  std::set<std::string> ids; ///< a repeat changes nothing
  std::vector<std::string> taken;
};

class Shelf final : public journal::Records {
 public:
  Result<void> apply(std::span<const Change> changes) override {
    if (is_down) return fail(Fault::unavailable, "no room");
    ++commits;
    return inner_->apply(changes);
  }
  Result<std::map<std::string, std::string>> all(const std::string& kind) const override {
    return inner_->all(kind);
  }
  bool is_down = false;
  int commits = 0;

 private:
  std::unique_ptr<Records> inner_ = journal::open_records_in_memory();
};

class LogWatcherTest : public testing::Test {
 protected:
  LogWatcherTest() {
    logalarms::Rule pair{.id = "pair", .raise = "down", .clear = "up", .quiet = Millis(0)};
    logalarms::Rule oom{.id = "oom", .raise = "memory", .quiet = seconds(60)};
    settings_.alarms = {"app", "the application", "kaden-1", {pair, oom}};
    settings_.unreadable_after = seconds(300);
    start();
  }
  /// Orderly, or as after a death in the middle of everything.
  void start(bool orderly = true) {
    if (watcher_ && !orderly) shelf_.is_down = true; // the last words are not heard
    watcher_.reset();
    shelf_.is_down = false;
    Ports ports{journal_,
                shelf_,
                clock_,
                [this](const std::string& group, const std::string& stream,
                       const std::vector<Line>& lines) -> Result<void> {
                  if (store_is_down_) return fail(Fault::busy, "the queue is full");
                  for (const Line& line : lines) kept_.push_back(group + "/" + stream + ": " + line.text);
                  return {};
                },
                taps_,
                [this](const std::string& line) { said_.push_back(line); }};
    watcher_ = std::make_unique<LogWatcher>(settings_, std::move(ports),
                                            std::make_unique<ScriptedFeed>(script_, clock_));
  }
  source::Looked look(Millis after = seconds(1)) {
    clock_.advance(after);
    return watcher_->look(cancelled_);
  }
  std::string trouble(Millis after = seconds(1)) {
    const auto looked = look(after);
    return looked.trouble ? looked.trouble->message : "";
  }
  void write(std::string line) { script_.lines.push_back(std::move(line)); }

  runtime::ManualClock clock_{wall_time(1'787'540'000'000)};
  Script script_;
  Journal journal_;
  Shelf shelf_;
  Taps taps_;
  bool store_is_down_ = false;
  std::vector<std::string> kept_, said_;
  std::atomic<bool> cancelled_ = false;
  Settings settings_;
  std::unique_ptr<LogWatcher> watcher_;
};

TEST_F(LogWatcherTest, begins_at_the_end_and_goes_on_after_each_restart) {
  write("down before anybody looked");
  EXPECT_EQ(trouble(), "");
  EXPECT_THAT(journal_.news(), IsEmpty()) << "history is no news";
  write("link down");
  EXPECT_EQ(look().reported, 1U);
  EXPECT_THAT(journal_.news(), ElementsAre("app: pair ALARM"));
  start();
  look();
  EXPECT_THAT(journal_.news(), IsEmpty());
  write("link up");
  start();
  look();
  EXPECT_THAT(journal_.news(), ElementsAre("app: pair OK")) << "what ended meanwhile is cleared";
  write("link down");
  write("link up");
  write("no memory");
  start();
  look();
  EXPECT_THAT(journal_.news(), ElementsAre("app: oom ALARM"))
      << "what was over before it was read is old news";
  look(seconds(60));
  EXPECT_THAT(journal_.news(), ElementsAre("app: oom OK"));
}

TEST_F(LogWatcherTest, a_death_at_any_point_gives_each_event_once) {
  look();
  write("link down");
  journal_.dies_after = true; // after the journal took them
  EXPECT_THROW(look(), Journal::Died);
  journal_.dies_after = false;
  start(false);
  look();
  EXPECT_THAT(journal_.news(), ElementsAre("app: pair ALARM"));
  write("link up");
  journal_.is_down = true;
  EXPECT_EQ(trouble(), "the disk is full");
  start(false); // before the journal took them
  EXPECT_EQ(trouble(), "the disk is full");
  journal_.is_down = false;
  look();
  look();
  EXPECT_THAT(journal_.news(), ElementsAre("app: pair OK"));
  write("link down");
  shelf_.is_down = true;
  EXPECT_EQ(trouble(), "remembering how far the log was read: no room");
  EXPECT_THAT(journal_.news(), IsEmpty()) << "an id that is not remembered is not told";
  start(false);
  look();
  EXPECT_THAT(journal_.news(), ElementsAre("app: pair ALARM"));
}

TEST_F(LogWatcherTest, nothing_is_read_while_nothing_can_be_told) {
  look();
  write("link down");
  journal_.is_down = true;
  look();
  write("link up");
  look();
  EXPECT_THAT(journal_.news(), IsEmpty());
  journal_.is_down = false;
  look();
  look();
  EXPECT_THAT(journal_.news(), ElementsAre("app: pair ALARM", "app: pair OK"));
}

TEST_F(LogWatcherTest, what_cannot_be_read_is_an_alarm_until_it_can) {
  look();
  script_.trouble = Error{Fault::unavailable, "/var/log/app.log: Permission denied"};
  script_.is_blind = true;
  EXPECT_EQ(trouble(), "/var/log/app.log: Permission denied");
  EXPECT_THAT(journal_.news(), IsEmpty());
  look(seconds(300));
  EXPECT_THAT(journal_.news(), ElementsAre("app:unreadable ALARM"));
  start();
  look(seconds(300));
  EXPECT_THAT(journal_.news(), IsEmpty()) << "one for each outage, also over a restart";
  script_.trouble.reset();
  script_.is_blind = false;
  look();
  EXPECT_THAT(journal_.news(), ElementsAre("app:unreadable OK"));
}

TEST_F(LogWatcherTest, a_part_that_cannot_be_read_holds_up_nothing_else) {
  look();
  script_.trouble = Error{Fault::unavailable, "/var/log/b.log: No such file or directory"};
  write("no memory");
  EXPECT_NE(trouble(), "");
  EXPECT_THAT(journal_.news(), ElementsAre("app: oom ALARM"));
  look(seconds(60));
  EXPECT_THAT(journal_.news(), ElementsAre("app: oom OK"));
}

TEST_F(LogWatcherTest, silence_is_trouble_where_it_is_asked_for) {
  settings_.silent_after = seconds(600);
  start();
  EXPECT_EQ(trouble(), "");
  look(seconds(598));
  EXPECT_THAT(journal_.news(), IsEmpty());
  EXPECT_EQ(trouble(seconds(2)), "nothing came for 10 min");
  EXPECT_THAT(journal_.news(), ElementsAre("app:unreadable ALARM")) << "it has lasted long enough";
  start();
  EXPECT_EQ(trouble(), "nothing came for 10 min") << "a restart is no line";
  clock_.advance(seconds(3'600));
  start();
  EXPECT_EQ(trouble(seconds(600)), "nothing came for 80 min");
  EXPECT_THAT(journal_.news(), IsEmpty()) << "one alarm for one silence";
  write("I am well");
  EXPECT_EQ(trouble(), "");
  EXPECT_THAT(journal_.news(), ElementsAre("app:unreadable OK"));
  clock_.advance(seconds(3'600));
  start();
  EXPECT_EQ(trouble(), "") << "nobody listened, so that was no silence";
  EXPECT_EQ(trouble(seconds(600)), "nothing came for 10 min");
}

TEST_F(LogWatcherTest, syslog_that_nobody_received_says_nothing) {
  script_.forgets = true;
  start();
  look();
  write("no memory");
  look();
  EXPECT_THAT(journal_.news(), ElementsAre("app: oom ALARM"));
  clock_.advance(seconds(1'000));
  start();
  look();
  look(seconds(58));
  EXPECT_THAT(journal_.news(), IsEmpty()) << "the silence of a process that was down";
  look(seconds(2));
  EXPECT_THAT(journal_.news(), ElementsAre("app: oom OK"));
}

TEST_F(LogWatcherTest, lines_are_kept_and_a_store_that_refuses_them_delays_no_alarm) {
  settings_.group = "/app";
  settings_.stream = "{host}:{app}";
  start();
  look();
  write("one");
  look();
  EXPECT_THAT(kept_, ElementsAre("/app/kaden-1_: one"));
  store_is_down_ = true;
  write("link down");
  const auto looked = look();
  EXPECT_EQ(looked.trouble->message, "lines are not kept: the queue is full");
  EXPECT_EQ(looked.counts.at("not_kept"), 1U);
  EXPECT_EQ(looked.counts.at("kept"), 1U);
  EXPECT_THAT(journal_.news(), ElementsAre("app: pair ALARM"));
  look(seconds(400));
  EXPECT_THAT(journal_.news(), IsEmpty()) << "the log itself can be read";
}

TEST_F(LogWatcherTest, remembers_seldom_when_nothing_happens) {
  look();
  const int before = shelf_.commits;
  for (int i = 0; i < 50; ++i) {
    write("nothing of interest");
    look(Millis(100));
  }
  EXPECT_EQ(shelf_.commits - before, 1) << "five seconds";
}

TEST_F(LogWatcherTest, a_state_that_cannot_be_read_is_begun_anew_and_told) {
  for (const char* state : {"nonsense", "[]", R"({"alarms":{},"outbox":[],"readability":{},"position":0})"}) {
    watcher_.reset();
    const std::vector<journal::Records::Change> changes{{"source_state", "log/app", std::string(state)}};
    ASSERT_TRUE(shelf_.apply(changes));
    shelf_.is_down = false;
    start(false);
    EXPECT_EQ(trouble(), "begun anew: what was remembered of the log cannot be read") << state;
    EXPECT_EQ(trouble(), "");
  }
}

TEST_F(LogWatcherTest, the_old_alarm_log_is_answered_with_a_hint) {
  EXPECT_EQ(look().hint, source::Hint::none);
  write("ActionType           Trigger");
  EXPECT_EQ(look().hint, source::Hint::old_alarm_log);
  ASSERT_EQ(said_.size(), 2U) << "in both languages";
  write("SendEmail            {Yellow -> Red}");
  EXPECT_EQ(look().hint, source::Hint::old_alarm_log);
  EXPECT_EQ(said_.size(), 2U) << "once";
  EXPECT_THAT(journal_.news(), IsEmpty());
}

TEST_F(LogWatcherTest, a_log_in_another_encoding_is_answered_with_a_hint) {
  EXPECT_EQ(look().hint, source::Hint::none);
  script_.is_garbled = true;
  EXPECT_EQ(look().hint, source::Hint::encoding);
  ASSERT_EQ(said_.size(), 2U) << "in both languages";
  EXPECT_THAT(said_[0], HasSubstr("Set files.encoding"));
  EXPECT_EQ(look().hint, source::Hint::encoding);
  EXPECT_EQ(said_.size(), 2U) << "once";
}

} // namespace
} // namespace kaden::logs
