#include <gtest/gtest.h>

#include "test_input.h"

namespace kaden::cloudwatch {
namespace {

using Fields = std::map<std::string, std::string>;

const Fields full{{"AlarmName", "hot"},     {"MetricName", "cpu_usage_active"},
                  {"Namespace", "CWAgent"}, {"Statistic", "Average"},
                  {"Period", "60"},         {"EvaluationPeriods", "3"},
                  {"Threshold", "80"},      {"ComparisonOperator", "GreaterThanThreshold"}};

std::string form_of(const Fields& fields) {
  std::string body;
  for (const auto& [name, value] : fields) body += "&" + name + "=" + value;
  return body;
}

Answer<alarm::Definition> definition_of(const Fields& fields) {
  const auto input = input_of("PutMetricAlarm", form_of(fields));
  if (!input) return refused(input);
  return read_definition(*input);
}

std::string code(const Fields& changes) {
  Fields fields = full;
  for (const auto& [name, value] : changes) {
    if (value == "-") {
      fields.erase(name);
    } else {
      fields[name] = value;
    }
  }
  const auto definition = definition_of(fields);
  if (definition) return "ok";
  EXPECT_EQ(definition.error().http_status, 400);
  return std::string(definition.error().code);
}

TEST(PutMetricAlarm, ReadsEveryField) {
  Fields fields = full;
  fields.insert({{"AlarmDescription", "%E9%87%8D"},
                 {"ActionsEnabled", "false"},
                 {"AlarmActions.member.1", "arn:aws:sns:x:1:1"},
                 {"OKActions.member.1", "arn:aws:sns:x:1:2"},
                 {"InsufficientDataActions.member.1", "arn:aws:sns:x:1:3"},
                 {"Dimensions.member.1.Name", "host"},
                 {"Dimensions.member.1.Value", "web-01"},
                 {"DatapointsToAlarm", "2"},
                 {"TreatMissingData", "notBreaching"},
                 {"Unit", "Percent"},
                 {"Tags.member.1.Key", "kaden:severity"},
                 {"Tags.member.1.Value", "error"},
                 {"Tags.member.2.Key", "kaden:say:en"},
                 {"Tags.member.2.Value", "{machine}+is+hot"}});
  const auto read = definition_of(fields);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->name, "hot");
  EXPECT_EQ(read->description, "重");
  EXPECT_FALSE(read->actions_enabled);
  EXPECT_EQ(read->alarm_actions, std::vector<std::string>{"arn:aws:sns:x:1:1"});
  EXPECT_EQ(read->ok_actions, std::vector<std::string>{"arn:aws:sns:x:1:2"});
  EXPECT_EQ(read->insufficient_data_actions, std::vector<std::string>{"arn:aws:sns:x:1:3"});
  EXPECT_EQ(read->metric, (alarm::MetricId{"CWAgent", "cpu_usage_active", {{"host", "web-01"}}}));
  alarm::Condition condition;
  condition.statistic = alarm::Statistic::average;
  condition.period = seconds(60);
  condition.evaluation_periods = 3;
  condition.datapoints_to_alarm = 2;
  condition.threshold = 80;
  condition.comparison = alarm::Comparison::greater;
  condition.missing = alarm::MissingData::not_breaching;
  condition.unit = "Percent";
  EXPECT_EQ(read->condition, condition);
  EXPECT_EQ(read->severity(), Severity::error);
  EXPECT_EQ(read->say(), (SpokenText{{Language::en, "{machine} is hot"}}));
  EXPECT_EQ(definition_of(full)->condition.datapoints_to_alarm, 3);
}

TEST(PutMetricAlarm, RefusesEdgeByEdge) {
  struct {
    Fields changes;
    const char* code;
  } const cases[] = {
      {{}, "ok"},
      {{{"AlarmName", "-"}}, "ValidationError"},
      {{{"AlarmName", ""}}, "ValidationError"},
      {{{"AlarmName", std::string(255, 'a')}}, "ok"},
      {{{"AlarmName", std::string(256, 'a')}}, "ValidationError"},
      {{{"MetricName", "-"}}, "ValidationError"},
      {{{"Namespace", "-"}}, "ValidationError"},
      {{{"Namespace", ":x"}}, "ValidationError"},
      {{{"Namespace", "AWS/EC2"}}, "ok"},
      {{{"Statistic", "-"}}, "ValidationError"},
      {{{"Statistic", "p99"}}, "ValidationError"},
      {{{"Statistic", "-"}, {"ExtendedStatistic", "p99"}}, "ok"},
      {{{"Statistic", "-"}, {"ExtendedStatistic", "q99"}}, "ValidationError"},
      {{{"ExtendedStatistic", "p99"}}, "ValidationError"}, // beside Statistic
      {{{"EvaluateLowSampleCountPercentile", "ignore"}}, "ok"},
      {{{"EvaluateLowSampleCountPercentile", "never"}}, "ValidationError"},
      {{{"Metrics.member.1.Id", "m1"}}, "ValidationError"}, // beside MetricName
      {{{"EvaluationInterval", "60"}}, "ValidationError"},
      {{{"EvaluationWindow.WallClockWindow.Timezone", "%2B09:00"}}, "ok"},
      {{{"EvaluationWindow.WallClockWindow.Timezone", "Nowhere"}}, "ValidationError"},
      {{{"ThresholdMetricId", "ad1"}}, "ValidationError"},
      {{{"Period", "-"}}, "ValidationError"},
      {{{"Period", "45"}}, "ValidationError"},
      {{{"Period", "10"}}, "ok"},
      {{{"Period", "99999999999999999999"}}, "MalformedInput"},
      {{{"EvaluationPeriods", "0"}}, "ValidationError"},
      {{{"EvaluationPeriods", "2147483648"}}, "MalformedInput"},
      {{{"EvaluationPeriods", "1441"}}, "ValidationError"},
      {{{"DatapointsToAlarm", "4"}}, "ValidationError"},
      {{{"DatapointsToAlarm", "0"}}, "ValidationError"},
      {{{"DatapointsToAlarm", "3"}}, "ok"},
      {{{"Threshold", "-"}}, "ValidationError"},
      {{{"Threshold", "high"}}, "MalformedInput"},
      {{{"ComparisonOperator", "-"}}, "ValidationError"},
      {{{"ComparisonOperator", "GreaterThanUpperThreshold"}}, "ValidationError"},
      {{{"TreatMissingData", "Missing"}}, "ValidationError"},
      {{{"TreatMissingData", "ignore"}}, "ok"},
      {{{"Unit", "Parsec"}}, "ValidationError"},
      {{{"ActionsEnabled", "maybe"}}, "MalformedInput"},
      {{{"ActionsEnabled", "True"}}, "ok"},
      {{{"OKActions.member.1", ""}}, "ValidationError"},
      {{{"OKActions.member.1", "pager"}}, "ValidationError"},
      {{{"OKActions.member.1", "arn:aws:sns:x:1"}}, "ValidationError"},
      {{{"OKActions.member.1", "arn:aws:sns:x:1:pager"}}, "ok"},
      {{{"Tags.member.1.Key", "AWS:owner"}, {"Tags.member.1.Value", "x"}}, "ValidationError"},
      {{{"Tags.member.1.Key", "awsome"}, {"Tags.member.1.Value", "x"}}, "ok"},
      {{{"Dimensions.member.1.Name", "host"}}, "ValidationError"},
      {{{"Tags.member.1.Value", "x"}}, "ValidationError"},
      {{{"Tags.member.1.Key", "kaden:severity"}, {"Tags.member.1.Value", "urgent"}}, "ValidationError"},
      {{{"AlarmDescription", std::string(4097, 'a')}}, "ValidationError"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(code(c.changes), c.code)
        << (c.changes.empty() ? "" : c.changes.begin()->first + "=" + c.changes.begin()->second);
  }
  Fields actions;
  for (int i = 1; i <= 6; ++i) {
    actions["AlarmActions.member." + std::to_string(i)] = "arn:aws:sns:x:1:a";
    EXPECT_EQ(code(actions), i <= 5 ? "ok" : "ValidationError") << i;
  }
}

Fields math_fields() {
  Fields fields = full;
  for (const char* name : {"MetricName", "Namespace", "Statistic", "Period"}) fields.erase(name);
  fields.insert({{"Metrics.member.1.Id", "e1"}, {"Metrics.member.1.Expression", "m1%2B1"}});
  const std::string second = "Metrics.member.2.";
  fields.insert({{second + "Id", "m1"},
                 {second + "ReturnData", "false"},
                 {second + "MetricStat.Metric.Namespace", "CWAgent"},
                 {second + "MetricStat.Metric.MetricName", "cpu_usage_active"},
                 {second + "MetricStat.Metric.Dimensions.member.1.Name", "host"},
                 {second + "MetricStat.Metric.Dimensions.member.1.Value", "web-01"},
                 {second + "MetricStat.Period", "300"},
                 {second + "MetricStat.Stat", "p90"}});
  return fields;
}

TEST(PutMetricAlarm, ReadsMetricMath) {
  const auto read = definition_of(math_fields());
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->queries.size(), 2U);
  EXPECT_EQ(read->queries[0].expression, "m1+1");
  EXPECT_TRUE(read->queries[0].return_data);
  EXPECT_FALSE(read->queries[1].return_data);
  EXPECT_EQ(read->queries[1].stat->metric,
            (alarm::MetricId{"CWAgent", "cpu_usage_active", {{"host", "web-01"}}}));
  EXPECT_EQ(read->condition.period, seconds(300));
  const std::pair<const char*, const char*> changes[] = {
      {"Metrics.member.1.Expression", "m1%2B"},
      {"Metrics.member.1.Expression", "m2"},
      {"Metrics.member.1.Id", "E1"},
      {"Metrics.member.1.ReturnData", "false"},
      {"Metrics.member.2.MetricStat.Stat", "Middle"},
      {"Metrics.member.2.MetricStat.Period", "45"},
      {"Metrics.member.2.MetricStat.Unit", "Parsec"},
      {"Metrics.member.2.AccountId", "111122223333"},
      {"Metrics.member.2.MetricStat.Metric.Namespace", ":x"}};
  for (const auto& [name, value] : changes) {
    Fields fields = math_fields();
    fields[name] = value;
    const auto refused = definition_of(fields);
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().code, "ValidationError") << refused.error().message;
  }
}

