#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sample_pages.h"

#include "kaden/limits/provider_status.h"

namespace kaden::statusfeed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view code = "k3d4n1nc1d01";
constexpr std::string_view maintenance = "m0ntn4nc3x01";

std::string rss(std::string_view items) {
  return "<rss version=\"2.0\"><channel><title>t</title><link>https://s.example</link>" + std::string(items) +
         "</channel></rss>";
}

std::string entry(std::string_view inside) {
  return "<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry>" + std::string(inside) + "</entry></feed>";
}

Report only_report(const std::string& bytes) {
  const auto page = parse(bytes, "https://s.example/feed");
  EXPECT_TRUE(page) << page.error().message;
  if (!page || page->reports.size() != 1) {
    ADD_FAILURE() << "one report is wanted";
    return {};
  }
  return page->reports.front();
}

TEST(Parse, StatuspageRss) {
  const Page page = sample_page("history.rss");
  EXPECT_EQ(page.name, "VMware Cloud Services Status - Incident History");
  EXPECT_EQ(page.at, time_at("2026-08-24T03:20:31Z"));
  EXPECT_FALSE(page.lists_every_incident);
  ASSERT_EQ(page.reports.size(), 3U);
  const Report* report = find(page, code);
  ASSERT_NE(report, nullptr);
  EXPECT_EQ(report->title, "VMware Cloud on AWS - ap-northeast-1 - Connectivity");
  EXPECT_EQ(report->link, "https://status.vmware-services.io/incidents/k3d4n1nc1d01");
  EXPECT_EQ(report->at, time_at("2026-08-24T03:20:31Z"));
  EXPECT_EQ(report->update_key, "2026-08-24T03:20:31Z-resolved");
  EXPECT_EQ(report->stage, Stage::resolved);
  EXPECT_EQ(report->impact, Impact::unknown);
  EXPECT_FALSE(report->is_maintenance);
  EXPECT_THAT(report->regions, ElementsAre("ap-northeast-1"));
  EXPECT_EQ(report->text, "The issue has been resolved.");
}

TEST(Parse, EachPollOfTheStory) {
  struct Poll {
    std::string file;
    Stage stage;
    std::string key, text;
  };
  const std::vector<Poll> polls = {
      {"poll-1-investigating.rss", Stage::investigating, "2026-08-24T01:31:12Z-investigating",
       "We are investigating loss of connectivity to SDDCs in ap-northeast-1.\nNext update in 30 minutes."},
      {"poll-2-identified.rss", Stage::identified, "2026-08-24T02:10:44Z-identified",
       "The issue has been identified & a fix is being applied. Some text says Resolved in passing."},
      {"poll-3-monitoring.rss", Stage::monitoring, "2026-08-24T02:50:05Z-monitoring",
       "A fix has been implemented and we are monitoring the results."},
      {"poll-4-resolved.rss", Stage::resolved, "2026-08-24T03:20:31Z-resolved",
       "The issue has been resolved."},
  };
  for (const Poll& poll : polls) {
    const Page page = sample_page(poll.file);
    const Report* report = find(page, code);
    ASSERT_NE(report, nullptr) << poll.file;
    EXPECT_EQ(report->stage, poll.stage);
    EXPECT_EQ(report->update_key, poll.key);
    EXPECT_EQ(report->text, poll.text);
  }
}

TEST(Parse, AtomAgreesWithRss) {
  const Page atom = sample_page("history.atom");
  const Page feed = sample_page("history.rss");
  ASSERT_EQ(atom.reports.size(), 2U);
  for (const Report& report : atom.reports) {
    const Report* same = find(feed, report.incident);
    ASSERT_NE(same, nullptr) << report.incident;
    EXPECT_EQ(report, *same) << report.incident;
  }
}

