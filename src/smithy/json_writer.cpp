#include <boost/json.hpp>

#include "body_writers.h"
#include "text_forms.h"

namespace kaden::smithy {

namespace {

void write_text(std::string& out, std::string_view text) {
  out += json::serialize(json::string_view(text.data(), text.size()));
}

void write_time(std::string& out, const Shape& shape, WallTime at) {
  switch (shape.time_format) {
    case TimeFormat::usual:
    case TimeFormat::epoch_seconds:
      out += epoch_text(at);
      break;
    case TimeFormat::date_time:
      write_text(out, to_iso8601(at));
      break;
    case TimeFormat::http_date:
      write_text(out, to_http_date(at));
      break;
  }
}

void write_real(std::string& out, const Shape& shape, double value) {
  const std::string text = real_text(value, shape.type);
  const bool is_number = text.find_first_of("NI") == std::string::npos;
  out.append(is_number ? "" : "\"").append(text).append(is_number ? "" : "\"");
}

void write_document(std::string& out, const Value& value);

/// Each entry of a map through `write`, nulls left out.
template <class Write>
void write_entries(std::string& out, const Map& map, const Write& write) {
  out += '{';
  bool first = true;
  for (const Entry& entry : map) {
    if (entry.value.is_null()) continue;
    if (!std::exchange(first, false)) out += ',';
    write_text(out, entry.name);
    out += ':';
    write(entry.value);
  }
  out += '}';
}

template <class Write>
void write_items(std::string& out, const List& list, const Write& write) {
  out += '[';
  bool first = true;
  for (const Value& one : list) {
    if (!std::exchange(first, false)) out += ',';
    write(one);
  }
  out += ']';
}

void write_document(std::string& out, const Value& value) {
  const auto write = [&out](const Value& inner) { write_document(out, inner); };
  if (const auto* flag = value.if_flag()) {
    out += *flag ? "true" : "false";
  } else if (const auto* integer = value.if_integer()) {
    out += std::to_string(*integer);
  } else if (const auto* real = value.if_real()) {
    write_real(out, real_shape, *real);
  } else if (const auto* text = value.if_text()) {
    write_text(out, *text);
  } else if (const auto* blob = value.if_blob()) {
    write_text(out, to_base64(blob->bytes));
  } else if (const auto* at = value.if_time()) {
    write_time(out, time_shape, *at);
  } else if (const auto* list = value.if_list()) {
    write_items(out, *list, write);
  } else if (const auto* map = value.if_map()) {
    write_entries(out, *map, write);
  } else {
    out += "null";
  }
}

void write_structure(std::string& out, const Shape& shape, const Value& value) {
  out += '{';
  bool first = true;
  for (const Member& member : shape.members) {
    const Value* inner = value.find(member.name);
    if (inner == nullptr) continue;
    if (!std::exchange(first, false)) out += ',';
    write_text(out, member.name);
    out += ':';
    write_json(out, *member.shape, *inner);
  }
  out += '}';
}

} // namespace

void write_json(std::string& out, const Shape& shape, const Value& value) {
  switch (shape.type) {
    case Type::structure:
      return write_structure(out, shape, value);
    case Type::list:
      require(value.if_list() != nullptr, "a list is written where the shape says so");
      return write_items(out, *value.if_list(),
                         [&](const Value& one) { write_json(out, *shape.members[0].shape, one); });
    case Type::map:
      require(value.if_map() != nullptr, "a map is written where the shape says so");
      return write_entries(out, *value.if_map(),
                           [&](const Value& one) { write_json(out, *shape.members[1].shape, one); });
    case Type::time:
      require(value.if_time() != nullptr, "a time is written where the shape says so");
      return write_time(out, shape, *value.if_time());
    case Type::single_real:
    case Type::real:
      if (const auto* real = value.if_real()) return write_real(out, shape, *real);
      return write_document(out, value);
    case Type::boolean:
    case Type::integer:
    case Type::long_integer:
    case Type::text:
    case Type::blob:
    case Type::document:
      return write_document(out, value);
  }
}

} // namespace kaden::smithy
