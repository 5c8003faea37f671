// Composite alarms as stories: children change, the composite follows.
#include <gtest/gtest.h>

#include "kaden/alarm_book.h"

namespace kaden::alarm {
namespace {

const WallTime noon = parse_iso8601("2026-11-23T12:00:00Z").value();

/// A book of alarms whose states are set by hand: metrics that never come, missing data ignored.
class Town {
 public:
  explicit Town(std::initializer_list<const char*> names) {
    for (const char* name : names) {
      Definition made;
      made.name = name;
      made.metric = {"CWAgent", "never", {{"host", name}}};
      made.condition.missing = MissingData::ignore;
      book.define(made, noon);
    }
  }
  void composite(const std::string& name, const std::string& rule, const std::string& suppressor = "",
                 std::int64_t wait_s = 0, std::int64_t extension_s = 0) {
    CompositeDefinition made;
    made.name = name;
    made.rule = rule;
    made.suppressor = suppressor;
    made.wait_period = seconds(wait_s);
    made.extension_period = seconds(extension_s);
    ASSERT_TRUE(check(made)) << check(made).error().message;
    ASSERT_TRUE(book.define(made, now));
  }
  void set(const std::string& name, AlarmState state) {
    ASSERT_TRUE(book.set_state({name, Origin::api}, state, "by hand", "", now)) << name;
  }
  void rings(const std::string& name) { set(name, AlarmState::alarm); }
  void is_fine(const std::string& name) { set(name, AlarmState::ok); }
  /// "night: OK->ALARM; " for what is told, "(night: ...)" for what is not.
  std::string after(std::int64_t s) {
    now += seconds(s);
    std::string text;
    for (const auto& one : book.step(now)) {
      const std::string change =
          one.key.name + ": " + std::string(to_text(one.from)) + "->" + std::string(to_text(one.to));
      text += one.to_be_told ? change + "; " : "(" + change + ") ";
    }
    return text;
  }
  AlarmInfo info(const std::string& name) { return book.describe(AlarmKey{name, Origin::api}).value(); }

