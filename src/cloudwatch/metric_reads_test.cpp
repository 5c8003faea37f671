// What GetMetricData and DescribeAlarmHistory ask for, edge by edge, and how results are cut into pages.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "test_input.h"

#include "kaden/limits/metrics.h"

namespace kaden::cloudwatch {
namespace {

const WallTime now = parse_iso8601("2026-11-23T12:00:00Z").value();
const std::string query =
    "MetricDataQueries.member.1.Id=m1&MetricDataQueries.member.1.MetricStat.Metric.Namespace=X&"
    "MetricDataQueries.member.1.MetricStat.Metric.MetricName=a&MetricDataQueries.member.1.MetricStat.Period="
    "60&"
    "MetricDataQueries.member.1.MetricStat.Stat=Sum";
const std::string span = "&StartTime=2026-11-23T11:00:30Z&EndTime=2026-11-23T12:00:00Z";

Answer<MetricDataRequest> read(const std::string& form) {
  const auto input = input_of("GetMetricData", form);
  if (!input) return refused(input);
  return read_metric_data_request(*input, now);
}

std::string code(const std::string& form) {
  const auto request = read(form);
  return request ? "ok" : request.error().code;
}

TEST(GetMetricData, ReadsItsRequest) {
  const auto request = read(query + span);
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->from, parse_iso8601("2026-11-23T11:00:00Z").value()); // down to the minute
  EXPECT_EQ(request->to, now);
  EXPECT_TRUE(request->newest_first);
  EXPECT_EQ(request->datapoints_max, 100'800U);
  EXPECT_EQ(read(query + span + "&NextToken=kaden2:GetMetricData:7")->skip, 7U);
}

TEST(GetMetricData, RefusesEdgeByEdge) {
  EXPECT_EQ(code(query + span), "ok");
  EXPECT_EQ(code(span), "ValidationError");
  EXPECT_EQ(code(query), "ValidationError");
  EXPECT_EQ(code(query + "&StartTime=2026-11-23T12:00:00Z&EndTime=2026-11-23T12:00:00Z"), "ValidationError");
  EXPECT_EQ(code(query + span + "&ScanBy=Newest"), "ValidationError");
  EXPECT_EQ(code(query + span + "&MaxDatapoints=0"), "ValidationError");
  EXPECT_EQ(code(query + span + "&MaxDatapoints=100801"), "ValidationError");
  EXPECT_EQ(code(query + span + "&NextToken=kaden2:GetMetricData:x"), "InvalidNextToken");
  EXPECT_EQ(code(query + span + "&NextToken=kaden2:ListMetrics:7"), "InvalidNextToken");
  EXPECT_EQ(code(query + span + "&MetricDataQueries.member.1.MetricStat.Unit=Parsec"), "ValidationError");
  std::string many = span;
  for (std::size_t i = 1; i <= limits::queries_per_request_max + 1; ++i) {
    const std::string path = "&MetricDataQueries.member." + std::to_string(i);
    many += path + ".Id=e" + std::to_string(i) + path + ".Expression=1";
  }
  EXPECT_EQ(code(many), "ValidationError");
}

/// Pages, put together again, are the whole; whatever their size.
TEST(GetMetricData, PagesAreTheWholeCutUp) {
  std::vector<alarm::MetricDataResult> results;
  for (const auto& [id, count] : {std::pair("a", 5), std::pair("empty", 0), std::pair("b", 1),
                                  std::pair("c", 7), std::pair("last", 0)}) {
    alarm::MetricDataResult one;
    one.id = id;
    for (int i = 0; i < count; ++i) {
      one.times.push_back(now + seconds(60 * i));
      one.values.push_back(i);
    }
    results.push_back(one);
  }
  for (std::size_t page = 1; page <= 14; ++page) {
    for (const bool newest_first : {false, true}) {
      std::map<std::string, std::vector<double>> got;
      MetricDataRequest request;
      request.newest_first = newest_first;
      request.datapoints_max = page;
      for (bool more = true; more;) {
        const Value answer = metric_data_output(results, request);
        std::size_t shown = 0;
        for (const Value& one : answer.list("MetricDataResults")) {
          auto& values = got[one.text_or("Id", "")];
          for (const Value& value : one.list("Values")) values.push_back(*value.if_real());
          shown += one.list("Values").size();
          EXPECT_EQ(one.list("Timestamps").size(), one.list("Values").size());
        }
        EXPECT_LE(shown, page);
        more = answer.has("NextToken");
        request.skip += page;
      }
      for (const auto& one : results) {
        std::vector<double> wanted = one.values;
        if (newest_first) std::reverse(wanted.begin(), wanted.end());
        ASSERT_TRUE(got.contains(one.id)) << one.id << page;
        EXPECT_EQ(got[one.id], wanted) << one.id << page;
      }
    }
  }
}

TEST(DescribeAlarmHistory, ReadsItsFilter) {
  const auto filter = [](const std::string& form) -> Answer<alarm::HistoryFilter> {
    const auto input = input_of("DescribeAlarmHistory", form);
    if (!input) return refused(input);
    return read_history_filter(*input);
  };
  EXPECT_EQ(filter("")->type, alarm::AlarmType::metric);
  EXPECT_EQ(filter("AlarmTypes.member.1=CompositeAlarm&AlarmTypes.member.2=MetricAlarm")->type, std::nullopt);
  EXPECT_EQ(filter("HistoryItemType=Action")->kind, alarm::HistoryKind::action);
  EXPECT_EQ(filter("HistoryItemType=AlarmContributorAction")->most, 0U);
  EXPECT_TRUE(filter("")->newest_first);
  EXPECT_FALSE(filter("ScanBy=TimestampAscending")->newest_first);
  EXPECT_EQ(filter("NextToken=kaden2:DescribeAlarmHistory:9")->after, 9U);
  EXPECT_EQ(filter("StartDate=2026-11-23T12:00:00Z")->from, now);
  for (const char* form :
       {"HistoryItemType=Odd", "ScanBy=Odd", "AlarmTypes.member.1=Odd", "MaxRecords=101"}) {
    ASSERT_FALSE(filter(form)) << form;
    EXPECT_EQ(filter(form).error().code, "ValidationError") << form;
  }
  EXPECT_EQ(filter("NextToken=kaden2:DescribeAlarmHistory:-1").error().code, "InvalidNextToken");
}

} // namespace
} // namespace kaden::cloudwatch
