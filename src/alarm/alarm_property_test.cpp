// The whole book against a second, slow and obvious implementation: it keeps every sample it was ever given,
// and at each tick writes down each period of each alarm again. Seeded; arrival is late and out of order.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "kaden/alarm_book.h"
#include "kaden/limits/metrics.h"

namespace kaden::alarm {
namespace {

using Kind = ExtendedStatistic::Kind;
const WallTime noon = parse_iso8601("2026-11-23T12:00:00Z").value();

/// As it counts: the time its resolution gives it, and each sample apart.
struct Sample {
  std::int64_t stamp_s = 0;
  double value = 0;
  bool in_set = false; // came in a statistic set: no percentile
};

struct Plain {
  Condition condition;
  std::multimap<std::int64_t, Sample> samples; // by stamp
  AlarmState state = AlarmState::insufficient_data;

  std::vector<Sample> in_period(std::int64_t from_s) const {
    std::vector<Sample> found;
    const auto end = samples.lower_bound(from_s + condition.period.count() / 1000);
    for (auto one = samples.lower_bound(from_s); one != end; ++one) found.push_back(one->second);
    return found;
  }

  std::optional<double> extended(const std::vector<Sample>& period) const {
    const ExtendedStatistic& statistic = *condition.extended;
    std::vector<double> values;
    for (const Sample& one : period) {
      if (one.in_set || one.value < 0) return std::nullopt;
      values.push_back(one.value);
    }
    if (values.empty()) return std::nullopt;
    std::sort(values.begin(), values.end());
    const std::size_t count = values.size();
    // Whole percentages only: ranks are integers.
    const auto low = static_cast<std::size_t>(std::llround(statistic.low.value_or(0))) * count / 100;
    const auto high =
        (static_cast<std::size_t>(std::llround(statistic.high.value_or(100))) * count + 99) / 100;
    if (statistic.kind == Kind::percentile) return values[std::max<std::size_t>(high, 1) - 1];
    const std::vector<double> kept(values.begin() + static_cast<std::ptrdiff_t>(low),
                                   values.begin() + static_cast<std::ptrdiff_t>(high));
    double sum = 0;
    for (const double one : kept) sum += one;
    if (statistic.kind == Kind::trimmed_mean) return sum / static_cast<double>(kept.size());
    if (statistic.kind == Kind::trimmed_count) return static_cast<double>(kept.size());
    return sum;
  }

  std::optional<double> value(const std::vector<Sample>& period) const {
    if (period.empty()) return std::nullopt;
    if (condition.extended) return extended(period);
    double sum = 0;
    double least = period[0].value;
    double most = period[0].value;
    for (const Sample& one : period) {
      sum += one.value;
      least = std::min(least, one.value);
      most = std::max(most, one.value);
    }
    switch (condition.statistic) {
      case Statistic::average:
        return sum / static_cast<double>(period.size());
      case Statistic::minimum:
        return least;
      case Statistic::maximum:
        return most;
      case Statistic::sum:
        return sum;
      case Statistic::sample_count:
        return static_cast<double>(period.size());
    }
    return std::nullopt;
  }

  bool is_bad(double one) const {
    const bool clearing = condition.clear_threshold && state == AlarmState::alarm;
    const double threshold = clearing ? *condition.clear_threshold : condition.threshold;
    switch (condition.comparison) {
      case Comparison::greater_or_equal:
        return one >= threshold;
      case Comparison::greater:
        return one > threshold;
      case Comparison::less:
        return one < threshold;
      case Comparison::less_or_equal:
        return one <= threshold;
    }
    return false;
  }

