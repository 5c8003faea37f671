#include "kaden/config.h"
#include "kaden/limits/metrics.h"
#include "kaden/limits/stored_datapoints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "town.h"

namespace kaden::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Config, DefaultsOfAnEmptyMap) {
  const auto settings = read("{}\n");
  ASSERT_TRUE(settings) << settings.error().message;
  Settings expected;
  expected.engine.version = sha256_hex("{}\n").substr(0, 16);
  expected.speech.cache_folder = "/var/lib/kaden/speech";
  EXPECT_EQ(*settings, expected);
}

TEST(Config, ReadsThePlan) {
  const auto settings = read(people +
                             "policies:\n"
                             "  - id: default\n"
                             "    levels: [{people: [sato, ito], wait_s: 30}, {people: [ito]}]\n"
                             "    rounds: 2\n"
                             "    ring_s: 25\n"
                             "    redial: {busy: {wait_s: 5, most: 2}, no_key: {most: 0}}\n"
                             "    last_resort: [ito]\n"
                             "routes:\n"
                             "  - {severity: [info], source: [\"vc*\"], policy: none}\n"
                             "  - {severity: [critical, error], labels: {host: \"web-*\"}, policy: default, "
                             "group_by: [host]}\n");
  ASSERT_TRUE(settings) << settings.error().message;
  incident::Policy policy;
  policy.id = "default";
  policy.levels = {{{"sato", "ito"}, seconds(30)}, {{"ito"}, seconds(0)}};
  policy.rounds = 2;
  policy.ring_max = seconds(25);
  policy.busy = {seconds(5), 2};
  policy.no_key.most = 0;
  policy.last_resort = {"ito"};
  EXPECT_THAT(settings->engine.policies, ElementsAre(policy));
  EXPECT_THAT(settings->engine.people,
              ElementsAre(incident::Person{"sato", "sato", Language::ja, {{"sip", "sip:sato@10.0.0.5"}}},
                          incident::Person{
                              "ito", "ito", Language::en, {{"sip", "sip:ito@10.0.0.6:5070;transport=udp"}}}));
  EXPECT_THAT(
      settings->engine.routes,
      ElementsAre(incident::Route{{"vc*"}, {Severity::info}, {}, "", {}},
                  incident::Route{
                      {}, {Severity::critical, Severity::error}, {{"host", "web-*"}}, "default", {"host"}}));
}

TEST(Config, ReadsARule) {
  const auto settings = read(
      "alarms:\n"
      "  - name: cpu-high\n"
      "    metric: cpu_usage_active\n"
      "    where: {cpu: cpu-total}\n"
      "    statistic: Maximum\n"
      "    period_s: 10\n"
      "    datapoints: 2\n"
      "    of: 3\n"
      "    when: \"<= -0.5e1\"\n"
      "    missing: notBreaching\n"
      "    severity: error\n"
      "    say: {ja: \"{machine} {cpu} {team:name} {{x}}\"}\n"
      "    labels: {team: web}\n");
  ASSERT_TRUE(settings) << settings.error().message;
  alarm::Rule rule;
  rule.name = "cpu-high";
  rule.metric = "cpu_usage_active";
  rule.where = {{"cpu", "cpu-total"}};
  rule.condition.statistic = alarm::Statistic::maximum;
  rule.condition.period = seconds(10);
  rule.condition.datapoints_to_alarm = 2;
  rule.condition.evaluation_periods = 3;
  rule.condition.comparison = alarm::Comparison::less_or_equal;
  rule.condition.threshold = -5;
  rule.condition.missing = alarm::MissingData::not_breaching;
  rule.severity = Severity::error;
  rule.labels = {{"team", "web"}};
  rule.say = {{Language::ja, "{machine} {cpu} {team:name} {{x}}"}};
  EXPECT_THAT(settings->alarms, ElementsAre(rule));
}

