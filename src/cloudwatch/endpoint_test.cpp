#include <gmock/gmock.h>

#include "endpoint_town.h"

namespace kaden::cloudwatch {
namespace {

TEST(Endpoint, TurnsADatumIntoAnEvent) {
  Town town;
  ASSERT_EQ(town.put_alarm("hot", "&Tags.member.1.Key=kaden:severity&Tags.member.1.Value=error"), 200);
  EXPECT_EQ(town.state_of("hot"), "INSUFFICIENT_DATA");
  ASSERT_EQ(town.put_cpu(97.31), 200);
  EXPECT_EQ(town.observed_, "cpu_usage_active ");
  town.clock_.advance(seconds(1));
  town.pass_ten_seconds();
  EXPECT_EQ(town.take_events(), "hot ALARM; ");
  EXPECT_EQ(town.last_.source, "cloudwatch");
  EXPECT_EQ(town.last_.event_id, "hot/ALARM/" + std::to_string(to_ms(noon + seconds(11))));
  EXPECT_EQ(town.last_.severity, Severity::error);
  EXPECT_EQ(town.last_.machine, "web-01");
  EXPECT_EQ(town.last_.labels.at("value"), "97.3");
  EXPECT_EQ(town.state_of("hot"), "ALARM");
  EXPECT_EQ(town.endpoint_->counts().untold, 0U);
  town.pass_ten_seconds();
  EXPECT_EQ(town.take_events(), "");
}

TEST(Endpoint, KeepsDefinitionsAndStatesOverARestart) {
  Town town({rule("cpu-high")});
  town.put_alarm("hot");
  town.put_cpu(95);
  town.clock_.advance(seconds(1));
  town.pass_ten_seconds();
  EXPECT_EQ(town.take_events(), "cpu-high web-01 ALARM; hot ALARM; ");
  EXPECT_EQ(town.last_.source, "cloudwatch");
  town.restart();
  EXPECT_EQ(town.state_of("hot"), "ALARM");
  EXPECT_EQ(town.state_of("cpu-high+web-01"), "ALARM");
  town.put_cpu(96);
  town.pass_ten_seconds();
  town.pass_ten_seconds();
  EXPECT_EQ(town.take_events(), ""); // still breaching: nothing new
}

TEST(Endpoint, TellsAgainAfterARestartWhatWasNotDurable) {
  Town town;
  town.put_alarm("hot");
  town.hold_ = true;
  town.put_cpu(95);
  town.clock_.advance(seconds(1));
  town.pass_ten_seconds();
  EXPECT_EQ(town.take_events(), "hot ALARM; ");
  EXPECT_EQ(town.endpoint_->counts().untold, 1U);
  town.restart(); // the answer is lost with the process
  EXPECT_EQ(town.state_of("hot"), "INSUFFICIENT_DATA");
  town.hold_ = false;
  town.put_cpu(95);
  town.pass_ten_seconds();
  EXPECT_EQ(town.take_events(), "hot ALARM; ");
}

TEST(Endpoint, TriesAgainInOrderWhatTheSinkRefuses) {
  Town town;
  town.put_alarm("hot");
  town.refuse_ = true;
  town.put_cpu(95);
  town.clock_.advance(seconds(1));
  town.pass_ten_seconds();
  town.put_cpu(5);
  town.pass_ten_seconds();
  EXPECT_EQ(town.take_events(), "hot ALARM; hot ALARM; ");
  EXPECT_EQ(town.endpoint_->counts().untold, 2U);
  town.refuse_ = false;
  town.pass_ten_seconds();
  EXPECT_EQ(town.take_events(), "hot ALARM; hot OK; ");
  EXPECT_EQ(town.endpoint_->counts().untold, 0U);
}

TEST(Endpoint, KeepsTheEndsOfALongStoryTheSinkDoesNotTake) {
  Town town;
  town.put_alarm("hot");
  town.hold_ = true;
  town.clock_.advance(seconds(1));
  for (int i = 0; i < 30; ++i) {
    town.put_cpu(i % 2 == 0 ? 95 : 5);
    town.pass_ten_seconds();
  }
  EXPECT_EQ(town.endpoint_->counts().untold, 8U);
  town.hold_ = false;
  town.held_.front()(true);
  town.held_.front()(true); // said twice: ignored
  for (int i = 0; i < 10; ++i) town.settle();
  const std::string story = town.take_events();
  EXPECT_TRUE(story.starts_with("hot ALARM; hot OK; ")) << story;
  EXPECT_TRUE(story.ends_with("hot OK; ")) << story;
  EXPECT_EQ(town.endpoint_->counts().untold, 0U);
}

TEST(Endpoint, AnswersSetAlarmStateAfterTheEventIsDurable) {
  Town town;
  town.put_alarm("hot");
  town.hold_ = true;
  std::atomic<int> status{0};
  std::atomic<int> second{0};
  const std::string body = "Action=SetAlarmState&AlarmName=hot&StateValue=ALARM&StateReason=drill";
  town.endpoint_->handle(Town::request(body),
                         [&](const http::Response& response) { status = response.status; });
  town.endpoint_->handle(Town::request(body),
                         [&](const http::Response& response) { second = response.status; });
  town.settle();
  EXPECT_EQ(status, 0);
  EXPECT_EQ(second, 0); // the same state again waits for the same event
  town.held_.front()(true);
  town.settle();
  EXPECT_EQ(status, 200);
  EXPECT_EQ(second, 200);
  EXPECT_EQ(town.take_events(), "hot ALARM; ");
  town.hold_ = false;
  town.refuse_ = true;
  EXPECT_EQ(town.set_state("hot", "OK"), 503);
  town.refuse_ = false;
  EXPECT_EQ(town.set_state("unknown", "OK"), 404);
  EXPECT_EQ(town.set_state("hot", "SAD"), 400);
}

TEST(Endpoint, HoldsBackDisabledActions) {
  Town town;
  town.put_alarm("hot", "&ActionsEnabled=false");
  EXPECT_EQ(town.set_state("hot", "ALARM"), 200);
  EXPECT_EQ(town.state_of("hot"), "ALARM");
  EXPECT_EQ(town.take_events(), "");
  town.restart();
  EXPECT_EQ(town.state_of("hot"), "ALARM");
  EXPECT_EQ(town.set_state("hot", "OK"), 200);
  EXPECT_EQ(town.take_events(), "hot OK; ");
}

TEST(Endpoint, ARulesAlarmKeepsItsActionsDisabledAsLongAsItIsThere) {
  Town town({rule("cpu-high"), rule("cpu-too")});
  town.put_cpu(5);
  const auto enabled = [&](const std::string& name) {
    return town.text("Action=DescribeAlarms&AlarmNames.member.1=" + name).find("<ActionsEnabled>true<") !=
           std::string::npos;
  };
  // It has not been evaluated yet, so without this no state of it would be stored.
  ASSERT_EQ(town.call("Action=DisableAlarmActions&AlarmNames.member.1=cpu-high+web-01"), 200);
  EXPECT_FALSE(enabled("cpu-high+web-01"));
  town.restart();
  EXPECT_FALSE(enabled("cpu-high+web-01"));
  town.rules_[0].condition.threshold = 70;
  town.endpoint_->set_rules(town.rules_);
  EXPECT_FALSE(enabled("cpu-high+web-01"));
  town.put_cpu(95);
  town.clock_.advance(seconds(1));
  town.pass_ten_seconds();
  EXPECT_EQ(town.take_events(), "cpu-too web-01 ALARM; ");
  EXPECT_EQ(town.state_of("cpu-high+web-01"), "ALARM");
  EXPECT_NE(town.text("Action=DescribeAlarmHistory&AlarmName=cpu-high+web-01").find("actions are disabled"),
            std::string::npos);
  ASSERT_EQ(town.call("Action=EnableAlarmActions&AlarmNames.member.1=cpu-high+web-01"), 200);
  EXPECT_TRUE(enabled("cpu-high+web-01"));
  town.restart();
  EXPECT_TRUE(enabled("cpu-high+web-01"));
  // One that is no more takes it along.
  ASSERT_EQ(town.call("Action=DisableAlarmActions&AlarmNames.member.1=cpu-high+web-01"), 200);
  town.endpoint_->set_rules({});
  town.endpoint_->set_rules(town.rules_);
  town.put_cpu(5);
  EXPECT_TRUE(enabled("cpu-high+web-01"));
  town.settle();
  town.restart();
  town.put_cpu(5);
  EXPECT_TRUE(enabled("cpu-high+web-01"));
}

TEST(Endpoint, ADisabledAlarmOfARuleStaysSoWhenTheProcessDiesBeforeItsStateIsStored) {
  Town town({rule("cpu-high")});
  town.put_cpu(95);
  town.hold_ = true;
  town.clock_.advance(seconds(1));
  town.pass_ten_seconds();
  EXPECT_EQ(town.take_events(), "cpu-high web-01 ALARM; ");
  ASSERT_EQ(town.call("Action=DisableAlarmActions&AlarmNames.member.1=cpu-high+web-01"), 200);
  town.restart();
  EXPECT_EQ(town.state_of("cpu-high+web-01"), "none") << "it was not told, so it is not stored";
  town.hold_ = false;
  town.put_cpu(95);
  town.pass_ten_seconds();
  EXPECT_EQ(town.state_of("cpu-high+web-01"), "ALARM");
  EXPECT_EQ(town.take_events(), "");
}

TEST(Endpoint, ANameOfARulesAlarmIsRefused) {
  Town town({rule("cpu-high")});
  town.put_cpu(5);
  const std::string text = town.text(Town::alarm_form("cpu-high+web-01"));
  EXPECT_EQ(code_of(text), "ValidationError");
  EXPECT_NE(text.find("rule cpu-high"), std::string::npos) << text;
  EXPECT_EQ(code_of(town.text("Action=PutCompositeAlarm&AlarmName=cpu-high+web-01&AlarmRule=TRUE")),
            "ValidationError");
}

TEST(Endpoint, ARulesAlarmWhoseNameIsTakenIsToldApart) {
  auto watching = rule("cpu-high");
  watching.silent_after = seconds(60);
  Town town({watching});
  ASSERT_EQ(town.call(Town::alarm_form("cpu-high+web-01")), 200);
  ASSERT_EQ(town.call(Town::alarm_form("cpu-high+web-01+is+silent")), 200);
  town.put_cpu(95);
  town.clock_.advance(seconds(1));
  town.pass_ten_seconds();
  EXPECT_EQ(town.take_events(), "cpu-high web-01 (rule) ALARM; ");
  EXPECT_NE(town.state_of("cpu-high+web-01+is+silent+(rule)"), "none");
  // It keeps its name while it is there, also when the other goes.
  EXPECT_EQ(town.call("Action=DeleteAlarms&AlarmNames.member.1=cpu-high+web-01"), 200);
  town.endpoint_->set_rules(town.rules_);
  town.put_cpu(95);
  EXPECT_EQ(town.state_of("cpu-high+web-01"), "none");
  town.restart();
  town.put_cpu(95);
  town.pass_ten_seconds();
  EXPECT_EQ(town.state_of("cpu-high+web-01+(rule)"), "ALARM");
  EXPECT_EQ(town.state_of("cpu-high+web-01"), "none");
  EXPECT_EQ(town.take_events(), "");
  // So does that of its silence.
  town.clock_.advance(seconds(60));
  town.pass_ten_seconds();
  EXPECT_THAT(town.take_events(), testing::HasSubstr("cpu-high web-01 is silent (rule) ALARM; "));
  EXPECT_EQ(town.call("Action=DeleteAlarms&AlarmNames.member.1=cpu-high+web-01+is+silent"), 200);
  town.restart();
  town.pass_ten_seconds();
  EXPECT_EQ(town.state_of("cpu-high+web-01+is+silent+(rule)"), "ALARM");
  EXPECT_EQ(town.state_of("cpu-high+web-01+is+silent"), "none");
  EXPECT_EQ(town.take_events(), "") << "it is told as it was";
}

TEST(Endpoint, CountsCharactersAsCloudWatchDoes) {
  const auto many = [](int count) {
    std::string out;
    for (int i = 0; i < count; ++i) out += "\u3042";
    return out;
  };
  Town town;
  EXPECT_EQ(town.call(Town::alarm_form(many(255)) + "&Tags.member.1.Key=" + many(128)), 200);
  EXPECT_EQ(town.call(Town::alarm_form(many(256))), 400);
  EXPECT_EQ(town.call(Town::alarm_form("t") + "&Tags.member.1.Key=" + many(129)), 400);
  EXPECT_EQ(town.call(Town::alarm_form(many(254) + "b")), 200);
  EXPECT_EQ(town.call("Action=PutCompositeAlarm&AlarmRule=TRUE&AlarmName=" + many(253)), 200);
  EXPECT_EQ(town.call(Town::alarm_form("d") + "&AlarmDescription=" + many(1'024)), 200);
  EXPECT_EQ(town.call(Town::alarm_form("d") + "&AlarmDescription=" + std::string(1'025, 'd')), 400);
  for (const int count : {255, 256}) {
    EXPECT_EQ(town.call("Action=PutMetricData&Namespace=N&MetricData.member.1.Value=1&MetricData.member.1."
                        "MetricName=" +
                        many(count)),
              count == 255 ? 200 : 400);
  }
  // An event has room for less: names that differ stay different, and the journal takes them.
  std::vector<std::string> names;
  for (const std::string& name : {many(255), many(254) + "b"}) {
    ASSERT_EQ(
        town.call("Action=SetAlarmState&StateValue=ALARM&AlarmName=" + name + "&StateReason=" + many(1'023)),
        200);
    names.push_back(town.last_.alarm);
    const auto event = alarm_event_from_json(to_json(town.last_), "event");
    ASSERT_TRUE(event) << event.error().message;
  }
  EXPECT_NE(names[0], names[1]);
  EXPECT_EQ(town.call("Action=SetAlarmState&StateValue=OK&AlarmName=d&StateReason=" + many(1'024)), 400);
  town.restart();
  EXPECT_EQ(town.state_of(many(255)), "ALARM");
}

TEST(Endpoint, DeletesAllOrNothing) {
  Town town;
  town.put_alarm("a");
  town.put_alarm("b");
  EXPECT_EQ(town.call("Action=DeleteAlarms&AlarmNames.member.1=a&AlarmNames.member.2=c"), 404);
  EXPECT_EQ(town.state_of("a"), "INSUFFICIENT_DATA");
  EXPECT_EQ(town.call("Action=DeleteAlarms&AlarmNames.member.1=a&AlarmNames.member.2=b"), 200);
  town.restart();
  EXPECT_EQ(town.state_of("a"), "none");
  EXPECT_EQ(town.endpoint_->counts().alarms, 0U);
}

TEST(Endpoint, ReplacesRulesAtRunTime) {
  Town town({rule("cpu-high")});
  town.put_cpu(95);
  town.clock_.advance(seconds(1));
  town.pass_ten_seconds();
  EXPECT_EQ(town.stored_->all("alarm_state")->size(), 1U);
  town.endpoint_->set_rules({rule("cpu-odd")});
  town.settle();
  EXPECT_EQ(town.stored_->all("alarm_state")->size(), 0U);
  town.put_cpu(95);
  EXPECT_EQ(town.state_of("cpu-odd+web-01"), "INSUFFICIENT_DATA");
}

TEST(Endpoint, AnAlarmWhoseRuleIsGoneIsToldOkAndForgotten) {
  for (const bool reloaded : {true, false}) {
    Town town({rule("cpu-high"), rule("cpu-too")});
    town.put_cpu(95);
    town.clock_.advance(seconds(1));
    town.pass_ten_seconds();
    EXPECT_EQ(town.take_events(), "cpu-high web-01 ALARM; cpu-too web-01 ALARM; ");
    town.rules_ = {rule("cpu-too")};
    if (reloaded) {
      town.endpoint_->set_rules(town.rules_);
    } else {
      town.restart();
    }
    // While the journal cannot be written it is tried again.
    town.refuse_ = true;
    town.pass_ten_seconds();
    EXPECT_EQ(town.stored_->all("alarm_state")->size(), reloaded ? 1U : 2U);
    town.refuse_ = false;
    town.take_events();
    town.pass_ten_seconds();
    EXPECT_EQ(town.take_events(), reloaded ? "" : "cpu-high web-01 OK; ");
    EXPECT_EQ(town.stored_->all("alarm_state")->size(), 1U);
    town.restart();
    town.pass_ten_seconds();
    EXPECT_EQ(town.take_events(), "") << "it is told once";
    EXPECT_EQ(town.state_of("cpu-too+web-01"), "ALARM");
  }
}

TEST(Endpoint, AnAlarmThatIsBackBeforeItsEndWasStoredKeepsItsState) {
  Town town({rule("cpu-high")});
  town.put_cpu(95);
  town.clock_.advance(seconds(1));
  town.pass_ten_seconds();
  town.take_events();
  town.hold_ = true;
  town.endpoint_->set_rules({});
  EXPECT_EQ(town.take_events(), "cpu-high web-01 OK; ");
  town.hold_ = false;
  town.endpoint_->set_rules({rule("cpu-high")});
  town.put_cpu(95);
  town.held_.front()(true);
  town.clock_.advance(seconds(1));
  town.pass_ten_seconds();
  EXPECT_EQ(town.take_events(), "cpu-high web-01 ALARM; ");
  town.restart();
  EXPECT_EQ(town.state_of("cpu-high+web-01"), "ALARM");
}

TEST(Endpoint, PagesThroughAlarms) {
  Town town;
  for (const char* name : {"a", "b", "c"}) town.put_alarm(name);
  const std::string first = town.text("Action=DescribeAlarms&MaxRecords=2");
  EXPECT_NE(first.find("<AlarmName>b<"), std::string::npos);
  EXPECT_EQ(first.find("<AlarmName>c<"), std::string::npos);
  const std::size_t at = first.find("<NextToken>") + 11;
  const std::string token = first.substr(at, first.find('<', at) - at);
  const std::string second = town.text("Action=DescribeAlarms&MaxRecords=2&NextToken=" + token);
  EXPECT_EQ(second.find("<AlarmName>b<"), std::string::npos);
  EXPECT_NE(second.find("<AlarmName>c<"), std::string::npos);
  EXPECT_EQ(second.find("<NextToken>"), std::string::npos);
  EXPECT_EQ(town.text("Action=DescribeAlarms&AlarmTypes.member.1=CompositeAlarm").find("<AlarmName>"),
            std::string::npos);
}

TEST(Endpoint, AskedForByNameAlarmsPassTheWholeFilter) {
  Town town;
  town.put_alarm("a", "&OKActions.member.1=arn:aws:sns:r:1:topic");
  town.put_alarm("b", "&AlarmActions.member.1=arn:aws:lambda:r:1:function");
  const std::string text =
      town.text("Action=DescribeAlarms&AlarmNames.member.1=a&AlarmNames.member.2=b&ActionPrefix=arn:aws:sns");
  EXPECT_NE(text.find("<AlarmName>a<"), std::string::npos);
  EXPECT_EQ(text.find("<AlarmName>b<"), std::string::npos);
}

TEST(Endpoint, ChecksSignatures) {
  Town town;
  const auto sent = [&](const std::string& id, const std::string& secret, bool loopback,
                        Millis late = Millis(0)) {
    http::Request made = Town::request("Action=DescribeAlarms");
    made.peer_is_loopback = loopback;
    if (!id.empty()) {
      sigv4::sign("POST", "/", made.headers, made.body, {id, secret, ""}, "ap-northeast-1", "monitoring",
                  town.clock_.wall() - late);
    }
    const auto response = town.send(made);
    return std::to_string(response.status) + " " + code_of(response.body);
  };
  EXPECT_EQ(sent("AKIDKADEN", "secret", false), "200 ");
  EXPECT_EQ(sent("AKIDKADEN", "wrong", true), "403 SignatureDoesNotMatch");
  EXPECT_EQ(sent("AKIDOTHER", "secret", true), "403 InvalidClientTokenId");
  EXPECT_EQ(sent("AKIDKADEN", "secret", false, seconds(301)), "400 RequestExpired");
  EXPECT_EQ(sent("", "", false), "403 MissingAuthenticationToken");
  EXPECT_EQ(sent("", "", true), "200 ");
  EXPECT_EQ(town.endpoint_->counts().refused_signatures, 4U);
  town.endpoint_->set_access_keys({{"AKIDOTHER", "other"}});
  EXPECT_EQ(sent("AKIDKADEN", "secret", false), "403 InvalidClientTokenId");
  EXPECT_EQ(sent("AKIDOTHER", "other", false), "200 ");
}

TEST(Endpoint, RefusesWhatIsNotAQueryRequest) {
  Town town;
  EXPECT_EQ(code_of(town.text("Action=ListNothing")), "InvalidAction");
  EXPECT_EQ(code_of(town.text("")), "MissingAction");
  EXPECT_EQ(code_of(town.text("Action=%")), "MalformedQueryString");
  http::Request get = Town::request("");
  get.method = "GET";
  EXPECT_EQ(town.send(get).status, 405);
  http::Request plain = Town::request("Action=DescribeAlarms");
  plain.headers[1].second = "text/plain";
  EXPECT_EQ(code_of(town.send(plain).body), "InvalidParameterValue");
  http::Request packed = Town::request("not gzip");
  packed.headers.emplace_back("Content-Encoding", "gzip");
  EXPECT_EQ(code_of(town.send(packed).body), "MalformedHttpRequestException");
  http::Request other = Town::request("Action=DescribeAlarms");
  other.body = std::string(
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x73\x4c\x2e\xc9\xcc\xcf\xb3\x75\x49\x2d\x4e"
      "\x2e\xca\x4c\x4a\x75\xcc\x49\x2c\xca\x2d\x06\x00\x85\x48\x90\x75\x15\x00\x00\x00",
      41);
  other.headers.emplace_back("Content-Encoding", "gzip");
  EXPECT_EQ(code_of(town.send(other).body), "MalformedHttpRequestException");
  EXPECT_EQ(code_of(town.text("Action=DescribeAlarms&Version=2009-01-01")), "InvalidAction");
  http::Request odd = Town::request("x");
  odd.headers.emplace_back("Content-Encoding", "br");
  EXPECT_EQ(code_of(town.send(odd).body), "MalformedHttpRequestException");
}

TEST(Endpoint, RefusesToStartOnABrokenDefinition) {
  auto records = journal::open_records_in_memory();
  const std::vector<journal::Records::Change> broken{{"alarm", "hot", "{"}};
  ASSERT_TRUE(records->apply(broken));
  const runtime::ManualClock clock(noon);
  const auto opened =
      Endpoint::open({}, {}, *records, clock, [](const AlarmEvent&, const std::function<void(bool)>&) {});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::corrupt);
}

TEST(Endpoint, ForgetsStatesOfAlarmsThatAreNoMore) {
  auto records = journal::open_records_in_memory();
  const std::vector<journal::Records::Change> orphans{
      {"alarm_state", "cloudwatch/hot", "{}"}, {"alarm_state", "odd", "{}"}, {"alarm_state", "guest/x", "{"}};
  ASSERT_TRUE(records->apply(orphans));
  Town town;
  town.endpoint_.reset();
  town.stored_ = std::move(records);
  FaultyRecords all(*town.stored_);
  auto opened = Endpoint::open({{}, true, "", ""}, {}, all, town.clock_,
                               [](const AlarmEvent&, const std::function<void(bool)>&) {});
  ASSERT_TRUE(opened);
  town.endpoint_ = std::move(*opened);
  town.settle();
  EXPECT_TRUE(town.stored_->all("alarm_state")->empty());
  town.endpoint_.reset();
}

// Every commit fails once; what was answered with 200 must be there after a restart, whatever else happened.
TEST(Endpoint, KeepsItsWordWhicheverCommitFails) {
  int failures = 0;
  for (int nth = 1; nth <= 24; ++nth) {
    SCOPED_TRACE(nth);
    Town town;
    town.settle();
    town.faulty_.fail_at(nth);
    // Settled in between, each request has a commit of its own, with the same number in every run.
    const bool put_a = town.put_alarm("a") == 200;
    town.settle();
    const bool put_b = town.put_alarm("b") == 200;
    town.settle();
    const bool alarm_a = put_a && town.set_state("a", "ALARM") == 200;
    town.settle();
    const bool gone_b = put_b && town.call("Action=DeleteAlarms&AlarmNames.member.1=b") == 200;
    town.put_cpu(5);
    failures += put_a && put_b && alarm_a && gone_b ? 0 : 1;
    town.restart();
    const std::string state_a = town.state_of("a");
    EXPECT_EQ(state_a != "none", put_a);
    if (alarm_a) {
      EXPECT_EQ(state_a, "ALARM");
      EXPECT_NE(town.take_events().find("a ALARM; "), std::string::npos);
    }
    EXPECT_EQ(town.state_of("b") != "none", put_b && !gone_b);
  }
  EXPECT_GE(failures, 4);
}

} // namespace
} // namespace kaden::cloudwatch
