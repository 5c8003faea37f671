#include "kaden/limits/provider_status.h"
#include "kaden/status_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "sample_pages.h"

namespace kaden::statusfeed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* code = "k3d4n1nc1d01";

/// A watch that may be restarted at any time.
class Desk {
 public:
  explicit Desk(WatchSettings wanted = settings())
      : settings_(std::move(wanted)), watch_(*Watch::make(settings_)) {}

  std::vector<std::string> take(const Page& page, std::string_view now) {
    news = watch_.take(page, time_at(now));
    return lines_of(news);
  }
  std::vector<std::string> failed(std::string_view now) {
    return lines_of(news = watch_.failed(time_at(now), "no answer"));
  }
  void restart() {
    auto again = Watch::restore(settings_, watch_.save());
    ASSERT_TRUE(again) << again.error().message;
    watch_ = std::move(*again);
  }
  void restart_with(WatchSettings wanted) {
    settings_ = std::move(wanted);
    restart();
  }
  Watch& watch() { return watch_; }

  std::vector<News> news; // of the last take() or failed()

 private:
  WatchSettings settings_;
  Watch watch_;
};

/// As summary.json gives it.
Page list_of(std::vector<Report> reports, std::string_view at) {
  Page page = page_of(std::move(reports));
  page.lists_every_incident = true;
  page.at = time_at(at);
  return page;
}

TEST(WatchStory, AnIncidentFromItsBeginToItsEnd) {
  Desk desk;
  EXPECT_THAT(desk.take(sample_page("empty.rss"), "2026-08-24T01:00:00Z"), IsEmpty());
  EXPECT_THAT(desk.take(sample_page("poll-1-investigating.rss"), "2026-08-24T01:32:00Z"),
              ElementsAre("opened new_incident k3d4n1nc1d01 investigating"));
  EXPECT_EQ(desk.news[0].event_id, "vmc/incident/k3d4n1nc1d01/2026-08-24T01:31:12Z-investigating");
  EXPECT_THAT(desk.news[0].report.text, HasSubstr("loss of connectivity"));
  EXPECT_THAT(desk.take(sample_page("poll-1-investigating.rss"), "2026-08-24T01:33:00Z"), IsEmpty());
  desk.restart();
  EXPECT_THAT(desk.take(sample_page("poll-2-identified.rss"), "2026-08-24T02:11:00Z"),
              ElementsAre("updated new_update k3d4n1nc1d01 identified"));
  EXPECT_THAT(desk.take(sample_page("poll-1-investigating.rss"), "2026-08-24T02:12:00Z"), IsEmpty())
      << "a stale copy out of a cache";
  EXPECT_THAT(desk.take(sample_page("poll-3-monitoring.rss"), "2026-08-24T02:51:00Z"),
              ElementsAre("updated new_update k3d4n1nc1d01 monitoring"));
  desk.restart();
  EXPECT_THAT(desk.take(sample_page("poll-4-resolved.rss"), "2026-08-24T03:21:00Z"),
              ElementsAre("resolved page_says_over k3d4n1nc1d01 resolved"));
  EXPECT_THAT(desk.take(sample_page("poll-3-monitoring.rss"), "2026-08-24T03:22:00Z"), IsEmpty());
  EXPECT_THAT(desk.take(sample_page("history.atom"), "2026-08-24T03:23:00Z"), IsEmpty())
      << "the other feed of the page says nothing else";
}

TEST(WatchStory, FirstLookAnnouncesWhatIsOpenAndNotHistory) {
  Desk soon;
  EXPECT_THAT(soon.take(sample_page("poll-2-identified.rss"), "2026-08-24T08:10:44Z"),
              ElementsAre("opened first_look k3d4n1nc1d01 identified"));
  Desk late;
  EXPECT_THAT(late.take(sample_page("poll-2-identified.rss"), "2026-09-24T08:10:45Z"),
              ElementsAre("opened first_look k3d4n1nc1d01 identified"))
      << "Statuspage edits its one item: what it says of the stage holds";
  Desk list;
  EXPECT_THAT(list.take(sample_page("summary.json"), "2026-08-24T10:00:00Z"),
              ElementsAre("opened first_look k3d4n1nc1d01 monitoring"))
      << "and the summary lists only what is open";
  Desk over;
  EXPECT_THAT(over.take(sample_page("poll-4-resolved.rss"), "2026-08-24T03:21:00Z"), IsEmpty());
}

