#include "kaden/rehearsal.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace kaden::rehearsal {
namespace {

using testing::HasSubstr;
using testing::Not;

const WallTime noon = parse_iso8601("2026-11-23T12:00:00Z").value();
constexpr Millis minute = seconds(60);

alarm::Rule rule(const std::string& name = "cpu-high") {
  alarm::Rule made;
  made.name = name;
  made.metric = "cpu_usage_active";
  made.condition.threshold = 80;
  return made;
}

alarm::MetricId cpu(const std::string& host) {
  return {"CWAgent", "cpu_usage_active", {{"host", host}}};
}

Arrival arrival(const std::string& host, WallTime at, double value) {
  const std::string unit = "Percent";
  const alarm::StatisticSet values{1, value, value, value};
  return arrivals_of({cpu(host), unit, at, minute, values}).front();
}

AlarmEvent event_of(const alarm::Transition& transition) {
  AlarmEvent event;
  event.source = "guest";
  event.event_id = transition.key.name + "/" + std::to_string(to_ms(transition.at));
  event.alarm = transition.key.name;
  event.state = transition.to;
  event.severity = transition.severity;
  event.machine = transition.machine;
  return event;
}

incident::Config engine() {
  incident::Config config;
  config.people = {{"sato", "sato", Language::en, {}}};
  config.people.front().methods.push_back({});
  config.policies.emplace_back();
  config.policies.front().id = "default";
  config.policies.front().levels = {{{"sato"}, seconds(60)}};
  config.routes = {{{}, {}, {}, "default", {}}};
  return config;
}

Plan plan(std::vector<alarm::Rule> rules, WallTime to = noon + 10 * minute, std::size_t columns = 10) {
  return {std::move(rules), engine(), event_of, noon, to, columns};
}

/// A minute each from noon on; a negative value is a gap.
std::vector<Arrival> story(const std::string& host, const std::vector<double>& values) {
  std::vector<Arrival> arrivals;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] >= 0)
      arrivals.push_back(arrival(host, noon + minute * static_cast<std::int64_t>(i), values[i]));
  }
  return arrivals;
}

const std::vector<double> one_peak = {10, 20, 30, 90, 95, 40, -1, -1, 50, 60};

Outcome outcome_of(Plan plan, const std::vector<Arrival>& arrivals) {
  const WallTime to = plan.to;
  Rehearsal run(std::move(plan));
  run.run(arrivals, to);
  return run.outcome();
}

/// "12:04:01 cpu-high web-01 ALARM; "
std::string shown(const std::vector<Change>& changes) {
  std::string text;
  for (const Change& one : changes) {
    text += to_iso8601(one.at).substr(11, 8) + " " + one.alarm + " " + std::string(to_text(one.to)) + "; ";
  }
  return text;
}

TEST(Rehearsal, TellsWhatWouldHaveHappened) {
  const Outcome outcome = outcome_of(plan({rule()}), story("web-01", one_peak));
  EXPECT_EQ(shown(outcome.changes),
            "12:01:01 cpu-high web-01 OK; 12:04:01 cpu-high web-01 ALARM; "
            "12:06:01 cpu-high web-01 OK; ")
      << "silence of two minutes lies within the evaluation range";
  EXPECT_EQ(outcome.alarms, 1U);
  EXPECT_EQ(outcome.incidents, 1U);
  EXPECT_EQ(outcome.calls, 1U);
  ASSERT_EQ(outcome.lines.size(), 1U);
  EXPECT_EQ(outcome.lines[0].in_alarm, 2 * minute);
  EXPECT_EQ(outcome.lines[0].cells[3].value, 90);
  EXPECT_EQ(outcome.lines[0].cells[6].value, std::nullopt);
}

TEST(Rehearsal, CallsAreTheRoutesAffair) {
  Plan unrouted = plan({rule()});
  unrouted.engine.routes = {{{}, {Severity::warning}, {}, "default", {}}};
  const Outcome outcome = outcome_of(std::move(unrouted), story("web-01", one_peak));
  EXPECT_EQ(outcome.alarms, 1U);
  EXPECT_EQ(outcome.calls, 0U);
}

