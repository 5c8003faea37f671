#include "kaden/metric_query.h"

#include <gtest/gtest.h>

namespace kaden::alarm {
namespace {

const WallTime noon = parse_iso8601("2026-11-23T12:00:00Z").value();

MetricId metric(const std::string& name) {
  return {"CWAgent", name, {{"host", "web-01"}}};
}

MetricQuery of_metric(const std::string& id, const std::string& name, const std::string& statistic = "Sum",
                      std::int64_t period_s = 60) {
  MetricQuery made;
  made.id = id;
  made.stat = MetricStat{metric(name), seconds(period_s), *parse_any_statistic(statistic), ""};
  return made;
}

MetricQuery of_expression(const std::string& id, const std::string& text) {
  MetricQuery made;
  made.id = id;
  made.expression = text;
  return made;
}

class Query : public testing::Test {
 protected:
  Query() {
    for (int minute = 0; minute < 5; ++minute) {
      put("errors", minute, minute);
      put("requests", minute, 10);
    }
    put("slow", 1, 4);
    put("slow", 1, 6);
  }
  void put(const std::string& name, std::int64_t minute, double value) {
    store_.put({metric(name), "Count", noon + seconds(60 * minute), {1, value, value, value}},
               noon + seconds(600));
  }
  std::string run(const std::vector<MetricQuery>& queries, std::int64_t minutes = 5) {
    const auto results = metric_data(store_, queries, noon, noon + seconds(60 * minutes));
    if (!results) return results.error().message;
    std::string text;
    for (const auto& one : *results) {
      text += one.id + "(" + one.label + "):";
      for (std::size_t i = 0; i < one.values.size(); ++i) {
        text += " " + std::to_string((one.times[i] - noon).count() / 60'000) + "=" +
                kaden::to_text(one.values[i]);
      }
      text += "; ";
    }
    return text;
  }
  MetricStore store_;
};

TEST_F(Query, GivesMetricsAndExpressions) {
  EXPECT_EQ(run({of_metric("m1", "errors"), of_metric("m2", "slow", "p100")}),
            "m1(errors): 0=0 1=1 2=2 3=3 4=4; m2(slow): 1=6; ");
  MetricQuery hidden = of_metric("m1", "errors");
  hidden.return_data = false;
  MetricQuery rate = of_expression("rate", "m1 / m2 * 100");
  rate.label = "error rate";
  EXPECT_EQ(run({rate, hidden, of_metric("m2", "requests")}, 3),
            "rate(error rate): 0=0 1=10 2=20; m2(requests): 0=10 1=10 2=10; ");
  // An expression of an expression, in any order; an array gives a result for each.
  EXPECT_EQ(run({of_expression("e2", "e1 + 1"), of_expression("e1", "m1 * 2"), hidden}, 2),
            "e2(e2): 0=1 1=3; e1(e1): 0=0 1=2; ");
  EXPECT_EQ(run({of_expression("all", "METRICS()"), hidden}, 2), "all(all): 0=0 1=1; ");
  EXPECT_EQ(run({of_metric("m1", "gone")}), "m1(gone):; ");
}

TEST_F(Query, TakesTheLongestPeriodForAnExpression) {
  EXPECT_EQ(run({of_metric("m1", "errors", "Sum", 60), of_metric("m2", "requests", "Sum", 120),
                 of_expression("e1", "m1 / m2")},
                4),
            "m1(errors): 0=0 1=1 2=2 3=3; m2(requests): 0=20 2=20; e1(e1): 0=0.05 2=0.25; ");
}

TEST_F(Query, EndsBeforeTheEndAndBeginsWithItsPeriod) {
  const auto results = metric_data(store_, std::vector{of_metric("m1", "errors", "Sum", 120)},
                                   noon + seconds(90), noon + seconds(240));
  ASSERT_TRUE(results);
  EXPECT_EQ((*results)[0].times, (std::vector<WallTime>{noon, noon + seconds(120)}));
  EXPECT_EQ((*results)[0].values, (std::vector<double>{1, 5}));
}

TEST_F(Query, SaysWhichQueryIsWrong) {
  MetricQuery both = of_metric("m1", "errors");
  both.expression = "1";
  MetricQuery period = of_metric("m1", "errors", "Sum", 45);
  const struct {
    std::vector<MetricQuery> queries;
    const char* error;
  } cases[] = {
      {{of_expression("E1", "1")},
       "Metrics: Id \"E1\" must begin with a lower-case letter and hold letters, digits and _ only"},
      {{both}, "Metrics: m1: exactly one of MetricStat and Expression must be given"},
      {{period}, "Metrics: m1: Period must be 1, 5, 10, 20, 30 or a multiple of 60, at most 604800"},
      {{of_metric("m1", "a"), of_metric("m1", "b")}, "Metrics: m1: this Id is here twice"},
      {{of_expression("e1", "1 +")},
       "Metrics: e1: Expression: at 4: the expression ends where a value was expected"},
      {{of_expression("e1", "m9")}, "Metrics: e1: Expression: unknown id \"m9\""},
      {{of_expression("e1", "e2"), of_expression("e2", "e1")},
       "Metrics: e1: Expression: the expressions name each other in a circle"},
      {{of_expression("e1", "5")},
       "Metrics: e1: Expression: at 1: the result is a number; it must be a series (TIME_SERIES makes one of "
       "it)"},
  };
  for (const auto& c : cases) EXPECT_EQ(run(c.queries), c.error);
  EXPECT_EQ(run({of_metric("m1", "errors", "Sum", 1)}, 60 * 24 * 30),
            "the request looks at more than 1000000 datapoints: ask for less time or a longer Period");
  EXPECT_FALSE(metric_data(store_, std::vector<MetricQuery>(501, of_metric("m1", "errors")), noon, noon));
}

TEST(AlarmQueries, AreCheckedForPutMetricAlarm) {
  MetricQuery m1 = of_metric("m1", "errors");
  m1.return_data = false;
  MetricQuery m2 = of_metric("m2", "requests", "Sum", 300);
  m2.return_data = false;
  const struct {
    std::vector<MetricQuery> queries;
    const char* error; // null: fine
  } cases[] = {
      {{m1, of_expression("e1", "m1 * 2")}, nullptr},
      {{of_metric("m1", "errors")}, nullptr},
      {{}, "Metrics: must not be empty"},
      {{m1}, "Metrics: exactly one entry must have ReturnData set to true"},
      {{of_metric("m1", "a"), of_metric("m2", "b")},
       "Metrics: exactly one entry must have ReturnData set to true"},
      {{m1, m2, of_expression("e1", "m1 + m2")}, "Metrics: all entries must have the same Period"},
      {std::vector<MetricQuery>(11, m1), "Metrics: at most 10 entries are allowed"},
  };
  for (const auto& c : cases) {
    const auto checked = check_alarm_queries(c.queries);
    ASSERT_EQ(checked.has_value(), c.error == nullptr) << (c.error == nullptr ? "refused" : c.error);
    const std::string shown = checked ? "60 s" : checked.error().message;
    EXPECT_EQ(shown, c.error == nullptr ? "60 s" : c.error);
    EXPECT_EQ(checked.value_or(seconds(60)), seconds(60));
  }
}

TEST(RoundedStart, FollowsTheAge) {
  const WallTime now = noon + seconds(100 * 86'400);
  const struct {
    std::int64_t age_s;
    std::int64_t period_s;
    std::int64_t step_s;
  } cases[] = {{3'601, 10, 10},
               {3 * 3600 + 7, 10, 60},
               {3'601, 60, 60},
               {16 * 86'400 + 7, 60, 300},
               {64 * 86'400 + 7, 60, 3600}};
  for (const auto& c : cases) {
    const WallTime from = now - seconds(c.age_s);
    EXPECT_EQ(rounded_start(from, seconds(c.period_s), now), floor_to(from, seconds(c.step_s))) << c.age_s;
  }
}

} // namespace
} // namespace kaden::alarm