TEST(Config, ReadsEveryOptionOfARule) {
  const auto settings = read(
      "alarms:\n"
      "  - name: slow\n"
      "    metric: latency\n"
      "    where_regex: {host: \"web-[0-9]+\"}\n"
      "    statistic: \"TM(2%:98%)\"\n"
      "    period_s: 3600\n"
      "    when: \">= 200\"\n"
      "    clear: 150.5\n"
      "    low_samples: ignore\n"
      "    wall_clock: \"+09:00\"\n"
      "    silent_s: 300\n"
      "    retire_s: 86400\n"
      "    say: {en: \"{host}\"}\n");
  ASSERT_TRUE(settings) << settings.error().message;
  const alarm::Rule& rule = settings->alarms[0];
  EXPECT_EQ(rule.where_regex, (std::map<std::string, std::string>{{"host", "web-[0-9]+"}}));
  EXPECT_EQ(rule.condition.extended, alarm::parse_extended_statistic("TM(2%:98%)").value());
  EXPECT_EQ(rule.condition.clear_threshold, 150.5);
  EXPECT_EQ(rule.condition.low_samples, alarm::LowSamples::ignore);
  EXPECT_EQ(rule.condition.window, (alarm::EvaluationWindow{true, "+09:00"}));
  EXPECT_EQ(rule.silent_after, seconds(300));
  EXPECT_EQ(rule.retire_after, seconds(86'400));
  EXPECT_TRUE(alarm::check(rule));
}

TEST(Config, ReadsWhatArnsName) {
  EXPECT_EQ(read("arns: {region: ap-northeast-1, account: \"011122223333\"}")->arns,
            (Arns{"ap-northeast-1", "011122223333"}));
  EXPECT_EQ(read("log: {level: info}")->arns, (Arns{"us-east-1", "000000000000"}));
}

TEST(Config, ReadsLogsAndMetricFilters) {
  const auto settings = read(
      "store: {folder: /var/kaden, logs: {keep_days: 7, most_mib: 100}}\n"
      "metric_filters:\n"
      "  - {name: errors, group: /app/web, pattern: \"\", namespace: App, metric: lines}\n"
      "  - {name: slow, group: /app/web, pattern: \"{ $.ms > 5 }\", namespace: App, metric: slow, value: "
      "$.ms,\n"
      "     dimensions: {host: $.host}, unit: Milliseconds}\n"
      "  - {name: count, group: other, pattern: x, namespace: App, metric: n, value: 2, default: 0}\n");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->logs, (StoredLogs{seconds(7 * 86'400), 100U << 20}));
  const std::vector<MetricFilter> expected{
      {"errors", "/app/web", "", {"lines", "App", "1", {}, {}, "None"}},
      {"slow", "/app/web", "{ $.ms > 5 }", {"slow", "App", "$.ms", {}, {{"host", "$.host"}}, "Milliseconds"}},
      {"count", "other", "x", {"n", "App", "2", 0, {}, "None"}}};
  EXPECT_EQ(settings->metric_filters, expected);
  EXPECT_EQ(read("log: {level: info}")->logs, StoredLogs{});
  EXPECT_EQ(read("store: {logs: {keep_days: 0}}")->logs.keep, Millis(0));
}

TEST(Config, DatapointsAreAllOfTheWindowUnlessSaid) {
  const auto settings = read("alarms: [{name: a, metric: m, of: 4, when: \"> 1\"}]");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->alarms[0].condition.datapoints_to_alarm, 4);
}

TEST(Config, NumbersBecomeUrisOfTheTrunk) {
  const auto settings = read(
      "carriers: {sip: {proxy: \"sip:10.0.0.1:5080\", allow: [\"+81\"]}}\n"
      "people: [{id: sato, call: [\"+81312345678\"]}]\n");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->engine.people[0].methods[0].address, "sip:+81312345678@10.0.0.1:5080;user=phone");
}

TEST(Config, SecretsComeFromFilesAndVariables) {
  const auto settings = read(
      "access_keys: [{id: AK1, secret_file: /etc/agent}]\n"
      "tokens: [{name: ops, token_env: KADEN_TOKEN, may: [act, events]}]\n"
      "carriers: {sip: {user: kaden, password_file: /etc/short}}\n");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_THAT(settings->access_keys,
              ElementsAre(AccessKey{"AK1",
                                    "0123456789abcdef",
                                    "",
                                    {KeyRight::ingest, KeyRight::alarms, KeyRight::read},
                                    500,
                                    16'777'216,
                                    200'000,
                                    {},
                                    {}}));
  EXPECT_THAT(settings->tokens, ElementsAre(Token{"ops", "token-token-token", {Right::events, Right::act}}));
  EXPECT_EQ(settings->sip->password, "abc");
}

TEST(Config, AccessKeysMayDoEverythingUnlessTold) {
  const auto settings = read(
      "access_keys:\n"
      "  - {id: A, secret_file: /etc/agent}\n"
      "  - {id: B, secret_file: /etc/agent, session_token_env: KADEN_TOKEN, may: [read, ingest],\n"
      "     requests_per_second: 7, bytes_per_second: 4096, metrics: 9}\n");
  ASSERT_TRUE(settings) << settings.error().message;
  const AccessKey& plain = settings->access_keys[0];
  EXPECT_THAT(plain.may, ElementsAre(KeyRight::ingest, KeyRight::alarms, KeyRight::read));
  EXPECT_EQ(plain.requests_per_second, limits::key_requests_per_s);
  EXPECT_EQ(plain.session_token, "");
  const AccessKey bound{
      "B", "0123456789abcdef", "token-token-token", {KeyRight::ingest, KeyRight::read}, 7, 4096, 9, {}, {}};
  EXPECT_EQ(settings->access_keys[1], bound);
}

TEST(Config, RulesCanBeReadAlone) {
  const std::string rule = "name: cpu\nmetric: cpu_usage_active\nwhen: \"> 80\"\n";
  const std::string in_list = "- {name: cpu, metric: cpu_usage_active, when: \"> 80\"}\n";
  for (const std::string& text :
       {rule, in_list, "alarms:\n" + in_list, "\xEF\xBB\xBFlog: {level: info}\nalarms:\n" + in_list}) {
    const auto rules = parse_rules(text, "r.yaml");
    ASSERT_TRUE(rules) << text << rules.error().message;
    ASSERT_EQ(rules->size(), 1U) << text;
    EXPECT_EQ(rules->front().name, "cpu");
    EXPECT_EQ(rules->front().condition.threshold, 80);
  }
  const struct {
    const char* text;
    const char* error;
  } wrong[] = {
      {"", "r.yaml:1:1: the file is empty"},
      {"name: cpu\nmetrics: x\nmetric: x\nwhen: \"> 80\"",
       "r.yaml:2:1: alarms[0]: unknown key \"metrics\" (did you mean \"metric\"?)"},
      {"just words", "r.yaml:1:1: alarms: must be a list, not a single value"},
  };
  for (const auto& one : wrong) {
    const auto rules = parse_rules(one.text, "r.yaml");
    ASSERT_FALSE(rules) << one.text;
    EXPECT_EQ(rules.error().message, one.error);
  }
}

TEST(Config, StoredMetricsHaveAnAgeAndASize) {
  const auto standard = read("store: {folder: /x}");
  ASSERT_TRUE(standard) << standard.error().message;
  EXPECT_EQ(standard->metrics, (StoredMetrics{limits::datapoint_keep, limits::datapoint_bytes}));
  const auto given = read("store: {metrics: {keep_days: 0, most_mib: 100}}");
  ASSERT_TRUE(given) << given.error().message;
  EXPECT_EQ(given->metrics, (StoredMetrics{Millis(0), 100U << 20}));
}

TEST(Config, RelativePathsBeginAtTheFile) {
  const Town town;
  const auto settings = parse("store: {folder: data}\nspeech: {voice_ja: v.hts, cache_folder: \"\"}",
                              "/etc/kaden/k.yaml", town.environment());
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->store_folder, "/etc/kaden/data");
  EXPECT_EQ(settings->speech.voice_ja, "/etc/kaden/v.hts");
  EXPECT_EQ(settings->speech.open_jtalk, "open_jtalk");
  EXPECT_EQ(settings->speech.cache_folder, "");
}

TEST(Config, VersionIsOfTheText) {
  EXPECT_EQ(read("{}")->engine.version.size(), 16U);
  EXPECT_NE(read("{}")->engine.version, read("{} ")->engine.version);
}

TEST(Config, AliasesAndByteOrderMarkAreFine) {
  const auto settings = read(
      "\xEF\xBB\xBF"
      "carriers: {sip: {}}\n"
      "people: [{id: sato, call: &c [\"sip:sato@h\"]}, {id: ito, call: *c}]\n");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->engine.people[1].methods[0].address, "sip:sato@h");
}

TEST(MayDial, ByPrefix) {
  Sip sip;
  EXPECT_TRUE(may_dial(sip, "sip:anyone@anywhere"));
  sip.allow = {"+81", "sip:sato@10.0.0."};
  EXPECT_TRUE(may_dial(sip, "sip:+81312345678@10.9.9.9;user=phone"));
  EXPECT_TRUE(may_dial(sip, "SIP:sato@10.0.0.5"));
  EXPECT_FALSE(may_dial(sip, "sip:+1900@10.9.9.9"));
  EXPECT_FALSE(may_dial(sip, "sip:ito@10.0.0.5"));
  EXPECT_FALSE(may_dial(sip, "+81312345678"));
}

class Folder {
 public:
  Folder() : path_(testing::TempDir() + "kaden_config_test_" + std::to_string(getpid()) + "/") {
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string write(const std::string& name, const std::string& text, mode_t mode) const {
    std::ofstream(path_ + name) << text;
    EXPECT_EQ(::chmod((path_ + name).c_str(), mode), 0);
    return path_ + name;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(Load, RealFilesAndModes) {
  const Folder folder;
  const auto secret = folder.write("secret", "0123456789abcdef\n", 0600);
  const auto file = folder.write("k.yaml", "access_keys: [{id: A, secret_file: secret}]\n", 0644);
  const auto settings = load(file, process_environment());
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->access_keys[0].secret, "0123456789abcdef");

  ASSERT_EQ(::chmod(secret.c_str(), 0604), 0);
  const auto open = load(file, process_environment());
  ASSERT_FALSE(open);
  EXPECT_THAT(open.error().message, HasSubstr("k.yaml:1:36: access_keys[0].secret_file: " + secret +
                                              " is open to everybody on this machine (mode 0604)"));
}

TEST(Load, WhatIsNotAFile) {
  const Folder folder;
  const auto missing = load(folder.path() + "no.yaml", process_environment());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().fault, Fault::not_found);
  const auto directory = load(folder.path(), process_environment());
  ASSERT_FALSE(directory);
  EXPECT_EQ(directory.error().fault, Fault::invalid);
  const std::string pipe = folder.path() + "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  ASSERT_FALSE(load(pipe, process_environment())); // and does not wait for a writer
}

TEST(Environment, HasTheVariables) {
  const auto path = process_environment().variable("PATH");
  ASSERT_TRUE(path);
  EXPECT_FALSE(path->empty());
  EXPECT_FALSE(process_environment().variable("KADEN_NO_SUCH_VARIABLE"));
}

} // namespace
} // namespace kaden::config
