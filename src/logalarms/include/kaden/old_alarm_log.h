/// kaden/old_alarm_log.h - the old log of vCenter's alarms: `Get-AlarmDefinition | Get-AlarmAction >>
/// logfile.log`. Room: logalarms. Uses: base. Pure. Threads: values; any. Errors: none.
///
/// PowerCLI's Get-AlarmDefinition gives definitions, Get-AlarmAction the actions configured on them (mail,
/// trap, script). Neither says that an alarm is or was triggered, nor when or on what, so no pattern over
/// such a log can find out. vCenter has to be asked: docs/vcenter.md.
#pragma once

#include <string>
#include <string_view>

#include "kaden/base.h"

namespace kaden::logalarms {

/// A line that only that log has: the head or a row of Get-AlarmAction's table, a member of its list, a Uid
/// of an action or a definition. Also in UTF-16, as Windows PowerShell's `>>` writes it.
bool is_of_old_alarm_log(std::string_view line);

/// What to tell people: one or two sentences.
std::string old_alarm_log_hint(Language language);

} // namespace kaden::logalarms
