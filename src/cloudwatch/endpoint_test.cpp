#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <future>

#include "kaden/cloudwatch.h"
#include "kaden/sigv4.h"

namespace kaden::cloudwatch {
namespace {

const WallTime noon = parse_iso8601("2026-11-23T12:00:00Z").value();

/// Records whose Nth commit fails, once.
class FaultyRecords final : public journal::Records {
 public:
  explicit FaultyRecords(journal::Records& inner) : inner_(inner) {}
  Result<void> apply(std::span<const Change> changes) override {
    if (++commits_ == fail_at_) return fail(Fault::unavailable, "the disk is full");
    return inner_.apply(changes);
  }
  Result<std::map<std::string, std::string>> all(const std::string& kind) const override {
    return inner_.all(kind);
  }
  void fail_at(int commit) { fail_at_ = commit; }

 private:
  journal::Records& inner_;
  std::atomic<int> commits_{0};
  std::atomic<int> fail_at_{0};
};

alarm::Rule rule(const std::string& name) {
  alarm::Rule made;
  made.name = name;
  made.metric = "cpu_usage_active";
  made.condition.period = seconds(10);
  made.condition.threshold = 80;
  return made;
}

/// An endpoint with a clock, records that outlive it, and a sink whose answers the test gives.
class Town {
 public:
  explicit Town(std::vector<alarm::Rule> rules = {}) : rules_(std::move(rules)) { start(); }

  void start() {
    Settings settings;
    settings.access_keys = {{"AKIDKADEN", "secret"}};
    settings.allow_unsigned_on_loopback = true;
    auto opened = Endpoint::open(
        settings, rules_, faulty_, clock_,
        [this](AlarmEvent event, std::function<void(bool)> told) {
          const bool wanted = !refuse_;
          events_.push_back(event.alarm + " " + std::string(to_text(event.state)));
          last_ = std::move(event);
          if (hold_) {
            held_.push_back(std::move(told));
          } else {
            told(wanted);
          }
        },
        [this](const alarm::Datum& datum) { observed_ += datum.metric.name + " "; });
    ASSERT_TRUE(opened) << opened.error().message;
    endpoint_ = std::move(*opened);
  }
  void restart() {
    endpoint_.reset();
    held_.clear();
    start();
  }

  static http::Request request(std::string body) {
    http::Request made;
    made.method = "POST";
    made.target = made.path = "/";
    made.headers = {{"Host", "kaden.example"},
                    {"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}};
    made.body = std::move(body);
    made.peer_is_loopback = true;
    return made;
  }
  http::Response send(const http::Request& made) {
    std::promise<http::Response> answered;
    endpoint_->handle(made, [&](http::Response response) { answered.set_value(std::move(response)); });
    return answered.get_future().get();
  }
  int call(const std::string& body) { return send(request(body)).status; }
  std::string text(const std::string& body) { return send(request(body)).body; }

  int put_alarm(const std::string& name, const std::string& more = "") {
    return call(
        "Action=PutMetricAlarm&AlarmName=" + name +
        "&MetricName=cpu_usage_active&Namespace=CWAgent&Statistic=Average&Period=10&EvaluationPeriods=1&"
        "Threshold=80&ComparisonOperator=GreaterThanThreshold&Dimensions.member.1.Name=host&"
        "Dimensions.member.1.Value=web-01" +
        more);
  }
  int set_state(const std::string& name, const std::string& state) {
    return call("Action=SetAlarmState&AlarmName=" + name + "&StateValue=" + state + "&StateReason=drill");
  }
  int put_cpu(double value) {
    return call(
        "Action=PutMetricData&Namespace=CWAgent&MetricData.member.1.MetricName=cpu_usage_active&MetricData."
        "member.1."
        "StorageResolution=1&MetricData.member.1.Dimensions.member.1.Name=host&MetricData.member.1."
        "Dimensions.member.1."
        "Value=web-01&MetricData.member.1.Value=" +
        kaden::to_text(value));
  }
  /// Lets a period pass, evaluates, and waits until everything asked for before is stored.
  void pass_ten_seconds() {
    clock_.advance(seconds(10));
    endpoint_->evaluate(clock_.wall());
    settle();
  }
  /// Each refused name goes through the record writer, in order; a change takes it twice (told, then the next
  /// one).
  void settle() {
    for (int i = 0; i < 4; ++i) call("Action=DeleteAlarms&AlarmNames.member.1=no-such-alarm");
  }
  std::string state_of(const std::string& name) {
    const std::string xml = text("Action=DescribeAlarms&AlarmNames.member.1=" + name);
    const std::size_t at = xml.find("<StateValue>");
    return at == std::string::npos ? "none" : xml.substr(at + 12, xml.find('<', at + 12) - at - 12);
  }
  std::string take_events() {
    std::string out;
    for (const auto& event : events_) out += event + "; ";
    events_.clear();
    return out;
  }

  runtime::ManualClock clock_{noon};
  std::unique_ptr<journal::Records> stored_ = journal::open_records_in_memory();
  FaultyRecords faulty_{*stored_};
  std::vector<alarm::Rule> rules_;
  std::vector<std::string> events_;
  AlarmEvent last_;
  bool refuse_ = false;
  bool hold_ = false;
  std::deque<std::function<void(bool)>> held_;
  std::string observed_;
  std::unique_ptr<Endpoint> endpoint_;
};

std::string code_of(const std::string& xml) {
  const std::size_t at = xml.find("<Code>");
  return at == std::string::npos
             ? ""
             : xml.substr(at + 6, xml.find('<', at) == at ? xml.find("</Code>") - at - 6 : 0);
}

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

TEST(Endpoint, ExplainsItselfToOtherProtocols) {
  Town town;
  http::Request cbor = Town::request("\xa0");
  cbor.target = cbor.path = "/service/GraniteServiceVersion20100801/operation/DescribeAlarms";
  cbor.headers.emplace_back("smithy-protocol", "rpc-v2-cbor");
  const auto first = town.send(cbor);
  EXPECT_EQ(first.status, 400);
  EXPECT_EQ(*http::find_header(first.headers, "x-amzn-query-error"), "UnsupportedProtocol;Sender");
  http::Request json = Town::request("{}");
  json.headers[1].second = "application/x-amz-json-1.0";
  json.headers.emplace_back("X-Amz-Target", "GraniteServiceVersion20100801.DescribeAlarms");
  EXPECT_NE(town.send(json).body.find("Query protocol"), std::string::npos);
}

TEST(Endpoint, RefusesWhatIsNotAQueryRequest) {
  Town town;
  EXPECT_EQ(code_of(town.text("Action=ListMetrics")), "InvalidAction");
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
  for (int nth = 1; nth <= 12; ++nth) {
    SCOPED_TRACE(nth);
    Town town;
    town.settle();
    town.faulty_.fail_at(nth);
    const bool put_a = town.put_alarm("a") == 200;
    const bool put_b = town.put_alarm("b") == 200;
    const bool alarm_a = put_a && town.set_state("a", "ALARM") == 200;
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
