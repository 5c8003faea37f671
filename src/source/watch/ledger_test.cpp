#include "kaden/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kaden/kept_events.h"
#include "kaden/limits/sources.h"

namespace kaden::source {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const WallTime now = parse_iso8601("2026-11-27T12:00:00Z").value();

AlarmEvent event(const std::string& alarm, AlarmState state = AlarmState::alarm) {
  AlarmEvent made;
  made.source = "lamp";
  made.event_id = alarm + "/" + std::string(to_text(state));
  made.alarm = alarm;
  made.state = state;
  made.machine = "hall";
  made.labels = {{"device", alarm.substr(0, alarm.find(':'))}};
  return made;
}

class FullRecords final : public journal::Records {
 public:
  Result<void> apply(std::span<const Change> changes) override {
    ++commits;
    return is_full ? fail(Fault::unavailable, "the disk is full") : inner_->apply(changes);
  }
  Result<std::map<std::string, std::string>> all(const std::string& kind) const override {
    return inner_->all(kind);
  }
  bool is_full = false;
  int commits = 0;

 private:
  std::unique_ptr<Records> inner_ = journal::open_records_in_memory();
};

class LedgerTest : public testing::Test {
 protected:
  /// As a start would find it.
  void restart() {
    ledger_.emplace(journal_, records_);
    intake_ = ledger_->intake([](const AlarmEvent& told) { return "lamp/" + told.labels.at("device"); });
  }
  LedgerTest() { restart(); }
  Result<std::size_t> end_all_but(const std::set<std::string>& watched) {
    return ledger_->end_all_but(watched, now, [](const std::string& thing) {
      return std::vector<Ledger::Shelf>{{"lamp_state", thing}, {"lamp_alarm", thing + "/"}};
    });
  }
  std::vector<std::string> told() {
    std::vector<std::string> out;
    for (const auto& one : std::exchange(journal_.events, {}))
      out.push_back(std::string(to_text(one.state)) + " " + one.alarm);
    return out;
  }

  KeptEvents journal_;
  FullRecords records_;
  std::optional<Ledger> ledger_;
  std::unique_ptr<Intake> intake_;
};

TEST_F(LedgerTest, ends_what_is_open_of_things_that_are_gone) {
  for (const bool restarts : {false, true}) {
    ASSERT_TRUE(intake_->report({event("a:1"), event("a:2"), event("b:1")}));
    ASSERT_TRUE(intake_->report({event("a:1", AlarmState::ok)}));
    ASSERT_TRUE(intake_->report_taken(event("a:3"), "vcenter: sato"));
    ASSERT_TRUE(records_.apply(std::vector<journal::Records::Change>{
        {"lamp_state", "lamp/a", "x"}, {"lamp_state", "lamp/ab", "x"}, {"lamp_alarm", "lamp/a/1", "x"}}));
    told();
    if (restarts) restart();
    EXPECT_EQ(end_all_but({"lamp/a", "lamp/b"}).value(), 0U);
    EXPECT_EQ(end_all_but({"lamp/b"}).value(), 2U);
    const AlarmEvent over = journal_.events.at(0);
    EXPECT_EQ(over.source, "lamp");
    EXPECT_EQ(over.machine, "hall");
    EXPECT_TRUE(alarm_event_from_json(to_json(over), "event"));
    EXPECT_THAT(told(), ElementsAre("OK a:2", "OK a:3"));
    EXPECT_EQ(records_.all("lamp_state").value().size(), 1U) << "of ab";
    EXPECT_THAT(records_.all("lamp_alarm").value(), IsEmpty());
    if (restarts) restart();
    EXPECT_EQ(end_all_but({"lamp/b"}).value(), 0U) << "once";
    EXPECT_EQ(end_all_but({}).value(), 1U);
    EXPECT_THAT(told(), ElementsAre("OK b:1"));
    EXPECT_THAT(records_.all("open_alarm").value(), IsEmpty());
  }
}

TEST_F(LedgerTest, an_alarm_that_cannot_be_written_down_is_not_told) {
  records_.is_full = true;
  EXPECT_EQ(intake_->report({event("a:1")}).error().fault, Fault::unavailable);
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_TRUE(intake_->report({event("a:1", AlarmState::ok)})) << "an end needs no room";
  EXPECT_THAT(told(), ElementsAre("OK a:1"));
}

TEST_F(LedgerTest, what_the_journal_refuses_is_tried_again) {
  ASSERT_TRUE(intake_->report({event("a:1")}));
  journal_.is_full = true;
  EXPECT_FALSE(intake_->report({event("a:1", AlarmState::ok)}));
  EXPECT_FALSE(end_all_but({}));
  journal_.is_full = false;
  told();
  EXPECT_EQ(end_all_but({}).value(), 1U) << "it was not over";
  EXPECT_THAT(told(), ElementsAre("OK a:1"));
}

TEST_F(LedgerTest, an_alarm_that_goes_on_costs_no_commit) {
  ASSERT_TRUE(intake_->report({event("a:1")}));
  const int commits = records_.commits;
  ASSERT_TRUE(intake_->report({event("a:1"), event("a:1")}));
  EXPECT_EQ(records_.commits, commits);
  // Over and back in one report: it is open.
  ASSERT_TRUE(intake_->report({event("a:1", AlarmState::ok), event("a:1")}));
  EXPECT_EQ(end_all_but({}).value(), 1U);
}

TEST_F(LedgerTest, a_thing_with_too_many_alarms_is_told_all_the_same) {
  std::vector<AlarmEvent> events;
  for (std::size_t i = 0; i < limits::open_alarms_of_one_max + 5; ++i)
    events.push_back(event("a:" + std::to_string(i)));
  for (const AlarmEvent& one : events) ASSERT_TRUE(intake_->report({one}));
  EXPECT_EQ(told().size(), events.size());
  EXPECT_EQ(records_.all("open_alarm").value().size(), limits::open_alarms_of_one_max);
}

} // namespace
} // namespace kaden::source
