#include "kaden/alarm_event.h"

#include <fmt/format.h>

#include "kaden/limits/alarm_events.h"
#include "kaden/text.h"

namespace kaden {

namespace {

json::object to_object(const std::map<std::string, std::string>& texts) {
  json::object object;
  object.reserve(texts.size());
  for (const auto& [key, value] : texts) object.emplace(key, value);
  return object;
}

bool is_source_name(std::string_view text) {
  for (const char c : text) {
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_')) return false;
  }
  return !text.empty();
}

Result<SpokenText> read_say(const Fields& fields) {
  SpokenText say;
  const auto texts = fields.text_map("say", 2, limits::say_bytes_max);
  if (!texts) return tl::unexpected(texts.error());
  for (const auto& [key, value] : *texts) {
    const auto language = parse_language(key);
    if (!language) return fail(Fault::invalid, fields.path_of("say") + ": languages are \"ja\" and \"en\"");
    say.emplace(*language, value);
  }
  return say;
}

Result<std::string> not_empty(const Fields& fields, std::string_view name, std::size_t bytes_max) {
  auto text = fields.text(name, bytes_max);
  if (text && trim(*text).empty()) return fail(Fault::invalid, fields.path_of(name) + ": must not be empty");
  return text;
}

} // namespace

json::value to_json(const AlarmEvent& event) {
  json::object object;
  object.reserve(9);
  object.emplace("source", event.source);
  object.emplace("event_id", event.event_id);
  object.emplace("alarm", event.alarm);
  object.emplace("state", to_text(event.state));
  object.emplace("severity", to_text(event.severity));
  if (!event.machine.empty()) object.emplace("machine", event.machine);
  if (!event.reason.empty()) object.emplace("reason", event.reason);
  if (!event.labels.empty()) object.emplace("labels", to_object(event.labels));
  if (!event.say.empty()) {
    json::object say;
    for (const auto& [language, text] : event.say) say.emplace(to_text(language), text);
    object.emplace("say", std::move(say));
  }
  return object;
}

Result<AlarmEvent> alarm_event_from_json(const json::value& value, const std::string& path) {
  if (!value.is_object()) return fail(Fault::invalid, path + ": must be an object");
  const Fields fields(value.get_object(), path);
  AlarmEvent event;
  const auto known =
      fields.only({"source", "event_id", "alarm", "state", "severity", "machine", "reason", "labels", "say"});
  if (!known) return tl::unexpected(known.error());

  auto source = fields.text_or("source", limits::source_bytes_max, "api");
  if (!source) return tl::unexpected(source.error());
  if (!is_source_name(*source)) {
    return fail(Fault::invalid, fields.path_of("source") + ": only a-z, 0-9, '-' and '_' are allowed");
  }
  event.source = std::move(*source);
  auto id = not_empty(fields, "event_id", limits::event_id_bytes_max);
  if (!id) return tl::unexpected(id.error());
  event.event_id = std::move(*id);
  auto alarm = not_empty(fields, "alarm", limits::alarm_name_bytes_max);
  if (!alarm) return tl::unexpected(alarm.error());
  event.alarm = std::move(*alarm);

  const auto state = fields.text_or("state", 32, "ALARM");
  if (!state) return tl::unexpected(state.error());
  const auto parsed_state = parse_alarm_state(*state);
  if (!parsed_state) {
    return fail(Fault::invalid, fields.path_of("state") + ": must be OK, ALARM or INSUFFICIENT_DATA");
  }
  event.state = *parsed_state;
  const auto severity = fields.text_or("severity", 32, "critical");
  if (!severity) return tl::unexpected(severity.error());
  const auto parsed_severity = parse_severity(*severity);
  if (!parsed_severity) {
    return fail(Fault::invalid, fields.path_of("severity") + ": must be critical, error, warning or info");
  }
  event.severity = *parsed_severity;

  auto machine = fields.text_or("machine", limits::machine_bytes_max, "");
  if (!machine) return tl::unexpected(machine.error());
  event.machine = std::move(*machine);
  auto reason = fields.text_or("reason", limits::reason_bytes_max, "");
  if (!reason) return tl::unexpected(reason.error());
  event.reason = std::move(*reason);
  auto labels = fields.text_map("labels", limits::labels_max, limits::label_bytes_max);
  if (!labels) return tl::unexpected(labels.error());
  event.labels = std::move(*labels);
  auto say = read_say(fields);
  if (!say) return tl::unexpected(say.error());
  event.say = std::move(*say);
  return event;
}

} // namespace kaden