TEST(PutCompositeAlarm, ReadsEveryField) {
  const std::string good =
      "AlarmName=site&AlarmRule=ALARM%28a%29+OR+ALARM%28b%29&AlarmDescription=x&ActionsEnabled=false";
  const auto read = read_composite(*input_of(
      "PutCompositeAlarm", good + "&ActionsSuppressor=night&ActionsSuppressorWaitPeriod=60&"
                                  "ActionsSuppressorExtensionPeriod=120&Tags.member.1.Key=kaden:severity&"
                                  "Tags.member.1.Value=warning"));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->rule, "ALARM(a) OR ALARM(b)");
  EXPECT_FALSE(read->actions_enabled);
  EXPECT_EQ(read->suppressor, "night");
  EXPECT_EQ(read->wait_period, seconds(60));
  EXPECT_EQ(read->extension_period, seconds(120));
  EXPECT_EQ(read->severity(), Severity::warning);
  for (const std::string form :
       {"AlarmName=site", "AlarmRule=ALARM%28a%29", "AlarmName=site&AlarmRule=ALARM%28a",
        "AlarmName=site&AlarmRule=ALARM%28a%29&ActionsSuppressor=night",
        "AlarmName=site&AlarmRule=ALARM%28a%29&ActionsSuppressor=n&ActionsSuppressorWaitPeriod=-1&"
        "ActionsSuppressorExtensionPeriod=0"}) {
    const auto refused = read_composite(*input_of("PutCompositeAlarm", form));
    ASSERT_FALSE(refused) << form;
    EXPECT_EQ(refused.error().code, "ValidationError") << form;
  }
}

