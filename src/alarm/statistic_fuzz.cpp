// Any bytes as a statistic: refused, or one that gives a finite number and reads back.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>

#include "kaden/statistic.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kaden;
  const std::string text(data, data + size);
  const auto statistic = alarm::parse_any_statistic(text);
  if (!statistic) {
    require(!statistic.error().message.empty(), "a refusal has a reason");
    return 0;
  }
  require(alarm::to_text(*statistic) == text, "a statistic is written as it was read");
  if (!statistic->extended) return 0;
  const alarm::ValueCount values[] = {{0, 3}, {1.5, 1}, {20, 100}, {1e9, 0.5}};
  const auto value = alarm::value_of(*statistic->extended, values);
  require(!value || std::isfinite(*value), "a statistic is a number");
  return 0;
}
