#include "kaden/imports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace kaden::imports {
namespace {

using testing::HasSubstr;
using testing::Not;

/// An alarm as `aws cloudwatch describe-alarms` prints it; `changes` replace or add members.
json::object cloudwatch_alarm(const std::string& name, const std::string& host,
                              const json::object& changes = {}) {
  json::object object{{"AlarmName", name},
                      {"AlarmDescription", "x\n# y"},
                      {"ActionsEnabled", true},
                      {"MetricName", "mem_used_percent"},
                      {"Namespace", "CWAgent"},
                      {"Statistic", "Average"},
                      {"Dimensions", json::array{json::object{{"Name", "host"}, {"Value", host}}}},
                      {"Period", 60},
                      {"EvaluationPeriods", 5},
                      {"DatapointsToAlarm", 3},
                      {"Threshold", 90.0},
                      {"ComparisonOperator", "GreaterThanOrEqualToThreshold"},
                      {"TreatMissingData", "breaching"}};
  for (const auto& member : changes) object[member.key()] = member.value();
  return object;
}

Rules rules_of(const json::array& alarms, Language language = Language::en) {
  const auto rules =
      rules_of_cloudwatch_alarms(to_text(json::value(json::object{{"MetricAlarms", alarms}})), language);
  EXPECT_TRUE(rules) << rules.error().message;
  return rules.value_or(Rules{});
}

TEST(CloudwatchAlarms, one_alarm_becomes_a_rule_for_its_machine) {
  const Rules rules = rules_of({cloudwatch_alarm("kaden-mem-vm-erp-01", "vm-erp-01")});
  EXPECT_EQ(rules.taken, 1U);
  EXPECT_EQ(rules.yaml,
            "# From 1 CloudWatch alarms: 1 became 1 rules, 0 could not (see the end).\n"
            "# A rule is about every metric that has at least its dimensions; CloudWatch wants exactly those "
            "of the alarm.\n"
            "# Severity is critical unless changed here; who is called is decided by routes, not by the "
            "alarm's SNS topics.\n"
            "alarms:\n"
            "  # stands for kaden-mem-vm-erp-01\n"
            "  # called here: kaden-mem vm-erp-01\n"
            "  - name: \"kaden-mem\"\n"
            "    metric: \"mem_used_percent\"\n"
            "    for_each: [\"host\"]\n"
            "    where: {\"host\": \"vm-erp-01\"}\n"
            "    statistic: Average\n"
            "    period_s: 60\n"
            "    datapoints: 3\n"
            "    of: 5\n"
            "    when: \">= 90\"\n"
            "    missing: breaching\n");
}

TEST(CloudwatchAlarms, alarms_that_differ_only_by_machine_become_one_rule_for_all) {
  const json::object of_path{{"Dimensions", json::array{json::object{{"Name", "path"}, {"Value", "/"}},
                                                        json::object{{"Name", "host"}, {"Value", "b"}}}}};
  const Rules rules = rules_of({cloudwatch_alarm("mem a", "a"), cloudwatch_alarm("b/mem", "b"),
                                cloudwatch_alarm("mem-strict-a", "a", {{"Threshold", 80}}),
                                cloudwatch_alarm("root-of-b", "b", of_path)});
  EXPECT_EQ(rules.rules, 3U);
  EXPECT_EQ(rules.taken, 4U);
  EXPECT_THAT(rules.yaml,
              HasSubstr("  # stands for mem a, b/mem\n  # called here: mem a, mem b\n  # Every machine"));
  EXPECT_THAT(
      rules.yaml,
      HasSubstr(
          "  - name: \"mem\"\n    metric: \"mem_used_percent\"\n    for_each: [\"host\"]\n    statistic"));
  EXPECT_THAT(rules.yaml, HasSubstr("where: {\"host\": \"b\", \"path\": \"/\"}"));
  EXPECT_THAT(rules.yaml, HasSubstr("when: \">= 80\""));
}

TEST(CloudwatchAlarms, percentiles_and_odd_values_are_said_as_rules_say_them) {
  const Rules rules = rules_of({cloudwatch_alarm(
      "slow", "a",
      {{"Statistic", nullptr},
       {"ExtendedStatistic", "p99"},
       {"EvaluateLowSampleCountPercentile", "ignore"},
       {"Dimensions", json::array{json::object{{"Name", "host"}, {"Value", "a"}},
                                  json::object{{"Name", "path"}, {"Value", "C:\\*.log"}}}}})});
  EXPECT_THAT(rules.yaml, HasSubstr("    where: {\"host\": \"a\"}\n"
                                    "    where_regex: {\"path\": \"C:\\\\\\\\\\\\*\\\\.log\"}\n"
                                    "    statistic: \"p99\"\n"));
  EXPECT_THAT(rules.yaml, HasSubstr("    low_samples: ignore\n"));
}

TEST(CloudwatchAlarms, names_stay_when_they_end_in_the_machine_and_say_their_new_form_else) {
  const std::vector<std::tuple<std::string, std::string, std::string>> cases = {
      {"memory web-01", "memory", "  # names stay as they are\n"},
      {"memory", "memory", "  # called here: memory web-01\n"},
      {"web-01/memory", "memory", "  # called here: memory web-01\n"},
      {"memory-web-01-high", "memory-high", "  # called here: memory-high web-01\n"},
      {"web-01", "web-01", "  # called here: web-01 web-01\n"},
      {"web-011 memory", "web-011 memory", "  # called here: web-011 memory web-01\n"},
      {std::string(129, 'n'), "mem_used_percent", "  # called here: mem_used_percent web-01\n"},
  };
  for (const auto& [name, rule, comment] : cases) {
    const Rules rules = rules_of({cloudwatch_alarm(name, "web-01")});
    EXPECT_THAT(rules.yaml, HasSubstr("  - name: \"" + rule + "\"\n")) << name;
    EXPECT_THAT(rules.yaml, HasSubstr(comment)) << name;
  }
  const Rules many = rules_of({cloudwatch_alarm("memory a", "a"), cloudwatch_alarm("memory b", "b")});
  EXPECT_THAT(many.yaml, HasSubstr("  # stands for memory a, memory b\n  # names stay as they are\n"));
}

TEST(CloudwatchAlarms, names_stay_apart_and_fall_back_to_the_metric) {
  const Rules rules = rules_of({cloudwatch_alarm("memory", "a"), cloudwatch_alarm("ram", "b"),
                                cloudwatch_alarm("memory too", "a", {{"Threshold", 1}}),
                                cloudwatch_alarm("ram too", "b", {{"Threshold", 1}})});
  EXPECT_THAT(rules.yaml, HasSubstr("- name: \"mem_used_percent\"\n"));
  EXPECT_THAT(rules.yaml, HasSubstr("- name: \"mem_used_percent-2\"\n"));
}

TEST(CloudwatchAlarms, a_wall_clock_window_stays_one) {
  const json::object wall_clock{{"EvaluationWindow", {{"WallClockWindow", {{"Timezone", "+09:00"}}}}}};
  const Rules rules = rules_of({cloudwatch_alarm("m a", "a", wall_clock), cloudwatch_alarm("m b", "b")});
  EXPECT_EQ(rules.rules, 2U) << "one slides";
  EXPECT_THAT(rules.yaml, HasSubstr("    wall_clock: \"+09:00\"\n"));
}

struct Left {
  json::object changes;
  std::string reason;
};

TEST(CloudwatchAlarms, what_a_rule_cannot_say_is_left_out_with_its_reason) {
  const std::vector<Left> cases = {
      {{{"Metrics", json::array{1}}}, "metric math"},
      {{{"ThresholdMetricId", "ad1"}}, "metric math"},
      {{{"Threshold", nullptr}}, "no threshold"},
      {{{"Statistic", nullptr}, {"ExtendedStatistic", "p999"}}, "its statistic is p999"},
      {{{"ComparisonOperator", "LessThanLowerThreshold"}}, "its comparison is LessThanLowerThreshold"},
      {{{"Namespace", "AWS/EC2"}}, "metrics of AWS/EC2"},
      {{{"Namespace", ":x"}}, "metric math"},
      {{{"Dimensions", json::array{}}}, "no dimension"},
      {{{"Dimensions", json::array{json::object{{"Name", "a\nb"}, {"Value", "c"}}}}}, "no dimension"},
      {{{"ActionsEnabled", false}}, "actions are disabled"},
      {{{"Period", 45}}, "Period"},
      {{{"Period", 1e30}}, "Period"},
      {{{"EvaluationPeriods", 0.5}}, "EvaluationPeriods"},
      {{{"DatapointsToAlarm", 6}}, "DatapointsToAlarm"},
      {{{"AlarmName", ""}}, "no name"},
  };
  for (const Left& left : cases) {
    const Rules rules = rules_of({cloudwatch_alarm("the alarm", "a", left.changes)});
    EXPECT_EQ(rules.left_out, 1U) << left.reason;
    EXPECT_EQ(rules.rules, 0U) << left.reason;
    EXPECT_THAT(rules.yaml, HasSubstr("alarms: []\n# Not taken:\n# - "));
    EXPECT_THAT(rules.yaml, HasSubstr(left.reason));
  }
  const auto composite = rules_of_cloudwatch_alarms(
      R"({"MetricAlarms": [3], "CompositeAlarms": [{"AlarmName": "both"}]})", Language::en);
  ASSERT_TRUE(composite);
  EXPECT_EQ(composite->left_out, 2U);
  EXPECT_THAT(composite->yaml, HasSubstr("# - both: it is composite"));
}

TEST(CloudwatchAlarms, nothing_from_outside_becomes_a_line_of_its_own) {
  const Rules rules = rules_of({cloudwatch_alarm("a\nalarms: [{}]\r# x", "h\"}, x: {"),
                                cloudwatch_alarm("off\nevil: 1", "a", {{"ActionsEnabled", false}})});
  EXPECT_THAT(rules.yaml, Not(HasSubstr("\nalarms: [")));
  EXPECT_THAT(rules.yaml, Not(HasSubstr("\nevil")));
  EXPECT_THAT(rules.yaml, HasSubstr("where: {\"host\": \"h\\\"}, x: {\"}"));
}

TEST(CloudwatchAlarms, speaks_japanese) {
  const Rules rules = rules_of(
      {cloudwatch_alarm("m", "a"), cloudwatch_alarm("x", "a", {{"ActionsEnabled", false}})}, Language::ja);
  EXPECT_THAT(rules.yaml, HasSubstr("# CloudWatch アラーム 2 件: 1 件が 1 個のルールになり"));
  EXPECT_THAT(rules.yaml, HasSubstr("アクションが無効"));
}

TEST(CloudwatchAlarms, says_what_it_wants_when_it_gets_something_else) {
  for (const char* wrong : {"", "[]", "{}", "{\"MetricAlarms\": {}}", "MetricAlarms"}) {
    const auto rules = rules_of_cloudwatch_alarms(wrong, Language::en);
    ASSERT_FALSE(rules) << wrong;
    EXPECT_EQ(rules.error().fault, Fault::invalid);
  }
}

std::string advice_of(const std::string& text, Language language = Language::en) {
  const auto advice = advice_for_cloudwatch_agent(text, "https://10.0.0.2:8480/", language);
  EXPECT_TRUE(advice) << advice.error().message;
  return advice ? advice->text : "";
}

TEST(CloudwatchAgent, a_plain_configuration_needs_the_endpoint_and_a_key) {
  const auto advice = advice_for_cloudwatch_agent(
      R"({"agent": {"region": "ap-northeast-1"},
          "metrics": {"metrics_collected": {"mem": {"measurement": ["used_percent"]}}}})",
      "https://10.0.0.2:8480/", Language::en);
  ASSERT_TRUE(advice);
  EXPECT_EQ(advice->warnings, 0U);
  EXPECT_EQ(advice->mistakes, 0U);
  EXPECT_EQ(
      advice->text,
      "Add these lines to the agent's configuration:\n"
      "  \"metrics\": {\"endpoint_override\": \"https://10.0.0.2:8480\"}\n"
      "\n"
      "Credentials (a machine that is not EC2: amazon-cloudwatch-agent-ctl -m onPremise):\n"
      "  In ~root/.aws/credentials the profile that the agent looks for by itself:\n"
      "    [AmazonCloudWatchAgent]\n"
      "    aws_access_key_id = ID\n"
      "    aws_secret_access_key = SECRET\n"
      "  ID and SECRET are one pair of `access_keys` in Kaden's configuration; no AWS account is asked.\n"
      "  Another file or profile: [credentials] shared_credential_file and shared_credential_profile in\n"
      "  common-config.toml. Only a file named there is read again when keys change; else restart the "
      "agent.\n"
      "  TLS: the certificate of https://10.0.0.2:8480 must be trusted by the machine, or named as [ssl] "
      "ca_bundle_path in common-config.toml.\n"
      "\nNothing in it changes series or keeps them from arriving.\n");
}

