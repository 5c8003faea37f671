#include "mails.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <set>

#include "kaden/limits/mail.h"

namespace kaden::app {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

regex::Regex re(const std::string& text) {
  return *regex::Regex::parse(text);
}

config::MailListener alerts() {
  config::MailListener out;
  out.id = "alerts";
  mailrules::Rule rule;
  rule.id = "disk";
  rule.when.regexes[mailrules::Part::subject] = {re("^PROBLEM: (?<what>.+)")};
  rule.clear = mailrules::Condition{};
  rule.clear->regexes[mailrules::Part::subject] = {re("^RECOVERY: (?<what>.+)")};
  rule.alarm = "{what}";
  out.rules = {"alerts", {rule}, std::nullopt};
  return out;
}

/// Mails over a journal that is a list; events with known ids are not stored twice, as in the engine.
class MailsTest : public testing::Test {
 protected:
  MailsTest() { open(); }
  ~MailsTest() override {
    mails_.reset();
    std::filesystem::remove_all(folder_);
  }
  void open() {
    mails_.reset();
    std::filesystem::create_directories(folder_);
    mails_ = std::make_unique<Mails>(
        Mails::Parts{clock_, folder_ + store_name_,
                     [this](std::vector<AlarmEvent> events,
                            const std::function<void(const Result<void>&)>& done) -> Result<void> {
                       if (is_full_) return fail(Fault::busy, "the mailbox is full");
                       if (is_broken_) {
                         done(fail(Fault::unavailable, "the disk refused"));
                         return {};
                       }
                       for (AlarmEvent& event : events) {
                         if (!ids_.insert(event.event_id).second) continue;
                         left_.erase(event.alarm);
                         stored_.push_back(std::move(event));
                       }
                       done({});
                       return {};
                     },
                     [this](const std::vector<AlarmEvent>& events) { return standings(events); },
                     [](const std::string& text) { return config::parse_mail_rules(text, "rules"); },
                     [this](const std::string& line) { log_.push_back(line); }});
    mails_->set({alerts()});
  }

  /// As the engine says it, of what is stored and was resolved by hand.
  Result<std::vector<incident::Standing>> standings(const std::vector<AlarmEvent>& events) {
    if (is_slow_) return fail(Fault::busy, "the journal's disk is slow");
    std::vector<incident::Standing> out;
    for (const AlarmEvent& event : events) {
      const auto last = std::find_if(stored_.rbegin(), stored_.rend(),
                                     [&](const AlarmEvent& each) { return each.alarm == event.alarm; });
      incident::Standing standing;
      standing.is_held = last != stored_.rend() && last->state == AlarmState::alarm &&
                         left_.find(event.alarm) == left_.end();
      out.push_back(standing);
    }
    return out;
  }

  /// What the sender hears: "250 mail 1: ..."
  std::string send(const std::string& subject, const std::string& more = "") {
    mail::Arrival arrival;
    arrival.listener = "alerts";
    arrival.peer = "192.0.2.7";
    arrival.message.envelope = {"web-01", "zabbix@monitor.example", {"alerts@kaden.example"}, false, true};
    arrival.message.data =
        "From: Zabbix <zabbix@monitor.example>\r\nSubject: " + subject + "\r\n" + more + "\r\nbody\r\n";
    auto settled = std::make_shared<std::promise<smtp::Verdict>>();
    mails_->take()(std::move(arrival),
                   [settled](smtp::Verdict verdict) { settled->set_value(std::move(verdict)); });
    const smtp::Verdict verdict = settled->get_future().get();
    switch (verdict.kind) {
      case smtp::Verdict::Kind::taken:
        return "250 " + verdict.text;
      case smtp::Verdict::Kind::try_again:
        return "451 " + verdict.text;
      case smtp::Verdict::Kind::refused:
        break;
    }
    return "554 " + verdict.text;
  }
  http::Response call(std::size_t which, const std::string& number, const std::string& query,
                      const std::string& body = "") {
    http::Request request;
    request.query = query;
    request.body = body;
    auto answered = std::make_shared<std::promise<http::Response>>();
    mails_->calls().at(which).run(
        request, number, [answered](http::Response response) { answered->set_value(std::move(response)); });
    return answered->get_future().get();
  }
  json::value answer(std::size_t which, const std::string& number, const std::string& body = "") {
    return *parse_json(call(which, number, "", body).body);
  }
  json::array list(const std::string& query = "") {
    return parse_json(call(0, "", query).body)->get_object().at("mails").get_array();
  }

