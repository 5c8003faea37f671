/// kaden/logfilter.h - CloudWatch Logs filter patterns: read once, matched against many log lines. Room:
/// logfilter. Uses: base. Pure. Threads: a Pattern and a Selector are immutable values, any thread; a Message
/// belongs to one thread at a time.
/// Errors: invalid, "at character 12: ..." (counted from 1).
/// API: Amazon CloudWatch Logs User Guide, "Filter pattern syntax"; PutMetricFilter, FilterLogEvents,
/// TestMetricFilter.
///
/// Time: a match costs at most the message's length times a constant that the pattern's limits bound; regular
/// expressions have no parentheses, so each is a row of positions and runs bit-parallel, without
/// backtracking.
///
/// Where the guide is silent:
/// - A term may hold letters beyond ASCII without quotes. A phrase of blanks only matches every event.
/// - `?` terms are ignored as soon as any other term, an excluded one too, stands beside them.
/// - `=` and `!=` compare numbers when neither side is quoted, else texts; a JSON number or boolean compares
///   with a quoted or a wildcard text by how it is written. `<` and the like want a number on both sides.
/// - A selector that hits nothing, an object or an array holds for no comparison, `!=` included. One with a
///   wildcard holds when any of its values does.
/// - A space-delimited message is split at blanks, tabs and line ends; "..." and [...] are one field each, a
///   quote inside "..." may be escaped with a backslash. The number of fields must fit exactly; `[]` and
///   `...` stand for any number.
/// - `.` in a regular expression is one character, also of several bytes, also a line end.
#pragma once

#include <array>
#include <boost/json/monotonic_resource.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"

namespace kaden::logfilter {

/// One log line, and what was found out about it so that a hundred patterns share the work. The text is
/// borrowed and must outlive it.
class Message {
 public:
  explicit Message(std::string_view text) : text_(text) {}
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;

  std::string_view text() const { return text_; }
  /// nullptr when the text is not one JSON object of at most limits::log_json_depth_max levels.
  const json::object* object() const;
  /// Of a space-delimited line, without their quotes and brackets.
  std::span<const std::string_view> fields() const;

 private:
  const std::string_view text_;
  // State: found out when first asked for
  mutable bool is_parsed_ = false;
  mutable bool is_split_ = false;
  mutable std::vector<std::string_view> fields_;
  mutable std::array<unsigned char, 4096> first_memory_; // most lines need no other
  mutable json::monotonic_resource memory_{first_memory_.data(), first_memory_.size()};
  mutable std::optional<json::value> value_;
};

struct Compiled; // inside the room

class Pattern {
 public:
  enum class Kind : std::uint8_t { terms, json, space };

  /// At most limits::filter_pattern_characters_max characters and limits::regexes_per_pattern_max regular
  /// expressions. Empty matches every event.
  static Result<Pattern> parse(std::string_view text);

  bool matches(const Message& message) const;
  /// What TestMetricFilter tells of an event that matches: "$name" and "$3" of space-delimited fields,
  /// "$.a.b" of the selectors of a JSON pattern that hit a text, number or boolean; of terms nothing.
  std::map<std::string, std::string> extract(const Message& message) const;

  const std::string& text() const;
  Kind kind() const;
  std::size_t regexes() const;

 private:
  friend class Selector;
  explicit Pattern(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
  std::shared_ptr<const Compiled> compiled_;
};

/// "$.latency", "$size" or "$3": one value of the events that a pattern matches.
class Selector {
 public:
  /// `text` must suit the pattern: a JSON selector for a JSON pattern, a name or a number for fields.
  static Result<Selector> parse(std::string_view text, const Pattern& pattern);
  /// nullopt when the event has no such text, number or boolean.
  std::optional<std::string> text_of(const Message& message) const;

 private:
  struct Parts;
  explicit Selector(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
  std::shared_ptr<const Parts> parts_;
};

} // namespace kaden::logfilter