  AlarmBook book{noon - seconds(86'400)};
  WallTime now = noon;
};

TEST(Composite, FollowsItsChildren) {
  Town town{"cpu", "disk"};
  town.composite("both", "ALARM(cpu) AND ALARM(disk)");
  EXPECT_EQ(town.after(1), "both: INSUFFICIENT_DATA->OK; ");
  town.rings("cpu");
  EXPECT_EQ(town.after(1), "");
  town.rings("disk");
  EXPECT_EQ(town.book.next_due(town.now), town.now); // it does not wait for the next evaluation
  EXPECT_EQ(town.after(0), "both: OK->ALARM; ");
  EXPECT_EQ(town.info("both").reason, "both: the rule is true. cpu is ALARM, disk is ALARM");
  town.is_fine("cpu");
  EXPECT_EQ(town.after(1), "both: ALARM->OK; ");
}

TEST(Composite, StaysAsItWasSetUntilAChildChanges) {
  Town town{"cpu"};
  town.composite("site", "ALARM(cpu)");
  EXPECT_EQ(town.after(1), "site: INSUFFICIENT_DATA->OK; ");
  town.rings("site");
  EXPECT_EQ(town.after(60), "");
  EXPECT_EQ(town.after(3600), "");
  EXPECT_EQ(town.info("site").state, AlarmState::alarm);
  town.is_fine("cpu"); // from INSUFFICIENT_DATA: a change
  EXPECT_EQ(town.after(1), "site: ALARM->OK; ");
}

TEST(Composite, SettlesAWholeTowerAtOnce) {
  Town town{"leaf"};
  town.composite("c-top", "ALARM(b-middle) AND NOT OK(a-low)");
  town.composite("b-middle", "ALARM(a-low)");
  town.composite("a-low", "ALARM(leaf)");
  EXPECT_EQ(town.after(1),
            "a-low: INSUFFICIENT_DATA->OK; b-middle: INSUFFICIENT_DATA->OK; c-top: INSUFFICIENT_DATA->OK; ");
  town.rings("leaf");
  EXPECT_EQ(town.after(1), "a-low: OK->ALARM; b-middle: OK->ALARM; c-top: OK->ALARM; ");
}

TEST(Composite, TakesAMissingChildForInsufficientData) {
  Town town{"cpu"};
  town.composite("blind", "INSUFFICIENT_DATA(gone)");
  EXPECT_EQ(town.after(1), "blind: INSUFFICIENT_DATA->ALARM; ");
  Definition late;
  late.name = "gone";
  late.metric = {"CWAgent", "never", {}};
  late.condition.missing = MissingData::ignore;
  town.book.define(late, town.now);
  town.is_fine("gone");
  EXPECT_EQ(town.after(1), "blind: ALARM->OK; ");
  EXPECT_TRUE(town.book.erase({"gone", Origin::api}, town.now));
  EXPECT_EQ(town.after(1), "blind: OK->ALARM; ");
}

TEST(Composite, ACircleStopsItsMembersOnly) {
  Town town{"cpu"};
  town.composite("a", "ALARM(b) OR ALARM(cpu)");
  town.composite("b", "ALARM(a)");
  town.composite("self", "NOT ALARM(self)");
  town.composite("outside", "ALARM(cpu) OR ALARM(a)");
  EXPECT_EQ(town.after(1), "outside: INSUFFICIENT_DATA->OK; ");
  town.rings("cpu");
  EXPECT_EQ(town.after(1), "outside: OK->ALARM; ");
  EXPECT_EQ(town.info("a").state, AlarmState::insufficient_data);
  EXPECT_EQ(town.info("a").evaluation_state, "EVALUATION_ERROR");
  EXPECT_EQ(town.info("self").evaluation_state, "EVALUATION_ERROR");
  EXPECT_EQ(town.info("a").reason,
            "Not evaluated: in a circle of composite alarms (b, a). Change the AlarmRule of one of them.");
  EXPECT_EQ(town.info("a").reason, town.info("b").reason);
  EXPECT_EQ(town.info("self").reason,
            "Not evaluated: in a circle of composite alarms (self). Change the AlarmRule of one of them.");
  HistoryFilter of_a;
  of_a.name = "a";
  ASSERT_EQ(town.book.history().find(of_a).size(), 2U); // created, and once told of the circle
  EXPECT_EQ(town.book.history().find(of_a)[0].summary, "Not evaluated: in a circle of composite alarms");
  EXPECT_EQ(town.info("outside").evaluation_state, "");
  town.composite("b", "FALSE"); // the guide's way out
  EXPECT_EQ(town.after(1), "a: INSUFFICIENT_DATA->ALARM; b: INSUFFICIENT_DATA->OK; ");
  EXPECT_EQ(town.info("a").evaluation_state, "");
}

TEST(Composite, ANewRuleIsEvaluated) {
  Town town{"cpu"};
  town.composite("site", "TRUE");
  EXPECT_EQ(town.after(1), "site: INSUFFICIENT_DATA->ALARM; ");
  town.composite("site", "FALSE");
  EXPECT_EQ(town.after(1), "site: ALARM->OK; ");
}

TEST(Suppressor, HoldsBackWhileItRings) {
  Town town{"cpu", "maintenance"};
  town.composite("site", "ALARM(cpu)", "maintenance", 60, 30);
  town.is_fine("cpu");
  EXPECT_EQ(town.after(1), "site: INSUFFICIENT_DATA->OK; ");
  town.rings("maintenance");
  EXPECT_EQ(town.after(1), "");
  town.rings("cpu");
  EXPECT_EQ(town.after(1), "(site: OK->ALARM) ");
  EXPECT_EQ(to_text(town.info("site").suppressed_by), "Alarm");
  EXPECT_EQ(town.after(600), "");
  town.is_fine("maintenance");
  EXPECT_EQ(town.after(1), "");
  EXPECT_EQ(to_text(town.info("site").suppressed_by), "ExtensionPeriod");
  EXPECT_EQ(town.book.next_due(town.now + seconds(20)), town.now + seconds(30));
  EXPECT_EQ(town.after(29), "");
  EXPECT_EQ(town.after(1), "site: ALARM->ALARM; "); // the actions of the state at that time
  EXPECT_EQ(to_text(town.info("site").suppressed_by), "");
  EXPECT_EQ(town.after(600), "");
}

TEST(Suppressor, IsWaitedFor) {
  Town town{"cpu", "maintenance"};
  town.composite("site", "ALARM(cpu)", "maintenance", 60, 30);
  town.is_fine("cpu");
  town.after(1);
  town.rings("cpu");
  EXPECT_EQ(town.after(1), "(site: OK->ALARM) ");
  EXPECT_EQ(to_text(town.info("site").suppressed_by), "WaitPeriod");
  EXPECT_EQ(town.after(59), "");
  EXPECT_EQ(town.after(1), "site: ALARM->ALARM; "); // it did not come
  town.is_fine("cpu");
  EXPECT_EQ(town.after(1), "site: ALARM->OK; "); // an OK does not wait
  town.rings("cpu");
  EXPECT_EQ(town.after(1), "(site: OK->ALARM) ");
  town.rings("maintenance"); // it came in time
  EXPECT_EQ(town.after(30), "");
  EXPECT_EQ(town.after(60), "");
  EXPECT_EQ(to_text(town.info("site").suppressed_by), "Alarm");
  town.is_fine("cpu");
  EXPECT_EQ(town.after(1), "(site: ALARM->OK) ");
  town.is_fine("maintenance");
  EXPECT_EQ(town.after(1), "");
  EXPECT_EQ(town.after(30), "site: OK->OK; ");
}

TEST(Suppressor, OfItsOwnMomentIsSeen) {
  // The suppressor changes in the same step, after the alarm in the order: its state of this moment counts.
  Town town{"cpu"};
  town.composite("a-site", "ALARM(cpu)", "z-suppressor", 0, 0);
  town.composite("z-suppressor", "ALARM(cpu)");
  town.is_fine("cpu");
  town.after(1);
  town.rings("cpu");
  EXPECT_EQ(town.after(1), "(a-site: OK->ALARM) z-suppressor: OK->ALARM; ");
}

TEST(Suppressor, SurvivesARestart) {
  Town before{"cpu", "maintenance"};
  before.composite("site", "ALARM(cpu)", "maintenance", 60, 30);
  before.is_fine("cpu");
  before.after(1);
  before.rings("cpu");
  before.after(1);
  Town town{"cpu", "maintenance"};
  town.composite("site", "ALARM(cpu)", "maintenance", 60, 30);
  for (const char* name : {"cpu", "maintenance", "site"}) {
    const AlarmKey key{name, Origin::api};
    ASSERT_TRUE(town.book.restore(key, before.book.save(key)));
  }
  town.now = before.now;
  EXPECT_EQ(town.after(59), "");
  EXPECT_EQ(town.after(1), "site: ALARM->ALARM; ");
}

TEST(Composite, ARestartEvaluatesOnlyWhatChanged) {
  Town before{"cpu"};
  before.composite("site", "ALARM(cpu)");
  before.is_fine("cpu");
  before.after(1);
  before.rings("site"); // by hand
  const AlarmKey cpu{"cpu", Origin::api};
  const AlarmKey site{"site", Origin::api};
  for (const bool changed : {false, true}) {
    Town town{"cpu"};
    town.composite("site", changed ? "ALARM(cpu) AND TRUE" : "ALARM(cpu)");
    ASSERT_TRUE(town.book.restore(cpu, before.book.save(cpu)));
    ASSERT_TRUE(town.book.restore(site, before.book.save(site)));
    EXPECT_EQ(town.after(1), changed ? "site: ALARM->OK; " : "");
  }
  // The child's new state was saved, the composite's was not: it follows after the restart.
  const std::string old_site = before.book.save(site);
  before.rings("cpu");
  Town town{"cpu"};
  town.composite("site", "ALARM(cpu)");
  ASSERT_TRUE(town.book.restore(cpu, before.book.save(cpu)));
  ASSERT_TRUE(town.book.restore(site, old_site));
  EXPECT_EQ(town.after(1), "");
  EXPECT_EQ(town.info("site").state, AlarmState::alarm);
}

TEST(Composite, KnowsParentsAndChildren) {
  Town town{"cpu", "maintenance"};
  town.composite("site", "ALARM(cpu) OR ALARM(gone)", "maintenance", 1, 1);
  EXPECT_EQ(town.book.children_of("site"),
            (std::vector<AlarmKey>{{"cpu", Origin::api}, {"maintenance", Origin::api}}));
  EXPECT_EQ(town.book.parents_of("cpu"), (std::vector<AlarmKey>{{"site", Origin::api}}));
  EXPECT_EQ(town.book.parents_of("maintenance"), (std::vector<AlarmKey>{{"site", Origin::api}}));
  EXPECT_TRUE(town.book.children_of("cpu").empty());
  EXPECT_TRUE(town.book.erase({"site", Origin::api}));
  EXPECT_TRUE(town.book.parents_of("cpu").empty());
}

TEST(Composite, IsDescribedByItsType) {
  Town town{"cpu"};
  town.composite("site", "ALARM(cpu)");
  AlarmFilter filter;
  filter.metric_alarms = false;
  ASSERT_EQ(town.book.describe(filter).size(), 1U);
  EXPECT_EQ(town.book.describe(filter)[0].composite->rule, "ALARM(cpu)");
  filter = {};
  filter.composite_alarms = false;
  ASSERT_EQ(town.book.describe(filter).size(), 1U);
  EXPECT_EQ(town.book.describe(filter)[0].key.name, "cpu");
  CompositeDefinition taken;
  taken.name = "cpu";
  taken.rule = "TRUE";
  EXPECT_EQ(town.book.define(taken, noon).error().fault, Fault::conflict);
}

TEST(Composite, ReadsBackFromJson) {
  CompositeDefinition made;
  made.name = "site";
  made.description = "all of it";
  made.actions_enabled = false;
  made.alarm_actions = {"arn:1"};
  made.rule = "ALARM(\"a b\") OR TRUE";
  made.suppressor = "maintenance";
  made.wait_period = seconds(60);
  made.extension_period = seconds(30);
  made.tags = {{"kaden:severity", "error"}};
  const auto back = composite_from_json(parse_json(kaden::to_text(to_json(made))).value());
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, made);
  EXPECT_EQ(back->severity(), Severity::error);
  EXPECT_FALSE(composite_from_json(parse_json("{\"name\":\"x\",\"rule\":\"OR\"}").value()));
  made.suppressor = "";
  EXPECT_EQ(check(made).error().message, "ActionsSuppressor: is required with its periods");
  made.suppressor = "site";
  EXPECT_EQ(check(made).error().message, "ActionsSuppressor: an alarm cannot suppress itself");
  made.rule = "ALARM(";
  EXPECT_EQ(check(made).error().message, "AlarmRule: at 7: an alarm's name was expected");
}

TEST(Composite, DisabledActionsHoldBackTheAlarm) {
  Town town{"cpu"};
  town.composite("site", "ALARM(cpu)");
  EXPECT_TRUE(town.book.set_actions_enabled({"site", Origin::api}, false, noon));
  EXPECT_FALSE(town.book.set_actions_enabled({"none", Origin::api}, false, noon));
  town.is_fine("cpu");
  EXPECT_EQ(town.after(1), "site: INSUFFICIENT_DATA->OK; ");
  town.rings("cpu");
  EXPECT_EQ(town.after(1), "(site: OK->ALARM) ");
  EXPECT_TRUE(town.book.set_actions_enabled({"site", Origin::api}, true, noon));
  town.is_fine("cpu");
  town.after(1);
  town.rings("cpu");
  EXPECT_EQ(town.after(1), "site: OK->ALARM; ");
}

TEST(History, TellsWhatHappened) {
  Town town{"cpu"};
  town.composite("site", "ALARM(cpu)");
  town.is_fine("cpu");
  town.after(60);
  town.rings("cpu");
  town.after(60);
  town.book.note_action({"site", Origin::api}, "Told", "{}", town.now);
  EXPECT_TRUE(town.book.erase({"cpu", Origin::api}, town.now));
  HistoryFilter filter;
  filter.name = "site";
  std::string text;
  for (const auto& one : town.book.history().find(filter)) text += one.summary + "; ";
  EXPECT_EQ(text,
            "Told; Alarm updated from OK to ALARM; Alarm updated from INSUFFICIENT_DATA to OK; "
            "Alarm \"site\" created; ");
  filter.kind = HistoryKind::state_update;
  filter.newest_first = false;
  const auto updates = town.book.history().find(filter);
  ASSERT_EQ(updates.size(), 2U);
  const auto data = parse_json(updates[1].data);
  ASSERT_TRUE(data) << updates[1].data;
  EXPECT_EQ(data->at("newState").at("stateValue").as_string(), "ALARM");
  filter = {};
  filter.name = "cpu"; // outlives its alarm
  EXPECT_EQ(town.book.history().find(filter).front().summary, "Alarm \"cpu\" deleted");
}

} // namespace
} // namespace kaden::alarm
