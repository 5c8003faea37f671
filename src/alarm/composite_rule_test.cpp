#include "kaden/composite_rule.h"
#include "kaden/limits/metrics.h"
#include "source_folder.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <random>

namespace kaden::alarm {
namespace {

/// Children that are not named are OK.
bool holds(const std::string& text, const std::map<std::string, AlarmState>& states) {
  const auto rule = CompositeRule::parse(text);
  EXPECT_TRUE(rule) << text << ": " << rule.error().message;
  if (!rule) return false;
  std::vector<AlarmState> of_children;
  for (const auto& child : rule->children()) {
    const auto found = states.find(child);
    of_children.push_back(found == states.end() ? AlarmState::ok : found->second);
  }
  return rule->holds(of_children);
}

TEST(CompositeRule, AcceptsAndRefusesAsDocumented) {
  std::ifstream file(source_folder() + "/src/alarm/testdata/composite_rule_cases.json");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto cases = parse_json(text).value();
  ASSERT_EQ(cases.as_array().size(), 12U);
  for (const auto& one : cases.as_array()) {
    const std::string rule = one.at("rule").as_string().c_str();
    EXPECT_EQ(CompositeRule::parse(rule).has_value(), one.at("valid").as_bool()) << rule;
  }
}

TEST(CompositeRule, IsTrueWhenItsWordsSay) {
  const std::map<std::string, AlarmState> states{
      {"hot", AlarmState::alarm}, {"new", AlarmState::insufficient_data}, {"a \"b\" \\", AlarmState::alarm}};
  const struct {
    const char* rule;
    bool expected;
  } cases[] = {
      {"TRUE", true},
      {"false", false},
      {"ALARM(hot)", true},
      {"ALARM(cold)", false},
      {"OK(cold)", true},
      {"INSUFFICIENT_DATA(new)", true},
      {"NOT ALARM(hot)", false},
      {"NOT (ALARM(hot) AND ALARM(cold))", true},
      {"ALARM(hot) OR ALARM(cold) AND FALSE", true}, // AND binds stronger
      {"(ALARM(hot) OR ALARM(cold)) AND FALSE", false},
      {"NOT ALARM(cold) AND ALARM(hot)", true}, // NOT binds strongest
      {"ALARM(\"a \\\"b\\\" \\\\\")", true},
      {"ALARM(\"arn:aws:cloudwatch:ap-northeast-1:111122223333:alarm:hot\")", true},
      {"ALARM(arn:aws:cloudwatch:ap-northeast-1:111122223333:alarm:hot)", true},
      {"AT_LEAST(1, ALARM, (hot, cold, new))", true},
      {"AT_LEAST(2, ALARM, (hot, cold, new))", false},
      {"AT_LEAST(2, NOT OK, (hot, cold, new))", true},
      {"AT_LEAST(34%, ALARM, (hot, cold, new))", false}, // 1.02 alarms, rounded up
      {"AT_LEAST(33%, ALARM, (hot, cold, new))", true},
      {"AT_LEAST(100%, NOT ALARM, (cold, new))", true},
      {"  NOT\n\tFALSE  ", true},
  };
  for (const auto& c : cases) EXPECT_EQ(holds(c.rule, states), c.expected) << c.rule;
}

TEST(CompositeRule, SaysWhereItIsWrong) {
  const struct {
    const char* rule;
    const char* error;
  } cases[] = {
      {"", "at 1: the rule ends where a condition was expected"},
      {"ALARM(a", "at 8: \")\" was expected after the alarm's name"},
      {"ALARM(kaden mem erp)",
       "at 13: a name with blanks, parentheses, commas or quotes must be written in quotes"},
      {"ALARM(a) ALARM(b)", "at 10: AND, OR or the end was expected"},
      {"ALARM(a) AND", "at 13: the rule ends where a condition was expected"},
      {"ALARM()", "at 7: an alarm's name was expected"},
      {"(ALARM(a)", "at 1: this parenthesis is not closed"},
      {"ALARM(\"a)", "at 7: this quote is not closed"},
      {"ALARM(\"a\\n\")", "at 9: in quotes, \\ stands before \" or \\ only"},
      {"NOT NOT TRUE",
       "at 5: ALARM(...), OK(...), INSUFFICIENT_DATA(...), AT_LEAST(...), TRUE, FALSE, NOT or \"(\" was "
       "expected"},
      {"AT_LEAST(0, ALARM, (a))",
       "at 10: the number of AT_LEAST is 1 to the number of its alarms, or 1% to 100%"},
      {"AT_LEAST(2, ALARM, (a))",
       "at 10: the number of AT_LEAST is 1 to the number of its alarms, or 1% to 100%"},
      {"AT_LEAST(101%, ALARM, (a))",
       "at 10: the number of AT_LEAST is 1 to the number of its alarms, or 1% to 100%"},
      {"AT_LEAST(1, TRUE, (a))", "at 13: a state was expected: ALARM, OK or INSUFFICIENT_DATA"},
      {"AT_LEAST(1, ALARM, a)", "at 20: \"(\" was expected before the alarms of AT_LEAST"},
      {"\xff", "the rule is not UTF-8"},
  };
  for (const auto& c : cases) {
    const auto rule = CompositeRule::parse(c.rule);
    ASSERT_FALSE(rule) << c.rule;
    EXPECT_EQ(rule.error().message, c.error) << c.rule;
  }
}

std::string repeated(std::size_t count, const std::function<std::string(std::size_t)>& part) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += (i == 0 ? "" : " OR ") + part(i);
  return text;
}

TEST(CompositeRule, KeepsItsLimits) {
  const auto named = [](std::size_t i) { return "ALARM(a" + std::to_string(i) + ")"; };
  const auto same = [](std::size_t) { return std::string("OK(a)"); };
  EXPECT_TRUE(CompositeRule::parse(repeated(limits::rule_children_max, named)));
  EXPECT_FALSE(CompositeRule::parse(repeated(limits::rule_children_max + 1, named)));
  EXPECT_TRUE(CompositeRule::parse(repeated(limits::rule_elements_max, same)));
  EXPECT_FALSE(CompositeRule::parse(repeated(limits::rule_elements_max + 1, same)));
  const std::string padded = "TRUE" + std::string(limits::rule_bytes_max - 4, ' ');
  EXPECT_TRUE(CompositeRule::parse(padded));
  EXPECT_FALSE(CompositeRule::parse(padded + " "));
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '(') + "TRUE" + std::string(depth, ')');
  };
  EXPECT_TRUE(CompositeRule::parse(nested(limits::rule_depth_max)));
  EXPECT_FALSE(CompositeRule::parse(nested(limits::rule_depth_max + 1)));
  EXPECT_FALSE(CompositeRule::parse("OK(" + std::string(256, 'a') + ")"));
  EXPECT_EQ(CompositeRule::parse("OK(b) AND ALARM(a) OR OK(b)")->children(),
            (std::vector<std::string>{"b", "a"}));
}