TEST(WatchStory, FirstLookTakesWhatMayBeOverForHistoryWhenItIsOld) {
  const auto item = [](Stage stage, std::string_view at) { return page_of({report("a", stage, at)}); };
  Desk soon;
  EXPECT_THAT(soon.take(item(Stage::identified, "2026-08-24T02:10:44Z"), "2026-08-24T08:10:44Z"),
              ElementsAre("opened first_look a identified"));
  Desk late;
  EXPECT_THAT(late.take(item(Stage::identified, "2026-08-24T02:10:44Z"), "2026-08-24T08:10:45Z"), IsEmpty());
  late.restart();
  EXPECT_THAT(late.take(item(Stage::identified, "2026-08-24T02:10:44Z"), "2026-08-24T08:11:00Z"), IsEmpty());
  EXPECT_THAT(late.take(item(Stage::monitoring, "2026-08-24T08:11:30Z"), "2026-08-24T08:12:00Z"),
              ElementsAre("opened moved_again a monitoring"));
}

TEST(WatchStory, ADownTimeOfOursHidesNothing) {
  Desk desk;
  EXPECT_THAT(desk.take(sample_page("empty.rss"), "2026-08-20T01:00:00Z"), IsEmpty());
  desk.restart();
  EXPECT_THAT(desk.take(sample_page("poll-1-investigating.rss"), "2026-08-26T01:32:00Z"),
              ElementsAre("opened new_incident k3d4n1nc1d01 investigating"));
  Desk other;
  other.take(sample_page("poll-1-investigating.rss"), "2026-08-24T01:32:00Z");
  EXPECT_THAT(other.take(sample_page("poll-4-resolved.rss"), "2026-08-26T01:32:00Z"),
              ElementsAre("resolved page_says_over k3d4n1nc1d01 resolved"));
}

TEST(WatchStory, AmazonsItemsAreOneIncident) {
  const std::string whole = sample("aws-ec2-ap-northeast-1.rss");
  const auto with_items = [&](int count) { // the oldest stand last
    std::string bytes = whole;
    for (int i = 0; i < 3 - count; ++i) {
      const std::size_t begin = bytes.find("<item>");
      bytes.erase(begin, bytes.find("</item>") + 7 - begin);
    }
    return *parse(bytes, "https://status.aws.amazon.com/rss/ec2-ap-northeast-1.rss");
  };
  const std::string id = "ec2-ap-northeast-1/Increased API Error Rates";
  Desk desk;
  EXPECT_THAT(desk.take(sample_page("aws-empty.rss"), "2026-08-24T01:00:00Z"), IsEmpty());
  EXPECT_THAT(desk.take(with_items(1), "2026-08-24T01:41:00Z"),
              ElementsAre("opened new_incident " + id + " investigating"));
  EXPECT_THAT(desk.take(with_items(2), "2026-08-24T02:06:00Z"),
              ElementsAre("worsened impact_rose " + id + " investigating"));
  EXPECT_THAT(desk.take(with_items(3), "2026-08-24T03:21:00Z"),
              ElementsAre("resolved page_says_over " + id + " resolved"));
  EXPECT_THAT(desk.take(sample_page("aws-empty.rss"), "2026-08-25T01:00:00Z"), IsEmpty());
}

