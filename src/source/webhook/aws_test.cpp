// Amazon SNS and EventBridge. The signed messages and the certificate are samples with real signatures.
#include <functional>

#include "kaden/sns_message.h"
#include "test_bodies.h"

namespace kaden::webhook {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Pair;

const Rules sns = rules(Format::sns);
const Rules eventbridge = rules(Format::eventbridge);

SnsMessage message(const std::string& name) {
  const auto parsed = parse_sns_message(sample(name));
  EXPECT_TRUE(parsed) << parsed.error().message;
  return parsed.value_or(SnsMessage());
}

TEST(SnsSignature, EverySampleHasTheSignedBytesAndVerifies) {
  const std::string certificate = sample("signing-cert.pem");
  for (const std::string kind :
       {"notification", "notification-no-subject", "subscription-confirmation", "unsubscribe-confirmation"}) {
    for (const std::string version : {"v1", "v2"}) {
      const SnsMessage signed_message = message(kind + "." + version + ".json");
      EXPECT_EQ(signed_text(signed_message), sample(kind + ".canonical.txt")) << kind;
      const auto good = check_signature(signed_message, certificate);
      EXPECT_TRUE(good) << kind << version << ": " << good.error().message;
    }
  }
}

TEST(SnsSignature, AnyChangeIsSeen) {
  const std::string certificate = sample("signing-cert.pem");
  const std::vector<std::function<void(SnsMessage&)>> changes{
      [](SnsMessage& m) { m.message += " "; },
      [](SnsMessage& m) { m.message_id += "1"; },
      [](SnsMessage& m) { m.subject.reset(); },
      [](SnsMessage& m) { m.subject = "x"; },
      [](SnsMessage& m) { m.timestamp += "Z"; },
      [](SnsMessage& m) { m.topic_arn += "2"; },
      [](SnsMessage& m) { m.type_text += "x"; },
      [](SnsMessage& m) { m.signature_version = 1; },
      [](SnsMessage& m) { m.signature[5] = 'A'; },
      [](SnsMessage& m) { m.signature.clear(); },
      [](SnsMessage& m) { m.signature = "AAAA"; },
      [](SnsMessage& m) { m.signature = "%%%%"; },
      [](SnsMessage& m) { m.type = SnsType::unsubscribe_confirmation; }};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    SnsMessage changed = message("notification.v2.json");
    changes[i](changed);
    EXPECT_FALSE(check_signature(changed, certificate)) << i;
  }
  // Final, and nothing that a replay may try again: also where it is no signature at all.
  SnsMessage malformed = message("notification.v2.json");
  malformed.signature = "!!!";
  EXPECT_EQ(check_signature(malformed, certificate).error().fault, Fault::denied);
  EXPECT_FALSE(check_signature(message("notification.v2.json"), ""));
  EXPECT_FALSE(check_signature(message("notification.v2.json"),
                               "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
}

TEST(SnsMessage, Problems) {
  struct Case {
    std::string from, to, says;
  };
  const std::vector<Case> cases{
      {"\"Type\"", "\"Kind\"", "raw message delivery"},
      {"\"Notification\"", "\"Invitation\"", "Type: must be"},
      {"\"MessageId\"", "\"X\"", "MessageId: is missing"},
      {"\"SignatureVersion\": \"2\"", "\"SignatureVersion\": \"3\"", "SignatureVersion: must be 1 or 2"},
      {"\"SignatureVersion\": \"2\"", "\"SignatureVersion\": 2",
       "SignatureVersion: is missing or not a text"},
      {"2026-08-24T03:01:05.201Z", "yesterday", "Timestamp: "},
      {"\"SigningCertURL\"", "\"SigningCertUrl\"", "SigningCertURL: is missing"},
  };
  for (const Case& each : cases) {
    std::string body = sample("notification.v2.json");
    ASSERT_NE(body.find(each.from), std::string::npos) << each.from;
    body.replace(body.find(each.from), each.from.size(), each.to);
    const auto parsed = parse_sns_message(body);
    ASSERT_FALSE(parsed) << each.to;
    EXPECT_THAT(parsed.error().message, HasSubstr(each.says));
  }
}

TEST(SnsUrls, OnlyHostsOfSnsOverHttps) {
  for (const std::string good :
       {"https://sns.ap-northeast-1.amazonaws.com/a.pem", "https://sns.cn-north-1.amazonaws.com.cn/a.pem",
        "https://sns.us-gov-west-1.amazonaws.com/SimpleNotificationService-0.pem"}) {
    EXPECT_TRUE(check_certificate_url(good)) << good;
  }
  for (const std::string bad : {"",
                                "http://sns.us-east-1.amazonaws.com/a.pem",
                                "https://sns.us-east-1.amazonaws.com.evil.example/a.pem",
                                "https://evil.example/sns.us-east-1.amazonaws.com/a.pem",
                                "https://sns.us-east-1.amazonaws.com:8443/a.pem",
                                "https://user@sns.us-east-1.amazonaws.com/a.pem",
                                "https://sns.us-east-1.amazonaws.com@evil.example/a.pem",
                                "https://sns.a.evil.amazonaws.com/a.pem",
                                "https://sns..amazonaws.com/a.pem",
                                "https://sns.amazonaws.com/a.pem",
                                "https://sns.s3-us-west-2.amazonaws.com/a.pem", // a bucket called "sns"
                                "https://sns.s3.amazonaws.com/a.pem",
                                "https://sns.s3-website-us-east-1.amazonaws.com/a.pem",
                                "https://sns.us-east.amazonaws.com/a.pem",
                                "https://sns.us-1.amazonaws.com/a.pem",
                                "https://sns.us--east-1.amazonaws.com/a.pem",
                                "https://sns.us-east-123.amazonaws.com/a.pem",
                                "https://sns.us-east-1.amazonaws.com.cn/a.pem",
                                "https://sns.cn-north-1.amazonaws.com/a.pem",
                                "https://s3.us-east-1.amazonaws.com/a.pem",
                                "https://sns.us-east-1.amazonaws.com/a.pem?x=1",
                                "https://sns.us-east-1.amazonaws.com/a.txt",
                                "https://sns.us-east-1.amazonaws.com/a#.pem",
                                "https://SNS.us-east-1.amazonaws.com/a.pem",
                                "https://sns.us-east-1.amazonaws.com\\.evil/a.pem",
                                "https://sns.us-east-1.amazonaws.com\r\n/a.pem",
                                "https://sns.us-east-1.amazonaws.com",
                                "https://169.254.169.254/a.pem",
                                "file:///etc/passwd.pem",
                                "https://sns.us-east-1.amazonaws.com%2eevil/a.pem"}) {
    EXPECT_FALSE(check_certificate_url(bad)) << bad;
  }
}

TEST(SnsUrls, ASubscriptionIsConfirmedInItsOwnRegion) {
  SnsMessage confirmation = message("subscription-confirmation.v2.json");
  EXPECT_TRUE(check_subscribe_url(confirmation));
  for (const std::string bad : {"https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=1",
                                "https://sns.ap-northeast-1.amazonaws.com/?Action=DeleteTopic",
                                "https://evil.example/?Action=ConfirmSubscription"}) {
    confirmation.subscribe_url = bad;
    EXPECT_FALSE(check_subscribe_url(confirmation)) << bad;
  }
}

TEST(Sns, AMetricAlarm) {
  const AlarmEvent made = event(sns, sample("notification.v2.json"));
  const std::string arn = "arn:aws:cloudwatch:ap-northeast-1:111122223333:alarm:kaden-mem-vm-erp-01";
  EXPECT_EQ(made.alarm, arn);
  EXPECT_EQ(made.event_id, arn + "/2026-08-24T03:01:05.126+0000/ALARM");
  EXPECT_EQ(made.state, AlarmState::alarm);
  EXPECT_EQ(made.machine, "vm-erp-01");
  EXPECT_THAT(made.reason, HasSubstr("Threshold Crossed: 3 out of the last 5"));
  EXPECT_THAT(made.labels, Contains(Pair("title", "kaden-mem-vm-erp-01")));
  EXPECT_THAT(made.labels, Contains(Pair("description", "基幹サーバー メモリ")));
  EXPECT_THAT(made.labels,
              Contains(Pair("region", "ap-northeast-1"))); // of the ARN: Region is a display name
  EXPECT_THAT(made.say.at(Language::ja), HasSubstr("{title:name}"));
}

std::string enveloped(const std::string& inner) {
  return kaden::to_text(json::object{{"Type", "Notification"},
                                     {"MessageId", "m"},
                                     {"TopicArn", "t"},
                                     {"Message", inner},
                                     {"Timestamp", "2026-08-24T03:01:05.201Z"},
                                     {"Signature", "AAAA"},
                                     {"SignatureVersion", "2"},
                                     {"SigningCertURL", "u"}});
}

TEST(Sns, MetricMathAndComposite) {
  const AlarmEvent math = event(sns, enveloped(sample("alarm-message-metric-math.json")));
  EXPECT_THAT(math.labels, Contains(Pair("expression", "MAX([m1,m2])")));
  EXPECT_THAT(math.labels, Contains(Pair("VpnId", "vpn-0123456789abcdef0")));
  EXPECT_THAT(math.labels, Contains(Pair("TunnelIpAddress", "203.0.113.10")));
  EXPECT_THAT(math.labels,
              Contains(Pair("cut", "1"))); // the second tunnel's address: one label has one value
  const AlarmEvent composite = event(sns, enveloped(sample("alarm-message-composite.json")));
  EXPECT_THAT(composite.labels,
              Contains(Pair("alarm_rule", "ALARM(kaden-dx-connection) AND ALARM(kaden-vpn-both-tunnels)")));
  EXPECT_EQ(composite.labels.at("title"), "kaden-site-down");
}

TEST(Sns, PlainTextAndEventsInside) {
  const AlarmEvent text = event(sns, sample("notification-no-subject.v2.json"));
  EXPECT_EQ(text.labels.at("title"), "plain text");
  EXPECT_EQ(text.reason, "plain text with a second line");
  EXPECT_EQ(text.event_id, "0a1b2c3d-1111-5222-9333-444455556666");
  EXPECT_EQ(event(sns, enveloped(sample("alarm-state-change-metric.json"))).machine, "vm-erp-01");
}

TEST(Sns, ARemovedSubscriptionIsAnAlarmUntilItIsConfirmedAgain) {
  const AlarmEvent gone = event(sns, sample("unsubscribe-confirmation.v1.json"));
  EXPECT_EQ(gone.state, AlarmState::alarm);
  EXPECT_EQ(gone.severity, Severity::warning);
  const AlarmEvent back = event(sns, sample("subscription-confirmation.v1.json"));
  EXPECT_EQ(back.state, AlarmState::ok);
  EXPECT_EQ(back.alarm, gone.alarm);
}

TEST(Sns, ProblemsOfAnAlarm) {
  EXPECT_THAT(problem(sns, enveloped(R"({"AlarmName":""})")), HasSubstr("Message.AlarmName"));
  EXPECT_THAT(problem(sns, enveloped(R"({"AlarmName":"a","NewStateValue":"BAD"})")),
              HasSubstr("Message.NewStateValue"));
  EXPECT_THAT(problem(sns, enveloped(R"({"AlarmName":"a","NewStateValue":"OK","StateChangeTime":"x"})")),
              HasSubstr("Message.StateChangeTime"));
  EXPECT_EQ(refused(Format::sns, 429, "").status, 503); // any 4xx is final for SNS
  EXPECT_EQ(refused(Format::sns, 403, "").status, 403);
}

TEST(EventBridge, AlarmStates) {
  const AlarmEvent metric = event(eventbridge, sample("alarm-state-change-metric.json"));
  EXPECT_EQ(metric.alarm, "arn:aws:cloudwatch:ap-northeast-1:111122223333:alarm:kaden-mem-vm-erp-01");
  // The same change by either way has the same id.
  EXPECT_EQ(metric.event_id, event(sns, sample("notification.v1.json")).event_id);
  EXPECT_EQ(metric.machine, "vm-erp-01");
  EXPECT_THAT(metric.labels, Contains(Pair("threshold", "90")));
  const AlarmEvent composite = event(eventbridge, sample("alarm-state-change-composite-suppressed.json"));
  EXPECT_THAT(composite.labels, Contains(Pair("suppressed_by", "WaitPeriod")));
}

TEST(EventBridge, OnlyADeletedAlarmIsNewsAmongConfigurationChanges) {
  const std::string update = sample("alarm-configuration-change.json");
  const auto read = webhook::read(eventbridge, {"", update});
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->readings.empty());
  std::string gone = update;
  gone.replace(gone.find("\"update\""), 8, "\"delete\"");
  const AlarmEvent cleared = event(eventbridge, gone);
  EXPECT_EQ(cleared.state, AlarmState::ok);
  EXPECT_EQ(cleared.alarm, event(eventbridge, sample("alarm-state-change-metric.json")).alarm);
}

TEST(EventBridge, Health) {
  const std::string open = sample("health-public-issue.json");
  const AlarmEvent issue = event(eventbridge, open);
  EXPECT_EQ(issue.state, AlarmState::alarm);
  EXPECT_EQ(issue.severity, Severity::critical); // the webhook's own for an issue
  EXPECT_EQ(issue.labels.at("title"), "AWS Health: EC2 AWS_EC2_OPERATIONAL_ISSUE");
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string body = open;
    EXPECT_NE(body.find(from), std::string::npos) << from;
    body.replace(body.find(from), from.size(), to);
    return event(eventbridge, body);
  };
  // The backup region's copy is the same event; another communication or page is another.
  EXPECT_EQ(changed("\"backupEvent\": \"false\"", "\"backupEvent\": \"true\"").event_id, issue.event_id);
  EXPECT_NE(changed("e36cf1f09a-1", "e36cf1f09a-2").event_id, issue.event_id);
  EXPECT_NE(changed("\"page\": \"1\"", "\"page\": \"2\"").event_id, issue.event_id);
  // Over by its status, or by its words while the status is still open.
  EXPECT_EQ(changed("\"open\"", "\"closed\"").state, AlarmState::ok);
  EXPECT_EQ(changed("We are investigating", "[RESOLVED] We").state, AlarmState::ok);
  const AlarmEvent planned = event(eventbridge, sample("health-dx-maintenance.json"));
  EXPECT_EQ(planned.severity, Severity::warning);
  EXPECT_EQ(planned.machine, "dxcon-fgabc123");
  Rules own = eventbridge;
  own.severities = {{"scheduledchange", Severity::info}};
  EXPECT_EQ(event(own, sample("health-dx-maintenance.json")).severity, Severity::info);
}

