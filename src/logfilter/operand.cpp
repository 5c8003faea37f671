#include "operand.h"

#include <cstring>

namespace kaden::logfilter {

namespace {

/// What may stand in a value without quotes.
bool is_bare(char c) {
  return Reader::is_name(c) || Reader::is_beyond_ascii(c) ||
         std::string_view("-.+*:/@").find(c) != std::string_view::npos;
}

Parsed<Operator> read_operator(Reader& reader) {
  if (reader.take("!=")) return Operator::not_equal;
  if (reader.take("<=")) return Operator::less_or_equal;
  if (reader.take(">=")) return Operator::greater_or_equal;
  if (reader.take("=")) return Operator::equal;
  if (reader.take("<")) return Operator::less;
  if (reader.take(">")) return Operator::greater;
  return reader.problem("expected =, !=, <, >, <= or >= and found " + reader.seen());
}

} // namespace

bool contains(std::string_view text, std::string_view part) {
  if (part.empty()) return true;
  return memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

Glob Glob::of(std::string_view text) {
  Glob glob;
  if (text.starts_with('*')) {
    glob.open_start = true;
    text.remove_prefix(1);
  }
  if (text.ends_with('*')) {
    glob.open_end = true;
    text.remove_suffix(1);
  }
  glob.text = text;
  if (text.empty() && glob.open_start) glob.open_end = true; // "*"
  return glob;
}

bool Glob::matches(std::string_view whole) const {
  if (open_start && open_end) return contains(whole, text);
  if (open_start) return whole.ends_with(text);
  if (open_end) return whole.starts_with(text);
  return whole == text;
}

std::optional<double> number_of(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  if (text.empty() || !(text.back() >= '0' && text.back() <= '9')) return std::nullopt; // "1.", "inf"
  return parse_real(text);
}

bool Comparison::holds(std::string_view text, std::optional<double> number_of_it) const {
  if (op == Operator::equal || op == Operator::not_equal) {
    bool same = false;
    if (regex) {
      same = regex->found_in(text);
    } else if (number && number_of_it) {
      same = !(*number < *number_of_it) && !(*number_of_it < *number);
    } else {
      same = glob.matches(text);
    }
    return same == (op == Operator::equal);
  }
  if (!number || !number_of_it) return false;
  switch (op) {
    case Operator::less:
      return *number_of_it < *number;
    case Operator::less_or_equal:
      return *number_of_it <= *number;
    case Operator::greater:
      return *number_of_it > *number;
    case Operator::greater_or_equal:
      return *number_of_it >= *number;
    case Operator::equal:
    case Operator::not_equal:
      break;
  }
  return false;
}

Parsed<Comparison> read_comparison(Reader& reader) {
  const std::size_t op_at = reader.at();
  const auto op = read_operator(reader);
  if (!op) return tl::unexpected(op.error());
  Comparison made;
  made.op = *op;
  const bool wants_number = *op != Operator::equal && *op != Operator::not_equal;
  reader.skip_blanks();
  const std::size_t value_at = reader.at();
  if (reader.peek() == '%') {
    const auto inside = reader.percent();
    if (!inside) return tl::unexpected(inside.error());
    auto regex = Regex::parse(*inside, value_at + 1);
    if (!regex) return tl::unexpected(regex.error());
    made.regex = std::move(*regex);
    ++reader.regexes;
  } else if (reader.peek() == '"') {
    auto text = reader.quoted();
    if (!text) return tl::unexpected(text.error());
    made.glob = Glob::of(*text);
  } else {
    const std::string_view bare = reader.take_while(is_bare);
    if (bare.empty()) return reader.problem("expected a value and found " + reader.seen());
    made.number = number_of(bare);
    made.glob = Glob::of(bare);
  }
  if (wants_number && !made.number) return wrong(op_at, "only a number can be compared by size");
  const char next = reader.peek();
  if (!reader.is_done() && !Reader::is_blank(next) &&
      std::string_view(")}],&|").find(next) == std::string_view::npos) {
    return reader.problem(reader.seen() + " must stand in double quotes");
  }
  return made;
}

} // namespace kaden::logfilter
