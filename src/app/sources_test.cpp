#include "sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <future>
#include <thread>

#include "writer_test_base.h"

namespace kaden::app {
namespace {

using testing::HasSubstr;

AlarmEvent event(std::string id) {
  AlarmEvent event;
  event.source = "status";
  event.event_id = std::move(id);
  event.alarm = "page/incident";
  return event;
}

class SourcesTest : public WriterTest {};

TEST_F(SourcesTest, what_was_reported_is_in_the_journal_when_the_report_returns) {
  writer_.start({});
  JournalIntake intake(writer_);
  ASSERT_TRUE(intake.report({event("1"), event("2")}));
  const auto stored = journal_->last_position();
  EXPECT_GE(stored, 2U);
  ASSERT_TRUE(intake.report({event("1")}));
  EXPECT_EQ(journal_->last_position(), stored) << "a repeat is not stored again";
}

TEST_F(SourcesTest, a_disk_that_refuses_is_told) {
  writer_.start({});
  JournalIntake intake(writer_);
  ASSERT_TRUE(intake.report({event("1")}));
  disk_full_ = true;
  EXPECT_EQ(intake.report({event("2")}).error().fault, Fault::unavailable);
  writer_.stop();
  EXPECT_EQ(intake.report({event("2")}).error().fault, Fault::unavailable);
}

TEST_F(SourcesTest, an_alarm_that_is_taken_at_its_source_calls_nobody_and_who_took_what_is_known) {
  writer_.start({});
  JournalIntake intake(writer_);
  ASSERT_TRUE(intake.report({event("1")}));
  ASSERT_TRUE(intake.report_taken(event("2"), "vcenter: sato"));
  const std::string alarm = event("2").alarm;
  const std::string source = event("2").source;
  const auto taken = intake.who_took(source, {alarm, "another"});
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_EQ(*taken, (std::map<std::string, std::string>{{alarm, "vcenter: sato"}}));
  EXPECT_TRUE(intake.who_took("else", {alarm}).value().empty());
  EXPECT_TRUE(intake.who_took(source, {}).value().empty());
  intake.close();
  EXPECT_EQ(intake.report_taken(event("3"), "x").error().fault, Fault::unavailable);
}

TEST_F(SourcesTest, closing_ends_reports_that_nobody_answers) {
  JournalIntake intake(writer_); // the writer was not started: nothing is ever answered
  Result<void> told;
  std::thread reporter([&] { told = intake.report({event("1")}); });
  intake.close();
  reporter.join();
  ASSERT_FALSE(told);
  EXPECT_THAT(told.error().message, HasSubstr("shutting down"));
}

/// Nothing listens there: each look fails at once.
config::Sources pages(const std::vector<std::string>& ids) {
  config::Sources sources;
  for (const std::string& id : ids) {
    config::StatusPage page;
    page.id = id;
    page.url = "http://127.0.0.1:1/summary.json";
    page.unreadable_after = Millis(0);
    page.certificate_sha256 = std::string(64, 'a');
    sources.status_pages.push_back(page);
  }
  return sources;
}

std::vector<source::Standing> looked_at(const Sources& sources) {
  for (;;) {
    auto standings = sources.standings();
    const bool all = std::all_of(standings.begin(), standings.end(),
                                 [](const source::Standing& standing) { return standing.looks > 0; });
    if (all) return standings;
    std::this_thread::yield();
  }
}

TEST_F(SourcesTest, each_page_of_the_file_is_watched_until_another_file_comes) {
  writer_.start({});
  Sources sources(writer_, *records_, clock_, "aaaaaaaaaaaaaaaa");
  EXPECT_TRUE(sources.standings().empty());
  sources.watch(pages({"aws", "vmware"}));
  const auto first = looked_at(sources);
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0].name, "aws");
  EXPECT_EQ(first[1].name, "vmware");
  EXPECT_EQ(first[1].source, "status");
  EXPECT_EQ(first[1].events, 1U) << "it is unreadable, which is an alarm";
  EXPECT_THAT(first[1].trouble, HasSubstr("127.0.0.1"));
  EXPECT_EQ(records_->all("source_state").value().size(), 2U);
  sources.watch(pages({"vmware"}));
  const auto second = looked_at(sources);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].events, 0U) << "it was told before";
  sources.stop();
  EXPECT_TRUE(sources.standings().empty());
}

TEST_F(SourcesTest, what_a_page_told_is_over_when_the_file_no_longer_has_it) {
  writer_.start({});
  Sources sources(writer_, *records_, clock_, "aaaaaaaaaaaaaaaa");
  sources.watch(pages({"aws", "vmware"}));
  looked_at(sources);
  const auto open = records_->all("open_alarm").value();
  ASSERT_EQ(open.size(), 2U);
  const auto is_active = [&](const std::string& key) {
    const std::string alarm(parse_json(key).value().as_array().at(1).as_string());
    std::promise<bool> answer;
    EXPECT_TRUE(writer_.ask([&](const incident::Engine& engine) {
      answer.set_value(engine.holder("status", alarm).has_value());
    }));
    return answer.get_future().get();
  };
  EXPECT_TRUE(is_active(open.begin()->first));
  EXPECT_TRUE(is_active(open.rbegin()->first));
  sources.watch(pages({"vmware"}));
  looked_at(sources);
  EXPECT_FALSE(is_active(open.begin()->first)) << "aws";
  EXPECT_TRUE(is_active(open.rbegin()->first)) << "vmware";
  EXPECT_EQ(records_->all("open_alarm").value().size(), 1U);
  EXPECT_EQ(records_->all("source_state").value().size(), 1U) << "aws would begin anew";
  // Nothing at all is watched any more.
  sources.watch({});
  EXPECT_FALSE(is_active(open.rbegin()->first));
  EXPECT_TRUE(records_->all("open_alarm").value().empty());
}

