// The parser of metric math; math_evaluation.cpp computes.
#include "kaden/metric_math.h"
#include "kaden/limits/metrics.h"

#include <algorithm>
#include <array>
#include <utility>

#include "math_node.h"

namespace kaden::alarm {

namespace {

using Node = MathExpression::Node;
using NodePtr = std::unique_ptr<Node>;
using Function = MathFunction;
using Operator = MathOperator;

struct Signature {
  std::string_view name;
  Function function;
  std::size_t least, most; // arguments
};

constexpr std::array<Signature, 30> signatures{{{"ABS", Function::abs, 1, 1},
                                                {"CEIL", Function::ceil, 1, 1},
                                                {"FLOOR", Function::floor, 1, 1},
                                                {"LOG", Function::log, 1, 1},
                                                {"LOG10", Function::log10, 1, 1},
                                                {"DIFF", Function::diff, 1, 1},
                                                {"DIFF_TIME", Function::diff_time, 1, 1},
                                                {"RATE", Function::rate, 1, 1},
                                                {"RUNNING_SUM", Function::running_sum, 1, 1},
                                                {"AVG", Function::average, 1, 1},
                                                {"MAX", Function::maximum, 1, 1},
                                                {"MIN", Function::minimum, 1, 1},
                                                {"SUM", Function::sum, 1, 1},
                                                {"STDDEV", Function::deviation, 1, 1},
                                                {"DATAPOINT_COUNT", Function::datapoint_count, 1, 1},
                                                {"MINUTE", Function::minute, 1, 1},
                                                {"HOUR", Function::hour, 1, 1},
                                                {"DAY", Function::day, 1, 1},
                                                {"DATE", Function::date, 1, 1},
                                                {"MONTH", Function::month, 1, 1},
                                                {"YEAR", Function::year, 1, 1},
                                                {"EPOCH", Function::epoch, 1, 1},
                                                {"FILL", Function::fill, 2, 2},
                                                {"IF", Function::if_, 2, 3},
                                                {"TIME_SERIES", Function::time_series, 1, 1},
                                                {"PERIOD", Function::period, 1, 1},
                                                {"METRICS", Function::metrics, 0, 1},
                                                {"FIRST", Function::first, 1, 1},
                                                {"LAST", Function::last, 1, 1},
                                                {"METRIC_COUNT", Function::metric_count, 1, 1}}};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_name(char c) {
  return is_lower(c) || is_upper(c) || is_digit(c) || c == '_';
}

class MathParser {
 public:
  explicit MathParser(std::string_view text) : text_(text) {}

  NodePtr whole() {
    NodePtr node = binary(0, 0);
    skip();
    if (!error_ && at_ < text_.size()) wrong("an operator or the end was expected");
    return node;
  }
  const std::optional<Error>& error() const { return error_; }
  std::vector<std::string> ids;
  bool uses_metrics = false;

 private:
  struct Sign {
    std::string_view text;
    Operator operation;
  };
  // From the weakest to the strongest; in a row, longer signs first.
  static constexpr std::size_t rows = 5;
  static constexpr std::size_t most_in_row = 6;
  static constexpr std::array<std::array<Sign, most_in_row>, rows> table{
      {{{{"||", Operator::or_}, {"OR", Operator::or_}}},
       {{{"&&", Operator::and_}, {"AND", Operator::and_}}},
       {{{"==", Operator::equal},
         {"!=", Operator::not_equal},
         {"<=", Operator::less_equal},
         {">=", Operator::greater_equal},
         {"<", Operator::less},
         {">", Operator::greater}}},
       {{{"+", Operator::add}, {"-", Operator::subtract}}},
       {{{"*", Operator::multiply}, {"/", Operator::divide}}}}};

