// PutMetricAlarm, DescribeAlarms, DeleteAlarms and SetAlarmState: parameters in, XML out.
#pragma once

#include <string>
#include <vector>

#include "answer.h"
#include "kaden/alarm_book.h"
#include "query.h"

namespace kaden::cloudwatch {

/// A checked definition. ValidationError, MissingParameter.
Answer<alarm::Definition> read_definition(const Parameters& parameters);

struct DescribeRequest {
  std::vector<std::string> names; ///< empty: by filter
  alarm::AlarmFilter filter;
  bool nothing = false; ///< only types of alarms that do not exist here were asked for
};
Answer<DescribeRequest> read_describe(const Parameters& parameters);
/// `after`: the key the next page begins behind; empty for the last page.
std::string describe_result(const std::vector<alarm::AlarmInfo>& alarms,
                            const std::optional<alarm::AlarmKey>& after, const std::string& arn_prefix);

Answer<std::vector<std::string>> read_names(const Parameters& parameters);

struct SetStateRequest {
  std::string name;
  AlarmState state = AlarmState::ok;
  std::string reason, reason_data;
};
Answer<SetStateRequest> read_set_state(const Parameters& parameters);

} // namespace kaden::cloudwatch
