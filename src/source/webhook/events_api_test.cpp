// PagerDuty's and Opsgenie's event APIs, and Zabbix.
#include "test_bodies.h"

namespace kaden::webhook {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Pair;

const Rules pagerduty = rules(Format::pagerduty);
const Rules opsgenie = rules(Format::opsgenie);
const Rules zabbix = rules(Format::zabbix);

TEST(PagerDuty, TriggerAndResolveOfARealSenderAreOneAlarm) {
  const AlarmEvent trigger = event(pagerduty, sample("pagerduty-alertmanager-trigger.json"));
  EXPECT_EQ(trigger.alarm, "17c4e445d234645c9e547ff6d32a864af0ebdadcd1902771c24c8d366637ff41");
  EXPECT_EQ(trigger.state, AlarmState::alarm);
  EXPECT_EQ(trigger.severity, Severity::critical); // it was blank: the webhook's own
  EXPECT_EQ(trigger.machine, "Alertmanager");
  EXPECT_THAT(trigger.labels, Contains(Pair("title", "[FIRING:3] DiskFull (/var)")));
  EXPECT_THAT(trigger.labels, Contains(Pair("num_firing", "3")));
  const AlarmEvent resolve = event(pagerduty, sample("pagerduty-alertmanager-resolve.json"));
  EXPECT_EQ(resolve.alarm, trigger.alarm);
  EXPECT_EQ(resolve.state, AlarmState::ok);
}

TEST(PagerDuty, AMachineIsItsNameWithoutAPort) {
  const auto machine = [](const std::string& source) {
    return event(pagerduty,
                 R"({"event_action":"trigger","dedup_key":"k","payload":{"summary":"s","source":")" + source +
                     "\"}}")
        .machine;
  };
  EXPECT_EQ(machine("web-01:9100"), "web-01"); // as Alertmanager's label `instance` has it
  EXPECT_EQ(machine("fd00::1"), "fd00::1");
  EXPECT_EQ(machine("db: primary"), "db: primary");
  EXPECT_EQ(machine(""), "");
}

TEST(PagerDuty, TheSameWordsHaveTheSameIdAndOthersAnother) {
  const auto body = [](const std::string& summary) {
    return R"({"event_action":"trigger","dedup_key":"k","payload":{"summary":")" + summary +
           R"(","source":"web-01","severity":"error","custom_details":[1,2]}})";
  };
  const auto first = webhook::read(pagerduty, {"", body("disk full")});
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->readings[0].is_timeless);
  EXPECT_EQ(first->key, "k");
  EXPECT_EQ(first->readings[0].event.severity, Severity::error);
  EXPECT_THAT(first->readings[0].event.labels, Contains(Pair("custom_details", "[1,2]")));
  EXPECT_EQ(first->readings[0].event, event(pagerduty, body("disk full")));
  EXPECT_NE(first->readings[0].event.event_id, event(pagerduty, body("disk fuller")).event_id);
  EXPECT_EQ(first->readings[0].event.alarm, event(pagerduty, body("disk fuller")).alarm);
}

TEST(PagerDuty, ATriggerWithoutAKeyGetsOneThatARetryGetsToo) {
  const std::string body =
      R"({"event_action":"trigger","payload":{"summary":"s","source":"x","severity":"info"}})";
  const auto first = webhook::read(pagerduty, {"", body});
  const auto again = webhook::read(pagerduty, {"", body});
  ASSERT_TRUE(first && again);
  EXPECT_EQ(first->key.size(), 32U);
  EXPECT_EQ(first->key, again->key);
  const Answer answer = accepted(Format::pagerduty, *first, "n");
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(kaden::to_text(answer.body),
            R"({"status":"success","message":"Event processed","dedup_key":")" + first->key + "\"}");
}

TEST(PagerDuty, AnAcknowledgementFromOutsideIsOnlyRecorded) {
  const auto read = webhook::read(pagerduty, {"", R"({"event_action":"acknowledge","dedup_key":"k"})"});
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->readings.empty());
  EXPECT_THAT(read->note, HasSubstr("stops no call"));
}

