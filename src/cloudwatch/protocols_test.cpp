// One scenario over all operations, told in each protocol; and the errors in each protocol's form.
#include "endpoint_town.h"
#include "kaden/limits/cloudwatch_api.h"
#include "kaden/smithy_wire.h"
#include "operations.h"
#include "test_input.h"

namespace kaden::cloudwatch {
namespace {

using smithy::List;
using smithy::Map;
using smithy::Protocol;

/// As a client of the Query protocol writes a value.
void write_form(std::string& out, const std::string& path, const Value& value) {
  if (const auto* list = value.if_list()) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      write_form(out, path + ".member." + std::to_string(i + 1), (*list)[i]);
    }
  } else if (const auto* map = value.if_map()) {
    for (const auto& entry : *map)
      write_form(out, path.empty() ? entry.name : path + "." + entry.name, entry.value);
  } else {
    std::string text;
    if (const auto* flag = value.if_flag()) text = *flag ? "true" : "false";
    if (const auto* integer = value.if_integer()) text = std::to_string(*integer);
    if (const auto* real = value.if_real()) text = kaden::to_text(*real);
    if (const auto* at = value.if_time()) text = to_iso8601(*at);
    if (const auto* plain = value.if_text()) text = *plain;
    out += "&" + path + "=";
    for (const char c : text) {
      constexpr std::string_view digits = "0123456789ABCDEF";
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
    }
  }
}

class Client {
 public:
  Client(Town& town, Protocol protocol) : town_(town), protocol_(protocol) {}

  http::Response send(const std::string& operation, const Value& input) {
    const auto& described = tested_service().operations.at(operation).operation;
    std::string body;
    if (protocol_ == Protocol::query) {
      body = "Action=" + operation + "&Version=2010-08-01";
      write_form(body, "", input);
    } else {
      body = smithy::write_output(protocol_, {}, {"x", nullptr, described.input}, input, "").body;
    }
    return town_.send(Town::request(protocol_, operation, body));
  }
  /// The answer's members; of Query nothing but the text.
  Value done(const std::string& operation, const Value& input) {
    const auto response = send(operation, input);
    EXPECT_EQ(response.status, 200) << operation << ": " << response.body;
    text_ = response.body;
    const auto* shape = tested_service().operations.at(operation).operation.output;
    if (protocol_ == Protocol::query || shape == nullptr) return Map();
    const auto value = protocol_ == Protocol::cbor ? smithy::read_cbor(shape, response.body)
                                                   : smithy::read_json(shape, response.body);
    EXPECT_TRUE(value) << operation;
    return value ? *value : Value();
  }
  bool is_query() const { return protocol_ == Protocol::query; }
  /// How often a text stands in the last answer.
  std::size_t count(const std::string& text) const {
    std::size_t found = 0;
    for (std::size_t at = text_.find(text); at != std::string::npos; at = text_.find(text, at + 1)) ++found;
    return found;
  }

 private:
  Town& town_;
  Protocol protocol_;
  std::string text_;
};

Value metric_of(const std::string& name) {
  return Value()
      .set("Namespace", "Wire")
      .set("MetricName", name)
      .set("Dimensions", List{Value().set("Name", "host").set("Value", "web-01")});
}

Value alarm_of(const std::string& name) {
  Value out = metric_of("load");
  return out.set("AlarmName", name)
      .set("Statistic", "Maximum")
      .set("Period", 10)
      .set("EvaluationPeriods", 1)
      .set("Threshold", 80.5)
      .set("ComparisonOperator", "GreaterThanThreshold");
}

Value stat_query(const std::string& id, const std::string& stat) {
  return Value().set("Id", id).set(
      "MetricStat", Value().set("Metric", metric_of("load")).set("Period", 10).set("Stat", stat));
}

Value names(std::initializer_list<const char*> all) {
  List list;
  for (const char* name : all) list.emplace_back(name);
  return Value().set("AlarmNames", std::move(list));
}

