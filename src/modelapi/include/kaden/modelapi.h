/// kaden/modelapi.h - how severe an alarm's text is, as a question to a chat model and as its answer read
/// back. Room: modelapi. Uses: base. Pure. Amazon Bedrock's Converse (API reference: Converse) and
/// OpenAI-compatible chat completions (POST /chat/completions). Threads: values; any. Errors: none; what is
/// wrong with an answer is in TriageAnswer::detail.
///
/// The text of the alarm is data. It stands between markers made from its own digest, which nobody can write
/// into it; the answer is bound to a form; and of an answer nothing is used that is not exactly in that form.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"
#include "kaden/limits/triage.h"
#include "kaden/triage_answer.h"

namespace kaden::modelapi {

enum class Api : std::uint8_t {
  bedrock, ///< Converse
  openai,  ///< chat completions
};
std::string_view to_text(Api api);
std::optional<Api> parse_api(std::string_view text);

/// How the answer is held to its form. Whatever it is, the answer is checked all the same.
enum class Binding : std::uint8_t {
  tool,   ///< the model must call a tool whose input is the verdict; some models of 2026 refuse that
  schema, ///< native structured output: Converse's outputConfig, chat completions' json_schema
  json,   ///< only asked for, with json_object where there is one: for servers that know neither
};
std::string_view to_text(Binding binding);
std::optional<Binding> parse_binding(std::string_view text);

struct Model {
  Api api = Api::bedrock;
  std::string id; ///< "anthropic.claude-...", an inference profile, an ARN; "llama3"
  Binding binding = Binding::tool;
  bool has_temperature = true;             ///< send temperature 0; some models refuse to be told one
  std::string tokens_field = "max_tokens"; ///< chat completions: newer models want "max_completion_tokens"
  int tokens = limits::triage_tokens;      ///< that it may write
  bool operator==(const Model&) const = default;
};

/// What comes after the base URL: "/model/anthropic.claude...%3A0/converse", "/chat/completions".
std::string path_of(const Model& model);
/// The JSON to post.
std::string question_of(const Model& model, std::string_view text);

/// What arrived, whatever it is. `error_type`: the header x-amzn-ErrorType, or nullptr.
TriageAnswer answer_of(const Model& model, int status, const std::string* error_type, std::string_view body);
/// Whether the same question may be answered when it is asked once more.
bool may_pass(int status);

/// Without what a model need not know: phone numbers, AWS access key ids, and what stands after words such as
/// password, secret, token, authorization.
std::string redacted(std::string_view text);

} // namespace kaden::modelapi
