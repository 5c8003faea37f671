// What rules and conditions can say beyond a threshold, as stories over the whole book.
#include "book_town.h"

namespace kaden::alarm {
namespace {

TEST(Rules, MatchRegularExpressions) {
  AlarmBook book(long_ago);
  Rule one = rule("cpu-high");
  one.where = {{"cpu", "cpu-total"}};
  one.where_regex = {{"host", "(web|db)-\\d{2}"}};
  ASSERT_TRUE(check(one));
  book.set_rules({one});
  for (const char* host : {"web-01", "db-22", "web-1", "app-01", "web-011"})
    put(book, datum(cpu(host), noon, 1), noon);
  put(book, datum(cpu("web-02", "cpu0"), noon, 1), noon);
  EXPECT_EQ(names(book.describe(AlarmFilter{})), "cpu-high db-22,cpu-high web-01,");
  one.where_regex = {{"host", "(web"}};
  EXPECT_EQ(check(one).error().message, "where_regex: host: at 5: \"(\" is not closed");
}

TEST(Rules, ManyRulesOverOneMetricFindTheirMachines) {
  AlarmBook book(long_ago);
  std::vector<Rule> rules;
  for (int i = 0; i < 300; ++i) {
    rules.push_back(rule("cpu-" + std::to_string(i)));
    rules.back().where = {{"host", "web-" + std::to_string(i)}};
  }
  rules.push_back(rule("all"));
  rules.back().where = {{"host", "web-*"}};
  book.set_rules(rules);
  for (int i = 0; i < 300; i += 100) put(book, datum(cpu("web-" + std::to_string(i)), noon, 1), noon);
  EXPECT_EQ(names(book.describe(AlarmFilter{})),
            "all web-0,all web-100,all web-200,cpu-0 web-0,cpu-100 web-100,cpu-200 web-200,");
}

TEST(Rules, ClearOnlyBelowTheirClearThreshold) {
  AlarmBook book(long_ago);
  Rule one = rule("cpu-high");
  one.condition.clear_threshold = 70;
  ASSERT_TRUE(check(one));
  book.set_rules({one});
  WallTime now = noon;
  std::string told;
  for (const double value : {75.0, 85.0, 75.0, 70.0, 69.9, 75.0, 80.0}) {
    put(book, datum(cpu("web-01"), now, value), now);
    now += seconds(10);
    told += kaden::to_text(value) + " " + shown(book.step(now + seconds(1)));
  }
  EXPECT_EQ(told,
            "75 cpu-high web-01: INSUFFICIENT_DATA->OK; 85 cpu-high web-01: OK->ALARM; 75 70 "
            "69.9 cpu-high web-01: ALARM->OK; 75 80 cpu-high web-01: OK->ALARM; ");
  one.condition.clear_threshold = 81;
  EXPECT_EQ(check(one).error().message, "ClearThreshold: must be a number that is not above the threshold");
  one.condition.comparison = Comparison::less;
  EXPECT_TRUE(check(one));
}

Rule with_silence(Millis silent_after, Millis retire_after = Millis(0)) {
  Rule one = rule("cpu-high");
  one.condition.missing = MissingData::ignore;
  one.silent_after = silent_after;
  one.retire_after = retire_after;
  EXPECT_TRUE(check(one));
  return one;
}

TEST(Rules, TellOfMachinesThatGoSilent) {
  AlarmBook book(long_ago);
  book.set_rules({with_silence(seconds(60))});
  put(book, datum(cpu("web-01"), noon, 1), noon);
  put(book, datum(cpu("web-01", "cpu0"), noon, 1), noon);
  EXPECT_EQ(names(book.describe(AlarmFilter{})),
            "cpu-high web-01,cpu-high web-01 (cpu=cpu0),cpu-high web-01 is silent,");
  EXPECT_EQ(shown(book.step(noon + seconds(11))),
            "cpu-high web-01: INSUFFICIENT_DATA->OK; cpu-high web-01 (cpu=cpu0): INSUFFICIENT_DATA->OK; "
            "cpu-high web-01 is silent: INSUFFICIENT_DATA->OK; ");
  put(book, datum(cpu("web-01", "cpu0"), noon + seconds(30), 1), noon + seconds(30)); // one metric is enough
  EXPECT_EQ(shown(book.step(noon + seconds(81))), "");
  const auto changes = book.step(noon + seconds(91));
  ASSERT_EQ(shown(changes), "cpu-high web-01 is silent: OK->ALARM; ");
  EXPECT_EQ(changes[0].machine, "web-01");
  EXPECT_EQ(changes[0].reason, "Silent: no metric of web-01 that fits the rule cpu-high came for 60 s.");
  EXPECT_EQ(changes[0].labels, (std::map<std::string, std::string>{{"host", "web-01"}}));
  EXPECT_TRUE(changes[0].say.empty());
  put(book, datum(cpu("web-01"), noon + seconds(95), 1), noon + seconds(95));
  EXPECT_EQ(shown(book.step(noon + seconds(101))), "cpu-high web-01 is silent: ALARM->OK; ");
  EXPECT_EQ(book.set_rules({rule("cpu-high")}),
            (std::vector<AlarmKey>{{"cpu-high web-01 is silent", Origin::rule}}));
}

TEST(Rules, DoNotTakeARestartForSilence) {
  AlarmBook before(long_ago);
  before.set_rules({with_silence(seconds(60))});
  put(before, datum(cpu("web-01"), noon, 1), noon);
  before.step(noon + seconds(11));
  const AlarmKey key{"cpu-high web-01 is silent", Origin::rule};
  AlarmBook book(noon + seconds(300));
  book.set_rules({with_silence(seconds(60))});
  ASSERT_TRUE(book.restore(key, before.save(key)));
  EXPECT_EQ(shown(book.step(noon + seconds(311))), "");
  EXPECT_EQ(book.describe(key)->state, AlarmState::ok);
  EXPECT_EQ(shown(book.step(noon + seconds(371))), "cpu-high web-01 is silent: OK->ALARM; "); // and now it is
}

TEST(Rules, RetireMachinesThatAreGone) {
  AlarmBook book(long_ago);
  book.set_rules({with_silence(seconds(60), seconds(3600))});
  put(book, datum(cpu("web-01"), noon, 95), noon);
  put(book, datum(cpu("web-02"), noon, 5), noon);
  book.step(noon + seconds(11));
  for (int i = 1; i < 6; ++i)
    put(book, datum(cpu("web-02"), noon + seconds(600 * i), 5), noon + seconds(600 * i));
  book.step(noon + seconds(101));
  std::string told;
  for (int i = 0; i <= 70; ++i) told += shown(book.step(noon + seconds(101 + 60 * i)));
  EXPECT_EQ(told.find("cpu-high web-01: "), told.rfind("cpu-high web-01: "));
  EXPECT_NE(told.find("cpu-high web-01: ALARM->OK; "), std::string::npos) << told;
  EXPECT_NE(told.find("cpu-high web-01 is silent: ALARM->OK; "), std::string::npos) << told;
  EXPECT_EQ(book.take_forgotten(), (std::vector<AlarmKey>{{"cpu-high web-01", Origin::rule},
                                                          {"cpu-high web-01 is silent", Origin::rule}}));
  EXPECT_EQ(names(book.describe(AlarmFilter{})), "cpu-high web-02,cpu-high web-02 is silent,");
  EXPECT_TRUE(check(Rule{}));
  Rule wrong = rule("x");
  wrong.retire_after = seconds(599);
  EXPECT_EQ(check(wrong).error().message,
            "retire_after: must be at least 10 min and longer than silent_after");
  wrong.silent_after = seconds(9);
  EXPECT_EQ(check(wrong).error().message, "silent_after: must be at least 10 s");
}

TEST(MathAlarm, WatchesAnExpression) {
  AlarmBook book(long_ago);
  Definition made;
  made.name = "error-rate";
  MetricQuery rate;
  rate.id = "rate";
  rate.expression = "errors / requests * 100";
  made.queries = {rate, query_of("errors", "Errors"), query_of("requests", "Requests")};
  made.condition.threshold = 5;
  made.condition.period = check_alarm_queries(made.queries).value();
  book.define(made, noon);
  const auto send = [&](const char* name, std::int64_t minute, double value) {
    const WallTime at = noon + seconds(60 * minute);
    put(book, {{"App", name, {{"host", "web-01"}}}, "Count", at, {1, value, value, value}}, at);
  };
  send("Requests", 0, 200);
  send("Errors", 0, 4);
  EXPECT_EQ(shown(book.step(noon + seconds(61))), "error-rate: INSUFFICIENT_DATA->OK; ");
  send("Requests", 1, 200);
  send("Errors", 1, 10);
  auto changes = book.step(noon + seconds(121));
  ASSERT_EQ(shown(changes), "error-rate: OK->ALARM; ");
  EXPECT_EQ(changes[0].labels.at("value"), "5");
  EXPECT_EQ(changes[0].machine, "web-01");
  send("Requests", 2, 100); // no errors: missing counts as 0
  EXPECT_EQ(shown(book.step(noon + seconds(181))), "error-rate: ALARM->OK; ");
  EXPECT_EQ(shown(book.step(noon + seconds(301))), "");
  EXPECT_EQ(shown(book.step(noon + seconds(361))), "error-rate: OK->INSUFFICIENT_DATA; ");
}

TEST(MathAlarm, SaysThatItCannotBeEvaluated) {
  AlarmBook book(long_ago);
  Definition made;
  made.name = "array";
  MetricQuery all;
  all.id = "e1";
  all.expression = "METRICS()";
  made.queries = {query_of("m1", "Errors"), query_of("m2", "Requests"), all};
  book.define(made, noon);
  EXPECT_EQ(shown(book.step(noon + seconds(61))), "");
  EXPECT_EQ(book.describe(AlarmKey{"array", Origin::api})->evaluation_state, "EVALUATION_ERROR");
}

TEST(PercentileAlarm, IgnoresTooFewSamples) {
  for (const LowSamples low : {LowSamples::evaluate, LowSamples::ignore}) {
    AlarmBook book(long_ago);
    Condition condition = ten_seconds();
    condition.extended = *parse_extended_statistic("p50");
    condition.low_samples = low;
    book.define(definition("slow", condition), noon);
    for (int i = 0; i < 19; ++i) put(book, datum(cpu("web-01"), noon, 95), noon);
    EXPECT_EQ(shown(book.step(noon + seconds(11))),
              low == LowSamples::ignore ? "" : "slow: INSUFFICIENT_DATA->ALARM; ");
    for (int i = 0; i < 20; ++i) put(book, datum(cpu("web-01"), noon + seconds(10), 95), noon + seconds(10));
    EXPECT_EQ(shown(book.step(noon + seconds(21))),
              low == LowSamples::ignore ? "slow: INSUFFICIENT_DATA->ALARM; " : "");
  }
}

TEST(WallClockWindow, IsAlignedToItsTimeZone) {
  const struct {
    std::int64_t period_s;
    const char* timezone;
    const char* end; // of the first window whose datum is at noon
  } cases[] = {
      {300, "", "2026-11-23T12:05:00Z"},           {3600, "UTC", "2026-11-23T13:00:00Z"},
      {3600, "+05:30", "2026-11-23T12:30:00Z"},    {86'400, "", "2026-11-24T00:00:00Z"},
      {86'400, "+09:00", "2026-11-23T15:00:00Z"},  {86'400, "UTC-05:00", "2026-11-24T05:00:00Z"},
      {604'800, "", "2026-11-30T00:00:00Z"}, // noon is on a Monday
      {604'800, "-13:00", "2026-11-23T13:00:00Z"},
  };
  for (const auto& c : cases) {
    Condition condition = ten_seconds();
    condition.period = seconds(c.period_s);
    condition.window = {true, c.timezone};
    ASSERT_TRUE(check(condition)) << check(condition).error().message;
    AlarmBook book(long_ago - seconds(60 * 86'400));
    book.define(definition("day", condition), noon);
    put(book, datum(cpu("web-01"), noon, 95), noon);
    const WallTime end = parse_iso8601(c.end).value();
    for (WallTime now = noon + seconds(1); now < end; now += seconds(60))
      ASSERT_EQ(shown(book.step(now)), "") << c.end;
    EXPECT_EQ(shown(book.step(end + seconds(1))), "day: INSUFFICIENT_DATA->ALARM; ")
        << c.period_s << c.timezone;
  }
  Condition wrong = ten_seconds();
  wrong.window = {true, "UTC"};
  EXPECT_TRUE(check(wrong).error().message.starts_with("Period"));
  wrong.period = seconds(60);
  for (const char* zone : {"Asia/Tokyo", "+09:03", "+19:00", "+9:00", "UTC+", "Z"}) {
    wrong.window.timezone = zone;
    EXPECT_TRUE(check(wrong).error().message.starts_with("EvaluationWindow")) << zone;
  }
}

/// The guide: a 5-minute alarm at 12:16 uses points stamped 12:01, 12:06, 12:11.
TEST(AlarmBook, SlidesItsWindowEachMinute) {
  Condition condition = ten_seconds();
  condition.period = seconds(300);
  condition.evaluation_periods = condition.datapoints_to_alarm = 3;
  condition.missing = MissingData::not_breaching;
  AlarmBook book(long_ago);
  book.define(definition("slow", condition), noon);
  for (const std::int64_t minute : {1, 6, 11}) {
    put(book, datum(cpu("web-01"), noon + seconds(60 * minute), 95), noon + seconds(60 * minute));
  }
  std::string told;
  for (std::int64_t minute = 12; minute <= 28; ++minute) {
    told += std::to_string(minute) + " " + shown(book.step(noon + seconds(60 * minute + 1)));
  }
  // From 12:27 on the evaluation range of five periods holds two of the three.
  EXPECT_EQ(
      told,
      "12 slow: INSUFFICIENT_DATA->ALARM; 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 slow: ALARM->OK; 28 ");
}

TEST(AlarmBook, TakesLateDatapointsWhereTheyBelong) {
  AlarmBook book(long_ago);
  Condition condition = ten_seconds();
  condition.evaluation_periods = condition.datapoints_to_alarm = 2;
  book.define(definition("hot", condition), noon);
  put(book, datum(cpu("web-01"), noon, 5), noon);
  put(book, datum(cpu("web-01"), noon + seconds(20), 95), noon + seconds(20));
  EXPECT_EQ(shown(book.step(noon + seconds(31))), "hot: INSUFFICIENT_DATA->OK; ");
  put(book, datum(cpu("web-01"), noon + seconds(10), 95),
      noon + seconds(32)); // a minute ago, between the two
  EXPECT_EQ(shown(book.step(noon + seconds(41))), "hot: OK->ALARM; ");
}

TEST(AlarmBook, SeesDataThatWasSentAheadOfItsTime) {
  AlarmBook book(long_ago);
  book.define(definition("hot"), noon);
  put(book, datum(cpu("web-01"), noon + seconds(600), 95), noon);
  for (std::int64_t s = 1; s <= 601; s += 10) EXPECT_EQ(shown(book.step(noon + seconds(s))), "") << s;
  EXPECT_EQ(shown(book.step(noon + seconds(611))), "hot: INSUFFICIENT_DATA->ALARM; ");
}

} // namespace
} // namespace kaden::alarm
