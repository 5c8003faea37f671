#include "webhooks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>

#include "kaden/limits/webhooks.h"
#include "source_folder.h"

namespace kaden::app {
namespace {

using testing::HasSubstr;
using webhook::Format;

const std::string token = "0123456789abcdef0123456789abcdef";
const std::string key = "0123456789abcdef0123456789abcdee";

std::string sample(const std::string& name) {
  std::ifstream file(source_folder() + "/src/source/webhook/testdata/" + name);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

config::Webhook hook(const std::string& name, Format format, const std::string& secret) {
  config::Webhook out;
  out.name = name;
  out.token = secret;
  out.rules.format = format;
  out.rules.source = name;
  return out;
}

/// Webhooks over a journal that is a list; events with known ids are not stored twice, as in the engine.
class WebhooksTest : public testing::Test {
 protected:
  WebhooksTest() { open(); }
  ~WebhooksTest() override {
    webhooks_.reset();
    std::filesystem::remove_all(folder_);
  }
  void open() {
    webhooks_.reset();
    std::filesystem::create_directories(folder_);
    webhooks_ = std::make_unique<Webhooks>(
        Webhooks::Parts{clock_, folder_ + "/webhooks.db",
                        [this](std::vector<AlarmEvent> events,
                               const std::function<void(const Result<void>&)>& done) -> Result<void> {
                          if (is_full_) return fail(Fault::busy, "the mailbox is full");
                          if (is_broken_) {
                            done(fail(Fault::unavailable, "the disk refused"));
                            return {};
                          }
                          for (AlarmEvent& event : events) {
                            if (!ids_.insert(event.source + "\n" + event.event_id).second) continue;
                            left_.erase(event.alarm);
                            stored_.push_back(std::move(event));
                          }
                          done({});
                          return {};
                        },
                        [this](const std::vector<AlarmEvent>& events) { return standings(events); },
                        [this](const std::string& url, const std::string&) -> Result<std::string> {
                          visited_.push_back(url);
                          if (on_visit_) on_visit_();
                          return std::string();
                        },
                        [](const std::string& text) { return config::parse_webhook_rules(text, "mapping"); },
                        [this](const std::string& line) { log_.push_back(line); }});
    config::Webhook sns = hook("aws", Format::sns, "");
    sns.sns.topics = {"arn:aws:sns:ap-northeast-1:111122223333:kaden-alarms"};
    sns.sns.certificate_file = source_folder() + "/src/source/webhook/testdata/signing-cert.pem";
    webhooks_->set({hook("am", Format::alertmanager, token), hook("pd", Format::pagerduty, key),
                    hook("og", Format::opsgenie, "genie-0123456789"), sns});
  }

  http::Response send(const std::string& target, const std::string& body, http::Headers headers = {},
                      const std::string& method = "POST") {
    http::Request request;
    request.method = method;
    request.target = target;
    request.path = target.substr(0, target.find('?'));
    if (target.find('?') != std::string::npos) request.query = target.substr(target.find('?') + 1);
    request.headers = std::move(headers);
    request.body = body;
    auto answered = std::make_shared<std::promise<http::Response>>();
    auto answer = answered->get_future();
    const http::Reply reply = [answered](http::Response response) {
      answered->set_value(std::move(response));
    };
    if (!webhooks_->handle(request, reply)) return http::text_response(0, "not ours");
    return answer.get();
  }
  /// As the engine says it, of what is stored and was resolved by hand.
  Result<std::vector<incident::Standing>> standings(const std::vector<AlarmEvent>& events) {
    if (is_slow_) return fail(Fault::busy, "the journal's disk is slow");
    std::vector<incident::Standing> out;
    for (const AlarmEvent& event : events) {
      incident::Standing standing;
      standing.is_known = ids_.contains(event.source + "\n" + event.event_id);
      const auto last = std::find_if(stored_.rbegin(), stored_.rend(), [&](const AlarmEvent& each) {
        return each.source == event.source && each.alarm == event.alarm;
      });
      const bool is_firing = last != stored_.rend() && last->state == AlarmState::alarm;
      const auto left = left_.find(event.alarm);
      standing.is_held = is_firing && left == left_.end();
      if (is_firing && left != left_.end()) {
        standing.left_by = 1;
        standing.left_at = left->second;
      }
      out.push_back(standing);
    }
    return out;
  }
  void resolve_by_hand(const std::string& alarm) { left_[alarm] = clock_.wall(); }

  http::Response call(std::size_t which, const std::string& number, const std::string& query,
                      const std::string& body = "") {
    http::Request request;
    request.query = query;
    request.body = body;
    auto answered = std::make_shared<std::promise<http::Response>>();
    webhooks_->calls().at(which).run(
        request, number, [answered](http::Response response) { answered->set_value(std::move(response)); });
    return answered->get_future().get();
  }
  json::value list(const std::string& query = "") { return *parse_json(call(0, "", query).body); }

  const http::Headers bearer_{{"Authorization", "Bearer " + token}};
  runtime::ManualClock clock_{*parse_iso8601("2026-08-24T03:01:30Z")};
  std::string folder_ =
      testing::TempDir() + "kaden-webhooks-" + testing::UnitTest::GetInstance()->current_test_info()->name();
  bool is_full_ = false, is_broken_ = false, is_slow_ = false;
  std::map<std::string, WallTime> left_; ///< alarms whose incident was resolved by hand
  std::function<void()> on_visit_;       ///< of the web, on a worker
  std::set<std::string> ids_;
  std::vector<AlarmEvent> stored_;
  std::vector<std::string> visited_, log_;
  std::unique_ptr<Webhooks> webhooks_;
};

const std::string trigger =
    R"({"routing_key":")" + key +
    R"(","event_action":"trigger","dedup_key":"k","payload":{"summary":"disk full","source":"web-01"}})";
