#include "kaden/metric_math.h"
#include "kaden/limits/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>

namespace kaden::alarm {
namespace {

const WallTime monday = parse_iso8601("2026-11-23T23:58:00Z").value();
constexpr std::optional<double> none;

/// "1 2 - ": numbers as CloudWatch shows them, a missing one is "-".
std::string shown(const Points& points) {
  std::string text;
  for (const auto& one : points) text += (one ? kaden::to_text(*one) : "-") + " ";
  return text;
}

std::string shown(const Result<std::vector<Points>>& result) {
  if (!result) return result.error().message;
  std::string text;
  for (const auto& one : *result) text += (text.empty() ? "" : "| ") + shown(one);
  return text;
}

class Math : public testing::Test {
 protected:
  Result<std::vector<Points>> run(const std::string& text) {
    const auto expression = MathExpression::parse(text);
    if (!expression) return tl::unexpected<Error>(expression.error());
    std::vector<MathInput> inputs;
    for (const auto& [id, points] : series_) inputs.push_back({id, id[0] != 'e', &points});
    return expression->evaluate(inputs, {monday, seconds(60), 5});
  }
  std::map<std::string, Points> series_{{"m1", {30, 20, 0, 0, none}},
                                        {"m2", {20, none, 20, none, none}},
                                        {"m3", {1, 2, none, none, 5}},
                                        {"e1", {7, 7, 7, 7, 7}}};
};

TEST_F(Math, FollowsTheGuide) {
  const struct {
    const char* expression;
    const char* result;
  } cases[] = {
      // The table of comparison operators.
      {"m1 < m2", "0 0 1 0 - "},
      {"m1 >= 30", "1 0 0 0 - "},
      {"m1 > 15 AND m2 > 15", "1 0 0 0 - "},
      {"m1 > 15 || m2 > 15", "1 1 1 0 - "},
      {"m1 == m2", "0 0 0 1 - "},
      {"m1 != 0 && 1", "1 1 0 0 - "},
      // Missing values count as 0 beside one that is there; what is no number is dropped.
      {"m1 + m2", "50 20 20 0 - "},
      {"m1 - m2", "10 20 -20 0 - "},
      {"m1 / m2", "1.5 - 0 - - "},
      {"100 / m1", "3.3333333333333335 5 - - - "},
      {"m1 * 2 + 1", "61 41 1 1 - "},
      {"-m1", "-30 -20 -0 -0 - "},
      {"2 ^ 3 ^ 2 + 0 * m1", "512 512 512 512 - "},
      {"-2 ^ 2 + 0 * m1", "-4 -4 -4 -4 - "},
      {"m3 ^ 1000", "1 1.0715086071862673e+301 - - - "},
      {"1 + 2 * 3 - 4 / 2 + 0 * m1", "5 5 5 5 - "},
      // Over a series: a number; over an array: a series.
      {"m1 - AVG(m1)", "17.5 7.5 -12.5 -12.5 - "},
      {"m1 / MAX(m1)", "1 0.6666666666666666 0 0 - "},
      {"m1 - MIN(m1)", "30 20 0 0 - "},
      {"TIME_SERIES(SUM(m1))", "50 50 50 50 50 "},
      {"TIME_SERIES(STDDEV(m2))", "0 0 0 0 0 "},
      {"TIME_SERIES(DATAPOINT_COUNT(m3))", "3 3 3 3 3 "},
      {"SUM([m1, m2])", "50 20 20 0 - "},
      {"AVG([m1, m2])", "25 10 10 0 - "}, // missing counts as 0
      {"MAX(METRICS())", "30 20 20 0 5 "},
      {"MIN(METRICS())", "1 2 0 0 5 "},
      {"STDDEV([m1, m2])", "5 10 10 0 - "},
      {"DATAPOINT_COUNT(METRICS())", "3 2 2 1 1 "},
      {"SUM(100 / [m1, m2])", "8.333333333333334 5 5 - - "},
      {"METRICS() * 2", "60 40 0 0 - | 40 - 40 - - | 2 4 - - 10 "},
      {"METRICS(\"3\")", "1 2 - - 5 "},
      {"SUM([METRICS(\"1\"), METRICS(\"2\")])", "50 20 20 0 - "},
      {"[m1, m2] + [m2, m3]", "50 20 20 0 - | 21 2 20 - 5 "},
      {"m1 / METRIC_COUNT(METRICS())", "10 6.666666666666667 0 0 - "},
      {"FIRST([m2, m1])", "20 - 20 - - "},
      {"LAST(METRICS())", "1 2 - - 5 "},
      // Along a series.
      {"DIFF(m3)", "- 1 - - 3 "},
      {"DIFF_TIME(m3)", "- 60 - - 180 "},
      {"RATE(m3)", "- 0.016666666666666666 - - 0.016666666666666666 "},
      {"RUNNING_SUM(m2)", "20 - 40 - - "},
      {"RUNNING_SUM([m1, m3])", "30 50 50 50 - | 1 3 - - 8 "},
      {"PERIOD(m1) / 60 + 0 * m1", "1 1 1 1 - "},
      {"ABS(m1 - 25)", "5 5 25 25 - "},
      {"CEIL(m1 / 7)", "5 3 0 0 - "},
      {"FLOOR(m1 / 7)", "4 2 0 0 - "},
      {"LOG10(m1 + 70)", "2 1.9542425094393248 1.845098040014257 1.845098040014257 - "},
      {"LOG(m1)", "3.4011973816621555 2.995732273553991 - - - "},
      // FILL.
      {"FILL(m2, 10)", "20 10 20 10 10 "},
      {"FILL(m2, REPEAT)", "20 20 20 20 20 "},
      {"FILL(m3, LINEAR)", "1 2 3 4 5 "},
      {"FILL(m2, LINEAR)", "20 20 20 - - "},
      {"FILL(m2, m3)", "20 2 20 - 5 "},
      {"FILL(m2, MIN(m3))", "20 1 20 1 1 "},
      {"FILL([m2, m3], 0)", "20 0 20 0 0 | 1 2 0 0 5 "},
      // IF, with the tables of the guide below.
      {"IF(m1 < 25, m1)", "- 20 0 0 - "},
      {"IF(m1 > 25, 10, 2)", "10 2 2 2 - "},
      {"IF(1, m2, m1)", "20 - 20 - - "},
      {"IF(0, m2)", "- - - - - "},
      {"IF(0, m2, 3)", "3 3 3 3 3 "},
      {"IF(AVG(m1) > 10, m1, m2)", "30 20 0 0 - "},
      // Time: 2026-11-23 is a Monday, and midnight lies in the middle.
      {"MINUTE(m1)", "58 59 0 1 2 "},
      {"HOUR(m1)", "23 23 0 0 0 "},
      {"DAY(m1)", "1 1 2 2 2 "},
      {"DATE(m1)", "23 23 24 24 24 "},
      {"MONTH(m1)", "11 11 11 11 11 "},
      {"YEAR(m1)", "2026 2026 2026 2026 2026 "},
      {"EPOCH(m1) - 1795478000", "280 340 400 460 520 "},
      {"e1 + m1", "37 27 7 7 7 "},
      {"1e1 + .5 + 0*m1", "10.5 10.5 10.5 10.5 - "},
  };
  for (const auto& c : cases) EXPECT_EQ(shown(run(c.expression)), c.result) << c.expression;
}

TEST_F(Math, ChoosesAsTheTablesOfIfShow) {
  series_ = {
      {"metric1", {1, 1, 0, 0, none}}, {"metric2", {30, none, 0, 0, 30}}, {"metric3", {0, 0, 20, none, 20}}};
  EXPECT_EQ(shown(run("IF(metric1, metric2, metric3)")), "30 0 20 - - ");
  EXPECT_EQ(shown(run("IF(metric1, 5, metric3)")), "5 5 20 - - ");
  EXPECT_EQ(shown(run("IF(metric1, metric2, 5)")), "30 0 5 5 - ");
  EXPECT_EQ(shown(run("IF(metric1, metric2)")), "30 0 - - - ");
}

TEST_F(Math, SaysWhereItIsWrong) {
  const struct {
    const char* expression;
    const char* error;
  } cases[] = {
      {"", "at 1: the expression ends where a value was expected"},
      {"m1 +", "at 5: the expression ends where a value was expected"},
      {"m1 m2", "at 4: an operator or the end was expected"},
      {"(m1", "at 1: this parenthesis is not closed"},
      {"[m1, m2", "at 1: this bracket is not closed"},
      {"m9 + 1", "at 1: unknown id \"m9\""},
      {"AVG(m1", "at 1: the parenthesis of AVG is not closed"},
      {"AVG(m1)", "at 1: the result is a number; it must be a series (TIME_SERIES makes one of it)"},
      {"5", "at 1: the result is a number; it must be a series (TIME_SERIES makes one of it)"},
      {"AVG(5)", "at 5: AVG takes a series, not a number"},
      {"AVG()", "at 1: AVG takes 1 argument"},
      {"FILL(m1)", "at 1: FILL takes 2 arguments"},
      {"IF(m1)", "at 1: IF takes 2 to 3 arguments"},
      {"FILL(5, 1)", "at 6: FILL takes a series, not a number"},
      {"FILL(m1, METRICS())", "at 10: FILL fills with a number or one series"},
      {"m1 + REPEAT", "at 6: a value was expected"},
      {"ABS(REPEAT)", "at 5: REPEAT stands only as the second argument of FILL"},
      {"\"text\"", "at 1: a value was expected"},
      {"METRICS(m1)", "at 9: METRICS takes a text in quotes"},
      {"ABS(\"m1\")", "at 5: a text in quotes stands only in METRICS"},
      {"M1", "at 1: \"M1\" is no value; ids begin with a lower-case letter"},
      {"SEARCH(\"x\")", "at 1: there is no function SEARCH here"},
      {"ANOMALY_DETECTION_BAND(m1)", "at 1: there is no function ANOMALY_DETECTION_BAND here"},
      {"[m1] + METRICS()", "at 6: the arrays of this operator have different lengths"},
      {"[1, m1]", "at 2: an array holds series, not numbers"},
      {"TIME_SERIES(m1)", "at 13: TIME_SERIES takes a number"},
      {"PERIOD(m1 + m2)", "at 11: PERIOD takes the id of a metric"},
      {"PERIOD(e1) * m1", "at 8: PERIOD takes the id of a metric"},
      {"FIRST(m1)", "at 7: FIRST takes an array of series"},
      {"IF(METRICS(), 1, 2)", "at 4: IF takes numbers and series, not arrays"},
      {"1.2.3 + m1", "at 1: this is not a number"},
      {"2x + m1", "at 1: this is not a number"},
  };
  for (const auto& c : cases) EXPECT_EQ(shown(run(c.expression)), c.error) << c.expression;
}

TEST_F(Math, KeepsItsLimits) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '(') + "m1" + std::string(depth, ')');
  };
  EXPECT_TRUE(MathExpression::parse(nested(limits::expression_depth_max)));
  EXPECT_FALSE(MathExpression::parse(nested(limits::expression_depth_max + 1)));
  EXPECT_FALSE(MathExpression::parse(std::string(limits::expression_depth_max + 1, '-') + "m1"));
  std::string sum = "m1";
  for (int i = 0; i < 249; ++i) sum += "+m1";
  EXPECT_TRUE(MathExpression::parse(sum));
  EXPECT_FALSE(MathExpression::parse(sum + "+m1"));
  EXPECT_FALSE(MathExpression::parse(std::string(limits::expression_bytes_max + 1, ' ')));
  // Arrays of arrays of all metrics: stopped before they fill the memory.
  Points many(10'000, 1.0);
  const MathInput inputs[] = {{"m1", true, &many}, {"m2", true, &many}};
  std::string arrays = "METRICS()";
  for (int i = 0; i < 6; ++i) arrays = "[" + arrays + "," + arrays + "]";
  const auto huge = MathExpression::parse("SUM(" + arrays + ")");
  ASSERT_TRUE(huge) << huge.error().message;
  EXPECT_FALSE(huge->evaluate(inputs, {monday, seconds(60), many.size()}));
  const auto expression = MathExpression::parse("m1 + METRICS() * m2 + m1");
  EXPECT_EQ(expression->ids(), (std::vector<std::string>{"m1", "m2"}));
  EXPECT_TRUE(expression->uses_metrics());
}

