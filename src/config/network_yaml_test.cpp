#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kaden/config.h"
#include "town.h"

namespace kaden::config {
namespace {

std::string network(const std::string& inside) {
  return "sources: {network: {" + inside + "}}";
}

TEST(NetworkYaml, a_probe_alone_is_a_path_of_its_own) {
  const auto settings = read(network("probes: [{id: router, url: \"icmp://10.0.0.1\"}]"));
  ASSERT_TRUE(settings) << settings.error().message;
  ASSERT_TRUE(settings->sources.network);
  Network expected;
  NetworkProbe probe;
  probe.id = probe.path = "router";
  probe.url = "icmp://10.0.0.1";
  expected.probes = {probe};
  NetworkPath path;
  path.id = path.name = "router";
  path.ends = {"kaden"};
  expected.paths = {path};
  EXPECT_EQ(*settings->sources.network, expected);
  EXPECT_EQ(probe.every, seconds(10));
  EXPECT_EQ(expected.silent_after, seconds(180));
}

TEST(NetworkYaml, each_key_is_read) {
  const auto settings = read(
      "sources:\n"
      "  network:\n"
      "    vantage: sddc\n"
      "    silent_s: 60\n"
      "    silent_severity: critical\n"
      "    unreadable_s: 0\n"
      "    probes:\n"
      "      - {id: web, url: \"https://a.example/health\", path: dx, interval_s: 5, timeout_s: 2, "
      "status_min: 200, "
      "status_max: 204, ca_file: /etc/agent}\n"
      "      - {id: dns, url: \"dns://10.0.0.2/a.example\", path: dx, expect: 10.0.0.1, packets: 5}\n"
      "    paths:\n"
      "      - {id: dx, name: 東京, ends: [office, sddc], fail_after: 2, clear_after: 4, loss_percent: 20, "
      "latency_ms: 50, "
      "window: 30, expiry_days: 7, severity: error, degraded_severity: info}\n");
  ASSERT_TRUE(settings) << settings.error().message;
  const Network& read = *settings->sources.network;
  Network expected;
  expected.vantage = "sddc";
  expected.silent_after = seconds(60);
  expected.silent = Severity::critical;
  expected.unreadable_after = seconds(0);
  NetworkProbe web{"web",       "https://a.example/health", "dx", seconds(5), seconds(2), 3, 200, 204, "",
                   "/etc/agent"};
  NetworkProbe dns{"dns", "dns://10.0.0.2/a.example", "dx", seconds(10), seconds(3), 5, 200, 399, "10.0.0.1",
                   ""};
  expected.probes = {web, dns};
  expected.paths = {{"dx", "東京", {"office", "sddc"}, 2, 4, 20, 50, 30, 7, Severity::error, Severity::info}};
  EXPECT_EQ(read, expected);
}

TEST(NetworkYaml, mistakes_have_their_names) {
  const struct {
    std::string text, error;
  } table[] = {
      {network("probes: [{id: a}]"), "sources.network.probes[0].url: is missing"},
      {network("probes: [{id: a, url: \"ping://b\"}]"),
       "sources.network.probes[0].url: 'ping://b' does not begin"},
      {network("probes: [{id: a, url: \"dns://b\"}]"),
       "asks for no name, such as dns://10.0.0.2/www.example.com"},
      {network("probes: [{id: a, url: \"tcp://b\"}]"),
       "sources.network.probes[0].url: 'tcp://b' has no port"},
      {network("probes: [{id: a, url: \"icmp://b\", expect: c}]"),
       "sources.network.probes[0].expect: is only for dns://"},
      {network("probes: [{id: a, url: \"icmp://b\", path: tokio}], paths: [{id: tokyo}]"),
       "sources.network.probes[0].path: no path is called \"tokio\" (did you mean \"tokyo\"?)"},
      {network("probes: [{id: a, url: \"icmp://b\", path: t}], paths: [{id: t, ends: [office]}]"),
       "sources.network.probes[0].path: Kaden is no end of the path \"t\": add \"kaden\" to its ends"},
      {network("probes: [{id: a, url: \"icmp://b\"}, {id: a, url: \"icmp://c\"}]"),
       "sources.network.probes[1].id: another probe is called \"a\" already"},
      {network("paths: [{id: t, ends: [\"a b\"]}]"),
       "sources.network.paths[0].ends: \"a b\" is no vantage point"},
      {network("paths: [{id: t, loss_percent: 101}]"),
       "sources.network.paths[0].loss_percent: 101 is not between"},
      {network("probes: [{id: a, url: \"http://b\", status_min: 400}]"), "status_min: is above status_max"},
      {network("vantage: \"a b\""), "sources.network.vantage: is no vantage point"},
  };
  for (const auto& one : table) EXPECT_THAT(error_of(one.text), testing::HasSubstr(one.error)) << one.text;
}

} // namespace
} // namespace kaden::config
