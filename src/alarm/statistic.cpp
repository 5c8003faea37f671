#include "kaden/statistic.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace kaden::alarm {

namespace {

using Kind = ExtendedStatistic::Kind;

constexpr std::size_t decimals_max = 10; // CloudWatch's own

/// Percentages have ten decimals, binary fractions do not: what is a whole number but for rounding is one.
double nearly(double value, double (*otherwise)(double)) {
  const double whole = std::round(value);
  return std::fabs(value - whole) <= 1e-9 * std::max(1.0, std::fabs(value)) ? whole : otherwise(value);
}
double round_up(double value) {
  return nearly(value, [](double x) { return std::ceil(x); });
}
double round_down(double value) {
  return nearly(value, [](double x) { return std::floor(x); });
}

/// "0" to "100", digits and at most ten decimals.
std::optional<double> parse_percent(std::string_view text) {
  if (text.find_first_not_of("0123456789.") != std::string_view::npos) return std::nullopt;
  const std::size_t point = text.find('.');
  if (point != std::string_view::npos && text.size() - point - 1 > decimals_max) return std::nullopt;
  const auto value = parse_real(text);
  if (!value || *value > 100) return std::nullopt;
  return value;
}

struct Bound {
  double value = 0;
  bool in_percent = false;
};

/// "5%" or "150"; nullopt when it is neither.
std::optional<Bound> parse_bound(std::string_view text) {
  if (!text.empty() && text.back() == '%') {
    const auto percent = parse_percent(text.substr(0, text.size() - 1));
    if (!percent) return std::nullopt;
    return Bound{*percent, true};
  }
  const auto value = parse_real(text);
  if (!value) return std::nullopt;
  return Bound{*value, false};
}

tl::unexpected<Error> not_one(std::string_view text, std::string_view why) {
  return fail(Fault::invalid,
              "\"" + std::string(cut_utf8(text, 100)) + "\" is not a statistic: " + std::string(why));
}

/// What stands in the parentheses of TM(...) and its like.
Result<ExtendedStatistic> parse_range(Kind kind, std::string_view range, std::string_view text) {
  const std::size_t colon = range.find(':');
  if (colon == std::string_view::npos)
    return not_one(text, "a range is low:high, and one of them may be left out");
  ExtendedStatistic made;
  made.kind = kind;
  made.text = text;
  const std::array<std::pair<std::string_view, std::optional<double>*>, 2> ends{
      {{range.substr(0, colon), &made.low}, {range.substr(colon + 1), &made.high}}};
  std::optional<bool> in_percent;
  for (const auto& [end, into] : ends) {
    if (end.empty()) continue;
    const auto bound = parse_bound(end);
    if (!bound) return not_one(text, "a bound is a number, or a percentage from 0% to 100%");
    if (in_percent && *in_percent != bound->in_percent)
      return not_one(text, "both bounds are percentages, or none");
    in_percent = bound->in_percent;
    *into = bound->value;
  }
  if (!in_percent) return not_one(text, "the range has no bound");
  made.in_percent = *in_percent;
  if (made.in_percent && kind == Kind::percentile_rank)
    return not_one(text, "bounds of PR are values, not percentages");
  if (made.low && made.high && *made.low >= *made.high)
    return not_one(text, "the low bound is not below the high one");
  if (made.in_percent && (made.low.value_or(0) >= 100 || made.high.value_or(100) <= 0)) {
    return not_one(text, "nothing is left between the bounds");
  }
  return made;
}

/// The samples that the bounds leave, with what lies below and above them.
struct Kept {
  double count = 0, sum = 0;
  double below = 0, above = 0;    // samples
  double lowest = 0, highest = 0; // of the kept ones
};

Kept keep_by_rank(const ExtendedStatistic& statistic, std::span<const ValueCount> values, double total) {
  const double from = round_down(statistic.low.value_or(0) * total / 100);
  const double to = round_up(statistic.high.value_or(100) * total / 100);
  Kept kept;
  double before = 0;
  for (const auto& [value, count] : values) {
    const double after = before + count;
    const double inside = std::min(after, to) - std::max(before, from);
    kept.below += std::clamp(from - before, 0.0, count);
    kept.above += std::clamp(after - to, 0.0, count);
    if (inside > 0) {
      if (kept.count <= 0) kept.lowest = value;
      kept.highest = value;
      kept.count += inside;
      kept.sum += inside * value;
    }
    before = after;
  }
  return kept;
}

Kept keep_by_value(const ExtendedStatistic& statistic, std::span<const ValueCount> values) {
  Kept kept;
  kept.lowest = statistic.low.value_or(0);
  kept.highest = statistic.high.value_or(0);
  for (const auto& [value, count] : values) {
    if (statistic.low && value <= *statistic.low) {
      kept.below += count;
    } else if (statistic.high && value > *statistic.high) {
      kept.above += count;
    } else {
      kept.count += count;
      kept.sum += count * value;
    }
  }
  return kept;
}

double percentile(double percent, std::span<const ValueCount> values, double total) {
  const double rank = round_up(percent * total / 100);
  double before = 0;
  for (const auto& [value, count] : values) {
    before += count;
    if (before >= rank) return value;
  }
  return values.back().value;
}

} // namespace

