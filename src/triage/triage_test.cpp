// Questions as they leave, answers in time, and what happens when there are none. The far end is a function.
#include "kaden/triage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <map>

namespace kaden::triage {
namespace {

using testing::HasSubstr;

constexpr const char* verdict =
    R"({"choices":[{"message":{"content":"{\"severity\":\"error\",\"reason_ja\":\"理由\",\"reason_en\":\"why\"}"},"finish_reason":"stop"}]})";
constexpr const char* converse_verdict =
    R"({"output":{"message":{"content":[{"toolUse":{"name":"record_severity","input":{"severity":"info","reason_ja":"理由","reason_en":"why"}}}]}},"stopReason":"tool_use"})";

Settings local() {
  Settings settings;
  settings.model.api = modelapi::Api::openai;
  settings.model.id = "m";
  settings.model.binding = modelapi::Binding::schema;
  settings.url = "http://127.0.0.1:8000/v1";
  settings.concurrent = 1;
  return settings;
}

http::Response answer(int status, std::string body) {
  return {status, {{"Content-Type", "application/json"}}, std::move(body)};
}

class AskerTest : public testing::Test {
 protected:
  TriageAnswer ask(const Settings& settings, Millis patience = seconds(2)) {
    const Asker asker(
        settings, clock_,
        [this](const http::ClientRequest& request) {
          requests_.push_back(request);
          clock_.advance(takes_);
          if (answers_.empty()) return Result<http::Response>(answer(200, verdict));
          auto next = std::move(answers_.front());
          answers_.erase(answers_.begin());
          return next;
        },
        [this](Millis wait) {
          pauses_.push_back(wait);
          clock_.advance(wait);
        });
    return asker.ask("alarm: x\n", patience);
  }

  /// Found in turn, the last again and again.
  std::shared_ptr<aws::Credentials> credentials(std::vector<sigv4::Credentials> in_turn) {
    return std::make_shared<aws::Credentials>(
        [in_turn, next = std::size_t{0}]() mutable -> Result<aws::Keys> {
          if (in_turn.empty()) return fail(Fault::not_found, "no AWS keys");
          return aws::Keys{in_turn.at(std::min(next++, in_turn.size() - 1)), {}, "a test"};
        },
        clock_, [] { return 0.5; });
  }

  runtime::ManualClock clock_{wall_time(1'700'000'000'000)};
  Millis takes_ = Millis(100);
  std::vector<Result<http::Response>> answers_;
  std::vector<http::ClientRequest> requests_;
  std::vector<Millis> pauses_;
};

TEST_F(AskerTest, AsksAnOpenAiCompatibleEndpoint) {
  Settings settings = local();
  settings.api_key = "k1";
  settings.ca_file = "/ca";
  const TriageAnswer given = ask(settings);
  EXPECT_EQ(given.outcome, TriageOutcome::judged);
  EXPECT_EQ(given.severity, Severity::error);
  ASSERT_EQ(requests_.size(), 1U);
  EXPECT_EQ(requests_[0].url, "http://127.0.0.1:8000/v1/chat/completions");
  EXPECT_EQ(requests_[0].method, "POST");
  EXPECT_EQ(*http::find_header(requests_[0].headers, "Authorization"), "Bearer k1");
  EXPECT_EQ(requests_[0].patience, seconds(2));
  EXPECT_EQ(requests_[0].ca_file, "/ca");
  EXPECT_FALSE(requests_[0].allow_link_local);
  requests_.clear();
  ask(local());
  EXPECT_EQ(http::find_header(requests_[0].headers, "Authorization"), nullptr);
}

