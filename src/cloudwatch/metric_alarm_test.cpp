#include "metric_alarm.h"

#include <gtest/gtest.h>

namespace kaden::cloudwatch {
namespace {

using Fields = std::map<std::string, std::string>;

const Fields full{{"AlarmName", "hot"},     {"MetricName", "cpu_usage_active"},
                  {"Namespace", "CWAgent"}, {"Statistic", "Average"},
                  {"Period", "60"},         {"EvaluationPeriods", "3"},
                  {"Threshold", "80"},      {"ComparisonOperator", "GreaterThanThreshold"}};

Parameters parameters_of(const Fields& fields) {
  std::string body;
  for (const auto& [name, value] : fields) body += "&" + name + "=" + value;
  return Parameters::parse(body).value();
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
  const auto definition = read_definition(parameters_of(fields));
  if (definition) return "ok";
  EXPECT_EQ(definition.error().http_status, 400);
  return std::string(definition.error().code);
}

TEST(PutMetricAlarm, ReadsEveryField) {
  Fields fields = full;
  fields.insert({{"AlarmDescription", "%E9%87%8D"},
                 {"ActionsEnabled", "false"},
                 {"AlarmActions.member.1", "arn:1"},
                 {"OKActions.member.1", "arn:2"},
                 {"InsufficientDataActions.member.1", "arn:3"},
                 {"Dimensions.member.1.Name", "host"},
                 {"Dimensions.member.1.Value", "web-01"},
                 {"DatapointsToAlarm", "2"},
                 {"TreatMissingData", "notBreaching"},
                 {"Unit", "Percent"},
                 {"Tags.member.1.Key", "kaden:severity"},
                 {"Tags.member.1.Value", "error"},
                 {"Tags.member.2.Key", "kaden:say:en"},
                 {"Tags.member.2.Value", "{machine}+is+hot"}});
  const auto read = read_definition(parameters_of(fields));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->name, "hot");
  EXPECT_EQ(read->description, "重");
  EXPECT_FALSE(read->actions_enabled);
  EXPECT_EQ(read->alarm_actions, std::vector<std::string>{"arn:1"});
  EXPECT_EQ(read->ok_actions, std::vector<std::string>{"arn:2"});
  EXPECT_EQ(read->insufficient_data_actions, std::vector<std::string>{"arn:3"});
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
  EXPECT_EQ(read_definition(parameters_of(full))->condition.datapoints_to_alarm, 3);
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
      {{{"Statistic", "-"}, {"ExtendedStatistic", "p99"}}, "ValidationError"},
      {{{"Metrics.member.1.Id", "m1"}}, "ValidationError"},
      {{{"ThresholdMetricId", "ad1"}}, "ValidationError"},
      {{{"Period", "-"}}, "ValidationError"},
      {{{"Period", "45"}}, "ValidationError"},
      {{{"Period", "10"}}, "ok"},
      {{{"Period", "99999999999999999999"}}, "ValidationError"},
      {{{"EvaluationPeriods", "0"}}, "ValidationError"},
      {{{"EvaluationPeriods", "2147483648"}}, "ValidationError"},
      {{{"EvaluationPeriods", "1441"}}, "ValidationError"},
      {{{"DatapointsToAlarm", "4"}}, "ValidationError"},
      {{{"DatapointsToAlarm", "0"}}, "ValidationError"},
      {{{"DatapointsToAlarm", "3"}}, "ok"},
      {{{"Threshold", "-"}}, "ValidationError"},
      {{{"Threshold", "high"}}, "ValidationError"},
      {{{"ComparisonOperator", "-"}}, "ValidationError"},
      {{{"ComparisonOperator", "GreaterThanUpperThreshold"}}, "ValidationError"},
      {{{"TreatMissingData", "Missing"}}, "ValidationError"},
      {{{"TreatMissingData", "ignore"}}, "ok"},
      {{{"Unit", "Parsec"}}, "ValidationError"},
      {{{"ActionsEnabled", "maybe"}}, "ValidationError"},
      {{{"ActionsEnabled", "True"}}, "ok"},
      {{{"OKActions.member.1", ""}}, "ValidationError"},
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
    actions["AlarmActions.member." + std::to_string(i)] = "arn";
    EXPECT_EQ(code(actions), i <= 5 ? "ok" : "ValidationError") << i;
  }
}

