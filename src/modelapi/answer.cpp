// The answer: the one block that holds the verdict is looked for, and the verdict is read strictly. Anything
// else (prose around it, a second tool, a truncated text, a severity that nobody knows) is no answer.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "kaden/modelapi.h"
#include "words.h"

namespace kaden::modelapi {

namespace {

constexpr std::size_t detail_bytes_max = 200; // of what the other side says about itself

/// Somebody else's words in our record: one line, not long.
std::string quoted(std::string_view text) {
  std::string out(cut_utf8(is_valid_utf8(text) ? text : "?", detail_bytes_max));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return out;
}

TriageAnswer malformed(std::string detail) {
  return {TriageOutcome::malformed, {}, {}, std::move(detail)};
}

/// A member of an object, or nullptr.
const json::value* member(const json::value* value, std::string_view name) {
  const json::object* object = value == nullptr ? nullptr : value->if_object();
  return object == nullptr ? nullptr : object->if_contains(name);
}
std::optional<std::string_view> text_in(const json::value* value) {
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  if (text == nullptr) return std::nullopt;
  return std::string_view(*text);
}
const json::array* list_in(const json::value* value) {
  return value == nullptr ? nullptr : value->if_array();
}

/// Hiragana, katakana or kanji: U+3040 to U+9FFF begins with these bytes.
bool is_japanese(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0xE3 && byte <= 0xE9;
  });
}

TriageAnswer read_verdict(const json::value& value) {
  if (!value.is_object()) return malformed("the verdict is not an object");
  const Fields fields(value.get_object(), "");
  if (const auto known = fields.only({"severity", "reason_ja", "reason_en"}); !known)
    return malformed(quoted(known.error().message));
  const auto word = fields.text("severity", 32);
  if (!word) return malformed(quoted(word.error().message));
  const auto severity = parse_severity(*word);
  if (!severity)
    return malformed("severity: \"" + quoted(*word) + "\" is none of critical, error, warning, info");
  TriageAnswer answer;
  answer.outcome = TriageOutcome::judged;
  answer.severity = *severity;
  for (const Language language : {Language::ja, Language::en}) {
    const std::string name = "reason_" + std::string(kaden::to_text(language));
    const auto reason = fields.text(name, limits::triage_reason_bytes_max);
    if (!reason) return malformed(quoted(reason.error().message));
    if (const auto fault = fault_of_reason(*reason); !fault.empty())
      return malformed(name + ": " + std::string(fault));
    answer.reason[language] = trim(*reason);
  }
  if (!is_japanese(answer.reason[Language::ja])) return malformed("reason_ja: is not Japanese");
  return answer;
}

TriageAnswer read_verdict_text(std::string_view text) {
  const auto value = parse_json(trim(text));
  if (!value) return malformed("the answer is not JSON alone");
  return read_verdict(*value);
}

/// Converse: content is a list of blocks, of which reasoning and the like may come first.
TriageAnswer read_converse(const Model& model, const json::value& body) {
  const auto stop = text_in(member(&body, "stopReason"));
  const bool is_tool = model.binding == Binding::tool;
  const json::array* content = list_in(member(member(member(&body, "output"), "message"), "content"));
  if (!stop || content == nullptr) return malformed("it has no stopReason or no content");
  if (*stop != (is_tool ? "tool_use" : "end_turn")) return malformed("stopReason " + quoted(*stop));
  const json::value* found = nullptr;
  for (const json::value& block : *content) {
    const json::value* mine = member(&block, is_tool ? "toolUse" : "text");
    if (mine == nullptr) continue;
    if (found != nullptr) return malformed("it has more than one verdict");
    found = mine;
  }
  if (found == nullptr) return malformed("no verdict is in it");
  if (!is_tool) {
    const auto text = text_in(found);
    return text ? read_verdict_text(*text) : malformed("the text is not text");
  }
  if (text_in(member(found, "name")) != tool_name) return malformed("another tool was called");
  const json::value* input = member(found, "input");
  return input == nullptr ? malformed("the tool has no input") : read_verdict(*input);
}

TriageAnswer read_tool_call(const json::value& message) {
  const json::array* calls = list_in(member(&message, "tool_calls"));
  if (calls == nullptr || calls->size() != 1) return malformed("not exactly one tool was called");
  const json::value* function = member(&calls->front(), "function");
  if (text_in(member(function, "name")) != tool_name) return malformed("another tool was called");
  const auto arguments = text_in(member(function, "arguments"));
  return arguments ? read_verdict_text(*arguments) : malformed("the tool has no arguments");
}

TriageAnswer read_chat(const Model& model, const json::value& body) {
  const json::array* choices = list_in(member(&body, "choices"));
  if (choices == nullptr || choices->size() != 1) return malformed("it has not exactly one choice");
  const json::value* message = member(&choices->front(), "message");
  const auto finish = text_in(member(&choices->front(), "finish_reason"));
  if (message == nullptr || !finish) return malformed("it has no message or no finish_reason");
  if (const auto refusal = text_in(member(message, "refusal")); refusal && !refusal->empty())
    return malformed("the model refused: " + quoted(*refusal));
  const bool is_tool = model.binding == Binding::tool;
  // A tool that was asked for by its name ends with "stop" at OpenAI and with "tool_calls" at others.
  if (*finish != "stop" && !(is_tool && *finish == "tool_calls"))
    return malformed("finish_reason " + quoted(*finish));
  if (is_tool) return read_tool_call(*message);
  const auto text = text_in(member(message, "content"));
  return text ? read_verdict_text(*text) : malformed("the message has no text");
}

/// "ThrottlingException:http://internal.amazon.com/..." names the error before the colon.
std::string error_words(int status, const std::string* error_type, std::string_view body) {
  std::string out = fmt::format("HTTP status {}", status);
  if (error_type != nullptr)
    out += " " + quoted(std::string_view(*error_type).substr(0, error_type->find(':')));
  const auto value = parse_json(body);
  if (!value) return out;
  auto message = text_in(member(&*value, "message"));
  if (!message) message = text_in(member(member(&*value, "error"), "message"));
  if (!message) message = text_in(member(&*value, "error"));
  if (message && !message->empty()) out += ": " + quoted(*message);
  return out;
}

} // namespace

TriageAnswer answer_of(const Model& model, int status, const std::string* error_type, std::string_view body) {
  if (status != 200) return {TriageOutcome::failed, {}, {}, error_words(status, error_type, body)};
  const auto value = parse_json(body);
  if (!value) return malformed("it is not JSON");
  return model.api == Api::bedrock ? read_converse(model, *value) : read_chat(model, *value);
}

bool may_pass(int status) {
  return status == 408 || status == 424 || status == 429 || status == 500 || status == 502 || status == 503 ||
         status == 504;
}

} // namespace kaden::modelapi
