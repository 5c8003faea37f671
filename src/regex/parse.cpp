// Reads an expression into a tree, and writes the tree out as instructions.
#include <algorithm>
#include <optional>

#include "kaden/limits/mail.h"
#include "program.h"

namespace kaden::regex {

namespace {

constexpr std::size_t unlimited = limits::regex_count_max + 1;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// The expression as it was read.
struct Node {
  enum class Kind : std::uint8_t { set, look, sequence, choice, repeat, group };
  Kind kind = Kind::sequence;
  CharacterSet set;
  Look look = Look::line_begin;
  std::vector<Node> parts;
  std::size_t least = 0, most = 0; ///< repeat
  bool is_lazy = false;            ///< repeat
  std::size_t group = 0;           ///< its number, from 0
};

CharacterSet class_of(char letter) {
  CharacterSet set;
  const char lower = static_cast<char>(letter | 0x20);
  if (lower == 'd' || lower == 'w') set.add(U'0', U'9');
  if (lower == 'w') {
    set.add(U'a', U'z');
    set.add(U'A', U'Z');
    set.add(U'_', U'_');
  }
  if (lower == 's') {
    set.add(U'\t', U'\r');
    set.add(U' ', U' ');
    set.add(U'\u3000', U'\u3000'); // the blank of Japanese texts
  }
  if (letter != lower) set.invert();
  return set;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}
  std::vector<std::string> names;

  Result<Node> whole() {
    if (text_.starts_with("(?i)")) {
      folds_case_ = true;
      at_ = 4;
    }
    Node node = choice(0);
    if (!error_ && at_ < text_.size()) wrong("\")\" without \"(\"");
    if (error_) return tl::unexpected(*error_);
    return node;
  }

