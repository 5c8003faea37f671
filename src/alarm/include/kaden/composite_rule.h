/// kaden/composite_rule.h - the rule of a composite alarm: parser and evaluation. Room: alarm. Uses: base.
/// Threads: values, pure functions. Errors: invalid, with the place in the rule ("at 7: ...", counted from
/// 1). API: CloudWatch PutCompositeAlarm, AlarmRule.
///
///   expr  := and {"OR" and} ; and := not {"AND" not} ; not := ["NOT"] prim
///   prim  := "(" expr ")" | "TRUE" | "FALSE" | STATE "(" ref ")"
///          | "AT_LEAST" "(" k "," ["NOT"] STATE "," "(" ref {"," ref} ")" ")"
///   STATE := "ALARM" | "OK" | "INSUFFICIENT_DATA" ; k := integer | integer "%"
///   ref   := name | ARN | '"' name or ARN, with \" and \\, '"'
///
/// Words may be written in any case. k% is that share of the listed alarms, rounded up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"

namespace kaden::alarm {

/// The name in "arn:aws:cloudwatch:REGION:ACCOUNT:alarm:NAME", else the whole text.
std::string alarm_name_of(std::string_view name_or_arn);

class CompositeRule {
 public:
  /// At most limits::rule_bytes_max long, limits::rule_children_max different alarms,
  /// limits::rule_elements_max elements (states, TRUE and FALSE; AT_LEAST counts its alarms),
  /// limits::rule_depth_max deep.
  static Result<CompositeRule> parse(std::string_view text);

  /// Names of the alarms, each once, in the order they stand; of an ARN the name.
  const std::vector<std::string>& children() const { return children_; }
  /// `states` in the order of children().
  bool holds(std::span<const AlarmState> states) const;

 private:
  friend class RuleParser;
  /// In the order of evaluation on a stack of booleans.
  struct Step {
    enum class Kind : std::uint8_t { constant, state, at_least, negate, both, either };
    Kind kind = Kind::constant;
    bool negated = false; // at_least: NOT STATE
    bool value = false;   // constant
    AlarmState state{};
    std::uint32_t first = 0, count = 0; // children: an index of its own (state) or a range in lists_
    std::uint32_t least = 0;
  };
  std::vector<std::string> children_;
  std::vector<std::uint32_t> lists_; // children of AT_LEAST
  std::vector<Step> steps_;
};

} // namespace kaden::alarm