TEST(Parse, AMaintenanceHasAWindowAndTheTimeOfItsUpdate) {
  const Page planned = sample_page("history.rss");
  const Report* report = find(planned, maintenance);
  ASSERT_NE(report, nullptr);
  EXPECT_TRUE(report->is_maintenance);
  EXPECT_EQ(report->stage, Stage::scheduled);
  EXPECT_EQ(report->impact, Impact::maintenance);
  EXPECT_EQ(report->at, time_at("2026-08-20T09:00:00Z")) << "not the planned start";
  EXPECT_EQ(report->window_begin, time_at("2026-08-30T15:00:00Z"));
  EXPECT_EQ(report->window_end, time_at("2026-08-30T19:00:00Z"));
  EXPECT_EQ(report->text, "We will upgrade SDDC 1.24 hosts.");

  const Page over = sample_page("maintenance-completed.rss");
  const Report* completed = find(over, maintenance);
  ASSERT_NE(completed, nullptr);
  EXPECT_EQ(completed->stage, Stage::completed);
  EXPECT_TRUE(completed->is_maintenance);
  EXPECT_EQ(completed->at, time_at("2026-08-30T18:40:00Z"));
}

TEST(Parse, AmazonsUpdatesAreOneIncident) {
  const Page page = sample_page("aws-ec2-ap-northeast-1.rss");
  ASSERT_EQ(page.reports.size(), 1U);
  const Report& report = page.reports[0];
  EXPECT_EQ(report.incident, "ec2-ap-northeast-1/Increased API Error Rates");
  EXPECT_EQ(report.title, "Increased API Error Rates");
  EXPECT_EQ(report.at, time_at("2026-08-24T03:20:02Z"));
  EXPECT_EQ(report.update_key, "1787541602");
  EXPECT_EQ(report.stage, Stage::resolved);
  EXPECT_EQ(report.impact, Impact::major) << "as it was before the end";
  EXPECT_THAT(report.components, ElementsAre("ec2-ap-northeast-1"));
  EXPECT_THAT(report.regions, ElementsAre("ap-northeast-1"));
}

TEST(Parse, AmazonsPrefixesAreStages) {
  struct Case {
    std::string title;
    Stage stage;
    Impact impact;
  };
  const std::vector<Case> cases = {
      {"Informational message: Slow", Stage::investigating, Impact::none},
      {"Service degradation: Slow", Stage::investigating, Impact::minor},
      {"Service impact: Slow", Stage::investigating, Impact::major},
      {"Service disruption: Slow", Stage::investigating, Impact::critical},
      {"Service is operating normally: [RESOLVED] Slow", Stage::resolved, Impact::unknown},
      {"[RESOLVED] Slow", Stage::resolved, Impact::unknown},
      {"Slow", Stage::unknown, Impact::unknown},
  };
  for (const Case& c : cases) {
    const Report report = only_report(
        rss("<item><title><![CDATA[" + c.title +
            "]]></title><guid "
            "isPermaLink=\"false\">https://status.aws.amazon.com/#ec2-us-east-1_1787541602</guid></item>"));
    EXPECT_EQ(report.incident, "ec2-us-east-1/Slow") << c.title;
    EXPECT_EQ(report.stage, c.stage) << c.title;
    EXPECT_EQ(report.impact, c.impact) << c.title;
    EXPECT_EQ(report.at, time_at("2026-08-24T03:20:02Z")) << "of the guid, since there is no pubDate";
  }
}

TEST(Parse, AGuidThatOnlyLooksLikeAmazonsIsAnId) {
  for (const std::string guid :
       {"https://status.aws.amazon.com/#a\x1f_1", "https://status.aws.amazon.com/#a b_1",
        "https://status.aws.amazon.com/#_1", "https://status.aws.amazon.com/#a_",
        "https://status.aws.amazon.com/#a_1x", "https://status.aws.amazon.com/#a_123456789012",
        "https://elsewhere.example/#a_1"}) {
    const Report report =
        only_report(rss("<item><guid isPermaLink=\"false\">" + guid + "</guid><title>x</title></item>"));
    EXPECT_TRUE(report.incident == guid || report.incident.starts_with("sha256-")) << guid;
    EXPECT_TRUE(report.components.empty()) << guid;
  }
}

