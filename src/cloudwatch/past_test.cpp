// Datapoints that memory no longer holds: given back to alarms, and read together with what is in memory.
#include <gmock/gmock.h>

#include "endpoint_town.h"

namespace kaden::cloudwatch {
namespace {

using testing::HasSubstr;
using testing::Not;

const alarm::MetricId cpu{"CWAgent", "cpu_usage_active", {{"host", "web-01"}}};

/// An endpoint whose past answers when the test says so.
struct PastTown : Town {
  std::deque<PastQuery> asked;
  std::deque<std::function<void(Result<std::vector<PastSeries>>)>> waiting;
  std::string answer;

  PastTown() {
    endpoint_->set_past([this](PastQuery query, auto done) {
      asked.push_back(std::move(query));
      waiting.push_back(std::move(done));
    });
  }
  /// The answer is in `answer` once it came.
  void ask(const std::string& form) {
    answer.clear();
    endpoint_->handle(request(form), [this](http::Response response) {
      answer = std::to_string(response.status) + response.body;
    });
  }
  void give(Result<std::vector<PastSeries>> series) {
    waiting.front()(std::move(series));
    waiting.pop_front();
  }
};

std::string statistics(const std::string& from, const std::string& to, const std::string& more) {
  return "Action=GetMetricStatistics&Namespace=CWAgent&MetricName=cpu_usage_active&Dimensions.member.1.Name="
         "host&Dimensions.member.1.Value=web-01&StartTime=2026-11-23T" +
         from + "Z&EndTime=2026-11-23T" + to + "Z" + more;
}

std::string data(const std::string& stat, const std::string& period) {
  return "Action=GetMetricData&ScanBy=TimestampAscending&StartTime=2026-11-23T10:00:00Z&EndTime=2026-11-"
         "23T14:00:00Z&MetricDataQueries.member.1.Id=m&MetricDataQueries.member.1.MetricStat.Metric."
         "Namespace=CWAgent&MetricDataQueries.member.1.MetricStat.Metric.MetricName=cpu_usage_active&"
         "MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.1.Name=host&MetricDataQueries."
         "member."
         "1.MetricStat.Metric.Dimensions.member.1.Value=web-01&MetricDataQueries.member.1.MetricStat.Stat=" +
         stat + "&MetricDataQueries.member.1.MetricStat.Period=" + period;
}

TEST(Past, StatisticsComeFromBothAndEachDatapointCountsOnce) {
  PastTown town;
  town.clock_.advance(seconds(3'600));
  ASSERT_EQ(town.put_cpu(7), 200); // 13:00
  town.ask(statistics("11:00:00", "13:30:00", "&Period=3600&Statistics.member.1=Sum"));
  ASSERT_EQ(town.asked.size(), 1U);
  EXPECT_EQ(town.answer, "") << "it waits for the past";
  const PastQuery& query = town.asked.front();
  ASSERT_EQ(query.metrics.size(), 1U);
  EXPECT_EQ(query.metrics.front().metric, cpu);
  EXPECT_EQ(query.metrics.front().step, seconds(3'600));
  EXPECT_EQ(query.from, noon - seconds(3'600));
  EXPECT_EQ(query.to, noon) << "from the start on all is in memory";
  const PastSeries::Point old{noon - seconds(1'800), {2, 40, 10, 30}, false};
  town.give(std::vector<PastSeries>{{cpu, "None", {old}}});
  EXPECT_THAT(town.answer, HasSubstr("<Sum>40</Sum>"));
  EXPECT_THAT(town.answer, HasSubstr("<Timestamp>2026-11-23T11:00:00Z</Timestamp>"));
  EXPECT_THAT(town.answer, HasSubstr("<Sum>7</Sum>"));
  EXPECT_THAT(town.answer, HasSubstr("<Timestamp>2026-11-23T13:00:00Z</Timestamp>"));
  EXPECT_THAT(town.answer, Not(HasSubstr("<Sum>47</Sum>")));
}

TEST(Past, MetricDataAsksForWholePeriodsAndForPointsAsTheyAreWhenItNeedsThem) {
  PastTown town;
  town.clock_.advance(seconds(3'600));
  town.ask(data("Average", "300"));
  ASSERT_EQ(town.asked.size(), 1U);
  EXPECT_EQ(town.asked.back().metrics.front().step, seconds(300));
  EXPECT_LE(town.asked.back().from, noon - seconds(2 * 3'600));
  town.give(std::vector<PastSeries>{{cpu, "None", {{noon - seconds(600), {2, 40, 10, 30}, false}}}});
  EXPECT_THAT(town.answer, HasSubstr("<member>20</member>"));

  town.ask(data("p50", "300"));
  ASSERT_EQ(town.asked.size(), 2U);
  EXPECT_EQ(town.asked.back().metrics.front().step, Millis(0));
  town.give(std::vector<PastSeries>{
      {cpu,
       "None",
       {{noon - seconds(600), {1, 40, 40, 40}, false}, {noon - seconds(540), {1, 50, 50, 50}, false}}}});
  EXPECT_THAT(town.answer, HasSubstr("<member>40</member>"));
}

TEST(Past, PercentilesComeFromTheValuesThatWereStored) {
  PastTown town;
  town.clock_.advance(seconds(3'600));
  const std::vector<alarm::ValueCount> values{{10, 90}, {70, 9}, {500, 1}};
  const auto each = std::make_shared<const samples::Distribution>(samples::Distribution::of(values));
  const auto stored = [&](bool are_kept) {
    const PastSeries::Point old{noon - seconds(600), each->set(), false, are_kept ? each : nullptr};
    return std::vector<PastSeries>{{cpu, "None", {old}}};
  };
  for (const auto& [stat, value] :
       {std::pair{"p95", "70"}, std::pair{"p100", "500"}, std::pair{"tc90", "90"}}) {
    town.ask(data(stat, "300"));
    town.give(stored(true));
    EXPECT_THAT(town.answer, HasSubstr("<member>" + std::string(value) + "</member>")) << stat;
    EXPECT_THAT(town.answer, HasSubstr("<StatusCode>Complete</StatusCode>"));
    EXPECT_THAT(town.answer, Not(HasSubstr("StatisticNotAvailable")));
  }
  // Only the set is known: that is said, and never looks like silence.
  town.ask(data("p95", "300"));
  town.give(stored(false));
  EXPECT_THAT(town.answer, HasSubstr("<StatusCode>PartialData</StatusCode>"));
  EXPECT_THAT(town.answer, HasSubstr("<Code>StatisticNotAvailable</Code>"));
  EXPECT_THAT(town.answer, HasSubstr("<Values></Values>"));
  town.ask(data("Average", "300"));
  town.give(stored(false));
  EXPECT_THAT(town.answer, HasSubstr("<StatusCode>Complete</StatusCode>"));
  town.ask(data("p95", "300"));
  town.give(std::vector<PastSeries>{});
  EXPECT_THAT(town.answer, HasSubstr("<StatusCode>Complete</StatusCode>")) << "no data came";
}

TEST(Past, RawValuesInMemoryKeepTheirPercentiles) {
  PastTown town;
  town.clock_.advance(seconds(3'600));
  for (const double value : {10.0, 20.0, 90.0}) ASSERT_EQ(town.put_cpu(value), 200);
  town.ask(statistics("11:00:00", "13:30:00", "&Period=3600&ExtendedStatistics.member.1=p50"));
  ASSERT_EQ(town.asked.size(), 1U);
  town.give(std::vector<PastSeries>{});
  EXPECT_THAT(town.answer, HasSubstr("<value>20</value>"));
}

TEST(Past, WhatMemoryHoldsIsAnsweredAtOnce) {
  PastTown town;
  town.clock_.advance(seconds(3'600));
  ASSERT_EQ(town.put_cpu(7), 200);
  town.ask(statistics("12:00:00", "13:30:00", "&Period=60&Statistics.member.1=Sum"));
  EXPECT_THAT(town.answer, HasSubstr("<Sum>7</Sum>"));
  EXPECT_TRUE(town.asked.empty());
  // Once memory has let go of it, the past is asked up to there.
  town.clock_.advance(seconds(3 * 3'600));
  town.ask(statistics("12:00:00", "16:00:00", "&Period=60&Statistics.member.1=Sum"));
  ASSERT_EQ(town.asked.size(), 1U);
  EXPECT_EQ(town.asked.front().to, noon + seconds(3'600));
}

TEST(Past, APastThatFailsIsSaid) {
  PastTown town;
  town.ask(statistics("11:00:00", "12:00:00", "&Period=60&Statistics.member.1=Sum"));
  town.give(fail(Fault::unavailable, "the disk cannot be read"));
  EXPECT_THAT(town.answer, HasSubstr("503"));
  EXPECT_THAT(town.answer, HasSubstr("the disk cannot be read"));
  town.ask(data("Average", "300"));
  town.give(fail(Fault::invalid, "too much"));
  EXPECT_THAT(town.answer, HasSubstr("<Code>ValidationError</Code>"));
}

TEST(Past, AnAnswerAfterTheEndIsDropped) {
  PastTown town;
  town.ask(data("Average", "300"));
  town.endpoint_.reset();
  town.give(std::vector<PastSeries>{});
  EXPECT_EQ(town.answer, "");
}

std::vector<PastSeries> hours(int count, double value) {
  PastSeries series{cpu, "None", {}};
  for (int i = count; i > 0; --i)
    series.points.push_back({noon - seconds(3'600 * i), {1, value, value, value}, false});
  return {series};
}

TEST(Past, ANewAlarmLooksAtWhatIsStored) {
  PastTown town;
  town.clock_.advance(seconds(10)); // its whole window is from before the start
  ASSERT_EQ(town.put_hourly_alarm("slow", 6), 200);
  town.endpoint_->evaluate(town.clock_.wall());
  ASSERT_EQ(town.asked.size(), 1U);
  EXPECT_EQ(town.asked[0].metrics[0].metric, cpu);
  EXPECT_LE(town.asked[0].from, noon - seconds(6 * 3'600));
  EXPECT_EQ(town.asked[0].to, noon) << "from the start on all is in memory";
  EXPECT_EQ(town.state_of("slow"), "INSUFFICIENT_DATA");
  town.give(fail(Fault::unavailable, "the disk"));
  town.endpoint_->evaluate(town.clock_.wall());
  ASSERT_EQ(town.asked.size(), 2U) << "it is tried again";
  town.give(hours(7, 95));
  town.clock_.advance(seconds(60));
  town.pass_ten_seconds();
  EXPECT_EQ(town.state_of("slow"), "ALARM");
  EXPECT_EQ(town.take_events(), "slow ALARM; ");
  // Once. Another one that looks back less takes nothing away from the first.
  ASSERT_EQ(town.put_hourly_alarm("less", 2), 200);
  town.pass_ten_seconds();
  ASSERT_EQ(town.asked.size(), 3U);
  EXPECT_LE(town.asked[2].from, noon - seconds(6 * 3'600));
  town.give(hours(7, 95));
  town.clock_.advance(seconds(60));
  town.pass_ten_seconds();
  EXPECT_EQ(town.state_of("less"), "ALARM");
  EXPECT_EQ(town.state_of("slow"), "ALARM");
  // One that memory is enough for asks for nothing.
  town.clock_.advance(seconds(600));
  ASSERT_EQ(town.put_alarm("quick"), 200);
  town.pass_ten_seconds();
  EXPECT_EQ(town.asked.size(), 3U);
}

TEST(Past, WhatMemoryHasOfThePastIsReplacedNotAdded) {
  PastTown town;
  ASSERT_EQ(town.put_hourly_alarm("sum", 2, "Sum", 150), 200); // memory keeps two hours and more for it
  const std::string late =
      "Action=PutMetricData&Namespace=CWAgent&MetricData.member.1.MetricName=cpu_usage_active&"
      "MetricData.member.1.Dimensions.member.1.Name=host&MetricData.member.1.Dimensions.member.1."
      "Value=web-01&MetricData.member.1.Unit=None&MetricData.member.1.Value=90&MetricData.member.1."
      "Timestamp=2026-11-23T10:";
  ASSERT_EQ(town.call(late + "00:00Z"), 200);
  ASSERT_EQ(town.call(late + "59:00Z"), 200);
  town.endpoint_->evaluate(town.clock_.wall());
  ASSERT_EQ(town.asked.size(), 1U);
  town.give(hours(2, 90)); // the same hours from the file: 90 in each, and not 180
  town.clock_.advance(seconds(60));
  town.pass_ten_seconds();
  EXPECT_EQ(town.state_of("sum"), "OK");
}

TEST(Past, WhatComesLateWhileThePastIsReadIsReadAgain) {
  PastTown town;
  town.clock_.advance(seconds(10));
  ASSERT_EQ(town.put_hourly_alarm("slow", 6), 200);
  town.endpoint_->evaluate(town.clock_.wall());
  ASSERT_EQ(town.asked.size(), 1U);
  const auto put_at = [&](const std::string& host, const std::string& time) {
    return town.call(
        "Action=PutMetricData&Namespace=CWAgent&MetricData.member.1.MetricName=cpu_usage_active&MetricData."
        "member.1."
        "Dimensions.member.1.Name=host&MetricData.member.1.Dimensions.member.1.Value=" +
        host + "&MetricData.member.1.Value=95&MetricData.member.1.Timestamp=2026-11-23T" + time + "Z");
  };
  ASSERT_EQ(put_at("web-02", "09:30:00"), 200); // another metric
  ASSERT_EQ(put_at("web-01", "12:00:05"), 200); // not of the past that is read
  town.give(hours(7, 5));
  town.endpoint_->evaluate(town.clock_.wall());
  EXPECT_EQ(town.asked.size(), 1U);
  ASSERT_EQ(town.put_hourly_alarm("less", 2), 200);
  town.endpoint_->evaluate(town.clock_.wall());
  ASSERT_EQ(town.asked.size(), 2U);
  ASSERT_EQ(put_at("web-01", "09:30:00"), 200);
  town.give(hours(7, 5)); // as it was read before that came
  town.endpoint_->evaluate(town.clock_.wall());
  ASSERT_EQ(town.asked.size(), 3U) << "it is read again";
  town.give(hours(7, 95));
  town.endpoint_->evaluate(town.clock_.wall());
  EXPECT_EQ(town.asked.size(), 3U);
  town.clock_.advance(seconds(60));
  town.pass_ten_seconds();
  EXPECT_EQ(town.state_of("slow"), "ALARM");
}

TEST(Past, ARuleThatIsNewLooksAtWhatIsStored) {
  PastTown town;
  town.clock_.advance(seconds(10));
  for (int i = 0; i < 3; ++i) ASSERT_EQ(town.put_cpu(95), 200);
  alarm::Rule slow = rule("slow");
  slow.condition.period = seconds(3'600);
  slow.condition.evaluation_periods = slow.condition.datapoints_to_alarm = 6;
  town.endpoint_->set_rules({slow});
  ASSERT_EQ(town.put_cpu(95), 200);
  town.endpoint_->evaluate(town.clock_.wall());
  ASSERT_EQ(town.asked.size(), 1U);
  town.give(hours(7, 95));
  town.clock_.advance(seconds(60));
  town.pass_ten_seconds();
  EXPECT_EQ(town.state_of("slow+web-01"), "ALARM");
}

TEST(Past, RememberedMetricsAreListedInPages) {
  Town town;
  std::vector<alarm::KnownMetric> known;
  for (int i = 0; i < 1'100; ++i) {
    known.push_back(
        {{"CWAgent", "metric-" + std::to_string(i), {}}, "None", noon - seconds(i < 1'000 ? 86'400 : 3'600)});
  }
  town.endpoint_->remember(known);
  const auto count = [](const std::string& text) {
    std::size_t found = 0;
    for (std::size_t at = text.find("<MetricName>"); at != std::string::npos;
         at = text.find("<MetricName>", at + 1))
      ++found;
    return found;
  };
  EXPECT_EQ(count(town.text("Action=ListMetrics&RecentlyActive=PT3H")), 100U);
  std::string token;
  std::size_t all = 0;
  int pages = 0;
  do {
    const std::string page = town.text("Action=ListMetrics&NextToken=" + token);
    all += count(page);
    const std::size_t at = page.find("<NextToken>");
    token = at == std::string::npos ? "" : page.substr(at + 11, page.find('<', at + 11) - at - 11);
  } while (++pages < 9 && !token.empty());
  EXPECT_EQ(all, 1'100U);
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(town.endpoint_->counts().metrics, 0U) << "none has a datapoint";
  // A token of a life before this one would go on at another place.
  EXPECT_THAT(town.text("Action=ListMetrics&NextToken=kaden2:ListMetrics:1-500"),
              HasSubstr("InvalidNextToken"));
  EXPECT_THAT(town.text("Action=ListMetrics&NextToken=kaden2:ListMetrics:500"),
              HasSubstr("InvalidNextToken"));
  town.clock_.advance(limits::silent_metric_max);
  EXPECT_EQ(count(town.text("Action=ListMetrics")), 0U);
}

TEST(Past, RecalledDatapointsReachAlarmsButNotTheObserver) {
  Town town;
  ASSERT_EQ(town.put_alarm("hot"), 200);
  EXPECT_GT(town.endpoint_->history_wanted(cpu), seconds(0));
  EXPECT_EQ(town.endpoint_->history_wanted({"CWAgent", "other", {}}), Millis(0));
  const alarm::Datum late{cpu, "None", noon - seconds(10), {1, 95, 95, 95}, true, {}};
  ASSERT_TRUE(town.endpoint_->recall(std::span(&late, 1), noon));
  EXPECT_EQ(town.observed_, "");
  EXPECT_EQ(town.endpoint_->counts().data, 0U);
  town.clock_.advance(seconds(1));
  town.endpoint_->evaluate(town.clock_.wall());
  EXPECT_EQ(town.take_events(), "hot ALARM; ");
}

} // namespace
} // namespace kaden::cloudwatch