TEST(WatchStory, MaintenanceIsNoOutageAndHidesNone) {
  Desk desk;
  desk.take(sample_page("empty.rss"), "2026-08-24T01:00:00Z");
  EXPECT_THAT(desk.take(sample_page("poll-1-investigating.rss"), "2026-08-24T01:32:00Z"),
              ElementsAre("opened new_incident k3d4n1nc1d01 investigating"))
      << "though the maintenance above it is dated in the future";
  EXPECT_THAT(desk.take(sample_page("maintenance-completed.rss"), "2026-08-30T18:41:00Z"), IsEmpty());
}

TEST(WatchStory, MaintenanceFromBeginToEndForThoseWhoAsk) {
  WatchSettings wanted = settings();
  wanted.maintenance_too = true;
  Desk desk(wanted);
  const auto step = [&](Stage stage, std::string_view at) {
    Report made = report("m1", stage, at);
    made.is_maintenance = true;
    return desk.take(page_of({made}), at);
  };
  EXPECT_THAT(step(Stage::scheduled, "2026-08-20T09:00:00Z"), IsEmpty());
  EXPECT_THAT(step(Stage::in_progress, "2026-08-30T15:00:00Z"),
              ElementsAre("opened new_incident m1 in_progress"));
  EXPECT_THAT(step(Stage::verifying, "2026-08-30T17:00:00Z"), ElementsAre("updated new_update m1 verifying"));
  EXPECT_THAT(step(Stage::completed, "2026-08-30T18:00:00Z"),
              ElementsAre("resolved page_says_over m1 completed"));
}

TEST(WatchStory, WhatVanishesFromAFeedIsNotResolved) {
  Desk desk;
  desk.take(sample_page("poll-1-investigating.rss"), "2026-08-24T01:32:00Z");
  EXPECT_THAT(desk.watch().missing(), IsEmpty());
  EXPECT_THAT(desk.take(sample_page("empty.rss"), "2026-08-24T02:00:00Z"), IsEmpty());
  EXPECT_THAT(desk.watch().missing(), ElementsAre(code));
  desk.restart();
  EXPECT_THAT(desk.watch().missing(), ElementsAre(code));
  EXPECT_THAT(desk.take(sample_page("poll-4-resolved.rss"), "2026-08-24T03:21:00Z"),
              ElementsAre("resolved page_says_over k3d4n1nc1d01 resolved"));
  EXPECT_THAT(desk.watch().missing(), IsEmpty());
}

TEST(WatchStory, WhatLeavesAFullListIsOver) {
  Desk desk;
  EXPECT_THAT(desk.take(sample_page("summary.json"), "2026-08-24T02:51:00Z"),
              ElementsAre("opened first_look k3d4n1nc1d01 monitoring"));
  Page all_good = sample_page("summary-all-good.json");
  all_good.at = time_at("2026-08-24T02:40:00Z");
  EXPECT_THAT(desk.take(all_good, "2026-08-24T02:52:00Z"), IsEmpty()) << "a list from before the incident";
  all_good.at = time_at("2026-08-24T03:20:31Z");
  desk.restart();
  EXPECT_THAT(desk.take(all_good, "2026-08-24T03:21:00Z"),
              ElementsAre("resolved left_the_list k3d4n1nc1d01 resolved"));
  EXPECT_EQ(desk.news[0].event_id, "vmc/incident/k3d4n1nc1d01/gone-u3-monitoring");
  EXPECT_EQ(desk.news[0].report.title, "VMware Cloud on AWS - ap-northeast-1 - Connectivity");
  EXPECT_THAT(desk.take(sample_page("summary.json"), "2026-08-24T03:22:00Z"), IsEmpty()) << "a stale copy";
  EXPECT_THAT(desk.take(sample_page("incidents.json"), "2026-08-24T03:23:00Z"), IsEmpty()) << "no second end";
}