TEST_F(AskerTest, SignsForBedrock) {
  Settings settings;
  settings.model.id = "anthropic.claude-v1:0";
  settings.url = "https://bedrock-runtime.ap-northeast-1.amazonaws.com";
  settings.region = "ap-northeast-1";
  const sigv4::Credentials keys{"AKIA1", "secret", "token"};
  settings.credentials = credentials({keys});
  answers_.emplace_back(answer(200, converse_verdict));
  EXPECT_EQ(ask(settings).severity, Severity::info);
  const http::ClientRequest& request = requests_[0];
  EXPECT_EQ(request.url,
            "https://bedrock-runtime.ap-northeast-1.amazonaws.com/model/anthropic.claude-v1%3A0/converse");
  sigv4::Expectation expected;
  expected.services = {"bedrock"};
  expected.now = clock_.wall();
  expected.skew_max = seconds(60);
  const auto signer = sigv4::verify(
      {"POST", "/model/anthropic.claude-v1%3A0/converse", request.headers, request.body},
      [&](std::string_view id) { return id == "AKIA1" ? std::optional(keys) : std::nullopt; }, expected);
  ASSERT_TRUE(signer) << signer.error().message;
  EXPECT_EQ(signer->scope.region, "ap-northeast-1");
  settings.api_key = "bedrock-key";
  answers_.emplace_back(answer(200, converse_verdict));
  ask(settings);
  EXPECT_EQ(*http::find_header(requests_[1].headers, "Authorization"), "Bearer bedrock-key");
}

TEST_F(AskerTest, KeysThatBedrockRefusesAreLookedForAnew) {
  Settings settings;
  settings.model.id = "m";
  settings.url = "https://bedrock.example";
  settings.region = "r";
  settings.credentials = credentials({{"OLD", "s", ""}, {"NEW", "s", ""}});
  answers_.emplace_back(http::Response{
      403, {{"x-amzn-ErrorType", "ExpiredTokenException:http://x/"}}, R"({"message":"expired"})"});
  answers_.emplace_back(answer(200, converse_verdict));
  EXPECT_EQ(ask(settings).outcome, TriageOutcome::failed);
  EXPECT_EQ(ask(settings).outcome, TriageOutcome::judged);
  EXPECT_NE(http::find_header(requests_[0].headers, "Authorization")->find("Credential=OLD/"),
            std::string::npos);
  EXPECT_NE(http::find_header(requests_[1].headers, "Authorization")->find("Credential=NEW/"),
            std::string::npos);
  settings.credentials = credentials({});
  const auto without = ask(settings);
  EXPECT_EQ(without.outcome, TriageOutcome::failed);
  EXPECT_EQ(requests_.size(), 2U) << "nothing is sent";
}

TEST_F(AskerTest, AVpcEndpointWithAPathIsSignedWithIt) {
  Settings settings;
  settings.model.id = "m";
  settings.url = "https://proxy.example/aws";
  settings.region = "r";
  const sigv4::Credentials keys{"AKIA1", "secret", ""};
  settings.credentials = credentials({keys});
  answers_.emplace_back(answer(200, converse_verdict));
  ask(settings);
  sigv4::Expectation expected;
  expected.services = {"bedrock"};
  expected.now = clock_.wall();
  expected.skew_max = seconds(60);
  EXPECT_TRUE(sigv4::verify(
      {"POST", "/aws/model/m/converse", requests_[0].headers, requests_[0].body},
      [&](std::string_view) { return std::optional(keys); }, expected));
}