TEST_F(SourcesTest, a_disk_that_refuses_leaves_the_end_for_the_next_time) {
  writer_.start({});
  Sources sources(writer_, *records_, clock_, "aaaaaaaaaaaaaaaa");
  sources.watch(pages({"aws"}));
  looked_at(sources);
  disk_full_ = true;
  sources.watch({});
  EXPECT_EQ(records_->all("open_alarm").value().size(), 1U);
  disk_full_ = false;
  sources.watch({});
  EXPECT_TRUE(records_->all("open_alarm").value().empty());
}

TEST_F(SourcesTest, a_vcenter_of_the_file_is_watched) {
  writer_.start({});
  Sources sources(writer_, *records_, clock_, "aaaaaaaaaaaaaaaa");
  config::Sources settings;
  config::Vcenter vcenter;
  vcenter.id = "vc1";
  vcenter.url = "https://127.0.0.1:1/sdk";
  vcenter.unreadable_after = Millis(0);
  vcenter.certificate_sha256 = std::string(64, 'a');
  vcenter.rules = {{"*", "*", std::nullopt, Severity::error}};
  settings.vcenters = {vcenter};
  sources.watch(settings);
  const auto standings = looked_at(sources);
  ASSERT_EQ(standings.size(), 1U);
  EXPECT_EQ(standings[0].source, "vcenter");
  EXPECT_EQ(standings[0].name, "vc1");
  EXPECT_EQ(standings[0].events, 1U) << "it is unreadable, which is an alarm";
  EXPECT_THAT(standings[0].trouble, HasSubstr("vCenter vc1: "));
}

TEST_F(SourcesTest, a_log_of_the_file_is_watched) {
  writer_.start({});
  Sources sources(writer_, *records_, clock_, "aaaaaaaaaaaaaaaa");
  config::Sources settings;
  config::WatchedLog log;
  log.id = log.name = "app";
  log.files = config::LogFiles{{"/nonexistent/app.log"}, {}, "", false, false};
  log.unreadable_after = Millis(0);
  settings.logs = {log};
  sources.watch(settings);
  const auto standings = looked_at(sources);
  ASSERT_EQ(standings.size(), 1U);
  EXPECT_EQ(standings[0].source, "log");
  EXPECT_EQ(standings[0].name, "app");
  EXPECT_EQ(standings[0].events, 1U) << "it is unreadable, which is an alarm";
  EXPECT_EQ(standings[0].trouble, "/nonexistent/app.log: No such file or directory");
}

TEST(Standings, as_json_and_as_metrics) {
  source::Standing good;
  good.source = "status";
  good.name = "vmware";
  good.looked_at = wall_time(1'000);
  good.read_at = wall_time(1'000);
  good.looks = 3;
  good.failures = 1;
  good.events = 2;
  source::Standing bad = good;
  bad.name = "aws";
  bad.trouble = "no answer";
  source::Standing fresh;
  fresh.source = "status";
  fresh.name = "new";
  EXPECT_EQ(kaden::to_text(to_json({good, fresh})),
            R"({"sources":[{"source":"status","name":"vmware","readable":true,)"
            R"("looked_at":"1970-01-01T00:00:01Z","read_at":"1970-01-01T00:00:01Z","looks":3,"failures":1,)"
            R"("events":2,"trouble":""},{"source":"status","name":"new","readable":null,"looked_at":null,)"
            R"("read_at":null,"looks":0,"failures":0,"events":0,"trouble":""}]})");
  source::Standing hinted = fresh;
  hinted.hint = source::Hint::old_alarm_log;
  const std::string with_hint = kaden::to_text(to_json({hinted}));
  EXPECT_THAT(with_hint, HasSubstr(R"("hint":{"ja":"このログは)"));
  EXPECT_THAT(with_hint, HasSubstr(R"("en":"this log is the output of Get-AlarmDefinition)"));
  hinted.hint = source::Hint::encoding;
  EXPECT_THAT(kaden::to_text(to_json({hinted})), HasSubstr("Set files.encoding"));
  good.counts = {{"received", 7}};
  good.levels = {{"connections", 2}};
  EXPECT_THAT(kaden::to_text(to_json({good})), HasSubstr(R"("counts":{"received":7})"));
  std::vector<api::Metric> metrics;
  add_metrics({}, metrics);
  EXPECT_TRUE(metrics.empty());
  add_metrics({good, bad, fresh}, metrics);
  const std::string text = api::to_text(metrics);
  EXPECT_THAT(text, HasSubstr("kaden_source_looks_total{source=\"status\",name=\"vmware\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("kaden_source_failures_total{source=\"status\",name=\"vmware\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("kaden_source_events_total{source=\"status\",name=\"vmware\"} 2\n"));
  EXPECT_THAT(text,
              HasSubstr("kaden_source_count_total{source=\"status\",name=\"vmware\",what=\"received\"} 7\n"));
  EXPECT_THAT(text,
              HasSubstr("kaden_source_level{source=\"status\",name=\"vmware\",what=\"connections\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("kaden_source_readable{source=\"status\",name=\"vmware\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("kaden_source_readable{source=\"status\",name=\"aws\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("kaden_source_readable{source=\"status\",name=\"new\"} 0\n"));
}

} // namespace
} // namespace kaden::app
