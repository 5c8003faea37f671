#include "linear_regex.h"

#include <algorithm>
#include <optional>
#include <string>

#include "kaden/base.h"
#include "kaden/limits/logs.h"

namespace kaden::logfilter {

namespace {

constexpr std::size_t words_max = (limits::regex_positions_max + 63) / 64;
using Bits = std::array<std::uint64_t, words_max>;
constexpr int unbounded = -1;

unsigned char byte_of(char c) {
  return static_cast<unsigned char>(c);
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
/// What the guide lets stand for itself.
bool is_plain(char c) {
  return is_word(c) || std::string_view(":#=@/;,-").find(c) != std::string_view::npos;
}
bool is_operator(char c) {
  return std::string_view("^$?[]{}|\\*+.").find(c) != std::string_view::npos;
}
std::string shown(char c) {
  const unsigned char byte = byte_of(c);
  if (byte >= 0x80) return "a character beyond ASCII";
  if (byte < 0x20 || byte == 0x7F) return "a control character";
  return std::string("'") + c + "'";
}

struct Item {
  CharacterSet set;
  int least = 1;
  int most = 1; ///< or unbounded
  bool is_counted = false;
};
/// One side of '|'. An anchor in the middle holds only where all before (or behind) it is skipped.
struct Row {
  std::vector<Item> items;
  bool from_start = false;
  bool to_end = false;
  bool impossible = false;
};

bool can_be_empty(const std::vector<Item>& items) {
  return std::all_of(items.begin(), items.end(), [](const Item& item) { return item.least == 0; });
}

class Reader {
 public:
  Reader(std::string_view text, std::size_t at) : text_(text), start_(at) {}

  Parsed<std::vector<Row>> rows() {
    std::vector<Row> rows(1);
    while (!is_done()) {
      const auto taken = one(rows);
      if (!taken) return tl::unexpected(taken.error());
    }
    return rows;
  }

 private:
  bool is_done() const { return next_ >= text_.size(); }
  char peek() const { return text_[next_]; }
  tl::unexpected<Problem> problem(std::size_t at, std::string message) const {
    return wrong(start_ + at, std::move(message));
  }

  Parsed<void> one(std::vector<Row>& rows) {
    const char c = peek();
    Row& row = rows.back();
    if (c == '*' || c == '+' || c == '?' || c == '{') return repeat(row);
    follows_character_ = false;
    if (c == '|') {
      ++next_;
      rows.emplace_back();
      return {};
    }
    if (c == '^') {
      ++next_;
      if (row.to_end || !can_be_empty(row.items)) row.impossible = true;
      row.items.clear();
      row.from_start = true;
      return {};
    }
    if (c == '$') {
      ++next_;
      row.to_end = true;
      return {};
    }
    auto set = character();
    if (!set) return tl::unexpected(set.error());
    follows_character_ = true;
    row.items.push_back({*set, 1, 1, false});
    if (row.to_end) return behind_end(row);
    return {};
  }

  /// A character behind '$' cannot be there, unless its repeat count lets it be skipped.
  Parsed<void> behind_end(Row& row) {
    while (!is_done() && (peek() == '*' || peek() == '+' || peek() == '?' || peek() == '{')) {
      auto counted = repeat(row);
      if (!counted) return counted;
    }
    if (row.items.back().least > 0) row.impossible = true;
    row.items.pop_back();
    follows_character_ = false;
    return {};
  }

  Parsed<void> repeat(Row& row) {
    const std::size_t at = next_;
    const char c = text_[next_++];
    if (!follows_character_) return problem(at, shown(c) + " has nothing to repeat");
    Item& item = row.items.back();
    if (item.is_counted) {
      if (c == '?' && !item_is_lazy_) { // "the fewest": finds the same texts
        item_is_lazy_ = true;
        return {};
      }
      return problem(at, shown(c) + " repeats a repetition");
    }
    item.is_counted = true;
    item_is_lazy_ = false;
    if (c == '{') return count(item, at);
    item.least = c == '+' ? 1 : 0;
    item.most = c == '?' ? 1 : unbounded;
    return {};
  }

  /// Behind '{': "3}", "3,}" or "3,5}".
  Parsed<void> count(Item& item, std::size_t at) {
    const auto least = number();
    if (!least)
      return problem(at, "a repeat count is {m}, {m,} or {m,n}, each at most " +
                             std::to_string(limits::regex_repeats_max));
    std::optional<int> most = least;
    if (!is_done() && peek() == ',') {
      ++next_;
      most = !is_done() && peek() == '}' ? unbounded : number();
    }
    if (!most || is_done() || peek() != '}') {
      return problem(at, "a repeat count is {m}, {m,} or {m,n}, each at most " +
                             std::to_string(limits::regex_repeats_max));
    }
    ++next_;
    if (*most != unbounded && *most < *least) return problem(at, "the repeat count ends below its beginning");
    item.least = *least;
    item.most = *most;
    return {};
  }

  std::optional<int> number() {
    int value = 0;
    const std::size_t from = next_;
    while (!is_done() && is_digit(peek())) {
      value = value * 10 + (peek() - '0');
      if (value > limits::regex_repeats_max) return std::nullopt;
      ++next_;
    }
    if (next_ == from) return std::nullopt;
    return value;
  }

  Parsed<CharacterSet> character() {
    const std::size_t at = next_;
    const char c = text_[next_++];
    CharacterSet set;
    if (c == '.') {
      set.ascii.set();
      set.others = true;
      return set;
    }
    if (c == '[') return bracket(at);
    if (c == '\\') return escape(at);
    if (c == '(' || c == ')') return problem(at, "parentheses are not supported in regular expressions");
    if (is_plain(c) || c == ']' || c == '}') {
      set.ascii.set(byte_of(c));
      return set;
    }
    return not_allowed(at, c);
  }
  tl::unexpected<Problem> not_allowed(std::size_t at, char c) const {
    if (byte_of(c) >= 0x80) return problem(at, "a regular expression holds ASCII characters only");
    const std::string what = c == ' ' ? "a blank" : shown(c);
    const std::string instead = c == ' '                                  ? "s"
                                : byte_of(c) < 0x20 || byte_of(c) == 0x7F ? "xhh"
                                                                          : std::string(1, c);
    return problem(at, what + " is not allowed in a regular expression; write \\" + instead);
  }

  /// Behind a backslash.
  Parsed<CharacterSet> escape(std::size_t at) {
    if (is_done()) return problem(at, "the backslash has nothing to escape");
    const char c = text_[next_++];
    CharacterSet set;
    const auto fill = [&](bool (*holds)(char), bool inverted) {
      for (std::size_t i = 0; i < set.ascii.size(); ++i) {
        if (holds(static_cast<char>(i)) != inverted) set.ascii.set(i);
      }
      set.others = inverted;
      return set;
    };
    if (c == 'd' || c == 'D') return fill(is_digit, c == 'D');
    if (c == 's' || c == 'S') return fill(is_space, c == 'S');
    if (c == 'w' || c == 'W') return fill(is_word, c == 'W');
    if (c == 'x') {
      const int high = next_ < text_.size() ? hex_digit(text_[next_]) : -1;
      const int low = next_ + 1 < text_.size() ? hex_digit(text_[next_ + 1]) : -1;
      if (high < 0 || low < 0 || high > 7) return problem(at, "\\x takes two hexadecimal digits, at most 7F");
      next_ += 2;
      set.ascii.set(static_cast<std::size_t>(high) * 16 + static_cast<std::size_t>(low));
      return set;
    }
    if (byte_of(c) >= 0x80) return problem(at, "a regular expression holds ASCII characters only");
    if (is_word(c) && c != '_') return problem(at, std::string("\\") + c + " is not known");
    if (byte_of(c) < 0x20 || byte_of(c) == 0x7F)
      return problem(at, "a control character is written as \\xhh");
    set.ascii.set(byte_of(c));
    return set;
  }

  /// Behind '['.
  Parsed<CharacterSet> bracket(std::size_t at) {
    CharacterSet set;
    const bool inverted = !is_done() && peek() == '^';
    if (inverted) ++next_;
    bool first = true;
    while (!is_done() && (peek() != ']' || first)) {
      first = false;
      const auto added = member(set);
      if (!added) return tl::unexpected(added.error());
    }
    if (is_done()) return problem(at, "'[' has no closing ']'");
    ++next_;
    if (inverted) {
      set.ascii.flip();
      set.others = !set.others;
    }
    return set;
  }

  /// One character, class or range inside brackets.
  Parsed<void> member(CharacterSet& set) {
    const std::size_t at = next_;
    auto low = bracket_character();
    if (!low) return tl::unexpected(low.error());
    const bool is_range = next_ + 1 < text_.size() && peek() == '-' && text_[next_ + 1] != ']';
    if (!is_range) {
      set.ascii |= low->ascii;
      set.others = set.others || low->others;
      return {};
    }
    ++next_;
    auto high = bracket_character();
    if (!high) return tl::unexpected(high.error());
    if (low->ascii.count() != 1 || high->ascii.count() != 1 || low->others || high->others) {
      return problem(at, "a range goes from one character to another");
    }
    std::size_t from = 0;
    while (!low->ascii.test(from)) ++from;
    std::size_t to = 0;
    while (!high->ascii.test(to)) ++to;
    if (to < from) return problem(at, "the range ends before its beginning");
    for (std::size_t i = from; i <= to; ++i) set.ascii.set(i);
    return {};
  }

  Parsed<CharacterSet> bracket_character() {
    const std::size_t at = next_;
    const char c = text_[next_++];
    if (c == '\\') return escape(at);
    if (!is_plain(c) && !is_operator(c)) return not_allowed(at, c);
    CharacterSet set;
    set.ascii.set(byte_of(c));
    return set;
  }

  const std::string_view text_;
  const std::size_t start_;
  std::size_t next_ = 0;
  bool follows_character_ = false;
  bool item_is_lazy_ = false;
};

} // namespace

// Bit 0 of a row is its guard: "the row may begin here". Bit i stands for "the row has got past its i-th
// position".
struct Regex::Program {
  std::size_t words = 1;
  std::array<std::uint8_t, 256> class_of{}; // of a byte; continuation bytes have none
  std::vector<Bits> takes;                  // per class: the positions that take it
  Bits optional{}, repeated{}, wide{};      // wide: takes characters beyond ASCII
  Bits starts{}, starts_anywhere{};
  Bits ends{}, ends_at_end{};
  Bits idle{};                   // what holds anywhere: starts_anywhere and what can be skipped from there
  std::array<bool, 256> leads{}; // bytes that lead out of idle

