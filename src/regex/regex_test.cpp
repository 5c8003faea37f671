#include "kaden/regex.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <regex>
#include <string>

namespace kaden::regex {
namespace {

constexpr std::uint64_t plenty = 100'000'000;

std::optional<Match> find(const std::string& pattern, std::string_view text) {
  const auto parsed = Regex::parse(pattern);
  EXPECT_TRUE(parsed) << pattern << ": " << parsed.error().message;
  Budget budget{plenty};
  return parsed ? parsed->find_in(text, budget) : std::nullopt;
}

/// What was found, "<nothing>" when nothing was.
std::string found(const std::string& pattern, std::string_view text) {
  const auto match = find(pattern, text);
  return match ? std::string(text.substr(match->begin, match->end - match->begin)) : "<nothing>";
}

TEST(Regex, FindsTheLeftmost) {
  const struct {
    const char* pattern;
    const char* text;
    const char* found;
  } cases[] = {
      {"b+", "aabbbcb", "bbb"},
      {"b+?", "aabbbcb", "b"},
      {"cat|category", "the category", "cat"}, // the first alternative, as in Perl
      {"category|cat", "the category", "category"},
      {"a{2,3}", "aaaa", "aaa"},
      {"a{2,3}?", "aaaa", "aa"},
      {"(?:ab){2}", "ababab", "abab"},
      {"x*", "aaa", ""},
      {"[0-9a-f]+", "zz12cg", "12c"},
      {"[^a-z]+", "abc\n12", "12"},
      {"[]x]+", "a]x]", "]x]"},
      {"[a-]+", "b-a-", "-a-"},
      {"a.c", "a\nc abc", "abc"},
      {"\\d+\\.\\d+", "v 12.5.3", "12.5"},
      {"\\S+$", "one two\nthree four\n", "two"},
      {"^\\w+", " x\nyz", "yz"},
      {"^$", "a\n\nb", ""},
      {"\\bdisk\\b", "diskette disk", "disk"},
      {"\\Bk\\b", "k disk", "k"},
      {"(?i)error: (?:disk)", "ERROR: Disk", "ERROR: Disk"},
      {"(?i)[^a]x", "Ax bX", "bX"},
      {"error", "ERROR", "<nothing>"},
      {"障害.{2}", "【障害】発生", "障害】発"},
      {"[ぁ-ん]+", "サーバにて", "にて"},
      {"ホスト[:：]\\s*(?<host>\\S+)", "ホスト：　web-01 ", "ホスト：　web-01"},
      {"", "abc", ""},
      {"a|", "b", ""},
      {"(?:a*)*b", "aaab", "aaab"},
      {"(?:a|b*)*c", "abbac", "abbac"},
      {"\\*\\[\\]", "a*[]", "*[]"},
  };
  for (const auto& c : cases) EXPECT_EQ(found(c.pattern, c.text), c.found) << c.pattern << " in " << c.text;
}

TEST(Regex, NamesWhatItsGroupsTook) {
  const auto match = find("(?<state>PROBLEM|OK): (?P<what>.+?) on (?<host>\\S+)(?: \\((?<value>\\d+)\\))?",
                          "** PROBLEM: disk full on web-01 at 3");
  ASSERT_TRUE(match);
  ASSERT_EQ(match->groups.size(), 4U);
  EXPECT_EQ(match->groups[0], "PROBLEM");
  EXPECT_EQ(match->groups[1], "disk full");
  EXPECT_EQ(match->groups[2], "web-01");
  EXPECT_EQ(match->groups[3], std::nullopt);
  EXPECT_EQ(Regex::parse("(a)(?<x>b)(?:c)(?<y>d)")->names(), (std::vector<std::string>{"x", "y"}));
  // A group that is repeated has its last.
  EXPECT_EQ(find("(?:(?<n>\\d),?)+", "1,2,3")->groups[0], "3");
}

TEST(Regex, SaysWhereItIsWrong) {
  const std::map<std::string, std::string> cases{
      {"a(b", "at 4: \"(\" is not closed"},
      {"a)b", "at 2: \")\" without \"(\""},
      {"[a", "at 3: \"[\" is not closed"},
      {"*a", "at 1: \"*\" has nothing to repeat; write \\* for the sign itself"},
      {"a**", "at 3: a repeat is repeated"},
      {"a{3,2}", "at 6: a repeat is {2}, {2,} or {2,5}, at most 200"},
      {"a{201}", "at 6: a repeat is {2}, {2,} or {2,5}, at most 200"},
      {"[z-a]", "at 5: a range goes from a lower to a higher character"},
      {"[\\d-z]", "at 6: a range goes from a lower to a higher character"},
      {"\\q", "at 2: known are \\d"},
      {"\\1", "at 2: known are \\d"},
      {"\\", "at 2: nothing follows"},
      {"(?=a)", "at 2: known are (?:...)"},
      {"a(?i)b", "at 3: known are (?:...)"},
      {"(?<1>a)", "at 4: a group's name is"},
      {"(?<>a)", "at 4: a group's name is"},
      {"(?<a", "at 4: a group's name is"},
      {"(?<a>x)(?<a>y)", "at 11: another group is called a"},
      {"\xff", "the regular expression is not UTF-8"},
      {std::string(1'025, 'a'), "the regular expression is longer than 1024 bytes"},
      {"(?:(?:a{100}){100}){100}", "the regular expression's repeats are too many"},
      {std::string(60, '(') + std::string(60, ')'), "groups stand in groups too deeply"},
  };
  for (const auto& [pattern, says] : cases) {
    const auto parsed = Regex::parse(pattern);
    ASSERT_FALSE(parsed) << pattern;
    EXPECT_EQ(parsed.error().fault, Fault::invalid);
    EXPECT_NE(parsed.error().message.find(says), std::string::npos) << parsed.error().message;
  }
}

TEST(Regex, TakesNoMoreStepsThanItsBudget) {
  // Exponential where every way is tried one after another.
  const std::string text(20'000, 'a');
  Budget budget{plenty};
  EXPECT_FALSE(Regex::parse("(?:a*)*(?:a|aa)+b")->find_in(text, budget));
  EXPECT_FALSE(budget.is_spent());
  EXPECT_LT(plenty - budget.left, text.size() * 40);
  Budget little{1'000};
  EXPECT_FALSE(Regex::parse("a+b")->find_in(text, little));
  EXPECT_TRUE(little.is_spent());
  EXPECT_FALSE(Regex::parse("a")->find_in("a", little)) << "nothing is left for another";
}

TEST(Regex, BytesThatAreNoCharactersAreOneEach) {
  EXPECT_EQ(find("a.b",
                 "a\xff"
                 "b")
                ->end,
            3U);
  EXPECT_EQ(find(".", "\xe3\x81")->end, 1U);
  EXPECT_EQ(find("..$", "\xe3\x81\n")->begin, 0U);
}

std::string random_pattern(std::mt19937& chance, int depth) {
  const auto pick = [&](std::size_t n) { return chance() % n; };
  std::string out;
  for (std::size_t i = 0, parts = 1 + pick(3); i < parts; ++i) {
    std::string one;
    if (depth > 0 && pick(3) == 0) {
      one = "(?:" + random_pattern(chance, depth - 1) + ")";
    } else {
      one = pick(6) == 0 ? "[ab]" : pick(6) == 0 ? "." : std::string(1, "abc"[pick(3)]);
      if (pick(3) == 0) one += std::string(1, "*+?"[pick(3)]);
    }
    out += one;
  }
  return depth > 0 && pick(3) == 0 ? out + "|" + random_pattern(chance, depth - 1) : out;
}

TEST(Regex, FindsWhatTheStandardLibraryFinds) {
  std::mt19937 chance(17); // NOLINT: the same each time
  for (int round = 0; round < 3'000; ++round) {
    const std::string pattern = random_pattern(chance, 2);
    std::string text;
    for (std::size_t i = 0, length = chance() % 9; i < length; ++i) text += "abcd"[chance() % 4];
    std::smatch theirs;
    const bool is_there = std::regex_search(text, theirs, std::regex(pattern));
    const auto mine = find(pattern, text);
    ASSERT_EQ(mine.has_value(), is_there) << pattern << " in " << text;
    if (!mine) continue;
    EXPECT_EQ(mine->begin, static_cast<std::size_t>(theirs.position(0))) << pattern << " in " << text;
    EXPECT_EQ(mine->end - mine->begin, static_cast<std::size_t>(theirs.length(0)))
        << pattern << " in " << text;
  }
}

} // namespace
} // namespace kaden::regex