// A second implementation: expressions of numbers and two series as a tree, one time at a time.
struct Tree {
  char kind = 'a'; // 'a' and 'b': a series; 'n': a number; else an operator
  double number = 0;
  std::vector<Tree> parts;
};

Tree random_tree(std::mt19937& chance, int depth) {
  Tree tree;
  const std::string_view leaves = "abn";
  const std::string_view signs = "+-*/<>=&|";
  if (depth > 4 || chance() % 4 == 0) {
    tree.kind = leaves[chance() % leaves.size()];
    tree.number = static_cast<double>(chance() % 5);
    return tree;
  }
  tree.kind = signs[chance() % signs.size()];
  tree.parts = {random_tree(chance, depth + 1), random_tree(chance, depth + 1)};
  return tree;
}

std::string printed(const Tree& tree) {
  switch (tree.kind) {
    case 'a':
    case 'b':
      return std::string(1, tree.kind);
    case 'n':
      return kaden::to_text(tree.number);
    default: {
      const std::string sign = tree.kind == '='   ? "=="
                               : tree.kind == '&' ? " AND "
                               : tree.kind == '|' ? "||"
                                                  : std::string(1, tree.kind);
      return "(" + printed(tree.parts[0]) + sign + printed(tree.parts[1]) + ")";
    }
  }
}

