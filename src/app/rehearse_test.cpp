// A rule over datapoints of a real store.
#include "rehearse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "archive.h"
#include "kaden/cloudwatch.h"
#include "kaden/runtime.h"

namespace kaden::app {
namespace {

using testing::HasSubstr;

const WallTime noon = parse_iso8601("2026-11-23T12:00:00Z").value();

class StoreFolder {
 public:
  StoreFolder() : path_(testing::TempDir() + "kaden-rehearse-XXXXXX") {
    require(mkdtemp(path_.data()) != nullptr, "a folder for the test can be made");
  }
  ~StoreFolder() { std::filesystem::remove_all(path_); }
  StoreFolder(const StoreFolder&) = delete;
  StoreFolder& operator=(const StoreFolder&) = delete;
  datapoints::Settings settings() const {
    datapoints::Settings made;
    made.path = path_ + "/metrics.db";
    made.disk_free_min = 0;
    return made;
  }

 private:
  std::string path_;
};

alarm::Rule rule() {
  alarm::Rule made;
  made.name = "cpu-high";
  made.metric = "cpu";
  made.condition.threshold = 80;
  return made;
}

alarm::Datum datum(const std::string& host, WallTime at, double value) {
  return {{"CWAgent", "cpu", {{"host", host}}}, "Percent", at, {1, value, value, value}, false, {}};
}

TEST(Rehearse, ReadsWhatWasStoredHoursAtATime) {
  const StoreFolder folder;
  runtime::ManualClock clock(noon);
  auto store = datapoints::Store::open(folder.settings(), clock, {});
  ASSERT_TRUE(store) << store.error().message;
  // Two nights; on each a peak of ten minutes.
  for (WallTime at = noon - seconds(2 * 86'400); at < noon; at += seconds(60)) {
    const bool is_peak = to_ms(at) / 60'000 % 1'440 >= 180 && to_ms(at) / 60'000 % 1'440 < 190;
    (*store)->put(datum("web-01", at, is_peak ? 95 : 5));
    (*store)->put(datum("web-02", at, 5));
    (*store)->put({{"CWAgent", "mem", {{"host", "web-01"}}}, "Percent", at, {1, 99, 99, 99}, false, {}});
  }
  ASSERT_TRUE((*store)->flush());
  auto reader = datapoints::Reader::open(folder.settings().path);
  ASSERT_TRUE(reader);
  rehearsal::Plan plan{{rule()}, {}, cloudwatch::event_of, noon - seconds(2 * 86'400), noon, 48};
  const auto outcome = rehearse(plan, **reader);
  ASSERT_TRUE(outcome) << outcome.error().message;
  ASSERT_EQ(outcome->lines.size(), 2U);
  EXPECT_EQ(outcome->alarms, 2U);
  EXPECT_EQ(outcome->lines[0].in_alarm, seconds(20 * 60));
  EXPECT_EQ(outcome->lines[1].in_alarm, Millis(0));
  EXPECT_FALSE(outcome->is_coarse);
  EXPECT_THAT(rehearsal::draw(*outcome, {}), HasSubstr("cpu-high web-01  "));
}

TEST(Rehearse, APercentileIsToldOnlyWhereEachValueIsKnown) {
  const StoreFolder folder;
  runtime::ManualClock clock(noon);
  auto store = datapoints::Store::open(folder.settings(), clock, {});
  ASSERT_TRUE(store) << store.error().message;
  const WallTime from = noon - seconds(3'600);
  for (WallTime at = from; at < noon; at += seconds(60)) (*store)->put(datum("web-01", at, 95));
  ASSERT_TRUE((*store)->flush());
  auto reader = datapoints::Reader::open(folder.settings().path);
  ASSERT_TRUE(reader);
  alarm::Rule p95 = rule();
  p95.condition.extended = alarm::parse_extended_statistic("p95").value();
  const rehearsal::Plan plan{{p95}, {}, cloudwatch::event_of, from, noon, 48};
  const auto outcome = rehearse(plan, **reader);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->alarms, 1U);
  alarm::Datum values = datum("web-01", noon - seconds(180), 0);
  values.counted = {{40, 90}, {95, 10}};
  values.values = alarm::set_of(values.counted);
  (*store)->put(values);
  ASSERT_TRUE((*store)->flush());
  const auto with_values = rehearse(plan, **reader);
  ASSERT_TRUE(with_values) << with_values.error().message;
  EXPECT_EQ(with_values->alarms, 1U);
  (*store)->put({{"CWAgent", "cpu", {{"host", "web-01"}}},
                 "Percent",
                 noon - seconds(120),
                 {100, 5'050, 1, 100},
                 false,
                 {}});
  ASSERT_TRUE((*store)->flush());
  const auto refused = rehearse(plan, **reader);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("the rule takes p95, which needs each value"));
  EXPECT_THAT(refused.error().message, HasSubstr("is of 2026-11-23T11:58:00"));
}

/// p95 is over the threshold only for those who know each value: the average is not.
TEST(Rehearse, APercentileOfManyValuesRings) {
  const StoreFolder folder;
  runtime::ManualClock clock(noon);
  auto store = datapoints::Store::open(folder.settings(), clock, {});
  ASSERT_TRUE(store) << store.error().message;
  const WallTime from = noon - seconds(3'600);
  for (WallTime at = from; at < noon; at += seconds(60)) {
    alarm::Datum one = datum("web-01", at, 0);
    one.counted = {{10, 94}, {at < noon - seconds(1'800) ? 20.0 : 90.0, 6}};
    one.values = alarm::set_of(one.counted);
    (*store)->put(one);
  }
  ASSERT_TRUE((*store)->flush());
  auto reader = datapoints::Reader::open(folder.settings().path);
  ASSERT_TRUE(reader);
  alarm::Rule p95 = rule();
  p95.condition.extended = alarm::parse_extended_statistic("p95").value();
  const auto outcome = rehearse({{p95}, {}, cloudwatch::event_of, from, noon, 48}, **reader);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->alarms, 1U);
  EXPECT_EQ(rehearse({{rule()}, {}, cloudwatch::event_of, from, noon, 48}, **reader)->alarms, 0U);
}

TEST(Rehearse, FindsRulesByNameAndInFiles) {
  config::Settings settings;
  settings.alarms = {rule()};
  const config::Environment files{
      [](const std::string& path) -> Result<config::FileText> {
        if (path == "new.yaml") return config::FileText{"{name: new, metric: mem, when: \"> 5\"}", 0644};
        if (path == "bad.yaml") return config::FileText{"{name: new}", 0644};
        if (path == "empty.yaml") return config::FileText{"[]", 0644};
        return fail(Fault::not_found, "cannot read " + path);
      },
      [](const std::string&) { return std::optional<std::string>(); }};
  EXPECT_EQ(find_rules("cpu-high", settings, files).value().front(), rule());
  EXPECT_EQ(find_rules("new.yaml", settings, files).value().front().name, "new");
  EXPECT_THAT(find_rules("bad.yaml", settings, files).error().message, HasSubstr("bad.yaml:1:1"));
  EXPECT_THAT(find_rules("empty.yaml", settings, files).error().message, HasSubstr("no rule in it"));
  const auto unknown = find_rules("cpu-hihg", settings, files);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().fault, Fault::not_found);
  EXPECT_THAT(unknown.error().message, HasSubstr("Rules: cpu-high"));
}

// The archive
// ------------------------------------------------------------------------------------------------

TEST(Archive, PutsThePointsOfAStepTogether) {
  using datapoints::Tier;
  const std::vector<datapoints::Point> points = {
      {noon - seconds(60), Tier::minute, {1, 9, 9, 9}},  {noon, Tier::minute, {1, 2, 2, 2}},
      {noon + seconds(1), Tier::second, {1, 4, 4, 4}},   {noon + seconds(240), Tier::minute, {2, 6, 1, 5}},
      {noon + seconds(300), Tier::minute, {1, 3, 3, 3}}, {noon + seconds(600), Tier::minute, {1, 8, 8, 8}}};
  const auto five = in_steps(points, seconds(300), noon, noon + seconds(600));
  ASSERT_EQ(five.size(), 2U);
  EXPECT_EQ(five[0].at, noon);
  EXPECT_EQ(five[0].values, (alarm::StatisticSet{4, 12, 1, 5}));
  EXPECT_FALSE(five[0].high_resolution);
  EXPECT_EQ(five[1].values, (alarm::StatisticSet{1, 3, 3, 3}));
  const auto as_it_is = in_steps(points, Millis(0), noon, noon + seconds(600));
  ASSERT_EQ(as_it_is.size(), 4U);
  EXPECT_TRUE(as_it_is[1].high_resolution);
}

TEST(Archive, AFileThatCannotBeOpenedIsSaidAndNothingElseHappens) {
  const StoreFolder folder;
  std::filesystem::create_directory(folder.settings().path); // a folder where the file should be
  runtime::ManualClock clock(noon);
  std::vector<std::string> log;
  std::mutex mutex;
  Archive archive(folder.settings(), clock, [&](const std::string& line) {
    const std::lock_guard lock(mutex);
    log.push_back(line);
  });
  archive.put(datum("web-01", noon, 1), "AKIDKADEN");
  EXPECT_THAT(archive.trouble(), HasSubstr("no datapoints are stored: "));
  EXPECT_EQ(archive.counts().stored, 0U);
  const std::lock_guard lock(mutex);
  ASSERT_EQ(log.size(), 1U);
  EXPECT_THAT(log[0], HasSubstr("no datapoints are stored: "));
}

} // namespace
} // namespace kaden::app
