#include <boost/json/object.hpp>

#include "compiled.h"

#include "kaden/limits/logs.h"

namespace kaden::logfilter {

namespace {

class Conditions {
 public:
  Conditions(Reader& reader, JsonConditions& into) : reader_(reader), into_(into) {}

  Parsed<Node> any(std::size_t depth) {
    return read_conditions(reader_, [&] { return one(depth); });
  }

 private:
  Parsed<Node> one(std::size_t depth) {
    if (reader_.peek() != '(') return test();
    if (depth == limits::filter_pattern_depth_max) {
      return reader_.problem("parentheses nest at most " + std::to_string(limits::filter_pattern_depth_max) +
                             " levels");
    }
    const std::size_t begin = reader_.at();
    reader_.skip();
    auto inside = any(depth + 1);
    if (!inside) return inside;
    if (!reader_.take(")")) {
      if (reader_.is_done() || reader_.peek() == '}') return wrong(begin, "'(' is not closed");
      return reader_.problem("expected &&, || or ) and found " + reader_.seen());
    }
    return inside;
  }

  Parsed<Node> test() {
    const std::size_t begin = reader_.at();
    auto selector = JsonSelector::read(reader_);
    if (!selector) return tl::unexpected(selector.error());
    JsonConditions::Test test;
    test.selector = std::move(*selector);
    if (test.selector.has_wildcard && ++wildcards_ > limits::filter_wildcard_selectors_max) {
      return wrong(begin, "a pattern holds at most " + std::to_string(limits::filter_wildcard_selectors_max) +
                              " selectors with wildcards");
    }
    reader_.skip_blanks();
    if (const auto read = predicate(test); !read) return tl::unexpected(read.error());
    into_.tests.push_back(std::move(test));
    return Node{Node::Kind::test, into_.tests.size() - 1, {}};
  }

  Parsed<void> predicate(JsonConditions::Test& test) {
    using Kind = JsonConditions::Kind;
    if (reader_.take_word("IS")) {
      reader_.skip_blanks();
      if (reader_.take_word("NULL")) {
        test.kind = Kind::is_null;
      } else if (reader_.take_word("TRUE")) {
        test.kind = Kind::is_true;
      } else if (reader_.take_word("FALSE")) {
        test.kind = Kind::is_false;
      } else {
        return reader_.problem("expected NULL, TRUE or FALSE behind IS and found " + reader_.seen());
      }
      return {};
    }
    if (reader_.take_word("NOT")) {
      reader_.skip_blanks();
      if (!reader_.take_word("EXISTS")) {
        return reader_.problem("expected EXISTS behind NOT and found " + reader_.seen());
      }
      test.kind = Kind::not_exists;
      return {};
    }
    auto comparison = read_comparison(reader_);
    if (!comparison) return tl::unexpected(comparison.error());
    test.comparison = std::move(*comparison);
    return {};
  }

  Reader& reader_;
  JsonConditions& into_;
  std::size_t wildcards_ = 0;
};

bool compares(const Comparison& comparison, const json::value& value) {
  switch (value.kind()) {
    case json::kind::string:
      return comparison.holds(std::string_view(value.get_string()), std::nullopt);
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_: {
      const double number = value.to_number<double>();
      // The text of a number is made only when it is compared as one.
      return comparison.holds(comparison.number ? std::string() : scalar_text(value).value_or(""), number);
    }
    case json::kind::bool_:
      return comparison.holds(value.get_bool() ? "true" : "false", std::nullopt);
    case json::kind::null:
    case json::kind::array:
    case json::kind::object:
      break;
  }
  return false;
}

bool holds_for(const JsonConditions::Test& test, const json::value& value) {
  switch (test.kind) {
    case JsonConditions::Kind::compare:
      return compares(test.comparison, value);
    case JsonConditions::Kind::is_null:
      return value.is_null();
    case JsonConditions::Kind::is_true:
      return value.is_bool() && value.get_bool();
    case JsonConditions::Kind::is_false:
      return value.is_bool() && !value.get_bool();
    case JsonConditions::Kind::not_exists:
      return true; // that it was hit is the answer
  }
  return false;
}

} // namespace

Parsed<JsonConditions> JsonConditions::read(Reader& reader) {
  JsonConditions conditions;
  const std::size_t begin = reader.at();
  reader.skip(); // the brace
  auto root = Conditions(reader, conditions).any(0);
  if (!root) return tl::unexpected(root.error());
  conditions.root = std::move(*root);
  if (!reader.take("}")) {
    if (reader.is_done()) return wrong(begin, "'{' is not closed");
    return reader.problem("expected &&, || or } and found " + reader.seen());
  }
  return conditions;
}

bool JsonConditions::match(const Message& message) const {
  const json::object* object = message.object();
  if (object == nullptr) return false;
  return holds(root, [&](std::size_t index) {
    const Test& test = tests[index];
    const bool hit =
        test.selector.find(*object, [&](const json::value& value) { return holds_for(test, value); });
    return hit != (test.kind == Kind::not_exists);
  });
}

} // namespace kaden::logfilter
