#include "linear_regex.h"

#include <gtest/gtest.h>

#include <random>
#include <regex>

namespace kaden::logfilter {
namespace {

std::string tried(std::string_view pattern, std::string_view text) {
  const auto regex = Regex::parse(pattern, 0);
  if (!regex) return std::to_string(regex.error().at) + ": " + regex.error().message;
  return regex->found_in(text) ? "yes" : "no";
}

struct Case {
  std::string_view pattern, text, expect;
};

TEST(Regex, Table) {
  const std::vector<Case> cases = {
      {"AUTHORIZED", "UNAUTHORIZED REQUEST", "yes"},
      {"^[hc]at", "hat", "yes"},
      {"^[hc]at", "a hat", "no"},
      {"[hc]at$", "the cat", "yes"},
      {"[hc]at$", "the cats", "no"},
      {"^$", "", "yes"},
      {"^$", "x", "no"},
      {"$", "x", "yes"},
      {"colou?r", "color", "yes"},
      {"colou?r", "colouur", "no"},
      {"[abcx-z]", "q-y", "yes"},
      {"[abcx-z]", "q-w", "no"},
      {"[^a-y0]", "ab0z", "yes"},
      {"[^a-y0]", "ab0", "no"},
      {"a{3,5}$", "aaaaaa", "yes"},
      {"^a{3,5}$", "aaaaaa", "no"},
      {"^a{3,5}$", "aaaaa", "yes"},
      {"^a{3,5}$", "aa", "no"},
      {"^a{3}$", "aaa", "yes"},
      {"^a{3,}$", "aa", "no"},
      {"^a{3,}$", "aaaaaaaaaaaa", "yes"},
      {"^xa{0}y$", "xy", "yes"},
      {"^xa{0}y$", "xay", "no"},
      {"gra|ey", "gra", "yes"},
      {"gra|ey", "grey", "yes"},
      {"gra|ey", "gry", "no"},
      {"a||b", "", "yes"},
      {"10*1", "ab 1001", "yes"},
      {"10+1", "ab 11", "no"},
      {"10+1", "ab 101", "yes"},
      {".at", "#at", "yes"},
      {".at", "at", "no"},
      {"a.c", "a\nc", "yes"},
      {"\\[.\\]", "x[a]", "yes"},
      {"\\[.\\]", "x[ab]", "no"},
      {"\\d\\D\\s\\S\\w\\W", "1a b_-", "yes"},
      {"\\d\\D\\s\\S\\w\\W", "aa b_-", "no"},
      {"\\x41\\x2F", "xA/", "yes"},
      {"[\\d.]+x", "1.5x", "yes"},
      {"[]a]+$", "a]", "yes"},
      {"[a-]+$", "--", "yes"},
      {"[a-]+$", "b", "no"},
      {"[\\]]", "]", "yes"},
      {"a*?b", "aab", "yes"},
      {"a^b", "a^b", "no"},
      {"a*^b", "b", "yes"},
      {"a*^b", "ab", "no"},
      {"b$a*", "ab", "yes"},
      {"b$a", "ba", "no"},
      {"b$a|c", "c", "yes"},
      {"]}", "]}", "yes"},
      {"a\\!", "a!", "yes"},
      // Characters of several bytes are one character.
      {"^...$", "日本語", "yes"},
      {"^..$", "日本語", "no"},
      {"^[^a]$", "日", "yes"},
      {"^\\W\\S\\D$", "日é😀", "yes"},
      {"^\\w", "é", "no"},
      {"^.?.?.?.?x$", "日本x", "yes"},
      {"^.?x$", "日本x", "no"},
      {"^[^x]*x$", "日本x", "yes"},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(tried(each.pattern, each.text), each.expect) << each.pattern << " in " << each.text;
  }
}

TEST(Regex, Errors) {
  const std::vector<Case> cases = {
      {"", "", "0: the regular expression is empty"},
      {"^語$", "", "1: a regular expression holds ASCII characters only"},
      {"something!", "", "9: '!' is not allowed in a regular expression; write \\!"},
      {"a b", "", "1: a blank is not allowed in a regular expression; write \\s"},
      {"(a|b)", "", "0: parentheses are not supported in regular expressions"},
      {"*a", "", "0: '*' has nothing to repeat"},
      {"a|+", "", "2: '+' has nothing to repeat"},
      {"^*", "", "1: '*' has nothing to repeat"},
      {"\\\\$*", "", "3: '*' has nothing to repeat"},
      {"{2}", "", "0: '{' has nothing to repeat"},
      {"a**", "", "2: '*' repeats a repetition"},
      {"a{2}{3}", "", "4: '{' repeats a repetition"},
      {"a+??", "", "3: '?' repeats a repetition"},
      {"a{", "", "1: a repeat count is {m}, {m,} or {m,n}, each at most 1000"},
      {"a{,3}", "", "1: a repeat count is {m}, {m,} or {m,n}, each at most 1000"},
      {"a{1001}", "", "1: a repeat count is {m}, {m,} or {m,n}, each at most 1000"},
      {"a{3,2}", "", "1: the repeat count ends below its beginning"},
      {"[ab", "", "0: '[' has no closing ']'"},
      {"[b-a]", "", "1: the range ends before its beginning"},
      {"[a-\\d]", "", "1: a range goes from one character to another"},
      {"[!]", "", "1: '!' is not allowed in a regular expression; write \\!"},
      {"a\\", "", "1: the backslash has nothing to escape"},
      {"\\q", "", "0: \\q is not known"},
      {"\\b", "", "0: \\b is not known"},
      {"\\x4", "", "0: \\x takes two hexadecimal digits, at most 7F"},
      {"\\xFF", "", "0: \\x takes two hexadecimal digits, at most 7F"},
      {"\t", "", "0: a control character is not allowed in a regular expression; write \\xhh"},
      {"a{1000}b{1000}", "",
       "0: the regular expression is too long with its repeat counts; it may have 1024 positions"},
  };
  for (const Case& each : cases) EXPECT_EQ(tried(each.pattern, each.text), each.expect) << each.pattern;
}

/// Random rows over a small alphabet, with counts that reach over several words of bits.
class Grower {
 public:
  explicit Grower(std::uint64_t seed) : random_(seed) {}

