/// kaden/json.h - Boost.JSON with limits and errors that name the field. Room: base.
/// Threads: values; any. Errors: Fault::invalid, message starts with the field's path ("event.labels.host:
/// ...").
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "kaden/result.h"

namespace kaden {

namespace json = boost::json;

/// RFC 8259; depth at most limits::json_depth_max, valid UTF-8, whole text. Names line and column.
Result<json::value> parse_json(std::string_view text);
/// Compact; object members in the order they were set.
std::string to_text(const json::value& value);

/// Reads the members of one object and names the field in every error. `path` is the object's own path ("" at
/// the top). Optional readers return the fallback when the member is absent or null.
class Fields {
 public:
  Fields(const json::object& object, std::string path) : object_(object), path_(std::move(path)) {}

  Result<std::string> text(std::string_view name, std::size_t bytes_max) const;
  Result<std::string> text_or(std::string_view name, std::size_t bytes_max, std::string_view fallback) const;
  Result<std::int64_t> integer(std::string_view name, std::int64_t least, std::int64_t most) const;
  Result<std::int64_t> integer_or(std::string_view name, std::int64_t least, std::int64_t most,
                                  std::int64_t fallback) const;
  Result<bool> flag_or(std::string_view name, bool fallback) const;
  /// Absent gives nullptr.
  Result<const json::object*> object(std::string_view name) const;
  Result<const json::array*> array(std::string_view name) const;
  /// An object whose members are all text, at most `count_max` of them.
  Result<std::map<std::string, std::string>> text_map(std::string_view name, std::size_t count_max,
                                                      std::size_t bytes_max) const;
  /// Fault::invalid naming the first member that is not in `known`.
  Result<void> only(std::initializer_list<std::string_view> known) const;
  std::string path_of(std::string_view name) const;

 private:
  const json::object& object_;
  std::string path_;
};

} // namespace kaden
