#include "sns_trust.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "kaden/limits/webhooks.h"
#include "source_folder.h"

namespace kaden::app {
namespace {

using testing::HasSubstr;

std::string path(const std::string& name) {
  return source_folder() + "/src/source/webhook/testdata/" + name;
}
std::string sample(const std::string& name) {
  std::ifstream file(path(name));
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

const std::string host = "sns.ap-northeast-1.amazonaws.com";
const WallTime valid = *parse_iso8601("2026-12-01T00:00:00Z"); ///< for the sample's certificate

/// SNS as it would answer; counts what it was asked.
class SnsTrustTest : public testing::Test {
 protected:
  SnsTrustTest() {
    sns_.topics = {"arn:aws:sns:ap-northeast-1:111122223333:kaden-alarms"};
    message_ = *webhook::parse_sns_message(sample("notification.v2.json"));
  }
  Result<void> check(WallTime now) { return trust_.check(sns_, message_, now, steady_); }

  config::Sns sns_;
  webhook::SnsMessage message_;
  std::vector<std::string> asked_;
  Result<std::string> answer_ = sample("signing-cert.pem");
  SteadyTime steady_{};
  SnsTrust trust_{[this](const std::string& url, const std::string&) {
    asked_.push_back(url);
    return answer_;
  }};
};

TEST_F(SnsTrustTest, BelievesAPinnedCertificateWithoutAskingAnybody) {
  sns_.certificate_file = path("signing-cert.pem");
  EXPECT_TRUE(check(message_.at + seconds(60)));
  EXPECT_TRUE(asked_.empty());
  message_.message += "x";
  EXPECT_EQ(check(message_.at).error().fault, Fault::denied);
  sns_.certificate_file = path("no-such.pem");
  EXPECT_EQ(check(message_.at).error().fault, Fault::unavailable); // SNS shall come again
}

TEST_F(SnsTrustTest, OtherTopicsAndOldMessagesAreRefused) {
  sns_.certificate_file = path("signing-cert.pem");
  EXPECT_THAT(check(message_.at + limits::sns_message_age_max + Millis(1)).error().message,
              HasSubstr("Timestamp"));
  EXPECT_THAT(check(message_.at - limits::sns_message_age_max - Millis(1)).error().message,
              HasSubstr("Timestamp"));
  EXPECT_TRUE(check(message_.at + limits::sns_message_age_max));
  sns_.topics = {"arn:aws:sns:ap-northeast-1:111122223333:another"};
  EXPECT_THAT(check(message_.at).error().message, HasSubstr("TopicArn"));
}

TEST_F(SnsTrustTest, FetchesOnceAndAsksAgainOnlyAfterAWhile) {
  answer_ = fail(Fault::unavailable, "no way to SNS");
  EXPECT_EQ(check(message_.at).error().fault, Fault::unavailable);
  EXPECT_EQ(check(message_.at).error().fault, Fault::unavailable);
  EXPECT_EQ(asked_.size(), 1U);
  steady_ += limits::sns_fetch_again;
  answer_ = sample("signing-cert.pem");
  // The sample's certificate begins after its messages: fetched, and refused by its date.
  EXPECT_THAT(check(message_.at).error().message, HasSubstr("not valid at this time"));
  EXPECT_THAT(check(message_.at).error().message, HasSubstr("not valid at this time"));
  EXPECT_EQ(asked_.size(), 2U);
}

TEST_F(SnsTrustTest, NobodyElseIsEverAsked) {
  for (const std::string bad : {"https://evil.example/a.pem", "http://sns.us-east-1.amazonaws.com/a.pem",
                                "https://169.254.169.254/a.pem"}) {
    message_.signing_cert_url = bad;
    EXPECT_EQ(check(message_.at).error().fault, Fault::denied) << bad;
  }
  auto confirmation = *webhook::parse_sns_message(sample("subscription-confirmation.v2.json"));
  confirmation.subscribe_url = "https://evil.example/?Action=ConfirmSubscription";
  EXPECT_FALSE(trust_.confirm(sns_, confirmation));
  EXPECT_TRUE(asked_.empty());
  confirmation = *webhook::parse_sns_message(sample("subscription-confirmation.v2.json"));
  EXPECT_TRUE(trust_.confirm(sns_, confirmation));
  EXPECT_EQ(asked_, std::vector{confirmation.subscribe_url});
  answer_ = fail(Fault::unavailable, "busy");
  EXPECT_EQ(trust_.confirm(sns_, confirmation).error().fault, Fault::unavailable);
}

TEST(Certificate, DatesNameAndIssuer) {
  const std::string pem = sample("signing-cert.pem");
  // Its own issuer: known only where it is named.
  EXPECT_TRUE(check_certificate(pem, host, path("signing-cert.pem"), valid));
  EXPECT_THAT(check_certificate(pem, host, "", valid).error().message, HasSubstr("not trusted"));
  EXPECT_THAT(check_certificate(pem, host, path("signing-cert.pem"), *parse_iso8601("2026-11-01T00:00:00Z"))
                  .error()
                  .message,
              HasSubstr("not valid at this time"));
  EXPECT_THAT(check_certificate(pem, host, path("signing-cert.pem"), *parse_iso8601("2037-01-01T00:00:00Z"))
                  .error()
                  .message,
              HasSubstr("not valid at this time"));
  EXPECT_THAT(check_certificate("", host, "", valid).error().message, HasSubstr("not PEM"));
  EXPECT_THAT(check_certificate("<html>", host, "", valid).error().message, HasSubstr("not PEM"));
  EXPECT_EQ(check_certificate(pem, host, "/no/such.pem", valid).error().fault, Fault::unavailable);
}

} // namespace
} // namespace kaden::app
