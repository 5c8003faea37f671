#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kaden/limits/alarm_events.h"
#include "kaden/status_watch.h"
#include "sample_pages.h"

namespace kaden::statusfeed {
namespace {

using testing::HasSubstr;
using testing::Not;

News news_of(Happening happening, Stage stage, Impact impact) {
  News news;
  news.happening = happening;
  news.page = "vmc";
  news.event_id = "vmc/incident/a/k";
  news.report.incident = "a";
  news.report.title = "Connectivity {machine} in Tokyo";
  news.report.stage = stage;
  news.report.impact = impact;
  news.report.is_maintenance = impact == Impact::maintenance;
  news.report.text = "Line one.\nLine two.";
  return news;
}

AlarmEvent event_of(const News& news) {
  const AlarmEvent event = to_alarm_event(news, AlarmSettings{"VMware Cloud"});
  const auto read = alarm_event_from_json(to_json(event), "event");
  EXPECT_TRUE(read) << read.error().message;
  return event;
}

TEST(StatusNews, BecomeAlarmEvents) {
  Watch watch = *Watch::make(WatchSettings{"vmc", {}});
  const auto news = watch.take(sample_page("summary.json"), time_at("2026-08-24T02:51:00Z"));
  ASSERT_EQ(news.size(), 1U);
  const AlarmEvent event = event_of(news[0]);
  EXPECT_EQ(event.source, "status");
  EXPECT_EQ(event.event_id, "vmc/incident/k3d4n1nc1d01/u3-monitoring");
  EXPECT_EQ(event.alarm, "vmc/k3d4n1nc1d01");
  EXPECT_EQ(event.state, AlarmState::alarm);
  EXPECT_EQ(event.severity, Severity::warning) << "a fix is under observation";
  EXPECT_EQ(event.machine, "VMware Cloud");
  EXPECT_EQ(event.reason,
            "VMware Cloud on AWS - ap-northeast-1 - Connectivity (monitoring): A fix has been implemented "
            "and we are monitoring the results.");
  EXPECT_EQ(event.labels.at("title"), "VMware Cloud on AWS - ap-northeast-1 - Connectivity");
  EXPECT_EQ(event.labels.at("components"), "VMware Cloud on AWS - ap-northeast-1");
  EXPECT_EQ(event.labels.at("regions"), "ap-northeast-1");
  EXPECT_EQ(event.labels.at("impact"), "major");
  EXPECT_EQ(event.labels.at("happening"), "opened");
  EXPECT_EQ(event.labels.at("why"), "first_look");
  EXPECT_EQ(event.labels.at("link"), "https://stspg.io/abc123");
  EXPECT_EQ(
      event.say.at(Language::en),
      "{machine} reports an incident: {title}. State: fixed and under observation. Impact: major. Affected: "
      "{components}. {summary}");
  EXPECT_EQ(event.say.at(Language::ja),
            "{machine} が障害を公表しました。{title}。状態は対処後の経過観察中です。影響は大です。対象は "
            "{components} です。");
}

TEST(StatusNews, StateFollowsTheHappening) {
  struct Case {
    Happening happening;
    AlarmState state;
    std::string_view en;
  };
  const std::vector<Case> cases = {
      {Happening::opened, AlarmState::alarm, "reports an incident"},
      {Happening::worsened, AlarmState::alarm, "has become worse"},
      {Happening::updated, AlarmState::alarm, "has an update"},
      {Happening::resolved, AlarmState::ok, "is resolved"},
  };
  for (const Case& c : cases) {
    const AlarmEvent event = event_of(news_of(c.happening, Stage::identified, Impact::major));
    EXPECT_EQ(event.state, c.state) << c.en;
    EXPECT_EQ(event.alarm, "vmc/a");
    EXPECT_THAT(event.say.at(Language::en), HasSubstr(std::string(c.en)));
    EXPECT_THAT(event.say.at(Language::en), Not(HasSubstr("Tokyo"))) << "the page's words are in labels only";
    EXPECT_THAT(event.say.at(Language::ja), HasSubstr("{title}"));
  }
}

TEST(StatusNews, SeverityFollowsImpactAndStage) {
  struct Case {
    Stage stage;
    Impact impact;
    Severity severity;
  };
  const std::vector<Case> cases = {
      {Stage::investigating, Impact::critical, Severity::critical},
      {Stage::investigating, Impact::major, Severity::error},
      {Stage::identified, Impact::minor, Severity::warning},
      {Stage::identified, Impact::none, Severity::warning},
      {Stage::identified, Impact::unknown, Severity::error},
      {Stage::monitoring, Impact::critical, Severity::warning},
      {Stage::in_progress, Impact::maintenance, Severity::info},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(event_of(news_of(Happening::opened, c.stage, c.impact)).severity, c.severity)
        << to_text(c.stage) << ' ' << to_text(c.impact);
  }
  AlarmSettings own{"x"};
  own.severities = {{Stage::investigating, Impact::unknown, Severity::critical},
                    {Stage::resolved, {}, Severity::info}};
  own.otherwise = Severity::warning;
  const auto severity = [&](Stage stage, Impact impact) {
    return to_alarm_event(news_of(Happening::updated, stage, impact), own).severity;
  };
  EXPECT_EQ(severity(Stage::investigating, Impact::unknown), Severity::critical);
  EXPECT_EQ(severity(Stage::resolved, Impact::major), Severity::info);
  EXPECT_EQ(severity(Stage::investigating, Impact::major), Severity::warning);
}

TEST(StatusNews, WhatFallsBackOrSpreadsIsOneStepWorse) {
  struct Case {
    Happening happening;
    Why why;
    Impact impact;
    Severity severity;
  };
  const std::vector<Case> cases = {
      {Happening::worsened, Why::stage_fell_back, Impact::unknown, Severity::critical},
      {Happening::worsened, Why::more_components, Impact::minor, Severity::error},
      {Happening::worsened, Why::more_components, Impact::critical, Severity::critical},
      {Happening::worsened, Why::more_components, Impact::maintenance, Severity::info},
      {Happening::worsened, Why::impact_rose, Impact::major, Severity::error},
      {Happening::updated, Why::new_update, Impact::unknown, Severity::error},
  };
  for (const Case& c : cases) {
    News news = news_of(c.happening, Stage::investigating, c.impact);
    news.why = c.why;
    EXPECT_EQ(event_of(news).severity, c.severity) << to_text(c.why) << ' ' << to_text(c.impact);
  }
}

TEST(StatusNews, AnUnreadablePageIsAnAlarmOfItsOwn) {
  Watch watch = *Watch::make(WatchSettings{"vmc", {}, seconds(3'600), seconds(0)});
  const auto news = watch.failed(time_at("2026-08-24T01:00:00Z"), "it is an HTML page (Captive portal)");
  ASSERT_EQ(news.size(), 1U);
  const AlarmEvent event = event_of(news[0]);
  EXPECT_EQ(event.alarm, "vmc:unreadable");
  EXPECT_EQ(event.state, AlarmState::alarm);
  EXPECT_EQ(event.severity, Severity::error);
  EXPECT_EQ(event.reason, "the status page cannot be read: it is an HTML page (Captive portal)");
  const auto again = watch.take(Page{}, time_at("2026-08-24T01:01:00Z"));
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(event_of(again[0]).state, AlarmState::ok);
  EXPECT_EQ(event_of(again[0]).alarm, event.alarm);
  EXPECT_NE(again[0].event_id, news[0].event_id);
}

TEST(StatusNews, JapaneseTextIsReadByTheJapaneseVoice) {
  News news = news_of(Happening::opened, Stage::investigating, Impact::minor);
  news.report.text = "東京リージョンで接続障害を調査しています。";
  const AlarmEvent event = event_of(news);
  EXPECT_THAT(event.say.at(Language::ja), HasSubstr("{summary}"));
  EXPECT_THAT(event.say.at(Language::en), Not(HasSubstr("{summary}")));
}

TEST(StatusNews, LongTextsAreCutAndSpokenInPart) {
  News news = news_of(Happening::opened, Stage::investigating, Impact::minor);
  news.report.text = "First sentence. " + std::string(100, 'a') + ". " + std::string(1'800, 'b');
  news.report.title = std::string(512, 't');
  news.report.components.assign(100, std::string(255, 'c'));
  news.report.link = "https://s.example/" + std::string(1'500, 'l');
  const AlarmEvent event = event_of(news);
  EXPECT_EQ(event.reason.size(), limits::reason_bytes_max);
  EXPECT_EQ(event.labels.at("summary"), "First sentence. " + std::string(100, 'a') + ".");
  EXPECT_FALSE(event.labels.contains("link")) << "half a link leads nowhere";
  news.event_id = std::string(256, 'e');
  event_of(news);
}

TEST(StatusNews, WhatLeftTheListIsNotCalledResolved) {
  News news = news_of(Happening::resolved, Stage::resolved, Impact::major);
  news.why = Why::left_the_list;
  EXPECT_THAT(event_of(news).say.at(Language::en), HasSubstr("no longer lists this incident as open"));
}

} // namespace
} // namespace kaden::statusfeed