TEST(WatchStory, WhatComesBackUnchangedToAFullListIsOpenAgain) {
  const Report open = report("a", Stage::identified, "2026-08-24T01:00:00Z");
  Desk desk;
  desk.take(list_of({open}, "2026-08-24T01:00:10Z"), "2026-08-24T01:01:00Z");
  EXPECT_THAT(desk.take(list_of({}, "2026-08-24T02:00:00Z"), "2026-08-24T02:01:00Z"),
              ElementsAre("resolved left_the_list a resolved"));
  const std::string gone = desk.news[0].event_id;
  EXPECT_THAT(desk.take(list_of({open}, "2026-08-24T02:00:00Z"), "2026-08-24T02:02:00Z"), IsEmpty());
  EXPECT_THAT(desk.take(list_of({open}, "2026-08-24T02:10:00Z"), "2026-08-24T02:11:00Z"),
              ElementsAre("opened reopened a identified"));
  EXPECT_THAT(desk.take(list_of({}, "2026-08-24T03:00:00Z"), "2026-08-24T03:01:00Z"),
              ElementsAre("resolved left_the_list a resolved"));
  EXPECT_NE(desk.news[0].event_id, gone) << "else nobody would believe the second end";
  EXPECT_THAT(
      desk.take(list_of({report("a", Stage::investigating, "2026-08-24T03:30:00Z")}, "2026-08-24T03:30:10Z"),
                "2026-08-24T03:31:00Z"),
      ElementsAre("opened reopened a investigating"));
  EXPECT_EQ(desk.news[0].event_id, "vmc/incident/a/2026-08-24T03:30:00Z-investigating")
      << "news of its own again";
}

TEST(WatchStory, AnOldListEndsNothing) {
  Desk dated_back; // the provider wrote it down half an hour late
  dated_back.take(list_of({report("a", Stage::identified, "2026-08-24T01:00:00Z")}, "2026-08-24T01:30:00Z"),
                  "2026-08-24T01:31:00Z");
  EXPECT_THAT(dated_back.take(list_of({}, "2026-08-24T01:15:00Z"), "2026-08-24T01:32:00Z"), IsEmpty())
      << "from before the list that was taken";
  EXPECT_THAT(dated_back.take(list_of({}, "2026-08-24T01:40:00Z"), "2026-08-24T01:41:00Z"),
              ElementsAre("resolved left_the_list a resolved"));

  Desk from_feed;
  from_feed.take(page_of({report("a", Stage::identified, "2026-08-24T01:00:00Z")}), "2026-08-24T01:01:00Z");
  EXPECT_THAT(from_feed.take(list_of({}, "2026-08-24T00:59:00Z"), "2026-08-24T01:02:00Z"), IsEmpty())
      << "from before the update that the feed told";
  EXPECT_THAT(from_feed.take(list_of({}, "2026-08-24T01:10:00Z"), "2026-08-24T01:11:00Z"),
              ElementsAre("resolved left_the_list a resolved"));
}

TEST(WatchStory, NewsComeInTheOrderOfTheirTimes) {
  Desk desk;
  desk.take(list_of({report("z", Stage::identified, "2026-08-24T01:00:00Z")}, "2026-08-24T01:00:10Z"),
            "2026-08-24T01:01:00Z");
  EXPECT_THAT(desk.take(list_of({report("a", Stage::identified, "2026-08-24T02:05:00Z"),
                                 report("b", Stage::identified, "2026-08-24T02:01:00Z")},
                                "2026-08-24T02:10:00Z"),
                        "2026-08-24T02:11:00Z"),
              ElementsAre("resolved left_the_list z resolved", "opened new_incident b identified",
                          "opened new_incident a identified"));
}

/// No time, and one that never moves.
class WatchUntimed : public testing::TestWithParam<const char*> {
 protected:
  static Page list(std::vector<Report> reports) {
    Page page = list_of(std::move(reports), "2026-08-24T00:00:00Z");
    page.at.reset();
    if (*GetParam() != 0) page.at = time_at(GetParam());
    return page;
  }
};
INSTANTIATE_TEST_SUITE_P(Times, WatchUntimed, testing::Values("", "2026-08-24T00:30:00Z"));

