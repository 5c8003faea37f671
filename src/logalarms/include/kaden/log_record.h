/// kaden/log_record.h - one record of a log, wherever it comes from. Room: logalarms. Uses: base. Pure.
/// Threads: values; any. Errors: none.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kaden/base.h"

namespace kaden::logalarms {

/// All texts are valid UTF-8; empty means that the record does not say.
struct Record {
  WallTime at{};           ///< when it was written, or came in, where that is not known
  std::string text;        ///< the message: one line or several
  bool has_header = false; ///< syslog, journald: the fields below are beside the text, not in it
  std::string time;        ///< as the sender wrote it
  std::string host, app, process, message_id;
  int facility = -1, severity = -1; ///< RFC 5424 section 6.2.1; -1: none
  std::string unit;                 ///< of systemd
  std::string file;                 ///< path
  std::string group;                ///< log group
  std::vector<std::pair<std::string, std::string>>
      data; ///< structured data as "element.name", journal fields
};

/// "host", "app", "process", "message_id", "facility" and "severity" (as words), "unit", "file", "group".
/// Empty: none, or no such field.
std::string field_of(const Record& record, std::string_view name);
/// The names that field_of() knows.
const std::vector<std::string_view>& field_names();

/// What JSON patterns and the log store see of a record with a header: one object on one line with host, app,
/// process, message_id, facility ("kern"), severity (a number: 3), level ("err"), unit, time, data and
/// message, those that there are. A message that is a JSON object stands in it as one.
std::string json_of(const Record& record);

} // namespace kaden::logalarms