TEST(DescribeAlarms, ReadsItsFilter) {
  const auto read = [](const Fields& fields) { return read_describe(parameters_of(fields)); };
  EXPECT_EQ(read({})->filter.most, 50U);
  EXPECT_EQ(read({{"MaxRecords", "100"}})->filter.most, 100U);
  EXPECT_EQ(read({{"StateValue", "ALARM"}})->filter.state, AlarmState::alarm);
  EXPECT_EQ(read({{"NextToken", "kaden1:guest:cpu:high"}})->filter.after,
            (alarm::AlarmKey{"cpu:high", alarm::Origin::rule}));
  EXPECT_FALSE(read({{"AlarmTypes.member.1", "MetricAlarm"}, {"AlarmTypes.member.2", "LogAlarm"}})->nothing);
  EXPECT_TRUE(read({{"AlarmTypes.member.1", "CompositeAlarm"}})->nothing);
  struct {
    Fields fields;
    const char* code;
  } const cases[] = {
      {{{"MaxRecords", "0"}}, "ValidationError"},
      {{{"MaxRecords", "101"}}, "ValidationError"},
      {{{"StateValue", "BAD"}}, "ValidationError"},
      {{{"AlarmTypes.member.1", "Odd"}}, "ValidationError"},
      {{{"ChildrenOfAlarmName", "x"}}, "ValidationError"},
      {{{"AlarmNames.member.1", "a"}, {"AlarmNamePrefix", "b"}}, "InvalidParameterCombination"},
      {{{"NextToken", "x"}}, "InvalidNextToken"},
      {{{"NextToken", "kaden1:"}}, "InvalidNextToken"},
      {{{"NextToken", "kaden1:other:x"}}, "InvalidNextToken"},
      {{{"NextToken", "kaden2:guest:x"}}, "InvalidNextToken"},
  };
  for (const auto& c : cases) {
    const auto request = read(c.fields);
    ASSERT_FALSE(request) << c.fields.begin()->second;
    EXPECT_EQ(request.error().code, c.code) << c.fields.begin()->second;
  }
}

TEST(DescribeAlarms, WritesEscapedXml) {
  alarm::AlarmInfo info;
  info.definition = read_definition(parameters_of(full)).value();
  info.definition.name = "<hot>";
  info.definition.metric.dimensions = {{"host", "a&b"}};
  info.defined_at = info.changed_at = info.updated_at = parse_iso8601("2026-11-23T12:00:00.125Z").value();
  info.reason = "because \"hot\"";
  EXPECT_EQ(
      describe_result({info}, alarm::AlarmKey{"<hot>", alarm::Origin::api}, "arn:alarm:"),
      "<MetricAlarms><member><AlarmName>&lt;hot&gt;</AlarmName><AlarmArn>arn:alarm:&lt;hot&gt;</AlarmArn>"
      "<AlarmConfigurationUpdatedTimestamp>2026-11-23T12:00:00.125Z</AlarmConfigurationUpdatedTimestamp>"
      "<ActionsEnabled>true</ActionsEnabled><OKActions></OKActions><AlarmActions></AlarmActions>"
      "<InsufficientDataActions></InsufficientDataActions><StateValue>INSUFFICIENT_DATA</StateValue>"
      "<StateReason>because &quot;hot&quot;</StateReason>"
      "<StateUpdatedTimestamp>2026-11-23T12:00:00.125Z</StateUpdatedTimestamp>"
      "<StateTransitionedTimestamp>2026-11-23T12:00:00.125Z</StateTransitionedTimestamp>"
      "<MetricName>cpu_usage_active</MetricName><Namespace>CWAgent</Namespace><Statistic>Average</Statistic>"
      "<Dimensions><member><Name>host</Name><Value>a&amp;b</Value></member></Dimensions><Period>60</Period>"
      "<EvaluationPeriods>3</EvaluationPeriods><DatapointsToAlarm>3</DatapointsToAlarm>"
      "<Threshold>80.0</Threshold><ComparisonOperator>GreaterThanThreshold</ComparisonOperator>"
      "<TreatMissingData>missing</TreatMissingData></member></MetricAlarms><CompositeAlarms/>"
      "<NextToken>kaden1:cloudwatch:&lt;hot&gt;</NextToken>");
}

TEST(SetAlarmState, IsChecked) {
  const Fields good{{"AlarmName", "hot"}, {"StateValue", "ALARM"}, {"StateReason", "drill"}};
  EXPECT_EQ(read_set_state(parameters_of(good))->state, AlarmState::alarm);
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
    const auto request = read_set_state(parameters_of(fields));
    ASSERT_FALSE(request) << c.name;
    EXPECT_EQ(request.error().code, c.code) << c.name << request.error().message;
  }
  EXPECT_FALSE(read_names(parameters_of({})));
}

} // namespace
} // namespace kaden::cloudwatch
