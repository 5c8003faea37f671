// Requests that are signed, corrected for the clock, and repeated when that may help.
#include "kaden/aws_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <sstream>

#include "kaden/http_date.h"
#include "kaden/limits/aws.h"
#include "source_folder.h"
#include "test_world.h"

namespace kaden::aws {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct ClientTest : testing::Test, TestWorld {
  std::vector<std::string> ids{"AKIDKADEN"}; ///< found in turn; the last one again and again
  int looks = 0;
  Credentials credentials{[this]() -> Result<Keys> {
                            if (ids.empty()) return fail(Fault::not_found, "no AWS keys");
                            const std::string id = ids.front();
                            if (ids.size() > 1) ids.erase(ids.begin());
                            ++looks;
                            return Keys{{id, "secret", "token"}, {}, "a test"};
                          },
                          clock, [] { return 0.5; }};
  ClientSettings settings{sqs,       "ap-northeast-1", "https://sqs.example",
                          "/ca.pem", "kaden/1",        limits::aws_attempts};
  std::unique_ptr<Client> client_;

  Client& client() {
    if (!client_) client_ = std::make_unique<Client>(settings, world(), credentials);
    return *client_;
  }
  static Call call(bool is_repeatable = true) {
    Call made;
    made.headers = {{"Content-Type", "application/x-amz-json-1.0"},
                    {"X-Amz-Target", "AmazonSQS.ReceiveMessage"}};
    made.body = "{}";
    made.is_repeatable = is_repeatable;
    return made;
  }
  void answer(int status, const std::string& code = "", http::Headers headers = {}) {
    answers.emplace_back(http::Response{
        status, std::move(headers), code.empty() ? "{}" : R"({"__type":"x#)" + code + R"(","message":"m"})"});
  }
  std::string sent(bool is_repeatable = true) {
    const auto got = client().send(call(is_repeatable));
    return got ? "ok" : std::string(to_text(got.error().kind)) + " " + got.error().code;
  }
};

TEST_F(ClientTest, a_request_is_signed_for_its_service_whatever_the_host_is) {
  answer(200);
  EXPECT_EQ(sent(), "ok");
  EXPECT_EQ(asked[0].url, "https://sqs.example/");
  EXPECT_EQ(asked[0].ca_file, "/ca.pem");
  EXPECT_EQ(header(0, "Host"), "sqs.example");
  EXPECT_EQ(header(0, "X-Amz-Date"), "20260824T020000Z");
  EXPECT_EQ(header(0, "X-Amz-Security-Token"), "token");
  EXPECT_THAT(header(0, "Authorization"),
              HasSubstr("Credential=AKIDKADEN/20260824/ap-northeast-1/sqs/aws4_request, "
                        "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, "));
}

TEST_F(ClientTest, throttling_is_told_by_its_code_and_waited_out) {
  answer(400, "ThrottlingException");
  answer(503, "");
  answer(200);
  EXPECT_EQ(sent(), "ok");
  EXPECT_THAT(pauses, ElementsAre(Millis(500), Millis(1'000))) << "half of one second, then of two";
  EXPECT_EQ(header(2, "X-Amz-Date"), "20260824T020001Z") << "each attempt is signed anew";
  asked.clear();
  for (int i = 0; i < 3; ++i) answer(429, "TooManyRequestsException");
  EXPECT_EQ(sent(), "throttled TooManyRequestsException");
  EXPECT_EQ(asked.size(), 3U);
  pauses.clear();
  answer(400, "Throttling", {{"x-amz-retry-after", "3000"}});
  answer(400, "Throttling", {{"x-amz-retry-after", "nonsense"}});
  answer(200);
  EXPECT_EQ(sent(), "ok");
  EXPECT_THAT(pauses, ElementsAre(Millis(3'000), Millis(1'000)));
}

TEST_F(ClientTest, what_is_wrong_with_the_request_is_said_at_once) {
  answer(400, "QueueDoesNotExist", {{"x-amzn-RequestId", "r-1"}});
  const auto got = client().send(call());
  ASSERT_FALSE(got);
  EXPECT_EQ(to_text(got.error()), "QueueDoesNotExist: m (HTTP status 400, request r-1)");
  EXPECT_EQ(asked.size(), 1U);
}

TEST_F(ClientTest, what_may_have_been_done_is_not_done_twice) {
  answers.emplace_back(fail(Fault::timeout, "no answer"));
  EXPECT_EQ(sent(false), "transient ");
  EXPECT_EQ(asked.size(), 1U);
  answer(500);
  EXPECT_EQ(sent(false), "transient ");
  EXPECT_EQ(asked.size(), 2U);
  answer(400, "Throttling"); // that was certainly not done
  answer(200);
  EXPECT_EQ(sent(false), "ok");
  answers.emplace_back(fail(Fault::timeout, "no answer"));
  answer(200);
  EXPECT_EQ(sent(true), "ok");
}

TEST_F(ClientTest, a_service_that_is_out_is_not_asked_three_times_by_everybody) {
  int requests = 0;
  for (int i = 0; i < 200; ++i) {
    asked.clear();
    answers.clear();
    EXPECT_EQ(sent(), "transient ");
    requests = static_cast<int>(asked.size());
  }
  EXPECT_EQ(requests, 1) << "the budget is spent";
  for (int i = 0; i < 20; ++i) {
    answer(200);
    EXPECT_EQ(sent(), "ok");
  }
  asked.clear();
  EXPECT_EQ(sent(), "transient ");
  EXPECT_EQ(asked.size(), 3U) << "successes fill it again";
}

TEST_F(ClientTest, keys_that_are_refused_are_looked_for_anew_once) {
  ids = {"OLD", "NEW"};
  answer(403, "ExpiredTokenException");
  answer(200);
  EXPECT_EQ(sent(), "ok");
  EXPECT_THAT(header(0, "Authorization"), HasSubstr("Credential=OLD/"));
  EXPECT_THAT(header(1, "Authorization"), HasSubstr("Credential=NEW/"));
  asked.clear();
  for (int i = 0; i < 3; ++i) answer(403, "InvalidClientTokenId");
  EXPECT_EQ(sent(), "credentials InvalidClientTokenId");
  EXPECT_EQ(asked.size(), 2U);
}

TEST_F(ClientTest, without_keys_nothing_is_sent) {
  ids.clear();
  const auto got = client().send(call());
  ASSERT_FALSE(got);
  EXPECT_EQ(to_text(got.error()), "no AWS keys");
  EXPECT_EQ(got.error().kind, FailureKind::credentials);
  EXPECT_TRUE(asked.empty());
}

TEST_F(ClientTest, a_cancelled_request_is_no_failure_of_aws) {
  std::atomic<bool> over = true;
  Call made = call();
  made.cancelled = &over;
  answers.emplace_back(fail(Fault::unavailable, "cancelled"));
  EXPECT_EQ(client().send(made).error().kind, FailureKind::cancelled);
  EXPECT_EQ(asked.size(), 1U);
}

/// The published cases: each attempt has a time of sending, one of receiving, and the time it must be signed
/// with.
struct PublishedSkew : ClientTest {
  void set_clock(const json::object& attempt, const char* member) {
    clock.step_wall(parse_iso8601(std::string(attempt.at(member).as_string())).value() - clock.wall());
  }
  /// As an answer of before has left it.
  void begin_with(std::int64_t skew_s) {
    client_.reset();
    network = nullptr;
    answers.emplace_back(http::Response{200, {{"Date", to_http_date(clock.wall() + seconds(skew_s))}}, "{}"});
    ASSERT_EQ(sent(), "ok");
    asked.clear();
  }
  void run(const json::object& operation, const std::string& name) {
    const auto& attempts = operation.at("attempts").as_array();
    std::size_t at = 0;
    network = [&](const http::ClientRequest& request) -> Result<http::Response> {
      if (at >= attempts.size()) return fail(Fault::unavailable, "one attempt too many");
      const json::object& attempt = attempts.at(at).as_object();
      std::string wanted(attempt.at("expectedSigningTime").as_string());
      std::erase_if(wanted, [](char c) { return c == '-' || c == ':'; });
      EXPECT_EQ(*http::find_header(request.headers, "X-Amz-Date"), wanted) << name;
      set_clock(attempt, "clientTimeAtReceive");
      const json::object& response = attempt.at("response").as_object();
      http::Response answer;
      answer.status = static_cast<int>(response.at("statusCode").as_int64());
      for (const auto& header : response.at("headers").as_object())
        answer.headers.emplace_back(header.key(), header.value().as_string());
      if (const auto* code = response.if_contains("errorCode"))
        answer.headers.emplace_back("x-amzn-ErrorType", code->as_string());
      if (++at < attempts.size()) set_clock(attempts.at(at).as_object(), "clientTimeAtSend");
      return answer;
    };
    set_clock(attempts.at(0).as_object(), "clientTimeAtSend");
    EXPECT_EQ(sent() == "ok", operation.at("expectedOutcome").as_string() == "success") << name;
    EXPECT_EQ(at, attempts.size()) << name;
  }
};

TEST_F(PublishedSkew, the_clock_is_corrected_as_the_sdks_do) {
  std::ifstream file(source_folder() + "/src/aws/testdata/clock-skew-cases.json");
  std::stringstream text;
  text << file.rdbuf();
  const auto cases = parse_json(text.str()).value();
  const auto& tests = cases.at("tests").as_array();
  EXPECT_EQ(tests.size(), 10U);
  for (const json::value& each : tests) {
    const auto& operations = each.at("operations").as_array();
    const json::object& first = operations.at(0).as_object();
    settings.attempts = first.contains("maxAttempts") ? static_cast<int>(first.at("maxAttempts").as_int64())
                                                      : limits::aws_attempts;
    begin_with(first.at("initialClientSkew").as_int64());
    for (const json::value& operation : operations)
      run(operation.as_object(), std::string(each.at("description").as_string()));
  }
}

} // namespace
} // namespace kaden::aws
