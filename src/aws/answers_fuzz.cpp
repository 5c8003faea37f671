// Feeds an answer to what reads AWS's failures, STS and keys: no crash, and no keys without a secret.
#include <cstddef>
#include <cstdint>

#include "kaden/aws_client.h"
#include "metadata.h"
#include "sts.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kaden;
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(data[i]);
  const std::string line = text.substr(0, text.find('\n'));
  const auto failure = aws::failure_of({400, {{"x-amzn-ErrorType", line}}, text});
  require(failure.code.size() <= 200 && failure.message.size() <= 1'000, "a failure is short");
  static_cast<void>(aws::failure_of({503, {}, text}));
  for (const int status : {200, 400}) {
    const auto keys = aws::parse_sts_answer(status, text);
    require(!keys || (!keys->keys.secret.empty() && keys->expires), "a role's keys are whole and end");
  }
  const auto keys = aws::parse_keys(text, "Token", true);
  require(!keys || (!keys->keys.access_key_id.empty() && !keys->keys.secret.empty() && keys->expires),
          "keys are whole");
  return 0;
}
