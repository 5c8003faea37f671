// Any bytes as the rule of a composite alarm: refused with a place, or a rule that can be evaluated.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "kaden/composite_rule.h"
#include "kaden/limits/metrics.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kaden;
  const std::string text(data, data + size);
  const auto rule = alarm::CompositeRule::parse(text);
  if (!rule) {
    require(rule.error().fault == Fault::invalid && !rule.error().message.empty(), "a refusal has a reason");
    require(rule.error().message.size() < 1'000, "a refusal can be read");
    return 0;
  }
  require(rule->children().size() <= limits::rule_children_max, "a rule keeps its limits");
  for (const AlarmState state : {AlarmState::ok, AlarmState::alarm, AlarmState::insufficient_data}) {
    const std::vector<AlarmState> states(rule->children().size(), state);
    require(rule->holds(states) == rule->holds(states), "the same states give the same result");
  }
  const auto negated = alarm::CompositeRule::parse("NOT (" + text + ")");
  if (negated) {
    const std::vector<AlarmState> states(rule->children().size(), AlarmState::alarm);
    require(negated->holds(states) != rule->holds(states), "NOT is the other one");
  }
  return 0;
}