  void wrong(std::string_view what) { wrong_at(at_, what); }
  void wrong_at(std::size_t at, std::string_view what) {
    if (!error_) error_ = math_fault(at, what).value();
  }
  void skip() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
      ++at_;
    }
  }
  char peek() {
    skip();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  NodePtr make(Node::Kind kind, std::size_t at) {
    if (++nodes_ > limits::expression_nodes_max) wrong_at(at, "the expression has too many parts");
    auto node = std::make_unique<Node>();
    node->kind = kind;
    node->at = at;
    return node;
  }

  std::optional<Operator> take_operator(std::size_t row) {
    skip();
    for (const Sign& sign : table[row]) {
      if (sign.text.empty() || !text_.substr(at_).starts_with(sign.text)) continue;
      const std::size_t end = at_ + sign.text.size();
      if (is_upper(sign.text[0]) && end < text_.size() && is_name(text_[end])) continue;
      at_ = end;
      return sign.operation;
    }
    return std::nullopt;
  }

  NodePtr binary(std::size_t row, std::size_t depth) {
    NodePtr left = row == rows ? unary(depth) : binary(row + 1, depth);
    while (!error_ && row < rows) {
      const std::size_t at = (skip(), at_);
      const auto operation = take_operator(row);
      if (!operation) break;
      NodePtr node = make(Node::Kind::operation, at);
      node->operation = *operation;
      node->parts.push_back(std::move(left));
      node->parts.push_back(binary(row + 1, depth));
      left = std::move(node);
    }
    return left;
  }

  NodePtr unary(std::size_t depth) {
    if (depth > limits::expression_depth_max) wrong("the expression is nested too deep");
    if (error_) return make(Node::Kind::number, at_);
    if (peek() != '-') return power(depth);
    NodePtr node = make(Node::Kind::negate, at_);
    ++at_;
    node->parts.push_back(unary(depth + 1));
    return node;
  }

  NodePtr power(std::size_t depth) {
    NodePtr base = primary(depth);
    if (error_ || peek() != '^') return base;
    NodePtr node = make(Node::Kind::operation, at_);
    ++at_;
    node->operation = Operator::power;
    node->parts.push_back(std::move(base));
    node->parts.push_back(unary(depth + 1));
    return node;
  }

  NodePtr primary(std::size_t depth) {
    const char c = peek();
    const std::size_t start = at_;
    if (is_digit(c) || c == '.') return number();
    if (is_lower(c)) return id();
    if (is_upper(c)) return function(depth);
    if (c == '"') return quoted();
    if (take('(')) {
      NodePtr node = binary(0, depth + 1);
      if (!error_ && !take(')')) wrong_at(start, "this parenthesis is not closed");
      return node;
    }
    if (take('[')) {
      NodePtr node = make(Node::Kind::array, start);
      do node->parts.push_back(binary(0, depth + 1));
      while (!error_ && take(','));
      if (!error_ && !take(']')) wrong_at(start, "this bracket is not closed");
      return node;
    }
    wrong(c == '\0' ? "the expression ends where a value was expected" : "a value was expected");
    return make(Node::Kind::number, start);
  }

  NodePtr number() {
    NodePtr node = make(Node::Kind::number, at_);
    std::size_t end = at_;
    while (end < text_.size() && (is_digit(text_[end]) || text_[end] == '.')) ++end;
    const bool exponent = end < text_.size() && (text_[end] == 'e' || text_[end] == 'E');
    const std::size_t sign =
        end + 1 < text_.size() && (text_[end + 1] == '-' || text_[end + 1] == '+') ? 2 : 1;
    if (exponent && end + sign < text_.size() && is_digit(text_[end + sign])) {
      end += sign;
      while (end < text_.size() && is_digit(text_[end])) ++end;
    }
    std::string digits(text_.substr(at_, end - at_));
    std::erase(digits, '+');
    const auto value = parse_real(digits);
    if (!value || (end < text_.size() && is_name(text_[end]))) wrong("this is not a number");
    node->number = value.value_or(0);
    at_ = end;
    return node;
  }

  std::string_view name() {
    const std::size_t start = at_;
    while (at_ < text_.size() && is_name(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }

  NodePtr id() {
    NodePtr node = make(Node::Kind::id, at_);
    node->text = name();
    if (std::find(ids.begin(), ids.end(), node->text) == ids.end()) ids.push_back(node->text);
    return node;
  }

  NodePtr quoted() {
    NodePtr node = make(Node::Kind::text, at_);
    const std::size_t end = text_.find('"', at_ + 1);
    if (end == std::string_view::npos) {
      wrong("this quote is not closed");
      return node;
    }
    node->text = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return node;
  }

  NodePtr function(std::size_t depth) {
    const std::size_t start = at_;
    const std::string_view word = name();
    if (peek() != '(') {
      NodePtr node = make(Node::Kind::word, start);
      node->text = word;
      if (word != "REPEAT" && word != "LINEAR") {
        wrong_at(start, "\"" + std::string(cut_utf8(word, 50)) +
                            "\" is no value; ids begin with a lower-case letter");
      }
      return node;
    }
    NodePtr node = make(Node::Kind::function, start);
    const auto* found = std::find_if(signatures.begin(), signatures.end(),
                                     [&](const Signature& one) { return one.name == word; });
    if (found == signatures.end()) {
      wrong_at(start, "there is no function " + std::string(cut_utf8(word, 50)) + " here");
      return node;
    }
    ++at_;
    node->function = found->function;
    if (!take(')')) {
      do node->parts.push_back(binary(0, depth + 1));
      while (!error_ && take(','));
      if (!error_ && !take(')'))
        wrong_at(start, "the parenthesis of " + std::string(word) + " is not closed");
    }
    check_arguments(*node, *found);
    return node;
  }

  void check_arguments(const Node& node, const Signature& signature) {
    const std::size_t count = node.parts.size();
    if (count < signature.least || count > signature.most) {
      wrong_at(node.at,
               std::string(signature.name) + " takes " + std::to_string(signature.least) +
                   (signature.most > signature.least ? " to " + std::to_string(signature.most) : "") +
                   (signature.most == 1 ? " argument" : " arguments"));
    }
    for (std::size_t i = 0; i < count; ++i) {
      const Node& part = *node.parts[i];
      const bool is_text = part.kind == Node::Kind::text;
      const bool is_word = part.kind == Node::Kind::word;
      if (is_word && !(node.function == Function::fill && i == 1)) {
        wrong_at(part.at, part.text + " stands only as the second argument of FILL");
      }
      if (is_text != (node.function == Function::metrics)) {
        wrong_at(part.at,
                 is_text ? "a text in quotes stands only in METRICS" : "METRICS takes a text in quotes");
      }
    }
    if (node.function == Function::metrics) uses_metrics = true;
    if (node.function == Function::period && count == 1 && node.parts[0]->kind != Node::Kind::id) {
      wrong_at(node.parts[0]->at, "PERIOD takes the id of a metric");
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t nodes_ = 0;
  std::optional<Error> error_;
};

/// REPEAT, LINEAR and texts are no values outside of their functions.
const Node* misplaced(const Node& node, bool allowed) {
  if ((node.kind == Node::Kind::word || node.kind == Node::Kind::text) && !allowed) return &node;
  for (const auto& part : node.parts) {
    if (const Node* found = misplaced(*part, node.kind == Node::Kind::function)) return found;
  }
  return nullptr;
}

} // namespace

std::string_view name_of(MathFunction function) {
  const auto* found = std::find_if(signatures.begin(), signatures.end(),
                                   [&](const Signature& one) { return one.function == function; });
  return found == signatures.end() ? std::string_view() : found->name;
}

Result<MathExpression> MathExpression::parse(std::string_view text) {
  if (text.size() > limits::expression_bytes_max) {
    return fail(Fault::invalid,
                "an expression has at most " + std::to_string(limits::expression_bytes_max) + " characters");
  }
  MathParser parser(text);
  NodePtr root = parser.whole();
  if (parser.error()) return tl::unexpected<Error>(*parser.error());
  if (const Node* wrong = misplaced(*root, false)) return math_fault(wrong->at, "a value was expected");
  MathExpression made;
  made.root_ = std::shared_ptr<const Node>(root.release());
  made.ids_ = std::move(parser.ids);
  made.uses_metrics_ = parser.uses_metrics;
  return made;
}

const std::vector<std::string>& MathExpression::ids() const {
  return ids_;
}

bool MathExpression::uses_metrics() const {
  return uses_metrics_;
}

} // namespace kaden::alarm
