#include "kaden/metric_filter.h"
#include "kaden/limits/logs.h"

#include <gtest/gtest.h>

namespace kaden::logfilter {
namespace {

const WallTime noon = wall_time(1'787'540'640'000); // a full minute

MetricTransformation counting() {
  return {"Errors", "App", "1", std::nullopt, {}, "Count"};
}

Result<MetricFilter> made(std::string_view pattern, MetricTransformation transformation) {
  auto read = Pattern::parse(pattern);
  if (!read) return tl::unexpected(read.error());
  return MetricFilter::make(std::move(*read), std::move(transformation));
}

/// "Errors=1@5 {a=b}": value, seconds after noon, dimensions.
std::string shown(const std::vector<Datum>& data) {
  std::string text;
  for (const Datum& datum : data) {
    if (!text.empty()) text += "; ";
    text += datum.name + "=" + to_text(datum.value) + "@" + std::to_string((datum.at - noon).count() / 1000);
    for (const auto& [name, value] : datum.dimensions) text += " " + name + "=" + value;
  }
  return text;
}

std::string take(MetricFilter& filter, std::string_view line, std::int64_t second) {
  const WallTime now = noon + seconds(second);
  return shown(filter.take(Message(line), now, now));
}

std::string step(MetricFilter& filter, std::int64_t second) {
  const auto datum = filter.step(noon + seconds(second));
  return datum ? shown({*datum}) : "";
}

TEST(MetricFilter, CountsMatches) {
  auto filter = made("ERROR", counting());
  ASSERT_TRUE(filter.has_value());
  EXPECT_EQ(take(*filter, "ERROR 1", 5), "Errors=1@5");
  EXPECT_EQ(take(*filter, "INFO", 6), "");
  EXPECT_EQ(take(*filter, "ERROR 2", 65), "Errors=1@65");
  EXPECT_EQ(step(*filter, 300), ""); // no default value
  const auto datum = filter->take(Message("ERROR"), noon, noon);
  ASSERT_EQ(datum.size(), 1U);
  EXPECT_EQ(datum[0], (Datum{"App", "Errors", "Count", {}, noon, 1}));
}

TEST(MetricFilter, DefaultForMinutesWithoutAMatch) {
  MetricTransformation transformation = counting();
  transformation.default_value = 0;
  auto filter = made("ERROR", transformation);
  ASSERT_TRUE(filter.has_value());
  EXPECT_EQ(step(*filter, 0), ""); // no event at all: no datapoint
  EXPECT_EQ(take(*filter, "INFO", 5), "");
  EXPECT_EQ(step(*filter, 59), ""); // the minute may still match
  EXPECT_EQ(step(*filter, 60), "Errors=0@0");
  EXPECT_EQ(step(*filter, 61), "");
  EXPECT_EQ(step(*filter, 180), ""); // silence
  EXPECT_EQ(take(*filter, "INFO", 181), "");
  EXPECT_EQ(take(*filter, "ERROR", 190), "Errors=1@190");
  EXPECT_EQ(take(*filter, "INFO", 239), "");
  EXPECT_EQ(step(*filter, 240), ""); // it matched
  EXPECT_EQ(take(*filter, "INFO", 241), "");
  EXPECT_EQ(take(*filter, "ERROR", 301), "Errors=0@240; Errors=1@301"); // found out by the next event
  EXPECT_EQ(take(*filter, "INFO", 361), "");
  EXPECT_EQ(step(*filter, -60), "Errors=0@360"); // a clock set back ends the minute
}

TEST(MetricFilter, TimeOfADatum) {
  struct Case {
    std::int64_t event, came_in, expect;
  };
  for (const Case& each : std::vector<Case>{{58, 63, 63},  // late by less than the minute's judgement allows
                                            {0, 300, 300}, // an agent that could not reach us
                                            {-1, 300, -1}, // history
                                            {-86'400, 0, -86'400},
                                            {7'200, 0, 0}}) { // of a clock ahead
    auto filter = made("", counting());
    ASSERT_TRUE(filter.has_value());
    const auto data = filter->take(Message("x"), noon + seconds(each.event), noon + seconds(each.came_in));
    ASSERT_EQ(data.size(), 1U);
    EXPECT_EQ((data[0].at - noon).count() / 1000, each.expect) << each.event;
  }
}

TEST(MetricFilter, ValueFromTheEvent) {
  MetricTransformation transformation{"Latency", "App", "$.latency", 0.0, {}, "Milliseconds"};
  auto filter = made("{ $.latency = * }", transformation);
  ASSERT_TRUE(filter.has_value());
  EXPECT_EQ(take(*filter, R"({"latency":50,"requestType":"GET"})", 1), "Latency=50@1");
  EXPECT_EQ(take(*filter, R"({"latency":"1.5e1"})", 2), "Latency=15@2");
  EXPECT_EQ(take(*filter, R"({"latency":"slow"})", 3), "");
  EXPECT_EQ(take(*filter, R"({"requestType":"GET"})", 4), "");
  EXPECT_EQ(filter->dropped(), 1U);
  transformation.value = "$size";
  auto sizes = made("[..., size]", transformation);
  ASSERT_TRUE(sizes.has_value());
  EXPECT_EQ(take(*sizes, "a b 1534", 1), "Latency=1534@1");
  EXPECT_EQ(take(*sizes, "a b -", 2), "");
}

TEST(MetricFilter, Dimensions) {
  MetricTransformation transformation = counting();
  transformation.dimensions = {{"Host", "$.host"}, {"Code", "$.code"}};
  auto filter = made("{ $.level = ERROR }", transformation);
  ASSERT_TRUE(filter.has_value());
  EXPECT_EQ(take(*filter, R"({"level":"ERROR","host":"web-01","code":7})", 1),
            "Errors=1@1 Code=7 Host=web-01");
  EXPECT_EQ(take(*filter, R"({"level":"ERROR","host":"web-01"})", 2), "");
  EXPECT_EQ(take(*filter, R"({"level":"ERROR","host":" ","code":7})", 3), "");
  EXPECT_EQ(filter->dropped(), 2U);
}

TEST(MetricFilter, DimensionsAreBounded) {
  MetricTransformation transformation = counting();
  transformation.dimensions = {{"Request", "$id"}};
  auto filter = made("[id]", transformation);
  ASSERT_TRUE(filter.has_value());
  for (std::size_t i = 0; i < limits::log_dimension_values_max; ++i) {
    EXPECT_NE(take(*filter, "r" + std::to_string(i), 1), "");
  }
  EXPECT_EQ(take(*filter, "another", 2), "");
  EXPECT_EQ(take(*filter, "r7", 3), "Errors=1@3 Request=r7"); // a known one goes on
  EXPECT_EQ(filter->dropped(), 1U);
  EXPECT_EQ(take(*filter, "another", 3'602), "Errors=1@3602 Request=another");
}

TEST(MetricFilter, CountsCharactersOfAMetricsName) {
  for (const int count : {255, 256}) {
    MetricTransformation transformation = counting();
    transformation.name.clear();
    for (int i = 0; i < count; ++i) transformation.name += "\u3042";
    auto pattern = Pattern::parse("x");
    ASSERT_TRUE(pattern);
    EXPECT_EQ(MetricFilter::make(std::move(*pattern), std::move(transformation)).has_value(), count == 255);
  }
}

TEST(MetricFilter, Refused) {
  struct Case {
    std::string_view pattern;
    MetricTransformation transformation;
    std::string_view expect;
  };
  const auto with = [](auto change) {
    MetricTransformation transformation = counting();
    change(transformation);
    return transformation;
  };
  const std::vector<Case> cases = {
      {"x", with([](auto& t) { t.name = ""; }),
       "metricName: 1 to 255 characters, none of them ':', '*' or '$'"},
      {"x", with([](auto& t) { t.name = "a:b"; }),
       "metricName: 1 to 255 characters, none of them ':', '*' or '$'"},
      {"x", with([](auto& t) { t.name_space = std::string(256, 'a'); }),
       "metricNamespace: 1 to 255 characters, none of them ':', '*' or '$'"},
      {"x", with([](auto& t) { t.name_space = "AWS/EC2"; }),
       "metricNamespace: AWS/EC2 is Amazon's own, as all that begin with AWS/"},
      {"x", with([](auto& t) { t.value = "one"; }),
       "metricValue: a number, or a selector such as $.latency or $size"},
      {"x", with([](auto& t) { t.value = ""; }),
       "metricValue: a number, or a selector such as $.latency or $size"},
      {"x", with([](auto& t) { t.value = "inf"; }),
       "metricValue: a number, or a selector such as $.latency or $size"},
      {"x", with([](auto& t) { t.value = std::string(101, '1'); }), "metricValue: at most 100 characters"},
      {"x", with([](auto& t) { t.value = "$size"; }),
       "metricValue: a pattern of terms has no values to select"},
      {"[a]", with([](auto& t) { t.value = "$size"; }), "metricValue: the pattern has no field 'size'"},
      {"[a]", with([](auto& t) {
         t.dimensions = {{"D", "$b"}};
       }),
       "dimensions: D: the pattern has no field 'b'"},
      {"[a]", with([](auto& t) {
         t.dimensions = {{"", "$a"}};
       }),
       "dimensions: a name has 1 to 255 characters and does not begin with ':'"},
      {"[a]", with([](auto& t) {
         t.dimensions = {{"1", "$a"}, {"2", "$a"}, {"3", "$a"}, {"4", "$a"}};
       }),
       "dimensions: at most 3"},
      {"[a]", with([](auto& t) {
         t.dimensions = {{"1", "$a"}};
         t.default_value = 0;
       }),
       "defaultValue: cannot be set together with dimensions"},
  };
  for (const Case& each : cases) {
    const auto filter = made(each.pattern, each.transformation);
    ASSERT_FALSE(filter.has_value()) << each.expect;
    EXPECT_EQ(filter.error().message, each.expect);
  }
}

} // namespace
} // namespace kaden::logfilter
