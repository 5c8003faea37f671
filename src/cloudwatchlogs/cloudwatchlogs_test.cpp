#include "kaden/cloudwatchlogs.h"
#include "kaden/limits/logs.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "logs_town.h"

namespace kaden::cloudwatchlogs {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct Refusal {
  const char* operation;
  std::string body;
  const char* starts; ///< "Code: message"
};

void expect_refusals(const Town& town, const std::vector<Refusal>& refusals) {
  for (const auto& one : refusals) {
    EXPECT_THAT(town.call(one.operation, one.body), StartsWith(one.starts))
        << one.operation << " " << one.body.substr(0, 300);
  }
}

TEST(CloudWatchLogs, refuses_in_the_words_of_amazon) {
  Town town;
  town.make();
  const std::string long_name(513, 'n');
  expect_refusals(
      town,
      {{"CreateLogGroup", "{}",
        "InvalidParameterException: 1 validation error detected: Value null at 'logGroupName' failed to "
        "satisfy "
        "constraint: Member must not be null"},
       {"CreateLogGroup", R"({"logGroupName":""})", "InvalidParameterException: 1 validation error"},
       {"CreateLogGroup", R"({"logGroupName":"a b"})",
        "InvalidParameterException: 1 validation error detected: Value 'a b' at 'logGroupName'"},
       {"CreateLogGroup", R"({"logGroupName":")" + long_name + R"("})", "InvalidParameterException: "},
       {"CreateLogGroup", R"({"logGroupName":"g"})",
        "ResourceAlreadyExistsException: The specified log group already exists"},
       {"CreateLogGroup", R"({"logGroupName":"x","logGroupClass":"CHEAP"})", "InvalidParameterException: "},
       {"CreateLogGroup", R"({"logGroupName":"x","kmsKeyId":"k"})", "InvalidParameterException: kmsKeyId"},
       {"CreateLogGroup", R"({"logGroupName":7})", "SerializationException"},
       {"CreateLogGroup", "{", "SerializationException"},
       {"DeleteLogGroup", R"({"logGroupName":"no"})",
        "ResourceNotFoundException: The specified log group does not exist."},
       {"CreateLogStream", R"({"logGroupName":"no","logStreamName":"s"})",
        "ResourceNotFoundException: The specified log group does not exist."},
       {"CreateLogStream", R"({"logGroupName":"g","logStreamName":"s"})",
        "ResourceAlreadyExistsException: The specified log stream already exists"},
       {"CreateLogStream", R"({"logGroupName":"g","logStreamName":"a:b"})", "InvalidParameterException: "},
       {"CreateLogStream", R"({"logGroupName":"g","logStreamName":"a*"})", "InvalidParameterException: "},
       {"DeleteLogStream", R"({"logGroupName":"g","logStreamName":"no"})",
        "ResourceNotFoundException: The specified log stream does not exist."},
       {"PutRetentionPolicy", R"({"logGroupName":"g","retentionInDays":2})", "InvalidParameterException: "},
       {"PutRetentionPolicy", R"({"logGroupName":"no","retentionInDays":1})", "ResourceNotFoundException: "},
       {"DescribeLogGroups", R"({"limit":51})", "InvalidParameterException: "},
       {"DescribeLogGroups", R"({"limit":0})", "InvalidParameterException: "},
       {"DescribeLogGroups", R"({"logGroupNamePrefix":"a","logGroupNamePattern":"b"})",
        "InvalidParameterException: "},
       {"DescribeLogGroups", R"({"nextToken":"x"})",
        "InvalidParameterException: The specified nextToken is invalid."},
       {"DescribeLogStreams", R"({"logGroupName":"no"})", "ResourceNotFoundException: "},
       {"DescribeLogStreams", R"({"logGroupName":"g","orderBy":"Size"})", "InvalidParameterException: "},
       {"DescribeLogStreams", R"({"logGroupName":"g","orderBy":"LastEventTime","logStreamNamePrefix":"s"})",
        "InvalidParameterException: Cannot order by LastEventTime with a logStreamNamePrefix."},
       {"GetLogEvents", R"({"logGroupName":"g","logStreamName":"no"})",
        "ResourceNotFoundException: The specified log stream does not exist."},
       {"GetLogEvents", R"({"logGroupName":"g","logStreamName":"s","limit":10001})",
        "InvalidParameterException: "},
       {"GetLogEvents", R"({"logGroupName":"g","logStreamName":"s","nextToken":"f/x"})",
        "InvalidParameterException: The specified nextToken is invalid."},
       {"GetLogEvents", R"({"logGroupName":"g","logStreamName":"s","nextToken":"x"})",
        "InvalidParameterException: The specified nextToken is invalid."},
       {"FilterLogEvents", R"({"logGroupName":"no"})", "ResourceNotFoundException: "},
       {"FilterLogEvents", R"({"logGroupName":"g","logStreamNames":["s","no"]})",
        "ResourceNotFoundException: The specified log stream does not exist."},
       {"FilterLogEvents", R"({"logGroupName":"g","logGroupIdentifier":"g"})", "InvalidParameterException: "},
       {"FilterLogEvents", R"({"logGroupIdentifier":"arn:aws:sns:x"})", "InvalidParameterException: "},
       {"FilterLogEvents", R"({"logGroupName":"g","logStreamNames":[]})", "InvalidParameterException: "},
       {"FilterLogEvents", R"({"logGroupName":"g","logStreamNames":["s"],"logStreamNamePrefix":"s"})",
        "InvalidParameterException: "},
       {"FilterLogEvents", R"({"logGroupName":"g","startTime":2,"endTime":1})",
        "InvalidParameterException: "},
       {"FilterLogEvents", R"({"logGroupName":"g","startTime":-1})", "InvalidParameterException: "},
       {"FilterLogEvents", R"({"logGroupName":"g","startFromHead":false})", "InvalidParameterException: "},
       {"FilterLogEvents", R"({"logGroupName":"g","filterPattern":"{ $.a = "})",
        "InvalidParameterException: Invalid filter pattern: at character"},
       {"DescribeMetricFilters", R"({"logGroupName":"no"})", "ResourceNotFoundException: "},
       {"DescribeMetricFilters", R"({"metricName":"m"})", "InvalidParameterException: "},
       {"DeleteMetricFilter", R"({"logGroupName":"g","filterName":"no"})",
        "ResourceNotFoundException: The specified metric filter does not exist."},
       {"TestMetricFilter", R"({"filterPattern":"x"})", "InvalidParameterException: "},
       {"TestMetricFilter", R"({"logEventMessages":["x"]})", "InvalidParameterException: "},
       {"TestMetricFilter", R"({"filterPattern":"x","logEventMessages":[""]})",
        "InvalidParameterException: "},
       {"TagResource", R"({"resourceArn":"arn:aws:logs:r:1:log-group:no","tags":{"a":"b"}})",
        "ResourceNotFoundException: "},
       {"TagResource", R"({"resourceArn":"g","tags":{"a":"b"}})", "InvalidParameterException: "}});
  std::string names = "\"s0\"";
  for (int i = 1; i <= 100; ++i) names += ",\"s" + std::to_string(i) + "\"";
  EXPECT_THAT(town.call("FilterLogEvents", R"({"logGroupName":"g","logStreamNames":[)" + names + "]}"),
              StartsWith("InvalidParameterException: "));
  const smithy::Message refused = town.send("DeleteLogGroup", R"({"logGroupName":"no"})");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.body, R"({"__type":"ResourceNotFoundException","message":"The specified log group does )"
                          R"(not exist."})");
}