  void evaluate(std::int64_t now_s) {
    const std::int64_t period_s = condition.period.count() / 1000;
    const std::int64_t step_s = period_s < 60 ? 10 : 60;
    if (now_s % step_s != 0) return;
    const auto n = static_cast<std::size_t>(condition.evaluation_periods);
    const auto m = static_cast<std::size_t>(condition.datapoints_to_alarm);
    std::vector<char> bad; // newest first, at most N
    std::size_t oldest_bad_age = 0;
    for (std::size_t age = 1; age <= n + 2 && bad.size() < n; ++age) {
      const auto period = in_period(now_s - static_cast<std::int64_t>(age) * period_s);
      const auto point = value(period);
      if (!point) continue;
      if (condition.low_samples == LowSamples::ignore && condition.extended &&
          condition.extended->kind == Kind::percentile) {
        const double p = *condition.extended->high / 100;
        const double needed = p >= 0.5 ? 10 / (1 - p) : 10 / p;
        if (static_cast<double>(period.size()) < needed - 1e-6) return; // the state stays
      }
      bad.push_back(is_bad(*point) ? 1 : 0);
      if (bad.back() != 0) oldest_bad_age = age;
    }
    const auto bad_ones = static_cast<std::size_t>(std::count(bad.begin(), bad.end(), 1));
    const std::size_t good_ones = bad.size() - bad_ones;
    const std::size_t holes = n - bad.size();
    const auto verdict = [&](std::size_t breaching) {
      state = breaching >= m ? AlarmState::alarm : AlarmState::ok;
    };
    if (holes == 0) return verdict(bad_ones);
    if (condition.missing == MissingData::breaching) return verdict(bad_ones + holes);
    if (condition.missing == MissingData::not_breaching) return verdict(bad_ones);
    const bool ignore = condition.missing == MissingData::ignore;
    if (bad.empty()) {
      if (!ignore) state = AlarmState::insufficient_data;
      return;
    }
    if (bad_ones >= m) return verdict(m);
    if (good_ones > 0) return verdict(0);
    if (!ignore && oldest_bad_age >= m) verdict(m);
  }
};

class Chance {
 public:
  explicit Chance(unsigned seed) : engine_(seed) {}
  int below(int most) { return static_cast<int>(engine_() % static_cast<unsigned>(most)); }
  bool one_in(int many) { return below(many) == 0; }

