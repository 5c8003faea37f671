#include "identity.h"

#include <boost/json.hpp>

namespace kaden::datapoints {

namespace {

/// A JSON string. Written by hand: this runs for each datum.
void put_quoted(std::string& out, std::string_view text) {
  static constexpr std::string_view digits = "0123456789abcdef";
  out.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20) {
      out += "\\u00";
      out.push_back(digits[byte >> 4U]);
      out.push_back(digits[byte & 0xfU]);
      continue;
    }
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
}

std::string text_at(const json::array& parts, std::size_t index) {
  const auto* text = parts[index].if_string();
  return text == nullptr ? std::string() : std::string(std::string_view(*text));
}

} // namespace

std::string identity_of(const alarm::MetricId& metric, std::string_view unit) {
  std::string out = "[";
  put_quoted(out, metric.name_space);
  out.push_back(',');
  put_quoted(out, metric.name);
  out += ",{";
  bool first = true;
  for (const auto& [name, value] : metric.dimensions) {
    if (!first) out.push_back(',');
    first = false;
    put_quoted(out, name);
    out.push_back(':');
    put_quoted(out, value);
  }
  out += "},";
  put_quoted(out, unit);
  out.push_back(']');
  return out;
}

Result<SeriesId> parse_identity(std::string_view text) {
  const auto value = parse_json(text);
  const auto* parts = value ? value->if_array() : nullptr;
  const auto* dimensions = parts != nullptr && parts->size() == 4 ? (*parts)[2].if_object() : nullptr;
  if (dimensions == nullptr) return fail(Fault::corrupt, "reading the name of a series");
  SeriesId id{{text_at(*parts, 0), text_at(*parts, 1), {}}, text_at(*parts, 3)};
  for (const auto& entry : *dimensions) {
    if (!entry.value().is_string()) return fail(Fault::corrupt, "reading the dimensions of a series");
    id.metric.dimensions.emplace(entry.key(), std::string_view(entry.value().get_string()));
  }
  return id;
}

} // namespace kaden::datapoints
