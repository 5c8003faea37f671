#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <sstream>

#include "kaden/agent.h"
#include "source_folder.h"

namespace kaden::agent {
namespace {

TEST(AgentSettings, are_checked) {
  const runtime::SystemClock clock;
  const Settings right{.url = "http://a", .keys = {.access_key_id = "AK", .secret = "s"}};
  struct Case {
    std::function<void(Settings&)> spoil;
    const char* says;
  };
  const std::vector<Case> table = {
      {[](Settings&) {}, ""},
      {[](Settings& settings) { settings.url = "a"; }, "url: "},
      {[](Settings& settings) { settings.url = "tcp://a:1"; }, "url: "},
      {[](Settings& settings) { settings.region = ""; }, "region: "},
      {[](Settings& settings) { settings.keys.access_key_id = "a b"; }, "keys.access_key_id: "},
      {[](Settings& settings) { settings.keys.secret = ""; }, "keys.secret_file: "},
      {[](Settings& settings) { settings.interval = Millis(999); }, "interval_s: "},
      {[](Settings& settings) { settings.interval = seconds(3'601); }, "interval_s: "},
      {[](Settings& settings) { settings.state_folder = "state"; }, "state_folder: "},
      {[](Settings& settings) { settings.spool_bytes_max = 1; }, "spool.bytes_max: "},
      {[](Settings& settings) {
         settings.watched = {{Watched::By::exe, "("}};
       },
       "procstat[0]: "},
      {[](Settings& settings) {
         settings.watched = {{Watched::By::pid_file, "a"}};
       },
       "procstat[0]: "},
      {[](Settings& settings) { settings.checks = {{.name = "a", .url = "tcp://a"}}; }, "checks[0].url: "},
      {[](Settings& settings) { settings.checks = {{.name = "a", .url = "dns://a"}}; }, "checks[0].url: "},
      {[](Settings& settings) { settings.checks = {{.name = "a", .url = "icmp://a", .packets = 0}}; },
       "checks[0].packets: "},
      {[](Settings& settings) { settings.checks = {{.name = "a", .url = "tcp://a:1", .expect = "b"}}; },
       "checks[0].expect: "},
      {[](Settings& settings) { settings.checks = {{.name = "a", .url = "tcp://a:1", .path = "b c"}}; },
       "checks[0].path: "},
      {[](Settings& settings) { settings.vantage = "a b"; }, "vantage: "},
      {[](Settings& settings) { settings.checks = {{.name = "a b", .url = "tcp://a:1"}}; },
       "checks[0].name: "},
      {[](Settings& settings) { settings.logs = {{.path = "/a", .group = "g"}}; }, "logs.url: "},
      {[](Settings& settings) {
         settings.logs_url = "http://a";
         settings.logs = {{.path = "a", .group = "g"}};
       },
       "logs.files[0].path: "},
      {[](Settings& settings) {
         settings.logs_url = "http://a";
         settings.logs = {{.path = "/a", .group = "g h"}};
       },
       "logs.files[0].group: "},
      {[](Settings& settings) {
         settings.logs_url = "http://a";
         settings.logs = {{.path = "/a", .group = "g", .multi_line_start = "["}};
       },
       "logs.files[0].multi_line_start: "},
  };
  for (const Case& tried : table) {
    Settings settings = right;
    tried.spoil(settings);
    const auto made = Agent::create(settings, clock, [](const std::string&) {});
    const std::string message = made ? "" : made.error().message;
    EXPECT_EQ(message.substr(0, std::string(tried.says).size()), tried.says);
    EXPECT_EQ(made.has_value(), std::string(tried.says).empty());
  }
}

TEST(AgentSettings, are_read_from_yaml) {
  const auto read = read_settings(R"(
url: https://monitoring.eu-west-1.amazonaws.com
region: eu-west-1
interval_s: 10
keys: {credentials_file: /etc/kaden-agent/credentials, profile: erp}
metrics:
  cpu: {per_core: true}
  netstat: false
  disk: {exclude: ["/boot*"]}
  diskio: true
  net: {interfaces: [eth0]}
procstat:
  - exe: ^nginx$
  - pid_file: /run/erp.pid
checks:
  - {name: db, url: "tcp://10.0.0.5:5432", timeout_s: 2}
  - {name: router, url: "icmp://10.0.0.1", packets: 5, path: tokyo-dx}
  - {name: name, url: "dns://10.0.0.2/erp.example", expect: 10.0.0.5}
vantage: office
logs:
  url: https://logs.eu-west-1.amazonaws.com
  files:
    - {path: "/var/log/erp/*.log", exclude: ["*.old"], group: /erp, multi_line_start: "^[0-9]{4}-", from: end, encoding: CP932}
    - {path: /var/log/auth.log, group: /auth}
state_folder: /var/lib/kaden-agent
spool: {bytes_max: 8388608, age_max_s: 3600}
)",
                                  "a.yaml");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->interval, seconds(10));
  EXPECT_EQ(read->keys.profile, "erp");
  EXPECT_TRUE(read->groups.cpu && read->groups.per_core && read->groups.diskio && read->groups.net &&
              read->groups.disk);
  EXPECT_FALSE(read->groups.netstat);
  EXPECT_EQ(read->groups.interfaces, std::vector<std::string>{"eth0"});
  ASSERT_EQ(read->watched.size(), 2U);
  EXPECT_EQ(read->watched[1].by, Watched::By::pid_file);
  EXPECT_EQ(read->checks.at(0).patience, seconds(2));
  EXPECT_EQ(read->checks.at(1).packets, 5);
  EXPECT_EQ(read->checks.at(1).path, "tokyo-dx");
  EXPECT_EQ(read->checks.at(2).expect, "10.0.0.5");
  EXPECT_EQ(read->vantage, "office");
  EXPECT_TRUE(read->logs.at(0).from_end);
  EXPECT_EQ(read->logs.at(0).encoding, tail::Encoding::shift_jis);
  EXPECT_EQ(read->logs.at(1).encoding, tail::Encoding::utf_8);
  EXPECT_EQ(read->spool_age_max, seconds(3'600));
  EXPECT_TRUE(check_settings(*read));
  EXPECT_TRUE(read_settings("", "a.yaml"));
}

TEST(AgentSettings, logs_go_where_metrics_go_unless_that_is_aws) {
  const std::string files = "logs: {files: [{path: /var/log/x, group: g}]}\n";
  EXPECT_EQ(read_settings("url: https://kaden.example:8480\n" + files, "a.yaml")->logs_url,
            "https://kaden.example:8480");
  const auto aws = read_settings("url: https://monitoring.ap-northeast-1.amazonaws.com\n" + files, "a.yaml");
  ASSERT_TRUE(aws);
  EXPECT_EQ(aws->logs_url, "");
}

TEST(AgentSettings, the_example_is_good) {
  std::ostringstream text;
  text << std::ifstream(source_folder() + "/deploy/kaden-agent.example.yaml").rdbuf();
  const auto read = read_settings(text.str(), "example");
  ASSERT_TRUE(read) << read.error().message;
  const auto good = check_settings(*read);
  EXPECT_TRUE(good) << good.error().message;
}

TEST(AgentSettings, name_the_place_of_each_mistake) {
  const auto read = read_settings(
      "url: [a]\nintervals_s: 3\nmetrics: {cpu: yes, disk: {includes: []}}\nchecks: {}\n", "a.yaml");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message,
            "a.yaml:1:6: url: one line of text is needed\n"
            "a.yaml:3:16: metrics.cpu: true or false is needed\n"
            "a.yaml:3:28: metrics.disk.includes: there is no such key\n"
            "a.yaml:4:9: checks: a list of at most 100 is needed\n"
            "a.yaml:2:1: intervals_s: there is no such key");
  for (const char* bad : {"a", "- a", "{", "interval_s: 0", "interval_s: x", "url: a\nurl: b",
                          "logs: {files: [{from: middle}]}", "keys: 3"}) {
    EXPECT_FALSE(read_settings(bad, "a.yaml")) << bad;
  }
}

TEST(AgentSettings, an_encoding_that_is_not_known_is_answered_with_those_that_are) {
  const auto read = read_settings(
      "logs:\n  files:\n    - {path: /a, group: g, encoding: latin1}\n    - {encoding: [utf-8]}\n", "a.yaml");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message,
            "a.yaml:3:38: logs.files[0].encoding: 'latin1' is not known; one of these is needed: utf-8, "
            "shift_jis, cp932, euc-jp, iso-2022-jp, utf-16le, utf-16be\n"
            "a.yaml:4:18: logs.files[1].encoding: one line of text is needed");
}

TEST(AgentSettings, mistakes_of_meaning_are_told_together_with_their_places) {
  auto read = read_settings_file(
      "url: tcp://a:1\n"
      "keys: {secret_file: /etc/x}\n"
      "interval_s: x\n"
      "procstat:\n"
      "  - {exe: a, pattern: \"(\"}\n"
      "  - {}\n"
      "checks:\n"
      "  - {name: db, url: nowhere}\n"
      "  - {name: db, url: \"tcp://a:1\"}\n"
      "logs:\n"
      "  files:\n"
      "    - {path: relative, group: g}\n",
      "a.yaml");
  read.add(mistakes_in(read.settings));
  EXPECT_EQ(read.text(),
            "a.yaml:3:13: interval_s: a number from 1 to 3600 is needed\n"
            "a.yaml:6:5: procstat[1].exe: exe, pattern or pid_file is needed\n"
            "a.yaml:1:6: url: http or https is needed\n"
            "a.yaml:2:7: keys.access_key_id: an access key id is needed\n"
            "a.yaml:5:5: procstat[1]: '(' is no pattern: Unmatched ( or \\(\n"
            "a.yaml:8:21: checks[0].url: 'nowhere' does not begin with a scheme such as https:// or tcp://\n"
            "a.yaml:9:12: checks[1].name: it stands twice\n"
            "a.yaml:11:3: logs.url: http or https is needed\n"
            "a.yaml:12:14: logs.files[0].path: an absolute path is needed");
}

TEST(AgentSettings, key_files_that_cannot_be_used_are_noticed) {
  Settings settings{.url = "http://a", .keys = {.credentials_file = "/nowhere/credentials"}};
  settings.ca_file = "/nowhere/ca.pem";
  settings.checks = {{.name = "a", .url = "https://a", .ca_file = "/nowhere/b.pem"}};
  ASSERT_TRUE(mistakes_in(settings).empty());
  std::vector<std::string> keys;
  for (const auto& mistake : mistakes_in_files(settings)) keys.push_back(mistake.key);
  EXPECT_EQ(keys, (std::vector<std::string>{"keys.credentials_file", "ca_file", "checks[0].ca_file"}));
}

} // namespace
} // namespace kaden::agent
