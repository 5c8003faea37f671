// What deploy/zabbix-media-type.js posts: the macros of one Zabbix event by their names, all as text. A
// problem and its recovery carry the same event_id.
#include <array>

#include "draft.h"

namespace kaden::webhook {
namespace {

/// A macro that Zabbix could not resolve is sent as it was written.
std::string macro(const json::object& body, std::string_view name) {
  std::string text = member(body, name);
  const bool is_unresolved =
      text.starts_with('{') && text.ends_with('}') && text.find('.') != std::string::npos;
  return is_unresolved || text == "*UNKNOWN*" ? "" : text;
}

/// [{"tag":"service","value":"erp"}], as {EVENT.TAGSJSON} gives it inside a text.
void add_tags(Draft& draft, const std::string& tags) {
  if (tags.empty()) return;
  const auto list = parse_json(tags);
  if (!list || !list->is_array()) {
    draft.labels.emplace_back("tags", tags);
    return;
  }
  for (const json::value& each : list->get_array()) {
    if (each.is_object())
      draft.labels.emplace_back(member(each.get_object(), "tag"), member(each.get_object(), "value"));
  }
}

} // namespace

Result<Read> read_zabbix(const Rules& rules, const json::object& body) {
  const std::string event = macro(body, "event_id");
  if (trim(event).empty()) return fail(Fault::invalid, "event_id: is missing");
  const std::string value = macro(body, "event_value");
  if (value != "0" && value != "1")
    return fail(Fault::invalid, "event_value: must be 1 (problem) or 0 (recovery)");
  const std::string source = macro(body, "event_source");
  if (source == "1" || source == "2") {
    return fail(Fault::invalid,
                "event_source: discovery and autoregistration are no problems; send trigger actions only");
  }
  const bool is_update = macro(body, "event_update_status") == "1";
  Draft draft;
  draft.key = "problem " + event;
  draft.state = value == "1" ? AlarmState::alarm : AlarmState::ok;
  // An update (a comment, another severity) has no id of its own.
  if (!is_update) draft.id = event + "/" + value;
  draft.severity = macro(body, "event_severity");
  draft.machine = macro(body, "host");
  draft.title = macro(body, "event_name");
  draft.reason = macro(body, "event_opdata");
  if (draft.reason.empty()) draft.reason = draft.title;
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 10> labels{
      {{"event_severity", "severity"},
       {"trigger_id", "trigger_id"},
       {"host", "host"},
       {"host_ip", "host_ip"},
       {"host_group", "host_group"},
       {"trigger_description", "description"},
       {"event_opdata", "opdata"},
       {"event_update_message", "update"},
       {"url", "link"},
       {"event_date", "date"}}};
  for (const auto& [name, label] : labels) draft.labels.emplace_back(label, macro(body, name));
  add_tags(draft, macro(body, "event_tags"));
  Read out;
  out.readings.push_back(finish(rules, draft));
  return out;
}

} // namespace kaden::webhook
