#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kaden/config.h"
#include "town.h"

namespace kaden::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using webhook::Format;

TEST(Webhooks, AreRead) {
  const auto settings = read(
      "webhooks:\n"
      "  - {name: am, format: alertmanager, token_file: /etc/agent, source: prometheus, severity: error,\n"
      "     severities: {Ticket: info}, machine_labels: [vm, host], requests_per_second: 7}\n"
      "  - {name: pd, format: pagerduty, token_env: KADEN_TOKEN}\n"
      "  - {name: aws, format: sns, sns: {topics: [\"arn:aws:sns:us-east-1:111122223333:t\"], ca: "
      "/etc/open}}\n"
      "  - name: any\n"
      "    format: generic\n"
      "    token_file: /etc/other\n"
      "    map: {each: /a, alarm: \"{/n}\", state: \"{/s}\", states: {Bad: ALARM, good: OK}, event_id: "
      "\"{/i}\",\n"
      "          severity: x, machine: \"{/m}\", title: t, reason: r, labels: {site: \"{body:/site}\"}}\n");
  ASSERT_TRUE(settings) << settings.error().message;
  ASSERT_EQ(settings->webhooks.size(), 4U);
  const Webhook& am = settings->webhooks[0];
  EXPECT_EQ(am.name, "am");
  EXPECT_EQ(am.token, "0123456789abcdef");
  EXPECT_EQ(am.rules.format, Format::alertmanager);
  EXPECT_EQ(am.rules.source, "prometheus");
  EXPECT_EQ(am.rules.severity, Severity::error);
  EXPECT_EQ(am.rules.severities, (std::map<std::string, Severity>{{"ticket", Severity::info}}));
  EXPECT_THAT(am.rules.machine_labels, ElementsAre("vm", "host"));
  EXPECT_EQ(am.requests_per_second, 7);
  EXPECT_EQ(settings->webhooks[1].rules.source, "pd");
  EXPECT_EQ(settings->webhooks[1].rules.severity, Severity::critical);
  EXPECT_EQ(settings->webhooks[2].token, ""); // it signs
  EXPECT_THAT(settings->webhooks[2].sns.topics, ElementsAre("arn:aws:sns:us-east-1:111122223333:t"));
  EXPECT_EQ(settings->webhooks[2].sns.ca_file, "/etc/open");
  const webhook::Mapping& map = settings->webhooks[3].rules.map;
  EXPECT_EQ(map.each, "/a");
  EXPECT_EQ(map.states,
            (std::map<std::string, AlarmState>{{"bad", AlarmState::alarm}, {"good", AlarmState::ok}}));
  EXPECT_EQ(map.labels, (std::map<std::string, std::string>{{"site", "{body:/site}"}}));
  EXPECT_EQ(map.event_id, "{/i}");
}

TEST(Webhooks, MistakesHaveTheirPlace) {
  const std::string pd = "{name: pd, format: pagerduty, token_file: /etc/agent";
  const std::vector<std::pair<std::string, std::string>> cases{
      {"{}", "webhooks[0].name: is missing"},
      {"{name: a, token_file: /etc/agent}", "webhooks[0].format: is missing"},
      {"{name: A b, format: grafana, token_file: /etc/agent}",
       "k.yaml:2:12: webhooks[0].name: \"A b\" is no id"},
      {"{name: a, format: grafanna, token_file: /etc/agent}",
       "webhooks[0].format: \"grafanna\" is not one of"},
      {"{name: a, format: grafana}", "token_file or token_env is missing"},
      {"{name: a, format: grafana, token: x}", "a secret is not written here: use token_file or token_env"},
      {"{name: a, format: grafana, token_file: /etc/short}", "the secret is 3 bytes long"},
      {pd + "}\n  - " + pd + "}", "another webhook is called \"pd\" already"},
      {pd + "}\n  - {name: b, format: pagerduty, token_file: /etc/agent}",
       "another webhook has the same token"},
      {pd + ", severity: loud}", "webhooks[0].severity: \"loud\" is not one of"},
      {pd + ", severities: {x: loud}}", "webhooks[0].severities: x: \"loud\" is none of critical, error"},
      {pd + ", severities: {x: info, X: error}}", "stands twice but for its case"},
      {pd + ", source: \"\u00e4\"}", "webhooks[0].source: \"\u00e4\" is no id"},
      {pd + ", requests_per_second: 0}", "webhooks[0].requests_per_second: "},
      {pd + ", sns: {topics: []}}", "only format sns has topics"},
      {pd + ", map: {alarm: x}}", "only format generic has a mapping"},
      {"{name: a, format: sns}", "format sns needs sns: {topics: [...]}"},
      {"{name: a, format: sns, sns: {topics: []}}", "webhooks[0].sns.topics: needs at least one ARN"},
      {"{name: a, format: sns, sns: {topics: [x]}}", "\"x\" is not a topic's ARN"},
      {"{name: a, format: sns, sns: {topics: [\"arn:a:b:c:d:e\"], ca: /etc/none}}",
       "webhooks[0].sns.ca: /etc/none cannot be read"},
      {"{name: a, format: generic, token_file: /etc/agent}", "format generic needs a mapping: map"},
      {"{name: a, format: generic, token_file: /etc/agent, map: {}}", "webhooks[0].map.alarm: is missing"},
      {"{name: a, format: generic, token_file: /etc/agent, map: {alarm: \"{x}\"}}",
       "webhooks[0].map.alarm: \"x\" is no JSON Pointer"},
      {"{name: a, format: generic, token_file: /etc/agent, map: {alarm: x, each: y}}",
       "webhooks[0].map.each: a pointer"},
      {"{name: a, format: generic, token_file: /etc/agent, map: {alarm: x, labels: {l: \"{\"}}}",
       "webhooks[0].map.labels: l: a single brace"},
      {"{name: a, format: generic, token_file: /etc/agent, map: {alarm: x, states: {a: BAD}}}",
       "\"BAD\" is none of OK, ALARM"},
      {"{name: a, format: generic, token_file: /etc/agent, map: {alarm: x, pointer: y}}",
       "unknown key \"pointer\""},
  };
  for (const auto& [text, says] : cases)
    EXPECT_THAT(error_of("webhooks:\n  - " + text + "\n"), HasSubstr(says)) << text;
}

TEST(WebhookRules, AreReadAloneForAReplay) {
  const auto rules = parse_webhook_rules("format: generic\nmap: {alarm: \"{/a}\"}\n", "mapping");
  ASSERT_TRUE(rules) << rules.error().message;
  EXPECT_EQ(rules->map.alarm, "{/a}");
  EXPECT_EQ(rules->source, "webhook");
  EXPECT_EQ(parse_webhook_rules("{name: x, format: grafana, token_file: /no/such}", "mapping")->source, "x");
  for (const std::string wrong : {"", "[]", "format: odd", "{", "format: generic"}) {
    const auto refused = parse_webhook_rules(wrong, "mapping");
    ASSERT_FALSE(refused) << wrong;
    EXPECT_THAT(refused.error().message, HasSubstr("mapping:"));
  }
}

} // namespace
} // namespace kaden::config
