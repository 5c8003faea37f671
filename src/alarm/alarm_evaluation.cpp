#include "kaden/alarm_evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace kaden::alarm {

namespace {

struct Seen {
  std::size_t real = 0, breaching = 0, oldest_breaching_age = 0;
  bool any_unknown = false;
};

/// The newest N datapoints that are there, wherever the gaps are. The newest period has age 1.
Seen look(const Condition& condition, std::span<const std::optional<double>> points, std::size_t unknown) {
  const auto wanted = static_cast<std::size_t>(condition.evaluation_periods);
  Seen seen;
  for (std::size_t age = 1; age <= points.size() && seen.real < wanted; ++age) {
    const std::size_t index = points.size() - age;
    if (!points[index]) {
      seen.any_unknown = seen.any_unknown || index < unknown;
    } else {
      ++seen.real;
      if (breaches(condition, *points[index])) {
        ++seen.breaching;
        seen.oldest_breaching_age = age;
      }
    }
  }
  return seen;
}

std::string_view comparison_words(Comparison comparison) {
  switch (comparison) {
    case Comparison::greater_or_equal:
      return "greater than or equal to";
    case Comparison::greater:
      return "greater than";
    case Comparison::less:
      return "less than";
    case Comparison::less_or_equal:
      return "less than or equal to";
  }
  return "";
}

/// "24/08/26 03:00:00", UTC.
std::string reason_time(WallTime at) {
  const std::string iso = to_iso8601(at);
  return iso.substr(8, 2) + "/" + iso.substr(5, 2) + "/" + iso.substr(2, 2) + " " + iso.substr(11, 8);
}

/// "2026-08-24T03:01:05.123+0000"
std::string reason_data_time(WallTime at) {
  return fmt::format("{}.{:03}+0000", to_iso8601(at).substr(0, 19), to_ms(at) % 1000);
}

constexpr std::size_t listed_max = 5; // StateReason holds 1,023 characters

/// "[95.3 (24/08/26 03:00:00), 92.1 (24/08/26 02:59:00)]", newest first; empty when there is none.
std::string list_of(const Condition& condition, std::span<const std::optional<double>> points,
                    WallTime first_at, bool breaching) {
  std::string list;
  std::size_t real = 0;
  std::size_t listed = 0;
  for (std::size_t age = 1; age <= points.size(); ++age) {
    const std::size_t index = points.size() - age;
    if (!points[index]) continue;
    if (++real > static_cast<std::size_t>(condition.evaluation_periods)) break;
    if (breaches(condition, *points[index]) != breaching) continue;
    if (++listed > listed_max) {
      list += ", ...";
      break;
    }
    const WallTime at = first_at + condition.period * static_cast<std::int64_t>(index);
    list += fmt::format("{}{} ({})", list.empty() ? "" : ", ", number_text(*points[index]), reason_time(at));
  }
  return list.empty() ? list : "[" + list + "] ";
}

std::string_view plural(std::size_t count) {
  return count == 1 ? "" : "s";
}

std::string treated_as(const Condition& condition, std::size_t filled) {
  return fmt::format("{} missing datapoint{} {} treated as [{}]", filled, plural(filled),
                     filled == 1 ? "was" : "were",
                     condition.missing == MissingData::breaching ? "Breaching" : "NonBreaching");
}

} // namespace

bool breaches(const Condition& condition, double value) {
  switch (condition.comparison) {
    case Comparison::greater_or_equal:
      return value >= condition.threshold;
    case Comparison::greater:
      return value > condition.threshold;
    case Comparison::less:
      return value < condition.threshold;
    case Comparison::less_or_equal:
      return value <= condition.threshold;
  }
  return false;
}