const std::string resolve = R"({"routing_key":")" + key + R"(","event_action":"resolve","dedup_key":"k"})";

TEST_F(WebhooksTest, ADeliveryBecomesDurableEventsOnce) {
  EXPECT_EQ(send("/hooks/am", sample("alertmanager-firing.json"), bearer_).status, 200);
  EXPECT_EQ(stored_.size(), 2U);
  EXPECT_EQ(send("/hooks/am", sample("alertmanager-firing.json"), bearer_).status, 200);
  EXPECT_EQ(stored_.size(), 2U);
  EXPECT_EQ(send("/hooks/am/", sample("alertmanager-resolved.json"), bearer_).status, 200);
  EXPECT_EQ(stored_.size(), 4U);
}

TEST_F(WebhooksTest, ATokenMayStandInManyPlaces) {
  const std::string body = sample("alertmanager-firing.json");
  const std::vector<std::pair<std::string, http::Headers>> good{
      {"/hooks/am", {{"Authorization", "bearer " + token}}},
      {"/hooks/am", {{"x-kaden-token", token}}},
      {"/hooks/am", {{"Authorization", "Basic YW55Ym9keTowMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg=="}}},
      {"/hooks/am?token=" + token, {}},
      {"/hooks/am?a=b&token=%30123456789abcdef0123456789abcdef", {}},
  };
  for (const auto& [target, headers] : good) EXPECT_EQ(send(target, body, headers).status, 200) << target;
  const std::vector<std::pair<std::string, http::Headers>> bad{
      {"/hooks/am", {}},
      {"/hooks/am", {{"Authorization", "Bearer " + key}}}, // another webhook's
      {"/hooks/am", {{"Authorization", "Bearer "}}},
      {"/hooks/am", {{"Authorization", "Basic !!"}}},
      {"/hooks/am", {{"Authorization", "Basic YW55Ym9keQ=="}}},
      {"/hooks/am?token=", {}},
      {"/hooks/am?token=%zz", {}},
  };
  for (const auto& [target, headers] : bad) EXPECT_EQ(send(target, body, headers).status, 401) << target;
  EXPECT_EQ(list().at("deliveries").as_array().size(), good.size()); // strangers leave nothing
}

TEST_F(WebhooksTest, PathsAndMethods) {
  EXPECT_EQ(send("/", "").status, 0); // somebody else's
  EXPECT_EQ(send("/v2/other", "").status, 0);
  EXPECT_EQ(send("/hooks/nobody", "", bearer_).status, 404);
  EXPECT_EQ(send("/hooks/am/more", "", bearer_).status, 404);
  EXPECT_EQ(send("/hooks/am", "", bearer_, "GET").status, 405);
  EXPECT_EQ(send("/v2/enqueue", trigger, {}, "PUT").status, 405);
}

TEST_F(WebhooksTest, PagerDutyIsFoundByItsKey) {
  const auto answer = send("/v2/enqueue", trigger);
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.body, R"({"status":"success","message":"Event processed","dedup_key":"k"})"
                         "\n");
  ASSERT_EQ(stored_.size(), 1U);
  EXPECT_EQ(stored_[0].source, "pd");
  EXPECT_EQ(send("/hooks/pd/v2/enqueue", trigger).status, 202);
  EXPECT_EQ(send("/hooks/pd", trigger).status, 202);
  std::string stranger = trigger;
  stranger.replace(stranger.find(key), key.size(), token);
  EXPECT_EQ(send("/v2/enqueue", stranger).status, 401);
  const auto bad = send("/v2/enqueue", R"({"routing_key":")" + key + R"(","event_action":"trigger"})");
  EXPECT_EQ(bad.status, 400);
  EXPECT_THAT(bad.body, HasSubstr(R"("errors":["payload: is missing"])"));
}

