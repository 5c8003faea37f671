#include "kaden/pattern.h"
#include "kaden/limits/metrics.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <vector>

namespace kaden::alarm {
namespace {

TEST(Pattern, MatchesTheWholeText) {
  const struct {
    const char* pattern;
    std::vector<const char*> fits, others;
  } cases[] = {
      {"", {""}, {"a"}},
      {"web-01", {"web-01"}, {"web-1", "web-012", "xweb-01"}},
      {"^web-[0-9]+$", {"web-0", "web-123"}, {"web-", "web-1a"}},
      {"(web|db)-prod-\\d{1,3}(\\.example)?",
       {"web-prod-1", "db-prod-123.example"},
       {"db-prod-1234", "db-prod-1.exampl"}},
      {".*", {"", "anything at all"}, {}},
      {"a|", {"a", ""}, {"b"}},
      {"[^a-c]x", {"dx", "-x"}, {"ax", "x"}},
      {"[]a]+", {"]a]"}, {"b"}},
      {"[a-]+", {"a-a"}, {"b"}},
      {"\\w+\\s\\.", {"a_1 ."}, {"a-1 ."}},
      {"(ab){2,}", {"abab", "ababab"}, {"ab", "aba"}},
      {"a{0}b", {"b"}, {"ab"}},
      {"a{3}", {"aaa"}, {"aa", "aaaa"}},
      {"(a*)*b", {"b", "aaab"}, {"aaa"}},
      {"情報.*", {"情報", "情報部"}, {"情"}},
  };
  for (const auto& c : cases) {
    const auto pattern = Pattern::parse(c.pattern);
    ASSERT_TRUE(pattern) << c.pattern << ": " << pattern.error().message;
    for (const char* text : c.fits) EXPECT_TRUE(pattern->matches(text)) << c.pattern << " on " << text;
    for (const char* text : c.others) EXPECT_FALSE(pattern->matches(text)) << c.pattern << " on " << text;
  }
}

TEST(Pattern, SaysWhereItIsWrong) {
  const struct {
    const char* pattern;
    const char* error;
  } cases[] = {
      {"a(b", "at 4: \"(\" is not closed"},
      {"a)b", "at 2: \")\" without \"(\""},
      {"[a", "at 3: \"[\" is not closed"},
      {"*a", "at 1: \"*\" is out of place; write \\* for the sign itself"},
      {"a$b", "at 2: \"$\" is out of place; write \\$ for the sign itself"},
      {"a{3,2}", "at 6: a repeat is {2}, {2,} or {2,5}, at most 1000"},
      {"a{", "at 3: a repeat is {2}, {2,} or {2,5}, at most 1000"},
      {"a{2000}", "at 7: a repeat is {2}, {2,} or {2,5}, at most 1000"},
      {"[z-a]", "at 3: a range goes from a lower to a higher sign"},
      {"\\q", "at 2: known are \\d, \\w, \\s and \\ before a sign that is no letter or digit"},
      {"\\", "at 2: nothing follows \"\\\""},
      {"(a{900}){900}", "the pattern's repeats are too many"},
      {"((){1000}){1000}", "the pattern's repeats are too many"},
  };
  for (const auto& c : cases) {
    const auto pattern = Pattern::parse(c.pattern);
    ASSERT_FALSE(pattern) << c.pattern;
    EXPECT_EQ(pattern.error().message, c.error) << c.pattern;
  }
  EXPECT_FALSE(Pattern::parse(std::string(limits::pattern_bytes_max + 1, 'a')));
}

// A second implementation: a tree that is printed for the parser, and that finds all ends of its matches by
// itself.
struct Tree {
  char kind =
      'a'; // 'a', 'b', '.', '^' ([^a]): one sign; '-': one after the other; '|': either; '{': repeated
  std::vector<Tree> parts;
  int least = 0, most = 0; // most over 9: as often as you like
};

Tree random_tree(std::mt19937& chance, int depth) {
  Tree tree;
  const std::string_view signs = "ab.^";
  const std::string_view all = "ab.^--||{{";
  tree.kind = depth > 4 ? signs[chance() % signs.size()] : all[chance() % all.size()];
  if (tree.kind == '-' || tree.kind == '|')
    tree.parts = {random_tree(chance, depth + 1), random_tree(chance, depth + 1)};
  if (tree.kind == '{') {
    tree.parts = {random_tree(chance, depth + 1)};
    tree.least = static_cast<int>(chance() % 3);
    tree.most = chance() % 2 == 0 ? 99 : tree.least + static_cast<int>(chance() % 3);
  }
  return tree;
}

std::string printed(const Tree& tree) {
  switch (tree.kind) {
    case '^':
      return "[^a]";
    case '-':
      return printed(tree.parts[0]) + printed(tree.parts[1]);
    case '|':
      return "(" + printed(tree.parts[0]) + "|" + printed(tree.parts[1]) + ")";
    case '{': {
      const std::string part = "(" + printed(tree.parts[0]) + ")";
      if (tree.most == 99 && tree.least < 2) return part + (tree.least == 0 ? "*" : "+");
      if (tree.least == 0 && tree.most == 1) return part + "?";
      return part + "{" + std::to_string(tree.least) + "," +
             (tree.most == 99 ? "" : std::to_string(tree.most)) + "}";
    }
    default:
      return std::string(1, tree.kind);
  }
}

/// Where a match that begins at one of `starts` can end.
std::set<std::size_t> ends(const Tree& tree, const std::string& text, const std::set<std::size_t>& starts) {
  std::set<std::size_t> found;
  switch (tree.kind) {
    case '-':
      return ends(tree.parts[1], text, ends(tree.parts[0], text, starts));
    case '|':
      for (const Tree& part : tree.parts) found.merge(ends(part, text, starts));
      return found;
    case '{': {
      std::set<std::size_t> now = starts;
      const int rounds = tree.most == 99 ? tree.least + static_cast<int>(text.size()) + 1 : tree.most;
      if (tree.least == 0) found = now;
      for (int round = 1; round <= rounds; ++round) {
        now = ends(tree.parts[0], text, now);
        if (round >= tree.least) found.insert(now.begin(), now.end());
      }
      return found;
    }
    default:
      for (const std::size_t at : starts) {
        if (at >= text.size()) continue;
        const bool fits = tree.kind == '.' || (tree.kind == '^' ? text[at] != 'a' : text[at] == tree.kind);
        if (fits) found.insert(at + 1);
      }
      return found;
  }
}

TEST(Pattern, AgreesWithThePlainImplementation) {
  std::mt19937 chance(7);
  for (int round = 0; round < 2'000; ++round) {
    const Tree tree = random_tree(chance, 0);
    const auto pattern = Pattern::parse(printed(tree));
    if (!pattern) continue; // too many repeats of repeats
    for (int i = 0; i < 10; ++i) {
      std::string sample;
      for (std::size_t length = chance() % 7; length > 0; --length)
        sample += static_cast<char>('a' + chance() % 3);
      ASSERT_EQ(pattern->matches(sample), ends(tree, sample, {0}).contains(sample.size()))
          << printed(tree) << " on " << sample;
    }
  }
}

/// The work is bounded by states times bytes; a backtracking matcher would not end here.
TEST(Pattern, DoesNotExplode) {
  const auto pattern = Pattern::parse("(a|a)*(a|a)*(a*)*(a?){50}b");
  ASSERT_TRUE(pattern);
  EXPECT_FALSE(pattern->matches(std::string(1024, 'a')));
  EXPECT_TRUE(pattern->matches(std::string(1023, 'a') + "b"));
}

} // namespace
} // namespace kaden::alarm
