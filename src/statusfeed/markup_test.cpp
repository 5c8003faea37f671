#include "markup.h"

#include <gtest/gtest.h>

#include "links.h"
#include "words.h"

#include "kaden/limits/agent.h"
#include "kaden/limits/provider_status.h"

namespace kaden::statusfeed {
namespace {

struct Case {
  std::string_view text, expect;
};

TEST(Markup, BecomesPlainText) {
  const std::vector<Case> cases = {
      {"", ""},
      {"plain", "plain"},
      {"\n<p>one<br>two<br />three</p>      ", "one\ntwo\nthree"},
      {"<ul><li>a <a href=\"https://x\">link</a></li><li>b</li></ul>", "a link\nb"},
      {"a &amp; b &lt;tag&gt; &#39;q&#x27; &nbsp;c", "a & b <tag> 'q' c"},
      {"&amp;amp; is decoded once here", "&amp; is decoded once here"},
      {"&unknown; &#xD800; &#1114112; &; & &#;", "&unknown; &#xD800; &#1114112; &; & &#;"},
      {"a < b and b > c, x<3", "a < b and b > c, x<3"},
      {"<a title=\"x > y\" href='>'>shown</a>", "shown"},
      {"<a don't>shown</a> and 'quoted'", "shown and 'quoted'"},
      {"a<!-- <b>hidden</b> -->b<!DOCTYPE x>c", "abc"},
      {"a<script>alert('<p>')</script>b<STYLE>p{}</STYLE>c", "abc"},
      {"a<script>never closed", "a"},
      {"cut <a href=\"x", "cut <a href=\"x"},
      {"<xh:p>prefixed</xh:p>", "prefixed"},
      {"bell\x07 del\x7f csi\xC2\x9B turn\xE2\x80\xAE.", "bell del csi turn."},
      {"\xE6\x9D\xB1\xE4\xBA\xAC &mdash; ok", "\xE6\x9D\xB1\xE4\xBA\xAC \xE2\x80\x94 ok"},
  };
  for (const Case& c : cases) EXPECT_EQ(plain_text(tokenize(c.text), 1'000), c.expect) << c.text;
  EXPECT_EQ(plain_text(tokenize("\xE6\x9D\xB1\xE4\xBA\xAC"), 4), "\xE6\x9D\xB1") << "cut between characters";
}

TEST(Markup, TitlesKeepWhatIsNoTagOfHtml) {
  const std::vector<Case> cases = {
      {"DB <prod> outage", "DB <prod> outage"},
      {"<b>Bold</b> &amp; <span class=\"x\">spanned</span>", "Bold & spanned"},
      {" two\n lines ", "two lines"},
      {"a < b", "a < b"},
      {"<>", "<>"},
  };
  for (const Case& c : cases) EXPECT_EQ(tidy_title(c.text), c.expect) << c.text;
  EXPECT_EQ(tidy_title(std::string(2'000, 'x')).size(), limits::status_title_bytes_max);
}

TEST(Markup, JsonTextKeepsItsLines) {
  EXPECT_EQ(tidy_text("one\r\ntwo\n\n three  four ", 100), "one\ntwo\nthree four");
}

TEST(Markup, FindsUpdatesAndNothingElse) {
  const auto tokens = tokenize(
      "<p><strong>THIS IS A SCHEDULED EVENT</strong></p>"
      "<p><small>Aug <var data-var='date'> 6</var>, <var data-var='time'>14:55</var> UTC</small><br />"
      "<strong>Resolved</strong> - It is <strong>Investigating</strong> no more.<br>Thanks.</p>"
      "<p><small>Aug 6, 13:02 UTC</small> <br>\n<strong>In progress</strong>no dash</p>"
      "<p><small>fine print</small> and then <strong>Monitoring</strong></p><p><small>open");
  const auto updates = find_updates(tokens);
  ASSERT_EQ(updates.size(), 2U);
  EXPECT_EQ(updates[0].stamp, "Aug 6, 14:55 UTC");
  EXPECT_EQ(updates[0].word, "Resolved");
  EXPECT_EQ(updates[0].text, "It is Investigating no more.\nThanks.");
  EXPECT_EQ(updates[1].word, "In progress");
  EXPECT_EQ(updates[1].text, "no dash\nfine print and then Monitoring\nopen");
}

TEST(Links, AreAbsoluteOrNothing) {
  struct LinkCase {
    std::string_view link, base, expect;
  };
  const std::vector<LinkCase> cases = {
      {"https://status.example.net/incidents/1", "", "https://status.example.net/incidents/1"},
      {" HTTP://status.example.net ", "", "HTTP://status.example.net"},
      {"/incident/77", "https://status.example.net/feed?x=/y", "https://status.example.net/incident/77"},
      {"incidents/1", "https://status.example.net/base/", "https://status.example.net/base/incidents/1"},
      {"incidents/1", "https://status.example.net", "https://status.example.net/incidents/1"},
      {"//status.example.net/a", "https://x.example", "https://status.example.net/a"},
      {"status.example.net/a", "", "https://status.example.net/a"},
      {"/a", "", ""},
      {"a", "", ""},
      {"", "https://status.example.net", ""},
      {"javascript:alert(1)", "https://status.example.net", ""},
      {"file:///etc/passwd", "https://status.example.net", ""},
      {"https://user@status.example.net/", "", ""},
      {"https://status.example.net/a b", "", ""},
      {"https://", "", ""},
  };
  for (const LinkCase& c : cases) EXPECT_EQ(resolve_link(c.link, c.base), c.expect) << c.link;
  EXPECT_EQ(resolve_link("https://x.example/" + std::string(limits::url_bytes_max, 'a'), ""), "");
}

TEST(Links, HoldTheCodeOfAnIncident) {
  const std::vector<Case> cases = {
      {"https://status.example.net/incidents/k3d4n1nc1d01", "k3d4n1nc1d01"},
      {"https://status.example.net/incidents/k3d4n1nc1d01/?utm=1#x", "k3d4n1nc1d01"},
      {"/incident/77", "77"},
      {"https://status.example.net/maintenances/a_B-1", "a_B-1"},
      {"https://status.example.net/incidents/", ""},
      {"https://status.example.net/posts/77", ""},
      {"https://status.example.net/incidents/a%20b", ""},
      {"inc-79", ""},
  };
  for (const Case& c : cases) EXPECT_EQ(incident_code(c.text), c.expect) << c.text;
}

TEST(Words, OfStages) {
  EXPECT_EQ(stage_word("Investigating")->stage, Stage::investigating);
  EXPECT_EQ(stage_word(" RESOLVED ")->stage, Stage::resolved);
  EXPECT_EQ(stage_word("In progress")->stage, Stage::in_progress);
  EXPECT_EQ(stage_word("postmortem")->stage, Stage::resolved);
  ASSERT_TRUE(stage_word("Update"));
  EXPECT_FALSE(stage_word("Update")->stage);
  for (const std::string_view text : {"", "unknown", "Resolved in passing", "none"})
    EXPECT_FALSE(stage_word(text)) << text;
}

TEST(Words, OfRegions) {
  struct RegionCase {
    std::string_view text;
    std::vector<std::string> expect;
  };
  const std::vector<RegionCase> cases = {
      {"VMware Cloud on AWS - ap-northeast-1 - Connectivity", {"ap-northeast-1"}},
      {"AP-NORTHEAST-1, us-east-1 and ap-northeast-1.", {"ap-northeast-1", "us-east-1"}},
      {"ec2-ap-northeast-1_1787541602", {"ap-northeast-1"}},
      {"instances in us-gov-west-1 and cn-north-1", {"us-gov-west-1", "cn-north-1"}},
      {"one zone, ap-northeast-1a, is down", {"ap-northeast-1"}},
      {"asia-northeast1 and europe-west12", {"asia-northeast1", "europe-west12"}},
      {"web-01 db-prod-3 sign-in-1 north-1 a-b-c --- ap-northeast- 1", {}},
  };
  for (const RegionCase& c : cases) {
    std::vector<std::string> found;
    find_regions(c.text, found);
    EXPECT_EQ(found, c.expect) << c.text;
  }
}

} // namespace
} // namespace kaden::statusfeed