  runtime::ManualClock clock_{*parse_iso8601("2026-11-27T01:00:00Z")};
  std::string folder_ =
      testing::TempDir() + "kaden-mails-" + testing::UnitTest::GetInstance()->current_test_info()->name();
  std::string store_name_ = "/mails.db";
  bool is_full_ = false, is_broken_ = false, is_slow_ = false;
  std::set<std::string> left_; ///< alarms whose incident was resolved by hand
  std::vector<AlarmEvent> stored_;
  std::set<std::string> ids_;
  std::vector<std::string> log_;
  std::unique_ptr<Mails> mails_;
};

TEST_F(MailsTest, AMailRaisesAndItsRecoveryClears) {
  EXPECT_EQ(send("PROBLEM: disk full", "Message-ID: <1@x>\r\n"), "250 mail 1: rule disk: ALARM disk full");
  EXPECT_EQ(send("PROBLEM: disk full", "Message-ID: <1@x>\r\n"), "250 mail 2: rule disk: ALARM disk full");
  ASSERT_EQ(stored_.size(), 1U) << "a repeat is harmless";
  EXPECT_EQ(send("RECOVERY: disk full", "Message-ID: <2@x>\r\n"), "250 mail 3: rule disk: OK disk full");
  ASSERT_EQ(stored_.size(), 2U);
  EXPECT_EQ(stored_[0].alarm, stored_[1].alarm);
  EXPECT_EQ(stored_[1].state, AlarmState::ok);
  EXPECT_EQ(send("PROBLEM: =?utf-8?B?6Zqc5a6z?="), "250 mail 4: rule disk: ALARM ??????")
      << "replies are ASCII";
  EXPECT_EQ(stored_[2].alarm, "障害");
}

TEST_F(MailsTest, WhatCannotBeStoredComesAgain) {
  is_broken_ = true;
  EXPECT_EQ(send("PROBLEM: x"), "451 nothing was stored; the same again, soon: the disk refused");
  EXPECT_EQ(log_, std::vector<std::string>{"mail on alerts: not taken: the disk refused"});
  is_broken_ = false;
  is_full_ = true;
  EXPECT_THAT(send("PROBLEM: x"), StartsWith("451 "));
  is_full_ = false;
  EXPECT_THAT(send("PROBLEM: x"), StartsWith("250 "));
  EXPECT_EQ(stored_.size(), 1U);
  const auto kept = list();
  ASSERT_EQ(kept.size(), 3U);
  EXPECT_EQ(kept[0].get_object().at("status"), 250);
  EXPECT_EQ(kept[2].get_object().at("status"), 451);
}

TEST_F(MailsTest, AMailThatNoRuleFitsIsKeptOrNotTaken) {
  EXPECT_EQ(send("hello"), "250 mail 1: no rule fits");
  EXPECT_TRUE(stored_.empty());
  store_name_ = "/no/such/folder/mails.db";
  open();
  EXPECT_THAT(mails_->trouble(), HasSubstr("mails are not kept"));
  EXPECT_THAT(send("hello"), StartsWith("451 ")) << "it would be nowhere";
  EXPECT_EQ(send("PROBLEM: x"), "250 rule disk: ALARM x") << "alarms go on";
  auto loud = alerts();
  loud.rules.unmatched = Severity::warning;
  mails_->set({loud});
  EXPECT_THAT(send("hello"), StartsWith("250 "));
  EXPECT_EQ(stored_.back().severity, Severity::warning);
}

// Simple devices: neither a Date nor a Message-ID, and the same words each time.
TEST_F(MailsTest, WhatFollowsTheOppositeStateIsNews) {
  const auto states = [this] {
    std::string out;
    for (const AlarmEvent& event : stored_) out += event.state == AlarmState::alarm ? 'P' : 'R';
    return out;
  };
  for (const char* const subject : {"PROBLEM: x", "PROBLEM: x", "RECOVERY: x", "RECOVERY: x", "PROBLEM: x"}) {
    EXPECT_THAT(send(subject), StartsWith("250 "));
    clock_.advance(seconds(2));
  }
  EXPECT_EQ(states(), "PRP") << "and a repeat of the same state is none";
  open(); // killed and started again
  send("PROBLEM: x");
  EXPECT_EQ(states(), "PRP");
  send("RECOVERY: x");
  EXPECT_EQ(states(), "PRPR");
  is_broken_ = true;
  EXPECT_THAT(send("PROBLEM: x"), StartsWith("451 "));
  is_broken_ = false;
  send("PROBLEM: x");
  EXPECT_EQ(states(), "PRPRP") << "what could not be stored comes again";
  // Also when it was told in between with an id of its own.
  send("RECOVERY: x", "Date: Fri, 27 Nov 2026 01:00:00 +0000\r\nMessage-ID: <r@x>\r\n");
  send("PROBLEM: x");
  EXPECT_EQ(states(), "PRPRPRP");
  // The same mail is the same mail.
  send("RECOVERY: x", "Date: Fri, 27 Nov 2026 01:00:00 +0000\r\nMessage-ID: <r@x>\r\n");
  EXPECT_EQ(states(), "PRPRPRP");
}

TEST_F(MailsTest, TheSameWordsAreNewsOnceAPersonResolvedTheIncident) {
  send("PROBLEM: x");
  clock_.advance(seconds(2));
  left_.insert("x");
  send("PROBLEM: x");
  EXPECT_EQ(stored_.size(), 2U);
  send("PROBLEM: x");
  EXPECT_EQ(stored_.size(), 2U);
  is_slow_ = true;
  EXPECT_THAT(send("PROBLEM: x"), StartsWith("451 "));
  is_slow_ = false;
  answer(2, "1");
  EXPECT_EQ(stored_.size(), 2U) << "a replay of what is held is a repeat";
  left_.insert("x");
  answer(2, "1");
  EXPECT_EQ(stored_.size(), 3U);
}

TEST_F(MailsTest, AProblemThatWasQueuedForDaysIsOlderThanItsRecovery) {
  EXPECT_THAT(send("RECOVERY: x", "Date: Fri, 27 Nov 2026 00:55:00 +0000\r\n"), HasSubstr("OK x"));
  for (const char* const date : {"Wed, 25 Nov 2026 23:50:00 +0000", "Mon, 23 Nov 2026 00:50:00 +0000"}) {
    EXPECT_THAT(send("PROBLEM: x", std::string("Date: ") + date + "\r\n"),
                HasSubstr("older than what was known already"));
  }
  EXPECT_EQ(stored_.size(), 1U);
}

TEST_F(MailsTest, AProblemThatWasOvertakenByItsRecoveryIsOld) {
  EXPECT_THAT(send("RECOVERY: x", "Date: Fri, 27 Nov 2026 00:55:00 +0000\r\n"), HasSubstr("OK x"));
  EXPECT_THAT(send("PROBLEM: x", "Date: Fri, 27 Nov 2026 09:50:00 +0900\r\n"),
              HasSubstr("older than what was known already"));
  ASSERT_EQ(stored_.size(), 1U);
  EXPECT_THAT(send("PROBLEM: x", "Date: Fri, 27 Nov 2026 00:56:00 +0000\r\n"), HasSubstr("ALARM x"));
  EXPECT_EQ(stored_.size(), 2U);
  // A clock that was never set hides nothing.
  EXPECT_THAT(send("PROBLEM: x", "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"),
              testing::Not(HasSubstr("older")));
  EXPECT_THAT(send("PROBLEM: x", "Date: Fri, 27 Nov 2036 00:00:00 +0000\r\n"),
              testing::Not(HasSubstr("older")));
  clock_.advance(seconds(5));
  EXPECT_THAT(send("PROBLEM: x", "Date: Fri, 27 Nov 2026 00:59:59 +0000\r\n"),
              testing::Not(HasSubstr("older")))
      << "within a minute clocks may differ";
}

TEST_F(MailsTest, CanBeLookedAtAndJudgedAgain) {
  send("hello =?utf-8?B?6Zqc5a6z?=");
  send("PROBLEM: disk");
  EXPECT_EQ(list("limit=1").size(), 1U);
  EXPECT_EQ(list("listener=other").size(), 0U);
  const auto kept = list();
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[1].get_object().at("subject"), "hello 障害");
  EXPECT_EQ(kept[1].get_object().at("outcome"), "no rule fits");
  const auto one = answer(1, "1").get_object();
  EXPECT_EQ(one.at("text"), "body\n");
  EXPECT_EQ(one.at("envelope").get_object().at("peer"), "192.0.2.7");
  EXPECT_EQ(one.at("rules").get_array().at(0).get_object().at("why"),
            "clear: the subject has nothing like ^RECOVERY: (?<what>.+); when: the subject has nothing like "
            "^PROBLEM: (?<what>.+)");
  EXPECT_THAT(std::string(std::string_view(one.at("source").get_string())), StartsWith("From: Zabbix"));
  stored_.clear();
  EXPECT_EQ(answer(2, "1", R"({"dry_run": true})").get_object().at("outcome"), "no rule fits");
  const std::string other =
      R"({"dry_run": true, "rules": "rules: [{id: any, when: {subject: [hello]}, alarm: any}]"})";
  const auto dry = answer(2, "1", other).get_object();
  ASSERT_EQ(dry.at("events").get_array().size(), 1U);
  EXPECT_EQ(dry.at("outcome"), "rule any: ALARM any");
  EXPECT_TRUE(stored_.empty());
  answer(2, "1", R"({"rules": "rules: [{id: any, when: {subject: [hello]}, alarm: any}]"})");
  ASSERT_EQ(stored_.size(), 1U);
  EXPECT_EQ(stored_[0].alarm, "any");
  EXPECT_EQ(call(1, "99", "").status, 404);
  EXPECT_EQ(call(2, "1", "", "[]").status, 400);
  EXPECT_EQ(call(2, "1", "", R"({"rules": "rules: 5"})").status, 400);
  EXPECT_EQ(call(2, "1", "", R"({"mapping": "x"})").status, 400);
  EXPECT_EQ(call(0, "", "limit=0").status, 400);
  EXPECT_EQ(call(0, "", "odd=1").status, 400);
}

TEST_F(MailsTest, IsCounted) {
  send("PROBLEM: x");
  send("RECOVERY: x");
  send("hello");
  is_full_ = true;
  send("PROBLEM: y");
  mails_->set({alerts()});
  std::vector<api::Metric> metrics;
  mails_->add_metrics(metrics);
  std::map<std::string, double> counts;
  for (const auto& metric : metrics) {
    if (metric.name != "kaden_mails_total") continue;
    for (const auto& sample : metric.samples) counts[sample.labels.at(1).second] = sample.value;
  }
  EXPECT_EQ(counts, (std::map<std::string, double>{
                        {"raised", 1}, {"cleared", 1}, {"excepted", 0}, {"unmatched", 1}, {"failed", 1}}));
}

} // namespace
} // namespace kaden::app
