/// json_selector.h - "$.a.b[0]", "$.a[*].c", "$.['a.b']": a way into a JSON object. Room: logfilter, inside.
/// Threads: immutable values; any. Errors: Problem.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "reader.h"

namespace kaden::logfilter {

struct JsonSelector {
  enum class Step : std::uint8_t { key, index, any_key, any_index };
  struct Part {
    Step step = Step::key;
    std::string key;
    std::size_t index = 0;
  };
  std::string text; ///< as it was written
  std::vector<Part> parts;
  bool has_wildcard = false;

  /// At '$'.
  static Parsed<JsonSelector> read(Reader& reader);

  /// Calls `take` for each value the selector hits, in order, until it returns true. Whether it did.
  template <class Take>
  bool find(const json::object& object, const Take& take) const {
    const json::value* found =
        parts.front().step == Step::key ? object.if_contains(parts.front().key) : nullptr;
    if (found != nullptr) return walk(*found, 1, take);
    if (parts.front().step != Step::any_key) return false;
    for (const auto& member : object) {
      if (walk(member.value(), 1, take)) return true;
    }
    return false;
  }

 private:
  template <class Take>
  bool walk(const json::value& value, std::size_t next, const Take& take) const {
    if (next == parts.size()) return take(value);
    const Part& part = parts[next];
    switch (part.step) {
      case Step::key:
      case Step::any_key: {
        const json::object* object = value.if_object();
        if (object == nullptr) return false;
        if (part.step == Step::key) {
          const json::value* found = object->if_contains(part.key);
          return found != nullptr && walk(*found, next + 1, take);
        }
        for (const auto& member : *object) {
          if (walk(member.value(), next + 1, take)) return true;
        }
        return false;
      }
      case Step::index:
      case Step::any_index: {
        const json::array* array = value.if_array();
        if (array == nullptr) return false;
        if (part.step == Step::index)
          return part.index < array->size() && walk((*array)[part.index], next + 1, take);
        for (const json::value& element : *array) {
          if (walk(element, next + 1, take)) return true;
        }
        return false;
      }
    }
    return false;
  }
};

/// A text, number or boolean as text; nullopt for null, objects and arrays.
std::optional<std::string> scalar_text(const json::value& value);

} // namespace kaden::logfilter