TEST(CloudwatchAgent, warns_of_what_changes_series) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {R"({"metrics": {}})", "agent.region is missing"},
      {R"({"agent": {"region": "x"}})", "there is no section metrics"},
      {R"({"metrics": {"append_dimensions": {"InstanceId": "${aws:InstanceId}"}}})",
       "removes the dimension host and adds InstanceId"},
      {R"({"metrics": {"append_dimensions": {"InstanceId": "${aws:InstanceId}"}}})",
       "instance metadata service"},
      {R"({"metrics": {"append_dimensions": {"InstanceId": "${aws:InstanceId}", "Stage": "prod"}}})",
       "AutoScalingGroupName: Stage will not come"},
      {R"({"metrics": {"aggregation_dimensions": [["InstanceId"], []]}})",
       "fewer dimensions ([[\"InstanceId\"],[]])"},
      {R"({"metrics": {"namespace": "Mine"}})", "rules need namespace: Mine"},
      {R"({"metrics": {"endpoint_override": "old.example"}})",
       "metrics.endpoint_override is old.example now"},
      {R"({"logs": {"endpoint_override": "old.example"}})", "logs.endpoint_override is old.example now"},
      {R"({"agent": {"metrics_collection_interval": 10}})", "agent collects every 10 s"},
      {R"({"metrics": {"metrics_collected": {"cpu": {"metrics_collection_interval": 1}}}})",
       "cpu collects every 1 s"},
      {R"({"metrics": {"metrics_collected": {"cpu": {"append_dimensions": {"d1": "x"}}}}})",
       "carry d1 as well"},
      {R"({"agent": {"omit_hostname": true}})", "omit_hostname removes"},
      {R"({"agent": {"credentials": {"role_arn": "arn:aws:iam::1:role/x"}}})",
       "agent.credentials has a role_arn"},
      {R"({"agent": {}, "traces": {}})", "traces (line 1) stays with AWS"},
      {R"({"agent": {"run_as_user": "cwagent"}})", "It runs as cwagent"},
      {R"({"metrics": {"metrics_collected": {"LogicalDisk": {}}}})", "C:\\Users\\Administrator"},
      {R"({"logs": {}})", "\"logs\": {\"endpoint_override\": \"https://10.0.0.2:8480\"}"},
      {R"({"agent": {}, "metrics": {}})", "\"agent\": {\"region\": \"ap-northeast-1\"}"},
  };
  for (const auto& [text, wanted] : cases) EXPECT_THAT(advice_of(text), HasSubstr(wanted));
}

TEST(CloudwatchAgent, is_silent_about_what_is_as_it_should_be) {
  const std::string text = advice_of(
      R"({"agent": {"region": "x", "run_as_user": "root", "metrics_collection_interval": 60},
          "metrics": {"namespace": "CWAgent", "endpoint_override": "https://10.0.0.2:8480",
                      "metrics_collected": {"swap": {"measurement": ["swap_used"]}}}})");
  EXPECT_THAT(text, Not(HasSubstr("  ! ")));
  EXPECT_THAT(text, Not(HasSubstr("  x ")));
  EXPECT_THAT(text, Not(HasSubstr("runs as")));
}

TEST(CloudwatchAgent, speaks_japanese) {
  EXPECT_THAT(advice_of(R"({"metrics": {"aggregation_dimensions": []}})", Language::ja),
              HasSubstr("2 回鳴ります"));
}

TEST(CloudwatchAgent, says_what_it_wants_when_it_gets_something_else) {
  for (const char* wrong : {"", "[]", "{}", "{\"other\": 1}"}) {
    EXPECT_FALSE(advice_for_cloudwatch_agent(wrong, "x", Language::en)) << wrong;
  }
}

} // namespace
} // namespace kaden::imports
