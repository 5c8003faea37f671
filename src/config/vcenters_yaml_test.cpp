#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "kaden/config.h"
#include "town.h"

namespace kaden::config {
namespace {

std::string vcenter(const std::string& inside) {
  return "sources: {vcenters: [{" + inside + "}]}";
}
const std::string fine = "id: a, url: \"https://a.example/sdk\", user: u, password_file: /etc/other, ";

TEST(Vcenters, HaveDefaults) {
  const auto settings = read(vcenter(fine));
  ASSERT_TRUE(settings) << settings.error().message;
  Vcenter expected;
  expected.id = expected.name = "a";
  expected.url = "https://a.example/sdk";
  expected.user = "u";
  expected.password = "fedcba9876543210";
  EXPECT_THAT(settings->sources.vcenters, testing::ElementsAre(expected));
  EXPECT_EQ(expected.poll, seconds(20));
  EXPECT_EQ(expected.unreadable_after, seconds(120));
  EXPECT_TRUE(expected.acknowledge);
}

TEST(Vcenters, ReadEachKey) {
  const std::string pin(64, 'a');
  const auto settings = read(
      "sources:\n"
      "  vcenters:\n"
      "    - id: vc1\n"
      "      name: 東京のvCenter\n"
      "      url: https://10.0.0.9:8443/sdk\n"
      "      user: kaden@vsphere.local\n"
      "      password_env: KADEN_TOKEN\n"
      "      poll_s: 30\n"
      "      unreadable_s: 0\n"
      "      acknowledge: false\n"
      "      severities:\n"
      "        - {alarm: \"*Health*\", yellow: none, red: none}\n"
      "        - {entity: \"/DC/vm/test/*\", red: info}\n"
      "      ca_file: /etc/agent\n"
      "      certificate_sha256: " +
      pin + "\n");
  ASSERT_TRUE(settings) << settings.error().message;
  ASSERT_EQ(settings->sources.vcenters.size(), 1U);
  Vcenter expected;
  expected.id = "vc1";
  expected.name = "東京のvCenter";
  expected.url = "https://10.0.0.9:8443/sdk";
  expected.user = "kaden@vsphere.local";
  expected.password = "token-token-token";
  expected.poll = seconds(30);
  expected.unreadable_after = seconds(0);
  expected.acknowledge = false;
  expected.rules = {{"*Health*", "*", std::nullopt, std::nullopt},
                    {"*", "/DC/vm/test/*", Severity::warning, Severity::info}};
  expected.ca_file = "/etc/agent";
  expected.certificate_sha256 = pin;
  EXPECT_EQ(settings->sources.vcenters[0], expected);
}

TEST(Vcenters, MistakesHaveTheirNames) {
  const struct {
    std::string text, error;
  } table[] = {
      {vcenter("id: a"), "sources.vcenters[0].url: is missing"},
      {vcenter("id: a"), "sources.vcenters[0].user: is missing"},
      {vcenter("id: a"), "sources.vcenters[0]: password_file or password_env is missing"},
      {vcenter(fine + "password: x"), "sources.vcenters[0].password: a secret is not written here"},
      {vcenter("id: a, url: \"https://a.example\", user: u, password_file: /etc/other"),
       "sources.vcenters[0].url: is not an address such as https://vcenter.example.com/sdk"},
      {vcenter("id: a, url: \"http://a.example/sdk\", user: u, password_file: /etc/other"),
       "sources.vcenters[0].url: is http: a password goes there, so it must be https"},
      {vcenter("id: a, url: \"https://169.254.0.1/sdk\", user: u, password_file: /etc/other"),
       "sources.vcenters[0].url: is a link-local address"},
      {vcenter("id: a, url: \"https://a.example/sdk\", user: u, password_file: /etc/open"),
       "sources.vcenters[0].password_file: "},
      {vcenter(fine + "poll_s: 4"), "sources.vcenters[0].poll_s: 4 is not between 5 and 600"},
      {vcenter(fine + "certificate_sha256: abc"),
       "sources.vcenters[0].certificate_sha256: is not what openssl"},
      {vcenter(fine + "severities: [{red: loud}]"),
       "sources.vcenters[0].severities[0].red: \"loud\" is not one of critical, error, warning, info, none"},
      {vcenter(fine) + "\nlog: {level: loud}", "log.level"},
      {"sources: {vcenters: [{" + fine + "}, {" + fine + "}]}",
       "sources.vcenters[1].id: another vCenter is called \"a\" already"},
  };
  for (const auto& one : table) EXPECT_THAT(error_of(one.text), testing::HasSubstr(one.error)) << one.text;
}

} // namespace
} // namespace kaden::config
