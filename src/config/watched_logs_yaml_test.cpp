#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "kaden/config.h"
#include "town.h"

namespace kaden::config {
namespace {

using testing::HasSubstr;

std::string log(const std::string& inside) {
  return "sources: {logs: [{id: a, " + inside + "}]}";
}
const std::string alarm = "alarms: [{id: x, raise: error}]";

TEST(WatchedLogs, HaveDefaults) {
  const auto settings = read(log("files: {paths: [/var/log/a.log]}, " + alarm));
  ASSERT_TRUE(settings) << settings.error().message;
  WatchedLog expected;
  expected.id = expected.name = "a";
  expected.files = LogFiles{{"/var/log/a.log"}, {}, "", false, false};
  logalarms::Rule rule;
  rule.id = rule.name = "x";
  rule.raise = "error";
  expected.alarms = {rule};
  EXPECT_THAT(settings->sources.logs, testing::ElementsAre(expected));
  EXPECT_EQ(expected.unreadable_after, seconds(300));
  EXPECT_EQ(rule.quiet, seconds(3'600));
  EXPECT_EQ(rule.repeat, seconds(300));
  EXPECT_EQ(rule.severity, Severity::error);
}

TEST(WatchedLogs, EncodingsOfFiles) {
  for (const auto& [name, encoding] : {std::pair("utf-8", tail::Encoding::utf_8),
                                       {"shift_jis", tail::Encoding::shift_jis},
                                       {"CP932", tail::Encoding::shift_jis},
                                       {"EUC-JP", tail::Encoding::euc_jp},
                                       {"iso-2022-jp", tail::Encoding::iso_2022_jp},
                                       {"utf-16le", tail::Encoding::utf_16le},
                                       {"utf-16be", tail::Encoding::utf_16be}}) {
    const auto settings = read(log("files: {paths: [/a], encoding: " + std::string(name) + "}, " + alarm));
    ASSERT_TRUE(settings) << settings.error().message;
    EXPECT_EQ(settings->sources.logs[0].files->encoding, encoding) << name;
  }
}

TEST(WatchedLogs, ReadEachKey) {
  const auto settings = read(
      "sources:\n"
      "  logs:\n"
      "    - id: net\n"
      "      name: ネットワーク\n"
      "      syslog: {udp: \"10.0.0.5:5514\", tcp: \"[::1]:5514\", tls: 10.0.0.5:6514, certificate: "
      "/etc/agent,\n"
      "               key: /etc/other, client_ca: /etc/agent, local: /run/kaden/log, allow_plain: true, "
      "rate_per_s: 5}\n"
      "      group: /net\n"
      "      stream: \"{host}/{app}\"\n"
      "      machine: core\n"
      "      unreadable_s: 0\n"
      "      unreadable_severity: critical\n"
      "      silent_s: 600\n"
      "      alarms:\n"
      "        - id: link\n"
      "          name: link down\n"
      "          raise: '{ $.message = \"*down*\" }'\n"
      "          clear: '{ $.message = \"*up*\" }'\n"
      "          quiet_s: 60\n"
      "          repeat_s: 0\n"
      "          severity: critical\n"
      "          keys: [host, $.data.port]\n"
      "          labels: {team: net}\n"
      "          say: {ja: \"{machine} が停止\", en: \"{machine} is down\"}\n"
      "    - {id: own, journal: {folder: /var/log/journal, units: [sshd.service], from_beginning: true}, "
      "group: /own}\n"
      "    - {id: sent, log_groups: [/app/*], alarms: [{id: x, raise: error}]}\n");
  ASSERT_TRUE(settings) << settings.error().message;
  ASSERT_EQ(settings->sources.logs.size(), 3U);
  WatchedLog expected;
  expected.id = "net";
  expected.name = "ネットワーク";
  expected.syslog = LogSyslog{IpPort{"10.0.0.5", 5514},
                              IpPort{"::1", 5514},
                              IpPort{"10.0.0.5", 6514},
                              "/etc/agent",
                              "/etc/other",
                              "/etc/agent",
                              "/run/kaden/log",
                              5};
  expected.group = "/net";
  expected.stream = "{host}/{app}";
  expected.machine = "core";
  expected.unreadable_after = Millis(0);
  expected.unreadable = Severity::critical;
  expected.silent_after = seconds(600);
  expected.alarms = {
      logalarms::Rule{"link",
                      "link down",
                      "{ $.message = \"*down*\" }",
                      "{ $.message = \"*up*\" }",
                      seconds(60),
                      Millis(0),
                      Severity::critical,
                      {"host", "$.data.port"},
                      {{"team", "net"}},
                      {{Language::ja, "{machine} が停止"}, {Language::en, "{machine} is down"}}}};
  EXPECT_EQ(settings->sources.logs[0], expected);
  EXPECT_EQ(settings->sources.logs[2].log_groups, (std::vector<std::string>{"/app/*"}));
  EXPECT_EQ(settings->sources.logs[1].journal, (LogJournal{"/var/log/journal", {"sshd.service"}, true}));
}

TEST(WatchedLogs, MistakesHaveTheirPlace) {
  const std::string files = "files: {paths: [/a]}, ";
  const struct {
    std::string inside;
    const char* message;
  } cases[] = {
      {alarm, "sources.logs[0]: exactly one of files, syslog, journal and log_groups"},
      {files + "journal: {}, " + alarm, "exactly one of files, syslog, journal and log_groups"},
      {files.substr(0, files.size() - 2), "nothing is done with this log: give it alarms, or a group"},
      {"files: {paths: [a.log]}, " + alarm, "sources.logs[0].files.paths: a path begins with '/'"},
      {"files: {}, " + alarm, "sources.logs[0].files.paths: is missing"},
      {"files: {paths: [/a], record_start: \"(\"}, " + alarm,
       "sources.logs[0].files.record_start: '(' is no pattern"},
      {"files: {paths: [/a], encoding: shift-jis}, " + alarm,
       "sources.logs[0].files.encoding: \"shift-jis\" is not one of utf-8, shift_jis, cp932, euc-jp"},
      {"log_groups: [/app], group: /b, " + alarm,
       "sources.logs[0].group: lines of log_groups are in a group already"},
      {"log_groups: [], " + alarm, "sources.logs[0].log_groups: at least one"},
      {"syslog: {}, " + alarm, "sources.logs[0].syslog: one of udp, tcp, tls and local is needed"},
      {"syslog: {udp: \"10.0.0.5:5514\"}, " + alarm,
       "sources.logs[0].syslog.udp: anybody who reaches this address"},
      {"syslog: {udp: \"10.0.0.5\"}, " + alarm, "sources.logs[0].syslog.udp: is not an address and a port"},
      {"syslog: {tcp: \"::1:5514\"}, " + alarm, "sources.logs[0].syslog.tcp: is not an address and a port"},
      {"syslog: {tcp: \"127.0.0.1:0\"}, " + alarm, "is not an address and a port"},
      {"syslog: {tls: \"10.0.0.5:6514\"}, " + alarm, "sources.logs[0].syslog.certificate: is missing"},
      {"syslog: {udp: \"127.0.0.1:5514\", key: /etc/other}, " + alarm,
       "sources.logs[0].syslog.key: goes with tls"},
      {"syslog: {local: log}, " + alarm, "sources.logs[0].syslog.local: a path begins with '/'"},
      {files + "group: \"a b\"", "sources.logs[0].group: 1 to 512 letters"},
      {files + "alarms: [{id: x, raise: \"{ $.a = }\"}]", "sources.logs[0].alarms[0].raise: at character"},
      {files + "alarms: [{id: x, raise: a, clear: \"{\"}]", "sources.logs[0].alarms[0].clear: at character"},
      {files + "alarms: [{id: x, raise: a, keys: [hosts]}]",
       "sources.logs[0].alarms[0].keys: \"hosts\" is neither a field"},
      {files + "alarms: [{id: x, raise: a, quiet_s: 0}]",
       "sources.logs[0].alarms[0].quiet_s: nothing would ever end"},
      {files + "alarms: [{id: x, raise: a, say: {en: \"{\"}}]",
       "sources.logs[0].alarms[0].say.en: in the text, "},
      {files + "alarms: [{id: x, raise: a}, {id: x, raise: b}]", "sources.logs[0].alarms[1].id: "},
      {files + "alarms: [{id: x}]", "sources.logs[0].alarms[0].raise: is missing"},
  };
  for (const auto& one : cases) {
    const auto settings = read(log(one.inside));
    ASSERT_FALSE(settings) << one.inside;
    EXPECT_THAT(settings.error().message, HasSubstr(one.message)) << one.inside;
  }
  const auto settings = read("store: {folder: /tmp, logs: {keep_days: 0}}\n" + log(files + "group: /a"));
  ASSERT_FALSE(settings);
  EXPECT_THAT(settings.error().message, HasSubstr("sources.logs[0].group: there is no log store"));
}

} // namespace
} // namespace kaden::config
