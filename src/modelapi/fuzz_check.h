// What holds of any answer, whatever was sent: of all fuzzers of answers.
#pragma once

#include <cstdint>

#include "kaden/modelapi.h"

namespace kaden::modelapi {

/// The first byte chooses the binding, the rest is the body.
inline void fuzz_answer(Api api, const std::uint8_t* data, std::size_t size) {
  if (size == 0) return;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  Model model;
  model.api = api;
  model.binding = static_cast<Binding>(data[0] % 3);
  const std::string type(body.substr(0, 64));
  const int status = data[0] < 200 ? 200 : 429;
  const TriageAnswer answer = answer_of(model, status, &type, body);
  require(answer == answer_of(model, status, &type, body), "the same answer reads the same");
  if (answer.outcome == TriageOutcome::judged) {
    require(status == 200 && answer.reason.size() == 2, "a verdict has its reason in both languages");
    for (const auto& [language, reason] : answer.reason)
      require(fault_of_reason(reason).empty(), "a reason is one line that may be shown");
  } else {
    require(answer.reason.empty() && !answer.detail.empty(), "a failure says what is wrong");
    require(is_valid_utf8(answer.detail) && answer.detail.size() < 600 &&
                answer.detail.find('\n') == std::string::npos,
            "what is wrong is one line");
  }
  const std::string question = question_of(model, is_valid_utf8(body) ? body : "?");
  require(parse_json(question).has_value(), "a question is JSON whatever the alarm says");
}

} // namespace kaden::modelapi