TEST(Parse, SummaryListsWhatIsOpen) {
  const Page page = sample_page("summary.json");
  EXPECT_EQ(page.name, "VMware Cloud Services");
  EXPECT_TRUE(page.lists_every_incident);
  EXPECT_TRUE(page.lists_every_maintenance);
  EXPECT_EQ(page.at, time_at("2026-08-24T02:50:05.512Z"));
  ASSERT_EQ(page.reports.size(), 2U);
  const Report* report = find(page, code);
  ASSERT_NE(report, nullptr);
  EXPECT_EQ(report->stage, Stage::monitoring);
  EXPECT_EQ(report->impact, Impact::major);
  EXPECT_EQ(report->at, time_at("2026-08-24T02:50:05Z"));
  EXPECT_EQ(report->update_key, "u3-monitoring");
  EXPECT_EQ(report->link, "https://stspg.io/abc123");
  EXPECT_THAT(report->components, ElementsAre("VMware Cloud on AWS - ap-northeast-1"));
  EXPECT_THAT(report->regions, ElementsAre("ap-northeast-1"));
  const Report* planned = find(page, maintenance);
  ASSERT_NE(planned, nullptr);
  EXPECT_TRUE(planned->is_maintenance);
  EXPECT_EQ(planned->window_begin, time_at("2026-08-30T15:00:00Z"));
  EXPECT_EQ(planned->window_end, time_at("2026-08-30T19:00:00Z"));
  EXPECT_TRUE(sample_page("summary-all-good.json").reports.empty());
}

TEST(Parse, OtherListsOfStatuspage) {
  const Page history = sample_page("incidents.json", "https://s.example/api/v2/incidents.json");
  ASSERT_EQ(history.reports.size(), 1U);
  EXPECT_FALSE(history.lists_every_incident);
  EXPECT_EQ(history.reports[0].stage, Stage::resolved);
  EXPECT_EQ(history.reports[0].at, time_at("2026-08-24T03:20:31Z")) << "resolved_at, when no update says it";
  EXPECT_EQ(history.reports[0].update_key, "u3-resolved");

  const Page open =
      sample_page("incidents-unresolved.json", "https://s.example/api/v2/incidents/unresolved.json?x=1");
  EXPECT_TRUE(open.lists_every_incident);
  EXPECT_FALSE(open.lists_every_maintenance);
  EXPECT_THAT(open.reports.at(0).components, ElementsAre("VMware Cloud on AWS - ap-northeast-1"))
      << "the group's name comes from the update";

  const Page planned =
      sample_page("scheduled-maintenances.json", "https://s.example/api/v2/scheduled-maintenances.json");
  ASSERT_EQ(planned.reports.size(), 1U);
  EXPECT_TRUE(planned.reports[0].is_maintenance);
  EXPECT_FALSE(planned.lists_every_incident);
}

TEST(Parse, TrickyRss) {
  const Page page = sample_page("tricky.rss", "https://status.example.net/feed");
  EXPECT_EQ(page.name, "Look & alike");
  ASSERT_EQ(page.reports.size(), 3U) << "one guid is there twice";
  const Report* resolved = find(page, "77");
  ASSERT_NE(resolved, nullptr);
  EXPECT_EQ(resolved->title, "RESOLVED: DB <prod> outage");
  EXPECT_EQ(resolved->link, "https://status.example.net/incident/77");
  EXPECT_EQ(resolved->stage, Stage::resolved);
  EXPECT_EQ(resolved->at, time_at("2026-08-24T03:05:00Z"));
  EXPECT_EQ(resolved->text, "all good");
  const Report* undated = find(page, "78");
  ASSERT_NE(undated, nullptr);
  EXPECT_EQ(undated->at, std::nullopt);
  EXPECT_EQ(undated->stage, Stage::investigating);
  EXPECT_EQ(undated->text, "x");
  const Report* twice = find(page, "inc-79");
  ASSERT_NE(twice, nullptr);
  EXPECT_EQ(twice->stage, Stage::unknown);
  EXPECT_EQ(twice->at, time_at("2026-08-24T03:05:00Z"));
  EXPECT_EQ(twice->link, "");
}

TEST(Parse, TrickyAtom) {
  const Page page = sample_page("tricky.atom", "https://elsewhere.example/feed");
  EXPECT_EQ(page.name, "Prefixed Atom");
  ASSERT_EQ(page.reports.size(), 2U);
  const Report* first = find(page, "1");
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->link, "https://status.example.net/base/incidents/1");
  EXPECT_EQ(first->stage, Stage::monitoring);
  EXPECT_EQ(first->at, time_at("2026-08-24T03:05:00.250Z"));
  EXPECT_EQ(first->text, "in xhtml");
  const Report* second = find(page, "2");
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->title, "A <b>");
  EXPECT_EQ(second->text, "<strong> is literal here");
  EXPECT_EQ(second->stage, Stage::unknown);
}