TEST(CloudWatchLogs, a_bad_entity_is_told_and_the_events_are_taken) {
  Town town;
  town.make();
  const auto put = [&](const std::string& entity) {
    std::string body = Town::events({{0, "a"}});
    body.back() = ',';
    return town.send("PutLogEvents", body + R"("entity":)" + entity + "}").body;
  };
  EXPECT_THAT(put(R"({"keyAttributes":{"Type":"Service","Name":"erp"},"attributes":{"A":"b"}})"),
              testing::Not(testing::HasSubstr("rejectedEntityInfo")));
  EXPECT_THAT(put(R"({"keyAttributes":{"Type":"Server","Name":"erp"}})"),
              testing::HasSubstr(R"("rejectedEntityInfo":{"errorType":"InvalidTypeValue"})"));
  EXPECT_THAT(put("{}"), testing::HasSubstr(R"("rejectedEntityInfo":{"errorType":"MissingRequiredFields"})"));
  EXPECT_EQ(Town::messages(town.ask("FilterLogEvents", R"({"logGroupName":"g"})")), "a a a ");
}

TEST(CloudWatchLogs, batches_keep_amazons_bounds) {
  Town town;
  town.make();
  const std::string kib(1'024, 'k');
  std::vector<std::pair<std::int64_t, std::string>> many(10'001, {0, "x"});
  std::vector<std::pair<std::int64_t, std::string>> heavy(1'000, {0, kib});
  expect_refusals(
      town, {{"PutLogEvents", R"({"logGroupName":"g","logStreamName":"s"})", "InvalidParameterException: "},
             {"PutLogEvents", Town::events({}), "InvalidParameterException: "},
             {"PutLogEvents", Town::events(many), "InvalidParameterException: "},
             {"PutLogEvents", Town::events(heavy),
              "InvalidParameterException: Upload too large: 1050000 bytes exceeds "
              "limit of 1048576"},
             {"PutLogEvents", Town::events({{0, std::string(limits::log_message_bytes_max + 1, 'x')}}),
              "InvalidParameterException: Log event too large: "},
             {"PutLogEvents", Town::events({{0, ""}}), "InvalidParameterException: "},
             {"PutLogEvents", Town::events({{1, "later"}, {0, "sooner"}}),
              "InvalidParameterException: Log events in a single PutLogEvents request must be in "
              "chronological order."},
             {"PutLogEvents", Town::events({{-86'401, "a"}, {0, "b"}}),
              "InvalidParameterException: The batch of log events in a single PutLogEvents request cannot "
              "span more than "
              "24 hours."},
             {"PutLogEvents",
              R"({"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":-1,"message":"x"}]})",
              "InvalidParameterException: "},
             {"PutLogEvents", R"({"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":1}]})",
              "InvalidParameterException: "},
             {"PutLogEvents",
              R"({"logGroupName":"no","logStreamName":"s","logEvents":[{"timestamp":1,"message":"x"}]})",
              "ResourceNotFoundException: The specified log group does not exist."},
             {"PutLogEvents",
              R"({"logGroupName":"g","logStreamName":"no","logEvents":[{"timestamp":1,"message":"x"}]})",
              "ResourceNotFoundException: The specified log stream does not exist."}});
  many.pop_back();
  EXPECT_THAT(town.call("PutLogEvents", Town::events(many)), HasSubstr("nextSequenceToken"));
  heavy.resize(998);
  EXPECT_THAT(town.call("PutLogEvents", Town::events(heavy)), HasSubstr("nextSequenceToken"));
  EXPECT_THAT(town.call("PutLogEvents", Town::events({{-86'400, "a"}, {0, "b"}})),
              HasSubstr("nextSequenceToken"));
  EXPECT_THAT(town.call("PutLogEvents", Town::events({{0, std::string(limits::log_message_bytes_max, 'x')}})),
              HasSubstr("nextSequenceToken"));
  EXPECT_EQ(town.store_->counts().events, 10'000U + 998 + 2 + 1);
}

TEST(CloudWatchLogs, events_out_of_time_are_named_and_the_others_kept) {
  struct Case {
    std::vector<std::int64_t> at_s; ///< from noon
    int retention_days;
    const char* rejected;
    const char* kept;
  };
  constexpr std::int64_t day = 86'400;
  for (const Case& one : std::vector<Case>{
           {{-14 * day - 1, -14 * day}, 0, R"({"tooOldLogEventEndIndex":1})", "1 "},
           {{-14 * day - 2, -14 * day - 1}, 0, R"({"tooOldLogEventEndIndex":2})", ""},
           {{7'200, 7'201, 7'202}, 0, R"({"tooNewLogEventStartIndex":1})", "0 "},
           {{7'201}, 0, R"({"tooNewLogEventStartIndex":0})", ""},
           {{-day - 1, -day, -1}, 1, R"({"expiredLogEventEndIndex":1})", "1 2 "},
           {{-14 * day - 1, -14 * day}, 1, R"({"tooOldLogEventEndIndex":1,"expiredLogEventEndIndex":2})", ""},
           {{0, 1}, 0, "", "0 1 "}}) {
    Town town;
    town.make();
    if (one.retention_days > 0) town.ask("PutRetentionPolicy", R"({"logGroupName":"g","retentionInDays":1})");
    std::vector<std::pair<std::int64_t, std::string>> events;
    for (const std::int64_t at : one.at_s) events.emplace_back(at, std::to_string(events.size()));
    const auto answer = town.ask("PutLogEvents", Town::events(events));
    const auto* rejected = answer.as_object().if_contains("rejectedLogEventsInfo");
    EXPECT_EQ(rejected == nullptr ? "" : kaden::to_text(*rejected), one.rejected) << one.at_s[0];
    EXPECT_EQ(Town::messages(town.ask("FilterLogEvents", R"({"logGroupName":"g"})")), one.kept)
        << one.at_s[0];
  }
}

TEST(CloudWatchLogs, describes_what_was_made) {
  Town town;
  town.ask("CreateLogGroup",
           R"({"logGroupName":"/app/web","tags":{"team":"web"},"logGroupClass":"STANDARD"})");
  town.ask("PutRetentionPolicy", R"({"logGroupName":"/app/web","retentionInDays":14})");
  town.ask("CreateLogGroup", R"({"logGroupName":"/app/db"})");
  town.ask("CreateLogGroup", R"({"logGroupName":"other"})");
  auto page = town.ask("DescribeLogGroups", R"({"logGroupNamePrefix":"/app","limit":1})");
  EXPECT_EQ(page.at("logGroups").at(0).at("logGroupName"), "/app/db");
  EXPECT_FALSE(page.at("logGroups").at(0).as_object().contains("retentionInDays"));
  const std::string token(page.at("nextToken").as_string());
  page = town.ask("DescribeLogGroups",
                  R"({"logGroupNamePrefix":"/app","limit":1,"nextToken":")" + token + R"("})");
  EXPECT_EQ(kaden::to_text(page),
            R"({"logGroups":[{"logGroupName":"/app/web","creationTime":1795435200000,"retentionInDays":14,)"
            R"("metricFilterCount":0,"arn":"arn:aws:logs:ap-northeast-1:111122223333:log-group:/app/web:*",)"
            R"("storedBytes":0,"logGroupClass":"STANDARD",)"
            R"("logGroupArn":"arn:aws:logs:ap-northeast-1:111122223333:log-group:/app/web"}]})");
  EXPECT_THAT(town.call("DescribeLogGroups", R"({"logGroupNamePrefix":"/","nextToken":")" + token + R"("})"),
              StartsWith("InvalidParameterException"))
      << "a token belongs to its question";
  town.clock_.advance(limits::log_token_age_max + Millis(1));
  EXPECT_THAT(town.call("DescribeLogGroups",
                        R"({"logGroupNamePrefix":"/app","limit":1,"nextToken":")" + token + R"("})"),
              HasSubstr("expired"));
  page = town.ask("DescribeLogGroups", R"({"logGroupNamePattern":"the"})");
  EXPECT_EQ(page.at("logGroups").as_array().size(), 1U);
  town.ask("DeleteRetentionPolicy", R"({"logGroupName":"/app/web"})");
  EXPECT_FALSE(town.store_->group("/app/web")->retention_days);

  const std::string arn = R"("resourceArn":"arn:aws:logs:ap-northeast-1:111122223333:log-group:/app/web:*")";
  town.ask("TagResource", "{" + arn + R"(,"tags":{"a":"b","c":"d"}})");
  town.ask("UntagResource", "{" + arn + R"(,"tagKeys":["c","none"]})");
  EXPECT_EQ(town.call("ListTagsForResource", "{" + arn + "}"), R"({"tags":{"a":"b","team":"web"}})");
  town.ask("DeleteLogGroup", R"({"logGroupName":"/app/web"})");
  EXPECT_FALSE(town.store_->group("/app/web"));
}

TEST(CloudWatchLogs, streams_are_described_by_name_and_by_time) {
  Town town;
  town.make();
  for (const char* name : {"a", "b"}) {
    town.ask("CreateLogStream", std::string(R"({"logGroupName":"g","logStreamName":")") + name + R"("})");
  }
  town.ask("PutLogEvents", Town::events({{0, "x"}, {5, "y"}}));
  const auto names = [&](const std::string& more) {
    std::string out;
    std::string token;
    do {
      const auto page =
          town.ask("DescribeLogStreams", R"({"logGroupName":"g","limit":2)" + more + token + "}");
      for (const auto& one : page.at("logStreams").as_array()) {
        out += std::string(one.at("logStreamName").as_string()) + " ";
      }
      const auto* next = page.as_object().if_contains("nextToken");
      token = next == nullptr ? "" : R"(,"nextToken":")" + std::string(next->as_string()) + "\"";
    } while (!token.empty());
    return out;
  };
  EXPECT_EQ(names(""), "a b s ");
  EXPECT_EQ(names(R"(,"descending":true)"), "s b a ");
  EXPECT_EQ(names(R"(,"orderBy":"LastEventTime","descending":true)"), "s b a ");
  EXPECT_EQ(names(R"(,"logStreamNamePrefix":"b")"), "b ");
  const auto page = town.ask("DescribeLogStreams", R"({"logGroupName":"g","logStreamNamePrefix":"s"})");
  EXPECT_EQ(kaden::to_text(page.at("logStreams").at(0)),
            R"({"logStreamName":"s","creationTime":1795435200000,"firstEventTimestamp":1795435200000,)"
            R"("lastEventTimestamp":1795435205000,"lastIngestionTime":1795435200000,)"
            R"("arn":"arn:aws:logs:ap-northeast-1:111122223333:log-group:g:log-stream:s","storedBytes":0})");
}

TEST(CloudWatchLogs, events_are_filtered_by_pages) {
  Town town;
  town.make();
  town.ask("PutLogEvents", Town::events({{0, "a ERROR"}, {1, "b"}, {2, "c ERROR"}, {2, "d ERROR"}}));
  const std::string question = R"({"logGroupName":"g","filterPattern":"ERROR","limit":2)";
  auto page = town.ask("FilterLogEvents", question + "}");
  EXPECT_EQ(Town::messages(page), "a ERROR c ERROR ");
  EXPECT_EQ(page.at("searchedLogStreams").as_array().size(), 0U);
  EXPECT_EQ(page.at("events").at(0).at("logStreamName"), "s");
  EXPECT_EQ(page.at("events").at(0).at("ingestionTime"), to_ms(noon));
  EXPECT_EQ(page.at("events").at(0).at("eventId").as_string().size(), 56U);
  const std::string token = R"(,"nextToken":")" + std::string(page.at("nextToken").as_string()) + "\"}";
  page = town.ask("FilterLogEvents", question + token);
  EXPECT_EQ(Town::messages(page), "d ERROR ");
  EXPECT_FALSE(page.as_object().contains("nextToken"));
  EXPECT_THAT(town.call("FilterLogEvents", R"({"logGroupName":"g","filterPattern":"ERR","limit":2)" + token),
              StartsWith("InvalidParameterException: The specified nextToken is invalid."));
  const auto at = [](std::int64_t s) { return std::to_string(to_ms(noon + seconds(s))); };
  page = town.ask("FilterLogEvents",
                  R"({"logGroupName":"g","startTime":)" + at(1) + R"(,"endTime":)" + at(2) + "}");
  EXPECT_EQ(Town::messages(page), "b c ERROR d ERROR ") << "both ends belong";
  page = town.ask("FilterLogEvents", R"({"logGroupIdentifier":"arn:aws:logs:ap-northeast-1:1:log-group:g:*",)"
                                     R"("startFromHead":false,"limit":1,"startTime":)" +
                                         at(0) + "}");
  EXPECT_EQ(Town::messages(page), "d ERROR ");
}

TEST(CloudWatchLogs, a_stream_is_read_forward_and_backward) {
  Town town;
  town.make();
  town.ask("PutLogEvents", Town::events({{0, "a"}, {1, "b"}, {2, "c"}, {3, "d"}, {4, "e"}}));
  const auto get = [&](const std::string& more) {
    return town.ask("GetLogEvents", R"({"logGroupName":"g","logStreamName":"s","limit":2)" + more + "}");
  };
  const auto token = [](const json::value& page, const char* name) {
    return R"(,"nextToken":")" + std::string(page.at(name).as_string()) + "\"";
  };
  auto page = get("");
  EXPECT_EQ(Town::messages(page), "d e ") << "the newest, in the order of time";
  page = get(token(page, "nextBackwardToken"));
  EXPECT_EQ(Town::messages(page), "b c ");
  page = get(token(page, "nextBackwardToken"));
  EXPECT_EQ(Town::messages(page), "a ");
  const auto first = get(token(page, "nextBackwardToken"));
  EXPECT_EQ(Town::messages(first), "");
  EXPECT_EQ(first.at("nextBackwardToken"), page.at("nextBackwardToken")) << "the same token: the beginning";
  EXPECT_EQ(Town::messages(get(token(page, "nextForwardToken"))), "b c ");

  page = get(R"(,"startFromHead":true)");
  EXPECT_EQ(Town::messages(page), "a b ");
  page = get(token(page, "nextForwardToken"));
  page = get(token(page, "nextForwardToken"));
  EXPECT_EQ(Town::messages(page), "e ");
  auto end = get(token(page, "nextForwardToken"));
  EXPECT_EQ(Town::messages(end), "");
  EXPECT_EQ(end.at("nextForwardToken"), page.at("nextForwardToken")) << "the same token: the end, for now";
  town.ask("PutLogEvents", Town::events({{5, "f"}}));
  EXPECT_EQ(Town::messages(get(token(end, "nextForwardToken"))), "f ");
  const std::string at = std::to_string(to_ms(noon + seconds(2)));
  EXPECT_EQ(Town::messages(get(R"(,"startFromHead":true,"startTime":)" + at)), "c d ");
  EXPECT_EQ(Town::messages(get(R"(,"endTime":)" + at)), "a b ") << "the end does not belong";

  town.ask("CreateLogStream", R"({"logGroupName":"g","logStreamName":"empty"})");
  page = town.ask("GetLogEvents", R"({"logGroupName":"g","logStreamName":"empty"})");
  EXPECT_EQ(Town::messages(page), "");
  EXPECT_TRUE(page.as_object().contains("nextForwardToken"));
}

// Metric filters
// ----------------------------------------------------------------------------------------------

std::string filter(const std::string& pattern, const std::string& transformation) {
  return R"({"logGroupName":"g","filterName":"f","filterPattern":)" + kaden::to_text(json::value(pattern)) +
         R"(,"metricTransformations":[)" + transformation + "]}";
}

TEST(CloudWatchLogs, metric_filters_come_back_as_they_were_put) {
  Town town;
  town.make();
  const std::string latency =
      R"({"metricName":"latency","metricNamespace":"App","metricValue":"$.ms","dimensions":{"host":"$.host"},)"
      R"("unit":"Milliseconds"})";
  town.ask("PutMetricFilter", filter("{ $.ms > 100 }", latency));
  EXPECT_EQ(
      town.call("DescribeMetricFilters", R"({"logGroupName":"g"})"),
      R"({"metricFilters":[{"filterName":"f","filterPattern":"{ $.ms > 100 }","metricTransformations":[)" +
          latency + R"(],"creationTime":1795435200000,"logGroupName":"g"}]})");
  EXPECT_EQ(town.ask("DescribeLogGroups", "{}").at("logGroups").at(0).at("metricFilterCount"), 1);
  EXPECT_THAT(town.call("DescribeMetricFilters", R"({"metricName":"latency","metricNamespace":"App"})"),
              HasSubstr("\"f\""));
  EXPECT_EQ(town.call("DescribeMetricFilters", R"({"metricName":"other","metricNamespace":"App"})"),
            R"({"metricFilters":[]})");
  town.ask("PutMetricFilter",
           filter("", R"({"metricName":"n","metricNamespace":"App","metricValue":"1","defaultValue":0})"));
  EXPECT_THAT(town.call("DescribeMetricFilters", R"({"filterNamePrefix":"f"})"),
              HasSubstr("\"defaultValue\":0"));
  town.ask("PutLogEvents", Town::events({{0, "any"}}));
  town.ask("DeleteMetricFilter", R"({"logGroupName":"g","filterName":"f"})");
  EXPECT_EQ(town.data_, 1U);
  EXPECT_EQ(town.call("DescribeMetricFilters", R"({"logGroupName":"g"})"), R"({"metricFilters":[]})");
}

TEST(CloudWatchLogs, metric_filters_are_paged) {
  Town town;
  town.make();
  const std::string count = R"({"metricName":"n","metricNamespace":"App","metricValue":"1"})";
  for (int i = 0; i < 5; ++i) {
    std::string body = filter("x", count);
    body.replace(body.find("\"f\""), 3, "\"f" + std::to_string(i) + "\"");
    town.ask("PutMetricFilter", body);
  }
  std::string names;
  std::string token;
  int pages = 0;
  do {
    const auto page = town.ask("DescribeMetricFilters", R"({"limit":2)" + token + "}");
    ++pages;
    for (const auto& one : page.at("metricFilters").as_array())
      names += std::string(one.at("filterName").as_string());
    const auto* next = page.as_object().if_contains("nextToken");
    token = next == nullptr ? "" : R"(,"nextToken":")" + std::string(next->as_string()) + "\"";
  } while (!token.empty());
  EXPECT_EQ(names, "f0f1f2f3f4");
  EXPECT_EQ(pages, 3);
}

TEST(CloudWatchLogs, metric_filters_that_are_none_are_refused) {
  Town town;
  town.make();
  const std::string good = R"({"metricName":"n","metricNamespace":"App","metricValue":"1"})";
  EXPECT_THAT(town.call("PutMetricFilter", filter("x", good + "," + good)),
              StartsWith("InvalidParameterException"));
  EXPECT_THAT(town.call("PutMetricFilter", filter("{ $.a", good)), HasSubstr("filterPattern: at character"));
  for (const char* bad :
       {R"({"metricNamespace":"App","metricValue":"1"})", R"({"metricName":"n","metricValue":"1"})",
        R"({"metricName":"n","metricNamespace":"App"})",
        R"({"metricName":"n*","metricNamespace":"App","metricValue":"1"})",
        R"({"metricName":"n","metricNamespace":"App","metricValue":"many"})",
        R"({"metricName":"n","metricNamespace":"App","metricValue":"$.a"})",
        R"({"metricName":"n","metricNamespace":"App","metricValue":"1","unit":"Miles"})",
        R"({"metricName":"n","metricNamespace":"App","metricValue":"1","dimensions":{"a":"$.a"}})", ""}) {
    EXPECT_THAT(town.call("PutMetricFilter", filter("x", bad)), StartsWith("InvalidParameterException"))
        << bad;
  }
  EXPECT_THAT(
      town.call("PutMetricFilter",
                filter("{ $.a = 1 }", R"({"metricName":"n","metricNamespace":"App","metricValue":"1",)"
                                      R"("defaultValue":0,"dimensions":{"a":"$.a"}})")),
      StartsWith("InvalidParameterException"));
  for (const char* more : {R"("applyOnTransformedLogs":true)", R"("fieldSelectionCriteria":"x")",
                           R"("emitSystemFieldDimensions":["@aws.account"])"}) {
    std::string body = filter("x", good);
    body.insert(1, std::string(more) + ",");
    EXPECT_THAT(town.call("PutMetricFilter", body), StartsWith("InvalidParameterException: applyOn")) << more;
  }
  std::string elsewhere = filter("x", good);
  elsewhere.replace(elsewhere.find("\"g\""), 3, "\"no\"");
  EXPECT_THAT(town.call("PutMetricFilter", elsewhere), StartsWith("ResourceNotFoundException"));
  for (int i = 0; i < 3; ++i) {
    std::string body = filter("%a% %b%", good);
    body.replace(body.find("\"f\""), 3, "\"r" + std::to_string(i) + "\"");
    EXPECT_THAT(town.call("PutMetricFilter", body), StartsWith(i < 2 ? "{}" : "LimitExceededException"));
  }
}

TEST(CloudWatchLogs, a_store_that_could_not_be_opened_tells_senders_to_come_again) {
  const Town town;
  const smithy::Service closed = make_closed_service("the disk is gone");
  for (const auto& [name, served] : town.service_->operations) {
    const auto found = closed.operations.find(name);
    ASSERT_NE(found, closed.operations.end()) << name;
    EXPECT_EQ(found->second.permission, served.permission) << name;
    bool answered = false;
    found->second.run({}, smithy::Value(), [&](const smithy::Answer<smithy::Value>& answer) {
      answered = true;
      ASSERT_FALSE(answer);
      EXPECT_EQ(answer.error().code, "ServiceUnavailable");
      EXPECT_EQ(answer.error().http_status, 500);
    });
    EXPECT_TRUE(answered);
  }
  EXPECT_EQ(closed.operations.size(), town.service_->operations.size());
}

} // namespace
} // namespace kaden::cloudwatchlogs