bool is_number(const Tree& tree) {
  if (tree.parts.empty()) return tree.kind == 'n';
  return is_number(tree.parts[0]) && is_number(tree.parts[1]);
}

/// The value at one time; a series' missing value is nullopt, a number's too (then nothing comes of it).
std::optional<double> plainly(const Tree& tree, std::optional<double> a, std::optional<double> b) {
  if (tree.kind == 'a') return a;
  if (tree.kind == 'b') return b;
  if (tree.kind == 'n') return tree.number;
  auto left = plainly(tree.parts[0], a, b);
  auto right = plainly(tree.parts[1], a, b);
  const bool left_number = is_number(tree.parts[0]);
  const bool right_number = is_number(tree.parts[1]);
  if ((left_number && !left) || (right_number && !right)) return std::nullopt;
  if (left_number && !right) return std::nullopt;
  if (right_number && !left) return std::nullopt;
  if (!left && !right) return std::nullopt;
  const double x = left.value_or(0);
  const double y = right.value_or(0);
  double result = 0;
  if (tree.kind == '+') result = x + y;
  if (tree.kind == '-') result = x - y;
  if (tree.kind == '*') result = x * y;
  if (tree.kind == '/') {
    if (y == 0) return std::nullopt;
    result = x / y;
  }
  if (tree.kind == '<') result = x < y ? 1 : 0;
  if (tree.kind == '>') result = x > y ? 1 : 0;
  if (tree.kind == '=') result = x == y ? 1 : 0;
  if (tree.kind == '&') result = x != 0 && y != 0 ? 1 : 0;
  if (tree.kind == '|') result = x != 0 || y != 0 ? 1 : 0;
  if (!std::isfinite(result)) return std::nullopt;
  return result;
}

TEST_F(Math, AgreesWithThePlainImplementation) {
  std::mt19937 chance(11);
  for (int round = 0; round < 5'000; ++round) {
    const Tree tree = random_tree(chance, 0);
    series_ = {{"a", Points(5)}, {"b", Points(5)}};
    for (auto& [id, points] : series_) {
      for (auto& point : points) {
        if (chance() % 4 != 0) point = static_cast<double>(chance() % 4);
      }
    }
    if (is_number(tree)) continue;
    Points want(5);
    for (std::size_t i = 0; i < want.size(); ++i) want[i] = plainly(tree, series_["a"][i], series_["b"][i]);
    ASSERT_EQ(shown(run(printed(tree))), shown(want)) << printed(tree);
  }
}

} // namespace
} // namespace kaden::alarm