TEST_F(WebhooksTest, TheSameWordsAreARepeatUntilTheStateChanged) {
  send("/v2/enqueue", trigger);
  clock_.advance(seconds(5));
  send("/v2/enqueue", trigger);
  EXPECT_EQ(stored_.size(), 1U);
  open(); // killed and started again
  clock_.advance(seconds(5));
  send("/v2/enqueue", trigger);
  EXPECT_EQ(stored_.size(), 1U);
  clock_.advance(seconds(5));
  send("/v2/enqueue", resolve);
  EXPECT_EQ(stored_.size(), 2U);
  EXPECT_EQ(stored_[1].state, AlarmState::ok);
  clock_.advance(seconds(5));
  send("/v2/enqueue", trigger); // word for word, but a new problem
  ASSERT_EQ(stored_.size(), 3U);
  EXPECT_EQ(stored_[2].state, AlarmState::alarm);
}

TEST_F(WebhooksTest, TheSameWordsAreNewsOnceAPersonResolvedTheIncident) {
  send("/v2/enqueue", trigger);
  clock_.advance(seconds(5));
  resolve_by_hand("k");
  send("/v2/enqueue", trigger);
  ASSERT_EQ(stored_.size(), 2U) << "as PagerDuty opens a new incident then";
  EXPECT_EQ(stored_[1].state, AlarmState::alarm);
  open(); // killed and started again
  clock_.advance(seconds(5));
  send("/v2/enqueue", trigger);
  EXPECT_EQ(stored_.size(), 2U) << "the new incident holds it";
  resolve_by_hand("k");
  send("/v2/enqueue", resolve);
  send("/v2/enqueue", resolve);
  EXPECT_EQ(stored_.size(), 3U) << "only what fires is asked about";
  const std::string no_key =
      R"({"routing_key":")" + key + R"(","event_action":"trigger","payload":{"summary":"disk full"}})";
  send("/v2/enqueue", no_key);
  send("/v2/enqueue", no_key);
  ASSERT_EQ(stored_.size(), 4U);
  resolve_by_hand(stored_[3].alarm);
  send("/v2/enqueue", no_key);
  EXPECT_EQ(stored_.size(), 5U);
}

TEST_F(WebhooksTest, WhatIsSaidTwiceInOneBodyIsOneReport) {
  config::Webhook generic = hook("backup", Format::generic, token);
  generic.rules.map.each = "/jobs";
  generic.rules.map.alarm = "backup {/name}";
  webhooks_->set({generic});
  const std::string body = R"({"jobs":[{"name":"erp"},{"name":"erp"},{"name":"crm"}]})";
  send("/hooks/backup", body, bearer_);
  EXPECT_EQ(stored_.size(), 2U);
  resolve_by_hand("backup erp");
  clock_.advance(seconds(5));
  send("/hooks/backup", body, bearer_);
  EXPECT_EQ(stored_.size(), 3U);
}