TEST(EventBridge, HealthSaysWhenItChanged) {
  const auto changed_at = [](const std::string& date) {
    const std::string body =
        R"({"detail-type":"AWS Health Event","detail":{"eventArn":"arn:x","lastUpdatedTime":")" + date +
        "\"}}";
    const auto made = read(eventbridge, {"", body});
    EXPECT_TRUE(made);
    return made->readings.at(0).changed_at;
  };
  EXPECT_EQ(changed_at("Mon, 24 Aug 2026 02:43:12 GMT"), *parse_iso8601("2026-08-24T02:43:12Z"));
  EXPECT_EQ(changed_at("2026-08-24T02:43:12Z"), *parse_iso8601("2026-08-24T02:43:12Z"));
  for (const char* const odd :
       {"", "yesterday", "Mon, 24 Foo 2026 02:43:12 GMT", "Mon, 99 Aug 2026 02:43:12 GMT"})
    EXPECT_FALSE(changed_at(odd)) << odd;
}

TEST(EventBridge, Problems) {
  EXPECT_THAT(problem(eventbridge, "{}"), HasSubstr("detail-type: is missing"));
  EXPECT_THAT(problem(eventbridge, R"({"detail-type":"x"})"), HasSubstr("detail: is missing"));
  EXPECT_THAT(problem(eventbridge, R"({"detail-type":"EC2 Spot","detail":{}})"),
              HasSubstr("\"EC2 Spot\" is not known"));
  EXPECT_THAT(problem(eventbridge, R"({"detail-type":"AWS Health Event","detail":{}})"),
              HasSubstr("detail.eventArn"));
  EXPECT_THAT(
      problem(eventbridge, R"({"detail-type":"CloudWatch Alarm State Change","detail":{"alarmName":"a"}})"),
      HasSubstr("detail.state"));
}

TEST(Sqs, TellsItsMessagesApart) {
  const Rules sqs = rules(Format::sqs);
  const AlarmEvent by_topic = event(sqs, sample("notification.v2.json"));
  EXPECT_EQ(by_topic, event(sns, sample("notification.v2.json")));
  EXPECT_EQ(event(sqs, sample("alarm-message-metric.json")).alarm, by_topic.alarm) << "raw delivery";
  const AlarmEvent by_event = event(sqs, sample("alarm-state-change-metric.json"));
  EXPECT_EQ(by_event.event_id, by_topic.event_id) << "by both ways it comes once";
  EXPECT_EQ(event(sqs, sample("health-public-issue.json")),
            event(eventbridge, sample("health-public-issue.json")));
  EXPECT_EQ(event(sqs, sample("alarm-message-composite.json")).state, AlarmState::alarm);
  for (const char* body : {"", "[]", "{}", R"({"Records":[]})", "plain words"}) {
    EXPECT_FALSE(webhook::read(sqs, {"", body})) << body;
  }
  EXPECT_THAT(problem(sqs, R"({"Records":[]})"), HasSubstr("neither SNS's"));
}

} // namespace
} // namespace kaden::webhook
