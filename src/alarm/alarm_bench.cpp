// Evaluation of 100,000 alarms and the rate of puts. The figure to reach: a quiet evaluation every 10 s costs
// less than 2 % of a core, which is 200 ms.
#include <benchmark/benchmark.h>

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

Rule rule() {
  Rule made;
  made.name = "cpu-high";
  made.metric = "cpu_usage_active";
  made.condition.period = seconds(10);
  made.condition.evaluation_periods = 3;
  made.condition.datapoints_to_alarm = 2;
  made.condition.threshold = 80;
  return made;
}

void feed(AlarmBook& book, std::int64_t machines, WallTime at, double value) {
  for (std::int64_t machine = 0; machine < machines; ++machine) {
    const Datum one = datum_of(machine, at, value);
    require(book.put(std::span<const Datum>(&one, 1), at).has_value(), "the book has room");
  }
}

/// range(0) alarms; range(1) is 1 when every alarm changes its state at every evaluation.
void evaluate(benchmark::State& state) {
  AlarmBook book(start - seconds(3600));
  book.set_rules({rule()});
  WallTime now = start;
  for (int i = 0; i < 60; ++i, now += seconds(10)) feed(book, state.range(0), now, 5);
  bool high = false;
  std::size_t changes = book.step(now + seconds(1)).size();
  changes = 0;
  for (auto _ : state) {
    state.PauseTiming();
    if (state.range(1) == 1) high = !high;
    for (int i = 0; i < 3; ++i, now += seconds(10)) feed(book, state.range(0), now, high ? 95 : 5);
    state.ResumeTiming();
    changes += book.step(now + seconds(1)).size();
  }
  const double alarms = static_cast<double>(state.iterations() * state.range(0));
  state.counters["alarms/s"] = benchmark::Counter(alarms, benchmark::Counter::kIsRate);
  state.counters["changes"] = static_cast<double>(changes) / static_cast<double>(state.iterations());
}
BENCHMARK(evaluate)->Args({100'000, 0})->Args({100'000, 1})->Unit(benchmark::kMillisecond)->Iterations(5);

/// Datapoints of range(0) machines one after the other, each with its alarm.
void put(benchmark::State& state) {
  AlarmBook book(start - seconds(3600));
  book.set_rules({rule()});
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

} // namespace
} // namespace kaden::alarm
