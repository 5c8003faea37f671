#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kaden/config.h"
#include "town.h"

namespace kaden::config {
namespace {

std::string snmp(const std::string& inside) {
  return "sources: {snmp: {" + inside + "}}";
}

TEST(SnmpYaml, each_key_is_read) {
  const auto settings = read(
      "sources:\n"
      "  snmp:\n"
      "    listen: 0.0.0.0\n"
      "    port: 1162\n"
      "    from: [10.0.0.0/8, \"fd00::/8\"]\n"
      "    communities: [{community_file: /etc/other}]\n"
      "    users:\n"
      "      - {name: vcenter, authentication: sha256, authentication_password_file: /etc/other, privacy: "
      "aes, "
      "privacy_password_env: KADEN_TOKEN}\n"
      "      - {name: plain}\n"
      "    devices:\n"
      "      - {id: core-1, name: Core, address: 10.0.0.254, port: 1161, user: vcenter, interfaces: "
      "[\"Gi*\"], "
      "names: {Gi0/0/1: Tokyo}, poll_s: 30, unreadable_s: 90, severity: error}\n"
      "      - {id: core-2, address: 10.0.0.253, community_env: KADEN_TOKEN}\n"
      "    rules:\n"
      "      - {trap: 1.3.6.1.4.1.9.1, name: fan, severity: warning, by: 1.3.6.1.4.1.9.5, clear: "
      "1.3.6.1.4.1.9.2, clear_s: "
      "60}\n"
      "    vcenter: {yellow: none, red: error}\n");
  ASSERT_TRUE(settings) << settings.error().message;
  ASSERT_TRUE(settings->sources.snmp);
  Snmp expected;
  expected.listen = "0.0.0.0";
  expected.port = 1162;
  expected.from = {"10.0.0.0/8", "fd00::/8"};
  expected.communities = {"fedcba9876543210"};
  expected.users = {{"vcenter", "sha256", "fedcba9876543210", "aes", "token-token-token"},
                    {"plain", "none", "", "none", ""}};
  SnmpDevice core;
  core.id = "core-1";
  core.name = "Core";
  core.address = "10.0.0.254";
  core.port = 1161;
  core.user = "vcenter";
  core.interfaces = {"Gi*"};
  core.names = {{"Gi0/0/1", "Tokyo"}};
  core.poll = seconds(30);
  core.unreadable_after = seconds(90);
  core.severity = Severity::error;
  SnmpDevice other;
  other.id = other.name = "core-2";
  other.address = "10.0.0.253";
  other.community = "token-token-token";
  expected.devices = {core, other};
  expected.rules = {
      {"1.3.6.1.4.1.9.1", "fan", Severity::warning, "1.3.6.1.4.1.9.5", "1.3.6.1.4.1.9.2", seconds(60)}};
  expected.vcenter_yellow.reset();
  expected.vcenter_red = Severity::error;
  EXPECT_EQ(*settings->sources.snmp, expected);
  EXPECT_EQ(other.poll, seconds(60));
  EXPECT_EQ(other.unreadable_after, seconds(180));
}

TEST(SnmpYaml, mistakes_have_their_names) {
  const std::string heard = "communities: [{community_file: /etc/other}], from: [10.0.0.0/8]";
  const struct {
    std::string text, error;
  } table[] = {
      {snmp("listen: 0.0.0.0, from: [10.0.0.0/8]"),
       "sources.snmp.listen: needs communities (version 2c) or users"},
      {snmp("listen: 0.0.0.0, communities: [{community_file: /etc/other}]"),
       "sources.snmp.listen: needs from"},
      {snmp("listen: here, " + heard), "sources.snmp.listen: is no IP address"},
      {snmp("listen: 0.0.0.0, communities: [{community_file: /etc/other}], from: [10.0.0.0/99]"),
       "sources.snmp.from: \"10.0.0.0/99\" is no network such as 10.0.0.0/8"},
      {snmp("communities: [{community: public}]"),
       "sources.snmp.communities[0].community: a secret is not written here"},
      {snmp("users: [{name: a, authentication: sha1}]"),
       "sources.snmp.users[0].authentication: \"sha1\" is not one of"},
      {snmp("users: [{name: a, authentication: sha}]"),
       "authentication_password_file or authentication_password_env is missing"},
      {snmp("users: [{name: a, privacy: aes, privacy_password_file: /etc/other}]"),
       "sources.snmp.users[0].privacy: needs authentication as well"},
      {snmp("users: [{name: a}, {name: a}]"),
       "sources.snmp.users[1].name: another user is called \"a\" already"},
      {snmp("devices: [{id: a}]"), "sources.snmp.devices[0].address: is missing"},
      {snmp("devices: [{id: a, address: router}]"), "sources.snmp.devices[0].address: is no IP address"},
      {snmp("devices: [{id: a, address: 10.0.0.1, user: b}]"),
       "sources.snmp.devices[0].user: unknown user \"b\""},
      {snmp("devices: [{id: a, address: 10.0.0.1, user: b, community_file: /etc/other}]"),
       "sources.snmp.devices[0].user: has no place beside a community"},
      {snmp("rules: [{name: a}]"), "sources.snmp.rules[0].trap: is missing"},
      {snmp("rules: [{name: a, trap: linkDown}]"), "sources.snmp.rules[0].trap: is no object identifier"},
      {snmp("vcenter: {red: loud}"), "sources.snmp.vcenter.red: \"loud\" is not one of"},
  };
  for (const auto& one : table) EXPECT_THAT(error_of(one.text), testing::HasSubstr(one.error)) << one.text;
}

} // namespace
} // namespace kaden::config
