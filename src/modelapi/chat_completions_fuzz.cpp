// Fuzzes the reading of answers to OpenAI-compatible chat completions.
#include "fuzz_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kaden::modelapi::fuzz_answer(kaden::modelapi::Api::openai, data, size);
  return 0;
}