  template <std::size_t N>
  bool run(std::string_view text) const;
  template <std::size_t N>
  void skip(Bits& bits) const;
};

/// Adds the positions that can be skipped: each run of optional positions above a set bit, by carry.
template <std::size_t N>
void Regex::Program::skip(Bits& bits) const {
  std::uint64_t shifted_in = 0;
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < N; ++i) {
    const std::uint64_t begun = ((bits[i] << 1) | shifted_in) & optional[i];
    shifted_in = bits[i] >> 63;
    const std::uint64_t partial = optional[i] + begun;
    const std::uint64_t sum = partial + carry;
    // A carry that enters a word whose lowest bit is not optional ends there.
    carry = (partial < optional[i] ? 1U : 0U) | (sum < partial ? 1U : 0U);
    bits[i] |= ((sum ^ optional[i]) | begun) & optional[i];
  }
}

template <std::size_t N>
bool Regex::Program::run(std::string_view text) const {
  const auto meets = [](const Bits& a, const Bits& b) {
    std::uint64_t both = 0;
    for (std::size_t i = 0; i < N; ++i) both |= a[i] & b[i];
    return both != 0;
  };
  const auto is_idle = [&](const Bits& bits) {
    std::uint64_t differs = 0;
    for (std::size_t i = 0; i < N; ++i) differs |= bits[i] ^ idle[i];
    return differs == 0;
  };
  Bits bits = starts;
  skip<N>(bits);
  if (meets(bits, ends)) return true;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (is_idle(bits)) {
      while (at < text.size() && !leads[byte_of(text[at])]) ++at;
      if (at == text.size()) break;
    }
    const unsigned char byte = byte_of(text[at]);
    if (byte >= 0x80 && byte < 0xC0) { // the character that a position took goes on
      for (std::size_t i = 0; i < N; ++i) bits[i] = (bits[i] & wide[i]) | starts_anywhere[i];
    } else {
      const Bits& mask = takes[class_of[byte]];
      std::uint64_t shifted_in = 0;
      for (std::size_t i = 0; i < N; ++i) {
        const std::uint64_t moved = (bits[i] << 1) | shifted_in;
        shifted_in = bits[i] >> 63;
        bits[i] = ((moved | (bits[i] & repeated[i])) & mask[i]) | starts_anywhere[i];
      }
    }
    skip<N>(bits);
    if (meets(bits, ends)) return true;
  }
  return meets(bits, ends_at_end);
}

