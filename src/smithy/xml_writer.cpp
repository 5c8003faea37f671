#include "body_writers.h"
#include "text_forms.h"

namespace kaden::smithy {

namespace {

std::string text_of(const Shape& shape, const Value& value) {
  if (const auto* flag = value.if_flag()) return *flag ? "true" : "false";
  if (const auto* integer = value.if_integer()) return std::to_string(*integer);
  if (const auto* real = value.if_real()) return real_text(*real, shape.type);
  if (const auto* blob = value.if_blob()) return to_base64(blob->bytes);
  if (const auto* at = value.if_time()) {
    switch (shape.time_format) {
      case TimeFormat::epoch_seconds:
        return epoch_text(*at);
      case TimeFormat::http_date:
        return to_http_date(*at);
      case TimeFormat::usual:
      case TimeFormat::date_time:
        return to_iso8601(*at);
    }
  }
  const auto* text = value.if_text();
  require(text != nullptr, "one value is written where the shape says so");
  return *text;
}

/// An element with what `write` puts inside.
template <class Write>
void write_around(std::string& out, const Member& member, const std::string& name, const Write& write) {
  out.append("<").append(name);
  if (!member.xml_namespace.empty()) {
    out.append(member.xml_prefix.empty() ? " xmlns" : " xmlns:").append(member.xml_prefix);
    out.append("=\"").append(xml_escape(member.xml_namespace)).append("\"");
  }
  out += '>';
  write();
  out.append("</").append(name).append(">");
}

void write_member(std::string& out, const Member& member, const std::string& name, const Value& value);

void write_list(std::string& out, const Member& member, const std::string& name, const Value& value) {
  const List* list = value.if_list();
  require(list != nullptr, "a list is written where the shape says so");
  Member item = member.shape->members[0];
  if (member.flattened) {
    if (item.xml_namespace.empty()) item.xml_namespace = member.xml_namespace;
    for (const Value& one : *list) write_member(out, item, name, one);
    return;
  }
  write_around(out, member, name, [&] {
    for (const Value& one : *list) write_member(out, item, item.on_wire(), one);
  });
}

void write_map(std::string& out, const Member& member, const std::string& name, const Value& value) {
  const Map* map = value.if_map();
  require(map != nullptr, "a map is written where the shape says so");
  const Member& key = member.shape->members[0];
  const Member& inner = member.shape->members[1];
  const Member plain_entry;
  const auto write_entries = [&](const Member& around, const std::string& entry_name) {
    for (const Entry& entry : *map) {
      if (entry.value.is_null()) continue;
      write_around(out, around, entry_name, [&] {
        write_member(out, key, key.on_wire(), Value(entry.name));
        write_member(out, inner, inner.on_wire(), entry.value);
      });
    }
  };
  if (member.flattened) return write_entries(member, name);
  write_around(out, member, name, [&] { write_entries(plain_entry, "entry"); });
}

void write_member(std::string& out, const Member& member, const std::string& name, const Value& value) {
  switch (member.shape->type) {
    case Type::list:
      return write_list(out, member, name, value);
    case Type::map:
      return write_map(out, member, name, value);
    case Type::structure:
      return write_around(out, member, name, [&] { write_xml_members(out, *member.shape, value); });
    case Type::boolean:
    case Type::integer:
    case Type::long_integer:
    case Type::single_real:
    case Type::real:
    case Type::text:
    case Type::blob:
    case Type::time:
    case Type::document:
      return write_around(out, member, name, [&] { out += xml_escape(text_of(*member.shape, value)); });
  }
}

} // namespace

void write_xml_members(std::string& out, const Shape& structure, const Value& value) {
  for (const Member& member : structure.members) {
    const Value* inner = value.find(member.name);
    if (inner != nullptr) write_member(out, member, member.on_wire(), *inner);
  }
}

void write_xml_element(std::string& out, std::string_view name, std::string_view text) {
  out.append("<").append(name).append(">").append(xml_escape(text)).append("</").append(name).append(">");
}

} // namespace kaden::smithy
