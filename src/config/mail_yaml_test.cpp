#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "kaden/config.h"
#include "town.h"

namespace kaden::config {
namespace {

using mailrules::Part;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string needed = "recipients: [a@kaden.example], senders: [\"*@m.example\"], ";

/// A listener with one rule, of these keys beside the needed ones.
std::string listener(const std::string& more, const std::string& rule) {
  return "sources:\n  mail:\n    - {id: alerts, " + needed + more + "rules: [" + rule + "]}\n";
}
const std::string rule = "{id: r, when: {subject: [disk]}, alarm: disk}";

TEST(MailListeners, AreRead) {
  const auto settings = read(
      "sources:\n"
      "  mail:\n"
      "    - id: alerts\n"
      "      name: Tokyo\n"
      "      address: 10.0.0.20\n"
      "      port: 25\n"
      "      hostname: kaden.example\n"
      "      recipients: [\"alerts@kaden.example\", \"*@alerts.example\"]\n"
      "      senders: [\"*@monitor.example\", \"<>\"]\n"
      "      networks: [10.0.0.0/8, \"2001:db8::/32\"]\n"
      "      certificate: /etc/open\n"
      "      key: /etc/agent\n"
      "      most_mib: 10\n"
      "      unreadable_s: 30\n"
      "      silent_s: 90000\n"
      "      silent_severity: warning\n"
      "      unmatched: info\n"
      "      rules:\n"
      "        - id: zabbix\n"
      "          when: {sender: [zabbix], subject_regex: ['^Problem: (?<what>.+)'], body_regex: ['Host: "
      "(?<host>\\S+)', 'Severity: (?<sev>\\w+)']}\n"
      "          clear: {subject_regex: ['^Resolved: (?<what>.+)'], body_regex: ['Host: (?<host>\\S+)']}\n"
      "          except: {body: [test]}\n"
      "          alarm: \"{what} {host}\"\n"
      "          machine: \"{host}\"\n"
      "          title: \"{what}\"\n"
      "          reason: \"{text}\"\n"
      "          labels: {tool: zabbix}\n"
      "          severity: error\n"
      "          severity_field: sev\n"
      "          severities: {Disaster: critical}\n");
  ASSERT_TRUE(settings) << settings.error().message;
  ASSERT_EQ(settings->sources.mail.size(), 1U);
  const MailListener& mail = settings->sources.mail[0];
  EXPECT_EQ(mail.name, "Tokyo");
  EXPECT_EQ(mail.port, 25);
  EXPECT_THAT(mail.recipients, ElementsAre("alerts@kaden.example", "*@alerts.example"));
  EXPECT_THAT(mail.senders, ElementsAre("*@monitor.example", ""));
  EXPECT_EQ(mail.networks.size(), 2U);
  EXPECT_EQ(mail.certificate_file, "/etc/open");
  EXPECT_EQ(mail.key_file, "/etc/agent");
  EXPECT_EQ(mail.message_bytes_max, 10U << 20);
  EXPECT_EQ(mail.unreadable_after, seconds(30));
  EXPECT_EQ(mail.silent_after, seconds(90'000));
  EXPECT_EQ(mail.silent, Severity::warning);
  EXPECT_EQ(mail.rules.unmatched, Severity::info);
  EXPECT_EQ(mail.rules.listener, "alerts");
  ASSERT_EQ(mail.rules.rules.size(), 1U);
  const mailrules::Rule& zabbix = mail.rules.rules[0];
  EXPECT_THAT(zabbix.when.keywords.at(Part::sender), ElementsAre("zabbix"));
  EXPECT_EQ(zabbix.when.regexes.at(Part::body).size(), 2U);
  ASSERT_TRUE(zabbix.clear && zabbix.except);
  EXPECT_EQ(zabbix.severity, Severity::error);
  EXPECT_EQ(zabbix.severities, (std::map<std::string, Severity>{{"disaster", Severity::critical}}));
}

TEST(MailListeners, AreCarefulByThemselves) {
  const auto settings = read(listener("", rule));
  ASSERT_TRUE(settings) << settings.error().message;
  const MailListener& mail = settings->sources.mail[0];
  EXPECT_EQ(mail.address, "127.0.0.1");
  EXPECT_EQ(mail.port, 2525);
  EXPECT_TRUE(smtp::holds(mail.networks.at(0), "127.0.0.1"));
  EXPECT_FALSE(mail.allow_plain);
  EXPECT_EQ(mail.silent_after, Millis(0));
  EXPECT_FALSE(mail.rules.unmatched);
  EXPECT_EQ(mail.rules.rules[0].severity, Severity::critical);
}

TEST(MailListeners, MistakesHaveTheirPlace) {
  const auto with_rule = [](const std::string& text) { return listener("", text); };
  const std::vector<std::pair<std::string, std::string>> cases{
      {"sources: {mail: [{}]}\n", "sources.mail[0].recipients: is missing"},
      {"sources: {mail: [{}]}\n", "sources.mail[0].senders: is missing"},
      {"sources: {mail: [{}]}\n", "sources.mail[0].rules: is missing"},
      {listener("address: mail, ", rule), "\"mail\" is not an IP address"},
      {listener("address: 10.0.0.1, allow_plain: true, ", rule), "say from which networks mail may come"},
      {listener("address: 10.0.0.1, networks: [10.0.0.0/8], ", rule),
       "give certificate and key for STARTTLS"},
      {listener("certificate: /etc/open, ", rule),
       "sources.mail[0].certificate: certificate and key go together"},
      {listener("certificate: /etc/open, key: /etc/open, ", rule), "sources.mail[0].key: "},
      {listener("networks: [10.0.0.1/8], ", rule), "\"10.0.0.1/8\": there are bits set behind the prefix"},
      {listener("hostname: \"a b\", ", rule), "\"a b\" is no name of a machine"},
      {listener("silent_s: 5, ", rule), "sources.mail[0].silent_s: 5 is not between 60 and 2678400"},
      {listener("unmatched: loud, ", rule), "sources.mail[0].unmatched: \"loud\" is not one of"},
      {"sources: {mail: [{id: a, recipients: [kaden], senders: [], rules: []}]}\n",
       "\"kaden\" is no address or pattern"},
      {"sources: {mail: [{id: a, recipients: [a@b], senders: [], rules: []}]}\n",
       "senders: needs at least one address"},
      {with_rule("{id: r, alarm: x}"), "sources.mail[0].rules[0].when: is missing"},
      {with_rule("{id: r, when: {subject: [x]}}"), "sources.mail[0].rules[0].alarm: is missing"},
      {with_rule("{id: r, when: {}, alarm: x}"),
       "sources.mail[0].rules[0].when: needs at least one condition"},
      {with_rule("{id: r, when: {subject_regex: ['a(b']}, alarm: x}"),
       "k.yaml:3:116: sources.mail[0].rules[0].when.subject_regex: at 4: \"(\" is not closed"},
      {with_rule("{id: r, when: {subject: [x]}, alarm: \"{host}\"}"),
       "sources.mail[0].rules[0].alarm: no regular expression of `when` has a group called host"},
      {with_rule("{id: r, when: {subject_regex: ['(?<h>x)']}, clear: {subject: [y]}, alarm: \"{h}\"}"),
       "sources.mail[0].rules[0].alarm: no regular expression of `clear` has a group called h"},
      {with_rule("{id: r, when: {subject: [x]}, alarm: x, labels: {a: \"{b}\"}}"),
       "rules[0].labels: a: no regular"},
      {with_rule("{id: r, when: {subject: [x]}, alarm: x, severities: {a: info}}"),
       "say which, severity_field"},
      {with_rule("{id: r, when: {subject: [x]}, alarm: x, severities: {a: loud}}"),
       "a: \"loud\" is none of critical"},
      {with_rule("{id: r, when: {subjects: [x]}, alarm: x}"), "unknown key \"subjects\""},
      {with_rule(rule + ", " + rule), "another mail rule is called \"r\" already"},
      {"sources:\n  mail:\n    - {id: a, " + needed + "rules: []}\n    - {id: b, " + needed + "rules: []}\n",
       "sources.mail[1].port: another listener has the address 127.0.0.1 and this port"},
  };
  for (const auto& [text, says] : cases) EXPECT_THAT(error_of(text), HasSubstr(says)) << text;
}

TEST(MailRules, AreReadAloneForAReplay) {
  const auto rules = parse_mail_rules("unmatched: error\nrules: [" + rule + "]\n", "rules");
  ASSERT_TRUE(rules) << rules.error().message;
  EXPECT_EQ(rules->rules.size(), 1U);
  EXPECT_EQ(rules->unmatched, Severity::error);
  for (const std::string wrong : {"", "[]", "{", "rules: 5", "rules: [{}]"}) {
    const auto refused = parse_mail_rules(wrong, "rules");
    ASSERT_FALSE(refused) << wrong;
    EXPECT_THAT(refused.error().message, HasSubstr("rules:"));
  }
}

} // namespace
} // namespace kaden::config
