/// document.h - YAML text as a tree of values that know where they stand. Room: config.
/// Bounded in depth and in values (aliases counted as often as they are used); keys are texts and unique.
/// Threads: values; any. Errors: one Mistake, the first that stops the reading.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"

namespace kaden::config {

/// Both from 0, the column in bytes: as yaml-cpp counts. shown() makes it what people count.
struct Place {
  int line = 0;
  int column = 0;
  bool operator<(const Place& other) const {
    return line != other.line ? line < other.line : column < other.column;
  }
};

struct Mistake {
  Place at;
  std::string message;
};

struct Value;
using ValuePtr = std::shared_ptr<const Value>;

struct Member {
  std::string key;
  Place at; ///< of the key
  ValuePtr value;
};

enum class ValueKind : std::uint8_t { nothing, scalar, list, map };

struct Value {
  ValueKind kind = ValueKind::nothing;
  Place at;
  bool quoted = false; ///< a text by its quotes: never a number or a flag
  std::string text;
  std::vector<ValuePtr> items;
  std::vector<Member> members;
  std::size_t weight = 1; ///< nodes in here, aliases unfolded
};

/// The one document of the text; a Mistake for anything that is not valid YAML, or not allowed here.
tl::expected<ValuePtr, Mistake> read_document(std::string_view text);

/// "12:7": line and column from 1, the column in characters.
std::string shown(std::string_view text, Place place);

} // namespace kaden::config