TEST_P(WatchUntimed, ThreeListsInARowAreBelieved) {
  const Report open = report("a", Stage::identified, "2026-08-24T01:00:00Z");
  Desk desk;
  EXPECT_THAT(desk.take(list({open}), "2026-08-24T01:01:00Z"), ElementsAre("opened first_look a identified"));
  EXPECT_FALSE(desk.watch().is_in_doubt());
  EXPECT_THAT(desk.take(list({}), "2026-08-24T02:01:00Z"), IsEmpty());
  EXPECT_THAT(desk.watch().missing(), ElementsAre("a"));
  EXPECT_TRUE(desk.watch().is_in_doubt());
  EXPECT_THAT(desk.take(list({}), "2026-08-24T02:02:00Z"), IsEmpty());
  EXPECT_THAT(desk.take(list({open}), "2026-08-24T02:03:00Z"), IsEmpty()) << "they were stale copies";
  EXPECT_FALSE(desk.watch().is_in_doubt());
  EXPECT_THAT(desk.take(list({}), "2026-08-24T02:04:00Z"), IsEmpty());
  desk.restart();
  EXPECT_THAT(desk.take(list({}), "2026-08-24T02:05:00Z"), IsEmpty());
  EXPECT_THAT(desk.take(list({}), "2026-08-24T02:06:00Z"), ElementsAre("resolved left_the_list a resolved"));
  EXPECT_FALSE(desk.watch().is_in_doubt());
  const std::string gone = desk.news[0].event_id;
  EXPECT_THAT(desk.take(list({open}), "2026-08-24T02:07:00Z"), IsEmpty());
  EXPECT_THAT(desk.take(list({open}), "2026-08-24T02:08:00Z"), IsEmpty());
  EXPECT_THAT(desk.take(list({open}), "2026-08-24T02:09:00Z"), ElementsAre("opened reopened a identified"));
  for (const char* at : {"2026-08-24T02:10:00Z", "2026-08-24T02:11:00Z"}) {
    EXPECT_THAT(desk.take(list({}), at), IsEmpty());
  }
  EXPECT_THAT(desk.take(list({}), "2026-08-24T02:12:00Z"), ElementsAre("resolved left_the_list a resolved"));
  EXPECT_NE(desk.news[0].event_id, gone);
}

TEST(WatchStory, WorseIsToldFromUpdated) {
  struct Step {
    Stage stage;
    Impact impact;
    std::vector<std::string> components;
    std::string_view at, expect;
  };
  const std::vector<Step> steps = {
      {Stage::identified, Impact::minor, {"a"}, "2026-08-24T01:00:00Z", "opened first_look i identified"},
      {Stage::monitoring, Impact::minor, {"a"}, "2026-08-24T01:10:00Z", "updated new_update i monitoring"},
      {Stage::investigating,
       Impact::minor,
       {"a"},
       "2026-08-24T01:20:00Z",
       "worsened stage_fell_back i investigating"},
      {Stage::investigating,
       Impact::critical,
       {"a"},
       "2026-08-24T01:30:00Z",
       "worsened impact_rose i investigating"},
      {Stage::investigating,
       Impact::critical,
       {"a", "b"},
       "2026-08-24T01:40:00Z",
       "worsened more_components i investigating"},
      {Stage::investigating,
       Impact::major,
       {"b"},
       "2026-08-24T01:50:00Z",
       "updated new_update i investigating"},
      {Stage::resolved, Impact::major, {}, "2026-08-24T02:00:00Z", "resolved page_says_over i resolved"},
      {Stage::investigating, Impact::major, {"b"}, "2026-08-24T02:10:00Z", "opened reopened i investigating"},
      {Stage::resolved, Impact::major, {}, "2026-08-24T02:20:00Z", "resolved page_says_over i resolved"},
  };
  Desk desk;
  for (const Step& step : steps) {
    Report made = report("i", step.stage, step.at);
    made.impact = step.impact;
    made.components = step.components;
    EXPECT_THAT(desk.take(page_of({made}), step.at), ElementsAre(std::string(step.expect))) << step.at;
  }
  Report postmortem = report("i", Stage::resolved, "2026-08-25T00:00:00Z");
  EXPECT_THAT(desk.take(page_of({postmortem}), "2026-08-25T00:01:00Z"), IsEmpty());
}

