// Hostile messages in a queue.
#include "fuzz_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kaden::webhook::check_body(kaden::webhook::Format::sqs, data, size);
  return 0;
}
