/// compiled.h - the three kinds of patterns, read. Room: logfilter, inside.
/// Threads: immutable values; any. Errors: Problem.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "json_selector.h"
#include "kaden/logfilter.h"
#include "operand.h"

namespace kaden::logfilter {

/// ERROR "two words" ?either ?or -not %regex%
struct Terms {
  using Term = std::variant<std::string, Regex>;
  std::vector<Term> all, any, none;

  static Parsed<Terms> read(Reader& reader);
  bool match(const Message& message) const;
};

/// { $.a = 1 && $.b IS NULL }
struct JsonConditions {
  enum class Kind : std::uint8_t { compare, is_null, is_true, is_false, not_exists };
  struct Test {
    JsonSelector selector;
    Kind kind = Kind::compare;
    Comparison comparison;
  };
  std::vector<Test> tests;
  Node root;

  static Parsed<JsonConditions> read(Reader& reader);
  bool match(const Message& message) const;
};

/// [ip, ..., status=4*, bytes]
struct FieldConditions {
  struct Test {
    std::size_t field = 0; ///< index in names
    Comparison comparison;
  };
  std::vector<std::string> names;  ///< without the "..."; empty: unnamed
  std::optional<std::size_t> rest; ///< how many of them stand before "..."
  std::vector<Test> tests;
  Node root{Node::Kind::all, 0, {}};

  static Parsed<FieldConditions> read(Reader& reader);
  bool fits(std::size_t fields) const { return rest ? fields >= names.size() : fields == names.size(); }
  /// Of named field `index`, among `fields` fields of a message that fits.
  std::size_t place_of(std::size_t index, std::size_t fields) const {
    return rest && index >= *rest ? fields - names.size() + index : index;
  }
  bool match(const Message& message) const;
};

struct Compiled {
  std::string text;
  std::size_t regexes = 0;
  std::variant<Terms, JsonConditions, FieldConditions> kind;
};

/// With the character counted from 1.
Error error_of(std::string_view pattern, const Problem& problem);

} // namespace kaden::logfilter
