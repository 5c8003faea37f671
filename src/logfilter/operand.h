/// operand.h - the right side of a condition: a text with wildcards, a number or a regular expression. Room:
/// logfilter, inside. Threads: immutable values; any. Errors: Problem.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "linear_regex.h"
#include "reader.h"

namespace kaden::logfilter {

/// Text with '*' at either end; one in the middle stands for itself.
struct Glob {
  std::string text;
  bool open_start = false;
  bool open_end = false;

  static Glob of(std::string_view text);
  bool matches(std::string_view whole) const;
};

bool contains(std::string_view text, std::string_view part);

enum class Operator : std::uint8_t { equal, not_equal, less, less_or_equal, greater, greater_or_equal };

struct Comparison {
  Operator op = Operator::equal;
  Glob glob;
  std::optional<double> number; ///< written without quotes
  std::optional<Regex> regex;

  /// `number_of_it`: the left side as a number, when it is one.
  bool holds(std::string_view text, std::optional<double> number_of_it) const;
};

/// "= 404", "!= \"a b\"", "> 1e3", "= %re%": at an operator. Counts regular expressions.
Parsed<Comparison> read_comparison(Reader& reader);

/// A decimal number with an optional sign and exponent.
std::optional<double> number_of(std::string_view text);

/// Conditions joined by && and ||; the first binds tighter.
struct Node {
  enum class Kind : std::uint8_t { test, all, any };
  Kind kind = Kind::test;
  std::size_t test = 0; ///< of Kind::test: which one
  std::vector<Node> parts;
};

template <class Test>
bool holds(const Node& node, const Test& test) {
  switch (node.kind) {
    case Node::Kind::test:
      return test(node.test);
    case Node::Kind::all:
      for (const Node& part : node.parts) {
        if (!holds(part, test)) return false;
      }
      return true;
    case Node::Kind::any:
      for (const Node& part : node.parts) {
        if (holds(part, test)) return true;
      }
      return false;
  }
  return false;
}

/// Reads conditions joined by && and ||; `one` reads one of them, or what stands in parentheses.
template <class One>
Parsed<Node> read_conditions(Reader& reader, const One& one) {
  Node any{Node::Kind::any, 0, {}};
  do {
    Node all{Node::Kind::all, 0, {}};
    do {
      reader.skip_blanks();
      Parsed<Node> part = one();
      if (!part) return part;
      all.parts.push_back(std::move(*part));
      reader.skip_blanks();
    } while (reader.take("&&"));
    any.parts.push_back(all.parts.size() == 1 ? std::move(all.parts.front()) : std::move(all));
  } while (reader.take("||"));
  if (any.parts.size() > 1) return any;
  Node only = std::move(any.parts.front());
  return only;
}

} // namespace kaden::logfilter
