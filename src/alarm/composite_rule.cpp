#include "kaden/composite_rule.h"
#include "kaden/limits/alarm_events.h"
#include "kaden/limits/metrics.h"
#include "kaden/utf8.h"

#include <map>
#include <optional>
#include <utility>

namespace kaden::alarm {

namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

} // namespace

std::string alarm_name_of(std::string_view name_or_arn) {
  constexpr std::string_view mark = ":alarm:";
  const std::size_t at = name_or_arn.starts_with("arn:") ? name_or_arn.find(mark) : std::string_view::npos;
  return std::string(at == std::string_view::npos ? name_or_arn : name_or_arn.substr(at + mark.size()));
}

class RuleParser {
 public:
  using Step = CompositeRule::Step;
  explicit RuleParser(std::string_view text) : text_(text) {}

  Result<CompositeRule> whole() {
    expression(0);
    if (!error_ && !at_end()) wrong("AND, OR or the end was expected");
    if (error_) return tl::unexpected<Error>(*error_);
    return std::move(rule_);
  }

 private:
  void wrong(std::string_view what) { wrong_at(at_, what); }
  void wrong_at(std::size_t at, std::string_view what) {
    if (!error_) error_ = Error{Fault::invalid, "at " + std::to_string(at + 1) + ": " + std::string(what)};
  }
  void skip() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }
  bool at_end() {
    skip();
    return at_ >= text_.size();
  }
  char peek() {
    skip();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  void want(char c, std::string_view where) {
    if (peek() == c) {
      ++at_;
    } else {
      wrong(std::string("\"") + c + "\" was expected " + std::string(where));
    }
  }
  /// The letters and underscores from here on; nothing is taken.
  std::string_view word() {
    skip();
    std::size_t end = at_;
    const auto is_letter = [](char c) {
      return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
    };
    while (end < text_.size() && is_letter(text_[end])) ++end;
    return text_.substr(at_, end - at_);
  }
  bool take(std::string_view wanted) {
    const std::string_view found = word();
    if (!equal_no_case(found, wanted)) return false;
    at_ += found.size();
    return true;
  }

  void expression(std::size_t depth) {
    if (depth > limits::rule_depth_max) wrong("the rule is nested too deep");
    if (error_) return;
    conjunction(depth);
    while (!error_ && take("OR")) {
      conjunction(depth);
      rule_.steps_.push_back(step(Step::Kind::either));
    }
  }

  void conjunction(std::size_t depth) {
    negation(depth);
    while (!error_ && take("AND")) {
      negation(depth);
      rule_.steps_.push_back(step(Step::Kind::both));
    }
  }

  void negation(std::size_t depth) {
    const bool negated = take("NOT");
    primary(depth);
    if (negated) rule_.steps_.push_back(step(Step::Kind::negate));
  }

  static Step step(Step::Kind kind) {
    Step made;
    made.kind = kind;
    return made;
  }

  void primary(std::size_t depth) {
    if (error_) return;
    if (peek() == '(') {
      const std::size_t open = at_;
      ++at_;
      expression(depth + 1);
      if (!error_ && peek() != ')') wrong_at(open, "this parenthesis is not closed");
      ++at_;
      return;
    }
    const std::size_t start = at_;
    if (take("TRUE") || take("FALSE")) {
      Step made = step(Step::Kind::constant);
      made.value = (text_[start] | 0x20) == 't';
      count_element(start);
      rule_.steps_.push_back(made);
    } else if (take("AT_LEAST")) {
      at_least();
    } else if (const auto state = take_state()) {
      want('(', "after the state");
      Step made = step(Step::Kind::state);
      made.state = *state;
      made.first = reference();
      want(')', "after the alarm's name");
      rule_.steps_.push_back(made);
    } else {
      wrong(at_end()
                ? "the rule ends where a condition was expected"
                : "ALARM(...), OK(...), INSUFFICIENT_DATA(...), AT_LEAST(...), TRUE, FALSE, NOT or \"(\" was "
                  "expected");
    }
  }

  std::optional<AlarmState> take_state() {
    for (const AlarmState state : {AlarmState::ok, AlarmState::alarm, AlarmState::insufficient_data}) {
      if (take(to_text(state))) return state;
    }
    return std::nullopt;
  }

  void at_least() {
    Step made = step(Step::Kind::at_least);
    want('(', "after AT_LEAST");
    const std::size_t number_at = (skip(), at_);
    std::uint32_t k = 0;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9' && k < 1'000) {
      k = k * 10 + static_cast<std::uint32_t>(text_[at_++] - '0');
    }
    const bool percent = peek() == '%';
    if (percent) ++at_;
    want(',', "after the number of AT_LEAST");
    made.negated = take("NOT");
    const auto state = take_state();
    if (!state) wrong("a state was expected: ALARM, OK or INSUFFICIENT_DATA");
    made.state = state.value_or(AlarmState::ok);
    want(',', "after the state of AT_LEAST");
    want('(', "before the alarms of AT_LEAST");
    made.first = static_cast<std::uint32_t>(rule_.lists_.size());
    do {
      const std::uint32_t child = reference();
      rule_.lists_.push_back(child);
    } while (!error_ && peek() == ',' && (++at_, true));
    want(')', "after the alarms of AT_LEAST");
    want(')', "at the end of AT_LEAST");
    made.count = static_cast<std::uint32_t>(rule_.lists_.size()) - made.first;
    if (k < 1 || (percent ? k > 100 : k > made.count)) {
      wrong_at(number_at, "the number of AT_LEAST is 1 to the number of its alarms, or 1% to 100%");
    }
    made.least = percent ? (k * made.count + 99) / 100 : k;
    rule_.steps_.push_back(made);
  }

  void count_element(std::size_t at) {
    if (++elements_ > limits::rule_elements_max) {
      wrong_at(at, "a rule has at most " + std::to_string(limits::rule_elements_max) + " elements");
    }
  }

  std::uint32_t reference() {
    if (error_) return 0;
    const std::size_t start = (skip(), at_);
    const std::string name = alarm_name_of(peek() == '"' ? quoted() : unquoted());
    if (error_) return 0;
    if (name.empty()) wrong_at(start, "an alarm's name was expected");
    if (name.size() > limits::alarm_name_bytes_max * 4 || characters(name) > limits::alarm_name_bytes_max) {
      wrong_at(start, "an alarm's name has at most 255 characters");
    }
    count_element(start);
    const auto [found, fresh] = known_.try_emplace(name, static_cast<std::uint32_t>(rule_.children_.size()));
    if (fresh) rule_.children_.push_back(name);
    if (rule_.children_.size() > limits::rule_children_max) {
      wrong_at(start,
               "a rule has at most " + std::to_string(limits::rule_children_max) + " different alarms");
    }
    return found->second;
  }

  std::string unquoted() {
    const std::size_t start = at_;
    const auto ends = [](char c) { return is_blank(c) || c == '(' || c == ')' || c == ',' || c == '"'; };
    while (at_ < text_.size() && !ends(text_[at_])) ++at_;
    std::string name(text_.substr(start, at_ - start));
    const char next = peek();
    if (!name.empty() && next != ')' && next != ',' && next != '\0') {
      wrong("a name with blanks, parentheses, commas or quotes must be written in quotes");
    }
    return name;
  }

  std::string quoted() {
    const std::size_t start = at_;
    ++at_;
    std::string name;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\') {
        ++at_;
        if (at_ >= text_.size() || (text_[at_] != '"' && text_[at_] != '\\')) {
          wrong_at(at_ - 1, "in quotes, \\ stands before \" or \\ only");
          return name;
        }
      }
      name += text_[at_++];
    }
    if (at_ >= text_.size()) wrong_at(start, "this quote is not closed");
    ++at_;
    return name;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t elements_ = 0;
  std::map<std::string, std::uint32_t> known_;
  CompositeRule rule_;
  std::optional<Error> error_;
};