 private:
  bool more() const { return !error_ && at_ < text_.size(); }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool takes(std::string_view word) {
    if (at_ > text_.size() || !text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  void wrong(std::string what) {
    if (!error_) error_ = Error{Fault::invalid, "at " + std::to_string(at_ + 1) + ": " + std::move(what)};
  }

  Node choice(std::size_t depth) {
    Node node;
    node.kind = Node::Kind::choice;
    if (depth > limits::regex_depth_max) {
      wrong("groups stand in groups too deeply");
      return node;
    }
    node.parts.push_back(sequence(depth));
    while (more() && peek() == '|') {
      ++at_;
      node.parts.push_back(sequence(depth));
    }
    return node;
  }

  Node sequence(std::size_t depth) {
    Node node;
    while (more() && peek() != '|' && peek() != ')') {
      Node part = atom(depth);
      if (more()) repeat(part);
      node.parts.push_back(std::move(part));
    }
    return node;
  }

  Node atom(std::size_t depth) {
    Node node;
    switch (peek()) {
      case '(':
        ++at_;
        return group(depth);
      case '[':
        ++at_;
        return set_node(bracket());
      case '.':
        ++at_;
        node.set.add(U'\n', U'\n');
        node.set.invert();
        return set_node(node.set);
      case '^':
        ++at_;
        return look_node(Look::line_begin);
      case '$':
        ++at_;
        return look_node(Look::line_end);
      case '\\':
        if (takes("\\b")) return look_node(Look::word_edge);
        if (takes("\\B")) return look_node(Look::no_word_edge);
        ++at_;
        return set_node(escaped());
      case '*':
      case '+':
      case '?':
      case '{':
        wrong(std::string("\"") + peek() + "\" has nothing to repeat; write \\" + peek() +
              " for the sign itself");
        ++at_;
        return node;
      default: {
        const Decoded one = decode(text_, at_);
        at_ += one.bytes;
        node.set.add(one.c, one.c);
        return set_node(node.set);
      }
    }
  }

  Node set_node(CharacterSet set) const {
    Node node;
    node.kind = Node::Kind::set;
    node.set = std::move(set);
    if (folds_case_) node.set.fold_case();
    node.set.finish();
    return node;
  }
  static Node look_node(Look look) {
    Node node;
    node.kind = Node::Kind::look;
    node.look = look;
    return node;
  }

  Node group(std::size_t depth) {
    Node node;
    const bool has_name = takes("?<") || takes("?P<");
    if (has_name) {
      node.kind = Node::Kind::group;
      name_group(node);
    } else if (!takes("?:") && peek() == '?') {
      wrong("known are (?:...), (?<name>...) and (?i) at the very beginning");
    }
    node.parts.push_back(choice(depth + 1));
    if (peek() != ')') wrong("\"(\" is not closed");
    ++at_;
    return node;
  }

  void name_group(Node& node) {
    const std::size_t end = text_.find('>', at_);
    const std::string name(text_.substr(at_, end == std::string_view::npos ? end : end - at_));
    const bool is_good =
        end != std::string_view::npos && !name.empty() && name.size() <= 32 &&
        (is_letter(name[0]) || name[0] == '_') &&
        std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
    if (!is_good) return wrong("a group's name is 1 to 32 letters, digits and _, no digit first");
    if (std::find(names.begin(), names.end(), name) != names.end())
      return wrong("another group is called " + name);
    if (names.size() >= limits::regex_groups_max) return wrong("there are too many groups with names");
    node.group = names.size();
    names.push_back(name);
    at_ = end + 1;
  }

  /// Behind a backslash.
  CharacterSet escaped() {
    CharacterSet set;
    if (at_ >= text_.size()) {
      wrong("nothing follows \"\\\"");
      return set;
    }
    const char c = peek();
    if (std::string_view("dwsDWS").find(c) != std::string_view::npos) {
      ++at_;
      return class_of(c);
    }
    if (c == 't' || c == 'n') {
      ++at_;
      const char32_t sign = c == 't' ? U'\t' : U'\n';
      set.add(sign, sign);
      return set;
    }
    if (is_letter(c) || is_digit(c)) {
      wrong("known are \\d, \\w, \\s, \\D, \\W, \\S, \\b, \\B, \\t, \\n and \\ before a sign");
    }
    const Decoded one = decode(text_, at_);
    at_ += one.bytes;
    set.add(one.c, one.c);
    return set;
  }

  CharacterSet bracket() {
    const bool is_negated = takes("^");
    CharacterSet set;
    bool is_first = true;
    while (more() && (peek() != ']' || is_first)) {
      is_first = false;
      const CharacterSet from = bracket_member();
      const bool is_range = peek() == '-' && at_ + 1 < text_.size() && text_[at_ + 1] != ']';
      if (!is_range || error_) {
        set.add(from);
        continue;
      }
      ++at_;
      const CharacterSet to = bracket_member();
      if (error_) break;
      if (!from.is_one() || !to.is_one() || to.first() < from.first()) {
        wrong("a range goes from a lower to a higher character");
        break;
      }
      set.add(from.first(), to.first());
    }
    if (peek() != ']') wrong("\"[\" is not closed");
    ++at_;
    if (is_negated) {
      if (folds_case_) set.fold_case();
      set.add(U'\n', U'\n');
      set.invert();
    }
    return set;
  }

  CharacterSet bracket_member() {
    if (takes("\\")) return escaped();
    const Decoded one = decode(text_, at_);
    at_ += one.bytes;
    CharacterSet set;
    set.add(one.c, one.c);
    return set;
  }

  void repeat(Node& part) {
    std::size_t least = 0;
    std::size_t most = unlimited;
    if (takes("+")) {
      least = 1;
    } else if (takes("?")) {
      most = 1;
    } else if (peek() == '{') {
      if (!counted(least, most)) return;
    } else if (!takes("*")) {
      return;
    }
    Node node;
    node.kind = Node::Kind::repeat;
    node.least = least;
    node.most = most;
    node.is_lazy = takes("?");
    node.parts.push_back(std::move(part));
    part = std::move(node);
    if (more() && std::string_view("*+?{").find(peek()) != std::string_view::npos)
      wrong("a repeat is repeated");
  }

  bool counted(std::size_t& least, std::size_t& most) {
    ++at_;
    const auto from = number();
    auto to = from;
    if (takes(",")) to = peek() == '}' ? std::optional(unlimited) : number();
    if (!from || !to || *to < *from || !takes("}")) {
      wrong("a repeat is {2}, {2,} or {2,5}, at most " + std::to_string(limits::regex_count_max));
      return false;
    }
    least = *from;
    most = *to;
    return true;
  }

  std::optional<std::size_t> number() {
    std::size_t value = 0;
    const std::size_t start = at_;
    while (is_digit(peek()) && value <= limits::regex_count_max) {
      value = value * 10 + static_cast<std::size_t>(peek() - '0');
      ++at_;
    }
    if (at_ == start || value > limits::regex_count_max) return std::nullopt;
    return value;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool folds_case_ = false;
  std::optional<Error> error_;
};

/// From the end to the beginning, so that each instruction knows what follows it.
class Builder {
 public:
  explicit Builder(Regex::Program& program) : program_(program) {}
  using Kind = Instruction::Kind;

  bool fits() const { return program_.code.size() <= limits::regex_instructions_max && work_ <= work_max; }

  std::uint16_t add(Instruction one) {
    if (fits()) program_.code.push_back(one);
    return static_cast<std::uint16_t>(program_.code.size() - 1);
  }

  std::uint16_t build(const Node& node, std::uint16_t next) {
    ++work_;
    if (!fits()) return next;
    switch (node.kind) {
      case Node::Kind::set:
        program_.sets.push_back(node.set);
        return add({Kind::character, {}, static_cast<std::uint16_t>(program_.sets.size() - 1), 0, next, 0});
      case Node::Kind::look:
        return add({Kind::look, node.look, 0, 0, next, 0});
      case Node::Kind::sequence:
        for (auto part = node.parts.rbegin(); part != node.parts.rend(); ++part) next = build(*part, next);
        return next;
      case Node::Kind::choice: {
        std::uint16_t start = build(node.parts.back(), next);
        for (auto part = node.parts.rbegin() + 1; part != node.parts.rend(); ++part)
          start = fork(build(*part, next), start, false);
        return start;
      }
      case Node::Kind::group: {
        const auto slot = static_cast<std::uint16_t>(2 * node.group);
        const std::uint16_t end = add({Kind::save, {}, 0, static_cast<std::uint16_t>(slot + 1), next, 0});
        return add({Kind::save, {}, 0, slot, build(node.parts.front(), end), 0});
      }
      case Node::Kind::repeat:
        return build_repeat(node, next);
    }
    return next;
  }

 private:
  static constexpr std::size_t work_max = 10 * limits::regex_instructions_max;

  std::uint16_t fork(std::uint16_t body, std::uint16_t past, bool is_lazy) {
    return is_lazy ? add({Kind::fork, {}, 0, 0, past, body}) : add({Kind::fork, {}, 0, 0, body, past});
  }

  std::uint16_t build_repeat(const Node& node, const std::uint16_t next) {
    const Node& part = node.parts.front();
    std::uint16_t start = next;
    if (node.most == unlimited) {
      start = add({Kind::fork, {}, 0, 0, next, next});
      const std::uint16_t body = build(part, start);
      (node.is_lazy ? program_.code[start].other : program_.code[start].next) = body;
    } else {
      for (std::size_t i = node.least; i < node.most && fits(); ++i)
        start = fork(build(part, start), next, node.is_lazy);
    }
    for (std::size_t i = 0; i < node.least && fits(); ++i) start = build(part, start);
    return start;
  }

  Regex::Program& program_;
  std::size_t work_ = 0;
};

/// What a match may begin with, so that the rest of a text is passed over quickly.
void find_leads(Regex::Program& program) {
  std::vector<std::uint16_t> waiting{program.start};
  std::vector<bool> seen(program.code.size(), false);
  while (!waiting.empty()) {
    const std::uint16_t at = waiting.back();
    waiting.pop_back();
    if (seen[at]) continue;
    seen[at] = true;
    const Instruction& one = program.code[at];
    switch (one.kind) {
      case Instruction::Kind::look:
      case Instruction::Kind::done:
        return; // it may begin anywhere
      case Instruction::Kind::fork:
        waiting.push_back(one.other);
        waiting.push_back(one.next);
        break;
      case Instruction::Kind::save:
        waiting.push_back(one.next);
        break;
      case Instruction::Kind::character: {
        const CharacterSet& set = program.sets[one.set];
        for (char32_t c = 0; c < 0x80; ++c) program.leads[c] = program.leads[c] || set.has(c);
        for (std::size_t byte = 0x80; set.has_beyond_ascii() && byte < 0x100; ++byte)
          program.leads[byte] = true;
        break;
      }
    }
  }
  program.can_skip = true;
}

} // namespace

Result<Regex> Regex::parse(std::string_view text) {
  if (text.size() > limits::regex_text_bytes_max) {
    return fail(Fault::invalid, "the regular expression is longer than " +
                                    std::to_string(limits::regex_text_bytes_max) + " bytes");
  }
  if (!is_valid_utf8(text)) return fail(Fault::invalid, "the regular expression is not UTF-8");
  Parser parser(text);
  const auto node = parser.whole();
  if (!node) return tl::unexpected(node.error());
  auto program = std::make_shared<Program>();
  program->text = std::string(text);
  program->names = std::move(parser.names);
  Builder builder(*program);
  const std::uint16_t done = builder.add({});
  program->start = builder.build(*node, done);
  if (!builder.fits()) return fail(Fault::invalid, "the regular expression's repeats are too many");
  find_leads(*program);
  return Regex(std::move(program));
}

} // namespace kaden::regex