TEST(WatchStory, WhatIsOverWhenFirstSeenIsNoNews) {
  Desk desk;
  desk.take(page_of({}), "2026-08-24T00:00:00Z");
  EXPECT_THAT(
      desk.take(page_of({report("a", Stage::resolved, "2026-08-24T01:00:00Z")}), "2026-08-24T01:01:00Z"),
      IsEmpty());
}

TEST(WatchStory, AnIncidentWithoutDatesIsKnownByItsUpdates) {
  Desk desk;
  const auto undated = [](std::string key, Stage stage) {
    Report made = report("a", stage, "");
    made.update_key = std::move(key);
    return page_of({made});
  };
  EXPECT_THAT(desk.take(undated("k0", Stage::unknown), "2026-08-24T00:00:00Z"), IsEmpty())
      << "open or history? unknown";
  EXPECT_THAT(desk.take(undated("k1", Stage::investigating), "2026-08-24T00:10:00Z"),
              ElementsAre("opened moved_again a investigating"));
  EXPECT_THAT(desk.take(undated("k2", Stage::monitoring), "2026-08-24T00:20:00Z"),
              ElementsAre("updated new_update a monitoring"));
  desk.restart();
  EXPECT_THAT(desk.take(undated("k1", Stage::investigating), "2026-08-24T00:30:00Z"), IsEmpty())
      << "seen before";
  EXPECT_THAT(desk.take(undated("k3", Stage::resolved), "2026-08-24T00:40:00Z"),
              ElementsAre("resolved page_says_over a resolved"));
}

TEST(WatchStory, ADateFarAheadHidesNothing) {
  Desk desk;
  desk.take(page_of({}), "2026-08-24T00:00:00Z");
  EXPECT_THAT(
      desk.take(page_of({report("a", Stage::investigating, "2036-08-24T01:00:00Z")}), "2026-08-24T01:01:00Z"),
      ElementsAre("opened new_incident a investigating"));
  EXPECT_THAT(
      desk.take(page_of({report("a", Stage::resolved, "2026-08-24T02:00:00Z")}), "2026-08-24T02:01:00Z"),
      ElementsAre("resolved page_says_over a resolved"));
  EXPECT_THAT(
      desk.take(page_of({report("a", Stage::investigating, "2036-08-24T01:00:00Z")}), "2026-08-24T02:02:00Z"),
      IsEmpty());
}

TEST(WatchFilter, ChoosesByTitleTextComponentAndRegion) {
  struct Case {
    Filter filter;
    bool is_of_interest;
  };
  const std::vector<Case> cases = {
      {{{}, {}}, true},
      {{{"ap-northeast-1"}, {}}, true},
      {{{"AP-*-1"}, {}}, true},
      {{{"us-west-2"}, {}}, true},
      {{{"eu-*"}, {}}, false},
      {{{"vmware cloud on aws*"}, {}}, true},
      {{{"vmware cloud"}, {}}, false},
      {{{"*connectivity*"}, {}}, true},
      {{{"*packet loss*"}, {}}, true},
      {{{"*console*", "eu-*"}, {}}, false},
      {{{}, {"us-*"}}, true},
      {{{}, {"us-*", "ap-*", "vmware cloud*"}}, false},
      {{{}, {"*connectivity*"}}, false},
      {{{}, {"*packet loss*"}}, true},
      {{{"us-west-2"}, {"us-*"}}, false},
      {{{"ap-*"}, {"us-*"}}, true},
  };
  Report made = report("a", Stage::investigating, "2026-08-24T01:00:00Z");
  made.title = "SDDC Connectivity";
  made.text = "We see packet loss.";
  made.components = {"VMware Cloud on AWS - Tokyo"};
  made.regions = {"ap-northeast-1", "us-west-2"};
  for (std::size_t i = 0; i < cases.size(); ++i) {
    WatchSettings wanted = settings();
    wanted.filter = cases[i].filter;
    Desk desk(wanted);
    EXPECT_EQ(desk.take(page_of({made}), "2026-08-24T01:01:00Z").size(), cases[i].is_of_interest ? 1U : 0U)
        << "case " << i;
  }
}

