// Fuzzes the reading of Amazon Bedrock's answers.
#include "fuzz_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kaden::modelapi::fuzz_answer(kaden::modelapi::Api::bedrock, data, size);
  return 0;
}
