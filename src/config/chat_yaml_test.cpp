#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kaden/config.h"
#include "town.h"

namespace kaden::config {
namespace {

using testing::HasSubstr;
using testing::Not;

Result<Settings> read_with_webhook(const std::string& text) {
  Town town;
  town.files["/etc/hook"] = {"https://hooks.slack.example/services/T0/B0/x\n", 0600};
  town.files["/etc/plain"] = {"http://hooks.slack.example/services/T0/B0/x", 0600};
  return parse(text, "k.yaml", town.environment());
}
std::string error_with_webhook(const std::string& text) {
  const auto settings = read_with_webhook(text);
  return settings ? "no error" : settings.error().message;
}

TEST(ChatSection, AWebhookOrAToken) {
  EXPECT_FALSE(read("{}")->chat);
  const auto hook = read_with_webhook("chat: {slack: {webhook_file: /etc/hook}}");
  ASSERT_TRUE(hook) << hook.error().message;
  Chat expected;
  expected.slack.webhook_url = "https://hooks.slack.example/services/T0/B0/x";
  EXPECT_EQ(hook->chat, expected);
  const auto token = read_with_webhook(
      "chat: {language: ja, ack_link_s: 0, slack: {token_env: KADEN_TOKEN, channel: C012, ca_file: "
      "/etc/agent, "
      "api_url: \"http://127.0.0.1:9/api\"}}");
  ASSERT_TRUE(token) << token.error().message;
  expected = {
      Language::ja, Millis(0), {"", "token-token-token", "C012", "http://127.0.0.1:9/api", "/etc/agent"}};
  EXPECT_EQ(token->chat, expected);
}

TEST(ChatSection, MistakesHaveTheirPlaceAndNoSecret) {
  const struct {
    const char* text;
    const char* error;
  } table[] = {
      {"chat: {}", "k.yaml:1:7: chat.slack: is missing"},
      {"chat: {slack: {}}",
       "k.yaml:1:15: chat.slack: webhook_file, webhook_env, token_file or token_env is missing"},
      {"chat: {slack: {webhook_file: /etc/hook, token_env: KADEN_TOKEN}}",
       "k.yaml:1:15: chat.slack: give webhook_file (or webhook_env) or token_file (or token_env), not both"},
      {"chat: {slack: {token_env: KADEN_TOKEN}}", "k.yaml:1:15: chat.slack.channel: is missing"},
      {"chat: {slack: {webhook_file: /etc/plain}}",
       "k.yaml:1:30: chat.slack.webhook_file: the secret is not an https address"},
      {"chat: {slack: {webhook_file: /etc/hook, channel: C1}}",
       "k.yaml:1:50: chat.slack.channel: a webhook has a channel of its own"},
      {"chat: {slack: {webhook_file: /etc/hook, api_url: \"http://a.example\"}}",
       "k.yaml:1:50: chat.slack.api_url: is not an https address"},
      {"chat: {ack_link_s: 604801, slack: {webhook_file: /etc/hook}}",
       "k.yaml:1:20: chat.ack_link_s: 604801 is not between 0 and 604800"},
      {"listen: {public_url: kaden.example}",
       "k.yaml:1:22: listen.public_url: is not an address such as https://kaden.example.com:8480"},
  };
  for (const auto& one : table) {
    EXPECT_EQ(error_with_webhook(one.text), one.error) << one.text;
    EXPECT_THAT(error_with_webhook(one.text), Not(HasSubstr("T0/B0")));
  }
}

TEST(ChatSection, ThePublicUrlHasNoSlashAtItsEnd) {
  EXPECT_EQ(read("listen: {public_url: \"https://kaden.example:8480/\"}")->listen.public_url,
            "https://kaden.example:8480");
}

} // namespace
} // namespace kaden::config