Result<CompositeRule> CompositeRule::parse(std::string_view text) {
  if (text.size() > limits::rule_bytes_max * 4 || characters(text) > limits::rule_bytes_max) {
    return fail(Fault::invalid,
                "a rule has at most " + std::to_string(limits::rule_bytes_max) + " characters");
  }
  if (!is_valid_utf8(text)) return fail(Fault::invalid, "the rule is not UTF-8");
  return RuleParser(text).whole();
}

bool CompositeRule::holds(std::span<const AlarmState> states) const {
  require(states.size() == children_.size(), "a rule is asked with the state of each of its alarms");
  std::vector<char> stack;
  const auto pop = [&] {
    const bool top = stack.back() != 0;
    stack.pop_back();
    return top;
  };
  for (const Step& step : steps_) {
    bool result = false;
    switch (step.kind) {
      case Step::Kind::constant:
        result = step.value;
        break;
      case Step::Kind::state:
        result = states[step.first] == step.state;
        break;
      case Step::Kind::at_least: {
        std::uint32_t count = 0;
        for (std::uint32_t i = 0; i < step.count; ++i) {
          count += (states[lists_[step.first + i]] == step.state) != step.negated ? 1U : 0U;
        }
        result = count >= step.least;
        break;
      }
      case Step::Kind::negate:
        result = !pop();
        break;
      case Step::Kind::both: {
        const bool right = pop();
        result = pop() && right;
        break;
      }
      case Step::Kind::either: {
        const bool right = pop();
        result = pop() || right;
        break;
      }
    }
    stack.push_back(result ? 1 : 0);
  }
  return !stack.empty() && stack.back() != 0;
}

} // namespace kaden::alarm