class RegexBuilder {
 public:
  static Parsed<Regex> build(const std::vector<Row>& rows, std::size_t at) {
    auto program = std::make_shared<Regex::Program>();
    RegexBuilder builder(*program);
    for (const Row& row : rows) {
      if (!row.impossible && !builder.add(row)) {
        return wrong(at, "the regular expression is too long with its repeat counts; it may have " +
                             std::to_string(limits::regex_positions_max) + " positions");
      }
    }
    builder.finish();
    return Regex(std::move(program));
  }

 private:
  explicit RegexBuilder(Regex::Program& program) : program_(program) {}

  static void set(Bits& bits, std::size_t bit) { bits[bit / 64] |= std::uint64_t{1} << (bit % 64); }
  static bool test(const Bits& bits, std::size_t bit) { return ((bits[bit / 64] >> (bit % 64)) & 1U) != 0; }

  bool add(const Row& row) {
    if (!add_position({})) return false;
    const std::size_t guard = sets_.size() - 1;
    set(program_.starts, guard);
    if (!row.from_start) set(program_.starts_anywhere, guard);
    for (const Item& item : row.items) {
      const int copies = item.most == unbounded ? std::max(item.least, 1) : item.most;
      for (int i = 0; i < copies; ++i) {
        if (!add_position(item.set)) return false;
        const std::size_t bit = sets_.size() - 1;
        if (i >= item.least) set(program_.optional, bit);
        if (item.most == unbounded && i == copies - 1) set(program_.repeated, bit);
        if (item.set.others) set(program_.wide, bit);
      }
    }
    set(row.to_end ? program_.ends_at_end : program_.ends, sets_.size() - 1);
    return true;
  }

