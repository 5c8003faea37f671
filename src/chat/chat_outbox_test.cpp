#include "kaden/chat_outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kaden/limits/chat.h"

namespace kaden::chat {
namespace {

using incident::Happening;
using incident::TimelineEntry;
using testing::HasSubstr;
using testing::Not;

constexpr SteadyTime start{};

Settings webhook() {
  Settings settings;
  settings.webhook_url = "https://hooks.slack.example/services/T0/B0/secret";
  return settings;
}
Settings web_api() {
  Settings settings;
  settings.token = "xoxb-secret";
  settings.channel = "C012";
  return settings;
}

TimelineEntry entry(Happening what, std::string person = "", std::string detail = "",
                    std::uint64_t incident = 7) {
  TimelineEntry entry;
  static incident::Position next = 100;
  entry.position = ++next;
  entry.at = wall_time(1'787'536'800'000);
  entry.incident = incident;
  entry.what = what;
  entry.person = std::move(person);
  entry.detail = std::move(detail);
  return entry;
}

/// An outbox, and what Slack would show.
class Desk {
 public:
  explicit Desk(Settings settings, LinkOf link = {}) : box(std::move(settings), std::move(link)) {}
  void call(std::uint64_t incident = 7) {
    box.take(entry(Happening::alarm, "", "ALARM disk full: <90%> & more", incident));
    box.take(entry(Happening::opened, "", "default", incident));
    box.take(entry(Happening::dialling, "sato", "sip:sato@10.0.0.5", incident));
  }
  /// The body of the next message; null when nothing is due.
  json::value next(const Outcome& outcome = {}) {
    const auto parcel = box.next(now);
    if (!parcel) return nullptr;
    request = parcel->request;
    left = box.done(*parcel, outcome, now);
    now += limits::chat_pause;
    return parse_json(request.body).value();
  }
  std::string text(const Outcome& outcome = {}) {
    const auto body = next(outcome);
    return body.is_null() ? "" : std::string(body.at("text").as_string());
  }

