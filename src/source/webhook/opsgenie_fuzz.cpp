// Hostile calls of the alert API: the first line is the call, the rest its body.
#include "fuzz_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kaden::webhook;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t end = bytes.find('\n');
  Rules rules;
  rules.format = Format::opsgenie;
  rules.source = "fuzz";
  check_delivery(rules, {bytes.substr(0, end), end == std::string::npos ? "" : bytes.substr(end + 1)});
  return 0;
}
