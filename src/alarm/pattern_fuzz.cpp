// Any bytes as a regular expression (first line) and a text (the rest): refused, or matched in bounded time.
#include <cstddef>
#include <cstdint>
#include <string>

#include "kaden/limits/alarm_events.h"
#include "kaden/pattern.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kaden;
  const std::string input(data, data + size);
  const std::size_t end = input.find('\n');
  const auto pattern = alarm::Pattern::parse(input.substr(0, end));
  if (!pattern) {
    require(pattern.error().fault == Fault::invalid && !pattern.error().message.empty(),
            "a refusal has a reason");
    return 0;
  }
  const std::string rest = end == std::string::npos ? std::string() : input.substr(end + 1);
  const std::string text(cut_utf8(rest, limits::label_bytes_max));
  static_cast<void>(pattern->matches(text)); // the CPU-time oracle looks on
  return 0;
}
