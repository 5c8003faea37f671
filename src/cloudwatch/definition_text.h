/// definition_text.h - definitions as they are stored, with the time at which they were put; both directions.
/// Room: cloudwatch, inside. Threads: values; any. Errors: invalid, when a stored text is none.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <utility>

#include "kaden/alarm_book.h"

namespace kaden::cloudwatch {

template <class Definition>
std::string definition_text(const Definition& definition, WallTime defined_at) {
  json::object object;
  object["defined_ms"] = to_ms(defined_at);
  object["definition"] = alarm::to_json(definition);
  return kaden::to_text(json::value(std::move(object)));
}

template <class Definition>
struct StoredDefinition {
  Definition definition;
  WallTime defined_at{};
};

template <class Definition>
Result<StoredDefinition<Definition>> parse_definition_text(const std::string& text,
                                                           Result<Definition> (*parse)(const json::value&)) {
  const auto value = parse_json(text);
  if (!value) return tl::unexpected<Error>(value.error());
  const auto* object = value->if_object();
  const auto* definition = object == nullptr ? nullptr : object->if_contains("definition");
  const auto* defined = object == nullptr ? nullptr : object->if_contains("defined_ms");
  if (definition == nullptr || defined == nullptr || !defined->is_int64()) {
    return fail(Fault::invalid, "must hold definition and defined_ms");
  }
  auto read = parse(*definition);
  if (!read) return tl::unexpected<Error>(read.error());
  return StoredDefinition<Definition>{std::move(*read), wall_time(defined->as_int64())};
}

} // namespace kaden::cloudwatch