TEST(PagerDuty, Problems) {
  struct Case {
    std::string body, says;
  };
  const std::vector<Case> cases{
      {"{}", "event_action: must be"},
      {R"({"event_action":"explode"})", "event_action: must be"},
      {R"({"event_action":"trigger"})", "payload: is missing"},
      {R"({"event_action":"trigger","payload":[]})", "payload: "},
      {R"({"event_action":"trigger","payload":{"source":"x"}})", "payload.summary: is missing or blank"},
      {R"({"event_action":"trigger","payload":{"summary":" "}})", "payload.summary: is missing or blank"},
      {R"({"event_action":"resolve"})", "dedup_key: is needed to resolve"},
      {R"({"event_action":"acknowledge","dedup_key":" "})", "dedup_key: is needed to acknowledge"},
      {R"({"event_action":"resolve","dedup_key":")" + std::string(256, 'k') + "\"}",
       "dedup_key: over 255 bytes"},
  };
  for (const Case& each : cases)
    EXPECT_THAT(problem(pagerduty, each.body), HasSubstr(each.says)) << each.body;
  const Answer answer = refused(Format::pagerduty, 400, "payload.summary: is missing or blank");
  EXPECT_EQ(kaden::to_text(answer.body), R"({"status":"invalid event","message":"Event object is invalid",)"
                                         R"("errors":["payload.summary: is missing or blank"]})");
  EXPECT_EQ(refused(Format::pagerduty, 429, "").body.at("status"), "throttle exceeded");
  EXPECT_EQ(refused(Format::pagerduty, 503, "").body.at("status"), "server error");
}

