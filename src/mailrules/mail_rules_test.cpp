#include "kaden/mail_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kaden/limits/alarm_events.h"

namespace kaden::mailrules {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const WallTime now = wall_time(1'795'741'200'000);

regex::Regex re(const std::string& text) {
  const auto parsed = regex::Regex::parse(text);
  EXPECT_TRUE(parsed) << text << ": " << parsed.error().message;
  return *parsed;
}

mime::Mail mail(const std::string& subject, const std::string& text = "") {
  mime::Mail out;
  out.from = "Zabbix <zabbix@monitor.example>";
  out.from_address = "zabbix@monitor.example";
  out.subject = subject;
  out.text = text;
  out.date = "Fri, 27 Nov 2026 10:00:00 +0900";
  out.message_id = "1@monitor.example";
  return out;
}

/// Zabbix's default mails.
Rule zabbix() {
  Rule rule;
  rule.id = "zabbix";
  rule.when.keywords[Part::sender] = {"ZABBIX@"};
  rule.when.regexes[Part::subject] = {re("^Problem: (?<what>.+)")};
  rule.when.regexes[Part::body] = {re("^Host: (?<host>\\S+)"), re("^Severity: (?<severity>\\w+)")};
  rule.clear = Condition{};
  rule.clear->regexes[Part::subject] = {re("^Resolved in .*?: (?<what>.+)")};
  rule.clear->regexes[Part::body] = {re("^Host: (?<host>\\S+)")};
  rule.alarm = "{what} {host}";
  rule.machine = "{host}";
  rule.title = "{what}";
  rule.severity_field = "severity";
  rule.severities = {{"disaster", Severity::critical}, {"average", Severity::warning}};
  rule.severity = Severity::error;
  rule.labels = {{"tool", "zabbix"}, {"word", "{severity}"}};
  return rule;
}

Judged judged(const Rules& rules, const mime::Mail& one) {
  return judge(rules, one, "bounce@monitor.example", now);
}

TEST(Rules, AMailRaisesAndItsRecoveryClears) {
  const Rules rules{"alerts", {zabbix()}};
  ASSERT_TRUE(check(rules.rules[0]));
  const auto raised =
      judged(rules, mail("Problem: disk full", "Problem started\nHost: web-01\nSeverity: Average\n"));
  EXPECT_EQ(raised.why, Judged::Why::raised);
  EXPECT_EQ(raised.words, "rule zabbix: ALARM disk full web-01");
  ASSERT_TRUE(raised.event);
  EXPECT_EQ(raised.event->source, "mail");
  EXPECT_EQ(raised.event->alarm, "disk full web-01");
  EXPECT_EQ(raised.event->machine, "web-01");
  EXPECT_EQ(raised.event->severity, Severity::warning);
  EXPECT_EQ(raised.event->reason, "Problem: disk full");
  EXPECT_EQ(raised.event->labels, (std::map<std::string, std::string>{{"title", "disk full"},
                                                                      {"listener", "alerts"},
                                                                      {"rule", "zabbix"},
                                                                      {"sender", "zabbix@monitor.example"},
                                                                      {"subject", "Problem: disk full"},
                                                                      {"message_id", "1@monitor.example"},
                                                                      {"tool", "zabbix"},
                                                                      {"word", "Average"}}));
  EXPECT_THAT(raised.event->event_id, StartsWith("zabbix/1@monitor.example/"));
  EXPECT_EQ(raised.event->say.at(Language::en), "Kaden, {severity} alarm. {machine}, {title}.");
  const auto cleared = judged(rules, mail("Resolved in 5m 2s: disk full", "Host: web-01\n"));
  EXPECT_EQ(cleared.why, Judged::Why::cleared);
  EXPECT_EQ(cleared.event->alarm, raised.event->alarm);
  EXPECT_EQ(cleared.event->state, AlarmState::ok);
  EXPECT_TRUE(alarm_event_from_json(to_json(*raised.event), "event")) << "it is one that the journal takes";
}

TEST(Rules, TheFirstThatFitsDecidesAndClearIsLookedAtFirst) {
  Rule all;
  all.id = "all";
  all.when.keywords[Part::subject] = {"disk"};
  all.clear = Condition{};
  all.clear->keywords[Part::subject] = {"disk", "recovered"};
  all.alarm = "disk";
  const Rules rules{"alerts", {zabbix(), all}};
  EXPECT_EQ(judged(rules, mail("Problem: disk full", "Host: a\nSeverity: High")).rule, "zabbix");
  EXPECT_EQ(judged(rules, mail("DISK FULL")).why, Judged::Why::raised);
  EXPECT_EQ(judged(rules, mail("disk Recovered")).why, Judged::Why::cleared);
  EXPECT_EQ(judged(rules, mail("cpu")).why, Judged::Why::unmatched);
  EXPECT_FALSE(judged(rules, mail("cpu")).event);
}

TEST(Rules, Except) {
  Rule rule = zabbix();
  rule.except = Condition{};
  rule.except->keywords[Part::body] = {"maintenance"};
  const auto nothing = judged({"a", {rule}}, mail("Problem: x", "Host: a\nSeverity: High\nin Maintenance"));
  EXPECT_EQ(nothing.why, Judged::Why::excepted);
  EXPECT_FALSE(nothing.event);
}

TEST(Rules, AnUnmatchedMailMayBeAnAlarm) {
  const Rules rules{"alerts", {zabbix()}, Severity::warning};
  const auto one = judged(rules, mail("something else"));
  EXPECT_EQ(one.why, Judged::Why::unmatched);
  ASSERT_TRUE(one.event);
  EXPECT_EQ(one.event->severity, Severity::warning);
  EXPECT_EQ(one.event->alarm, "mail that no rule fits: zabbix@monitor.example something else");
  EXPECT_EQ(one.event->labels.at("title"), "something else");
  EXPECT_TRUE(alarm_event_from_json(to_json(*one.event), "event"));
}

TEST(Rules, ARegularExpressionThatTakesTooLongIsNoReasonToBeQuiet) {
  Rule slow = zabbix();
  slow.when = {};
  slow.clear.reset();
  slow.alarm = "x";
  slow.machine.clear();
  slow.title = "{subject}";
  slow.severity_field.clear();
  slow.labels.clear();
  std::string many;
  for (int i = 0; i < 60; ++i) many += "(?:a?a?a?)";
  slow.when.regexes[Part::body] = {re("(?:" + many + "){2}b"), re("(?:" + many + "){2}c")};
  const auto one = judged({"alerts", {slow}}, mail("x", std::string(65'536, 'a')));
  EXPECT_EQ(one.why, Judged::Why::too_costly);
  ASSERT_TRUE(one.event);
  EXPECT_EQ(one.event->state, AlarmState::alarm);
  EXPECT_EQ(one.event->severity, Severity::error);
}

TEST(Rules, IdsAreOfTheMailAndItsContent) {
  const Rules rules{"alerts", {zabbix()}};
  const std::string text = "Host: a\nSeverity: High";
  const auto id = [&](const mime::Mail& one, WallTime at = now) {
    return judge(rules, one, "", at).event->event_id;
  };
  const auto first = mail("Problem: x", text);
  EXPECT_EQ(id(first), id(first, now + seconds(86'400))) << "a repeat is harmless";
  auto other = first;
  other.message_id = "2@monitor.example";
  EXPECT_NE(id(first), id(other));
  EXPECT_NE(id(first), id(mail("Problem: x", text + "\nmore")))
      << "senders that give all mails one Message-ID";
  auto bare = first;
  bare.message_id.clear();
  EXPECT_EQ(id(bare), id(bare, now + seconds(86'400))) << "it has a date";
  bare.date.clear();
  EXPECT_EQ(id(bare), id(bare, now + seconds(1)));
  EXPECT_NE(id(bare), id(bare, now + seconds(86'400))) << "the same words tomorrow are news";
  auto odd = first;
  odd.message_id = std::string(250, 'x');
  EXPECT_LE(id(odd).size(), limits::event_id_bytes_max);
}

TEST(Rules, SeverityIsAWordOfTheMail) {
  const Rules rules{"alerts", {zabbix()}};
  const auto severity = [&](const std::string& word) {
    return judged(rules, mail("Problem: x", "Host: a\nSeverity: " + word)).event->severity;
  };
  EXPECT_EQ(severity("Disaster"), Severity::critical);
  EXPECT_EQ(severity("average"), Severity::warning);
  EXPECT_EQ(severity("INFO"), Severity::info) << "our own words";
  EXPECT_EQ(severity("Odd"), Severity::error) << "the rule's";
}

TEST(Rules, LongNamesKeepTellingApart) {
  Rule rule;
  rule.id = "r";
  rule.when.regexes[Part::subject] = {re("(?<all>.*)")};
  rule.alarm = "{all}";
  const std::string base(400, 'x');
  const auto one = judged({"a", {rule}}, mail(base + "1"));
  const auto two = judged({"a", {rule}}, mail(base + "2"));
  EXPECT_LE(one.event->alarm.size(), limits::alarm_name_bytes_max);
  EXPECT_NE(one.event->alarm, two.event->alarm);
  const auto none = judged({"a", {rule}}, mail(""));
  EXPECT_EQ(none.why, Judged::Why::unmatched) << "an alarm without a name is none";
}

TEST(Rules, Explained) {
  const Rules rules{"alerts", {zabbix()}};
  auto why = explain(rules, mail("Problem: x", "Host: a"), "");
  ASSERT_EQ(why.size(), 1U);
  EXPECT_EQ(why[0].rule, "zabbix");
  EXPECT_EQ(
      why[0].words,
      "clear: the subject has nothing like ^Resolved in .*?: (?<what>.+); when: the body has nothing like "
      "^Severity: (?<severity>\\w+)");
  auto stranger = mail("Problem: x");
  stranger.from = stranger.from_address = "x@y";
  EXPECT_THAT(explain(rules, stranger, "")[0].words, HasSubstr("the sender has no \"ZABBIX@\""));
  EXPECT_EQ(explain(rules, mail("Problem: x", "Host: a\nSeverity: High"), "")[0].words, "fits: it raises");
}

TEST(Rules, MistakesAreFoundWhenTheyAreRead) {
  const auto wrong = [](auto change) {
    Rule rule = zabbix();
    change(rule);
    const auto good = check(rule);
    return good ? std::string("good") : good.error().message;
  };
  EXPECT_EQ(wrong([](Rule&) {}), "good");
  EXPECT_EQ(wrong([](Rule& r) { r.alarm = "{nobody}"; }),
            "alarm: no regular expression of `when` has a group called nobody");
  EXPECT_EQ(wrong([](Rule& r) { r.alarm = "{severity}"; }),
            "alarm: no regular expression of `clear` has a group called severity");
  EXPECT_EQ(wrong([](Rule& r) { r.machine = "{"; }), "machine: a single brace; write {{ for the sign itself");
  EXPECT_EQ(wrong([](Rule& r) { r.title = "a}"; }), "title: a single brace; write {{ for the sign itself");
  EXPECT_EQ(wrong([](Rule& r) { r.title = "{{{what}}}"; }), "good");
  EXPECT_THAT(wrong([](Rule& r) { r.labels["x"] = "{y}"; }), StartsWith("labels.x: no regular expression"));
  EXPECT_THAT(wrong([](Rule& r) { r.severity_field = "y"; }), StartsWith("severity_field: no regular"));
  EXPECT_EQ(wrong([](Rule& r) { r.when = {}; }), "when: needs at least one condition");
  EXPECT_EQ(wrong([](Rule& r) { r.clear = Condition{}; }), "clear: needs at least one condition");
  EXPECT_EQ(wrong([](Rule& r) { r.except = Condition{}; }), "except: needs at least one condition");
}

} // namespace
} // namespace kaden::mailrules
