// Opsgenie's alert API: create, close, acknowledge and what clients call beside them. The alias is the
// alarm's name: a close says nothing else.
#include <fmt/format.h>

#include "draft.h"

namespace kaden::webhook {
namespace {

constexpr std::string_view base = "/v2/alerts";
constexpr std::size_t alias_bytes_max = 512; // Opsgenie's own

struct Call {
  std::string alias; ///< "": create
  std::string verb;  ///< close, acknowledge ...
};

/// "/v2/alerts/disk%20full/close?identifierType=alias"
Result<Call> read_call(std::string_view text) {
  const std::size_t question = text.find('?');
  std::string_view path = text.substr(0, question);
  const std::string_view query = question == std::string_view::npos ? "" : text.substr(question + 1);
  if (path.starts_with(base)) path.remove_prefix(base.size());
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.empty()) return Call{};
  const auto parts = split(path.substr(1), '/');
  if (path.front() != '/' || parts.size() != 2)
    return fail(Fault::not_found, "there is no such call of the alert API here");
  auto alias = percent_decode(parts[0], false);
  if (!alias) return tl::unexpected(alias.error());
  bool is_alias = false;
  for (const std::string_view part : split(query, '&')) is_alias = is_alias || part == "identifierType=alias";
  if (!is_alias) return fail(Fault::invalid, "identifierType: only alias is known here");
  if (trim(*alias).empty()) return fail(Fault::invalid, "the alias is empty");
  return Call{std::move(*alias), std::string(parts[1])};
}

Result<Read> read_create(const Rules& rules, const json::object& body) {
  Read out;
  Draft draft;
  draft.title = member(body, "message");
  if (trim(draft.title).empty()) return fail(Fault::invalid, "message: is missing or blank");
  out.key = member(body, "alias");
  if (out.key.size() > alias_bytes_max)
    return fail(Fault::invalid, fmt::format("alias: over {} bytes long", alias_bytes_max));
  if (trim(out.key).empty()) out.key = sha256_hex(kaden::to_text(body)).substr(0, 32);
  draft.key = out.key;
  draft.severity = member(body, "priority");
  draft.reason = member(body, "description");
  if (draft.reason.empty()) draft.reason = draft.title;
  draft.machine = member(body, "entity");
  draft.labels.emplace_back("priority", draft.severity);
  draft.labels.emplace_back("entity", draft.machine);
  draft.labels.emplace_back("source", member(body, "source"));
  const Fields fields(body, "");
  const auto details = fields.object("details");
  if (!details) return tl::unexpected(details.error());
  add_members(draft, *details);
  const auto tags = fields.array("tags");
  if (!tags) return tl::unexpected(tags.error());
  std::string joined;
  if (*tags != nullptr) {
    for (const json::value& tag : **tags) joined += (joined.empty() ? "" : ",") + text_of(tag);
  }
  draft.labels.emplace_back("tags", joined);
  draft.labels.emplace_back("note", member(body, "note"));
  out.readings.push_back(finish(rules, draft));
  return out;
}

} // namespace

Result<Read> read_opsgenie(const Rules& rules, const Delivery& delivery) {
  const auto call = read_call(delivery.call);
  if (!call) return tl::unexpected(call.error());
  // A close may come without a body.
  const auto body = object_in(delivery.body.empty() && !call->verb.empty() ? "{}" : delivery.body);
  if (!body) return tl::unexpected(body.error());
  if (call->verb.empty()) return read_create(rules, body->get_object());
  Read out;
  out.key = call->alias;
  if (call->verb == "close") {
    Draft draft;
    draft.key = call->alias;
    draft.state = AlarmState::ok;
    draft.reason = member(body->get_object(), "note");
    if (draft.reason.empty()) draft.reason = "closed by its sender";
    out.readings.push_back(finish(rules, draft));
    return out;
  }
  if (call->verb == "acknowledge") {
    out.note =
        "an acknowledgement from outside is recorded and stops no call: only a person who pressed a key or "
        "an "
        "operator does";
    return out;
  }
  static const std::vector<std::string_view> harmless{"notes",    "message", "description",
                                                      "priority", "details", "tags"};
  for (const std::string_view verb : harmless) {
    if (verb == call->verb) {
      out.note = fmt::format("{}: recorded only; the next report of the alert tells it", verb);
      return out;
    }
  }
  return fail(Fault::not_found, "there is no such call of the alert API here");
}

} // namespace kaden::webhook