TEST_F(AskerTest, WhatMayPassIsTriedOnceMore) {
  answers_.emplace_back(answer(429, R"({"error":{"message":"slow down"}})"));
  EXPECT_EQ(ask(local()).outcome, TriageOutcome::judged);
  EXPECT_EQ(requests_.size(), 2U);
  EXPECT_EQ(pauses_, std::vector<Millis>{limits::triage_retry_wait});
  EXPECT_EQ(requests_[1].patience, seconds(2) - Millis(100) - limits::triage_retry_wait);

  answers_.emplace_back(answer(503, ""));
  answers_.emplace_back(answer(503, "busy"));
  EXPECT_EQ(ask(local()).detail, "HTTP status 503");
  EXPECT_EQ(requests_.size(), 4U) << "not a third time";

  answers_.emplace_back(answer(403, ""));
  EXPECT_EQ(ask(local()).detail, "HTTP status 403");
  EXPECT_EQ(requests_.size(), 5U);

  takes_ = Millis(1'500);
  answers_.emplace_back(answer(503, ""));
  EXPECT_EQ(ask(local()).outcome, TriageOutcome::failed);
  EXPECT_EQ(requests_.size(), 6U) << "too little time is left";
}

TEST_F(AskerTest, WhatDoesNotArriveIsNamed) {
  answers_.emplace_back(fail(Fault::timeout, "POST http://...: timed out"));
  TriageAnswer given = ask(local());
  EXPECT_EQ(given.outcome, TriageOutcome::late);
  EXPECT_EQ(given.detail, "no answer within 2 s");
  answers_.emplace_back(fail(Fault::denied, "POST ...: its address is link-local"));
  given = ask(local());
  EXPECT_EQ(given.outcome, TriageOutcome::failed);
  EXPECT_THAT(given.detail, HasSubstr("link-local"));
  answers_.emplace_back(fail(Fault::invalid, "POST ...: the response is too large"));
  EXPECT_EQ(ask(local()).outcome, TriageOutcome::malformed);
  answers_.emplace_back(fail(Fault::unavailable, "POST ...: connection refused"));
  EXPECT_EQ(ask(local()).outcome, TriageOutcome::judged) << "a connection may have been a stale one";
}

/// A far end whose answers the test gives one by one.
class Gate {
 public:
  Result<http::Response> operator()(const http::ClientRequest& request) {
    std::unique_lock lock(mutex_);
    const bool is_warm_up = request.body.find("triage start") != std::string::npos;
    ++(is_warm_up ? warm_ups_ : asked_);
    changed_.notify_all();
    changed_.wait(lock,
                  [&] { return is_open_ || (is_warm_up && !holds_warm_up_) || request.cancelled->load(); });
    if (request.cancelled->load()) return fail(Fault::unavailable, "cancelled");
    return is_down_ ? Result<http::Response>(answer(403, "")) : Result<http::Response>(answer(200, verdict));
  }
  void wait_for_asked(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return asked_ >= count; });
  }
  void wait_for_warm_up() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return warm_ups_ >= 1; });
  }
  void set(bool& what, bool value) {
    std::lock_guard lock(mutex_);
    what = value;
    changed_.notify_all();
  }
  void open() { set(is_open_, true); }
  void go_down() { set(is_down_, true); }
  void come_up() { set(is_down_, false); }
  void hold_warm_up() { set(holds_warm_up_, true); }
  /// Those who wait look whether they are cancelled.
  void nudge() { changed_.notify_all(); }
  int asked() {
    std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_open_ = false, is_down_ = false, holds_warm_up_ = false;
  int asked_ = 0, warm_ups_ = 0;
};

class JudgeTest : public testing::Test {
 protected:
  std::unique_ptr<Judge> judge(const Settings& settings = local()) {
    return std::make_unique<Judge>(settings, clock_,
                                   [this](const http::ClientRequest& request) { return gate_(request); });
  }
  std::future<TriageAnswer> ask(Judge& judge, const std::string& text = "alarm: x\n") {
    auto promise = std::make_shared<std::promise<TriageAnswer>>();
    auto future = promise->get_future();
    EXPECT_TRUE(
        judge.ask(text, seconds(2), [promise](TriageAnswer given) { promise->set_value(std::move(given)); }));
    return future;
  }

  runtime::ManualClock clock_{wall_time(1'700'000'000'000)};
  Gate gate_;
};

TEST_F(JudgeTest, AnswersEachQuestion) {
  gate_.open();
  const auto mine = judge();
  EXPECT_EQ(ask(*mine).get().severity, Severity::error);
  EXPECT_EQ(mine->trouble(), "");
}

