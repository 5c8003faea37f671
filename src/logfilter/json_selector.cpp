#include "json_selector.h"

#include <boost/json/object.hpp>

namespace kaden::logfilter {

namespace {

bool is_key(char c) {
  return Reader::is_name(c) || c == '-';
}

/// Behind '[': "0]", "*]" or "'key']".
Parsed<JsonSelector::Part> read_bracket(Reader& reader) {
  JsonSelector::Part part;
  const char first = reader.peek();
  if (reader.take("*")) {
    part.step = JsonSelector::Step::any_index;
  } else if (first == '\'' || first == '"') {
    const std::size_t begin = reader.at();
    reader.skip();
    part.key = reader.take_while([&](char c) { return c != first; });
    if (reader.is_done()) return wrong(begin, "the quote is not closed");
    reader.skip();
  } else {
    const auto index = parse_int(reader.take_while([](char c) { return c >= '0' && c <= '9'; }));
    if (!index) return reader.problem("expected a number, * or a quoted key and found " + reader.seen());
    part.step = JsonSelector::Step::index;
    part.index = static_cast<std::size_t>(*index);
  }
  if (!reader.take("]")) return reader.problem("expected ] and found " + reader.seen());
  return part;
}

Parsed<JsonSelector::Part> read_part(Reader& reader) {
  if (reader.take("[")) return read_bracket(reader);
  reader.skip(); // the dot
  if (reader.take("[")) {
    auto part = read_bracket(reader);
    if (part && part->step != JsonSelector::Step::key) {
      return reader.problem("a dot is followed by a key or *, a number by brackets alone");
    }
    return part;
  }
  JsonSelector::Part part;
  if (reader.take("*")) {
    part.step = JsonSelector::Step::any_key;
    return part;
  }
  part.key = reader.take_while(is_key);
  if (part.key.empty()) return reader.problem("expected a key or * and found " + reader.seen());
  return part;
}

} // namespace

Parsed<JsonSelector> JsonSelector::read(Reader& reader) {
  JsonSelector selector;
  const std::size_t begin = reader.at();
  if (!reader.take("$"))
    return reader.problem("expected a selector that begins with $ and found " + reader.seen());
  while (reader.peek() == '.' || reader.peek() == '[') {
    const std::size_t at = reader.at();
    auto part = read_part(reader);
    if (!part) return tl::unexpected(part.error());
    const bool is_index = part->step == Step::index || part->step == Step::any_index;
    if (is_index && selector.parts.empty()) {
      return wrong(at, "the event is an object: a selector begins with a key");
    }
    if (part->step == Step::any_key || part->step == Step::any_index) {
      if (selector.has_wildcard) return wrong(at, "a selector holds one wildcard at most");
      selector.has_wildcard = true;
    }
    selector.parts.push_back(std::move(*part));
  }
  if (selector.parts.empty()) return reader.problem("expected .key behind $ and found " + reader.seen());
  selector.text = reader.from(begin);
  return selector;
}

std::optional<std::string> scalar_text(const json::value& value) {
  switch (value.kind()) {
    case json::kind::string:
      return std::string(value.get_string());
    case json::kind::int64:
      return std::to_string(value.get_int64());
    case json::kind::uint64:
      return std::to_string(value.get_uint64());
    case json::kind::double_:
      return to_text(value.get_double());
    case json::kind::bool_:
      return value.get_bool() ? "true" : "false";
    case json::kind::null:
    case json::kind::array:
    case json::kind::object:
      break;
  }
  return std::nullopt;
}

} // namespace kaden::logfilter