TEST(WatchFilter, MayMatchLaterAndIsThenFollowedToTheEnd) {
  WatchSettings wanted = settings();
  wanted.filter.include = {"*tokyo*"};
  Desk desk(wanted);
  Report made = report("a", Stage::investigating, "2026-08-24T01:00:00Z");
  EXPECT_THAT(desk.take(page_of({made}), "2026-08-24T01:01:00Z"), IsEmpty());
  made = report("a", Stage::identified, "2026-08-24T01:10:00Z");
  made.text = "It is in Tokyo.";
  EXPECT_THAT(desk.take(page_of({made}), "2026-08-24T01:11:00Z"),
              ElementsAre("opened now_of_interest a identified"));
  EXPECT_THAT(
      desk.take(page_of({report("a", Stage::resolved, "2026-08-24T01:20:00Z")}), "2026-08-24T01:21:00Z"),
      ElementsAre("resolved page_says_over a resolved"));
}

TEST(WatchFilter, AnotherFilterAppliesToWhatIsOpen) {
  WatchSettings wanted = settings();
  wanted.filter.include = {"nothing"};
  Desk desk(wanted);
  const Page page = page_of({report("a", Stage::investigating, "2026-08-24T01:00:00Z")});
  EXPECT_THAT(desk.take(page, "2026-08-24T01:01:00Z"), IsEmpty());
  desk.restart_with(settings());
  EXPECT_THAT(desk.take(page, "2026-08-24T01:02:00Z"), ElementsAre("opened now_of_interest a investigating"));
  wanted.filter.exclude = {"*"};
  desk.restart_with(wanted);
  EXPECT_THAT(
      desk.take(page_of({report("a", Stage::resolved, "2026-08-24T01:20:00Z")}), "2026-08-24T01:21:00Z"),
      ElementsAre("resolved page_says_over a resolved"));
}

TEST(WatchFailure, APageThatCannotBeReadIsNews) {
  Desk desk;
  desk.take(sample_page("empty.rss"), "2026-08-24T01:00:00Z");
  EXPECT_THAT(desk.failed("2026-08-24T01:01:00Z"), IsEmpty());
  EXPECT_THAT(desk.failed("2026-08-24T01:10:59.999Z"), IsEmpty());
  desk.restart();
  EXPECT_THAT(desk.failed("2026-08-24T01:11:00Z"), ElementsAre("unreadable unread_too_long  unknown"));
  EXPECT_EQ(desk.news[0].event_id, "vmc/unreadable/2026-08-24T01:01:00Z");
  EXPECT_EQ(desk.news[0].detail, "no answer");
  desk.restart();
  EXPECT_THAT(desk.failed("2026-08-24T02:11:00Z"), IsEmpty()) << "told once";
  EXPECT_THAT(desk.take(sample_page("poll-1-investigating.rss"), "2026-08-24T02:12:00Z"),
              ElementsAre("readable read_again  unknown", "opened new_incident k3d4n1nc1d01 investigating"));
  EXPECT_EQ(desk.news[0].event_id, "vmc/readable/2026-08-24T01:01:00Z");
  EXPECT_THAT(desk.failed("2026-08-24T02:13:00Z"), IsEmpty()) << "counted anew";
  EXPECT_THAT(desk.take(sample_page("poll-1-investigating.rss"), "2026-08-24T02:14:00Z"), IsEmpty());
}

