#include "kaden/log_record.h"

#include "kaden/syslog.h"

namespace kaden::logalarms {

namespace {

void put(json::object& object, std::string_view name, const std::string& value) {
  if (!value.empty()) object.emplace(name, value);
}

/// A JSON object as one, anything else as the text it is.
json::value message_of(const std::string& text) {
  if (text.starts_with("{")) {
    auto parsed = parse_json(text);
    if (parsed && parsed->is_object()) return std::move(*parsed);
  }
  return json::value(text);
}

} // namespace

const std::vector<std::string_view>& field_names() {
  static const std::vector<std::string_view> names{"host",     "app",  "process", "message_id", "facility",
                                                   "severity", "unit", "file",    "group"};
  return names;
}

std::string field_of(const Record& record, std::string_view name) {
  if (name == "host") return record.host;
  if (name == "app") return record.app;
  if (name == "process") return record.process;
  if (name == "message_id") return record.message_id;
  if (name == "facility") return std::string(syslog::facility_word(record.facility));
  if (name == "severity") return std::string(syslog::severity_word(record.severity));
  if (name == "unit") return record.unit;
  if (name == "file") return record.file;
  if (name == "group") return record.group;
  return "";
}

std::string json_of(const Record& record) {
  json::object object;
  object.reserve(11);
  put(object, "host", record.host);
  put(object, "app", record.app);
  put(object, "process", record.process);
  put(object, "message_id", record.message_id);
  if (record.facility >= 0) put(object, "facility", field_of(record, "facility"));
  if (record.severity >= 0) {
    object.emplace("severity", record.severity);
    put(object, "level", field_of(record, "severity"));
  }
  put(object, "unit", record.unit);
  put(object, "file", record.file);
  put(object, "time", record.time);
  if (!record.data.empty()) {
    json::object data;
    for (const auto& [name, value] : record.data) data.insert_or_assign(name, value);
    object.emplace("data", std::move(data));
  }
  object.emplace("message", message_of(record.text));
  return to_text(json::value(std::move(object)));
}

} // namespace kaden::logalarms
