/// alarm_requests.h - alarms as requests of the aws CLI, which define them on Kaden's endpoint just as they
/// are, and the script that holds these. Room: imports, inside. Threads: values, pure functions. Errors: a
/// reason in the reader's language. API: CloudWatch PutMetricAlarm, PutCompositeAlarm.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "alarm_reading.h"

#include "kaden/base.h"

namespace kaden::imports {

struct AlarmRequest {
  std::string name;
  bool is_composite = false;
  std::string input;                 ///< JSON on one line
  std::vector<std::string> children; ///< names of the alarms that it looks at, its suppressor too
};

/// The request, or why Kaden's endpoint would not take the alarm.
tl::expected<AlarmRequest, Reason> metric_request_of(const json::object& object, Language language);
tl::expected<AlarmRequest, Reason> composite_request_of(const json::object& object, Language language);

struct Lost {
  std::string name;
  Reason why;
};

/// A script for sh: metric alarms in their order, then composite alarms with children before parents; those
/// that look at each other in a circle come last. Nothing in an alarm ends its quotes or its comment.
std::string script_of(const std::vector<AlarmRequest>& requests, const std::vector<Lost>& lost,
                      Language language);

} // namespace kaden::imports
