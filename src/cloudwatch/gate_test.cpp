// What each access key may do, how often, and that nobody pays for another.
#include "endpoint_town.h"
#include "token_bucket.h"

#include "kaden/limits/metrics.h"

namespace kaden::cloudwatch {
namespace {

const sigv4::Credentials agent{"AKIDAGENT", "agent-secret", ""};
const sigv4::Credentials reader{"AKIDREADER", "reader-secret", ""};
const sigv4::Credentials temporary{"AKIDTEMP", "temp-secret", "token"};

AccessKey key_of(const sigv4::Credentials& from, std::vector<smithy::Permission> may) {
  AccessKey key;
  key.id = from.access_key_id;
  key.secret = from.secret;
  key.session_token = from.session_token;
  key.may = std::move(may);
  return key;
}

class GateTest : public testing::Test {
 protected:
  GateTest() {
    using smithy::Permission;
    AccessKey ingest = key_of(agent, {Permission::ingest});
    ingest.requests_per_second = 5;
    ingest.bytes_per_second = 100'000;
    ingest.metrics = 3;
    town.keys_ = {ingest, key_of(reader, {Permission::read}), key_of(temporary, {Permission::alarms})};
    town.restart();
  }
  std::string sent(const sigv4::Credentials& key, const std::string& body) {
    return shown(town.signed_by(key, Town::request(body)));
  }
  std::string shown(const http::Request& request) {
    const auto response = town.send(request);
    return std::to_string(response.status) + " " + code_of(response.body);
  }
  static std::string datum(const std::string& name) {
    return "Action=PutMetricData&Namespace=Wire&MetricData.member.1.Value=1&MetricData.member.1.MetricName=" +
           name;
  }

