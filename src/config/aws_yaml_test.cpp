// Section `aws`, and the queues of webhooks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "town.h"

namespace kaden::config {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const std::string hook = R"(webhooks:
  - {name: aws, format: sqs, queue: {url: "https://sqs.ap-northeast-1.amazonaws.com/111122223333/alarms"}}
)";

TEST(Aws, is_nothing_but_what_is_usual) {
  const auto settings = read(people);
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->sources.aws, Aws());
  EXPECT_THAT(settings->sources.queues, IsEmpty());
}

TEST(Aws, reads_each_key) {
  const auto settings = read(people + hook + R"(
aws:
  region: ap-northeast-1
  profile: kaden
  endpoints: {sqs: "https://vpce-1.sqs.ap-northeast-1.vpce.amazonaws.com", sts: "http://127.0.0.1:4566"}
  fips: true
  dual_stack: true
  instance_metadata: false
)");
  ASSERT_TRUE(settings) << settings.error().message;
  const Aws& aws = settings->sources.aws;
  EXPECT_EQ(aws.region, "ap-northeast-1");
  EXPECT_EQ(aws.profile, "kaden");
  EXPECT_EQ(aws.endpoints.at("sqs"), "https://vpce-1.sqs.ap-northeast-1.vpce.amazonaws.com");
  EXPECT_TRUE(aws.fips && aws.dual_stack && !aws.instance_metadata);
  ASSERT_EQ(settings->sources.queues.size(), 1U);
  const Queue& queue = settings->sources.queues.front();
  EXPECT_EQ(queue.webhook, "aws");
  EXPECT_EQ(queue.name, "aws");
  EXPECT_EQ(queue.url, "https://sqs.ap-northeast-1.amazonaws.com/111122223333/alarms");
  EXPECT_EQ(queue.unreadable_after, seconds(300));
  EXPECT_EQ(settings->webhooks.front().queue, queue);
  EXPECT_EQ(settings->webhooks.front().token, "");
}

TEST(Aws, mistakes_name_their_place) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"aws: {region: Tokyo}", "aws.region: \"Tokyo\" is no region such as ap-northeast-1"},
      {"aws: {endpoints: {sqss: \"https://x\"}}", "sqss: Kaden asks no such service (did you mean \"sqs\"?)"},
      {"aws: {endpoints: {sqs: vpce.example}}", "sqs: is not an address such as"},
      {"aws: {endpoints: {sqs: \"http://10.0.0.1\"}}",
       "sqs: is http: only https, but for this machine itself"},
      {"aws: {endpoints: {sqs: \"http://169.254.169.254\"}}", "is a link-local address"},
      {"aws: {key: x}", "key"},
      {"webhooks:\n  - {name: q, format: sqs}", "format sqs needs queue"},
      {"webhooks:\n  - {name: q, format: sqs, queue: {}}", "url"},
      {"webhooks:\n  - {name: q, format: sqs, queue: {url: \"https://sqs.eu-west-1.amazonaws.com/alarms\"}}",
       "is no queue's URL"},
      {"webhooks:\n  - {name: q, format: sqs, token_env: KADEN_TOKEN, queue: {url: "
       "\"https://sqs.eu-west-1.amazonaws.com/1/a\"}}",
       "format sqs has no token"},
      {"webhooks:\n  - {name: q, format: grafana, token_env: KADEN_TOKEN, queue: {url: "
       "\"https://sqs.eu-west-1.amazonaws.com/1/a\"}}",
       "only format sqs has a queue"},
  };
  for (const auto& [text, wanted] : table) {
    const auto settings = read(people + text + "\n");
    ASSERT_FALSE(settings) << text;
    EXPECT_THAT(settings.error().message, HasSubstr(wanted)) << text;
    EXPECT_THAT(settings.error().message, HasSubstr("k.yaml:")) << text;
  }
}

} // namespace
} // namespace kaden::config
