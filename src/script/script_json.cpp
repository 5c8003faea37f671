#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "kaden/limits/speech.h"
#include "kaden/script.h"

namespace kaden::script {
namespace {

Result<Span> span_from_json(const json::value& value, const std::string& path) {
  if (!value.is_object() || value.get_object().size() != 1) {
    return fail(Fault::invalid, path + R"(: must be {"words": text} or {"name": text})");
  }
  const Fields fields(value.get_object(), path);
  if (const auto known = fields.only({"words", "name"}); !known) return tl::unexpected<Error>(known.error());
  const SpanKind kind = value.get_object().contains("name") ? SpanKind::name : SpanKind::words;
  auto text = fields.text(to_text(kind), limits::utterance_bytes_max);
  if (!text) return tl::unexpected<Error>(text.error());
  return Span{kind, std::move(*text)};
}

Result<Utterance> utterance_from_json(const json::object& object, const std::string& path) {
  const Fields fields(object, path);
  if (const auto known = fields.only({"language", "spans"}); !known) {
    return tl::unexpected<Error>(known.error());
  }
  const auto language_text = fields.text("language", 2);
  if (!language_text) return tl::unexpected<Error>(language_text.error());
  const auto language = parse_language(*language_text);
  if (!language) return fail(Fault::invalid, fields.path_of("language") + R"(: must be "ja" or "en")");
  const auto spans = fields.array("spans");
  if (!spans) return tl::unexpected<Error>(spans.error());
  if (*spans == nullptr) return fail(Fault::invalid, fields.path_of("spans") + ": is missing");
  Utterance utterance{*language, {}};
  std::size_t bytes = 0;
  for (const json::value& each : **spans) {
    auto span =
        span_from_json(each, fields.path_of("spans") + "[" + std::to_string(utterance.spans.size()) + "]");
    if (!span) return tl::unexpected<Error>(span.error());
    // An empty span counts too, so that the number of spans is bounded as well.
    bytes += std::max<std::size_t>(span->text.size(), 1);
    if (bytes > limits::utterance_bytes_max)
      return fail(Fault::invalid, fields.path_of("spans") + ": too long to be spoken");
    utterance.spans.push_back(std::move(*span));
  }
  return utterance;
}

json::value to_json(const Utterance& utterance) {
  json::array spans;
  for (const Span& each : utterance.spans) spans.push_back(json::object{{to_text(each.kind), each.text}});
  return json::object{{"language", kaden::to_text(utterance.language)}, {"spans", std::move(spans)}};
}

} // namespace

std::string_view to_text(Line line) {
  switch (line) {
    case Line::message:
      return "message";
    case Line::menu:
      return "menu";
    case Line::acknowledged:
      return "acknowledged";
    case Line::already_taken:
      return "already_taken";
    case Line::already_resolved:
      return "already_resolved";
    case Line::passed_on:
      return "passed_on";
    case Line::not_recorded:
      return "not_recorded";
    case Line::wrong_key:
      return "wrong_key";
    case Line::cleared:
      return "cleared";
    case Line::taken_by_other:
      return "taken_by_other";
    case Line::goodbye:
      return "goodbye";
  }
  return "";
}

std::string_view to_text(SpanKind kind) {
  switch (kind) {
    case SpanKind::words:
      return "words";
    case SpanKind::name:
      return "name";
  }
  return "";
}

std::string to_text(const Utterance& utterance) {
  std::string text;
  for (const Span& each : utterance.spans) text += each.text;
  return text;
}

json::value to_json(const CallScript& script) {
  json::object lines;
  for (std::size_t at = 0; at < line_count; ++at) {
    lines[to_text(static_cast<Line>(at))] = to_json(script.lines[at]);
  }
  return json::object{{"language", kaden::to_text(script.language)}, {"lines", std::move(lines)}};
}

Result<CallScript> call_script_from_json(const json::value& value) {
  if (!value.is_object()) return fail(Fault::invalid, "script: must be an object");
  const Fields fields(value.get_object(), "script");
  if (const auto known = fields.only({"language", "lines"}); !known)
    return tl::unexpected<Error>(known.error());
  const auto language_text = fields.text("language", 2);
  if (!language_text) return tl::unexpected<Error>(language_text.error());
  const auto language = parse_language(*language_text);
  if (!language) return fail(Fault::invalid, R"(script.language: must be "ja" or "en")");
  const auto lines = fields.object("lines");
  if (!lines) return tl::unexpected<Error>(lines.error());
  if (*lines == nullptr) return fail(Fault::invalid, "script.lines: is missing");
  if ((*lines)->size() != line_count) return fail(Fault::invalid, "script.lines: must hold every line once");

  CallScript script;
  script.language = *language;
  const Fields line_fields(**lines, "script.lines");
  for (std::size_t at = 0; at < line_count; ++at) {
    const std::string_view name = to_text(static_cast<Line>(at));
    const auto object = line_fields.object(name);
    if (!object) return tl::unexpected<Error>(object.error());
    if (*object == nullptr) return fail(Fault::invalid, line_fields.path_of(name) + ": is missing");
    auto line = utterance_from_json(**object, line_fields.path_of(name));
    if (!line) return tl::unexpected<Error>(line.error());
    script.lines[at] = std::move(*line);
  }
  return script;
}

} // namespace kaden::script