/// What the service does: each datum when it comes, a look twice a second.
std::string live_changes(const alarm::Rule& rule, const std::vector<Arrival>& arrivals, WallTime from,
                         WallTime to) {
  alarm::AlarmBook book(from - warm_up({rule}));
  book.set_rules({rule});
  std::vector<Change> changes;
  auto next = arrivals.begin();
  for (WallTime now = alarm::floor_to(from - warm_up({rule}), minute); now < to + seconds(2);
       now += Millis(500)) {
    for (; next != arrivals.end() && next->at <= now; ++next) {
      EXPECT_TRUE(book.put(std::span(&next->datum, 1), next->at));
    }
    for (const alarm::Transition& change : book.step(now)) {
      if (change.at >= from && change.at < to)
        changes.push_back({change.at, change.key.name, change.from, change.to, change.reason});
    }
  }
  return shown(changes);
}

TEST(RehearsalProperty, ChangesAreThoseOfTheLiveBook) {
  std::mt19937_64 chance(20'261'127);
  std::size_t told = 0;
  for (int round = 0; round < 60; ++round) {
    alarm::Rule tried = rule();
    alarm::Condition& condition = tried.condition;
    condition.period = std::array{minute, 5 * minute, seconds(10)}[chance() % 3];
    condition.evaluation_periods = 1 + static_cast<int>(chance() % 4);
    condition.datapoints_to_alarm =
        1 + static_cast<int>(chance() % static_cast<std::uint64_t>(condition.evaluation_periods));
    condition.missing = static_cast<alarm::MissingData>(chance() % 4);
    condition.statistic = static_cast<alarm::Statistic>(chance() % 5);
    condition.threshold = condition.statistic == alarm::Statistic::sample_count ? 2 : 80;
    if (chance() % 3 == 0) tried.silent_after = 4 * minute;
    if (chance() % 4 == 0) condition.clear_threshold = condition.threshold - 1;
    std::vector<Arrival> arrivals;
    const WallTime to = noon + 40 * minute;
    for (WallTime at = alarm::floor_to(noon - warm_up({tried}), minute); at < to; at += minute) {
      for (const char* host : {"web-01", "web-02"}) {
        if (chance() % 4 != 0) arrivals.push_back(arrival(host, at, static_cast<double>(chance() % 120)));
      }
    }
    const std::string wanted = live_changes(tried, arrivals, noon, to);
    // In one go and in pieces.
    EXPECT_EQ(shown(outcome_of(plan({tried}, to), arrivals).changes), wanted) << "round " << round;
    Rehearsal pieces(plan({tried}, to));
    auto next = arrivals.begin();
    for (WallTime until = noon - 20 * minute; until <= to; until += 7 * minute) {
      const auto end = std::find_if(next, arrivals.end(), [&](const Arrival& one) { return one.at > until; });
      pieces.run({next, end}, until);
      next = end;
    }
    pieces.run({next, arrivals.end()}, to);
    EXPECT_EQ(shown(pieces.outcome().changes), wanted) << "round " << round;
    told += wanted.empty() ? 0U : 1U;
  }
  EXPECT_GT(told, 30U) << "most rounds have something to tell";
}

