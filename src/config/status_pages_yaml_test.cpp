#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "checks.h"
#include "kaden/config.h"
#include "town.h"

namespace kaden::config {
namespace {

using testing::ElementsAre;

std::string page(const std::string& inside) {
  return "sources: {status_pages: [{" + inside + "}]}";
}

TEST(StatusPages, HaveDefaults) {
  const auto settings =
      read(page("id: vmware, url: \"https://status.vmware-services.io/api/v2/summary.json\""));
  ASSERT_TRUE(settings) << settings.error().message;
  StatusPage expected;
  expected.id = expected.name = "vmware";
  expected.url = "https://status.vmware-services.io/api/v2/summary.json";
  EXPECT_THAT(settings->sources.status_pages, ElementsAre(expected));
  EXPECT_EQ(expected.poll, seconds(60));
  EXPECT_EQ(expected.unreadable_after, seconds(600));
}

TEST(StatusPages, ReadEachKey) {
  const std::string pin(64, 'a');
  const auto settings = read(
      "sources:\n"
      "  status_pages:\n"
      "    - id: aws\n"
      "      name: Amazon EC2 東京\n"
      "      url: http://10.0.0.9/ec2.rss\n"
      "      allow_plain: true\n"
      "      poll_s: 300\n"
      "      timeout_s: 5\n"
      "      unreadable_s: 1800\n"
      "      unreadable_severity: warning\n"
      "      first_look_s: 0\n"
      "      include: [\"*EC2*\", ap-northeast-1]\n"
      "      exclude: [\"*console*\"]\n"
      "      maintenance: true\n"
      "      severities: [{stage: monitoring, severity: info}, {impact: major, severity: critical}]\n"
      "      ca_file: /etc/agent\n"
      "      certificate_sha256: " +
      pin +
      "\n"
      "    - {id: other, url: \"https://[2001:db8::1]:8443/history.atom?x=1\"}\n");
  ASSERT_TRUE(settings) << settings.error().message;
  ASSERT_EQ(settings->sources.status_pages.size(), 2U);
  StatusPage expected;
  expected.id = "aws";
  expected.name = "Amazon EC2 東京";
  expected.url = "http://10.0.0.9/ec2.rss";
  expected.allow_plain = true;
  expected.poll = seconds(300);
  expected.timeout = seconds(5);
  expected.unreadable_after = seconds(1'800);
  expected.unreadable = Severity::warning;
  expected.first_age_max = seconds(0);
  expected.filter = {{"*EC2*", "ap-northeast-1"}, {"*console*"}};
  expected.maintenance_too = true;
  expected.severities = {{statusfeed::Stage::monitoring, std::nullopt, Severity::info},
                         {std::nullopt, statusfeed::Impact::major, Severity::critical}};
  expected.ca_file = "/etc/agent";
  expected.certificate_sha256 = pin;
  EXPECT_EQ(settings->sources.status_pages[0], expected);
}

TEST(StatusPages, MistakesHaveTheirPlace) {
  const std::string fine = "id: a, url: \"https://a.example/\", ";
  const struct {
    std::string text, error;
  } table[] = {
      {"sources: []", "k.yaml:1:10: sources: must be a map, not a list"},
      {"sources: {status_page: []}",
       "k.yaml:1:11: sources: unknown key \"status_page\" (did you mean \"status_pages\"?)"},
      {page("id: A, url: \"https://a.example/\""),
       "k.yaml:1:31: sources.status_pages[0].id: \"A\" is not an id: 1 to 64 of a-z, 0-9, _ and -"},
      {page("name: x"),
       "k.yaml:1:26: sources.status_pages[0].url: is missing\n"
       "k.yaml:1:26: sources.status_pages[0].id: is missing"},
      {page(fine + "poll_s: 9"), "k.yaml:1:69: sources.status_pages[0].poll_s: 9 is not between 10 and 3600"},
      {page(fine + "timeout_s: 0"),
       "k.yaml:1:72: sources.status_pages[0].timeout_s: 0 is not between 1 and 120"},
      {page(fine + "unreadable_severity: bad"),
       "k.yaml:1:82: sources.status_pages[0].unreadable_severity: \"bad\" is not one of critical, error, "
       "warning, info"},
      {page(fine + "severities: [{stage: resolved, severity: info}]"),
       "k.yaml:1:82: sources.status_pages[0].severities[0].stage: \"resolved\" is not one of investigating, "
       "identified, monitoring, in_progress, verifying, unknown"},
      {page(fine + "severities: [{impact: huge}]"),
       "k.yaml:1:74: sources.status_pages[0].severities[0].severity: is missing\n"
       "k.yaml:1:83: sources.status_pages[0].severities[0].impact: \"huge\" is not one of none, minor, "
       "major, "
       "critical, maintenance, unknown"},
      {page(fine + "ca_file: /etc/none"),
       "k.yaml:1:70: sources.status_pages[0].ca_file: /etc/none cannot be read: No such file"},
      {page(fine + "certificate_sha256: abc"),
       "k.yaml:1:81: sources.status_pages[0].certificate_sha256: is not what openssl x509 -fingerprint "
       "-sha256 prints: 64 hex digits"},
      {page("id: a, url: \"http://a.example/\""),
       "k.yaml:1:39: sources.status_pages[0].url: is http: anybody on the way can forge or hide news; use "
       "https, or say allow_plain: true"},
      {page("id: a, url: \"http://169.254.169.254/\", allow_plain: true"),
       "k.yaml:1:39: sources.status_pages[0].url: is a link-local address, where a cloud keeps a machine's "
       "credentials"},
      {page("id: a, url: \"ftp://a.example/\""),
       "k.yaml:1:39: sources.status_pages[0].url: is not an address such as "
       "https://status.example.com/api/v2/summary.json: http or https, no user, no #"},
      {"sources: {status_pages: [{id: a, url: \"https://a.example\"}, {id: a, url: \"https://b.example\"}]}",
       "k.yaml:1:66: sources.status_pages[1].id: another status page is called \"a\" already"},
  };
  for (const auto& one : table) EXPECT_EQ(error_of(one.text), one.error) << one.text;
}

TEST(WebUrl, WhatIsOne) {
  const struct {
    const char* text;
    bool plain, loopback, link_local;
  } good[] = {
      {"https://a.example", false, false, false},   {"https://a.example:8443/x?y=%20", false, false, false},
      {"http://127.0.0.1:80/", true, true, false},  {"http://localhost/", true, true, false},
      {"http://[::1]:80/", true, true, false},      {"http://[fe80::1]/", true, false, true},
      {"https://169.254.0.1/", false, false, true},
  };
  for (const auto& one : good) {
    const auto url = parse_web_url(one.text);
    ASSERT_TRUE(url) << one.text;
    EXPECT_EQ(url->is_plain, one.plain) << one.text;
    EXPECT_EQ(url->is_loopback, one.loopback) << one.text;
    EXPECT_EQ(url->is_link_local, one.link_local) << one.text;
  }
  for (const char* text :
       {"", "https://", "a.example", "HTTPS://a.example", "https:///x", "https://u@a.example/",
        "https://a.example/#x", "https://a example/", "https://a.example:0/", "https://a.example:x/",
        "https://2130706433/", "https://0x7f.1/ ", "https://[::1/", "https://a.example/\xE3\x81\x82",
        "https://a\\b/"}) {
    EXPECT_FALSE(parse_web_url(text)) << text;
  }
  EXPECT_FALSE(parse_web_url("https://a.example/" + std::string(2'048, 'x')));
}

TEST(Fingerprint, WhatIsOne) {
  std::string colons;
  for (int i = 0; i < 32; ++i) colons += i == 0 ? "aB" : ":aB";
  EXPECT_TRUE(is_fingerprint(colons));
  EXPECT_TRUE(is_fingerprint(std::string(64, '0')));
  for (const std::string& text : {std::string(), std::string(63, '0'), std::string(66, '0'), colons + ":",
                                  std::string(63, '0') + "g", colons.substr(0, 94)}) {
    EXPECT_FALSE(is_fingerprint(text)) << text;
  }
}

} // namespace
} // namespace kaden::config
