#include "rehearse.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "kaden/cloudwatch.h"
#include "kaden/runtime.h"
#include "secret.h"

namespace kaden::app {

namespace {

constexpr std::size_t columns_default = 60;
constexpr std::size_t columns_beside = 60; // the alarm's name before them, its figures behind them
constexpr Millis hour = seconds(3'600);

std::size_t columns_of(const RehearseOptions& options) {
  constexpr std::size_t columns_max = 1'000;
  if (options.columns > 0) return std::min(options.columns, columns_max);
  winsize size{};
  if (isatty(STDOUT_FILENO) == 0 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return columns_default;
  const std::size_t room = size.ws_col;
  return room > columns_beside + 20 ? room - columns_beside : columns_default;
}

/// Arrivals of many metrics, in order. An hour of each is held at once, more of few, and of fewer when each
/// may have a hundred values.
Millis slice_of(std::size_t metrics, bool with_values) {
  const std::size_t few = with_values ? 50 : 1'000;
  return metrics <= few ? 6 * hour : hour;
}

/// Its samples one by one.
bool is_known(const datapoints::Point& point) {
  return point.each != nullptr || alarm::raw_value_of(point.values).has_value();
}

bool arrived_before(const rehearsal::Arrival& a, const rehearsal::Arrival& b) {
  return a.at < b.at;
}

} // namespace

Result<std::vector<alarm::Rule>> find_rules(const std::string& rule, const config::Settings& settings,
                                            const config::Environment& environment) {
  std::vector<std::string> names;
  for (const alarm::Rule& one : settings.alarms) {
    if (one.name == rule) return std::vector{one};
    names.push_back(one.name);
  }
  const auto file = environment.read_file(rule);
  if (!file) {
    return fail(Fault::not_found,
                fmt::format("there is no rule \"{}\" in the configuration, and no such file ({}). Rules: {}",
                            rule, file.error().message,
                            names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "))));
  }
  auto rules = config::parse_rules(file->text, rule);
  if (rules && rules->empty()) return fail(Fault::invalid, rule + ": there is no rule in it");
  return rules;
}

Result<rehearsal::Outcome> rehearse(rehearsal::Plan plan, datapoints::Reader& reader) {
  const auto series = reader.series();
  if (!series) return tl::unexpected<Error>(series.error());
  std::vector<alarm::MetricId> metrics;
  for (const auto& one : *series) {
    if (rehearsal::may_concern(plan.rules, one.id.metric)) metrics.push_back(one.id.metric);
  }
  const WallTime from = alarm::floor_to(plan.from - rehearsal::warm_up(plan.rules), hour);
  const WallTime to = plan.to;
  std::string percentile; // or another statistic that needs each value
  for (const alarm::Rule& rule : plan.rules) {
    if (rule.condition.extended) percentile = rule.condition.extended->text;
  }
  const Millis slice = slice_of(metrics.size(), !percentile.empty());
  rehearsal::Rehearsal run(std::move(plan));
  bool is_coarse = false;
  std::size_t unknown = 0;
  WallTime newest_unknown{};
  for (WallTime begin = from; begin < to; begin += slice) {
    const WallTime end = begin + slice;
    std::vector<rehearsal::Arrival> arrivals;
    const auto read = reader.read(
        {begin, end, {}, metrics, percentile.empty()},
        [&](const datapoints::SeriesId& id, const std::vector<datapoints::Point>& points) {
          for (const datapoints::Point& point : points) {
            if (point.at < begin || point.at >= std::min(end, to)) continue; // another slice's
            const Millis step = datapoints::step_of(point.tier);
            is_coarse = is_coarse || step > seconds(60);
            if (!is_known(point)) {
              ++unknown;
              newest_unknown = std::max(newest_unknown, point.at);
            }
            auto some =
                rehearsal::arrivals_of({id.metric, id.unit, point.at, step, point.values, point.each.get()});
            std::move(some.begin(), some.end(), std::back_inserter(arrivals));
          }
          return true;
        });
    if (!read) return tl::unexpected<Error>(read.error());
    std::stable_sort(arrivals.begin(), arrivals.end(), arrived_before);
    run.run(arrivals, std::min(end, to));
  }
  if (!percentile.empty() && unknown > 0) {
    return fail(Fault::invalid,
                fmt::format("the rule takes {}, which needs each value; of {} stored datapoints only count, "
                            "sum, minimum and maximum are known, so what would have happened cannot be told. "
                            "The newest of them is of {}: a --from after it can be told",
                            percentile, unknown, to_iso8601(newest_unknown)));
  }
  if (is_coarse) run.say_coarse();
  return run.outcome();
}

int run_alarms_test(const RehearseOptions& options) {
  const config::Environment environment = config::process_environment();
  const auto settings = config::load(options.config, environment);
  if (!settings) return report(settings.error());
  const WallTime now = runtime::SystemClock().wall();
  const auto from = rehearsal::parse_moment(options.from, now);
  if (!from) return report({from.error().fault, "--from: " + from.error().message});
  const auto to = rehearsal::parse_moment(options.to, now);
  if (!to) return report({to.error().fault, "--to: " + to.error().message});
  if (*from >= *to) return report({Fault::invalid, "--from must be before --to"});
  auto rules = find_rules(options.rule, *settings, environment);
  if (!rules) return report(rules.error());
  const auto reader = datapoints::Reader::open(settings->store_folder + "/metrics.db");
  if (!reader) return report(reader.error());
  rehearsal::Plan plan;
  plan.rules = std::move(*rules);
  plan.engine = settings->engine;
  plan.event_of = cloudwatch::event_of;
  plan.from = *from;
  plan.to = std::min(*to, now);
  plan.columns = columns_of(options);
  if (plan.from >= plan.to) return report({Fault::invalid, "--from must lie in the past"});
  const auto outcome = rehearse(std::move(plan), **reader);
  if (!outcome) return report(outcome.error());
  fmt::print("{}", rehearsal::draw(*outcome, {options.language, options.color}));
  if ((*reader)->damaged() > 0) fmt::print(stderr, "{} damaged blocks were left out\n", (*reader)->damaged());
  return outcome->lines.empty() ? 1 : 0;
}

} // namespace kaden::app