Decision decide(const Condition& condition, std::span<const std::optional<double>> points,
                std::size_t unknown, AlarmState previous) {
  const auto n = static_cast<std::size_t>(condition.evaluation_periods);
  const auto m = static_cast<std::size_t>(condition.datapoints_to_alarm);
  const Seen seen = look(condition, points, unknown);
  const std::size_t good = seen.real - seen.breaching;

  const auto known = [&](AlarmState state, Why why, std::size_t filled = 0) {
    return Decision{state, why, seen.real, seen.breaching, filled};
  };
  const auto ok_or_alarm = [&](bool alarm) { return alarm ? AlarmState::alarm : AlarmState::ok; };
  const Decision stay = known(previous, Why::undecided);

  if (seen.real == n) return known(ok_or_alarm(seen.breaching >= m), Why::measured);
  if (seen.any_unknown) {
    if (seen.breaching >= m) return known(AlarmState::alarm, Why::measured);
    if (good > n - m) return known(AlarmState::ok, Why::measured);
    return stay;
  }

  const std::size_t missing = n - seen.real;
  switch (condition.missing) {
    case MissingData::breaching:
      return known(ok_or_alarm(seen.breaching + missing >= m), Why::filled, missing);
    case MissingData::not_breaching:
      return known(ok_or_alarm(seen.breaching >= m), Why::filled, missing);
    case MissingData::missing:
    case MissingData::ignore:
      break;
  }
  const bool ignore = condition.missing == MissingData::ignore;
  if (seen.real == 0) return ignore ? stay : known(AlarmState::insufficient_data, Why::no_data);
  if (seen.breaching >= m) return known(AlarmState::alarm, Why::measured);
  if (good > 0) return known(AlarmState::ok, Why::measured);
  if (!ignore && seen.oldest_breaching_age >= m) return known(AlarmState::alarm, Why::silence);
  return stay;
}

std::optional<double> telling_value(const Condition& condition, std::span<const std::optional<double>> points,
                                    AlarmState state) {
  if (state == AlarmState::insufficient_data) return std::nullopt;
  for (std::size_t age = 1; age <= points.size(); ++age) {
    const auto& point = points[points.size() - age];
    if (point && breaches(condition, *point) == (state == AlarmState::alarm)) return point;
  }
  return std::nullopt;
}

std::string number_text(double value) {
  std::string text = kaden::to_text(value);
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return text;
}

std::string reason_text(const Condition& condition, const Decision& decision,
                        std::span<const std::optional<double>> points, WallTime first_at) {
  const auto n = static_cast<std::size_t>(condition.evaluation_periods);
  const auto m = static_cast<std::size_t>(condition.datapoints_to_alarm);
  if (decision.state == AlarmState::insufficient_data) {
    return fmt::format("Insufficient Data: {} datapoint{} {} unknown.", n, plural(n),
                       n == 1 ? "was" : "were");
  }
  if (decision.filled > 0 && decision.real == 0) {
    return fmt::format("Threshold Crossed: no datapoints were received for {} period{} and {}.", n, plural(n),
                       treated_as(condition, decision.filled));
  }
  const bool alarm = decision.state == AlarmState::alarm;
  const std::size_t count = alarm ? decision.breaching : decision.real - decision.breaching;
  const std::size_t least = alarm ? m : n - m + 1;
  std::string filled;
  if (decision.filled > 0) filled = " and " + treated_as(condition, decision.filled);
  return fmt::format(
      "Threshold Crossed: {} out of the last {} datapoints {}{} {}{} the threshold ({}){} "
      "(minimum {} datapoint{} for {} transition).",
      count, n, list_of(condition, points, first_at, alarm), count == 1 ? "was" : "were", alarm ? "" : "not ",
      comparison_words(condition.comparison), number_text(condition.threshold), filled, least, plural(least),
      alarm ? "OK -> ALARM" : "ALARM -> OK");
}

std::string reason_data(const Condition& condition, std::span<const std::optional<double>> points,
                        WallTime first_at, WallTime now) {
  constexpr std::size_t recent_max = 100; // 25 bytes each stay under CloudWatch's 4,000
  const auto n = static_cast<std::size_t>(condition.evaluation_periods);
  std::vector<std::string> recent;
  for (std::size_t age = 1; age <= points.size() && recent.size() < std::min(n, recent_max); ++age) {
    if (const auto& point = points[points.size() - age]) recent.push_back(number_text(*point));
  }
  std::reverse(recent.begin(), recent.end());
  return fmt::format(R"({{"version":"1.0","queryDate":"{}","startDate":"{}","statistic":"{}","period":{},)"
                     R"("recentDatapoints":[{}],"threshold":{}}})",
                     reason_data_time(now), reason_data_time(first_at), to_text(condition.statistic),
                     condition.period.count() / 1000, fmt::join(recent, ","),
                     number_text(condition.threshold));
}

} // namespace kaden::alarm
