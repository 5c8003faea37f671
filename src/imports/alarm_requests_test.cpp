// Alarms as requests: what the script holds, in which order, and that nothing gets out of its quotes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "kaden/imports.h"

namespace kaden::imports {
namespace {

using testing::HasSubstr;
using testing::Not;

const json::array hosts{json::object{{"Name", "host"}, {"Value", "web-01"}}};

json::object metric_alarm(const std::string& name, const json::object& changes = {}) {
  json::object object{{"AlarmName", name},
                      {"AlarmArn", "arn:aws:cloudwatch:ap-northeast-1:111122223333:alarm:" + name},
                      {"AlarmDescription", ""},
                      {"ActionsEnabled", true},
                      {"AlarmActions", json::array{"arn:aws:sns:ap-northeast-1:111122223333:topic"}},
                      {"OKActions", json::array{}},
                      {"StateValue", "OK"},
                      {"MetricName", "queue"},
                      {"Namespace", "App"},
                      {"Statistic", "Sum"},
                      {"Dimensions", json::array{}},
                      {"Period", 60.0},
                      {"EvaluationPeriods", 3},
                      {"Threshold", 5.0},
                      {"ComparisonOperator", "GreaterThanThreshold"}};
  for (const auto& member : changes) object[member.key()] = member.value();
  return object;
}

json::object math_alarm(const std::string& name, const json::array& queries) {
  return metric_alarm(name, {{"MetricName", nullptr},
                             {"Namespace", nullptr},
                             {"Statistic", nullptr},
                             {"Dimensions", nullptr},
                             {"Period", nullptr},
                             {"Metrics", queries}});
}

json::object stat(const std::string& id, const json::object& changes = {}) {
  json::object query{{"Id", id},
                     {"MetricStat",
                      {{"Metric", {{"Namespace", "App"}, {"MetricName", "x"}, {"Dimensions", hosts}}},
                       {"Period", 60},
                       {"Stat", "Sum"}}},
                     {"ReturnData", false}};
  for (const auto& member : changes) query[member.key()] = member.value();
  return query;
}

json::object composite(const std::string& name, const std::string& rule, const json::object& changes = {}) {
  json::object object{{"AlarmName", name}, {"AlarmRule", rule}, {"ActionsEnabled", true}};
  for (const auto& member : changes) object[member.key()] = member.value();
  return object;
}

Rules rules_of(const json::array& metric, const json::array& composites, Requests requests) {
  const auto rules = rules_of_cloudwatch_alarms(
      to_text(json::value(json::object{{"MetricAlarms", metric}, {"CompositeAlarms", composites}})),
      Language::en, requests);
  EXPECT_TRUE(rules) << rules.error().message;
  return rules.value_or(Rules{});
}

/// The JSON of each request, as sh would hand it to the CLI, in the order of the script.
std::vector<json::object> inputs_of(const std::string& script) {
  std::vector<json::object> inputs;
  for (const std::string_view line : split(script, '\n')) {
    if (!line.starts_with("aws ")) continue;
    std::string text;
    bool is_open = false;
    for (std::size_t i = line.find('\''); i < line.rfind('\''); ++i) {
      if (line[i] == '\'') {
        is_open = !is_open;
      } else if (is_open) {
        text.push_back(line[i]);
      } else {
        EXPECT_EQ(line.substr(i, 2), "\\'") << line;
        text.push_back(line[++i]);
      }
    }
    const auto value = parse_json(text);
    EXPECT_TRUE(value && value->is_object()) << line;
    if (value && value->is_object()) inputs.push_back(value->get_object());
  }
  return inputs;
}

std::vector<std::string> names_in(const std::string& script) {
  std::vector<std::string> names;
  for (const json::object& input : inputs_of(script)) names.emplace_back(input.at("AlarmName").as_string());
  return names;
}

TEST(AlarmRequests, define_the_alarm_as_it_is) {
  const Rules rules = rules_of(
      {metric_alarm("queue", {{"Threshold", 0.5},
                              {"Unit", "Count"},
                              {"TreatMissingData", "notBreaching"},
                              {"Tags", json::array{json::object{{"Key", "team"}, {"Value", "b"}}}}})},
      {}, Requests::rest);
  EXPECT_EQ(rules.left_out, 1U);
  EXPECT_EQ(rules.requests, 1U);
  EXPECT_THAT(rules.yaml,
              HasSubstr("alarms: []\n# No rules, but in the script of requests:\n# - queue: it has no "
                        "dimension"));
  EXPECT_THAT(rules.script, HasSubstr("#!/bin/sh\n"));
  EXPECT_THAT(rules.script, HasSubstr(": \"${KADEN_URL:?"));
  EXPECT_THAT(
      rules.script,
      HasSubstr(
          "\naws cloudwatch put-metric-alarm --cli-input-json '{\"AlarmName\":\"queue\",\"ActionsEnabled\":"
          "true,\"AlarmActions\":[\"arn:aws:sns:ap-northeast-1:111122223333:topic\"],\"Tags\":[{\"Key\":"
          "\"team\",\"Value\":\"b\"}],\"MetricName\":\"queue\",\"Namespace\":\"App\",\"Statistic\":\"Sum\","
          "\"Period\":60,\"Unit\":\"Count\",\"EvaluationPeriods\":3,\"Threshold\":0.5,"
          "\"ComparisonOperator\":\"GreaterThanThreshold\",\"TreatMissingData\":\"notBreaching\"}' "
          "--endpoint-url \"$KADEN_URL\" || failed=$((failed + 1))\n"));
}

TEST(AlarmRequests, metric_math_comes_along_without_its_own_account) {
  const Rules rules = rules_of({math_alarm("math", {stat("a", {{"AccountId", "111122223333"}}),
                                                    json::object{{"Id", "b"}, {"Expression", "a*2"}}})},
                               {}, Requests::rest);
  ASSERT_EQ(rules.requests, 1U);
  const json::object input = inputs_of(rules.script).at(0);
  EXPECT_EQ(input.at("Metrics"),
            json::value(json::array{stat("a"), json::object{{"Id", "b"}, {"Expression", "a*2"}}}));
  EXPECT_FALSE(input.contains("MetricName"));
  EXPECT_FALSE(input.contains("Period"));
}

TEST(AlarmRequests, children_come_before_parents_and_circles_last) {
  const Rules rules =
      rules_of({metric_alarm("queue"), metric_alarm("quiet")},
               {composite("x", "ALARM(y)"), composite("y", "ALARM(x)"),
                composite("top", "ALARM(\"middle\") OR ALARM(queue)",
                          {{"ActionsSuppressor", "arn:aws:cloudwatch:ap-northeast-1:111122223333:alarm:hush"},
                           {"ActionsSuppressorWaitPeriod", 0},
                           {"ActionsSuppressorExtensionPeriod", 60}}),
                composite("middle", "NOT OK(quiet)"), composite("hush", "ALARM(gone)")},
               Requests::rest);
  EXPECT_THAT(names_in(rules.script),
              testing::ElementsAre("queue", "quiet", "middle", "hush", "top", "x", "y"));
  EXPECT_THAT(rules.script, HasSubstr("# hush\n# looks at alarms that are not in this script: gone\n"));
  const json::object top = inputs_of(rules.script).at(4);
  EXPECT_EQ(top.at("ActionsSuppressorWaitPeriod"), json::value(0));
  EXPECT_EQ(top.at("ActionsSuppressor"),
            json::value("arn:aws:cloudwatch:ap-northeast-1:111122223333:alarm:hush"));
}

TEST(AlarmRequests, what_a_composite_alarm_looks_at_keeps_its_name) {
  const json::object of_host{{"Dimensions", hosts}};
  const json::array metric{metric_alarm("slow", of_host),
                           metric_alarm("other", {{"Dimensions", hosts}, {"Threshold", 1}})};
  const json::array both{composite("both", "ALARM(slow)")};
  const Rules rest = rules_of(metric, both, Requests::rest);
  EXPECT_EQ(rest.taken, 1U);
  EXPECT_THAT(names_in(rest.script), testing::ElementsAre("slow", "both"));
  EXPECT_THAT(rest.yaml, HasSubstr("# - slow: a composite alarm looks at it by its name\n"));
  const Rules none = rules_of(metric, both, Requests::none);
  EXPECT_EQ(none.taken, 2U);
  EXPECT_EQ(none.script, "");
  EXPECT_THAT(none.yaml, HasSubstr("# Not taken:\n# - both: it is composite"));
  EXPECT_THAT(none.yaml,
              HasSubstr("# 1 of these can be defined on Kaden just as they are: with --requests FILE"));
  const Rules all = rules_of(metric, both, Requests::all);
  EXPECT_EQ(all.yaml, "");
  EXPECT_THAT(names_in(all.script), testing::ElementsAre("slow", "other", "both"));
  EXPECT_EQ(all.requests, 3U);
}

struct LostAlarm {
  json::object alarm;
  std::string reason;
};

TEST(AlarmRequests, what_they_cannot_carry_either_is_a_comment_with_its_reason) {
  const json::object returned{{"ReturnData", true}};
  const std::vector<LostAlarm> cases = {
      {metric_alarm("a", {{"ThresholdMetricId", "ad1"}}), "it is about anomaly detection"},
      {math_alarm("a", {stat("m"), json::object{{"Id", "b"}, {"Expression", "ANOMALY_DETECTION_BAND(m)"}}}),
       "it is about anomaly detection"},
      {math_alarm("a",
                  {json::object{{"Id", "b"}, {"Expression", " select MAX(x) FROM App"}, {"Period", 60}}}),
       "it is a Metrics Insights query"},
      {metric_alarm("a", {{"EvaluationCriteria", {{"PromQLCriteria", {{"Query", "up"}}}}}}),
       "it is a PromQL query"},
      {math_alarm("a", {stat("m", {{"AccountId", "999988887777"}, {"ReturnData", true}})}),
       "it looks at metrics of another account: 999988887777"},
      {math_alarm("a", {stat("m"), stat("n")}), "exactly one entry must have ReturnData"},
      {math_alarm("a", {stat("m", {{"MetricStat", 7}})}), "not one that can be sent to Kaden"},
      {metric_alarm("a", {{"Namespace", ":x"}}), "not one that can be sent to Kaden"},
      {metric_alarm("a", {{"Statistic", "Mode"}}), "its statistic is Mode"},
      {metric_alarm("a", {{"ComparisonOperator", "LessThanLowerThreshold"}}), "its comparison is"},
      {metric_alarm("a", {{"Threshold", nullptr}}), "it has no threshold"},
      {metric_alarm("a", {{"Period", 45}}), "Period"},
      {metric_alarm("a", {{"EvaluationWindow", {{"WallClockWindow", {{"Timezone", "Asia/Tokyo"}}}}}}),
       "EvaluationWindow"},
      {metric_alarm("", {}), "its name is empty or longer than 255 characters"},
      {metric_alarm(std::string(256, 'n'), {}), "its name is empty or longer than 255 characters"},
      {metric_alarm("a", {{"AlarmDescription", std::string(140'000, 'x')}}), "longer than a command line"},
  };
  for (const LostAlarm& one : cases) {
    const Rules rules = rules_of({one.alarm}, {}, Requests::all);
    EXPECT_EQ(rules.left_out, 1U);
    EXPECT_EQ(rules.requests, 0U) << one.reason;
    EXPECT_THAT(rules.script, HasSubstr("\n# Not even here, with the reason:\n# - "));
    EXPECT_THAT(rules.script, HasSubstr(one.reason));
    EXPECT_THAT(rules_of({one.alarm}, {}, Requests::rest).yaml, HasSubstr(one.reason));
  }
  for (const json::object& wrong : {composite("c", "ALARM("), composite("", "ALARM(a)"),
                                    composite("c", "ALARM(a)", {{"ActionsSuppressor", "s"}}),
                                    composite("c", "ALARM(a)",
                                              {{"ActionsSuppressor", "c"},
                                               {"ActionsSuppressorWaitPeriod", 1},
                                               {"ActionsSuppressorExtensionPeriod", 1}})}) {
    EXPECT_EQ(rules_of({}, {wrong}, Requests::all).requests, 0U) << to_text(json::value(wrong));
  }
}

TEST(AlarmRequests, alarms_on_log_queries_are_lost_with_their_reason) {
  const auto rules = rules_of_cloudwatch_alarms(
      R"({"MetricAlarms": [], "LogAlarms": [{"AlarmName": "errors"}]})", Language::en);
  ASSERT_TRUE(rules);
  EXPECT_EQ(rules->left_out, 1U);
  EXPECT_THAT(rules->yaml, HasSubstr("# Not taken:\n# - errors: it is about a query of logs\n"));
}

TEST(AlarmRequests, a_wall_clock_window_is_carried_and_a_sliding_one_needs_no_word) {
  const Rules rules =
      rules_of({metric_alarm("wall", {{"EvaluationWindow", {{"WallClockWindow", {{"Timezone", "+09:00"}}}}}}),
                metric_alarm("sliding", {{"EvaluationWindow", {{"SlidingWindow", json::object{}}}}})},
               {}, Requests::all);
  const auto inputs = inputs_of(rules.script);
  ASSERT_EQ(inputs.size(), 2U);
  EXPECT_TRUE(inputs[0].contains("EvaluationWindow"));
  EXPECT_FALSE(inputs[1].contains("EvaluationWindow"));
}

TEST(AlarmRequests, nothing_in_an_alarm_gets_out_of_its_quotes_or_its_comment) {
  const std::string hostile = "a'; touch /tmp/x; echo '\n$(reboot) `reboot` \\ \"$HOME\" !! \x7f";
  const Rules rules =
      rules_of({metric_alarm(hostile, {{"AlarmDescription", "'''\r\n"}})},
               {composite("c", "ALARM(\"x\ny\")"), composite("bad\nreboot", "ALARM(")}, Requests::all);
  const auto inputs = inputs_of(rules.script);
  ASSERT_EQ(inputs.size(), 2U);
  EXPECT_EQ(inputs[0].at("AlarmName"), json::value(hostile));
  EXPECT_EQ(inputs[0].at("AlarmDescription"), json::value("'''\r\n"));
  EXPECT_THAT(rules.script, Not(HasSubstr("\nreboot")));
  EXPECT_THAT(rules.script, Not(HasSubstr("\n$(")));
  EXPECT_THAT(rules.script, Not(HasSubstr("\r")));
}

TEST(AlarmRequests, more_rules_than_a_configuration_holds_become_requests) {
  json::array metric;
  for (int i = 0; i < 1'002; ++i)
    metric.push_back(metric_alarm("alarm " + std::to_string(i), {{"Dimensions", hosts}, {"Threshold", i}}));
  const Rules rules = rules_of(metric, {}, Requests::rest);
  EXPECT_EQ(rules.rules, 1'000U);
  EXPECT_THAT(names_in(rules.script), testing::ElementsAre("alarm 1000", "alarm 1001"));
}

} // namespace
} // namespace kaden::imports