TEST(Rehearsal, ALongStepBecomesItsMinutes) {
  const alarm::MetricId web = cpu("web-01");
  const std::string unit = "Percent";
  const alarm::StatisticSet hour{60, 1'200, 5, 90};
  const auto arrivals = arrivals_of({web, unit, noon, seconds(3'600), hour});
  ASSERT_EQ(arrivals.size(), 60U);
  EXPECT_EQ(arrivals[1].datum.at, noon + minute);
  EXPECT_EQ(arrivals[1].at, noon + 2 * minute);
  EXPECT_EQ(arrivals[1].datum.values, (alarm::StatisticSet{1, 20, 5, 90}));
  EXPECT_FALSE(arrivals[1].datum.high_resolution);
  const alarm::StatisticSet seven{1, 7, 7, 7};
  const auto fine = arrivals_of({web, unit, noon, seconds(1), seven});
  ASSERT_EQ(fine.size(), 1U);
  EXPECT_EQ(fine[0].at, noon + seconds(1));
  EXPECT_TRUE(fine[0].datum.high_resolution);
}

/// The values of each minute of a step of five.
std::string minutes(const std::vector<alarm::ValueCount>& samples) {
  const auto each = samples::Distribution::of(samples);
  const alarm::MetricId web = cpu("web-01");
  const std::string unit = "Percent";
  const alarm::StatisticSet set = each.set();
  std::string shown;
  for (const Arrival& one : arrivals_of({web, unit, noon, seconds(300), set, &each})) {
    for (const auto& [value, count] : one.datum.counted) shown += fmt::format("{}*{} ", value, count);
    shown += "| ";
  }
  return shown;
}

TEST(Rehearsal, ALongStepsValuesAreDealtOutToItsMinutes) {
  EXPECT_EQ(minutes({{1}, {2}, {3}, {4}, {5}}), "1*1 | 2*1 | 3*1 | 4*1 | 5*1 | ");
  EXPECT_EQ(minutes({{1, 12}, {9, 3}}), "1*3 | 1*3 | 1*2 9*1 | 1*2 9*1 | 1*2 9*1 | ");
  EXPECT_EQ(minutes({{1}, {9}}), "1*0.4 | 1*0.4 | 9*0.4 | 9*0.4 | 9*0.4 | ") << "fewer than minutes";
  EXPECT_EQ(minutes({{1, 7.5}, {9, 2.5}}), "1*2 | 1*2 | 1*2 | 1*2 | 9*2 | ") << "no whole numbers";
}

TEST(Rehearsal, OnlyMetricsThatAreAskedFor) {
  EXPECT_TRUE(may_concern({rule()}, cpu("web-01")));
  EXPECT_FALSE(may_concern({rule()}, {"CWAgent", "mem_used_percent", {{"host", "web-01"}}}));
  EXPECT_FALSE(may_concern({rule()}, {"Other", "cpu_usage_active", {{"host", "web-01"}}}));
}

// Drawing
// ----------------------------------------------------------------------------------------------------

TEST(Draw, OneAlarm) {
  const Outcome outcome = outcome_of(plan({rule()}), story("web-01", one_peak));
  EXPECT_EQ(draw(outcome, {}), R"drawing(2026-11-23T12:00:00Z to 2026-11-23T12:10:00Z, one column is 60 s
OK ─  ALARM █  INSUFFICIENT_DATA ·

cpu_usage_active Average >= 80, 1 of 1 x 60 s
cpu-high web-01  ▁▂▃██▃  ▄▅  10 … 95  threshold 80 at ▇
                  ───███───  ALARM 2 min

2026-11-23T12:01:01Z  OK                 cpu-high web-01  Threshold Crossed: 1 out of the last 1 datapoints [10.0 (23/11/26 12:00:00)] was not greater than or equal to the threshold (80.0) (minimum 1 datapoint for ALARM -> OK transition).
2026-11-23T12:04:01Z  ALARM              cpu-high web-01  Threshold Crossed: 1 out of the last 1 datapoints [90.0 (23/11/26 12:03:00)] was greater than or equal to the threshold (80.0) (minimum 1 datapoint for OK -> ALARM transition).
2026-11-23T12:06:01Z  OK                 cpu-high web-01  Threshold Crossed: 1 out of the last 1 datapoints [40.0 (23/11/26 12:05:00)] was not greater than or equal to the threshold (80.0) (minimum 1 datapoint for ALARM -> OK transition).

1 changes to ALARM, 1 incidents, 1 calls (if the first person called answers and presses 1)
)drawing");
}

TEST(Draw, ColoursAreForTerminalsOnly) {
  const Outcome outcome = outcome_of(plan({rule()}), story("web-01", one_peak));
  EXPECT_THAT(draw(outcome, {}), Not(HasSubstr("\033")));
  const std::string colored = draw(outcome, {Language::en, true});
  EXPECT_THAT(colored, HasSubstr("\033[31m██\033[0m")) << "two minutes of ALARM in red";
  EXPECT_THAT(colored, HasSubstr("\033[32m─"));
  // Without the colours it is the same.
  std::string plain;
  for (std::size_t at = 0; at < colored.size(); ++at) {
    if (colored[at] == '\033') {
      at = colored.find('m', at);
    } else {
      plain.push_back(colored[at]);
    }
  }
  EXPECT_EQ(plain, draw(outcome, {}));
}

TEST(Draw, SpeaksJapanese) {
  const std::string text = draw(outcome_of(plan({rule()}), story("web-01", one_peak)), {Language::ja, false});
  EXPECT_THAT(text, HasSubstr("しきい値 80"));
  EXPECT_THAT(text, HasSubstr("ALARM への変化 1 回、インシデント 1 件、発信 1 回"));
}

TEST(Draw, NamesFromOutsideMoveNoCursor) {
  const std::string text = draw(outcome_of(plan({rule()}), story("web\033[2J\n01", one_peak)), {});
  EXPECT_THAT(text, Not(HasSubstr("\033")));
  EXPECT_THAT(text, HasSubstr("cpu-high web?[2J?01"));
}

TEST(Draw, OfManyMachinesThoseThatRangAreShown) {
  std::vector<Arrival> arrivals;
  for (int i = 0; i < 30; ++i) {
    const bool rings = i == 7 || i == 23;
    for (const Arrival& one :
         story("web-" + std::to_string(10 + i), rings ? one_peak : std::vector<double>{1, 2, 3}))
      arrivals.push_back(one);
  }
  std::stable_sort(arrivals.begin(), arrivals.end(),
                   [](const Arrival& a, const Arrival& b) { return a.at < b.at; });
  Look look;
  look.lines_max = 4;
  look.changes_max = 3;
  const std::string text = draw(outcome_of(plan({rule()}), arrivals), look);
  EXPECT_THAT(text, HasSubstr("cpu-high web-17  "));
  EXPECT_THAT(text, HasSubstr("cpu-high web-33  "));
  EXPECT_THAT(text, HasSubstr("cpu-high web-10  "));
  EXPECT_THAT(text, Not(HasSubstr("\ncpu-high web-12  ")));
  EXPECT_THAT(text, HasSubstr("... and 26 more alarms that were never in ALARM\n"));
  EXPECT_THAT(text, HasSubstr(" more changes\n"));
}

TEST(Draw, SilenceHasStatesButNoValues) {
  alarm::Rule watched = rule();
  watched.silent_after = 5 * minute;
  const Outcome outcome = outcome_of(plan({watched}, noon + 20 * minute, 20), story("web-01", {1, 2, 3, 4}));
  const std::string text = draw(outcome, {});
  EXPECT_THAT(text, HasSubstr("\nno metric for 5 min\ncpu-high web-01 is silent  "));
  EXPECT_THAT(text, HasSubstr("█"));
}

TEST(Draw, NothingFits) {
  const Outcome outcome = outcome_of(plan({rule()}), {});
  EXPECT_EQ(draw(outcome, {}),
            "No stored datapoint between 2026-11-23T12:00:00Z and 2026-11-23T12:10:00Z fits the rule.\n");
}

TEST(Draw, SaysWhenStepsWereLong) {
  Rehearsal run(plan({rule()}));
  run.run(story("web-01", one_peak), noon + 10 * minute);
  run.say_coarse();
  EXPECT_THAT(draw(run.outcome(), {}), HasSubstr("longer steps"));
}

TEST(Moment, IsAbsoluteOrFromNow) {
  const struct {
    const char* text;
    const char* at; // "": refused
  } cases[] = {
      {"now", "2026-11-23T12:00:00Z"},
      {"-6h", "2026-11-23T06:00:00Z"},
      {"-90m", "2026-11-23T10:30:00Z"},
      {"-2d", "2026-11-21T12:00:00Z"},
      {"-1w", "2026-11-16T12:00:00Z"},
      {"-30s", "2026-11-23T11:59:30Z"},
      {"2026-11-20", "2026-11-20T00:00:00Z"},
      {"2026-11-20T06:00:00Z", "2026-11-20T06:00:00Z"},
      {"", ""},
      {"6h", ""},
      {"-6x", ""},
      {"-h", ""},
      {"--6h", ""},
      {"-99999999d", ""},
      {"2026-13-20", ""},
      {"yesterday", ""},
  };
  for (const auto& one : cases) {
    const auto at = parse_moment(one.text, noon);
    EXPECT_EQ(at ? to_iso8601(*at) : "", one.at) << one.text;
  }
}

} // namespace
} // namespace kaden::rehearsal
