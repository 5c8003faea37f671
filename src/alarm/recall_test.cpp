// Datapoints of the life before a restart: alarms see them, and nothing else changes by them.
#include "book_town.h"

namespace kaden::alarm {
namespace {

Condition three_of_three() {
  Condition condition = ten_seconds();
  condition.evaluation_periods = condition.datapoints_to_alarm = 3;
  return condition;
}

std::vector<Datum> past(WallTime from, int count, double value) {
  std::vector<Datum> data;
  for (int i = 0; i < count; ++i) data.push_back(datum(cpu("web-01"), from + seconds(10 * i), value));
  return data;
}

TEST(Recall, AnAlarmGoesOnWhereTheLifeBeforeEnded) {
  for (const bool is_recalled : {false, true}) {
    AlarmBook book(noon + seconds(24));
    book.define(definition("hot", three_of_three()), long_ago);
    if (is_recalled) {
      ASSERT_TRUE(book.recall(past(noon, 2, 95), noon + seconds(20)));
    }
    put(book, datum(cpu("web-01"), noon + seconds(25), 95), noon + seconds(25));
    EXPECT_EQ(shown(book.step(noon + seconds(31))), is_recalled ? "hot: INSUFFICIENT_DATA->ALARM; " : "");
  }
}

TEST(Recall, TheGapIsUnknownAndNeitherRaisesNorClears) {
  for (const AlarmState saved : {AlarmState::ok, AlarmState::alarm}) {
    Condition condition = three_of_three();
    condition.missing = MissingData::breaching;
    if (saved == AlarmState::alarm) condition.datapoints_to_alarm = 1; // one good datapoint does not clear it
    AlarmBook before(long_ago);
    before.define(definition("hot", condition), long_ago);
    ASSERT_TRUE(before.set_state({"hot", Origin::api}, saved, "was so", "", long_ago));
    AlarmBook book(noon + seconds(34));
    book.define(definition("hot", condition), long_ago);
    ASSERT_TRUE(book.restore({"hot", Origin::api}, before.save({"hot", Origin::api})));
    ASSERT_TRUE(book.recall(past(noon, 1, saved == AlarmState::ok ? 95 : 5), noon + seconds(10)));
    for (WallTime now = noon + seconds(35); now < noon + seconds(60); now += seconds(5))
      EXPECT_EQ(shown(book.step(now)), "");
  }
}

TEST(Recall, APeriodThatIsHalfThereSaysNothingAboutItsSum) {
  Condition few = ten_seconds();
  few.period = seconds(60);
  few.statistic = Statistic::sum;
  few.comparison = Comparison::less;
  few.threshold = 5;
  for (const bool is_complete : {false, true}) {
    AlarmBook book(noon + seconds(75));
    book.define(definition("few", few), long_ago);
    // Three samples of noon's minute came before the file's last word; more may have come after it.
    ASSERT_TRUE(book.recall(past(noon, 3, 1), noon + (is_complete ? seconds(60) : seconds(30))));
    EXPECT_EQ(shown(book.step(noon + seconds(76))), is_complete ? "few: INSUFFICIENT_DATA->ALARM; " : "");
  }
  few.statistic = Statistic::average; // for which a part is enough
  AlarmBook book(noon + seconds(75));
  book.define(definition("low", few), long_ago);
  ASSERT_TRUE(book.recall(past(noon, 3, 1), noon + seconds(30)));
  EXPECT_EQ(shown(book.step(noon + seconds(76))), "low: INSUFFICIENT_DATA->ALARM; ");
}

TEST(Recall, RulesMakeNothingOfItAndSilentMachinesStaySilent) {
  Rule watched = rule("cpu");
  watched.silent_after = seconds(300);
  AlarmBook before(long_ago);
  before.set_rules({watched});
  put(before, datum(cpu("web-01"), long_ago, 5), long_ago);
  const auto changes = before.step(long_ago + seconds(301));
  const AlarmKey silence{"cpu web-01 is silent", Origin::rule};
  ASSERT_EQ(before.describe(silence)->state, AlarmState::alarm) << shown(changes);

  AlarmBook book(noon);
  book.set_rules({watched});
  ASSERT_TRUE(book.restore(silence, before.save(silence)));
  auto data = past(noon - seconds(30), 3, 95);
  data.push_back(datum(cpu("web-02"), noon - seconds(10), 95));
  ASSERT_TRUE(book.recall(data, noon));
  EXPECT_EQ(book.size(), 1U) << "no alarm for web-02 before it sends";
  EXPECT_EQ(shown(book.step(noon + seconds(1))), "") << "still silent";
  put(book, datum(cpu("web-02"), noon + seconds(2), 95), noon + seconds(2));
  EXPECT_EQ(book.describe(AlarmKey{"cpu web-02", Origin::rule})->state, AlarmState::insufficient_data);
}

TEST(Recall, APercentileAlarmGoesOnWithTheValuesOfTheLifeBefore) {
  for (const bool are_values_kept : {false, true}) {
    Condition p95 = three_of_three();
    p95.period = seconds(60);
    p95.evaluation_periods = p95.datapoints_to_alarm = 2;
    p95.extended = parse_extended_statistic("p95").value();
    AlarmBook book(noon + seconds(125));
    book.define(definition("slow", p95), long_ago);
    std::vector<Datum> data;
    for (int minute = 0; minute < 2; ++minute) {
      Datum one = datum(cpu("web-01"), noon + seconds(60 * minute), 0);
      one.high_resolution = false;
      const std::vector<ValueCount> values{{10, 90}, {95, 10}};
      one.values = set_of(values);
      if (are_values_kept) one.counted = values;
      data.push_back(one);
    }
    ASSERT_TRUE(book.recall(data, noon + seconds(120)));
    EXPECT_EQ(shown(book.step(noon + seconds(126))),
              are_values_kept ? "slow: INSUFFICIENT_DATA->ALARM; " : "");
  }
}

TEST(Recall, WhatIsWantedFollowsFromAlarmsAndRules) {
  AlarmBook book(noon);
  EXPECT_EQ(book.history_wanted(cpu("web-01")), Millis(0));
  book.define(definition("hot", three_of_three()), noon);
  const Millis of_alarm = book.history_wanted(cpu("web-01"));
  EXPECT_GE(of_alarm, seconds(50)) << "EvaluationPeriods + 2";
  EXPECT_LE(of_alarm, seconds(70));
  EXPECT_EQ(book.history_wanted(cpu("web-02")), Millis(0));
  Rule days = rule("days");
  days.where = {{"host", "web-*"}};
  days.condition.period = seconds(3'600);
  days.condition.evaluation_periods = 30;
  book.set_rules({days});
  EXPECT_GE(book.history_wanted(cpu("web-02")), seconds(32 * 3'600));
  EXPECT_EQ(book.history_wanted(cpu("db-01")), Millis(0));
}

} // namespace
} // namespace kaden::alarm