std::string_view to_text(Statistic statistic) {
  switch (statistic) {
    case Statistic::average:
      return "Average";
    case Statistic::minimum:
      return "Minimum";
    case Statistic::maximum:
      return "Maximum";
    case Statistic::sum:
      return "Sum";
    case Statistic::sample_count:
      return "SampleCount";
  }
  return "";
}

std::optional<Statistic> parse_statistic(std::string_view text) {
  for (const auto one : {Statistic::average, Statistic::minimum, Statistic::maximum, Statistic::sum,
                         Statistic::sample_count}) {
    if (to_text(one) == text) return one;
  }
  return std::nullopt;
}

double value_of(Statistic statistic, const StatisticSet& set) {
  switch (statistic) {
    case Statistic::average:
      return set.sum / set.sample_count;
    case Statistic::minimum:
      return set.minimum;
    case Statistic::maximum:
      return set.maximum;
    case Statistic::sum:
      return set.sum;
    case Statistic::sample_count:
      return set.sample_count;
  }
  return 0;
}

Result<ExtendedStatistic> parse_extended_statistic(std::string_view text) {
  constexpr std::size_t bytes_max = 100; // CloudWatch's pattern allows less
  if (text.size() > bytes_max) return not_one(text, "it is too long");
  if (text == "IQM") return ExtendedStatistic{Kind::trimmed_mean, true, 25.0, 75.0, "IQM"};
  static constexpr std::array<std::pair<std::string_view, Kind>, 5> ranges{{{"TM(", Kind::trimmed_mean},
                                                                            {"TC(", Kind::trimmed_count},
                                                                            {"TS(", Kind::trimmed_sum},
                                                                            {"WM(", Kind::winsorized_mean},
                                                                            {"PR(", Kind::percentile_rank}}};
  for (const auto& [start, kind] : ranges) {
    if (!text.starts_with(start)) continue;
    if (text.back() != ')') return not_one(text, "its parenthesis is not closed");
    return parse_range(kind, text.substr(3, text.size() - 4), text);
  }
  static constexpr std::array<std::pair<std::string_view, Kind>, 5> shares{{{"tm", Kind::trimmed_mean},
                                                                            {"tc", Kind::trimmed_count},
                                                                            {"ts", Kind::trimmed_sum},
                                                                            {"wm", Kind::winsorized_mean},
                                                                            {"p", Kind::percentile}}};
  for (const auto& [start, kind] : shares) {
    if (!text.starts_with(start)) continue;
    const auto percent = parse_percent(text.substr(start.size()));
    if (!percent) return not_one(text, "a number from 0 to 100 with at most 10 decimals follows its letters");
    if (kind != Kind::percentile && *percent <= 0) return not_one(text, "nothing is left below 0%");
    return ExtendedStatistic{kind, true, std::nullopt, *percent, std::string(text)};
  }
  return not_one(text, "known are p90, tm90, tc90, ts90, wm90, IQM, PR(low:high), TM(low:high), TC, TS, WM");
}

std::optional<double> value_of(const ExtendedStatistic& statistic, std::span<const ValueCount> values) {
  if (values.empty() || values.front().value < 0) return std::nullopt;
  double total = 0;
  for (const auto& one : values) total += one.count;
  if (statistic.kind == Kind::percentile) return percentile(statistic.high.value_or(50), values, total);
  const Kept kept =
      statistic.in_percent ? keep_by_rank(statistic, values, total) : keep_by_value(statistic, values);
  switch (statistic.kind) {
    case Kind::trimmed_mean:
      return kept.count > 0 ? std::optional(kept.sum / kept.count) : std::nullopt;
    case Kind::trimmed_count:
      return kept.count;
    case Kind::trimmed_sum:
      return kept.sum;
    case Kind::winsorized_mean:
      return (kept.sum + kept.below * kept.lowest + kept.above * kept.highest) / total;
    case Kind::percentile_rank:
      return kept.count / total * 100;
    case Kind::percentile:
      break;
  }
  return std::nullopt;
}

bool has_too_few_samples(const ExtendedStatistic& statistic, double sample_count) {
  if (statistic.kind != Kind::percentile) return false;
  const double percent = statistic.high.value_or(50);
  const double share = percent >= 50 ? 100 - percent : percent;
  if (share <= 0) return false; // p0 and p100 are the minimum and the maximum: there is no rule for them
  constexpr double needed = 1000 * (1 - 1e-9); // ten samples beyond the percentile, in percent
  return sample_count * share < needed;
}

std::string to_text(const AnyStatistic& statistic) {
  return statistic.extended ? statistic.extended->text : std::string(to_text(statistic.simple));
}

Result<AnyStatistic> parse_any_statistic(std::string_view text) {
  if (const auto simple = parse_statistic(text)) return AnyStatistic{*simple, std::nullopt};
  auto extended = parse_extended_statistic(text);
  if (!extended) return tl::unexpected<Error>(extended.error());
  return AnyStatistic{Statistic::average, std::move(*extended)};
}

} // namespace kaden::alarm