TEST_F(JudgeTest, AsksAsManyAtOnceAsAllowedAndTheRestWait) {
  Settings settings = local();
  settings.concurrent = 2;
  const auto mine = judge(settings);
  std::vector<std::future<TriageAnswer>> answers;
  for (int i = 0; i < 3; ++i) answers.push_back(ask(*mine));
  gate_.wait_for_asked(2);
  EXPECT_EQ(gate_.asked(), 2);
  gate_.open();
  for (auto& each : answers) EXPECT_EQ(each.get().outcome, TriageOutcome::judged);
}

TEST_F(JudgeTest, WhoWaitedTooLongIsLate) {
  const auto mine = judge();
  auto first = ask(*mine);
  gate_.wait_for_asked(1);
  auto second = ask(*mine);
  clock_.advance(seconds(2));
  gate_.open();
  EXPECT_EQ(first.get().outcome, TriageOutcome::judged);
  EXPECT_EQ(second.get().outcome, TriageOutcome::late);
  EXPECT_EQ(gate_.asked(), 1) << "nobody needs that answer any more";
}

TEST_F(JudgeTest, TooManyAreRefusedAtOnce) {
  const auto mine = judge();
  auto first = ask(*mine);
  gate_.wait_for_asked(1);
  std::vector<std::future<TriageAnswer>> answers;
  for (std::size_t i = 0; i < limits::triage_questions_max; ++i) answers.push_back(ask(*mine));
  EXPECT_FALSE(mine->ask("alarm: x\n", seconds(2), [](const TriageAnswer&) { ADD_FAILURE(); }));
  gate_.open();
  EXPECT_EQ(answers.back().get().outcome, TriageOutcome::judged);
}

TEST_F(JudgeTest, ADeadModelIsLeftAloneForAWhile) {
  gate_.open();
  const auto mine = judge();
  EXPECT_EQ(ask(*mine).get().outcome, TriageOutcome::judged);
  gate_.go_down();
  for (int i = 0; i < limits::triage_failures_max; ++i) EXPECT_EQ(ask(*mine).get().detail, "HTTP status 403");
  EXPECT_EQ(mine->trouble(), "the model's last answer was failed: HTTP status 403");
  const int asked = gate_.asked();
  EXPECT_EQ(ask(*mine).get().detail, "not asked for another 30 s after 5 failures");
  EXPECT_EQ(gate_.asked(), asked);
  clock_.advance(limits::triage_rest);
  EXPECT_EQ(ask(*mine).get().detail, "HTTP status 403") << "one question tries it";
  EXPECT_EQ(ask(*mine).get().outcome, TriageOutcome::failed);
  EXPECT_EQ(gate_.asked(), asked + 1);
  clock_.advance(limits::triage_rest);
  gate_.come_up();
  EXPECT_EQ(ask(*mine).get().outcome, TriageOutcome::judged);
  EXPECT_EQ(ask(*mine).get().outcome, TriageOutcome::judged);
  EXPECT_EQ(mine->trouble(), "");
}

TEST_F(JudgeTest, AFirstQuestionShowsMistakesBeforeTheFirstAlarmAndHoldsNobodyBack) {
  gate_.hold_warm_up();
  gate_.go_down();
  auto mine = judge();
  gate_.wait_for_warm_up();
  EXPECT_EQ(mine->trouble(), "");
  gate_.open();
  while (mine->trouble().empty()) std::this_thread::yield();
  EXPECT_EQ(mine->trouble(), "the model's first answer was failed: HTTP status 403");
}

TEST_F(JudgeTest, EndsWhatIsUnderWayAndAnswersWhatWaits) {
  gate_.hold_warm_up();
  auto mine = judge();
  auto first = ask(*mine);
  gate_.wait_for_asked(1);
  auto second = ask(*mine);
  std::atomic<bool> is_over = false;
  std::thread nudger([&] {
    while (!is_over) {
      gate_.nudge();
      std::this_thread::yield();
    }
  });
  mine.reset();
  is_over = true;
  nudger.join();
  EXPECT_EQ(first.get().outcome, TriageOutcome::failed);
  EXPECT_EQ(second.get().detail, "the model is not asked any more");
}

} // namespace
} // namespace kaden::triage
