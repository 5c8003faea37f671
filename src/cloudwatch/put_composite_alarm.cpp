#include <fmt/format.h>

#include <algorithm>

#include "alarm_actions.h"
#include "operations.h"
#include "reading.h"

#include "kaden/limits/metrics.h"

namespace kaden::cloudwatch {

namespace {

constexpr std::size_t actions_max = 5;
constexpr std::size_t action_characters_max = 1'024;

/// ActionsSuppressor and its two periods: all three or none.
Answer<void> read_suppressor(const Value& input, alarm::CompositeDefinition& out) {
  const bool has_wait = input.has("ActionsSuppressorWaitPeriod");
  const bool has_extension = input.has("ActionsSuppressorExtensionPeriod");
  const bool has_suppressor = !input.text_or("ActionsSuppressor", "").empty();
  if (has_suppressor != has_wait || has_suppressor != has_extension) {
    return problem(
        validation,
        "ActionsSuppressor, ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod must be "
        "specified together.");
  }
  if (!has_suppressor) return {};
  out.suppressor = input.text_or("ActionsSuppressor", "");
  out.wait_period = seconds(input.integer("ActionsSuppressorWaitPeriod").value_or(0));
  out.extension_period = seconds(input.integer("ActionsSuppressorExtensionPeriod").value_or(0));
  for (const Millis period : {out.wait_period, out.extension_period}) {
    if (period < Millis(0) || period > limits::suppressor_period_max) {
      return problem(validation, fmt::format("The periods of a suppressor must be 0 to {} seconds.",
                                             limits::suppressor_period_max.count() / 1000));
    }
  }
  return {};
}

} // namespace

Answer<std::vector<std::string>> read_actions(const Value& input, const std::string& name) {
  auto actions = input.texts(name);
  if (actions.size() > actions_max) {
    return tl::unexpected<Problem>(
        must_be(name, nullptr, fmt::format("Member must have length less than or equal to {}", actions_max)));
  }
  for (const auto& action : actions) {
    if (action.empty() || characters(action) > action_characters_max) {
      return tl::unexpected<Problem>(must_be(name, &action, "Member must have length between 1 and 1024"));
    }
    // arn:partition:service:region:account:resource
    if (!action.starts_with("arn:") || std::count(action.begin(), action.end(), ':') < 5) {
      return problem(validation, "Invalid arn syntax: " + std::string(cut_utf8(action, 300)));
    }
  }
  return actions;
}

Answer<alarm::CompositeDefinition> read_composite(const Value& input) {
  alarm::CompositeDefinition out;
  if (auto read = read_alarm_head(input, out); !read) return refused(read);
  auto rule = required_text(input, "AlarmRule", limits::rule_bytes_max);
  if (!rule) return refused(rule);
  out.rule = std::move(*rule);
  if (auto read = read_suppressor(input, out); !read) return refused(read);
  if (const auto checked = alarm::check(out); !checked) return problem(validation, checked.error().message);
  return out;
}

void add_composite_alarms(const Offer& offer) {
  using smithy::text_shape;
  const Shapes& shapes = offer.shapes;
  const auto* input = shapes.model->structure({{"AlarmName", &text_shape},
                                               {"AlarmDescription", &text_shape},
                                               {"ActionsEnabled", &smithy::boolean_shape},
                                               {"OKActions", shapes.texts},
                                               {"AlarmActions", shapes.texts},
                                               {"InsufficientDataActions", shapes.texts},
                                               {"AlarmRule", &text_shape},
                                               {"Tags", shapes.tags},
                                               {"ActionsSuppressor", &text_shape},
                                               {"ActionsSuppressorWaitPeriod", &smithy::integer_shape},
                                               {"ActionsSuppressorExtensionPeriod", &smithy::integer_shape}});
  offer.service.add(
      {"PutCompositeAlarm", input}, smithy::Permission::alarms,
      [desk = offer.desk](const smithy::Caller& caller, const Value& in, const smithy::Respond& respond) {
        auto definition = read_composite(in);
        if (!definition) return respond(refused(definition));
        desk->define(std::move(*definition), caller.now, answering(respond));
      });
}

} // namespace kaden::cloudwatch