  std::string pattern() {
    std::string made;
    const std::size_t rows = 1 + below(3);
    for (std::size_t row = 0; row < rows; ++row) {
      if (row > 0) made += '|';
      if (below(6) == 0) made += '^';
      const std::size_t items = 1 + below(5);
      for (std::size_t i = 0; i < items; ++i) made += item();
      if (below(6) == 0) made += '$';
    }
    return made;
  }
  std::string text() {
    std::string made;
    const std::size_t length = below(12) * (below(8) == 0 ? 16 : 1);
    const std::size_t letters = 1 + below(3);
    for (std::size_t i = 0; i < length; ++i) made += static_cast<char>('a' + below(letters));
    return made;
  }

 private:
  std::size_t below(std::size_t most) { return static_cast<std::size_t>(random_() % most); }
  std::string item() {
    static constexpr std::array<std::string_view, 8> sets{"a", "b", "c", ".", "[ab]", "[^a]", "\\w", "[b-c]"};
    std::string made(sets.at(below(sets.size())));
    switch (below(9)) {
      case 0:
        return made + "*";
      case 1:
        return made + "+";
      case 2:
        return made + "?";
      case 3: {
        const std::size_t least = below(3);
        return made + "{" + std::to_string(least) + "," + std::to_string(least + below(3)) + "}";
      }
      case 4:
        return made + "{" + std::to_string(below(3)) + ",}";
      case 5:
        return below(4) == 0 ? made + "{0," + std::to_string(60 + below(80)) + "}" : made;
      default:
        return made;
    }
  }
  std::mt19937_64 random_;
};

TEST(Regex, AgreesWithTheStandardLibrary) {
  Grower grower(20'261'126);
  std::size_t found = 0;
  std::size_t tries = 0;
  for (int i = 0; i < 3'000; ++i) {
    const std::string pattern = grower.pattern();
    const auto ours = Regex::parse(pattern, 0);
    ASSERT_TRUE(ours.has_value()) << pattern << ": " << ours.error().message;
    const std::regex theirs(pattern, std::regex::ECMAScript);
    for (int j = 0; j < 6; ++j, ++tries) {
      const std::string text = grower.text();
      const bool expect = std::regex_search(text, theirs);
      ASSERT_EQ(ours->found_in(text), expect) << pattern << " in " << text;
      if (expect) ++found;
    }
  }
  // Both answers must be common, or this proves nothing.
  EXPECT_GT(found, tries / 5);
  EXPECT_LT(found, tries * 19 / 20);
}

} // namespace
} // namespace kaden::logfilter
