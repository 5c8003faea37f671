// The section triage: what it gives, and each mistake with its place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "kaden/config.h"

namespace kaden::config {
namespace {

using testing::HasSubstr;

class TriageSectionTest : public testing::Test {
 protected:
  Result<Settings> read(const std::string& section) {
    const Environment environment{[](const std::string& path) -> Result<FileText> {
                                    return FileText{"the-secret-in-" + path, 0640};
                                  },
                                  [this](const std::string& name) -> std::optional<std::string> {
                                    const auto found = variables_.find(name);
                                    return found == variables_.end() ? std::nullopt
                                                                     : std::optional(found->second);
                                  }};
    return parse("triage:\n" + section, "k.yaml", environment);
  }
  std::string mistake(const std::string& section) {
    const auto settings = read(section);
    return settings ? "(none)" : settings.error().message;
  }
  std::map<std::string, std::string> variables_;
};

TEST_F(TriageSectionTest, RulesNeedNoModel) {
  const auto settings = read(R"(
  rules:
    - {source: ["status*"], text: ["*maintenance*"], severity: info, ask_model: false}
    - {labels: {machine: "test-*"}, model_may_lower_to: warning}
)");
  ASSERT_TRUE(settings) << settings.error().message;
  const incident::Triage& triage = settings->engine.triage;
  EXPECT_EQ(triage.model, "");
  EXPECT_FALSE(settings->triage_model);
  ASSERT_EQ(triage.rules.size(), 2U);
  const incident::SeverityRule first{{"status*"}, {}, {"*maintenance*"}, Severity::info, std::nullopt, false};
  const incident::SeverityRule second{{}, {{"machine", "test-*"}}, {}, std::nullopt, Severity::warning, true};
  EXPECT_EQ(triage.rules[0], first);
  EXPECT_EQ(triage.rules[1], second);
}

TEST_F(TriageSectionTest, BedrockWithItsDefaults) {
  const auto settings = read(R"(
  model: {api: bedrock, id: "jp.anthropic.x-v1:0", region: ap-northeast-1, access_key_id: AKIA1, secret_file: /s,
          session_token_file: /t}
)");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->engine.triage.model, "bedrock jp.anthropic.x-v1:0");
  EXPECT_EQ(settings->engine.triage.wait, seconds(2));
  const TriageModel& model = *settings->triage_model;
  EXPECT_EQ(model.url, "https://bedrock-runtime.ap-northeast-1.amazonaws.com");
  EXPECT_EQ(model.model.binding, modelapi::Binding::tool);
  EXPECT_EQ(model.access_key_id, "AKIA1");
  EXPECT_EQ(model.secret, "the-secret-in-/s");
  EXPECT_EQ(model.session_token, "the-secret-in-/t");
  EXPECT_EQ(model.concurrent, 4);
}

TEST_F(TriageSectionTest, BedrockNeedsNoKeysInTheFile) {
  const std::string section = "  model: {api: bedrock, id: x, region: cn-north-1}\n";
  auto settings = read(section);
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->triage_model->access_key_id, "");
  EXPECT_EQ(settings->triage_model->api_key, "");
  EXPECT_EQ(settings->triage_model->url, "https://bedrock-runtime.cn-north-1.amazonaws.com.cn");
  variables_["AWS_BEARER_TOKEN_BEDROCK"] = "key";
  settings = read(section);
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->triage_model->api_key, "key");
}

TEST_F(TriageSectionTest, AnyOpenAiCompatibleEndpoint) {
  const auto settings = read(R"(
  time_limit_s: 5
  model: {api: openai, id: m, url: "http://127.0.0.1:8000/v1/", api_key_env: KEY, answer: json, temperature: false,
          tokens: 2000, tokens_field: max_completion_tokens, concurrent: 1}
)");
  ASSERT_FALSE(settings);
  variables_["KEY"] = "k";
  const auto good = read(R"(
  time_limit_s: 5
  model: {api: openai, id: m, url: "http://127.0.0.1:8000/v1/", api_key_env: KEY, answer: json, temperature: false,
          tokens: 2000, tokens_field: max_completion_tokens, concurrent: 1}
)");
  ASSERT_TRUE(good) << good.error().message;
  const TriageModel& model = *good->triage_model;
  EXPECT_EQ(model.url, "http://127.0.0.1:8000/v1");
  EXPECT_EQ(model.api_key, "k");
  EXPECT_EQ(model.model.binding, modelapi::Binding::json);
  EXPECT_FALSE(model.model.has_temperature);
  EXPECT_EQ(model.model.tokens, 2'000);
  EXPECT_EQ(model.model.tokens_field, "max_completion_tokens");
  EXPECT_EQ(good->engine.triage.wait, seconds(5));
}

TEST_F(TriageSectionTest, EachMistakeIsSaid) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"  rules: [{source: [x]}]\n", "triage.rules[0]: says nothing"},
      {"  rules: [{severity: high}]\n", "k.yaml:2:22: triage.rules[0].severity"},
      {"  rules: [{severity: info, model_may_lower_to: error}]\n", "is above the rule's severity"},
      {"  rules: [{severity: error, ask_model: false, model_may_lower_to: info}]\n", "no model is asked"},
      {"  time_limit_s: 3\n", "is a model's, and there is no model"},
      {"  model: {api: claude, id: x}\n", "triage.model.api"},
      {"  model: {api: openai, id: x}\n", "triage.model.url: is missing"},
      {"  model: {api: bedrock, id: x, access_key_id: A, secret_file: /s}\n",
       "triage.model.region: is missing"},
      {"  model: {api: openai, id: x, url: \"http://10.0.0.9/v1\"}\n",
       "is http: the texts of alarms go there"},
      {"  model: {api: openai, id: x, url: \"http://169.254.169.254/v1\"}\n", "link-local"},
      {"  model: {api: openai, id: x, url: \"https://h/v1?key=1\"}\n", "is not an address"},
      {"  model: {api: openai, id: x, url: \"https://h/v1\", region: r}\n", "only Bedrock has regions"},
      {"  model: {api: openai, id: x, url: \"https://h/v1\", access_key_id: r, secret_file: /s}\n",
       "only Bedrock takes signed questions"},
      {"  model: {api: bedrock, id: x, region: r, access_key_id: a, secret_file: /s, api_key_file: /k}\n",
       "not both"},
      {"  model: {api: bedrock, id: x, region: r, session_token_file: /s}\n", "a session token goes with"},
      {"  model: {api: openai, id: x, url: \"https://h/v1\", answer: prose}\n", "triage.model.answer"},
      {"  model: {api: openai, id: x, url: \"https://h/v1\", tokens_field: tokens}\n", "is max_tokens or"},
      {"  time_limit_s: 31\n  model: {api: openai, id: x, url: \"https://h/v1\"}\n", "triage.time_limit_s"}};
  for (const auto& [section, expected] : cases) EXPECT_THAT(mistake(section), HasSubstr(expected)) << section;
  EXPECT_EQ(mistake("  model: {api: openai, id: x, url: \"http://10.0.0.9/v1\", allow_plain: true}\n"),
            "(none)");
}

} // namespace
} // namespace kaden::config
