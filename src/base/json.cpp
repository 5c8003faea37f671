#include "kaden/json.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "kaden/limits/input.h"
#include "kaden/text.h"

namespace kaden {

Result<json::value> parse_json(std::string_view text) {
  json::parse_options options;
  options.max_depth = limits::json_depth_max;
  json::stream_parser parser({}, options);
  json::error_code error;
  std::size_t used = parser.write_some(text.data(), text.size(), error);
  if (!error && used < text.size()) {
    if (trim(text.substr(used)).empty()) {
      used = text.size();
    } else {
      error = json::error::extra_data;
    }
  }
  if (!error) parser.finish(error);
  if (!error) return parser.release();
  std::size_t line = 1;
  std::size_t column = 1;
  for (const char c : text.substr(0, used)) {
    column = c == '\n' ? 1 : column + 1;
    line += c == '\n' ? 1 : 0;
  }
  return fail(Fault::invalid,
              fmt::format("not valid JSON at line {}, column {}: {}", line, column, error.message()));
}

std::string to_text(const json::value& value) {
  return json::serialize(value);
}

std::string Fields::path_of(std::string_view name) const {
  return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
}

Result<std::string> Fields::text(std::string_view name, std::size_t bytes_max) const {
  const json::value* value = object_.if_contains(name);
  if (value == nullptr || value->is_null()) return fail(Fault::invalid, path_of(name) + ": is missing");
  const json::string* text = value->if_string();
  if (text == nullptr) return fail(Fault::invalid, path_of(name) + ": must be text");
  if (text->size() > bytes_max) {
    return fail(Fault::invalid, fmt::format("{}: is {} bytes long, at most {} are allowed", path_of(name),
                                            text->size(), bytes_max));
  }
  return std::string(text->data(), text->size());
}

Result<std::string> Fields::text_or(std::string_view name, std::size_t bytes_max,
                                    std::string_view fallback) const {
  const json::value* value = object_.if_contains(name);
  if (value == nullptr || value->is_null()) return std::string(fallback);
  return text(name, bytes_max);
}

Result<std::int64_t> Fields::integer(std::string_view name, std::int64_t least, std::int64_t most) const {
  const json::value* value = object_.if_contains(name);
  if (value == nullptr || value->is_null()) return fail(Fault::invalid, path_of(name) + ": is missing");
  json::error_code error;
  const auto number = value->to_number<std::int64_t>(error);
  if (error || value->is_double()) return fail(Fault::invalid, path_of(name) + ": must be a whole number");
  if (number < least || number > most) {
    return fail(Fault::invalid, fmt::format("{}: must be {} to {}", path_of(name), least, most));
  }
  return number;
}

Result<std::int64_t> Fields::integer_or(std::string_view name, std::int64_t least, std::int64_t most,
                                        std::int64_t fallback) const {
  const json::value* value = object_.if_contains(name);
  if (value == nullptr || value->is_null()) return fallback;
  return integer(name, least, most);
}

Result<bool> Fields::flag_or(std::string_view name, bool fallback) const {
  const json::value* value = object_.if_contains(name);
  if (value == nullptr || value->is_null()) return fallback;
  if (!value->is_bool()) return fail(Fault::invalid, path_of(name) + ": must be true or false");
  return value->get_bool();
}

Result<const json::object*> Fields::object(std::string_view name) const {
  const json::value* value = object_.if_contains(name);
  if (value == nullptr || value->is_null()) return nullptr;
  if (!value->is_object()) return fail(Fault::invalid, path_of(name) + ": must be an object");
  return &value->get_object();
}

Result<const json::array*> Fields::array(std::string_view name) const {
  const json::value* value = object_.if_contains(name);
  if (value == nullptr || value->is_null()) return nullptr;
  if (!value->is_array()) return fail(Fault::invalid, path_of(name) + ": must be a list");
  return &value->get_array();
}

Result<std::map<std::string, std::string>> Fields::text_map(std::string_view name, std::size_t count_max,
                                                            std::size_t bytes_max) const {
  std::map<std::string, std::string> result;
  const auto members = object(name);
  if (!members) return tl::unexpected(members.error());
  if (*members == nullptr) return result;
  if ((*members)->size() > count_max) {
    return fail(Fault::invalid, fmt::format("{}: at most {} members are allowed", path_of(name), count_max));
  }
  const Fields inner(**members, path_of(name));
  for (const auto& member : **members) {
    auto text_value = inner.text(member.key(), bytes_max);
    if (!text_value) return tl::unexpected(text_value.error());
    result.emplace(std::string(member.key()), std::move(*text_value));
  }
  return result;
}

Result<void> Fields::only(std::initializer_list<std::string_view> known) const {
  for (const auto& member : object_) {
    bool found = false;
    for (const std::string_view name : known) found = found || name == std::string_view(member.key());
    if (!found) return fail(Fault::invalid, path_of(cut_utf8(member.key(), 64)) + ": is not a known field");
  }
  return {};
}

} // namespace kaden
