#include "kaden/alarm_evaluation.h"
#include "source_folder.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <random>
#include <vector>

namespace kaden::alarm {
namespace {

using Points = std::vector<std::optional<double>>;

constexpr double good = 1;
constexpr double bad = 100;

Condition condition_of(int n, int m, MissingData missing) {
  Condition condition;
  condition.evaluation_periods = n;
  condition.datapoints_to_alarm = m;
  condition.threshold = 50;
  condition.missing = missing;
  return condition;
}

/// "0 - X": good, missing, breaching; oldest first.
Points points_of(std::string_view text) {
  Points points;
  for (const char c : text) {
    if (c == '0') points.emplace_back(good);
    if (c == 'X') points.emplace_back(bad);
    if (c == '-') points.emplace_back(std::nullopt);
  }
  return points;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Evaluation, FollowsTheTableOfTheGuide) {
  const auto table =
      parse_json(read_file(source_folder() + "/src/alarm/testdata/missing_data_cases.json")).value();
  int checked = 0;
  for (const auto& entry : table.at("cases").as_array()) {
    const std::string text = entry.at("points_oldest_first").as_string().c_str();
    for (const auto& [mode, expected] : entry.at("expected").as_object()) {
      if (expected.is_null()) continue;
      const auto condition = condition_of(static_cast<int>(entry.at("evaluation_periods").as_int64()),
                                          static_cast<int>(entry.at("datapoints_to_alarm").as_int64()),
                                          parse_missing_data(std::string_view(mode)).value());
      for (const auto previous : {AlarmState::ok, AlarmState::alarm, AlarmState::insufficient_data}) {
        const Decision decision = decide(condition, points_of(text), 0, previous);
        const std::string_view want = expected.as_string();
        SCOPED_TRACE(text + " " + std::string(mode) + " from " + std::string(to_text(previous)));
        ++checked;
        if (want == "RETAIN") {
          EXPECT_EQ(decision.state, previous);
        } else if (want == "NOT_ALARM") {
          EXPECT_TRUE(decision.state != AlarmState::alarm || previous == AlarmState::alarm);
        } else {
          EXPECT_EQ(to_text(decision.state), want);
        }
      }
    }
  }
  EXPECT_EQ(checked, 3 * (10 * 4 + 2 * 2));
}

struct Case {
  const char* points;
  int n, m;
  MissingData missing;
  AlarmState previous, expected;
};

TEST(Evaluation, DecidesWhereTheGuideIsSilent) {
  constexpr auto ok = AlarmState::ok;
  constexpr auto alarm = AlarmState::alarm;
  constexpr auto none = AlarmState::insufficient_data;
  const Case cases[] = {
      {"- - - - X", 3, 3, MissingData::missing, none, none},
      {"- - - - X", 3, 3, MissingData::missing, alarm, alarm},
      {"- - - - X", 3, 3, MissingData::ignore, ok, ok},
      {"- - - X X", 3, 2, MissingData::ignore, ok, alarm},
      {"X - - - -", 3, 3, MissingData::missing, ok, alarm},
      {"0 X - - -", 3, 2, MissingData::missing, ok, ok},
      {"X 0 - - -", 3, 2, MissingData::missing, alarm, ok},
      {"- - X", 1, 1, MissingData::missing, ok, alarm},
      {"X - -", 1, 1, MissingData::missing, ok, alarm},
      {"- X 0", 1, 1, MissingData::missing, alarm, ok},
      {"- - -", 1, 1, MissingData::missing, ok, none},
      {"X - -", 1, 1, MissingData::not_breaching, ok, alarm},
      {"- - -", 1, 1, MissingData::not_breaching, alarm, ok},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(decide(condition_of(c.n, c.m, c.missing), points_of(c.points), 0, c.previous).state, c.expected)
        << c.points << " n=" << c.n << " m=" << c.m << " " << to_text(c.missing);
  }
}

TEST(Evaluation, ComparesAtTheThreshold) {
  struct {
    Comparison comparison;
    bool below, at, above;
  } const cases[] = {{Comparison::greater_or_equal, false, true, true},
                     {Comparison::greater, false, false, true},
                     {Comparison::less, true, false, false},
                     {Comparison::less_or_equal, true, true, false}};
  for (const auto& c : cases) {
    Condition condition;
    condition.threshold = 5;
    condition.comparison = c.comparison;
    EXPECT_EQ(breaches(condition, 4.999), c.below) << to_text(c.comparison);
    EXPECT_EQ(breaches(condition, 5), c.at) << to_text(c.comparison);
    EXPECT_EQ(breaches(condition, 5.001), c.above) << to_text(c.comparison);
  }
}

// A second implementation, slow and plain: it writes the N datapoints down and counts them.
AlarmState verdict(const std::vector<bool>& considered, int m) {
  int bad_ones = 0;
  for (const bool one : considered) bad_ones += one ? 1 : 0;
  return bad_ones >= m ? AlarmState::alarm : AlarmState::ok;
}

AlarmState plainly(const Condition& condition, const Points& points, std::size_t unknown,
                   AlarmState previous) {
  const auto n = static_cast<std::size_t>(condition.evaluation_periods);
  const int m = condition.datapoints_to_alarm;
  std::vector<bool> real; // newest first
  bool unknown_among = false;
  for (std::size_t i = points.size(); i-- > 0 && real.size() < n;) {
    if (points[i]) {
      real.push_back(*points[i] >= condition.threshold);
    } else if (i < unknown) {
      unknown_among = true;
    }
  }
  const std::size_t holes = n - real.size();
  if (holes == 0) return verdict(real, m);
  if (unknown_among) {
    std::vector<AlarmState> possible;
    for (std::size_t bits = 0; bits < (std::size_t{1} << holes); ++bits) {
      std::vector<bool> all = real;
      for (std::size_t hole = 0; hole < holes; ++hole) all.push_back((bits >> hole & 1U) != 0);
      possible.push_back(verdict(all, m));
    }
    for (const auto one : possible) {
      if (one != possible.front()) return previous;
    }
    return possible.front();
  }
  if (condition.missing == MissingData::breaching || condition.missing == MissingData::not_breaching) {
    std::vector<bool> all = real;
    all.resize(n, condition.missing == MissingData::breaching);
    return verdict(all, m);
  }
  const bool missing_mode = condition.missing == MissingData::missing;
  if (real.empty()) return missing_mode ? AlarmState::insufficient_data : previous;
  if (verdict(real, m) == AlarmState::alarm) return AlarmState::alarm;
  for (const bool one : real) {
    if (!one) return AlarmState::ok;
  }
  std::size_t oldest = 0;
  while (!points[oldest]) ++oldest;
  const bool old_enough = points.size() - oldest >= static_cast<std::size_t>(m);
  return missing_mode && old_enough ? AlarmState::alarm : previous;
}

TEST(Evaluation, AgreesWithThePlainImplementation) {
  std::mt19937 chance(20261123);
  const auto draw = [&](std::size_t below) { return static_cast<std::size_t>(chance() % below); };
  for (int round = 0; round < 100'000; ++round) {
    const int n = 1 + static_cast<int>(draw(6));
    const int m = 1 + static_cast<int>(draw(static_cast<std::size_t>(n)));
    const auto condition = condition_of(n, m, static_cast<MissingData>(draw(4)));
    const std::size_t holes_in_ten = draw(11);
    Points points(evaluation_range(condition));
    for (auto& point : points) {
      if (draw(10) >= holes_in_ten) point = draw(2) == 0 ? good : bad;
    }
    const std::size_t unknown = draw(2) == 0 ? 0 : draw(points.size() + 1);
    const auto previous = static_cast<AlarmState>(draw(3));
    ASSERT_EQ(decide(condition, points, unknown, previous).state,
              plainly(condition, points, unknown, previous))
        << "round " << round;
  }
}

TEST(Evaluation, GivesTheReasonInCloudWatchsWords) {
  const WallTime first = parse_iso8601("2026-08-24T02:56:00Z").value();
  Condition condition = condition_of(5, 3, MissingData::missing);
  condition.threshold = 90;
  const Points high{88.0, std::nullopt, 91.0, 92.1, 95.3, std::nullopt, 89.5};
  EXPECT_EQ(reason_text(condition, decide(condition, high, 0, AlarmState::ok), high, first),
            "Threshold Crossed: 3 out of the last 5 datapoints [95.3 (24/08/26 03:00:00), 92.1 (24/08/26 "
            "02:59:00), "
            "91.0 (24/08/26 02:58:00)] were greater than or equal to the threshold (90.0) "
            "(minimum 3 datapoints for OK -> ALARM transition).");
  EXPECT_EQ(telling_value(condition, high, AlarmState::alarm), 95.3);
  EXPECT_EQ(telling_value(condition, high, AlarmState::ok), 89.5);
  EXPECT_EQ(telling_value(condition, high, AlarmState::insufficient_data), std::nullopt);

  const Points low{70.0, 71.0, 70.5, 72.0, 69.0, 68.0, 67.5};
  EXPECT_EQ(reason_text(condition, decide(condition, low, 0, AlarmState::alarm), low, first),
            "Threshold Crossed: 5 out of the last 5 datapoints [67.5 (24/08/26 03:02:00), 68.0 (24/08/26 "
            "03:01:00), "
            "69.0 (24/08/26 03:00:00), 72.0 (24/08/26 02:59:00), 70.5 (24/08/26 02:58:00)] were not greater "
            "than or "
            "equal to the threshold (90.0) (minimum 3 datapoints for ALARM -> OK transition).");

  Condition single = condition_of(1, 1, MissingData::missing);
  single.threshold = 0;
  single.comparison = Comparison::less_or_equal;
  const Points zero{std::nullopt, std::nullopt, 0.0};
  EXPECT_EQ(reason_text(single, decide(single, zero, 0, AlarmState::ok), zero, first),
            "Threshold Crossed: 1 out of the last 1 datapoints [0.0 (24/08/26 02:58:00)] was less than or "
            "equal to the "
            "threshold (0.0) (minimum 1 datapoint for OK -> ALARM transition).");

  const Points empty(7);
  EXPECT_EQ(reason_text(condition, decide(condition, empty, 0, AlarmState::ok), empty, first),
            "Insufficient Data: 5 datapoints were unknown.");
  condition.missing = MissingData::breaching;
  EXPECT_EQ(
      reason_text(condition, decide(condition, empty, 0, AlarmState::ok), empty, first),
      "Threshold Crossed: no datapoints were received for 5 periods and 5 missing datapoints were treated as "
      "[Breaching].");
}

TEST(Evaluation, KeepsReasonsShort) {
  Condition condition = condition_of(8640, 8640, MissingData::missing);
  condition.period = seconds(10);
  condition.threshold = -1.2345678901234567e+300;
  const Points points(8642, 1.2345678901234567e+300);
  const WallTime first = wall_time(1'790'000'000'000);
  EXPECT_LE(reason_text(condition, decide(condition, points, 0, AlarmState::ok), points, first).size(),
            1023U);
  const std::string data = reason_data(condition, points, first, first);
  EXPECT_LE(data.size(), 4000U);
  EXPECT_TRUE(parse_json(data).has_value()) << data;
}

TEST(Condition, IsCheckedEdgeByEdge) {
  struct {
    std::int64_t period_s;
    int n, m;
    double threshold;
    const char* fault; // null: fine
  } const cases[] = {
      {10, 1, 1, 0, nullptr},
      {20, 1, 1, 0, nullptr},
      {30, 1, 1, 0, nullptr},
      {60, 1, 1, 0, nullptr},
      {120, 3, 2, 0, nullptr},
      {0, 1, 1, 0, "Period"},
      {-60, 1, 1, 0, "Period"},
      {1, 1, 1, 0, "Period"},
      {5, 1, 1, 0, "Period"},
      {40, 1, 1, 0, "Period"},
      {90, 1, 1, 0, "Period"},
      {60, 0, 1, 0, "EvaluationPeriods"},
      {60, 1440, 1, 0, nullptr},
      {60, 1441, 1, 0, "EvaluationPeriods"},
      {10, 8640, 1, 0, nullptr},
      {10, 8641, 1, 0, "EvaluationPeriods"},
      {3600, 168, 1, 0, nullptr},
      {3600, 169, 1, 0, "EvaluationPeriods"},
      {604800, 1, 1, 0, nullptr},
      {604860, 1, 1, 0, "EvaluationPeriods"},
      {3600, 2147483647, 1, 0, "EvaluationPeriods"},
      {60, 3, 0, 0, "DatapointsToAlarm"},
      {60, 3, 4, 0, "DatapointsToAlarm"},
      {60, 1, 1, 1e308 * 10, "Threshold"},
  };
  for (const auto& c : cases) {
    Condition condition = condition_of(c.n, c.m, MissingData::missing);
    condition.period = seconds(c.period_s);
    condition.threshold = c.threshold;
    const auto checked = check(condition);
    ASSERT_EQ(checked.has_value(), c.fault == nullptr) << c.period_s << " " << c.n << " " << c.m;
    if (checked) continue;
    EXPECT_TRUE(checked.error().message.starts_with(c.fault)) << checked.error().message;
  }
}

TEST(Words, ReadBack) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(parse_statistic(to_text(static_cast<Statistic>(i))), static_cast<Statistic>(i));
  }
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(parse_comparison(to_text(static_cast<Comparison>(i))), static_cast<Comparison>(i));
    EXPECT_EQ(parse_missing_data(to_text(static_cast<MissingData>(i))), static_cast<MissingData>(i));
  }
  EXPECT_FALSE(parse_statistic("average"));
  EXPECT_FALSE(parse_comparison("GreaterThanUpperThreshold"));
  EXPECT_FALSE(parse_missing_data(""));
}

} // namespace
} // namespace kaden::alarm