  Town town;
};

TEST_F(GateTest, AKeyMayDoWhatItMay) {
  EXPECT_EQ(sent(agent, datum("a")), "200 ");
  EXPECT_EQ(sent(agent, "Action=DescribeAlarms"), "403 AccessDenied");
  EXPECT_EQ(sent(agent, "Action=DeleteAlarms&AlarmNames.member.1=a"), "403 AccessDenied");
  EXPECT_EQ(sent(reader, "Action=DescribeAlarms"), "200 ");
  EXPECT_EQ(sent(reader, "Action=ListMetrics"), "200 ");
  EXPECT_EQ(sent(reader, datum("a")), "403 AccessDenied");
  EXPECT_EQ(sent(temporary, "Action=DeleteAlarms&AlarmNames.member.1=a"), "404 ResourceNotFound");
  EXPECT_EQ(town.endpoint_->counts().denied, 3U);
  const auto response =
      town.send(town.signed_by(reader, Town::request(smithy::Protocol::json_1_0, "PutMetricData", "{}")));
  EXPECT_NE(response.body.find("#AccessDeniedException"), std::string::npos);
  EXPECT_NE(response.body.find("AKIDREADER is not authorized to perform: cloudwatch:PutMetricData"),
            std::string::npos);
}

TEST_F(GateTest, AKeyReachesWhatItIsFor) {
  AccessKey narrow =
      key_of(agent, {smithy::Permission::ingest, smithy::Permission::alarms, smithy::Permission::read});
  narrow.namespaces = {"CWAgent", "App/*"};
  town.keys_ = {narrow};
  town.endpoint_->set_access_keys(town.keys_); // as a reload does
  const auto put = [&](const std::string& name_space) {
    return sent(agent, "Action=PutMetricData&Namespace=" + name_space +
                           "&MetricData.member.1.Value=1&MetricData.member.1.MetricName=m");
  };
  EXPECT_EQ(put("CWAgent"), "200 ");
  EXPECT_EQ(put("App/web"), "200 ");
  EXPECT_EQ(put("App"), "403 AccessDenied");
  EXPECT_EQ(put("Other"), "403 AccessDenied");
  EXPECT_NE(
      town.send(
              town.signed_by(agent, Town::request("Action=PutMetricData&Namespace=Other&MetricData.member.1."
                                                  "Value=1&MetricData.member.1.MetricName=m")))
          .body.find(
              "not authorized to perform: cloudwatch:PutMetricData on namespace Other, since its access key "
              "is for CWAgent, App/*"),
      std::string::npos);
  // What is looked at is not narrowed, nor what alarms look at.
  EXPECT_EQ(sent(agent, "Action=ListMetrics&Namespace=Other"), "200 ");
  EXPECT_EQ(sent(agent, Town::alarm_form("a")), "200 ");
  EXPECT_EQ(town.endpoint_->counts().denied, 3U);
}

TEST_F(GateTest, ASessionTokenMustBeTheOneConfigured) {
  const std::string body = "Action=DeleteAlarms&AlarmNames.member.1=a";
  EXPECT_EQ(sent({"AKIDTEMP", "temp-secret", ""}, body), "403 InvalidClientTokenId");
  EXPECT_EQ(sent({"AKIDTEMP", "temp-secret", "other"}, body), "403 InvalidClientTokenId");
  EXPECT_EQ(sent({"AKIDREADER", "reader-secret", "token"}, "Action=ListMetrics"), "403 InvalidClientTokenId");
}

TEST_F(GateTest, APresignedUrlIsOpenedByGet) {
  http::Request get = Town::request("");
  get.method = "GET";
  get.peer_is_loopback = false;
  get.headers = {{"Host", "kaden.example"}};
  const auto open = [&](const sigv4::Credentials& key, const std::string& target) {
    get.target = sigv4::presign("GET", target, "kaden.example", "", key, "us-east-1", "monitoring",
                                seconds(60), town.clock_.wall());
    get.query = get.target.substr(2);
    return shown(get);
  };
  EXPECT_EQ(open(reader, "/?Action=DescribeAlarms&Version=2010-08-01"), "200 ");
  EXPECT_EQ(open(agent, "/?Action=DescribeAlarms"), "403 AccessDenied");
  EXPECT_EQ(open({"AKIDREADER", "wrong", ""}, "/?Action=DescribeAlarms"), "403 SignatureDoesNotMatch");
  open(reader, "/?Action=DescribeAlarms");
  town.clock_.advance(seconds(61));
  EXPECT_EQ(shown(get), "400 RequestExpired");
}

TEST_F(GateTest, ANoisyKeyIsSlowedDownAlone) {
  int taken = 0;
  for (int i = 0; i < 30; ++i) taken += sent(agent, datum("a")) == "200 " ? 1 : 0;
  EXPECT_EQ(taken, 10); // two seconds' worth at once
  EXPECT_EQ(sent(agent, datum("a")), "400 Throttling");
  EXPECT_EQ(sent(reader, "Action=ListMetrics"), "200 ");
  EXPECT_EQ(town.endpoint_->counts().throttled, 21U);
  town.clock_.advance(seconds(1));
  taken = 0;
  for (int i = 0; i < 30; ++i) taken += sent(agent, datum("a")) == "200 " ? 1 : 0;
  EXPECT_EQ(taken, 5);
  // The same keys again keep what they have used up; the limit's change does not.
  town.endpoint_->set_access_keys(town.keys_);
  EXPECT_EQ(sent(agent, datum("a")), "400 Throttling");
}

TEST_F(GateTest, LargeBodiesArePaidBack) {
  std::string large = datum("a") + "&Padding=" + std::string(500'000, 'x');
  EXPECT_EQ(sent(agent, large), "200 "); // into debt, once
  EXPECT_EQ(sent(agent, datum("a")), "400 Throttling");
  town.clock_.advance(seconds(2));
  EXPECT_EQ(sent(agent, datum("a")), "400 Throttling");
  town.clock_.advance(seconds(2));
  EXPECT_EQ(sent(agent, datum("a")), "200 ");
}

TEST_F(GateTest, AKeyMakesOnlySoManyMetrics) {
  EXPECT_EQ(sent(agent, datum("a")), "200 ");
  EXPECT_EQ(sent(agent, datum("b") + "&MetricData.member.2.Value=1&MetricData.member.2.MetricName=c"),
            "200 ");
  EXPECT_EQ(sent(agent, datum("d")), "400 LimitExceeded");
  EXPECT_EQ(sent(agent, datum("a") + "&MetricData.member.2.Value=1&MetricData.member.2.MetricName=d"),
            "400 LimitExceeded");             // all or nothing
  EXPECT_EQ(sent(agent, datum("c")), "200 "); // what is there goes on
  EXPECT_EQ(town.endpoint_->counts().refused_metrics, 2U);
  EXPECT_EQ(town.endpoint_->counts().metrics, 3U);
  const auto response = town.send(town.signed_by(agent, Town::request(datum("d"))));
  EXPECT_NE(response.body.find("its limit of 3"), std::string::npos) << response.body;
  EXPECT_EQ(town.call(datum("d")), 200); // unsigned on loopback: this machine's own
  town.clock_.advance(seconds(10));
  EXPECT_EQ(sent(agent, datum("d")), "200 "); // made by somebody else
}

TEST_F(GateTest, BadSignaturesAreThrottledForTheirSenderOnly) {
  const sigv4::Credentials wrong{"AKIDREADER", "wrong", ""};
  int refused = 0;
  for (int i = 0; i < 30; ++i)
    refused += sent(wrong, "Action=ListMetrics") == "403 SignatureDoesNotMatch" ? 1 : 0;
  EXPECT_EQ(refused, limits::bad_signatures_burst);
  EXPECT_EQ(sent(wrong, "Action=ListMetrics"), "400 Throttling");
  // From elsewhere the key works, and from here another key does.
  http::Request elsewhere = town.signed_by(reader, Town::request("Action=ListMetrics"));
  elsewhere.peer = "10.0.0.10";
  EXPECT_EQ(shown(elsewhere), "200 ");
  EXPECT_EQ(sent(agent, datum("a")), "200 ");
  town.clock_.advance(seconds(2));
  EXPECT_EQ(sent(reader, "Action=ListMetrics"), "200 ");
}

TEST(TokenBucket, KeepsItsRateWhateverTheSteps) {
  for (const std::int64_t step_ms : {1, 7, 100, 1'000, 10'000}) {
    SteadyTime now{};
    TokenBucket bucket(50, 100, now);
    std::int64_t taken = 0;
    while (now.time_since_epoch() < seconds(100)) {
      while (bucket.take(1, now)) ++taken;
      now += Millis(step_ms);
    }
    const std::int64_t least = step_ms <= 1'000 ? 5'000 : 900;
    EXPECT_GE(taken, least) << step_ms;
    EXPECT_LE(taken, 100 + 50 * 100 + 10) << step_ms;
  }
  TokenBucket bucket(1, 1, SteadyTime{});
  EXPECT_TRUE(bucket.take(INT32_MAX, SteadyTime{}));
  EXPECT_FALSE(bucket.take(1, SteadyTime{} + seconds(INT32_MAX) - Millis(1'000)));
  EXPECT_TRUE(bucket.take(1, SteadyTime{} + seconds(INT32_MAX)));
}

} // namespace
} // namespace kaden::cloudwatch
