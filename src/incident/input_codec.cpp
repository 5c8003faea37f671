// Inputs as one line of JSON each: what the journal stores, for ever. Members may be added, never renamed.
#include <boost/json.hpp>

#include "clean.h"
#include "config_codec.h"

#include "kaden/limits/alarm_events.h"
#include "kaden/limits/triage.h"

namespace kaden::incident {

namespace {

constexpr std::int64_t number_max = std::int64_t{1} << 53; // exact in every reader of JSON

json::array list_of(const std::vector<std::string>& texts) {
  json::array out;
  for (const std::string& text : texts) out.emplace_back(text);
  return out;
}

json::object to_json(const Dialog& dialog) {
  return json::object{{"remote_tag", dialog.remote_tag},
                      {"remote_target", dialog.remote_target},
                      {"routes", list_of(dialog.routes)},
                      {"invite_cseq", dialog.invite_cseq}};
}

struct Encode {
  json::object operator()(const Started& in) const {
    return {{"type", "Started"}, {"installation", in.installation}};
  }
  json::object operator()(const ConfigChanged& in) const {
    return {{"type", "ConfigChanged"}, {"config", incident::to_json(in.config)}};
  }
  json::object operator()(const AlarmReported& in) const {
    json::object out{{"type", "AlarmReported"}, {"event", kaden::to_json(in.event)}};
    if (!in.acknowledged_by.empty()) out["acknowledged_by"] = in.acknowledged_by;
    return out;
  }
  json::object operator()(const CallProgressed& in) const {
    json::object out{
        {"type", "CallProgressed"}, {"call", in.call.text}, {"progress", kaden::to_text(in.progress)}};
    if (in.dialog != Dialog{}) out["dialog"] = to_json(in.dialog);
    return out;
  }
  json::object operator()(const KeyPressed& in) const {
    return {{"type", "KeyPressed"}, {"call", in.call.text}, {"key", std::string(1, in.key)}};
  }
  json::object operator()(const CallEnded& in) const {
    json::object out{{"type", "CallEnded"}, {"call", in.call.text}, {"outcome", kaden::to_text(in.outcome)}};
    if (!in.detail.empty()) out["detail"] = in.detail;
    return out;
  }
  json::object operator()(const AcknowledgeAsked& in) const {
    return {{"type", "AcknowledgeAsked"}, {"incident", in.incident}, {"by", in.by}};
  }
  json::object operator()(const ResolveAsked& in) const {
    return {{"type", "ResolveAsked"}, {"incident", in.incident}, {"by", in.by}};
  }
  json::object operator()(const TestCallAsked& in) const {
    return {{"type", "TestCallAsked"},
            {"request_id", in.request_id},
            {"person", in.person},
            {"text", in.text},
            {"by", in.by}};
  }
  json::object operator()(const TimePassed&) const { return {{"type", "TimePassed"}}; }
  json::object operator()(const TriageAnswered& in) const {
    const TriageAnswer& answer = in.answer;
    json::object out{
        {"type", "TriageAnswered"}, {"question", in.question}, {"outcome", kaden::to_text(answer.outcome)}};
    if (answer.outcome == TriageOutcome::judged) out["severity"] = kaden::to_text(answer.severity);
    if (!answer.reason.empty()) out["reason"] = incident::to_json(answer.reason);
    if (!answer.detail.empty()) out["detail"] = answer.detail;
    return out;
  }
};

Result<CallId> read_call(const Fields& fields) {
  auto text = fields.text("call", call_id_bytes_max);
  if (!text) return tl::unexpected(text.error());
  return CallId{std::move(*text)};
}

Result<Dialog> read_dialog(const Fields& parent) {
  const auto object = parent.object("dialog");
  if (!object) return tl::unexpected(object.error());
  if (*object == nullptr) return Dialog{};
  const Fields fields(**object, "dialog");
  if (auto known = fields.only({"remote_tag", "remote_target", "routes", "invite_cseq"}); !known) {
    return tl::unexpected(known.error());
  }
  Dialog dialog;
  auto tag = fields.text_or("remote_tag", dialog_text_bytes_max, "");
  if (!tag) return tl::unexpected(tag.error());
  dialog.remote_tag = std::move(*tag);
  auto target = fields.text_or("remote_target", dialog_text_bytes_max, "");
  if (!target) return tl::unexpected(target.error());
  dialog.remote_target = std::move(*target);
  auto routes = read_texts(fields, "routes", dialog_routes_max, dialog_text_bytes_max);
  if (!routes) return tl::unexpected(routes.error());
  dialog.routes = std::move(*routes);
  const auto cseq = fields.integer_or("invite_cseq", 0, UINT32_MAX, 0);
  if (!cseq) return tl::unexpected(cseq.error());
  dialog.invite_cseq = static_cast<std::uint32_t>(*cseq);
  return dialog;
}

Result<Input> decode_started(const Fields& fields) {
  if (auto known = fields.only({"type", "installation"}); !known) return tl::unexpected(known.error());
  auto installation = fields.text("installation", 24);
  if (!installation) return tl::unexpected(installation.error());
  if (!installation->empty() && !is_installation(*installation)) {
    return fail(Fault::invalid, "installation: must be a-z and 0-9");
  }
  return Started{std::move(*installation)};
}

Result<Input> decode_config(const Fields& fields) {
  if (auto known = fields.only({"type", "config"}); !known) return tl::unexpected(known.error());
  const auto object = fields.object("config");
  if (!object) return tl::unexpected(object.error());
  if (*object == nullptr) return fail(Fault::invalid, "config: is missing");
  auto config = config_from_json(json::value(**object), "config");
  if (!config) return tl::unexpected(config.error());
  return ConfigChanged{std::move(*config)};
}

Result<Input> decode_alarm(const Fields& fields) {
  if (auto known = fields.only({"type", "event", "acknowledged_by"}); !known) {
    return tl::unexpected(known.error());
  }
  const auto object = fields.object("event");
  if (!object) return tl::unexpected(object.error());
  if (*object == nullptr) return fail(Fault::invalid, "event: is missing");
  auto event = alarm_event_from_json(json::value(**object), "event");
  if (!event) return tl::unexpected(event.error());
  auto by = fields.text_or("acknowledged_by", free_text_bytes_max, "");
  if (!by) return tl::unexpected(by.error());
  return AlarmReported{std::move(*event), std::move(*by)};
}

Result<Input> decode_progress(const Fields& fields) {
  if (auto known = fields.only({"type", "call", "progress", "dialog"}); !known) {
    return tl::unexpected(known.error());
  }
  auto call = read_call(fields);
  if (!call) return tl::unexpected(call.error());
  const auto text = fields.text("progress", 32);
  if (!text) return tl::unexpected(text.error());
  const auto progress = parse_progress(*text);
  if (!progress) return fail(Fault::invalid, "progress: unknown");
  auto dialog = read_dialog(fields);
  if (!dialog) return tl::unexpected(dialog.error());
  return CallProgressed{std::move(*call), *progress, std::move(*dialog)};
}

Result<Input> decode_key(const Fields& fields) {
  if (auto known = fields.only({"type", "call", "key"}); !known) return tl::unexpected(known.error());
  auto call = read_call(fields);
  if (!call) return tl::unexpected(call.error());
  const auto key = fields.text("key", 1);
  if (!key) return tl::unexpected(key.error());
  if (key->empty() || key->front() < '!' || key->front() > '~') {
    return fail(Fault::invalid, "key: must be one character");
  }
  return KeyPressed{std::move(*call), key->front()};
}

Result<Input> decode_ended(const Fields& fields) {
  if (auto known = fields.only({"type", "call", "outcome", "detail"}); !known) {
    return tl::unexpected(known.error());
  }
  auto call = read_call(fields);
  if (!call) return tl::unexpected(call.error());
  const auto text = fields.text("outcome", 32);
  if (!text) return tl::unexpected(text.error());
  const auto outcome = parse_line_outcome(*text);
  if (!outcome) return fail(Fault::invalid, "outcome: unknown");
  auto detail = fields.text_or("detail", free_text_bytes_max, "");
  if (!detail) return tl::unexpected(detail.error());
  return CallEnded{std::move(*call), *outcome, std::move(*detail)};
}

template <class Asked>
Result<Input> decode_asked(const Fields& fields) {
  if (auto known = fields.only({"type", "incident", "by"}); !known) return tl::unexpected(known.error());
  const auto incident = fields.integer("incident", 0, number_max);
  if (!incident) return tl::unexpected(incident.error());
  auto by = fields.text("by", free_text_bytes_max);
  if (!by) return tl::unexpected(by.error());
  return Asked{static_cast<std::uint64_t>(*incident), std::move(*by)};
}

Result<Input> decode_test(const Fields& fields) {
  if (auto known = fields.only({"type", "request_id", "person", "text", "by"}); !known) {
    return tl::unexpected(known.error());
  }
  auto id = fields.text("request_id", limits::event_id_bytes_max);
  if (!id) return tl::unexpected(id.error());
  auto person = fields.text("person", free_text_bytes_max);
  if (!person) return tl::unexpected(person.error());
  auto text = fields.text_or("text", limits::say_bytes_max, "");
  if (!text) return tl::unexpected(text.error());
  auto by = fields.text_or("by", free_text_bytes_max, "");
  if (!by) return tl::unexpected(by.error());
  return TestCallAsked{std::move(*id), std::move(*person), std::move(*text), std::move(*by)};
}

/// In each language at most one.
Result<SpokenText> read_reason(const Fields& fields) {
  SpokenText reason;
  const auto texts = fields.text_map("reason", 2, limits::triage_reason_bytes_max);
  if (!texts) return tl::unexpected(texts.error());
  for (const auto& [name, text] : *texts) {
    const auto language = parse_language(name);
    if (!language) return fail(Fault::invalid, "reason: must be in ja or en");
    if (const auto fault = fault_of_reason(text); !fault.empty())
      return fail(Fault::invalid, "reason." + name + ": " + std::string(fault));
    reason[*language] = text;
  }
  return reason;
}

Result<Input> decode_triage(const Fields& fields) {
  if (auto known = fields.only({"type", "question", "outcome", "severity", "reason", "detail"}); !known)
    return tl::unexpected(known.error());
  TriageAnswered in;
  auto question = fields.text("question", call_id_bytes_max);
  if (!question) return tl::unexpected(question.error());
  in.question = std::move(*question);
  const auto word = fields.text("outcome", 32);
  if (!word) return tl::unexpected(word.error());
  const auto outcome = parse_triage_outcome(*word);
  if (!outcome) return fail(Fault::invalid, "outcome: unknown");
  in.answer.outcome = *outcome;
  auto detail = fields.text_or("detail", free_text_bytes_max, "");
  if (!detail) return tl::unexpected(detail.error());
  in.answer.detail = std::move(*detail);
  if (*outcome != TriageOutcome::judged) {
    auto bare = fields.only({"type", "question", "outcome", "detail"});
    if (!bare) return tl::unexpected(bare.error());
    return in;
  }
  const auto severity = fields.text("severity", 32);
  if (!severity) return tl::unexpected(severity.error());
  const auto parsed = parse_severity(*severity);
  if (!parsed) return fail(Fault::invalid, "severity: unknown");
  in.answer.severity = *parsed;
  auto reason = read_reason(fields);
  if (!reason) return tl::unexpected(reason.error());
  in.answer.reason = std::move(*reason);
  return in;
}

Result<Input> decode_time(const Fields& fields) {
  if (auto known = fields.only({"type"}); !known) return tl::unexpected(known.error());
  return TimePassed{};
}

struct Decoder {
  std::string_view type;
  Result<Input> (*decode)(const Fields&);
};
constexpr Decoder decoders[] = {
    {"Started", decode_started},
    {"ConfigChanged", decode_config},
    {"AlarmReported", decode_alarm},
    {"CallProgressed", decode_progress},
    {"KeyPressed", decode_key},
    {"CallEnded", decode_ended},
    {"AcknowledgeAsked", decode_asked<AcknowledgeAsked>},
    {"ResolveAsked", decode_asked<ResolveAsked>},
    {"TestCallAsked", decode_test},
    {"TimePassed", decode_time},
    {"TriageAnswered", decode_triage},
};

Result<Input> decode_object(const json::value& value) {
  if (!value.is_object()) return fail(Fault::invalid, "must be an object");
  const Fields fields(value.get_object(), "");
  const auto type = fields.text("type", 32);
  if (!type) return tl::unexpected(type.error());
  for (const Decoder& decoder : decoders) {
    if (decoder.type == *type) return decoder.decode(fields);
  }
  return fail(Fault::invalid, "type: unknown input");
}

} // namespace

std::string encode(const Input& input) {
  return kaden::to_text(json::value(std::visit(Encode{}, cleaned(input))));
}

Result<Input> decode(std::string_view text) {
  const auto value = parse_json(text);
  if (!value) return fail(Fault::corrupt, "reading an input: " + value.error().message);
  auto input = decode_object(*value);
  if (!input) return fail(Fault::corrupt, "reading an input: " + input.error().message);
  return input;
}

} // namespace kaden::incident