// A second implementation: a tree that is printed for the parser and evaluated by itself.
struct Tree {
  enum class Kind { constant, state, at_least, negate, both, either } kind = Kind::constant;
  bool value = false;
  AlarmState state{};
  std::vector<std::size_t> alarms;
  std::size_t k = 1;
  std::vector<std::unique_ptr<Tree>> parts;
};

std::unique_ptr<Tree> random_tree(std::mt19937& chance, int depth) {
  auto tree = std::make_unique<Tree>();
  tree->kind = static_cast<Tree::Kind>(chance() % (depth > 4 ? 3 : 6));
  tree->value = chance() % 2 == 0;
  tree->state = static_cast<AlarmState>(chance() % 3);
  const std::size_t alarms = tree->kind == Tree::Kind::at_least ? 1 + chance() % 4 : 1;
  for (std::size_t i = 0; i < alarms; ++i) tree->alarms.push_back(chance() % 5);
  tree->k = 1 + chance() % alarms;
  const std::size_t parts = tree->kind == Tree::Kind::negate ? 1 : tree->kind > Tree::Kind::negate ? 2 : 0;
  for (std::size_t i = 0; i < parts; ++i) tree->parts.push_back(random_tree(chance, depth + 1));
  return tree;
}

std::string printed(const Tree& tree) {
  switch (tree.kind) {
    case Tree::Kind::constant:
      return tree.value ? "TRUE" : "FALSE";
    case Tree::Kind::state:
      return std::string(to_text(tree.state)) + "(a" + std::to_string(tree.alarms[0]) + ")";
    case Tree::Kind::at_least: {
      std::string list;
      for (const auto one : tree.alarms) list += (list.empty() ? "a" : ", a") + std::to_string(one);
      return "AT_LEAST(" + std::to_string(tree.k) + ", " + (tree.value ? "NOT " : "") +
             std::string(to_text(tree.state)) + ", (" + list + "))";
    }
    case Tree::Kind::negate:
      return "NOT (" + printed(*tree.parts[0]) + ")";
    case Tree::Kind::both:
      return "(" + printed(*tree.parts[0]) + ") AND (" + printed(*tree.parts[1]) + ")";
    case Tree::Kind::either:
      return "(" + printed(*tree.parts[0]) + " OR " + printed(*tree.parts[1]) + ")";
  }
  return "";
}

bool plainly(const Tree& tree, const std::vector<AlarmState>& states) {
  switch (tree.kind) {
    case Tree::Kind::constant:
      return tree.value;
    case Tree::Kind::state:
      return states[tree.alarms[0]] == tree.state;
    case Tree::Kind::at_least: {
      std::size_t count = 0;
      for (const auto one : tree.alarms)
        count += tree.value ? states[one] != tree.state : states[one] == tree.state;
      return count >= tree.k;
    }
    case Tree::Kind::negate:
      return !plainly(*tree.parts[0], states);
    case Tree::Kind::both:
      return plainly(*tree.parts[0], states) && plainly(*tree.parts[1], states);
    case Tree::Kind::either:
      return plainly(*tree.parts[0], states) || plainly(*tree.parts[1], states);
  }
  return false;
}

TEST(CompositeRule, AgreesWithThePlainImplementation) {
  std::mt19937 chance(42);
  for (int round = 0; round < 3'000; ++round) {
    const auto tree = random_tree(chance, 0);
    const std::string text = printed(*tree);
    std::vector<AlarmState> states(5);
    std::map<std::string, AlarmState> by_name;
    for (std::size_t i = 0; i < states.size(); ++i) {
      states[i] = static_cast<AlarmState>(chance() % 3);
      by_name["a" + std::to_string(i)] = states[i];
    }
    ASSERT_EQ(holds(text, by_name), plainly(*tree, states)) << text;
  }
}

} // namespace
} // namespace kaden::alarm
