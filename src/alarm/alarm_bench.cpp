// Evaluation of 100,000 alarms, the rate of puts, and the memory of a million metrics. The figures to reach:
// an evaluation every 10 s costs under 2 % of a core when quiet (200 ms) and under 20 % when every alarm
// changes (2 s); a metric takes under 1 KB with its name and datapoints.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <chrono>
#include <memory>
#include <string>

#include "kaden/alarm_book.h"

namespace kaden::alarm {
namespace {

const WallTime start = wall_time(1'790'000'000'000);

MetricId metric_of(std::int64_t machine) {
  return {"CWAgent", "cpu_usage_active", {{"cpu", "cpu-total"}, {"host", "web-" + std::to_string(machine)}}};
}

Datum datum_of(std::int64_t machine, WallTime at, double value) {
  return {metric_of(machine), "Percent", at, {1, value, value, value}, true};
}

Condition condition() {
  Condition made;
  made.period = seconds(10);
  made.evaluation_periods = 3;
  made.datapoints_to_alarm = 2;
  made.threshold = 80;
  return made;
}

Rule rule(const std::string& name) {
  Rule made;
  made.name = name;
  made.metric = "cpu_usage_active";
  made.condition = condition();
  return made;
}

enum Shape : std::int64_t { one_rule, a_rule_each, an_api_alarm_each, percentiles };

void arm(AlarmBook& book, std::int64_t machines, std::int64_t shape) {
  if (shape == one_rule || shape == percentiles) {
    Rule made = rule("cpu-high");
    if (shape == percentiles) made.condition.extended = parse_extended_statistic("p90").value();
    book.set_rules({made});
  } else if (shape == a_rule_each) {
    std::vector<Rule> rules;
    for (std::int64_t machine = 0; machine < machines; ++machine) {
      rules.push_back(rule("cpu-" + std::to_string(machine)));
      rules.back().where = {{"host", "web-" + std::to_string(machine)}};
    }
    book.set_rules(std::move(rules));
  } else {
    for (std::int64_t machine = 0; machine < machines; ++machine) {
      Definition made;
      made.name = "cpu-" + std::to_string(machine);
      made.metric = metric_of(machine);
      made.condition = condition();
      book.define(std::move(made), start);
    }
  }
}

void feed(AlarmBook& book, std::int64_t machines, WallTime at, double value) {
  for (std::int64_t machine = 0; machine < machines; ++machine) {
    const Datum one = datum_of(machine, at, value);
    require(book.put(std::span<const Datum>(&one, 1), at).has_value(), "the book has room");
  }
}

/// range(0) alarms; range(1) is 1 when every alarm changes its state at every evaluation; range(2) is the
/// Shape. Time is that of one evaluation; what it is of a core when it comes every 10 s is the counter
/// core_percent.
void evaluate(benchmark::State& state) {
  AlarmBook book(start - seconds(3600));
  arm(book, state.range(0), state.range(2));
  WallTime now = start;
  for (int i = 0; i < 30; ++i, now += seconds(10)) feed(book, state.range(0), now, 5);
  bool high = false;
  std::size_t changes = book.step(now + seconds(1)).size();
  changes = 0;
  double seconds_spent = 0;
  for (auto _ : state) {
    if (state.range(1) == 1) high = !high;
    // Two datapoints decide 2 of 3; all of them are evaluated, the last one is timed.
    for (int i = 0; i < 2; ++i) {
      feed(book, state.range(0), now, high ? 95 : 5);
      now += seconds(10);
      if (i == 0) benchmark::DoNotOptimize(book.step(now + seconds(1)));
    }
    const auto before = std::chrono::steady_clock::now();
    changes += book.step(now + seconds(1)).size();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - before;
    state.SetIterationTime(took.count());
    seconds_spent += took.count();
  }
  const double per_step = seconds_spent / static_cast<double>(state.iterations());
  state.counters["us/alarm"] = per_step * 1e6 / static_cast<double>(state.range(0));
  state.counters["core_percent"] = per_step * 10; // of 10 s
  state.counters["changes"] = static_cast<double>(changes) / static_cast<double>(state.iterations());
}
BENCHMARK(evaluate)
    ->ArgNames({"alarms", "firing", "shape"})
    ->Args({100'000, 0, one_rule})
    ->Args({100'000, 1, one_rule})
    ->Args({100'000, 0, a_rule_each})
    ->Args({100'000, 1, a_rule_each})
    ->Args({100'000, 0, an_api_alarm_each})
    ->Args({100'000, 1, an_api_alarm_each})
    ->Args({100'000, 0, percentiles})
    ->Unit(benchmark::kMillisecond)
    ->UseManualTime()
    ->Iterations(4);

/// Metrics that stopped: nothing is left to look at.
void evaluate_silent(benchmark::State& state) {
  AlarmBook book(start - seconds(3600));
  arm(book, state.range(0), one_rule);
  feed(book, state.range(0), start, 5);
  WallTime now = start + seconds(11);
  for (int i = 0; i < 10; ++i, now += seconds(10)) benchmark::DoNotOptimize(book.step(now));
  for (auto _ : state) {
    benchmark::DoNotOptimize(book.step(now));
    now += seconds(10);
  }
}
BENCHMARK(evaluate_silent)->Arg(100'000)->Unit(benchmark::kMillisecond)->Iterations(5);

/// Datapoints of range(0) machines one after the other, each with its alarm.
void put(benchmark::State& state) {
  AlarmBook book(start - seconds(3600));
  arm(book, state.range(0), one_rule);
  WallTime now = start;
  feed(book, state.range(0), now, 5);
  std::int64_t machine = 0;
  for (auto _ : state) {
    const Datum one = datum_of(machine, now, 5);
    benchmark::DoNotOptimize(book.put(std::span<const Datum>(&one, 1), now));
    if (++machine == state.range(0)) {
      machine = 0;
      now += seconds(10);
    }
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(put)->Arg(1'000)->Arg(100'000);

std::size_t heap_bytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

/// range(0) metrics, ten of each machine, with range(1) datapoints each; range(2) is 1 when each datapoint
/// has six raw values (an agent that sends once a minute what it measured every 10 s).
void memory(benchmark::State& state) {
  double bytes = 0;
  double held = 0;
  for (auto _ : state) {
    const std::size_t before = heap_bytes();
    auto store = std::make_unique<MetricStore>();
    for (std::int64_t point = 0; point < state.range(1); ++point) {
      const WallTime at = start + seconds(60 * point);
      for (std::int64_t i = 0; i < state.range(0); ++i) {
        Datum one;
        one.metric = {"CWAgent",
                      "metric_" + std::to_string(i % 10),
                      {{"host", "web-" + std::to_string(i / 10) + ".prod.example"}, {"os", "linux"}}};
        one.unit = "Percent";
        one.at = at;
        for (int value = 0; value < (state.range(2) == 1 ? 6 : 1); ++value) {
          one.counted.push_back({static_cast<double>((i * 7 + value * 13) % 100), 1});
        }
        one.values = set_of(one.counted);
        require(store->make_space_for(1, at), "the store has room");
        store->put(one, at);
      }
    }
    bytes = static_cast<double>(heap_bytes() - before);
    held = static_cast<double>(store->datapoint_count());
  }
  state.counters["MiB"] = bytes / 1024 / 1024;
  state.counters["bytes/metric"] = bytes / static_cast<double>(state.range(0));
  state.counters["points/metric"] = held / static_cast<double>(state.range(0));
}
BENCHMARK(memory)
    ->ArgNames({"metrics", "points", "raw"})
    ->Args({1'000'000, 1, 0})
    ->Args({1'000'000, 15, 0})
    ->Args({1'000'000, 45, 0})
    ->Args({1'000'000, 5, 1})
    ->Unit(benchmark::kSecond)
    ->Iterations(1);

} // namespace
} // namespace kaden::alarm