TEST(WatchFailure, AClockThatIsSetBackDoesNotLengthenTheWait) {
  Desk desk;
  EXPECT_THAT(desk.failed("2026-08-24T05:00:00Z"), IsEmpty());
  EXPECT_THAT(desk.failed("2026-08-24T01:00:00Z"), IsEmpty());
  EXPECT_THAT(desk.failed("2026-08-24T01:10:00Z"), ElementsAre("unreadable unread_too_long  unknown"));
}

TEST(WatchFailure, AnUnreadPageIsStillAFirstLookLater) {
  Desk desk;
  desk.failed("2026-08-24T01:00:00Z");
  desk.restart();
  EXPECT_THAT(
      desk.take(page_of({report("a", Stage::investigating, "2026-08-24T01:00:00Z")}), "2026-08-25T01:00:00Z"),
      IsEmpty());
}

TEST(WatchState, RefusesWhatIsNotItsOwn) {
  Desk desk;
  desk.take(sample_page("summary.json"), "2026-08-24T02:51:00Z");
  const std::string saved = desk.watch().save();
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = saved;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  const std::vector<std::string> cases = {
      "",
      "[]",
      "{}",
      saved.substr(0, saved.size() - 1),
      with("\"version\":1", "\"version\":2"),
      with("\"page\":\"vmc\"", "\"page\":\"other\""),
      with("\"stage\":\"monitoring\"", "\"stage\":\"fine\""),
      with("\"incident\":\"k3d4n1nc1d01\"", "\"incident\":\"m0ntn4nc3x01\""),
      with("\"update_key\":\"u3-monitoring\"", "\"update_key\":\"\""),
      with("\"title\"", "\"tilte\""),
      with("\"is_told\":true", "\"is_told\":1")};
  for (const std::string& text : cases) {
    const auto watch = Watch::restore(settings(), text);
    ASSERT_FALSE(watch) << text;
    EXPECT_EQ(watch.error().fault, Fault::corrupt) << text;
    EXPECT_THAT(watch.error().message, HasSubstr("reading the state of a status page"));
  }
  EXPECT_TRUE(Watch::restore(settings(), saved));
}

TEST(WatchState, SettingsAreChecked) {
  const auto refuses = [](const std::function<void(WatchSettings&)>& change, std::string_view what) {
    WatchSettings wanted = settings();
    change(wanted);
    const auto watch = Watch::make(wanted);
    ASSERT_FALSE(watch) << what;
    EXPECT_THAT(watch.error().message, HasSubstr(std::string(what)));
  };
  refuses([](WatchSettings& s) { s.page = ""; }, "page:");
  refuses([](WatchSettings& s) { s.page = "a/b"; }, "page:");
  refuses([](WatchSettings& s) { s.page = std::string(65, 'a'); }, "page:");
  refuses([](WatchSettings& s) { s.filter.include = {""}; }, "include:");
  refuses([](WatchSettings& s) { s.filter.exclude.assign(101, "*"); }, "exclude:");
  refuses([](WatchSettings& s) { s.unreadable_after = Millis(-1); }, "negative");
}

TEST(WatchState, IsBoundedAndForgetsTheQuietFirst) {
  Desk desk;
  desk.take(page_of({report("told", Stage::investigating, "2026-08-24T00:00:00Z")}), "2026-08-24T00:01:00Z");
  for (int round = 0; round < 4; ++round) {
    std::vector<Report> reports;
    for (int i = 0; i < 1'000; ++i) {
      reports.push_back(report("r" + std::to_string(round) + '-' + std::to_string(i), Stage::resolved,
                               "2026-08-24T0" + std::to_string(round + 1) + ":00:00Z"));
    }
    desk.take(page_of(std::move(reports)), "2026-08-24T06:00:00Z");
  }
  const auto saved = parse_json(desk.watch().save());
  ASSERT_TRUE(saved);
  EXPECT_EQ(saved->at("incidents").as_array().size(), limits::status_remembered_max);
  EXPECT_THAT(desk.watch().missing(), ElementsAre("told"));
}

} // namespace
} // namespace kaden::statusfeed