TEST_F(WebhooksTest, AnAlertThatStillFiresCallsAgainLongAfterAPersonResolvedIt) {
  const std::string firing = sample("alertmanager-firing.json");
  send("/hooks/am", firing, bearer_);
  ASSERT_EQ(stored_.size(), 2U);
  const std::string alarm = stored_[0].alarm;
  clock_.advance(seconds(3'600));
  resolve_by_hand(alarm);
  clock_.advance(limits::webhook_left_min - Millis(1));
  send("/hooks/am", firing, bearer_); // another alert of its group came: group_interval
  EXPECT_EQ(stored_.size(), 2U);
  clock_.advance(Millis(1));
  send("/hooks/am", firing, bearer_); // repeat_interval
  ASSERT_EQ(stored_.size(), 3U);
  EXPECT_EQ(stored_[2].alarm, alarm);
  clock_.advance(limits::webhook_left_min);
  send("/hooks/am", firing, bearer_);
  EXPECT_EQ(stored_.size(), 3U) << "the new incident holds it";
  resolve_by_hand(alarm);
  clock_.advance(limits::webhook_left_min);
  send("/hooks/am", firing, bearer_);
  EXPECT_EQ(stored_.size(), 4U) << "and so each time";
  // A new outage is news at once.
  resolve_by_hand(alarm);
  std::string later = firing;
  const std::string starts = "\"startsAt\"";
  for (std::size_t at = later.find(starts); at != std::string::npos; at = later.find(starts, at + 1)) {
    const std::size_t year = later.find("20", at);
    later.replace(year, 4, "2027");
  }
  send("/hooks/am", later, bearer_);
  EXPECT_EQ(stored_.size(), 6U);
  // What is over stays over: its report that comes late is a repeat.
  send("/hooks/am", sample("alertmanager-resolved.json"), bearer_);
  const std::size_t over = stored_.size();
  clock_.advance(limits::webhook_left_min);
  send("/hooks/am", firing, bearer_);
  EXPECT_EQ(stored_.size(), over);
}

TEST_F(WebhooksTest, WhereNothingIsKnownOfAnAlarmItsSenderComesAgain) {
  send("/v2/enqueue", trigger);
  is_slow_ = true;
  EXPECT_EQ(send("/v2/enqueue", trigger).status, 503);
  EXPECT_EQ(send("/hooks/am", sample("alertmanager-firing.json"), bearer_).status, 503);
  is_slow_ = false;
  EXPECT_EQ(send("/v2/enqueue", trigger).status, 202);
}

TEST_F(WebhooksTest, Opsgenie) {
  const http::Headers genie{{"Authorization", "GenieKey genie-0123456789"}};
  EXPECT_EQ(send("/v2/alerts", R"({"message":"m","alias":"a"})", genie).status, 202);
  EXPECT_EQ(send("/v2/alerts/a/close?identifierType=alias", "{}", genie).status, 202);
  EXPECT_EQ(send("/v2/alerts/a/message?identifierType=alias", R"({"message":"x"})", genie, "PUT").status,
            202);
  EXPECT_EQ(send("/hooks/og/v2/alerts/a/close?identifierType=alias", "", genie).status, 202);
  EXPECT_EQ(send("/v2/alerts", "{}", {{"Authorization", "GenieKey wrong"}}).status, 401);
  ASSERT_GE(stored_.size(), 2U);
  EXPECT_EQ(stored_[1].state, AlarmState::ok);
}

TEST_F(WebhooksTest, SnsIsBelievedByItsSignature) {
  EXPECT_EQ(send("/hooks/aws", sample("notification.v2.json")).status, 200);
  ASSERT_EQ(stored_.size(), 1U);
  EXPECT_EQ(stored_[0].machine, "vm-erp-01");
  std::string forged = sample("notification.v1.json");
  forged.replace(forged.find("vm-erp-01"), 9, "vm-erp-02");
  EXPECT_EQ(send("/hooks/aws", forged).status, 403);
  EXPECT_EQ(stored_.size(), 1U);
  EXPECT_EQ(list().at("deliveries").at(0).at("status"), 403);
  EXPECT_EQ(call(2, "2", "").status, 409); // what was not believed is not replayed
}

TEST_F(WebhooksTest, WhatCouldNotBeJudgedComesAgainAndIsNotReplayed) {
  config::Webhook sns = hook("aws", Format::sns, "");
  sns.sns.topics = {"arn:aws:sns:ap-northeast-1:111122223333:kaden-alarms"};
  sns.sns.certificate_file = "/no/such.pem";
  webhooks_->set({sns});
  EXPECT_EQ(send("/hooks/aws", sample("notification.v2.json")).status, 503);
  EXPECT_EQ(call(2, "1", "").status, 409);
  EXPECT_TRUE(stored_.empty());
}

TEST_F(WebhooksTest, AStrangersMessageIsNoDeliveryThatAReplayMayMend) {
  std::string malformed = sample("notification.v2.json");
  const std::string signature = "\"Signature\": \"";
  const std::size_t begin = malformed.find(signature) + signature.size();
  malformed.replace(begin, malformed.find('"', begin) - begin, "!!!");
  std::string unsigned_one = sample("notification.v2.json");
  unsigned_one.replace(unsigned_one.find("\"Signature\""), 11, "\"X\"");
  std::int64_t number = 0;
  for (const std::string& body : {malformed, unsigned_one, std::string("{}"), std::string("no JSON")}) {
    EXPECT_EQ(send("/hooks/aws", body).status, 403) << body;
    const auto replayed = call(2, std::to_string(++number), "");
    EXPECT_EQ(replayed.status, 409) << replayed.body;
    EXPECT_THAT(replayed.body, HasSubstr("it was not believed"));
    EXPECT_EQ(
        call(2, std::to_string(number), "", R"({"mapping":"{format: generic, map: {alarm: x}}"})").status,
        409);
  }
  EXPECT_TRUE(stored_.empty());
}

TEST_F(WebhooksTest, WhatWasNeverVerifiedIsNotReplayedAfterAKill) {
  // The process ended while the certificate was being fetched: what the store said at that moment.
  std::string during;
  config::Webhook sns = hook("aws", Format::sns, "");
  sns.sns.topics = {"arn:aws:sns:ap-northeast-1:111122223333:kaden-alarms"};
  webhooks_->set({sns});
  on_visit_ = [&] {
    const auto store = HookStore::open(folder_ + "/webhooks.db");
    ASSERT_TRUE(store);
    const auto kept = (*store)->find(1);
    ASSERT_TRUE(kept && *kept);
    EXPECT_EQ((*kept)->status, 403);
    during = (*kept)->outcome;
  };
  send("/hooks/aws", sample("notification.v2.json"));
  EXPECT_THAT(during, HasSubstr("not verified"));
}

TEST_F(WebhooksTest, WhatAnEarlierVersionLeftUnverifiedIsNotReplayed) {
  const auto store = HookStore::open(folder_ + "/webhooks.db");
  ASSERT_TRUE(store);
  Kept kept;
  kept.webhook = "aws";
  kept.at = clock_.wall();
  kept.body = sample("notification.v2.json");
  std::int64_t number = 0;
  for (const int status : {0, 400, 503}) {
    kept.status = status;
    ASSERT_TRUE((*store)->keep(kept));
    EXPECT_EQ(call(2, std::to_string(++number), "").status, 409) << status;
  }
  EXPECT_TRUE(stored_.empty());
}

TEST_F(WebhooksTest, ASubscriptionIsConfirmedBeforeItIsAnswered) {
  clock_.step_wall(*parse_iso8601("2026-08-24T02:00:10Z") - clock_.wall());
  EXPECT_EQ(send("/hooks/aws", sample("subscription-confirmation.v2.json")).status, 200);
  ASSERT_EQ(visited_.size(), 1U);
  EXPECT_THAT(visited_[0], HasSubstr("https://sns.ap-northeast-1.amazonaws.com/?Action=ConfirmSubscription"));
  EXPECT_THAT(visited_[0], HasSubstr("2336412f37fb687f5d51e6e2425a8a58"));
  EXPECT_EQ(call(1, "1", "").body.find("2336412f37fb687f5d51e6e2425a8a58"), std::string::npos);
}

TEST_F(WebhooksTest, AnOlderChangeIsNoNews) {
  const auto changed = [](const std::string& state, const std::string& second) {
    std::string body = sample("alarm-state-change-metric.json");
    body.replace(body.rfind("03:01:05.126"), 12, "03:01:" + second);
    body.replace(body.rfind("\"ALARM\""), 7, "\"" + state + "\"");
    return body;
  };
  webhooks_->set({hook("eb", Format::eventbridge, token)});
  EXPECT_EQ(send("/hooks/eb", changed("OK", "20.000"), bearer_).status, 200);
  EXPECT_EQ(send("/hooks/eb", changed("ALARM", "10.000"), bearer_).status, 200);
  ASSERT_EQ(stored_.size(), 1U);
  EXPECT_EQ(stored_[0].state, AlarmState::ok);
}

TEST_F(WebhooksTest, AHealthEventThatWasOvertakenByItsEndIsNoNews) {
  const auto told = [](const std::string& status, const std::string& communication, const std::string& hour) {
    return R"({"detail-type":"AWS Health Event","detail":{"eventArn":"arn:x","statusCode":")" + status +
           R"(","communicationId":")" + communication + R"(","lastUpdatedTime":"Fri, 27 Nov 2026 )" + hour +
           ":00:00 GMT\"}}";
  };
  webhooks_->set({hook("eb", Format::eventbridge, token)});
  EXPECT_EQ(send("/hooks/eb", told("closed", "c2", "12"), bearer_).status, 200);
  EXPECT_EQ(send("/hooks/eb", told("open", "c1", "11"), bearer_).status, 200);
  ASSERT_EQ(stored_.size(), 1U);
  EXPECT_EQ(stored_[0].state, AlarmState::ok);
  EXPECT_EQ(send("/hooks/eb", told("open", "c3", "13"), bearer_).status, 200);
  EXPECT_EQ(stored_.size(), 2U);
}

TEST_F(WebhooksTest, NothingIsPromisedThatIsNotDurable) {
  is_full_ = true;
  EXPECT_EQ(send("/hooks/am", sample("alertmanager-firing.json"), bearer_).status, 503);
  is_full_ = false;
  is_broken_ = true;
  const auto answer = send("/v2/enqueue", trigger);
  EXPECT_EQ(answer.status, 503);
  EXPECT_NE(http::find_header(answer.headers, "Retry-After"), nullptr);
  is_broken_ = false;
  EXPECT_EQ(send("/v2/enqueue", trigger).status, 202);
  EXPECT_EQ(stored_.size(), 1U);
}

TEST_F(WebhooksTest, TooOftenAndTooLong) {
  config::Webhook slow = hook("am", Format::alertmanager, token);
  slow.requests_per_second = 2;
  config::Webhook sns = hook("aws", Format::sns, token);
  sns.requests_per_second = 1;
  config::Webhook pd = hook("pd", Format::pagerduty, key);
  pd.requests_per_second = 1;
  webhooks_->set({slow, sns, pd});
  const std::string body = sample("alertmanager-firing.json");
  EXPECT_EQ(send("/hooks/am", body, bearer_).status, 200);
  EXPECT_EQ(send("/hooks/am", body, bearer_).status, 200);
  EXPECT_EQ(send("/hooks/am", body, bearer_).status, 503); // a 4xx would be final for it
  clock_.advance(seconds(1));
  EXPECT_EQ(send("/hooks/am", body, bearer_).status, 200);
  EXPECT_EQ(send("/v2/enqueue", trigger).status, 202);
  EXPECT_EQ(send("/v2/enqueue", trigger).status, 429); // as its clients know it
  EXPECT_EQ(send("/hooks/aws", "{}", bearer_).status, 403);
  EXPECT_EQ(send("/hooks/aws", "{}", bearer_).status, 503); // a 4xx would be final for SNS
  clock_.advance(seconds(1));
  EXPECT_EQ(send("/hooks/am", std::string(limits::webhook_body_bytes_max + 1, ' '), bearer_).status, 413);
  http::Request head;
  head.path = "/v2/enqueue";
  EXPECT_THAT(webhooks_->refused(head, 413)->body, HasSubstr("invalid event"));
  head.path = "/";
  EXPECT_FALSE(webhooks_->refused(head, 413));
}

TEST_F(WebhooksTest, WhatCameIsKeptWithoutTokensAndCanBeReadAgain) {
  EXPECT_EQ(send("/hooks/am?token=" + token, R"({"alerts":7})").status, 400);
  send("/v2/enqueue", trigger);
  const json::value all = list();
  const auto& deliveries = all.at("deliveries").as_array();
  ASSERT_EQ(deliveries.size(), 2U);
  EXPECT_EQ(deliveries[1].at("status"), 400);
  EXPECT_THAT(std::string(deliveries[1].at("outcome").as_string()), HasSubstr("alerts: "));
  EXPECT_EQ(list("webhook=pd&limit=1").at("deliveries").as_array().size(), 1U);
  const auto shown = call(1, "2", "");
  EXPECT_THAT(shown.body, HasSubstr("disk full"));
  EXPECT_EQ(shown.body.find(key), std::string::npos);
  EXPECT_EQ(call(1, "99", "").status, 404);
  EXPECT_EQ(call(0, "", "limit=0").status, 400);
  EXPECT_EQ(call(0, "", "odd=1").status, 400);
}

TEST_F(WebhooksTest, AWrongMappingIsMendedAndReplayed) {
  config::Webhook generic = hook("backup", Format::generic, token);
  generic.rules.map.alarm = "{/wrong}";
  webhooks_->set({generic});
  EXPECT_EQ(send("/hooks/backup", R"({"name":"erp"})", bearer_).status, 400);
  EXPECT_EQ(call(2, "1", "").status, 400); // still wrong
  const std::string mapping = R"("format: generic\nmap: {alarm: \"backup {/name}\"}")";
  const auto dry = call(2, "1", "", R"({"dry_run":true,"mapping":)" + mapping + "}");
  EXPECT_EQ(dry.status, 200) << dry.body;
  EXPECT_THAT(dry.body, HasSubstr(R"("alarm":"backup erp")"));
  EXPECT_THAT(dry.body, HasSubstr(R"("source":"backup")"));
  EXPECT_TRUE(stored_.empty());
  EXPECT_EQ(call(2, "1", "", R"({"mapping":)" + mapping + "}").status, 200);
  ASSERT_EQ(stored_.size(), 1U);
  EXPECT_EQ(stored_[0].alarm, "backup erp");
  EXPECT_EQ(call(2, "1", "", R"({"mapping":"format: generic"})").status, 400);
  EXPECT_EQ(call(2, "1", "", R"({"odd":1})").status, 400);
  EXPECT_EQ(call(2, "9", "", "{}").status, 404);
  webhooks_->set({});
  EXPECT_EQ(call(2, "1", "", "{}").status, 404);
}

TEST_F(WebhooksTest, AlarmsGoOnWithoutAStore) {
  webhooks_.reset();
  std::filesystem::remove_all(folder_);
  std::ofstream(folder_).put('x'); // a file where the folder should be
  webhooks_ = std::make_unique<Webhooks>(
      Webhooks::Parts{clock_,
                      folder_ + "/webhooks.db",
                      [this](std::vector<AlarmEvent> events,
                             const std::function<void(const Result<void>&)>& done) -> Result<void> {
                        for (AlarmEvent& event : events) stored_.push_back(std::move(event));
                        done({});
                        return {};
                      },
                      {},
                      {},
                      {},
                      {}});
  webhooks_->set({hook("pd", Format::pagerduty, key)});
  EXPECT_THAT(webhooks_->trouble(), HasSubstr("are not kept"));
  EXPECT_EQ(send("/v2/enqueue", trigger).status, 202);
  EXPECT_EQ(stored_.size(), 1U);
  EXPECT_EQ(call(0, "", "").status, 503);
}

TEST_F(WebhooksTest, TheLogSaysWhatWasRefusedButNotAgainAndAgain) {
  for (int i = 0; i < 3; ++i) send("/hooks/am", "{}", bearer_);
  EXPECT_THAT(log_, testing::ElementsAre("webhook am: answered 400: alerts: is missing or empty"));
  clock_.advance(seconds(61));
  send("/hooks/am", "{}", bearer_);
  EXPECT_EQ(log_.size(), 2U);
  send("/hooks/am?token=wrong-0123456789", "{}");
  EXPECT_EQ(log_.back(), "webhook am: no token or a wrong one, from ");
}

TEST_F(WebhooksTest, Counts) {
  send("/hooks/am", sample("alertmanager-firing.json"), bearer_);
  send("/hooks/am", "{}", bearer_);
  send("/hooks/am", "{}");
  std::vector<api::Metric> metrics;
  webhooks_->add_metrics(metrics);
  const std::string text = api::to_text(metrics);
  EXPECT_THAT(text, HasSubstr("kaden_webhook_deliveries_total{webhook=\"am\",outcome=\"accepted\"} 1"));
  EXPECT_THAT(text, HasSubstr("kaden_webhook_deliveries_total{webhook=\"am\",outcome=\"refused\"} 1"));
  EXPECT_THAT(text, HasSubstr("kaden_webhook_events_total{webhook=\"am\"} 2"));
  EXPECT_THAT(text, HasSubstr("kaden_webhook_strangers_total 1"));
  EXPECT_THAT(text, HasSubstr("kaden_webhook_store_healthy 1"));
}

} // namespace
} // namespace kaden::app
