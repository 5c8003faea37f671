// Any bytes as a metric math expression: refused with a place, or evaluated in bounded time to finite
// numbers.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>

#include "kaden/metric_math.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kaden;
  const std::string text(data, data + size);
  const auto expression = alarm::MathExpression::parse(text);
  if (!expression) {
    require(expression.error().fault == Fault::invalid && !expression.error().message.empty(),
            "a refusal has a reason");
    require(expression.error().message.size() < 1'000, "a refusal can be read");
    return 0;
  }
  const alarm::Points first{1.0, std::nullopt, -3.5, 1e300, 0.0};
  const alarm::Points second{std::nullopt, std::nullopt, 2.0, -1e-300, 7.0};
  const alarm::MathInput inputs[] = {{"m1", true, &first}, {"m2", true, &second}, {"e1", false, &second}};
  const alarm::Grid grid{wall_time(1'795'478'280'000), seconds(60), first.size()};
  const auto result = expression->evaluate(inputs, grid);
  if (!result) {
    require(result.error().fault == Fault::invalid, "an expression that does not fit its series is refused");
    return 0;
  }
  for (const auto& points : *result) {
    require(points.size() == grid.count, "a series has a place for each period");
    for (const auto& one : points) require(!one || std::isfinite(*one), "what is no number is dropped");
  }
  return 0;
}