TEST(DescribeAlarms, ReadsItsFilter) {
  const auto read = [](const Fields& fields) -> Answer<DescribeRequest> {
    const auto input = input_of("DescribeAlarms", form_of(fields));
    if (!input) return refused(input);
    return read_describe(*input);
  };
  EXPECT_EQ(read({})->filter.most, 50U);
  EXPECT_EQ(read({{"MaxRecords", "100"}})->filter.most, 100U);
  EXPECT_EQ(read({{"StateValue", "ALARM"}})->filter.state, AlarmState::alarm);
  EXPECT_EQ(read({{"NextToken", "kaden2:DescribeAlarms:guest:cpu:high"}})->filter.after,
            (alarm::AlarmKey{"cpu:high", alarm::Origin::rule}));
  const auto both = read({{"AlarmTypes.member.1", "MetricAlarm"}, {"AlarmTypes.member.2", "CompositeAlarm"}});
  EXPECT_TRUE(both->filter.metric_alarms && both->filter.composite_alarms);
  EXPECT_TRUE(read({})->filter.metric_alarms);
  EXPECT_FALSE(read({})->filter.composite_alarms);
  const auto none = read({{"AlarmTypes.member.1", "LogAlarm"}});
  EXPECT_FALSE(none->filter.metric_alarms || none->filter.composite_alarms);
  EXPECT_EQ(read({{"ChildrenOfAlarmName", "arn:aws:cloudwatch:us-east-1:1:alarm:site"}})->children_of,
            "site");
  struct {
    Fields fields;
    const char* code;
  } const cases[] = {
      {{{"MaxRecords", "0"}}, "ValidationError"},
      {{{"MaxRecords", "101"}}, "ValidationError"},
      {{{"StateValue", "BAD"}}, "ValidationError"},
      {{{"AlarmTypes.member.1", "Odd"}}, "ValidationError"},
      {{{"ChildrenOfAlarmName", "x"}, {"StateValue", "ALARM"}}, "ValidationError"},
      {{{"ChildrenOfAlarmName", "x"}, {"ParentsOfAlarmName", "x"}}, "ValidationError"},
      {{{"AlarmNames.member.1", "a"}, {"AlarmNamePrefix", "b"}}, "InvalidParameterCombination"},
      {{{"NextToken", "x"}}, "InvalidNextToken"},
      {{{"NextToken", "kaden2:DescribeAlarms:"}}, "InvalidNextToken"},
      {{{"NextToken", "kaden2:DescribeAlarms:other:x"}}, "InvalidNextToken"},
      {{{"NextToken", "kaden2:ListMetrics:guest:x"}}, "InvalidNextToken"},
      {{{"NextToken", "kaden1:guest:x"}}, "InvalidNextToken"},
  };
  for (const auto& c : cases) {
    const auto request = read(c.fields);
    ASSERT_FALSE(request) << c.fields.begin()->second;
    EXPECT_EQ(request.error().code, c.code) << c.fields.begin()->second;
  }
}

