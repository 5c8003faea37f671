// Patterns over records that the test gives, at times that it gives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kaden/limits/alarm_events.h"
#include "kaden/log_alarms.h"

namespace kaden::logalarms {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

WallTime at(std::int64_t s) {
  return wall_time(1'787'540'000'000) + seconds(s);
}

Record line(std::string text) {
  Record record;
  record.at = at(0);
  record.text = std::move(text);
  record.file = "/var/log/app.log";
  return record;
}
Record syslog_line(std::string host, std::string app, int severity, std::string text) {
  Record record = line(std::move(text));
  record.file.clear();
  record.has_header = true;
  record.host = std::move(host);
  record.app = std::move(app);
  record.severity = severity;
  record.facility = 0;
  return record;
}

Rule rule(std::string id, std::string raise, std::string clear = "") {
  Rule rule;
  rule.id = std::move(id);
  rule.raise = std::move(raise);
  rule.clear = std::move(clear);
  return rule;
}

/// "app/…/3 app: disk ALARM error web-01"; without the time in the id.
std::string words_of(const AlarmEvent& event) {
  return event.alarm + " " + std::string(to_text(event.state)) + " " + std::string(to_text(event.severity)) +
         (event.machine.empty() ? "" : " " + event.machine);
}
std::vector<std::string> words_of(const std::vector<AlarmEvent>& events) {
  std::vector<std::string> words;
  for (const auto& event : events) {
    EXPECT_EQ(alarm_event_from_json(to_json(event), "event").value(), event)
        << "every event is one that is taken";
    words.push_back(words_of(event));
  }
  return words;
}

class JudgeTest : public testing::Test {
 protected:
  Judge judge(std::vector<Rule> rules) {
    settings_.rules = std::move(rules);
    return Judge::make(settings_, at(0)).value();
  }
  /// As after a restart.
  Judge again(const Judge& before, std::int64_t now_s) {
    Judge fresh = Judge::make(settings_, at(now_s)).value();
    EXPECT_TRUE(fresh.restore(parse_json(to_text(before.save())).value()));
    return fresh;
  }
  Settings settings_{"app", "the application", "kaden-1", {}};
};

TEST_F(JudgeTest, raises_once_tells_again_and_clears_by_a_pattern) {
  Rule disk = rule("disk", "\"I/O error\"", "\"recovered\"");
  disk.quiet = Millis(0);
  disk.repeat = seconds(300);
  disk.severity = Severity::critical;
  disk.name = "disk failure";
  Judge judged = judge({disk});
  EXPECT_THAT(judged.take(line("all is well"), at(0)), IsEmpty());
  const auto raised = judged.take(line("sda: I/O error, dev sda"), at(1));
  EXPECT_THAT(words_of(raised), ElementsAre("app: disk ALARM critical kaden-1"));
  EXPECT_EQ(raised[0].source, "log");
  EXPECT_EQ(raised[0].reason, "sda: I/O error, dev sda");
  EXPECT_EQ(raised[0].labels.at("line"), "sda: I/O error, dev sda");
  EXPECT_EQ(raised[0].labels.at("file"), "/var/log/app.log");
  EXPECT_EQ(raised[0].labels.at("rule_name"), "disk failure");
  EXPECT_EQ(raised[0].say.at(Language::ja),
            "{machine} で {rule_name} です。{log_name} のログに記録されました。");
  EXPECT_THAT(judged.take(line("sda: I/O error, dev sda"), at(2)), IsEmpty()) << "a flood is one alarm";
  const auto repeated = judged.take(line("sdb: I/O error"), at(301));
  EXPECT_THAT(words_of(repeated), ElementsAre("app: disk ALARM critical kaden-1"));
  EXPECT_NE(repeated[0].event_id, raised[0].event_id);
  EXPECT_THAT(judged.step(at(100'000)), IsEmpty()) << "only the pattern ends it";
  const auto cleared = judged.take(line("sda: recovered"), at(100'001));
  EXPECT_THAT(words_of(cleared), ElementsAre("app: disk OK critical kaden-1"));
  EXPECT_EQ(cleared[0].reason, "sda: recovered");
  EXPECT_THAT(judged.take(line("sda: recovered"), at(100'002)), IsEmpty());
  EXPECT_EQ(judged.counts().raising, 3U);
  EXPECT_EQ(judged.counts().clearing, 1U);
}

TEST_F(JudgeTest, quiet_ends_an_alarm_and_each_line_begins_it_anew) {
  Rule oom = rule("oom", "\"Out of memory\"");
  oom.quiet = seconds(600);
  oom.repeat = Millis(0);
  Judge judged = judge({oom});
  Record first = line("Out of memory: killed process 1");
  EXPECT_THAT(words_of(judged.take(first, at(0))), ElementsAre("app: oom ALARM error kaden-1"));
  first.at = at(500);
  EXPECT_THAT(judged.take(first, at(500)), IsEmpty());
  EXPECT_THAT(judged.step(at(1'099)), IsEmpty());
  const auto over = judged.step(at(1'100));
  EXPECT_THAT(words_of(over), ElementsAre("app: oom OK error kaden-1"));
  EXPECT_EQ(over[0].reason, "no such line for 10 min");
  EXPECT_THAT(judged.step(at(1'101)), IsEmpty());
}

TEST_F(JudgeTest, one_that_flaps_stays_until_it_was_clear_for_a_while) {
  Judge judged = judge({rule("link", "down", "up")});
  std::size_t told = 0;
  for (std::int64_t s = 0; s < 100; ++s) {
    told += judged.take(line("down"), at(s)).size() + judged.take(line("up"), at(s)).size();
    EXPECT_THAT(judged.step(at(s)), IsEmpty());
  }
  EXPECT_EQ(told, 2 * limits::log_flap_raises - 1) << "each turn, until it flaps; then it is active";
  EXPECT_EQ(judged.counts().held, 100 - limits::log_flap_raises + 1);
  Judge after = again(judged, 99);
  EXPECT_THAT(after.step(at(158)), IsEmpty());
  const auto over = after.step(at(159));
  EXPECT_THAT(words_of(over), ElementsAre("app: link OK error kaden-1"));
  EXPECT_EQ(over[0].reason, "it flapped, and was clear for 60 s");
  EXPECT_EQ(after.take(line("down"), at(160)).size(), 1U);
  EXPECT_THAT(words_of(after.take(line("up"), at(161))), ElementsAre("app: link OK error kaden-1"));
}

TEST_F(JudgeTest, keys_tell_alarms_of_one_rule_apart) {
  Rule down =
      rule("link", R"({ $.message = %link\s[a-z0-9]+\sdown% })", R"({ $.message = %link\s[a-z0-9]+\sup% })");
  down.keys = {"host", "$.data.port"};
  Judge judged = judge({down});
  const auto port = [](const char* host, const char* port_name, const char* text) {
    Record record = syslog_line(host, "ifd", 3, text);
    record.data = {{"port", port_name}};
    return record;
  };
  EXPECT_THAT(words_of(judged.take(port("sw1", "eth0", "link eth0 down"), at(0))),
              ElementsAre("app: link (sw1, eth0) ALARM error sw1"));
  EXPECT_THAT(words_of(judged.take(port("sw2", "eth0", "link eth0 down"), at(1))),
              ElementsAre("app: link (sw2, eth0) ALARM error sw2"));
  EXPECT_THAT(judged.take(port("sw1", "eth1", "link eth1 up"), at(2)), IsEmpty());
  EXPECT_THAT(words_of(judged.take(port("sw1", "eth0", "link eth0 up"), at(3))),
              ElementsAre("app: link (sw1, eth0) OK error sw1"));
  EXPECT_EQ(judged.active(), 1U);
  EXPECT_THAT(judged.take(syslog_line("sw1", "ifd", 3, "link eth0 down"), at(4)), IsEmpty())
      << "without all its keys a record is no alarm's";
}

TEST_F(JudgeTest, json_patterns_see_the_header_and_terms_see_the_message) {
  Judge judged = judge({rule("grave", "{ $.severity <= 2 && $.app = \"kernel\" }"), rule("term", "level")});
  EXPECT_THAT(judged.take(syslog_line("web-01", "kernel", 3, "x"), at(0)), IsEmpty());
  EXPECT_THAT(words_of(judged.take(syslog_line("web-01", "kernel", 2, "x"), at(0))),
              ElementsAre("app: grave ALARM error web-01"));
  Record record = syslog_line("web-01", "app", 6, R"({"status":500})");
  EXPECT_EQ(
      json_of(record),
      R"({"host":"web-01","app":"app","facility":"kern","severity":6,"level":"info","message":{"status":500}})");
  Judge nested = judge({rule("status", "{ $.message.status = 500 }")});
  EXPECT_THAT(words_of(nested.take(record, at(0))), ElementsAre("app: status ALARM error web-01"));
  Judge plain = judge({rule("status", "{ $.status = 500 }")});
  EXPECT_THAT(words_of(plain.take(line(R"({"status":500})"), at(0))),
              ElementsAre("app: status ALARM error kaden-1"))
      << "of a file the line itself";
}

TEST_F(JudgeTest, goes_on_after_a_restart_and_never_gives_an_id_twice) {
  Judge judged = judge({rule("a", "alpha"), rule("b", "beta")});
  const auto first = judged.take(line("alpha"), at(0));
  Judge after = again(judged, 50);
  EXPECT_THAT(after.take(line("alpha"), at(51)), IsEmpty()) << "it is active";
  const auto second = after.take(line("beta"), at(52));
  ASSERT_EQ(second.size(), 1U);
  EXPECT_NE(second[0].event_id, first[0].event_id);
  settings_.rules.erase(settings_.rules.begin());
  Judge reloaded = again(after, 60);
  EXPECT_THAT(words_of(reloaded.step(at(61))), ElementsAre("app: a OK info kaden-1")) << "its rule is gone";
  EXPECT_EQ(reloaded.active(), 1U);
}

TEST_F(JudgeTest, what_was_over_before_it_was_read_is_old_news) {
  Rule pair = rule("pair", "down", "up");
  Rule short_lived = rule("short", "blip");
  short_lived.quiet = seconds(60);
  Judge judged = judge({pair, short_lived, rule("stays", "stays")});
  judged.take(line("down"), at(0));
  Judge after = again(judged, 3'600);
  after.catch_up();
  EXPECT_THAT(words_of(after.take(line("up"), at(3'600))), ElementsAre("app: pair OK error kaden-1"))
      << "told before, so it is cleared";
  EXPECT_THAT(after.take(line("down"), at(3'600)), IsEmpty());
  EXPECT_THAT(after.take(line("up"), at(3'600)), IsEmpty());
  Record blip = line("blip");
  blip.at = at(100);
  EXPECT_THAT(after.take(blip, at(3'600)), IsEmpty());
  Record stays = line("stays on");
  stays.at = at(3'600);
  EXPECT_THAT(after.take(stays, at(3'600)), IsEmpty());
  Judge crashed = again(after, 3'601); // in the middle of it
  crashed.catch_up();
  EXPECT_THAT(words_of(crashed.caught_up(at(3'602))), ElementsAre("app: stays ALARM error kaden-1"));
  EXPECT_THAT(crashed.caught_up(at(3'603)), IsEmpty());
}

TEST_F(JudgeTest, the_old_alarm_log_is_counted_and_never_raises) {
  Judge judged = judge({rule("red", "Red")});
  EXPECT_THAT(judged.take(line("SendEmail            {Yellow -> Red (Once)}"), at(0)), IsEmpty());
  EXPECT_EQ(judged.counts().definitions, 1U);
  EXPECT_THAT(words_of(judged.take(line("web-01 is Red"), at(1))),
              ElementsAre("app: red ALARM error kaden-1"));
}

TEST_F(JudgeTest, keeps_its_limit_and_hostile_text_out_of_names) {
  Rule each = rule("each", "[text, ...]");
  each.keys = {"$text"};
  Judge judged = judge({each});
  const auto odd = judged.take(line("\x1b[31mred"), at(0));
  ASSERT_EQ(odd.size(), 1U);
  EXPECT_THAT(odd[0].alarm, testing::StartsWith("app: each ([31mred)~"));
  EXPECT_EQ(odd[0].reason.find('\x1b'), std::string::npos);
  const auto first = judged.take(line(std::string(300, 'x') + "a"), at(0));
  const auto second = judged.take(line(std::string(300, 'x') + "b"), at(0));
  ASSERT_EQ(second.size(), 1U) << "cut names stay apart";
  EXPECT_NE(first[0].alarm, second[0].alarm);
  EXPECT_LE(first[0].alarm.size(), limits::alarm_name_bytes_max);
  for (std::size_t i = 3; i < limits::log_active_max; ++i) {
    ASSERT_EQ(judged.take(line("n" + std::to_string(i)), at(0)).size(), 1U) << i;
  }
  EXPECT_THAT(judged.take(line("one-more"), at(0)), IsEmpty());
  EXPECT_EQ(judged.counts().shed, 1U);
  EXPECT_EQ(judged.active(), limits::log_active_max);
}

TEST_F(JudgeTest, nobody_was_listening_so_silence_says_nothing) {
  Rule heard = rule("heard", "trouble");
  heard.quiet = seconds(60);
  Judge judged = judge({heard});
  judged.take(line("trouble"), at(0));
  judged.was_deaf(at(1'000));
  EXPECT_THAT(judged.step(at(1'059)), IsEmpty());
  EXPECT_EQ(judged.step(at(1'060)).size(), 1U);
}

TEST(Rules, are_checked_with_the_name_of_what_is_wrong) {
  const struct {
    Rule rule;
    const char* message;
  } cases[] = {
      {rule("x", ""), "raise: an empty pattern"},
      {rule("x", "{ $.a = }"), "raise: at character"},
      {rule("x", "a", "{ b"), "clear: at character"},
      {[] {
         Rule one = rule("x", "a");
         one.quiet = Millis(0);
         return one;
       }(),
       "quiet_s: nothing would ever end this alarm"},
      {[] {
         Rule one = rule("x", "a");
         one.keys = {"hostname"};
         return one;
       }(),
       "keys: \"hostname\" is neither a field"},
      {[] {
         Rule one = rule("x", "a");
         one.keys = {"$.b"};
         return one;
       }(),
       "keys: \"$.b\" in raise: "},
  };
  for (const auto& one : cases) {
    const auto checked = check(one.rule);
    ASSERT_FALSE(checked) << one.message;
    EXPECT_THAT(checked.error().message, HasSubstr(one.message));
  }
}

TEST(State, what_was_not_saved_by_it_is_refused) {
  const Settings settings{"app", "app", "", {rule("a", "alpha")}};
  for (const char* text :
       {"[]", "{}", R"({"begun":1,"next":0,"active":[]})", R"({"begun":1,"next":1})",
        R"({"begun":1,"next":1,"active":[1]})", R"({"begun":1,"next":1,"active":[{"alarm":"x"}]})"}) {
    Judge judged = Judge::make(settings, at(0)).value();
    const auto restored = judged.restore(parse_json(text).value());
    ASSERT_FALSE(restored) << text;
    EXPECT_EQ(restored.error().fault, Fault::corrupt);
  }
}

TEST(Unreadable, has_one_id_for_each_outage) {
  const Settings settings{"app", "the application", "", {}};
  const auto raised = unreadable_event(settings, AlarmState::alarm, Severity::error, at(0), "no such\nfile");
  EXPECT_EQ(raised.alarm, "app:unreadable");
  EXPECT_EQ(raised.reason, "no such file");
  EXPECT_EQ(raised, unreadable_event(settings, AlarmState::alarm, Severity::error, at(0), "no such\nfile"));
  EXPECT_NE(raised.event_id,
            unreadable_event(settings, AlarmState::alarm, Severity::error, at(9), "").event_id);
  EXPECT_TRUE(alarm_event_from_json(to_json(raised), "event"));
}

} // namespace
} // namespace kaden::logalarms