  Outbox box;
  SteadyTime now = start;
  http::ClientRequest request;
  Outbox::Left left = Outbox::Left::nothing;
};

TEST(Outbox, a_verdict_is_told_with_its_reason_in_the_language_of_the_chat) {
  for (const Language language : {Language::en, Language::ja}) {
    Settings settings = webhook();
    settings.language = language;
    Desk desk(settings);
    desk.box.take(entry(Happening::alarm, "", "ALARM disk full"));
    TimelineEntry verdict = entry(Happening::triaged, "", "critical (rule: warning)");
    verdict.reason = {{Language::ja, "書き込みが止まります"}, {Language::en, "<writes> will stop"}};
    desk.box.take(verdict);
    desk.box.take(entry(Happening::dialling, "sato"));
    EXPECT_THAT(desk.text(),
                HasSubstr(language == Language::en
                              ? ":mag: severity critical (rule: warning) &lt;writes&gt; will stop"
                              : ":mag: 重大度 critical (rule: warning) 書き込みが止まります"));
  }
}

TEST(Outbox, a_webhook_says_each_piece_of_news_once) {
  Desk desk(webhook());
  desk.call();
  const std::string first = desk.text();
  EXPECT_THAT(first, HasSubstr("*Incident 7* ALARM disk full: &lt;90%&gt; &amp; more"));
  EXPECT_THAT(first,
              HasSubstr("<!date^1787536800^{time_secs}|02:00:00 UTC> :telephone_receiver: calling sato"));
  EXPECT_EQ(desk.request.url, webhook().webhook_url);
  EXPECT_EQ(desk.request.method, "POST");
  EXPECT_EQ(http::find_header(desk.request.headers, "Authorization"), nullptr);
  EXPECT_EQ(desk.text(), "");
  desk.box.take(entry(Happening::acknowledged, "sato"));
  desk.box.take(entry(Happening::resolved));
  const std::string second = desk.text();
  EXPECT_THAT(second, HasSubstr("acknowledged by sato"));
  EXPECT_THAT(second, HasSubstr("resolved"));
  EXPECT_THAT(second, Not(HasSubstr("calling")));
  EXPECT_FALSE(desk.box.due());
}

TEST(Outbox, the_web_api_updates_one_message) {
  Desk desk(web_api());
  desk.call();
  auto body = desk.next({Outcome::Kind::sent, "1787536800.000100", "", {}});
  EXPECT_EQ(desk.request.url, "https://slack.com/api/chat.postMessage");
  EXPECT_EQ(*http::find_header(desk.request.headers, "Authorization"), "Bearer xoxb-secret");
  EXPECT_EQ(body.at("channel").as_string(), "C012");
  EXPECT_FALSE(body.as_object().contains("ts"));
  desk.box.take(entry(Happening::exhausted));
  body = desk.next({Outcome::Kind::sent, "1787536800.000100", "", {}});
  EXPECT_EQ(desk.request.url, "https://slack.com/api/chat.update");
  EXPECT_EQ(body.at("ts").as_string(), "1787536800.000100");
  EXPECT_THAT(std::string(body.at("text").as_string()), HasSubstr("calling sato"));
  EXPECT_THAT(std::string(body.at("text").as_string()), HasSubstr("nobody took it"));
}

TEST(Outbox, only_what_people_are_called_for_is_told) {
  Desk desk(webhook());
  desk.box.take(entry(Happening::alarm, "", "ALARM x"));
  desk.box.take(entry(Happening::opened));
  desk.box.take(entry(Happening::not_called));
  desk.box.take(entry(Happening::resolved));
  EXPECT_EQ(desk.text(), "");
  desk.box.take(entry(Happening::resolved, "", "", 3)); // of a process before
  desk.box.take(entry(Happening::cleared, "", "", 0));
  EXPECT_EQ(desk.text(), "");
  desk.box.take(entry(Happening::alarm, "", "ALARM y", 8));
  desk.box.take(entry(Happening::exhausted, "", "", 8));
  EXPECT_THAT(desk.text(), HasSubstr("nobody took it"));
}

TEST(Outbox, the_link_is_there_while_the_incident_is_open) {
  const auto link = [](std::uint64_t incident, std::uint64_t round) {
    return "https://kaden.example/chat/ack?" + std::to_string(incident) + "." + std::to_string(round);
  };
  Desk desk(web_api(), link);
  TimelineEntry opened = entry(Happening::opened);
  desk.box.take(opened);
  desk.box.take(entry(Happening::dialling, "sato"));
  EXPECT_THAT(
      desk.text({Outcome::Kind::sent, "1", "", {}}),
      HasSubstr("<https://kaden.example/chat/ack?7." + std::to_string(opened.position) + "|Acknowledge>"));
  desk.box.take(entry(Happening::acknowledged, "sato"));
  EXPECT_THAT(desk.text(), Not(HasSubstr("chat/ack")));
  TimelineEntry again = entry(Happening::reopened);
  desk.box.take(again);
  EXPECT_THAT(desk.text(), HasSubstr("/chat/ack?7." + std::to_string(again.position) + "|"));
}

TEST(Outbox, a_new_process_goes_on_where_the_last_one_ended) {
  for (const bool is_webhook : {true, false}) {
    std::vector<TimelineEntry> entries{entry(Happening::alarm, "", "ALARM disk full"),
                                       entry(Happening::opened), entry(Happening::dialling, "sato")};
    Desk before(is_webhook ? webhook() : web_api());
    for (const auto& one : entries) before.box.take(one);
    EXPECT_FALSE(before.box.kept(7)) << "nothing was told yet";
    before.text({Outcome::Kind::sent, "12.5", "", {}});
    const auto kept = before.box.kept(7);
    ASSERT_TRUE(kept);
    EXPECT_EQ(*kept, (Kept{{entries.back().position, 0}, "12.5"}));

    entries.push_back(entry(Happening::acknowledged, "sato"));
    Desk after(is_webhook ? webhook() : web_api());
    after.box.recall({7, "disk full", entries, *kept});
    const std::string text = after.text({Outcome::Kind::sent, "12.5", "", {}});
    EXPECT_THAT(text, HasSubstr("*Incident 7* ALARM disk full"));
    EXPECT_THAT(text, HasSubstr("acknowledged by sato"));
    EXPECT_EQ(text.find("calling sato") == std::string::npos, is_webhook);
    EXPECT_EQ(after.request.url.ends_with("/chat.update"), !is_webhook);
    EXPECT_EQ(after.text(), "") << "once, and nothing of what was told";
    after.box.take(entries.back());
    EXPECT_EQ(after.text(), "") << "an entry that is known";
    after.box.take(entry(Happening::resolved));
    EXPECT_THAT(after.text(), HasSubstr("resolved"));
  }
}

TEST(Outbox, what_was_given_up_is_not_told_by_the_next_process_and_an_untold_incident_is) {
  Desk before(webhook());
  const std::vector<TimelineEntry> entries{entry(Happening::opened), entry(Happening::dialling, "sato")};
  for (const auto& one : entries) before.box.take(one);
  before.text({Outcome::Kind::never, "", "no such channel", {}});
  Desk after(webhook());
  after.box.recall({7, "given up", entries, before.box.kept(7).value()});
  EXPECT_EQ(after.text(), "");
  after.box.recall({9, "never told", entries, {}});
  EXPECT_THAT(after.text(), HasSubstr("*Incident 9* never told")) << "the timeline has no alarm any more";
}

TEST(Outbox, one_message_a_second_and_none_while_slack_asks_for_rest) {
  Desk desk(webhook());
  desk.call(1);
  desk.call(2);
  auto parcel = desk.box.next(start);
  ASSERT_TRUE(parcel);
  EXPECT_EQ(parcel->incident, 1U) << "the one that waits longest";
  desk.box.done(*parcel, {Outcome::Kind::later, "", "slow", seconds(30)}, start);
  EXPECT_FALSE(desk.box.next(start + seconds(29)));
  EXPECT_EQ(desk.box.due(), start + seconds(30));
  for (int i = 0; i < 100; ++i) { // however often Slack says so, that is not the message's fault
    parcel = desk.box.next(start + seconds(30 * (i + 1)));
    ASSERT_TRUE(parcel);
    EXPECT_EQ(desk.box.done(*parcel, {Outcome::Kind::later, "", "slow", seconds(30)},
                            start + seconds(30 * (i + 1))),
              Outbox::Left::retry);
  }
  desk.now = start + seconds(4'000);
  EXPECT_THAT(desk.text(), HasSubstr("*Incident 1*"));
  EXPECT_FALSE(desk.box.next(desk.now - Millis(1)));
  EXPECT_THAT(desk.text(), HasSubstr("*Incident 2*"));
}

TEST(Outbox, a_failure_is_tried_again_and_then_dropped) {
  Desk desk(webhook());
  desk.call();
  int tries = 0;
  while (desk.left != Outbox::Left::dropped) {
    ASSERT_LT(tries, 100);
    const auto due = desk.box.due();
    ASSERT_TRUE(due);
    desk.now = std::max(desk.now, *due);
    EXPECT_NE(desk.text({Outcome::Kind::later, "", "HTTP status 500", {}}), "");
    ++tries;
  }
  EXPECT_EQ(tries, limits::chat_tries_max);
  EXPECT_FALSE(desk.box.due());
  desk.box.take(entry(Happening::acknowledged, "sato"));
  EXPECT_THAT(desk.text({Outcome::Kind::never, "", "no such channel", {}}), HasSubstr("acknowledged"));
  EXPECT_EQ(desk.left, Outbox::Left::dropped);
  EXPECT_FALSE(desk.box.due());
}

TEST(Outbox, what_waits_is_bounded) {
  Desk desk(webhook());
  for (std::uint64_t i = 1; i <= limits::chat_incidents_max; ++i) desk.call(i);
  EXPECT_EQ(desk.box.overflowed(), 0U);
  desk.call(10'000);
  EXPECT_EQ(desk.box.overflowed(), 1U);
  EXPECT_THAT(desk.box.take_forgotten(), testing::ElementsAre(1U));
  EXPECT_THAT(desk.box.take_forgotten(), testing::IsEmpty());
  EXPECT_THAT(desk.text(), HasSubstr("*Incident 2*"));
  desk.call(10'001); // of incident 2 nothing waits: it goes
  EXPECT_EQ(desk.box.overflowed(), 1U);
  for (std::size_t i = 0; i < 10 * limits::chat_lines_max; ++i)
    desk.box.take(entry(Happening::dialling, std::string(1'000, 'x'), "", 10'001));
  desk.now += seconds(1'000);
  for (std::size_t i = 0; i < 2 * limits::chat_incidents_max; ++i) {
    const std::string text = desk.text();
    EXPECT_LT(text.size(), 20'000U);
  }
  EXPECT_FALSE(desk.box.due());
}

TEST(Outbox, japanese_where_the_channel_reads_it) {
  Settings settings = webhook();
  settings.language = Language::ja;
  Desk desk(settings);
  desk.call();
  EXPECT_THAT(desk.text(), HasSubstr("*インシデント 7*"));
  desk.box.take(entry(Happening::exhausted));
  EXPECT_THAT(desk.text(), HasSubstr("対応者なし"));
}

TEST(SlackAnswer, what_it_means) {
  using Kind = Outcome::Kind;
  const struct {
    Settings settings;
    Result<http::Response> answer;
    Kind kind;
    const char* reason;
  } cases[] = {
      {webhook(), http::Response{200, {}, "ok"}, Kind::sent, ""},
      {webhook(), http::Response{404, {}, "no_service"}, Kind::never, "HTTP status 404 no_service"},
      {webhook(), http::Response{400, {}, "<b>"}, Kind::never, "&lt;b&gt;"},
      {webhook(), http::Response{500, {}, ""}, Kind::later, "HTTP status 500"},
      {webhook(), http::Response{302, {}, ""}, Kind::never, "302"},
      {webhook(), Result<http::Response>(fail(Fault::timeout, "POST https://hooks/secret: no")), Kind::later,
       "timeout"},
      {web_api(), http::Response{200, {}, R"({"ok":true,"ts":"1.2"})"}, Kind::sent, ""},
      {web_api(), http::Response{200, {}, R"({"ok":false,"error":"channel_not_found"})"}, Kind::never,
       "channel_not_found"},
      {web_api(), http::Response{200, {}, R"({"ok":false,"error":"internal_error"})"}, Kind::later,
       "internal_error"},
      {web_api(), http::Response{200, {}, "<html>"}, Kind::later, "without a JSON object"},
      {web_api(), http::Response{429, {{"Retry-After", "30"}}, ""}, Kind::later, "slow down"},
  };
  for (const auto& one : cases) {
    const Outcome outcome = outcome_of(one.settings, one.answer);
    EXPECT_EQ(outcome.kind, one.kind) << one.reason;
    EXPECT_THAT(outcome.reason, HasSubstr(one.reason));
    EXPECT_THAT(outcome.reason, Not(HasSubstr("secret")));
  }
  EXPECT_EQ(outcome_of(web_api(), cases[6].answer).ts, "1.2");
  EXPECT_EQ(outcome_of(web_api(), cases[10].answer).retry_after, seconds(30));
  EXPECT_EQ(outcome_of(web_api(), http::Response{429, {{"Retry-After", "soon"}}, ""}).retry_after,
            seconds(1));
}

} // namespace
} // namespace kaden::chat