class EveryProtocol : public testing::TestWithParam<Protocol> {
 protected:
  Town town;
  Client client{town, GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Wire, EveryProtocol,
                         testing::Values(Protocol::query, Protocol::json_1_0, Protocol::cbor));

TEST_P(EveryProtocol, AlarmsArePutAndDescribed) {
  client.done("PutMetricAlarm", alarm_of("hot"));
  client.done("PutCompositeAlarm",
              Value().set("AlarmName", "site").set("AlarmRule", "ALARM(hot) OR OK(\"hot\")"));
  const Value metric = client.done("DescribeAlarms", Map());
  if (client.is_query()) {
    EXPECT_EQ(client.count("<AlarmName>hot</AlarmName>"), 1U);
    EXPECT_EQ(client.count("<AlarmName>site</AlarmName>"), 0U);
    return;
  }
  ASSERT_EQ(metric.list("MetricAlarms").size(), 1U);
  const Value& got = metric.list("MetricAlarms")[0];
  EXPECT_EQ(got.real("Threshold"), 80.5);
  EXPECT_EQ(got.integer("Period"), 10);
  EXPECT_EQ(got.time("AlarmConfigurationUpdatedTimestamp"), noon);
  EXPECT_TRUE(metric.list("CompositeAlarms").empty()); // asked for by name only
  const Value composite = client.done("DescribeAlarms", Value().set("AlarmTypes", List{"CompositeAlarm"}));
  ASSERT_EQ(composite.list("CompositeAlarms").size(), 1U);
  EXPECT_EQ(composite.list("CompositeAlarms")[0].text_or("AlarmRule", ""), "ALARM(hot) OR OK(\"hot\")");
  const Value children = client.done("DescribeAlarms", Value().set("ChildrenOfAlarmName", "site"));
  ASSERT_EQ(children.list("MetricAlarms").size(), 1U);
  EXPECT_EQ(children.list("MetricAlarms")[0].text_or("StateValue", ""), "INSUFFICIENT_DATA");
  EXPECT_FALSE(children.list("MetricAlarms")[0].has("MetricName"));
  const Value parents = client.done("DescribeAlarms", Value().set("ParentsOfAlarmName", "hot"));
  EXPECT_EQ(parents.list("CompositeAlarms").size(), 1U);
  const Value on_metric = client.done("DescribeAlarmsForMetric", metric_of("load"));
  EXPECT_EQ(on_metric.list("MetricAlarms").size(), 1U);
  EXPECT_TRUE(client.done("DescribeAlarmsForMetric", metric_of("other")).list("MetricAlarms").empty());
}

TEST_P(EveryProtocol, StatesHistoryAndActions) {
  client.done("PutMetricAlarm", alarm_of("hot"));
  client.done("DisableAlarmActions", names({"hot", "unknown"}));
  client.done("SetAlarmState",
              Value().set("AlarmName", "hot").set("StateValue", "ALARM").set("StateReason", "訓練 <&>"));
  EXPECT_EQ(town.take_events(), ""); // held back
  client.done("EnableAlarmActions", names({"hot"}));
  client.done("SetAlarmState",
              Value().set("AlarmName", "hot").set("StateValue", "OK").set("StateReason", "over"));
  EXPECT_EQ(town.take_events(), "hot OK; ");
  town.settle();
  const Value history =
      client.done("DescribeAlarmHistory",
                  Value().set("AlarmName", "hot").set("HistoryItemType", "StateUpdate").set("MaxRecords", 1));
  if (client.is_query()) {
    EXPECT_EQ(client.count("<HistoryItemType>StateUpdate<"), 1U);
    EXPECT_EQ(client.count("<NextToken>"), 1U);
    return;
  }
  ASSERT_EQ(history.list("AlarmHistoryItems").size(), 1U);
  const Value second =
      client.done("DescribeAlarmHistory", Value()
                                              .set("AlarmName", "hot")
                                              .set("HistoryItemType", "StateUpdate")
                                              .set("NextToken", history.text_or("NextToken", "")));
  ASSERT_EQ(second.list("AlarmHistoryItems").size(), 1U);
  EXPECT_FALSE(second.has("NextToken"));
  const Value action =
      client.done("DescribeAlarmHistory", Value().set("AlarmName", "hot").set("HistoryItemType", "Action"));
  EXPECT_EQ(action.list("AlarmHistoryItems").size(), 1U);
  client.done("DeleteAlarms", names({"hot"}));
  EXPECT_TRUE(client.done("DescribeAlarms", Map()).list("MetricAlarms").empty());
}

TEST_P(EveryProtocol, DataGoesInAndComesOut) {
  const WallTime start = noon - seconds(60);
  for (int i = 0; i < 6; ++i) {
    Value datum = Value()
                      .set("MetricName", "load")
                      .set("Dimensions", List{Value().set("Name", "host").set("Value", "web-01")})
                      .set("Timestamp", start + seconds(10 * i))
                      .set("StorageResolution", 1)
                      .set("Values", List{1.0 * i, 3.0 * i})
                      .set("Counts", List{1.0, 3.0});
    client.done("PutMetricData", Value().set("Namespace", "Wire").set("MetricData", List{std::move(datum)}));
  }
  const Value metrics = client.done("ListMetrics", Value().set("Namespace", "Wire"));
  Value expression = Value().set("Id", "e1").set("Expression", "m1 * 2").set("Label", "twice");
  const Value query = Value()
                          .set("MetricDataQueries", List{stat_query("m1", "Sum"), expression})
                          .set("StartTime", start)
                          .set("EndTime", noon)
                          .set("ScanBy", "TimestampAscending")
                          .set("MaxDatapoints", 8);
  const Value first = client.done("GetMetricData", query);
  if (client.is_query()) {
    EXPECT_EQ(client.count("<StatusCode>Complete<"), 1U);
    EXPECT_EQ(client.count("<StatusCode>PartialData<"), 1U);
    return;
  }
  EXPECT_EQ(metrics.list("Metrics"), List{metric_of("load")});
  ASSERT_EQ(first.list("MetricDataResults").size(), 2U);
  EXPECT_EQ(first.list("MetricDataResults")[0].list("Values"), (List{0.0, 10.0, 20.0, 30.0, 40.0, 50.0}));
  EXPECT_EQ(first.list("MetricDataResults")[1].list("Values"), (List{0.0, 20.0}));
  EXPECT_EQ(first.list("MetricDataResults")[1].text_or("Label", ""), "twice");
  Value more = query;
  const Value second = client.done("GetMetricData", more.set("NextToken", first.text_or("NextToken", "")));
  ASSERT_EQ(second.list("MetricDataResults").size(), 1U);
  EXPECT_EQ(second.list("MetricDataResults")[0].list("Values"), (List{40.0, 60.0, 80.0, 100.0}));
  EXPECT_FALSE(second.has("NextToken"));
  Value statistics = metric_of("load");
  statistics.set("StartTime", start)
      .set("EndTime", noon)
      .set("Period", 60)
      .set("Statistics", List{"Sum", "SampleCount", "Maximum"})
      .set("ExtendedStatistics", List{"p50"});
  const Value points = client.done("GetMetricStatistics", statistics);
  ASSERT_EQ(points.list("Datapoints").size(), 1U);
  EXPECT_EQ(points.list("Datapoints")[0].real("Sum"), 150.0);
  EXPECT_EQ(points.list("Datapoints")[0].real("SampleCount"), 24.0);
  EXPECT_EQ(points.list("Datapoints")[0].real("Maximum"), 15.0);
  EXPECT_EQ(points.list("Datapoints")[0].map("ExtendedStatistics").size(), 1U);
}

TEST_P(EveryProtocol, TagsAreKeptWithTheAlarm) {
  client.done("PutMetricAlarm", alarm_of("hot"));
  const Value arn = Value().set("ResourceARN", "arn:aws:cloudwatch:us-east-1:000000000000:alarm:hot");
  Value add = arn;
  client.done("TagResource", add.set("Tags", List{Value().set("Key", "kaden:severity").set("Value", "error"),
                                                  Value().set("Key", "team").set("Value", "web")}));
  Value remove = arn;
  client.done("UntagResource", remove.set("TagKeys", List{"team", "never"}));
  town.restart();
  const Value tags = client.done("ListTagsForResource", arn);
  if (client.is_query()) {
    EXPECT_EQ(client.count("<Key>kaden:severity</Key><Value>error</Value>"), 1U);
    EXPECT_EQ(client.count("<Key>"), 1U);
  } else {
    EXPECT_EQ(tags.list("Tags"), List{Value().set("Key", "kaden:severity").set("Value", "error")});
  }
  EXPECT_EQ(town.set_state("hot", "ALARM"), 200);
  EXPECT_EQ(town.last_.severity, Severity::error);
  EXPECT_EQ(client.send("ListTagsForResource", Value().set("ResourceARN", "x:alarm:none")).status, 400);
  EXPECT_EQ(client
                .send("ListTagsForResource",
                      Value().set("ResourceARN", "arn:aws:cloudwatch:us-east-1:000000000000:alarm:none"))
                .status,
            404);
}

TEST_P(EveryProtocol, ErrorsHaveTheirForm) {
  const auto response = client.send(
      "PutMetricData", Value()
                           .set("Namespace", "AWS/EC2")
                           .set("MetricData", List{Value().set("MetricName", "x").set("Value", 1.0)}));
  EXPECT_EQ(response.status, 400);
  ASSERT_NE(http::find_header(response.headers, "x-amzn-RequestId"), nullptr);
  if (client.is_query()) {
    EXPECT_EQ(code_of(response.body), "InvalidParameterValue");
    return;
  }
  EXPECT_EQ(*http::find_header(response.headers, "x-amzn-query-error"), "InvalidParameterValue;Sender");
  const smithy::Shape any{smithy::Type::document};
  const auto body = GetParam() == Protocol::cbor ? smithy::read_cbor(&any, response.body)
                                                 : smithy::read_json(&any, response.body);
  EXPECT_EQ(body->text_or("__type", ""), "com.amazonaws.cloudwatch#InvalidParameterValueException");
  EXPECT_NE(body->text_or("message", "").find("AWS/EC2"), std::string::npos);
}

TEST(Protocols, AreToldWhatIsNotHere) {
  Town town;
  http::Request logs = Town::request(Protocol::json_1_0, "PutLogEvents", "{}");
  logs.headers.back().second = "Logs_20140328.PutLogEvents";
  const auto first = town.send(logs);
  EXPECT_EQ(first.status, 400);
  EXPECT_NE(first.body.find("UnknownOperationException"), std::string::npos);
  const auto second = town.send(Town::request(Protocol::cbor, "PutDashboard", "\xa0"));
  EXPECT_EQ(*http::find_header(second.headers, "x-amzn-query-error"), "InvalidAction;Sender");
  EXPECT_EQ(*http::find_header(second.headers, "smithy-protocol"), "rpc-v2-cbor");
  const auto third = town.send(Town::request(Protocol::json_1_0, "DescribeAlarms", "{"));
  EXPECT_NE(third.body.find("SerializationException"), std::string::npos);
  http::Request typed = Town::request(Protocol::cbor, "DescribeAlarms", "\xa0");
  typed.headers.back().second = "application/json";
  EXPECT_EQ(town.send(typed).status, 415);
  EXPECT_EQ(town.send(Town::request(Protocol::cbor, "DescribeAlarms", "")).status, 200); // nothing set
}

TEST(Protocols, BodiesTooLongOrTooSlowAreRefusedInTheirForm) {
  Town town;
  const auto refused = [&](const http::Request& head, int status) {
    return town.endpoint_->refused(head, status);
  };
  const auto json = refused(Town::request(smithy::Protocol::json_1_0, "PutMetricData", ""), 413);
  ASSERT_TRUE(json);
  EXPECT_EQ(json->status, 413);
  EXPECT_NE(json->body.find("RequestEntityTooLarge"), std::string::npos) << json->body;
  EXPECT_NE(http::find_header(json->headers, "x-amzn-RequestId"), nullptr);
  const auto query = refused(Town::request(""), 408);
  ASSERT_TRUE(query);
  EXPECT_EQ(code_of(query->body), "RequestTimeout");
  const auto cbor = refused(Town::request(smithy::Protocol::cbor, "PutMetricData", ""), 413);
  ASSERT_TRUE(cbor);
  EXPECT_EQ(*http::find_header(cbor->headers, "Content-Type"), "application/cbor");
  http::Request other = Town::request("");
  other.path = "/api/v1/events";
  EXPECT_FALSE(refused(other, 413)) << "not ours";
}

TEST(Protocols, ServeFurtherServices) {
  Town town;
  smithy::Service logs;
  logs.name = "Logs_20140328";
  logs.signing_name = "logs";
  logs.shape_namespace = "com.amazonaws.cloudwatchlogs";
  logs.protocols = {Protocol::json_1_1};
  auto model = std::make_shared<smithy::Model>();
  const auto* shape = model->structure({{"logGroupName", &smithy::text_shape}});
  logs.owner = model;
  logs.add({"CreateLogGroup", shape, shape}, smithy::Permission::ingest,
           [](const smithy::Caller&, const Value& in, const smithy::Respond& respond) {
             if (!in.has("logGroupName")) return respond(problem("InvalidParameterException", "no name"));
             respond(in);
           });
  town.endpoint_->serve(std::move(logs));
  http::Request made = Town::request(Protocol::json_1_0, "", R"({"logGroupName":"/vcenter/alarms"})");
  made.headers[1].second = "application/x-amz-json-1.1";
  made.headers.back().second = "Logs_20140328.CreateLogGroup";
  const auto response = town.send(made);
  EXPECT_EQ(response.body, R"({"logGroupName":"/vcenter/alarms"})");
  EXPECT_EQ(*http::find_header(response.headers, "Content-Type"), "application/x-amz-json-1.1");
  made.body = "{}";
  const auto refused = town.send(made);
  EXPECT_EQ(refused.body,
            R"({"__type":"com.amazonaws.cloudwatchlogs#InvalidParameterException","message":"no name"})");
  EXPECT_EQ(http::find_header(refused.headers, "x-amzn-query-error"), nullptr);
}

TEST(PutMetricData, TellsOfABadEntityAndTakesTheData) {
  Town town;
  const std::string member = "&EntityMetricData.member.1.";
  const auto put = [&](const std::string& entity, const std::string& strict) {
    return town.send(
        Town::request("Action=PutMetricData&Namespace=CWAgent" + member + "MetricData.member.1.MetricName=a" +
                      member + "MetricData.member.1.Value=1" + entity + "&StrictEntityValidation=" + strict));
  };
  const auto key = [&](int number, const std::string& name, const std::string& value) {
    const std::string entry = member + "Entity.KeyAttributes.entry." + std::to_string(number);
    return entry + ".key=" + name + entry + ".value=" + value;
  };
  const auto note_of = [](const http::Response& response) {
    for (const auto& [name, value] : response.headers) {
      if (name == "X-Amzn-Failure-Message") return value;
    }
    return std::string();
  };
  const std::string good = key(1, "Type", "Service") + key(2, "Name", "erp");
  EXPECT_EQ(note_of(put(good, "true")), "");
  EXPECT_EQ(note_of(put("", "true")), "");
  const std::pair<std::string, std::string> bad[] = {
      {key(1, "Type", "Service"),
       "InvalidKeyAttributes: EntityMetricData.member.1.Entity: KeyAttributes must "
       "have 2 to 4 entries."},
      {key(1, "Type", "Server") + key(2, "Name", "erp"),
       "InvalidTypeValue: EntityMetricData.member.1.Entity: KeyAttributes: there is no entity of Type "
       "Server."},
      {key(1, "Kind", "Service") + key(2, "Name", "erp"),
       "InvalidKeyAttributes: EntityMetricData.member.1.Entity: KeyAttributes: there is no key attribute "
       "Kind."},
      {key(1, "Identifier", "x") + key(2, "Name", "erp"),
       "MissingRequiredFields: EntityMetricData.member.1.Entity: KeyAttributes: Type is required."},
      {good + member + "Entity.Attributes.entry.1.key=A" + member + "Entity.Attributes.entry.1.value=",
       "InvalidAttributes: EntityMetricData.member.1.Entity: Attributes: the value of A must be 1 to 2048 "
       "characters long."}};
  for (const auto& [entity, note] : bad) {
    town.observed_.clear();
    const http::Response taken = put(entity, "false");
    EXPECT_EQ(taken.status, 200) << taken.body;
    EXPECT_EQ(note_of(taken), note);
    EXPECT_EQ(town.observed_, "a ");
    const http::Response refused = put(entity, "true");
    EXPECT_EQ(code_of(refused.body), "InvalidParameterValue") << entity;
    EXPECT_NE(refused.body.find(note), std::string::npos) << refused.body;
    EXPECT_EQ(town.observed_, "a ");
  }
}

TEST(Composite, NamesOnlyAlarmsThatExist) {
  Town town;
  town.put_alarm("hot");
  const std::string put = "Action=PutCompositeAlarm&AlarmName=site&AlarmRule=";
  const std::string refused = town.text(put + "ALARM%28hot%29+OR+OK%28cold%29+OR+ALARM%28cool%29");
  EXPECT_EQ(code_of(refused), "ValidationError");
  EXPECT_NE(refused.find("alarms [cold, cool] in the alarm rule do not exist"), std::string::npos) << refused;
  const std::string by =
      "&ActionsSuppressorWaitPeriod=10&ActionsSuppressorExtensionPeriod=10&ActionsSuppressor=";
  EXPECT_EQ(code_of(town.text(put + "ALARM%28hot%29" + by + "night")), "ValidationError");
  EXPECT_EQ(town.call(put + "ALARM%28hot%29" + by + "hot"), 200);
  EXPECT_EQ(town.call("Action=PutCompositeAlarm&AlarmName=other&AlarmRule=ALARM%28site%29"), 200);
  const std::string both = "Action=DeleteAlarms&AlarmNames.member.1=other&AlarmNames.member.2=";
  EXPECT_EQ(code_of(town.text(both + "site")), "ValidationError") << "one composite alarm at most";
  EXPECT_EQ(code_of(town.text(both + "hot")), "ValidationError") << "site needs it";
  town.put_alarm("lone");
  EXPECT_EQ(town.call(both + "lone"), 200);
}

TEST(Composite, ChildrenAreNotDeletedUnderIt) {
  Town town;
  town.put_alarm("hot");
  town.put_alarm("lone");
  const auto put = [&](const std::string& name, const std::string& rule) {
    return town.call("Action=PutCompositeAlarm&AlarmName=" + name + "&AlarmRule=" + rule);
  };
  EXPECT_EQ(put("site", "ALARM%28hot%29"), 200);
  EXPECT_EQ(put("house", "ALARM%28site%29"), 200);
  const auto erase = [&](const std::string& names) { return town.text("Action=DeleteAlarms" + names); };
  const std::string refused = erase("&AlarmNames.member.1=lone&AlarmNames.member.2=hot");
  EXPECT_EQ(code_of(refused), "ValidationError");
  EXPECT_NE(refused.find("Cannot delete hot as there are composite alarm(s) depending on it: site."),
            std::string::npos)
      << refused;
  EXPECT_EQ(town.state_of("lone"), "INSUFFICIENT_DATA");
  EXPECT_EQ(code_of(erase("&AlarmNames.member.1=site")), "ValidationError");
  // The guide: nothing of a circle can be deleted until its rule is changed.
  EXPECT_EQ(put("site", "ALARM%28house%29"), 200);
  EXPECT_EQ(code_of(erase("&AlarmNames.member.1=house")), "ValidationError");
  EXPECT_EQ(put("site", "ALARM%28hot%29"), 200);
  EXPECT_EQ(code_of(erase("&AlarmNames.member.1=house")), "");
  EXPECT_EQ(code_of(erase("&AlarmNames.member.1=hot&AlarmNames.member.2=site")), "");
  EXPECT_EQ(town.state_of("site"), "none");
}

TEST(Composite, OneChildHasSoManyParents) {
  Town town;
  town.put_alarm("hot");
  const auto put = [&](std::size_t number) {
    return town.text("Action=PutCompositeAlarm&AlarmRule=ALARM%28hot%29&AlarmName=c" +
                     std::to_string(number));
  };
  for (std::size_t i = 0; i < limits::composite_parents_max; ++i) ASSERT_EQ(code_of(put(i)), "") << i;
  EXPECT_EQ(code_of(put(limits::composite_parents_max)), "LimitExceeded");
  EXPECT_EQ(code_of(put(0)), ""); // one of them, put again
}

TEST(History, IsStoredWithTheStateItTellsOf) {
  Town town;
  town.put_alarm("hot");
  ASSERT_EQ(town.set_state("hot", "ALARM"), 200);
  town.restart(); // no evaluation came between
  const std::string history =
      town.text("Action=DescribeAlarmHistory&AlarmName=hot&HistoryItemType=StateUpdate");
  EXPECT_NE(history.find("Alarm updated from INSUFFICIENT_DATA to ALARM"), std::string::npos) << history;
}

TEST(Composite, CountsForItsChildrenAndSurvivesARestart) {
  Town town;
  town.put_alarm("hot");
  EXPECT_EQ(town.call("Action=PutCompositeAlarm&AlarmName=site&AlarmRule=ALARM%28hot%29"), 200);
  EXPECT_EQ(code_of(town.text("Action=PutCompositeAlarm&AlarmName=hot&AlarmRule=TRUE")), "ValidationError");
  EXPECT_NE(town.put_alarm("site"), 200); // one name, one kind
  EXPECT_EQ(town.set_state("hot", "ALARM"), 200);
  town.clock_.advance(seconds(1));
  town.endpoint_->evaluate(town.clock_.wall());
  town.settle();
  EXPECT_EQ(town.take_events(), "hot ALARM; site ALARM; ");
  town.restart();
  EXPECT_NE(town.text("Action=DescribeAlarms&AlarmTypes.member.1=CompositeAlarm").find("<StateValue>ALARM<"),
            std::string::npos);
  EXPECT_NE(
      town.text("Action=DescribeAlarmHistory&AlarmTypes.member.1=CompositeAlarm").find("<HistoryItemType>"),
      std::string::npos);
}

} // namespace
} // namespace kaden::cloudwatch
