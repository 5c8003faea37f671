// Any JSON, by a mapping of JSON Pointers (RFC 6901).
#include <fmt/format.h>

#include "draft.h"
#include "kaden/limits/input.h"
#include "pointer.h"

namespace kaden::webhook {
namespace {

struct Place {
  const json::value& body;
  const json::value& item;
  std::string path; ///< of the item, for errors
};

Result<std::string> fill(std::string_view what, std::string_view text, const Place& place, bool is_needed) {
  std::string out;
  auto pieces = template_pieces(text);
  if (!pieces) return fail_while(what, pieces.error());
  for (const TemplatePiece& piece : *pieces) {
    if (!piece.is_pointer) {
      out += piece.text;
      continue;
    }
    const json::value* found = value_at(piece.of_body ? place.body : place.item, piece.text);
    if (found == nullptr && is_needed) {
      return fail(Fault::invalid,
                  fmt::format("{}: there is no {}{}", what, piece.of_body ? "" : place.path, piece.text));
    }
    if (found != nullptr) out += text_of(*found);
  }
  if (is_needed && trim(out).empty())
    return fail(Fault::invalid, fmt::format("{}: {}{} is empty", what, place.path, text));
  return out;
}

Result<AlarmState> state_of(const Mapping& map, const Place& place) {
  if (map.state.empty()) return AlarmState::alarm;
  const auto text = fill("state", map.state, place, true);
  if (!text) return tl::unexpected(text.error());
  const auto known = map.states.find(to_lower(trim(*text)));
  if (known != map.states.end()) return known->second;
  if (const auto word = parse_alarm_state(*text)) return *word;
  return fail(Fault::invalid, fmt::format("state: \"{}\" is none of `states`", cut_utf8(*text, 64)));
}

Result<Reading> read_item(const Rules& rules, const Place& place) {
  const Mapping& map = rules.map;
  Draft draft;
  auto alarm = fill("alarm", map.alarm, place, true);
  if (!alarm) return tl::unexpected(alarm.error());
  draft.key = std::move(*alarm);
  const auto state = state_of(map, place);
  if (!state) return tl::unexpected(state.error());
  draft.state = *state;
  const std::vector<std::tuple<std::string_view, const std::string&, std::string&>> texts{
      {"event_id", map.event_id, draft.id},
      {"severity", map.severity, draft.severity},
      {"machine", map.machine, draft.machine},
      {"title", map.title, draft.title},
      {"reason", map.reason, draft.reason}};
  for (const auto& [what, text, to] : texts) {
    auto filled = fill(what, text, place, false);
    if (!filled) return tl::unexpected(filled.error());
    to = std::move(*filled);
  }
  if (!map.event_id.empty() && trim(draft.id).empty()) {
    return fail(Fault::invalid, fmt::format("event_id: {}{} is empty", place.path, map.event_id));
  }
  for (const auto& [name, text] : map.labels) {
    auto filled = fill("labels." + name, text, place, false);
    if (!filled) return tl::unexpected(filled.error());
    draft.labels.emplace_back(name, std::move(*filled));
  }
  // Many senders give one id to a problem from its beginning to its end, or use it again for the next one.
  if (!draft.id.empty()) draft.id += fmt::format("/{}", kaden::to_text(draft.state));
  Reading reading = finish(rules, draft);
  reading.is_timeless = true;
  return reading;
}

} // namespace

Result<void> check(const Mapping& mapping) {
  if (mapping.alarm.empty()) return fail(Fault::invalid, "alarm: is missing");
  if (!is_pointer(mapping.each)) return fail(Fault::invalid, "each: a pointer is \"\" or begins with '/'");
  const auto good = [](const std::string& what, const std::string& text) -> Result<void> {
    const auto pieces = template_pieces(text);
    if (!pieces) return fail_while(what, pieces.error());
    return {};
  };
  const std::vector<std::pair<std::string, const std::string&>> texts{
      {"alarm", mapping.alarm},       {"event_id", mapping.event_id}, {"state", mapping.state},
      {"severity", mapping.severity}, {"machine", mapping.machine},   {"title", mapping.title},
      {"reason", mapping.reason}};
  for (const auto& [what, text] : texts) {
    if (auto checked = good(what, text); !checked) return checked;
  }
  for (const auto& [name, text] : mapping.labels) {
    if (auto checked = good("labels." + name, text); !checked) return checked;
  }
  return {};
}

Result<Read> read_generic(const Rules& rules, const json::value& body) {
  Read out;
  if (rules.map.each.empty()) {
    auto reading = read_item(rules, {body, body, ""});
    if (!reading) return tl::unexpected(reading.error());
    out.readings.push_back(std::move(*reading));
    return out;
  }
  const json::value* list = value_at(body, rules.map.each);
  if (list == nullptr || !list->is_array()) {
    return fail(Fault::invalid, fmt::format("each: {} is not an array", rules.map.each));
  }
  if (list->get_array().size() > limits::events_per_request_max) {
    return fail(Fault::invalid,
                fmt::format("each: at most {} in one request", limits::events_per_request_max));
  }
  for (std::size_t i = 0; i < list->get_array().size(); ++i) {
    auto reading = read_item(rules, {body, list->get_array()[i], fmt::format("{}/{}", rules.map.each, i)});
    if (!reading) return tl::unexpected(reading.error());
    out.readings.push_back(std::move(*reading));
  }
  if (out.readings.empty()) out.note = "the array is empty";
  return out;
}

} // namespace kaden::webhook
