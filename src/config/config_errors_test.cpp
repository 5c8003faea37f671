// Every mistake has its line, its column and its field.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kaden/config.h"
#include "kaden/limits/input.h"
#include "town.h"

namespace kaden::config {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Wrong {
  std::string text;
  std::string error;
};

void expect_errors(const std::vector<Wrong>& table) {
  for (const Wrong& wrong : table) EXPECT_EQ(error_of(wrong.text), wrong.error) << wrong.text;
}

TEST(ConfigErrors, OfTheFile) {
  expect_errors({
      {"", "k.yaml:1:1: the file is empty"},
      {"- a\n", "k.yaml:1:1: the file must be a map of sections (listen, people, policies ...)"},
      {"log: {level: info}\nlisten: [\n", "k.yaml:3:1: not valid YAML: end of sequence flow not found"},
      {"a: 1\n---\nb: 1\n", "k.yaml:2:1: a second document begins here; one file holds one"},
      {"log: {level: info,\n  level: debug}", "k.yaml:2:3: \"level\" is here twice"},
      {"? [a]\n: b\n", "k.yaml:1:3: a key is a text, not a list or a map"},
      {"log: {<<: {level: info}}", "k.yaml:1:7: merge keys (<<) are not supported"},
      {"log: !!str x", "k.yaml:1:6: tags are not used here: tag:yaml.org,2002:str"},
      {"log:\n  level: \x04", "k.yaml:2:10: control character U+0004"},
      {"log: \xff", "k.yaml:1:1: not UTF-8"},
      {"log: &a [*a]", "k.yaml:1:10: an alias inside its own anchor"},
      {"log: *a", "k.yaml:1:6: not valid YAML: the referenced anchor is not defined"},
  });
}

TEST(ConfigErrors, OfTypesAndKeys) {
  expect_errors({
      {"pepole: []", "k.yaml:1:1: unknown key \"pepole\" (did you mean \"people\"?)"},
      {"log: {volume: 3}", "k.yaml:1:7: log: unknown key \"volume\" (known: level)"},
      {"\"a\\nb\": 1\nlog: {}",
       "k.yaml:1:1: unknown key \"a?b\" (known: listen, store, access_keys, allow_unsigned_on_loopback, "
       "arns, aws, tokens, "
       "webhooks, carriers, speech, people, policies, routes, triage, alarms, metric_filters, sources, chat, "
       "log)"},
      {"log: 3", "k.yaml:1:6: log: must be a map, not a single value"},
      {"log:\n", "k.yaml:1:1: log: has no value"},
      {"log: {level: }", "k.yaml:1:7: log.level: has no value"},
      {"log: {level: \"\"}", "k.yaml:1:14: log.level: has no value"},
      {"log: {level: [info]}", "k.yaml:1:14: log.level: must be a single value, not a list"},
      {"log: {level: \"a\\nb\"}", "k.yaml:1:14: log.level: must be one line without control characters"},
      {"log: {level: infos}",
       "k.yaml:1:14: log.level: \"infos\" is not one of trace, debug, info, warning, error (did you mean "
       "\"info\"?)"},
      {"listen: {port: \"80\"}", "k.yaml:1:16: listen.port: \"80\" is not a whole number"},
      {"listen: {port: 0x50}", "k.yaml:1:16: listen.port: \"0x50\" is not a whole number"},
      {"listen: {port: 65536}", "k.yaml:1:16: listen.port: 65536 is not between 0 and 65535"},
      {"listen: {port: -1}", "k.yaml:1:16: listen.port: -1 is not between 0 and 65535"},
      {"allow_unsigned_on_loopback: yes", "k.yaml:1:29: allow_unsigned_on_loopback: must be true or false"},
      {"arns: {region: Tokyo, account: 12}",
       "k.yaml:1:16: arns.region: a region such as ap-northeast-1\n"
       "k.yaml:1:32: arns.account: twelve digits, in quotes when the first is 0"},
      {"people: {id: sato}", "k.yaml:1:9: people: must be a list, not a map"},
      {"people: [sato]", "k.yaml:1:10: people[0]: must be a map, not a single value"},
  });
}

TEST(ConfigErrors, ColumnsAreCharacters) {
  EXPECT_EQ(error_of("log: {level: 情報, levle: x}"),
            "k.yaml:1:14: log.level: \"情報\" is not one of trace, debug, info, warning, error\n"
            "k.yaml:1:18: log: unknown key \"levle\" (did you mean \"level\"?)");
}

TEST(ConfigErrors, OfListenAndStore) {
  expect_errors({
      {"listen: {address: localhost}", "k.yaml:1:19: listen.address: \"localhost\" is not an IP address"},
      {"listen: {address: 10.0.0.1}",
       "k.yaml:1:19: listen.address: 10.0.0.1 is not loopback: give certificate and key, or say allow_plain: "
       "true to "
       "send alarms and tokens unencrypted"},
      {"listen: {certificate: /etc/agent}",
       "k.yaml:1:23: listen.certificate: certificate and key go together"},
      {"listen: {key: /etc/agent}", "k.yaml:1:15: listen.key: certificate and key go together"},
      {"listen: {certificate: /etc/open, key: /etc/open}",
       "k.yaml:1:39: listen.key: /etc/open is open to everybody on this machine (mode 0644): chmod 640 or "
       "less"},
      {"listen: {certificate: no, key: /etc/agent}",
       "k.yaml:1:23: listen.certificate: no cannot be read: No such file"},
      {"listen: {certificate: /etc/empty, key: /etc/agent}",
       "k.yaml:1:23: listen.certificate: /etc/empty is empty"},
      {"listen: {address: \"::1\"}", "no error"},
      {"listen: {address: 127.9.9.9}", "no error"},
      {"listen: {address: 0.0.0.0, allow_plain: true}", "no error"},
      {"listen: {address: \"::\", certificate: /etc/open, key: /etc/agent}", "no error"},
      {"store: {folder: }", "k.yaml:1:9: store.folder: has no value"},
      {"store: {metrics: 9}", "k.yaml:1:18: store.metrics: must be a map, not a single value"},
      {"store: {metrics: {keep_days: 456}}",
       "k.yaml:1:30: store.metrics.keep_days: 456 is not between 0 and 455"},
      {"store: {metrics: {most_mib: 63}}",
       "k.yaml:1:29: store.metrics.most_mib: 63 is not between 64 and 1048576"},
      {"store: {metrics: {most_gib: 1}}",
       "k.yaml:1:19: store.metrics: unknown key \"most_gib\" (did you mean \"most_mib\"?)"},
  });
}

TEST(ConfigErrors, OfSecrets) {
  expect_errors({
      {"access_keys: [{id: A, secret: hunter2hunter2hunter2}]",
       "k.yaml:1:15: access_keys[0]: secret_file or secret_env is missing\n"
       "k.yaml:1:23: access_keys[0].secret: a secret is not written here: use secret_file or secret_env"},
      {"access_keys: [{id: A}]", "k.yaml:1:15: access_keys[0]: secret_file or secret_env is missing"},
      {"access_keys: [{id: A, secret_file: /etc/agent, secret_env: KADEN_TOKEN}]",
       "k.yaml:1:60: access_keys[0].secret_env: give secret_file or secret_env, not both"},
      {"access_keys: [{id: A, secret_file: /etc/open}]",
       "k.yaml:1:36: access_keys[0].secret_file: /etc/open is open to everybody on this machine (mode 0644): "
       "chmod 640 "
       "or less"},
      {"access_keys: [{id: A, secret_file: /etc/short}]",
       "k.yaml:1:36: access_keys[0].secret_file: the secret is 3 bytes long, at least 16 are needed"},
      {"access_keys: [{id: A, secret_file: /etc/blank}]",
       "k.yaml:1:36: access_keys[0].secret_file: the secret holds blanks or control characters; it is one "
       "word on one "
       "line"},
      {"access_keys: [{id: A, secret_env: NOPE}]",
       "k.yaml:1:35: access_keys[0].secret_env: the environment has no NOPE"},
      {"access_keys: [{id: A/B, secret_file: /etc/agent}]",
       "k.yaml:1:20: access_keys[0].id: only letters, digits, _ and -"},
      {"access_keys: [{id: A, secret_file: /etc/agent}, {id: A, secret_file: /etc/agent}]",
       "k.yaml:1:54: access_keys[1].id: another access key is called \"A\" already"},
      {"access_keys: [{id: A, secret_file: /etc/agent, may: [read, write]}]",
       "k.yaml:1:60: access_keys[0].may: \"write\" is not one of ingest, alarms, read"},
      {"access_keys: [{id: A, secret_file: /etc/agent, may: []}]",
       "k.yaml:1:53: access_keys[0].may: needs at least one of ingest, alarms, read"},
      {"access_keys: [{id: A, secret_file: /etc/agent, bytes_per_second: 1}]",
       "k.yaml:1:66: access_keys[0].bytes_per_second: 1 is not between 1024 and 1073741824"},
      {"access_keys: [{id: A, secret_file: /etc/agent, session_token_file: /etc/short}]",
       "k.yaml:1:68: access_keys[0].session_token_file: the secret is 3 bytes long, at least 16 are needed"},
      {"tokens: [{name: a, token_file: /etc/agent, may: [write]}]",
       "k.yaml:1:50: tokens[0].may: \"write\" is not one of events, read, act"},
      {"tokens: [{name: a, token_file: /etc/agent, may: []}]",
       "k.yaml:1:49: tokens[0].may: needs at least one of events, read, act"},
      {"tokens: [{name: a, token_file: /etc/agent}]", "k.yaml:1:10: tokens[0].may: is missing"},
      {"tokens: [{name: a, token_file: /etc/agent, may: [act]}, {name: b, token_file: /etc/agent, may: "
       "[act]}]",
       "k.yaml:1:57: tokens[1]: another token has the same secret: the record could not tell the two apart"},
  });
}

TEST(ConfigErrors, NeverShowASecret) {
  for (const std::string text :
       {"tokens: [{name: a, token_file: /etc/agent, may: [x]}, {name: a, token_file: "
        "/etc/agent, may: [act]}]",
        "access_keys: [{id: A, secret_file: /etc/open}]",
        "access_keys: [{id: A, secret: 0123456789abcdef}]"}) {
    EXPECT_THAT(error_of(text), Not(HasSubstr("0123456789abcdef"))) << text;
  }
}

TEST(ConfigErrors, OfTheSipCarrier) {
  const auto sip = [](const std::string& inside) { return "carriers: {sip: {" + inside + "}}"; };
  expect_errors({
      {sip("bind: pbx"), "k.yaml:1:24: carriers.sip.bind: \"pbx\" is not an IPv4 address"},
      {sip("bind: \"::1\""), "k.yaml:1:24: carriers.sip.bind: \"::1\" is IPv6; SIP and RTP take IPv4 only"},
      {sip("advertise: \"fd00::2\""),
       "k.yaml:1:29: carriers.sip.advertise: \"fd00::2\" is IPv6; SIP and RTP take IPv4 only"},
      {sip("from: \"sip:kaden@[fd00::2]\""),
       "k.yaml:1:24: carriers.sip.from: \"[fd00::2]\" is an IPv6 address; SIP and RTP take IPv4 only"},
      {sip("proxy: \"sip:[fd00::1]:5080\""),
       "k.yaml:1:25: carriers.sip.proxy: \"[fd00::1]\" is an IPv6 address; SIP and RTP take IPv4 only"},
      {"carriers: {sip: {}}\npeople: [{id: sato, call: [\"sip:sato@[fd00::5]\"]}]",
       "k.yaml:2:28: people[0].call: \"[fd00::5]\" is an IPv6 address; SIP and RTP take IPv4 only"},
      {sip("bind: 0.0.0.0"),
       "k.yaml:1:24: carriers.sip.bind: 0.0.0.0 is no address that a phone could send its voice to: give "
       "advertise"},
      {sip("bind: 0.0.0.0, advertise: 0.0.0.0"),
       "k.yaml:1:44: carriers.sip.advertise: 0.0.0.0 is no address that a phone could send its voice to: "
       "give "
       "advertise"},
      {sip("bind: 0.0.0.0, advertise: 10.0.0.2"), "no error"},
      {sip("from: \"sip:10.0.0.2\""),
       "k.yaml:1:24: carriers.sip.from: \"sip:10.0.0.2\" is not a SIP URI with a user (sip:kaden@10.0.0.2)"},
      {sip("proxy: \"sip:a@10.0.0.2\""),
       "k.yaml:1:25: carriers.sip.proxy: \"sip:a@10.0.0.2\" is not a SIP URI without a user "
       "(sip:10.0.0.1:5060)"},
      {sip("user: a"), "k.yaml:1:17: carriers.sip: password_file or password_env is missing"},
      {sip("password_env: KADEN_TOKEN"), "k.yaml:1:17: carriers.sip.user: is missing"},
      {sip("user: a, password: x"),
       "k.yaml:1:17: carriers.sip: password_file or password_env is missing\n"
       "k.yaml:1:27: carriers.sip.password: a secret is not written here: use password_file or password_env"},
      {sip("rtp_ports: 20001-20999"),
       "k.yaml:1:29: carriers.sip.rtp_ports: \"20001-20999\" is not a range of ports from 1024 to 65535 that "
       "begins "
       "with an even one (20000-20999)"},
      {sip("display: 'a\"b'"), "k.yaml:1:27: carriers.sip.display: no quotation marks or backslashes"},
      {sip("allow: [\"81\"]"),
       "k.yaml:1:25: carriers.sip.allow: allows nothing; leave it out to allow all\n"
       "k.yaml:1:26: carriers.sip.allow: \"81\" begins neither with sip: nor with + and digits"},
  });
}

TEST(ConfigErrors, OfPeople) {
  const auto call = [](const std::string& address) {
    return "carriers: {sip: {allow: [\"+81\", \"sip:sato@\"]}}\npeople: [{id: sato, call: [" + address +
           "]}]";
  };
  expect_errors({
      {"people: [{id: sato, call: [\"sip:sato@h\"]}]",
       "k.yaml:1:28: people[0].call: needs a carrier: carriers.sip is missing"},
      {"people: [{call: []}]",
       "k.yaml:1:10: people[0].id: is missing\n"
       "k.yaml:1:17: people[0].call: is empty: a person has at least one way to be called"},
      {"people: [{id: Sato}]",
       "k.yaml:1:10: people[0].call: is missing\n"
       "k.yaml:1:15: people[0].id: \"Sato\" is not an id: 1 to 64 of a-z, 0-9, _ and -"},
      {people + "  - {id: sato, call: [\"sip:sato@h\"], language: fr}\n",
       "k.yaml:5:10: people[2].id: another person is called \"sato\" already\n"
       "k.yaml:5:48: people[2].language: \"fr\" is not one of ja, en"},
      {call("sato"),
       "k.yaml:2:28: people[0].call: \"sato\" is neither a SIP URI (sip:sato@10.0.0.5) nor a number "
       "(+81312345678)"},
      {call("\"+81312345678\""),
       "k.yaml:2:28: people[0].call: a number needs a trunk: carriers.sip.proxy is missing"},
      {call("\"sip:ito@h\""), "k.yaml:2:28: people[0].call: carriers.sip.allow does not allow sip:ito@h"},
      {call("\"sip:sato@h\", \"sip:sato@h\""),
       "k.yaml:2:42: people[0].call: \"sip:sato@h\" is in the list twice"},
  });
}

TEST(ConfigErrors, OfPoliciesAndRoutes) {
  const std::string good = people + "policies: [{id: p, levels: [{people: [sato]}]}]\n";
  expect_errors({
      {people +
           "policies: [{id: p, levels: [{people: [sato]}, {people: [ito, satoh]}]}]\nroutes: [{policy: p}]",
       "k.yaml:5:62: policies[0].levels[1].people: unknown person \"satoh\" (did you mean \"sato\"?)"},
      {people + "policies: [{id: p, levels: []}]\nroutes: [{policy: p}]",
       "k.yaml:5:28: policies[0].levels: is empty: a policy has at least one level"},
      {people + "policies: [{id: p}]\nroutes: [{policy: p}]", "k.yaml:5:12: policies[0].levels: is missing"},
      {people + "policies: [{id: p, levels: [{people: []}]}]\nroutes: [{policy: p}]",
       "k.yaml:5:38: policies[0].levels[0].people: is empty: a level calls somebody"},
      {people + "policies: [{id: none, levels: [{people: [sato]}]}]\nroutes: [{policy: none}]",
       "k.yaml:5:17: policies[0].id: \"none\" is the word for calling nobody"},
      {people + "policies: [{id: p, levels: [{people: [sato, sato]}], last_resort: [suzuki], ring_s: 4, "
                "redial: {busy: {wait_s: 3601}, noanswer: {}}}]\nroutes: [{policy: p}]",
       "k.yaml:5:45: policies[0].levels[0].people: \"sato\" is in the list twice\n"
       "k.yaml:5:68: policies[0].last_resort: unknown person \"suzuki\"\n"
       "k.yaml:5:85: policies[0].ring_s: 4 is not between 5 and 180\n"
       "k.yaml:5:112: policies[0].redial.busy.wait_s: 3601 is not between 0 and 3600\n"
       "k.yaml:5:119: policies[0].redial: unknown key \"noanswer\" (did you mean \"no_answer\"?)"},
      {good, "k.yaml:1:1: routes: is missing or empty: without a route nobody is ever called"},
      {good + "routes: [{policy: q}]",
       "k.yaml:6:19: routes[0].policy: unknown policy \"q\" (did you mean \"p\"?)"},
      {good + "routes: [{severity: [fatal], policy: p}]",
       "k.yaml:6:22: routes[0].severity: \"fatal\" is not one of critical, error, warning, info"},
      {good + "routes: [{severity: [info]}]", "k.yaml:6:10: routes[0].policy: is missing"},
  });
}

TEST(ConfigErrors, OfAlarms) {
  const auto rule = [](const std::string& more) { return "alarms:\n - {name: a, metric: m, " + more + "}"; };
  expect_errors({
      {"alarms: [{}]",
       "k.yaml:1:10: alarms[0].name: is missing\nk.yaml:1:10: alarms[0].metric: is missing\n"
       "k.yaml:1:10: alarms[0].when: is missing"},
      {rule("when: 80"),
       "k.yaml:2:31: alarms[0].when: \"80\" is not a comparison (>, >=, <, <=) and a number (\"> 80\")"},
      {rule("when: \"> nan\""),
       "k.yaml:2:31: alarms[0].when: \"> nan\" is not a comparison (>, >=, <, <=) and a number (\"> 80\")"},
      {rule("when: \"> 1\", period_s: 15"),
       "k.yaml:2:48: alarms[0].period_s: Period: must be 10, 20, 30 or a multiple of 60"},
      {rule("when: \"> 1\", datapoints: 3, of: 2"),
       "k.yaml:2:50: alarms[0].datapoints: DatapointsToAlarm: must be greater than or equal to 1 and less "
       "than or equal "
       "to EvaluationPeriods"},
      {rule("when: \"> 1\", for_each: []"),
       "k.yaml:2:48: alarms[0].for_each: is empty: its first dimension names the machine"},
      {rule("when: \"> 1\", statistic: average"),
       "k.yaml:2:49: alarms[0].statistic: \"average\" is not one of Average, Minimum, Maximum, Sum, "
       "SampleCount (did "
       "you mean \"Average\"?)"},
      {rule("when: \"> 1\", say: {en: \"{machin}\"}"),
       "k.yaml:2:48: alarms[0].say.en: unknown field {machin} (did you mean \"machine\"?)"},
      {rule("when: \"> 1\", say: {fr: x}"), "k.yaml:2:44: alarms[0].say: unknown key \"fr\" (known: ja, en)"},
      {rule("when: \"> 1\", namespace: \":x\""),
       "k.yaml:2:49: alarms[0].namespace: does not begin with a colon"},
      {rule("when: \"> 1\", statistic: p101"),
       "k.yaml:2:49: alarms[0].statistic: \"p101\" is not a statistic: a number from 0 to 100 with at most "
       "10 "
       "decimals follows its letters"},
      {rule("when: \"> 1\", statistic: \"TM(9%:1%)\""),
       "k.yaml:2:49: alarms[0].statistic: \"TM(9%:1%)\" is not a statistic: the low bound is not below the "
       "high "
       "one"},
      {rule("when: \"> 1\", clear: low"), "k.yaml:2:45: alarms[0].clear: \"low\" is not a number"},
      {rule("when: \"> 1\", clear: 2"),
       "k.yaml:2:45: alarms[0].clear: ClearThreshold: must be a number that is not above the threshold"},
      {rule("when: \"> 1\", wall_clock: Asia/Tokyo"),
       "k.yaml:2:50: alarms[0].wall_clock: EvaluationWindow: Timezone must be UTC or an offset such as "
       "+05:30 in "
       "steps of five minutes"},
      {rule("when: \"> 1\", period_s: 120, wall_clock: UTC"),
       "k.yaml:2:48: alarms[0].period_s: Period: must be 60, 300, 3600, 86400 or 604800 with a "
       "WallClockWindow"},
      {rule("when: \"> 1\", low_samples: no"),
       "k.yaml:2:51: alarms[0].low_samples: \"no\" is not one of evaluate, ignore"},
      {rule("when: \"> 1\", where_regex: {host: \"web-(\"}"),
       "k.yaml:2:51: alarms[0].where_regex: host: at 6: \"(\" is not closed"},
      {rule("when: \"> 1\", silent_s: 9"),
       "k.yaml:2:48: alarms[0].silent_s: 9 is not between 10 and 31536000"},
      {rule("when: \"> 1\", retire_s: 600, silent_s: 600"),
       "k.yaml:2:48: alarms[0].retire_s: must be longer than silent_s"},
  });
  EXPECT_THAT(error_of(rule("when: \"> 1\", say: {ja: \"あ{machine\"}")),
              HasSubstr("k.yaml:2:48: alarms[0].say.ja: in the text, column 2: "));
}

/// One metric filter in which everything is right but what is put in.
std::string filter_with(const std::string& name, const std::string& value) {
  std::string text = "metric_filters: [{name: f, group: g, pattern: x, namespace: N, metric: m";
  const std::size_t at = text.find(name + ": ");
  if (at == std::string::npos) return text + ", " + name + ": " + value + "}]";
  return text.replace(at + name.size() + 2, text.find_first_of(",}", at) - at - name.size() - 2, value) +
         "}]";
}

TEST(ConfigErrors, OfLogsAndMetricFilters) {
  const std::string at = "k.yaml:1:";
  for (const auto& [text, error] : std::vector<std::pair<std::string, std::string>>{
           {"store: {logs: {keep_days: -1}}", "27: store.logs.keep_days: "},
           {"store: {logs: {keep_days: 3654}}", "27: store.logs.keep_days: "},
           {"store: {logs: {most_mib: 63}}", "26: store.logs.most_mib: "},
           {"store: {logs: {days: 1}}", "16: store.logs: unknown key \"days\""},
           {"metric_filters: [{}]", "18: metric_filters[0].name: is missing"},
           {filter_with("name", "\"a:b\""), "25: metric_filters[0].name: 1 to 512 characters"},
           {filter_with("group", "a b"), "35: metric_filters[0].group: 1 to 512 letters"},
           {filter_with("pattern", "\"{ $.a\""), "47: metric_filters[0].pattern: at character "},
           {filter_with("namespace", "a*"), "61: metric_filters[0].namespace: metricNamespace: "},
           {filter_with("metric", "a*"), "72: metric_filters[0].metric: metricName: "},
           {filter_with("value", "many"), "82: metric_filters[0].value: metricValue: "},
           {filter_with("value", "$.a"), "82: metric_filters[0].value: metricValue: "},
           {filter_with("default", "many"), "84: metric_filters[0].default: \"many\" is not a number"},
           {filter_with("unit", "Miles"), "81: metric_filters[0].unit: unit: Miles is not a unit"},
           {filter_with("dimensions", "{a: $.a}"), "87: metric_filters[0].dimensions: dimensions: a: "}}) {
    EXPECT_THAT(error_of(text), testing::StartsWith(at + error)) << text;
  }
  const std::string one = "{name: f, group: g, pattern: \"%a% %b%\", namespace: N, metric: m}";
  EXPECT_THAT(error_of("metric_filters: [" + one + ", " + one + "]"),
              HasSubstr("another metric filter of g is called \"f\" already"));
  std::string many = "metric_filters:\n";
  for (int i = 0; i < 3; ++i) {
    many +=
        "  - {name: f" + std::to_string(i) + ", group: g, pattern: \"%a% %b%\", namespace: N, metric: m}\n";
  }
  EXPECT_THAT(error_of(many), HasSubstr("more than 5 regular expressions"));
}

TEST(ConfigErrors, AreCollectedAndBounded) {
  std::string text = "people:\n";
  for (int i = 0; i < 30; ++i) text += "  - {id: p" + std::to_string(i) + "}\n";
  const std::string error = error_of(text);
  EXPECT_THAT(error, HasSubstr("k.yaml:21:5: people[19].call: is missing\nk.yaml: and 10 more mistakes"));
  EXPECT_THAT(error, Not(HasSubstr("people[20]")));
}

TEST(ConfigLimits, OneBelowAndOneAbove) {
  const auto nested = [](int depth) {
    const auto count = static_cast<std::size_t>(depth);
    return std::string(count, '[') + std::string(count, ']');
  };
  EXPECT_THAT(error_of("x: " + nested(15)), Not(HasSubstr("levels deep")));
  EXPECT_THAT(error_of("x: " + nested(16)), HasSubstr("k.yaml:1:19: more than 16 levels deep"));
  EXPECT_THAT(error_of(std::string(limits::config_bytes_max, ' ')), HasSubstr("empty"));
  EXPECT_THAT(error_of(std::string(limits::config_bytes_max + 1, ' ')), HasSubstr("over 4194304 bytes"));
  const auto named = [](std::size_t length) {
    return "carriers: {sip: {}}\npeople: [{id: a, call: [\"sip:a@h\"], name: " + std::string(length, 'n') +
           "}]";
  };
  EXPECT_EQ(error_of(named(128)), "no error");
  EXPECT_THAT(error_of(named(129)), HasSubstr("people[0].name: is 129 bytes long, at most 128 are allowed"));
}

TEST(ConfigLimits, AliasesDoNotMultiply) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int n = 1; n < 10; ++n) text += ", " + before;
    text += "]\n";
  }
  EXPECT_THAT(error_of(text), HasSubstr("more than 500000 values"));
}

} // namespace
} // namespace kaden::config
