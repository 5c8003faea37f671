/// kaden/alarm_event.h - one report that an alarm changed (or repeated) its state. Room: base.
/// Every source yields these; the engine takes them. Threads: values; any.
/// Errors: from_json gives Fault::invalid and names the field; the limits are in kaden/limits/alarm_events.h.
#pragma once

#include <map>
#include <string>

#include "kaden/json.h"
#include "kaden/result.h"
#include "kaden/words.h"

namespace kaden {

struct AlarmEvent {
  std::string source; ///< "guest", "cloudwatch", "api" ...; [a-z0-9_-], 1 to 64 bytes
  std::string
      event_id;      ///< the source's own id, 1 to 256 bytes: a repeat of (source, event_id) changes nothing
  std::string alarm; ///< the alarm's name, unique in its source, 1 to 255 bytes
  AlarmState state = AlarmState::alarm;
  Severity severity = Severity::critical;
  std::string machine; ///< the VM or thing in trouble, spoken as a name; may be empty, at most 255 bytes
  std::string reason;  ///< for the record, at most 1,024 bytes
  std::map<std::string, std::string> labels; ///< for routes and for {label} in texts; at most 30
  SpokenText say; ///< templates; a missing language falls back to the built-in sentence

  bool operator==(const AlarmEvent&) const = default;
};

json::value to_json(const AlarmEvent& event);
/// Strict: unknown members are refused. `path` is put before field names in errors.
Result<AlarmEvent> alarm_event_from_json(const json::value& value, const std::string& path);

} // namespace kaden
