// PagerDuty's Events API version 2: trigger, acknowledge, resolve, told apart by dedup_key alone. A resolve
// says nothing but the key, so the key is the alarm's name and the summary is what is spoken.
#include <fmt/format.h>

#include "draft.h"

namespace kaden::webhook {
namespace {

constexpr std::size_t dedup_key_bytes_max = 255; // PagerDuty's own

Result<std::string> needed(const json::object& object, std::string_view name, const std::string& path) {
  std::string text = member(object, name);
  if (trim(text).empty()) return fail(Fault::invalid, fmt::format("{}{}: is missing or blank", path, name));
  return text;
}

Result<Draft> read_payload(const json::object& payload) {
  Draft draft;
  auto summary = needed(payload, "summary", "payload.");
  if (!summary) return tl::unexpected(summary.error());
  draft.title = std::move(*summary);
  // PagerDuty refuses an event without these two; a problem that nobody hears of is worse than one with a
  // gap.
  draft.machine = member(payload, "source");
  draft.severity = member(payload, "severity");
  draft.reason = draft.title;
  draft.labels.emplace_back("severity", draft.severity);
  for (const std::string_view name : {"component", "group", "class", "timestamp"}) {
    draft.labels.emplace_back(name, member(payload, name));
  }
  if (const json::value* details = payload.if_contains("custom_details")) {
    if (details->is_object()) {
      add_members(draft, &details->get_object());
    } else {
      draft.labels.emplace_back("custom_details", text_of(*details));
    }
  }
  return draft;
}

} // namespace

Result<Read> read_pagerduty(const Rules& rules, const json::object& body) {
  Read out;
  const std::string action = member(body, "event_action");
  out.key = member(body, "dedup_key");
  if (out.key.size() > dedup_key_bytes_max) {
    return fail(Fault::invalid, fmt::format("dedup_key: over {} bytes long", dedup_key_bytes_max));
  }
  if (action == "trigger") {
    const Fields fields(body, "");
    const auto payload = fields.object("payload");
    if (!payload) return tl::unexpected(payload.error());
    if (*payload == nullptr) return fail(Fault::invalid, "payload: is missing");
    auto draft = read_payload(**payload);
    if (!draft) return tl::unexpected(draft.error());
    // PagerDuty draws a key; a retry of the same body shall be the same problem here.
    if (trim(out.key).empty()) out.key = sha256_hex(kaden::to_text(**payload)).substr(0, 32);
    draft->key = out.key;
    draft->labels.emplace_back("client", member(body, "client"));
    draft->labels.emplace_back("link", member(body, "client_url"));
    out.readings.push_back(finish(rules, *draft));
    return out;
  }
  if (action != "resolve" && action != "acknowledge") {
    return fail(Fault::invalid, "event_action: must be trigger, acknowledge or resolve");
  }
  if (trim(out.key).empty()) return fail(Fault::invalid, fmt::format("dedup_key: is needed to {}", action));
  if (action == "acknowledge") {
    out.note =
        "an acknowledgement from outside is recorded and stops no call: only a person who pressed a key or "
        "an "
        "operator does";
    return out;
  }
  Draft draft;
  draft.key = out.key;
  draft.state = AlarmState::ok;
  draft.reason = "resolved by its sender";
  out.readings.push_back(finish(rules, draft));
  return out;
}

} // namespace kaden::webhook