TEST(Parse, StagesThatPagesWrite) {
  struct Case {
    std::string title, description;
    Stage stage;
  };
  const std::string head = "&lt;small&gt;Aug 24, 02:10 UTC&lt;/small&gt;&lt;br&gt;&lt;strong&gt;";
  const std::vector<Case> cases = {
      {"x", head + "Update&lt;/strong&gt; - more" + head + "Identified&lt;/strong&gt; - it",
       Stage::identified},
      {"x", head + "Update&lt;/strong&gt; - more", Stage::unknown},
      {"x", head + "Postmortem&lt;/strong&gt; - more" + head + "Resolved&lt;/strong&gt; - it",
       Stage::resolved},
      {"x", "text says Resolved", Stage::unknown},
      {"x", "Investigating - plain text", Stage::investigating},
      {"[Resolved] x", "text", Stage::resolved},
      {"Monitoring: x", "text", Stage::monitoring},
      {"Resolved by you?", "text", Stage::unknown},
  };
  for (const Case& c : cases) {
    const Report report = only_report(rss("<item><title>" + c.title + "</title><description>" +
                                          c.description + "</description><guid>g</guid></item>"));
    EXPECT_EQ(report.stage, c.stage) << c.title << c.description;
  }
}

TEST(Parse, ItemsWithOneAddressAreOneIncident) {
  const std::string first =
      "<item><title>x</title><link>https://s.example/incidents/a1</link><guid>1</guid>"
      "<pubDate>24 Aug 2026 01:00 GMT</pubDate><description>Identified - it</description></item>";
  const std::string second =
      "<item><title>x</title><link>https://s.example/incidents/a1</link><guid>2</guid>"
      "<pubDate>24 Aug 2026 02:00 GMT</pubDate><description>Update - more</description></item>";
  for (const std::string& items : {first + second, second + first}) {
    const Report report = only_report(rss(items));
    EXPECT_EQ(report.incident, "a1");
    EXPECT_EQ(report.at, time_at("2026-08-24T02:00:00Z"));
    EXPECT_EQ(report.stage, Stage::identified) << "an update leaves the stage as it was";
    EXPECT_EQ(report.text, "more");
  }
}