TEST(PagerDuty, TheTokenLeavesTheBodyHoweverItIsWritten) {
  const std::string token = "0123456789abcdef0123456789abcdee";
  const std::string body = sample("pagerduty-alertmanager-trigger.json");
  EXPECT_EQ(token_in(Format::pagerduty, body), token);
  const std::string kept = without_token(Format::pagerduty, body, token);
  EXPECT_EQ(kept.find(token), std::string::npos);
  EXPECT_EQ(event(pagerduty, kept), event(pagerduty, body));
  const std::string escaped = R"({"routing_key":"0123456789abcdef0123456789abcde\u0065","x":1})";
  EXPECT_EQ(token_in(Format::pagerduty, escaped), token);
  EXPECT_EQ(without_token(Format::pagerduty, escaped, token), R"({"routing_key":"[token]","x":1})");
  EXPECT_EQ(without_token(Format::generic, "a secret here", "secret"), "a [token] here");
  EXPECT_EQ(
      without_token(Format::sns, R"({"Token":"\u0061bc","SubscribeURL":"https://x/?Token=abc"})", "abc"),
      R"({"Token":"[token]","SubscribeURL":"https://x/?Token=[token]"})");
  EXPECT_EQ(token_in(Format::pagerduty, "{"), "");
}

TEST(Opsgenie, CreateAndCloseOfARealSenderAreOneAlarm) {
  const AlarmEvent create = event(opsgenie, sample("opsgenie-alertmanager-create.json"), "/v2/alerts");
  EXPECT_EQ(create.alarm, "17c4e445d234645c9e547ff6d32a864af0ebdadcd1902771c24c8d366637ff41");
  EXPECT_EQ(create.severity, Severity::critical);
  EXPECT_THAT(create.labels, Contains(Pair("title", "[FIRING:3] DiskFull (/var)")));
  EXPECT_THAT(create.labels, Contains(Pair("alertname", "DiskFull")));
  const AlarmEvent closed = event(opsgenie, sample("opsgenie-alertmanager-close.json"),
                                  "/v2/alerts/" + create.alarm + "/close?identifierType=alias");
  EXPECT_EQ(closed.alarm, create.alarm);
  EXPECT_EQ(closed.state, AlarmState::ok);
}

TEST(Opsgenie, Calls) {
  struct Case {
    std::string call, body, alarm, note;
    std::size_t events;
  };
  const std::vector<Case> cases{
      {"",
       R"({"message":"m","alias":"disk full","entity":"web-01","priority":"P5","tags":["a","b"],"note":"n"})",
       "disk full", "", 1},
      {"/v2/alerts/", R"({"message":"m","alias":"a"})", "a", "", 1},
      {"/v2/alerts/disk%20full/close?identifierType=alias", "", "disk full", "", 1},
      {"/v2/alerts/a/close?user=x&identifierType=alias", R"({"note":"done"})", "a", "", 1},
      {"/v2/alerts/a/acknowledge?identifierType=alias", "{}", "", "stops no call", 0},
      {"/v2/alerts/a/notes?identifierType=alias", R"({"note":"x"})", "", "recorded only", 0},
      {"/v2/alerts/a/message?identifierType=alias", R"({"message":"x"})", "", "recorded only", 0},
  };
  for (const Case& each : cases) {
    const auto read = webhook::read(opsgenie, {each.call, each.body});
    ASSERT_TRUE(read) << each.call << ": " << read.error().message;
    ASSERT_EQ(read->readings.size(), each.events) << each.call;
    if (each.events > 0) {
      EXPECT_EQ(read->readings[0].event.alarm, each.alarm);
    }
    EXPECT_THAT(read->note, HasSubstr(each.note));
  }
  const AlarmEvent made = event(opsgenie, cases[0].body);
  EXPECT_EQ(made.severity, Severity::info);
  EXPECT_EQ(made.machine, "web-01");
  EXPECT_THAT(made.labels, Contains(Pair("tags", "a,b")));
}

TEST(Opsgenie, Problems) {
  struct Case {
    std::string call, body, says;
  };
  const std::vector<Case> cases{
      {"/v2/alerts", "", "not valid JSON at line 1"},
      {"/v2/alerts", "{}", "message: is missing"},
      {"/v2/alerts", R"({"message":"m","alias":")" + std::string(513, 'a') + "\"}", "alias: over 512 bytes"},
      {"/v2/alerts", R"({"message":"m","details":[]})", "details: "},
      {"/v2/alerts", R"({"message":"m","tags":{}})", "tags: "},
      {"/v2/alerts/a/close", "{}", "identifierType: only alias"},
      {"/v2/alerts/a/close?identifierType=id", "{}", "identifierType: only alias"},
      {"/v2/alerts/%zz/close?identifierType=alias", "{}", ""},
      {"/v2/alerts/%20/close?identifierType=alias", "{}", "the alias is empty"},
      {"/v2/alerts/a/explode?identifierType=alias", "{}", "no such call"},
      {"/v2/alerts/a/b/close?identifierType=alias", "{}", "no such call"},
      {"/v2/alertsmore", "{}", "no such call"},
  };
  for (const Case& each : cases)
    EXPECT_THAT(problem(opsgenie, each.body, each.call), HasSubstr(each.says)) << each.call;
}

TEST(Opsgenie, Answers) {
  const Answer answer = accepted(Format::opsgenie, Read{}, "ops/1");
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.body.at("result"), "Request will be processed");
  EXPECT_THAT(std::string(answer.body.at("requestId").as_string()),
              testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"));
  EXPECT_EQ(refused(Format::opsgenie, 422, "why").body.at("message"), "why");
}

TEST(Zabbix, ProblemAndRecovery) {
  const AlarmEvent problem_event = event(zabbix, sample("zabbix-problem.json"));
  EXPECT_EQ(problem_event.alarm, "problem 4711");
  EXPECT_EQ(problem_event.event_id, "4711/1");
  EXPECT_EQ(problem_event.severity, Severity::critical);
  EXPECT_EQ(problem_event.machine, "db-prod-3");
  EXPECT_EQ(problem_event.reason, "97.2 %");
  EXPECT_THAT(problem_event.labels, Contains(Pair("title", "Disk /var is full on db-prod-3")));
  EXPECT_THAT(problem_event.labels, Contains(Pair("service", "erp")));
  EXPECT_EQ(problem_event.labels.count("update"), 0U); // an unresolved macro
  const AlarmEvent recovery = event(zabbix, R"({"event_id":"4711","event_value":"0","event_name":"x"})");
  EXPECT_EQ(recovery.alarm, problem_event.alarm);
  EXPECT_EQ(recovery.state, AlarmState::ok);
  EXPECT_EQ(recovery.event_id, "4711/0");
}

TEST(Zabbix, SeveritiesAndUpdates) {
  for (const auto& [word, severity] :
       std::vector<std::pair<std::string, Severity>>{{"Disaster", Severity::critical},
                                                     {"High", Severity::error},
                                                     {"Average", Severity::warning},
                                                     {"Warning", Severity::warning},
                                                     {"Information", Severity::info},
                                                     {"Not classified", Severity::critical}}) {
    EXPECT_EQ(
        event(zabbix, R"({"event_id":"1","event_value":"1","event_severity":")" + word + "\"}").severity,
        severity)
        << word;
  }
  const auto update =
      webhook::read(zabbix, {"", R"({"event_id":"1","event_value":"1","event_update_status":"1"})"});
  ASSERT_TRUE(update);
  EXPECT_TRUE(update->readings[0].is_timeless);
}

TEST(Zabbix, Problems) {
  EXPECT_THAT(problem(zabbix, "{}"), HasSubstr("event_id: is missing"));
  EXPECT_THAT(problem(zabbix, R"({"event_id":"{EVENT.ID}","event_value":"1"})"),
              HasSubstr("event_id: is missing"));
  EXPECT_THAT(problem(zabbix, R"({"event_id":"1","event_value":"up"})"), HasSubstr("event_value: must be"));
  EXPECT_THAT(problem(zabbix, R"({"event_id":"1","event_value":"1","event_source":"2"})"),
              HasSubstr("event_source: "));
}

} // namespace
} // namespace kaden::webhook
