// What metric alarms and composite alarms have in common: name, description, actions, tags.
#pragma once

#include <string>
#include <vector>

#include "operations.h"
#include "reading.h"

namespace kaden::cloudwatch {

/// At most 5 of up to 1,024 characters.
Answer<std::vector<std::string>> read_actions(const Value& input, const std::string& name);

/// AlarmName, AlarmDescription, ActionsEnabled, the three lists of actions, and Tags. ValidationError.
template <class Definition>
Answer<void> read_alarm_head(const Value& input, Definition& out) {
  auto name = required_text(input, "AlarmName", alarm_name_characters_max);
  if (!name) return refused(name);
  constexpr std::size_t description_characters_max = 1'024; // CloudWatch's own
  out.name = std::move(*name);
  out.description = input.text_or("AlarmDescription", "");
  if (characters(out.description) > description_characters_max) {
    return problem(validation, "AlarmDescription must have length less than or equal to 1024");
  }
  out.actions_enabled = input.flag("ActionsEnabled").value_or(true);
  const std::pair<const char*, std::vector<std::string>*> lists[] = {
      {"OKActions", &out.ok_actions},
      {"AlarmActions", &out.alarm_actions},
      {"InsufficientDataActions", &out.insufficient_data_actions}};
  for (const auto& [list, into] : lists) {
    auto actions = read_actions(input, list);
    if (!actions) return refused(actions);
    *into = std::move(*actions);
  }
  auto tags = read_tags(input);
  if (!tags) return refused(tags);
  out.tags = std::move(*tags);
  return {};
}

} // namespace kaden::cloudwatch
