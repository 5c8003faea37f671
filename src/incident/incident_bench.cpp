// What the engine costs: one alarm event, 100,000 active alarms in memory (each its own incident, all waiting
// for one person), a snapshot of them and its restoration.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include "kaden/incident.h"

namespace {

using namespace kaden;
using namespace kaden::incident;

Config bench_config() {
  Config config;
  config.version = "bench";
  config.people = {Person{"sato", "Sato", Language::ja, {{"sip", "sip:sato@127.0.0.1"}}}};
  Policy policy;
  policy.id = "ops";
  policy.levels = {Level{{"sato"}, seconds(60)}};
  config.policies = {policy};
  config.routes = {Route{{}, {}, {}, "ops", {}}};
  return config;
}

AlarmEvent bench_event(std::uint64_t i) {
  AlarmEvent event;
  event.source = "api";
  event.event_id = "bench-" + std::to_string(i);
  event.alarm = "CPU high on vm-" + std::to_string(i);
  event.machine = "vm-" + std::to_string(i) + ".example";
  event.reason = "cpu_usage_active 97.5 >= 90";
  event.labels = {{"host", event.machine}, {"team", "platform"}};
  event.say[Language::ja] = "{machine} の CPU が高いです";
  event.say[Language::en] = "CPU is high on {machine}";
  return event;
}

std::size_t bytes_in_use() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

Engine loaded_engine(std::uint64_t alarms) {
  Engine engine;
  Position position = 0;
  engine.apply(ConfigChanged{bench_config()}, wall_time(0), ++position);
  for (std::uint64_t i = 0; i < alarms; ++i) {
    engine.apply(AlarmReported{bench_event(i)}, wall_time(static_cast<std::int64_t>(i)), ++position);
  }
  return engine;
}

void alarm_event(benchmark::State& state) {
  Engine engine = loaded_engine(0);
  std::uint64_t i = 0;
  for (auto _ : state) {
    const Input input = AlarmReported{bench_event(i)};
    benchmark::DoNotOptimize(engine.apply(input, wall_time(static_cast<std::int64_t>(i)), i + 2));
    ++i;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(i));
}
BENCHMARK(alarm_event)->Iterations(100'000);

void active_alarms(benchmark::State& state) {
  const auto alarms = static_cast<std::uint64_t>(state.range(0));
  for (auto _ : state) {
    const std::size_t before = bytes_in_use();
    const Engine engine = loaded_engine(alarms);
    state.counters["bytes_per_alarm"] = static_cast<double>((bytes_in_use() - before) / alarms);
  }
}
BENCHMARK(active_alarms)->Arg(100'000)->Iterations(1)->Unit(benchmark::kMillisecond);

void snapshot(benchmark::State& state) {
  const Engine engine = loaded_engine(static_cast<std::uint64_t>(state.range(0)));
  for (auto _ : state) {
    const std::string text = engine.snapshot();
    state.counters["bytes"] = static_cast<double>(text.size());
  }
}
BENCHMARK(snapshot)->Arg(100'000)->Unit(benchmark::kMillisecond);

void restore(benchmark::State& state) {
  const std::string text = loaded_engine(static_cast<std::uint64_t>(state.range(0))).snapshot();
  for (auto _ : state) benchmark::DoNotOptimize(Engine::restore(text).has_value());
}
BENCHMARK(restore)->Arg(100'000)->Unit(benchmark::kMillisecond);

} // namespace