TEST(DescribeAlarms, WritesEscapedXml) {
  alarm::AlarmInfo info;
  info.definition = definition_of(full).value();
  info.key = {"<hot>", alarm::Origin::api};
  info.definition.name = "<hot>";
  info.definition.metric.dimensions = {{"host", "a&b"}};
  info.defined_at = info.changed_at = info.updated_at = parse_iso8601("2026-11-23T12:00:00.125Z").value();
  info.reason = "because \"hot\"";
  const std::string at = "2026-11-23T12:00:00.125Z";
  const auto message = smithy::write_output(smithy::Protocol::query, tested_service(),
                                            tested_service().operations.at("DescribeAlarms").operation,
                                            describe_output({info}, info.key, "arn:alarm:"), "id");
  EXPECT_EQ(
      message.body,
      "<DescribeAlarmsResponse "
      "xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\"><DescribeAlarmsResult>"
      "<MetricAlarms><member><AlarmName>&lt;hot&gt;</AlarmName><AlarmArn>arn:alarm:&lt;hot&gt;</AlarmArn>"
      "<AlarmConfigurationUpdatedTimestamp>" +
          at +
          "</AlarmConfigurationUpdatedTimestamp>"
          "<ActionsEnabled>true</ActionsEnabled><OKActions></OKActions><AlarmActions></AlarmActions>"
          "<InsufficientDataActions></InsufficientDataActions><StateValue>INSUFFICIENT_DATA</StateValue>"
          "<StateReason>because &quot;hot&quot;</StateReason><StateUpdatedTimestamp>" +
          at + "</StateUpdatedTimestamp><StateTransitionedTimestamp>" + at +
          "</StateTransitionedTimestamp>"
          "<MetricName>cpu_usage_active</MetricName><Namespace>CWAgent</Namespace><Statistic>Average</"
          "Statistic>"
          "<Dimensions><member><Name>host</Name><Value>a&amp;b</Value></member></Dimensions><Period>60</"
          "Period>"
          "<EvaluationPeriods>3</EvaluationPeriods><DatapointsToAlarm>3</DatapointsToAlarm>"
          "<Threshold>80</Threshold><ComparisonOperator>GreaterThanThreshold</ComparisonOperator>"
          "<TreatMissingData>missing</TreatMissingData></member></MetricAlarms><CompositeAlarms></"
          "CompositeAlarms>"
          "<NextToken>kaden2:DescribeAlarms:cloudwatch:&lt;hot&gt;</NextToken></DescribeAlarmsResult>"
          "<ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></DescribeAlarmsResponse>\n");
}

TEST(SetAlarmState, IsChecked) {
  const Fields good{{"AlarmName", "hot"}, {"StateValue", "ALARM"}, {"StateReason", "drill"}};
  EXPECT_EQ(read_set_state(*input_of("SetAlarmState", form_of(good)))->state, AlarmState::alarm);
  struct {
    const char* name;
    std::string value;
    const char* code;
  } const cases[] = {
      {"AlarmName", "", "ValidationError"},
      {"StateValue", "HOT", "ValidationError"},
      {"StateReason", "", "ValidationError"},
      {"StateReason", std::string(1024, 'a'), "ValidationError"},
      {"StateReasonData", "{", "InvalidFormat"},
      {"StateReasonData", std::string(4001, '1'), "ValidationError"},
  };
  for (const auto& c : cases) {
    Fields fields = good;
    fields[c.name] = c.value;
    const auto request = read_set_state(*input_of("SetAlarmState", form_of(fields)));
    ASSERT_FALSE(request) << c.name;
    EXPECT_EQ(request.error().code, c.code) << c.name << request.error().message;
  }
}

} // namespace
} // namespace kaden::cloudwatch
