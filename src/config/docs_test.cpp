// The page and the sample say what the reader knows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include "kaden/config.h"
#include "shapes.h"
#include "source_folder.h"

namespace kaden::config {
namespace {

std::string file(const std::string& name) {
  std::ifstream stream(source_folder() + "/" + name);
  EXPECT_TRUE(stream) << name;
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

/// The sample's secrets, as a careful operator would have put them there.
Environment careful_operator() {
  return {[](const std::string& path) -> Result<FileText> {
            return FileText{"secret-of-" + path, 0640};
          },
          [](const std::string& name) { return std::optional<std::string>("secret-of-" + name); }};
}

TEST(Sample, Loads) {
  const auto settings = parse(file("deploy/kaden.example.yaml"), "kaden.example.yaml", careful_operator());
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->engine.people.size(), 3U);
  EXPECT_EQ(settings->engine.people[0].methods[1].address, "sip:+81312345678@10.0.0.1:5060;user=phone");
  EXPECT_EQ(settings->engine.routes.size(), 2U);
  EXPECT_EQ(settings->alarms.size(), 4U);
  EXPECT_TRUE(settings->sources.status_pages.empty()) << "a fresh install asks nothing of the internet";
}

TEST(Sample, WatchesStatusPagesWhenTheLinesLoseTheirMarks) {
  std::string sample = file("deploy/kaden.example.yaml");
  const std::size_t begin = sample.find("# sources:");
  ASSERT_NE(begin, std::string::npos);
  const std::size_t end = sample.find("\n\n", begin);
  std::string section = sample.substr(begin, end - begin);
  section = std::regex_replace(section, std::regex("(^|\n)# "), "$1");
  sample.replace(begin, end - begin, section);
  const auto settings = parse(sample, "kaden.example.yaml", careful_operator());
  ASSERT_TRUE(settings) << settings.error().message;
  ASSERT_EQ(settings->sources.status_pages.size(), 3U);
  EXPECT_EQ(settings->sources.status_pages[0].name, "VMware Cloud");
  ASSERT_EQ(settings->sources.vcenters.size(), 1U);
  EXPECT_EQ(settings->sources.vcenters[0].rules.size(), 1U);
  ASSERT_EQ(settings->sources.mail.size(), 1U);
  EXPECT_EQ(settings->sources.mail[0].rules.rules.size(), 1U);
  ASSERT_EQ(settings->sources.logs.size(), 4U);
  EXPECT_EQ(settings->sources.logs[0].alarms[0].severity, Severity::critical);
}

TEST(Sample, HasEveryKey) {
  const std::string sample = file("deploy/kaden.example.yaml");
  for (const Shape& shape : shapes()) {
    for (const std::string_view key : shape.keys) {
      EXPECT_TRUE(std::regex_search(sample, std::regex("[ {]?\\b" + std::string(key) + ":")))
          << shape.path << " " << key;
    }
  }
}

/// Keys in the tables of one section of the page.
std::set<std::string> keys_in(const std::string& section) {
  static const std::regex row("\\n\\| `([^`]+)` \\|");
  std::set<std::string> keys;
  for (auto found = std::sregex_iterator(section.begin(), section.end(), row);
       found != std::sregex_iterator(); ++found) {
    keys.insert((*found)[1]);
  }
  return keys;
}

TEST(Page, HasEachKeyOfEachSectionAndNoOther) {
  const std::string page = file("docs/configuration.md");
  for (const Shape& shape : shapes()) {
    const std::string heading =
        shape.path.empty() ? "\n## The file\n" : "\n## `" + std::string(shape.path) + "`\n";
    const std::size_t begin = page.find(heading);
    ASSERT_NE(begin, std::string::npos) << heading;
    const std::size_t end = page.find("\n## ", begin + 1);
    const std::string section = page.substr(begin, end == std::string::npos ? end : end - begin);
    EXPECT_EQ(keys_in(section), std::set<std::string>(shape.keys.begin(), shape.keys.end())) << heading;
  }
}

/// What stands between ```KIND and ```, in order.
std::vector<std::string> blocks(const std::string& page, const std::string& kind) {
  std::vector<std::string> found;
  const std::string mark = "```" + kind + "\n";
  for (std::size_t at = page.find(mark); at != std::string::npos; at = page.find(mark, at + 1)) {
    const std::size_t begin = at + mark.size();
    found.push_back(page.substr(begin, page.find("```", begin) - begin));
  }
  return found;
}

TEST(MailPage, EachExampleRaisesItsFirstMailAndClearsItWithItsSecond) {
  std::string page = file("docs/mail.md");
  const auto whole = parse(blocks(page, "yaml").at(0), "mail.md", careful_operator());
  EXPECT_TRUE(whole) << whole.error().message;
  page = page.substr(page.find("\n## Examples"));
  std::size_t sections = 0;
  for (std::size_t at = page.find("\n### "); at != std::string::npos; ++sections) {
    const std::size_t end = page.find("\n### ", at + 1);
    const std::string section = page.substr(at, end == std::string::npos ? end : end - at);
    at = end;
    const auto mails = blocks(section, "eml");
    ASSERT_EQ(mails.size(), 2U) << section.substr(0, 40);
    std::string text = "rules:\n" + blocks(section, "yaml").at(0);
    const auto rules = parse_mail_rules(text, "mail.md");
    ASSERT_TRUE(rules) << rules.error().message;
    const auto judged = [&](const std::string& mail) {
      return mailrules::judge(*rules, mime::read(mail), "", wall_time(0));
    };
    const auto raised = judged(mails[0]);
    const auto cleared = judged(mails[1]);
    EXPECT_EQ(raised.why, mailrules::Judged::Why::raised) << mails[0];
    EXPECT_EQ(cleared.why, mailrules::Judged::Why::cleared) << mails[1];
    ASSERT_TRUE(raised.event && cleared.event);
    EXPECT_EQ(raised.event->alarm, cleared.event->alarm);
    EXPECT_FALSE(raised.event->labels.at("title").empty());
  }
  EXPECT_EQ(sections, 5U);
}

} // namespace
} // namespace kaden::config
