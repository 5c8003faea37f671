#include <gtest/gtest.h>

#include "test_input.h"

namespace kaden::cloudwatch {
namespace {

const WallTime now = parse_iso8601("2026-11-23T12:00:00Z").value();
const std::string start = "Namespace=CWAgent&MetricData.member.1.MetricName=cpu";

Answer<std::vector<alarm::Datum>> read(const std::string& body) {
  const auto input = input_of("PutMetricData", body);
  if (!input) return refused(input);
  return read_metric_data(*input, now);
}

std::string code(const std::string& body) {
  const auto data = read(body);
  if (data) return "ok";
  EXPECT_EQ(data.error().http_status, 400);
  EXPECT_FALSE(data.error().message.empty());
  return std::string(data.error().code);
}

std::string shown(const alarm::StatisticSet& set) {
  return to_text(set.sample_count) + ":" + to_text(set.sum) + ":" + to_text(set.minimum) + ":" +
         to_text(set.maximum);
}

TEST(PutMetricData, TakesEveryFormOfValues) {
  struct {
    const char* values;
    const char* expected;
  } const cases[] = {
      {"Value=91.5", "1:91.5:91.5:91.5"},
      {"Value=-1e3", "1:-1000:-1000:-1000"},
      {"Value=0", "1:0:0:0"},
      {"Values.member.1=1&Values.member.2=3", "2:4:1:3"},
      {"Values.member.1=1&Values.member.2=3&Counts.member.1=2&Counts.member.2=0.5", "2.5:3.5:1:3"},
      {"StatisticValues.SampleCount=6&StatisticValues.Sum=554.25&StatisticValues.Minimum=91.5&"
       "StatisticValues.Maximum=95",
       "6:554.25:91.5:95"},
      // The agent sends both for aggregated metrics.
      {"Values.member.1=91.5&Values.member.2=95&Counts.member.1=4&Counts.member.2=1&StatisticValues."
       "SampleCount=6&"
       "StatisticValues.Sum=554.25&StatisticValues.Minimum=91.5&StatisticValues.Maximum=95",
       "6:554.25:91.5:95"},
  };
  for (const auto& c : cases) {
    std::string body = start;
    for (const auto part : split(c.values, '&')) body += "&MetricData.member.1." + std::string(part);
    const auto data = read(body);
    ASSERT_TRUE(data) << c.values << data.error().message;
    EXPECT_EQ(shown(data->at(0).values), c.expected) << c.values;
  }
}

TEST(PutMetricData, KeepsRawValuesForPercentiles) {
  const auto both =
      read(start +
           "&MetricData.member.1.Values.member.1=91.5&MetricData.member.1.Values.member.2=95&"
           "MetricData.member.1.Counts.member.1=4&MetricData.member.1.Counts.member.2=2&"
           "MetricData.member.1.StatisticValues.SampleCount=6&MetricData.member.1.StatisticValues.Sum="
           "556&MetricData.member.1.StatisticValues.Minimum=91.5&MetricData.member.1.StatisticValues."
           "Maximum=95");
  ASSERT_TRUE(both) << both.error().message;
  EXPECT_EQ(both->at(0).counted, (std::vector<alarm::ValueCount>{{91.5, 4}, {95, 2}}));
  EXPECT_EQ(shown(both->at(0).values), "6:556:91.5:95");
  EXPECT_TRUE(read(start + "&MetricData.member.1.Value=1")->at(0).counted.empty());
}

TEST(PutMetricData, ReadsEveryField) {
  const auto data =
      read(start +
           "&MetricData.member.1.Value=1&MetricData.member.1.Unit=Percent&MetricData.member.1."
           "StorageResolution=1&MetricData.member.1.Timestamp=2026-11-23T11%3A59%3A30.5Z&MetricData.member."
           "1.Dimensions.member.1.Name=host&MetricData.member.1.Dimensions.member.1.Value=web-01");
  ASSERT_TRUE(data);
  const alarm::Datum& one = data->at(0);
  EXPECT_EQ(one.metric, (alarm::MetricId{"CWAgent", "cpu", {{"host", "web-01"}}}));
  EXPECT_EQ(one.unit, "Percent");
  EXPECT_TRUE(one.high_resolution);
  EXPECT_EQ(one.at, now - Millis(29'500));
  const auto plain = read(start + "&MetricData.member.1.Value=1");
  EXPECT_EQ(plain->at(0).at, now);
  EXPECT_EQ(plain->at(0).unit, "None");
  EXPECT_FALSE(plain->at(0).high_resolution);
}

TEST(PutMetricData, TakesDataUnderEntities) {
  const auto data = read(
      "Namespace=CWAgent&StrictEntityValidation=false&EntityMetricData.member.1.Entity.KeyAttributes.entry.1."
      "key=Type&EntityMetricData.member.1.Entity.KeyAttributes.entry.1.value=Service&"
      "EntityMetricData.member.1.MetricData.member.1.MetricName=a&EntityMetricData.member.1.MetricData."
      "member.1.Value=1&"
      "EntityMetricData.member.2.MetricData.member.1.MetricName=b&EntityMetricData.member.2.MetricData."
      "member.1.Value=2&"
      "MetricData=");
  ASSERT_TRUE(data) << data.error().message;
  ASSERT_EQ(data->size(), 2U);
  EXPECT_EQ(data->at(0).metric.name, "a");
  EXPECT_EQ(data->at(1).metric.name, "b");
}

TEST(PutMetricData, RefusesEdgeByEdge) {
  const std::string value = start + "&MetricData.member.1.Value=1";
  const std::string member = "&MetricData.member.1.";
  const std::string all_statistics = member + "StatisticValues.SampleCount=1" + member +
                                     "StatisticValues.Sum=1" + member + "StatisticValues.Minimum=1" + member +
                                     "StatisticValues.Maximum=1";
  struct {
    std::string body;
    const char* code;
  } const cases[] = {
      {value, "ok"},
      {"MetricData.member.1.MetricName=cpu&MetricData.member.1.Value=1", "MissingParameter"},
      {"Namespace=&MetricData.member.1.MetricName=cpu&MetricData.member.1.Value=1", "MissingParameter"},
      {"Namespace=CWAgent", "MissingParameter"},
      {"Namespace=CWAgent&MetricData=", "MissingParameter"},
      {"Namespace=CWAgent&MetricData.member.1.Value=1", "MissingParameter"},
      {"Namespace=:x&MetricData.member.1.MetricName=a&MetricData.member.1.Value=1", "InvalidParameterValue"},
      {"Namespace=AWS/EC2&MetricData.member.1.MetricName=a&MetricData.member.1.Value=1",
       "InvalidParameterValue"},
      {"Namespace=" + std::string(255, 'n') + "&MetricData.member.1.MetricName=a&MetricData.member.1.Value=1",
       "ok"},
      {"Namespace=" + std::string(256, 'n') + "&MetricData.member.1.MetricName=a&MetricData.member.1.Value=1",
       "InvalidParameterValue"},
      {"Namespace=x&MetricData.member.1.MetricName=" + std::string(256, 'n') + "&MetricData.member.1.Value=1",
       "InvalidParameterValue"},
      {start, "InvalidParameterCombination"},
      {start + member + "Value=NaN", "InvalidParameterValue"},
      {start + member + "Value=inf", "InvalidParameterValue"},
      {start + member + "Value=", "MalformedInput"},
      {start + member + "Value=1x", "MalformedInput"},
      {start + member + "Value=2e108", "ok"},
      {start + member + "Value=3e108", "InvalidParameterValue"},
      {start + member + "Value=-3e108", "InvalidParameterValue"},
      {value + all_statistics, "InvalidParameterCombination"},
      {value + member + "Values.member.1=1", "InvalidParameterCombination"},
      {start + all_statistics, "ok"},
      {start + member + "StatisticValues.SampleCount=1" + member + "StatisticValues.Sum=1",
       "MissingParameter"},
      {start + member + "StatisticValues.SampleCount=0" + member + "StatisticValues.Sum=1" + member +
           "StatisticValues.Minimum=1" + member + "StatisticValues.Maximum=1",
       "InvalidParameterValue"},
      {start + member + "StatisticValues.SampleCount=1" + member + "StatisticValues.Sum=1" + member +
           "StatisticValues.Minimum=2" + member + "StatisticValues.Maximum=1",
       "InvalidParameterValue"},
      {start + member + "Values.member.1=1" + member + "Counts.member.1=0", "InvalidParameterValue"},
      {start + member + "Values.member.1=1" + member + "Counts.member.1=1" + member + "Counts.member.2=1",
       "InvalidParameterCombination"},
      {start + member + "Counts.member.1=1", "InvalidParameterCombination"},
      {value + member + "Unit=Parsec", "InvalidParameterValue"},
      {value + member + "Unit=Bytes/Second", "ok"},
      {value + member + "StorageResolution=10", "InvalidParameterValue"},
      {value + member + "Timestamp=yesterday", "MalformedInput"},
      {value + member + "Timestamp=2026-11-09T12:00:00Z", "ok"},
      {value + member + "Timestamp=2026-11-09T11:59:59Z", "InvalidParameterValue"},
      {value + member + "Timestamp=2026-11-23T14:00:00Z", "ok"},
      {value + member + "Timestamp=2026-11-23T14:00:01Z", "InvalidParameterValue"},
      {value + member + "Dimensions.member.1.Name=host", "InvalidParameterValue"},
      {value + member + "Dimensions.member.1.Value=web-01", "InvalidParameterValue"},
      {value + member + "Dimensions.member.1.Name=:h" + member + "Dimensions.member.1.Value=a",
       "InvalidParameterValue"},
      {value + member + "Dimensions.member.1.Name=h" + member + "Dimensions.member.1.Value=++",
       "InvalidParameterValue"},
      {value + member + "Dimensions.member.1.Name=h" + member + "Dimensions.member.1.Value=%E9%87%8D",
       "InvalidParameterValue"},
      {value + member + "Dimensions.member.1.Name=h" + member + "Dimensions.member.1.Value=a" + member +
           "Dimensions.member.2.Name=h" + member + "Dimensions.member.2.Value=b",
       "InvalidParameterValue"},
      {value + "&MetricData.member.2.MetricName=b",
       "InvalidParameterCombination"}, // one bad datum refuses all
  };
  for (const auto& c : cases) EXPECT_EQ(code(c.body), c.code) << c.body.substr(0, 200);
}

TEST(PutMetricData, CountsItsLists) {
  const auto many = [](std::size_t data, std::size_t values, std::size_t dimensions) {
    std::string body = "Namespace=x";
    for (std::size_t i = 1; i <= data; ++i) {
      const std::string path = "&MetricData.member." + std::to_string(i) + ".";
      body += path + "MetricName=m";
      for (std::size_t j = 1; j <= values; ++j) body += path + "Values.member." + std::to_string(j) + "=1";
      for (std::size_t j = 1; j <= dimensions; ++j) {
        const std::string dimension = path + "Dimensions.member." + std::to_string(j);
        body += dimension + ".Name=d" + std::to_string(j) + dimension + ".Value=v";
      }
    }
    return body;
  };
  EXPECT_EQ(code(many(1000, 1, 0)), "ok");
  EXPECT_EQ(code(many(1001, 1, 0)), "InvalidParameterValue");
  EXPECT_EQ(code(many(1, 150, 0)), "ok");
  EXPECT_EQ(code(many(1, 151, 0)), "InvalidParameterValue");
  EXPECT_EQ(code(many(1, 1, 30)), "ok");
  EXPECT_EQ(code(many(1, 1, 31)), "InvalidParameterValue");
}

} // namespace
} // namespace kaden::cloudwatch