 private:
  std::mt19937 engine_;
};

Condition random_condition(Chance& chance) {
  constexpr std::int64_t periods_s[] = {10, 20, 30, 60, 120, 300};
  constexpr const char* extended[] = {"p50", "p90", "p99", "tm90", "tc75", "ts80", "IQM", "TM(10%:90%)"};
  Condition condition;
  condition.period = seconds(periods_s[chance.below(6)]);
  condition.evaluation_periods = 1 + chance.below(5);
  condition.datapoints_to_alarm = 1 + chance.below(condition.evaluation_periods);
  condition.missing = static_cast<MissingData>(chance.below(4));
  condition.comparison = static_cast<Comparison>(chance.below(4));
  condition.statistic = static_cast<Statistic>(chance.below(5));
  condition.threshold = 10;
  if (condition.statistic == Statistic::sum || condition.statistic == Statistic::sample_count) {
    condition.threshold = 5 + chance.below(20);
  }
  if (chance.one_in(3)) {
    condition.extended = parse_extended_statistic(extended[chance.below(8)]).value();
    if (chance.one_in(2)) condition.low_samples = LowSamples::ignore;
  }
  if (chance.one_in(3)) {
    const bool high_is_bad =
        condition.comparison == Comparison::greater || condition.comparison == Comparison::greater_or_equal;
    condition.clear_threshold = condition.threshold + (high_is_bad ? -3 : 3);
  }
  return condition;
}

const MetricId metric{"CWAgent", "load", {{"host", "web-01"}}};

/// One datum and its samples for the plain side. Values are whole, so sums are exact in any order.
Datum random_datum(Chance& chance, std::int64_t now_s, std::vector<Sample>& samples) {
  Datum datum;
  datum.metric = metric;
  datum.unit = "Count";
  const bool late = chance.one_in(5);
  const std::int64_t at_s =
      now_s - (late ? chance.below(400) : chance.below(10)) + (chance.one_in(30) ? 60 : 0);
  datum.at = wall_time(at_s * 1000 + chance.below(1000));
  datum.high_resolution = !chance.one_in(4);
  const std::int64_t stamp_s = datum.high_resolution ? at_s : at_s / 60 * 60;
  const auto value = [&] { return static_cast<double>(chance.below(20)); };
  if (chance.one_in(25)) { // a statistic set
    const double low = value();
    datum.values = {2, low + low + 1, low, low + 1};
    samples = {{stamp_s, low, true}, {stamp_s, low + 1, true}};
    return datum;
  }
  const int kinds = chance.one_in(3) ? 1 + chance.below(4) : 1;
  for (int i = 0; i < kinds; ++i) {
    const int count = chance.one_in(4) ? 1 + chance.below(30) : 1;
    const double one = value();
    datum.counted.push_back({one, static_cast<double>(count)});
    samples.insert(samples.end(), static_cast<std::size_t>(count), {stamp_s, one, false});
  }
  datum.values = set_of(datum.counted);
  if (datum.counted.size() == 1 && chance.one_in(2)) datum.counted.clear();
  return datum;
}

/// How much of the time data comes; silences of minutes, so that every fill mode is met.
void run(unsigned seed, std::size_t& changes) {
  Chance chance(seed);
  AlarmBook book(noon - seconds(86'400));
  std::vector<Plain> plain;
  for (int i = 0; i < 8; ++i) {
    Definition definition;
    definition.name = "alarm-" + std::to_string(i);
    definition.metric = metric;
    definition.condition = random_condition(chance);
    ASSERT_TRUE(check(definition.condition)) << check(definition.condition).error().message;
    plain.push_back({definition.condition, {}, AlarmState::insufficient_data});
    book.define(definition, noon);
  }
  bool silent = false;
  const std::int64_t start_s = to_ms(noon) / 1000;
  book.step(noon + limits::evaluation_grace); // the first step looks at every alarm
  for (Plain& one : plain) one.evaluate(start_s);
  for (std::int64_t now_s = start_s + 1; now_s <= start_s + 1500; now_s += 1) {
    if (chance.one_in(120)) silent = !silent;
    if (!silent && chance.one_in(6)) {
      std::vector<Sample> samples;
      const Datum datum = random_datum(chance, now_s, samples);
      ASSERT_TRUE(book.put(std::span<const Datum>(&datum, 1), wall_time(now_s * 1000)));
      for (Plain& one : plain) {
        for (const Sample& sample : samples) one.samples.emplace(sample.stamp_s, sample);
      }
    }
    if (now_s % 10 != 0) continue;
    // What came up to the end of the grace counts.
    changes += book.step(wall_time(now_s * 1000) + limits::evaluation_grace).size();
    for (std::size_t i = 0; i < plain.size(); ++i) {
      plain[i].evaluate(now_s);
      const auto info = book.describe(AlarmKey{"alarm-" + std::to_string(i), Origin::api});
      ASSERT_EQ(to_text(info->state), to_text(plain[i].state))
          << "seed " << seed << ", alarm " << i << ", second " << now_s - start_s << ", "
          << statistic_text(plain[i].condition) << " " << plain[i].condition.period.count() / 1000 << " s, "
          << plain[i].condition.datapoints_to_alarm << " of " << plain[i].condition.evaluation_periods << ", "
          << to_text(plain[i].condition.missing) << ", " << info->reason;
    }
  }
}

TEST(AlarmBookProperty, AgreesWithThePlainImplementation) {
  std::size_t changes = 0;
  for (unsigned seed = 1; seed <= 150; ++seed) { // 1,200 alarms, 180,000 evaluations
    run(seed, changes);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(changes, 5'000U); // else nothing was tried
}

} // namespace
} // namespace kaden::alarm
