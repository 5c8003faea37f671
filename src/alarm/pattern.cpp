#include "kaden/pattern.h"
#include "kaden/limits/metrics.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace kaden::alarm {

namespace {

constexpr std::size_t repeats_max = 1'000;
constexpr std::size_t unlimited = repeats_max + 1;

using Bytes = std::bitset<256>;

/// The pattern as it was read.
struct Node {
  enum class Kind : std::uint8_t { bytes, sequence, choice, repeat };
  Kind kind = Kind::sequence;
  Bytes bytes;
  std::vector<std::unique_ptr<Node>> parts;
  std::size_t least = 0, most = 0; // repeat
};
using NodePtr = std::unique_ptr<Node>;

Bytes range(unsigned char from, unsigned char to) {
  Bytes bytes;
  for (std::size_t i = from; i <= to; ++i) bytes.set(i);
  return bytes;
}

/// \d, \w, \s; nullopt for other letters, which mean nothing here.
std::optional<Bytes> escape(char c) {
  switch (c) {
    case 'd':
      return range('0', '9');
    case 'w':
      return range('0', '9') | range('a', 'z') | range('A', 'Z') | range('_', '_');
    case 's':
      return range('\t', '\r') | range(' ', ' ');
    default:
      break;
  }
  const auto byte = static_cast<unsigned char>(c);
  const bool is_word = (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
  if (is_word) return std::nullopt;
  return range(byte, byte);
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<NodePtr> whole() {
    if (peek() == '^') ++at_;
    NodePtr node = choice();
    if (!error_ && at_ < text_.size()) wrong("\")\" without \"(\"");
    if (error_) return tl::unexpected<Error>(*error_);
    return node;
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool more() const { return !error_ && at_ < text_.size(); }
  void wrong(std::string_view what) {
    if (!error_) error_ = Error{Fault::invalid, "at " + std::to_string(at_ + 1) + ": " + std::string(what)};
  }

  NodePtr choice() {
    auto node = std::make_unique<Node>();
    node->kind = Node::Kind::choice;
    node->parts.push_back(sequence());
    while (more() && peek() == '|') {
      ++at_;
      node->parts.push_back(sequence());
    }
    return node;
  }

  NodePtr sequence() {
    auto node = std::make_unique<Node>();
    while (more() && peek() != '|' && peek() != ')') {
      if (peek() == '$' && at_ + 1 == text_.size()) {
        ++at_;
        break;
      }
      NodePtr part = atom();
      while (more()) {
        const auto count = repeats();
        if (!count) break;
        auto repeat = std::make_unique<Node>();
        repeat->kind = Node::Kind::repeat;
        repeat->least = count->first;
        repeat->most = count->second;
        repeat->parts.push_back(std::move(part));
        part = std::move(repeat);
      }
      node->parts.push_back(std::move(part));
    }
    return node;
  }

  NodePtr atom() {
    auto node = std::make_unique<Node>();
    node->kind = Node::Kind::bytes;
    const char c = peek();
    ++at_;
    switch (c) {
      case '(':
        node = choice();
        if (peek() != ')') wrong("\"(\" is not closed");
        ++at_;
        return node;
      case '[':
        node->bytes = bracket();
        return node;
      case '.':
        node->bytes.set();
        return node;
      case '\\':
        node->bytes = escaped();
        return node;
      case '*':
      case '+':
      case '?':
      case '{':
      case '^':
      case '$':
        --at_;
        wrong(std::string("\"") + c + "\" is out of place; write \\" + c + " for the sign itself");
        ++at_;
        return node;
      default:
        node->bytes.set(static_cast<unsigned char>(c));
        return node;
    }
  }

  Bytes escaped() {
    if (at_ >= text_.size()) {
      wrong("nothing follows \"\\\"");
      return {};
    }
    const auto bytes = escape(text_[at_]);
    if (!bytes) wrong("known are \\d, \\w, \\s and \\ before a sign that is no letter or digit");
    ++at_;
    return bytes.value_or(Bytes{});
  }

  Bytes bracket() {
    const bool negated = peek() == '^';
    if (negated) ++at_;
    Bytes bytes;
    bool first = true;
    while (more() && (peek() != ']' || first)) {
      first = false;
      const char c = peek();
      ++at_;
      if (c == '\\') {
        bytes |= escaped();
        continue;
      }
      const auto from = static_cast<unsigned char>(c);
      if (peek() == '-' && at_ + 1 < text_.size() && text_[at_ + 1] != ']') {
        const auto to = static_cast<unsigned char>(text_[at_ + 1]);
        if (to < from || text_[at_ + 1] == '\\') wrong("a range goes from a lower to a higher sign");
        at_ += 2;
        bytes |= range(from, to);
      } else {
        bytes.set(from);
      }
    }
    if (peek() != ']') wrong("\"[\" is not closed");
    ++at_;
    return negated ? ~bytes : bytes;
  }

  std::optional<std::pair<std::size_t, std::size_t>> repeats() {
    switch (peek()) {
      case '*':
        ++at_;
        return std::pair<std::size_t, std::size_t>(0, unlimited);
      case '+':
        ++at_;
        return std::pair<std::size_t, std::size_t>(1, unlimited);
      case '?':
        ++at_;
        return std::pair<std::size_t, std::size_t>(0, 1);
      case '{':
        return counted();
      default:
        return std::nullopt;
    }
  }

  std::optional<std::size_t> number() {
    std::size_t value = 0;
    const std::size_t start = at_;
    while (peek() >= '0' && peek() <= '9' && value <= repeats_max) {
      value = value * 10 + static_cast<std::size_t>(peek() - '0');
      ++at_;
    }
    if (at_ == start || value > repeats_max) return std::nullopt;
    return value;
  }

  std::optional<std::pair<std::size_t, std::size_t>> counted() {
    ++at_;
    const auto least = number();
    std::optional<std::size_t> most = least;
    if (peek() == ',') {
      ++at_;
      most = peek() == '}' ? unlimited : number();
    }
    if (!least || !most || *most < *least || peek() != '}') {
      wrong("a repeat is {2}, {2,} or {2,5}, at most 1000");
      return std::nullopt;
    }
    ++at_;
    return std::pair(*least, *most);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::optional<Error> error_;
};

/// From the end to the beginning, so that each state knows what follows it.
class Builder {
 public:
  using State = Pattern::State;
  std::vector<State> states;
  std::vector<Bytes> sets;

  /// False when there are too many states.
  bool fits() const { return states.size() <= limits::pattern_states_max && work_ <= work_max; }

  std::uint16_t add(State state) {
    if (states.size() <= limits::pattern_states_max) states.push_back(state);
    return static_cast<std::uint16_t>(states.size() - 1);
  }

  std::uint16_t build(const Node& node, std::uint16_t next) {
    ++work_;
    if (!fits()) return next;
    switch (node.kind) {
      case Node::Kind::bytes:
        return add({State::Kind::byte, set_of(node.bytes), next, 0});
      case Node::Kind::sequence:
        for (auto part = node.parts.rbegin(); part != node.parts.rend(); ++part) next = build(**part, next);
        return next;
      case Node::Kind::choice: {
        std::uint16_t start = build(*node.parts.back(), next);
        for (auto part = node.parts.rbegin() + 1; part != node.parts.rend(); ++part) {
          start = add({State::Kind::fork, 0, build(**part, next), start});
        }
        return start;
      }
      case Node::Kind::repeat:
        return build_repeat(node, next);
    }
    return next;
  }

 private:
  static constexpr std::size_t work_max = 10 * limits::pattern_states_max;

  std::uint16_t build_repeat(const Node& node, const std::uint16_t next) {
    const Node& part = *node.parts.front();
    std::uint16_t start = next;
    if (node.most == unlimited) {
      start = add({State::Kind::fork, 0, next, next});
      const std::uint16_t body = build(part, start);
      states[start].next = body;
    } else {
      for (std::size_t i = node.least; i < node.most && fits(); ++i) {
        start = add({State::Kind::fork, 0, build(part, start), next});
      }
    }
    for (std::size_t i = 0; i < node.least && fits(); ++i) start = build(part, start);
    return start;
  }

  std::uint16_t set_of(const Bytes& bytes) {
    const auto found = std::find(sets.begin(), sets.end(), bytes);
    if (found != sets.end()) return static_cast<std::uint16_t>(found - sets.begin());
    sets.push_back(bytes);
    return static_cast<std::uint16_t>(sets.size() - 1);
  }

  std::size_t work_ = 0;
};

/// The states that a run through the text can be in: forks are followed at once, each state stands once.
class Front {
 public:
  explicit Front(std::size_t states) : seen_(states, 0) {}
  void clear() {
    list_.clear();
    ++round_;
  }
  void add(const std::vector<Pattern::State>& states, std::uint16_t first) {
    waiting_.push_back(first);
    while (!waiting_.empty()) {
      const std::uint16_t one = waiting_.back();
      waiting_.pop_back();
      if (seen_[one] == round_) continue;
      seen_[one] = round_;
      if (states[one].kind == Pattern::State::Kind::fork) {
        waiting_.push_back(states[one].other);
        waiting_.push_back(states[one].next);
      } else {
        list_.push_back(one);
      }
    }
  }
  const std::vector<std::uint16_t>& list() const { return list_; }

 private:
  std::vector<std::uint32_t> seen_;
  std::vector<std::uint16_t> list_, waiting_;
  std::uint32_t round_ = 1;
};

} // namespace

Result<Pattern> Pattern::parse(std::string_view text) {
  if (text.size() > limits::pattern_bytes_max) {
    return fail(Fault::invalid,
                "the pattern is longer than " + std::to_string(limits::pattern_bytes_max) + " bytes");
  }
  const auto node = Parser(text).whole();
  if (!node) return tl::unexpected<Error>(node.error());
  Builder builder;
  const std::uint16_t done = builder.add({});
  const std::uint16_t start = builder.build(**node, done);
  if (!builder.fits()) return fail(Fault::invalid, "the pattern's repeats are too many");
  Pattern pattern;
  pattern.states_ = std::move(builder.states);
  pattern.sets_ = std::move(builder.sets);
  pattern.start_ = start;
  return pattern;
}

bool Pattern::matches(std::string_view text) const {
  if (states_.empty()) return false;
  Front now(states_.size());
  Front next(states_.size());
  now.add(states_, start_);
  for (const char c : text) {
    next.clear();
    for (const std::uint16_t one : now.list()) {
      const State& state = states_[one];
      if (state.kind == State::Kind::byte && sets_[state.set].test(static_cast<unsigned char>(c))) {
        next.add(states_, state.next);
      }
    }
    std::swap(now, next);
    if (now.list().empty()) return false;
  }
  return std::any_of(now.list().begin(), now.list().end(),
                     [&](std::uint16_t one) { return states_[one].kind == State::Kind::done; });
}

} // namespace kaden::alarm