TEST(Parse, AnIncidentWithoutGuidAndLinkIsKnownByItsTitle) {
  EXPECT_EQ(only_report(rss("<item><title>Resolved: DB</title></item>")).incident, "title:DB");
  EXPECT_EQ(only_report(rss("<item><description>only text</description></item>")).title, "only text");
  const Report report =
      only_report(rss("<item><guid>" + std::string(1'000, 'g') + "</guid><title>x</title></item>"));
  EXPECT_EQ(report.incident.size(), 7U + 64U);
  EXPECT_THAT(only_report(rss("<item><guid>a&#27;[2Jb</guid></item>")).incident, HasSubstr("sha256-"));
}

TEST(Parse, AtomTypesOfText) {
  struct Case {
    std::string content, expect;
  };
  const std::vector<Case> cases = {
      {"<content>a &lt;b&gt; c</content>", "a <b> c"},
      {"<content type=\"html\">a &lt;b&gt;c&lt;/b&gt; &amp;amp; d</content>", "a c & d"},
      {"<content type=\"xhtml\"><div>a <b>c</b> <i>d</i> &lt;e</div></content>", "a c d <e"},
      {"<content type=\"image/png\">AAAA</content>", ""},
      {"<content src=\"https://x\"/><summary>s</summary>", "s"},
  };
  for (const Case& c : cases)
    EXPECT_EQ(only_report(entry("<id>i</id>" + c.content)).text, c.expect) << c.content;
}

TEST(Parse, SaysWhatTheBytesAre) {
  const std::string history = sample("history.rss");
  const std::string summary = sample("summary.json");
  std::string nested;
  for (int i = 0; i < 80; ++i) nested += "<a>";
  for (int i = 0; i < 80; ++i) nested += "</a>";
  std::string attributes = "<item";
  for (int i = 0; i < 80; ++i) attributes += " a" + std::to_string(i) + "=\"\"";
  struct Case {
    std::string bytes, expect;
  };
  const std::vector<Case> cases = {
      {"", "it is empty"},
      {" \n\xEF\xBB\xBF", "neither XML nor JSON"},
      {"\xEF\xBB\xBF \n", "it is empty"},
      {sample("html-error-page.html"), "it is an HTML page (Captive portal)"},
      {"<?xml version=\"1.0\"?><!-- x --><!DOCTYPE html PUBLIC \"x\"><html><title>T</title></html>",
       "HTML page (T)"},
      {"<HTML>", "HTML page"},
      {sample("hostile-entity.rss"), "document type (DTD)"},
      {history.substr(0, history.size() / 2), "broken or cut off XML"},
      {history.substr(0, history.size() - 8), "broken or cut off XML"},
      {history + "<html></html>", "several pieces"},
      {summary.substr(0, summary.size() / 2), "broken or cut off JSON"},
      {sample("status.json"), "ask Statuspage for summary.json"},
      {"[]", "JSON, but no object"},
      {"{\"incidents\":[]}", "page: is missing"},
      {"{\"page\":{},\"incidents\":[{}]}", "incidents[0].id: is missing"},
      {"{\"page\":{},\"incidents\":[{\"id\":\" \"}]}", "incidents[0].id: must not be empty"},
      {"{\"page\":{},\"incidents\":[{\"id\":\"a\",\"name\":5}]}", "incidents[0].name: must be text"},
      {"{\"page\":{},\"incidents\":[{\"id\":\"a\",\"incident_updates\":[7]}]}",
       "incidents[0].incident_updates[0]: must be an object"},
      {"{\"page\":{},\"incidents\":5}", "incidents: must be a list"},
      {std::string(400, '[') + std::string(400, ']'), "broken or cut off JSON"},
      {"<rdf:RDF xmlns:rdf=\"x\"/>", "root is <rdf:RDF>"},
      {"<feed/>", "root is <feed>"},
      {"<rss/>", "RSS without a channel"},
      {rss(nested), "nested deeper"},
      {rss(attributes + "/>"), "more than 64 attributes"},
      {"plain words", "begins with \"plain words\""},
      {"<rss>\xFF</rss>", "not valid UTF-8"},
      {std::string("<rss>\0</rss>", 12), "NUL bytes"},
      {"\xFF\xFE<\0", "UTF-16"},
      {std::string(limits::status_page_bytes_max + 1, ' '), "bytes long"},
  };
  for (const Case& c : cases) {
    const auto page = parse(c.bytes, sample_url);
    ASSERT_FALSE(page) << c.expect;
    EXPECT_EQ(page.error().fault, Fault::invalid);
    EXPECT_THAT(page.error().message, HasSubstr(c.expect));
  }
}

TEST(Parse, EveryCutIsRefusedOrTheWhole) {
  for (const std::string file :
       {"history.rss", "history.atom", "summary.json", "aws-ec2-ap-northeast-1.rss"}) {
    const std::string bytes = sample(file);
    const auto whole = parse(bytes, sample_url);
    ASSERT_TRUE(whole);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      const auto page = parse(std::string_view(bytes).substr(0, length), sample_url);
      EXPECT_TRUE(!page || *page == *whole) << file << " cut at " << length;
    }
  }
}

TEST(Parse, CountsAreBounded) {
  std::string items, same;
  for (std::size_t i = 0; i <= limits::status_incidents_max; ++i) {
    items += "<item><guid>g" + std::to_string(i) + "</guid></item>";
  }
  for (std::size_t i = 0; i <= limits::status_items_max; ++i) same += "<item><guid>g</guid></item>";
  EXPECT_THAT(parse(rss(items), "").error().message, HasSubstr("more than 1000 incidents"));
  EXPECT_THAT(parse(rss(same), "").error().message, HasSubstr("more than 5000 items"));
  std::string tags;
  for (std::size_t i = 0; i <= limits::status_nodes_max; ++i) tags += "<a/>";
  EXPECT_THAT(parse(rss(tags), "").error().message, HasSubstr("more than 200000 tags"));
}

} // namespace
} // namespace kaden::statusfeed