  bool add_position(const CharacterSet& characters) {
    if (sets_.size() == limits::regex_positions_max) return false;
    sets_.push_back(characters);
    return true;
  }

  void finish() {
    const std::size_t used = (sets_.size() + 63) / 64;
    program_.words = used <= 1 ? 1 : used <= 2 ? 2 : used <= 4 ? 4 : words_max;
    for (std::size_t byte = 0; byte < 256; ++byte) {
      if (byte >= 0x80 && byte < 0xC0) continue; // has its own step
      Bits mask{};
      for (std::size_t bit = 0; bit < sets_.size(); ++bit) {
        if (byte < 0x80 ? sets_[bit].ascii.test(byte) : sets_[bit].others) set(mask, bit);
      }
      const auto known = std::find(program_.takes.begin(), program_.takes.end(), mask);
      program_.class_of.at(byte) = static_cast<std::uint8_t>(known - program_.takes.begin());
      if (known == program_.takes.end()) program_.takes.push_back(mask);
    }
    program_.idle = program_.starts_anywhere;
    program_.skip<words_max>(program_.idle);
    for (std::size_t byte = 0; byte < 256; ++byte) program_.leads.at(byte) = leads_out(byte);
  }

  bool leads_out(std::size_t byte) const {
    if (byte >= 0x80 && byte < 0xC0) return false; // keeps what idle holds
    const Bits& mask = program_.takes[program_.class_of.at(byte)];
    for (std::size_t bit = 1; bit < sets_.size(); ++bit) {
      const bool reached =
          test(program_.idle, bit - 1) || (test(program_.idle, bit) && test(program_.repeated, bit));
      if (reached && test(mask, bit)) return true;
    }
    return false;
  }

  Regex::Program& program_;
  std::vector<CharacterSet> sets_;
};

Parsed<Regex> Regex::parse(std::string_view text, std::size_t at) {
  if (text.empty()) return wrong(at, "the regular expression is empty");
  auto rows = Reader(text, at).rows();
  if (!rows) return tl::unexpected(rows.error());
  return RegexBuilder::build(*rows, at);
}

bool Regex::found_in(std::string_view text) const {
  switch (program_->words) {
    case 1:
      return program_->run<1>(text);
    case 2:
      return program_->run<2>(text);
    case 4:
      return program_->run<4>(text);
    default:
      return program_->run<words_max>(text);
  }
}

} // namespace kaden::logfilter
