// The size of months of datapoints of 200 VMs with 30 metrics each at 60 s, in simulated time through the
// store's writing side: batches, blocks, roll-ups. Of a day the datapoints come machine by machine, which
// gives the same blocks sooner; a day as the service writes it, a commit for all that came in five seconds,
// stands beside it. And how fast it is read. Runs in TMPDIR; set it to a folder on the disk that matters. A
// year:
// --benchmark_filter=months/365.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <numbers>

#include "disk.h"
#include "identity.h"
#include "test_folder.h"

#include "kaden/limits/stored_datapoints.h"

namespace kaden::datapoints {
namespace {

constexpr std::uint64_t machines = 200;
constexpr std::uint64_t metrics = 30;
constexpr Millis minute = seconds(60);
constexpr Millis day = seconds(86'400);
const WallTime start = parse_iso8601("2026-01-01T00:00:00Z").value();

/// Chance from the place alone (splitmix64), so that every run writes the same.
double chance(std::uint64_t series, std::int64_t step) {
  std::uint64_t bits = series * 0x9e3779b97f4a7c15ULL + static_cast<std::uint64_t>(step);
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9ULL;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebULL;
  bits ^= bits >> 31;
  return static_cast<double>(bits >> 11) / static_cast<double>(1ULL << 53);
}

/// What an agent of such a machine sends in a minute.
double value_of(std::uint64_t machine, std::uint64_t metric, std::int64_t step) {
  const std::uint64_t series = machine * metrics + metric;
  const double noise = chance(series, step);
  const double hour = static_cast<double>(step % 1'440) / 60;
  const double busy = 0.5 + 0.4 * std::sin((hour - 9) / 24 * 2 * std::numbers::pi);
  if (metric < 6) return 100 * busy * (0.2 + 0.6 * noise); // CPU in percent: noise to the last bit
  if (metric < 8) {                                        // memory in percent of bytes, hardly moving
    const auto used = std::floor((0.6 + 0.02 * std::sin(hour) + 0.001 * noise) * 16'777'216);
    return used / 16'777'216 * 100;
  }
  if (metric < 10) return std::floor(8e9 + 3e8 * std::sin(hour) + 4e6 * noise) * 4'096 / 4'096; // bytes
  if (metric < 14) { // disk in percent: grows by a block now and then
    const double blocks = std::floor(static_cast<double>(step) / 7 + static_cast<double>(series) * 1'000);
    return std::fmod(blocks, 26'214'400) / 26'214'400 * 100;
  }
  if (metric < 18) return std::floor(static_cast<double>(step) / 7) * 4'096;                // disk in bytes
  if (metric < 20) return 3'276'800 - std::floor(static_cast<double>(step % 100'000) / 50); // inodes free
  if (metric < 24) return static_cast<double>(series) * 1'024;                              // constant
  if (metric < 27) return std::floor(busy * (2e6 + 6e6 * noise)); // bytes of a minute
  return std::floor(busy * (500 + 2'000 * noise));                // packets of one
}

std::vector<StoredSeries> all_series() {
  std::vector<StoredSeries> all;
  for (std::uint64_t machine = 0; machine < machines; ++machine) {
    for (std::uint64_t metric = 0; metric < metrics; ++metric) {
      const alarm::MetricId id{"CWAgent",
                               "metric_" + std::to_string(metric),
                               {{"host", "vm-" + std::to_string(machine) + ".example"}, {"path", "/data"}}};
      all.push_back({machine * metrics + metric + 1, identity_of(id, "Percent"), start});
    }
  }
  return all;
}

/// What comes in the five seconds from `part` on (0 to 11) of a minute: each machine has its own.
std::vector<blocks::Record> arrivals(std::int64_t step, std::uint64_t part) {
  std::vector<blocks::Record> records;
  for (std::uint64_t machine = part; machine < machines; machine += 12) {
    for (std::uint64_t metric = 0; metric < metrics; ++metric) {
      const double value = value_of(machine, metric, step);
      records.push_back({machine * metrics + metric + 1, false, step, {1, value, value, value}});
    }
  }
  return records;
}

class Stopwatch {
 public:
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    const std::chrono::duration<double> spent = now - last_;
    last_ = now;
    return spent.count();
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

std::unique_ptr<Disk> open(const TestFolder& folder) {
  auto disk = Disk::open(folder.file());
  require(disk.has_value(), "the file opens");
  return std::move(*disk);
}

void finish(const std::function<Result<bool>()>& step) {
  for (bool more = true; more;) {
    const auto done = step();
    require(done.has_value(), "the disk holds out");
    more = *done;
  }
}

void fold(Disk& disk) {
  finish([&] { return disk.fold_some(); });
}

void age(Disk& disk, WallTime now) {
  require(disk.begin_ageing(now).has_value(), "the disk holds out");
  finish([&] { return disk.age_some(limits::datapoint_keep); });
}

/// Some machines' whole day at a time.
void write_day(Disk& disk, std::int64_t number, const std::vector<StoredSeries>& fresh) {
  constexpr std::uint64_t at_once = 20;
  const std::int64_t first = step_number(Tier::minute, start + day * number);
  for (std::uint64_t from = 0; from < machines; from += at_once) {
    std::vector<blocks::Record> records;
    for (std::uint64_t series = from * metrics; series < (from + at_once) * metrics; ++series) {
      for (std::int64_t step = first; step < first + 1'440; ++step) {
        const double value = value_of(series / metrics, series % metrics, step);
        records.push_back({series + 1, false, step, {1, value, value, value}});
      }
    }
    const bool is_new = number == 0 && from == 0;
    const std::span<const StoredSeries> none;
    require(disk.append(is_new ? std::span(fresh) : none, std::move(records)).has_value(),
            "the disk holds out");
    fold(disk);
  }
  age(disk, start + day * (number + 1));
}

/// As it comes: twelve commits a minute, blocks when it is time or when many wait.
void write_day_as_it_comes(Disk& disk, std::vector<StoredSeries> fresh) {
  for (WallTime now = start; now < start + day; now += minute) {
    for (std::uint64_t part = 0; part < 12; ++part) {
      const auto done = disk.append(fresh, arrivals(step_number(Tier::minute, now), part), now);
      require(done.has_value(), "the disk holds out");
      fresh.clear();
    }
    const bool is_due = (now - start) % limits::fold_every == Millis(0);
    if (is_due || disk.batch_bytes() >= limits::fold_batch_bytes) fold(disk);
  }
  fold(disk);
  age(disk, start + day);
}

double count_points(Reader& reader, const Reader::Query& query) {
  double points = 0;
  const auto read = reader.read(query, [&](const SeriesId&, const std::vector<Point>& some) {
    points += static_cast<double>(some.size());
    return true;
  });
  require(read.has_value(), "the file can be read");
  return points;
}

void report_reads(benchmark::State& state, const std::string& path, WallTime now) {
  auto reader = Reader::open(path);
  require(reader.has_value(), "the file can be opened");
  const std::vector<alarm::MetricId> one = {
      {"CWAgent", "metric_0", {{"host", "vm-77.example"}, {"path", "/data"}}}};
  Stopwatch watch;
  require(count_points(**reader, {now - day, now, {}, one}) > 1'400, "a day is there");
  state.counters["read_one_day_ms"] = watch.lap() * 1'000;
  static_cast<void>(count_points(**reader, {start, now, {}, one}));
  state.counters["read_one_metric_ms"] = watch.lap() * 1'000;
  const double points = count_points(**reader, {now - seconds(10'800), now, {}, {}});
  require(points > 1'000'000, "three hours of all metrics are there");
  state.counters["read_3h_of_all_s"] = watch.lap();
}

void months(benchmark::State& state) {
  const auto days = state.range(0);
  for (auto _ : state) {
    const TestFolder folder;
    auto disk = open(folder);
    const auto fresh = all_series();
    require(disk->begin_ageing(start).has_value(), "the disk holds out");
    Stopwatch watch;
    for (std::int64_t number = 0; number < days; ++number) {
      write_day(*disk, number, fresh);
      if (number == 14) state.counters["mib_15_days"] = static_cast<double>(disk->used_bytes()) / (1 << 20);
    }
    const double points = static_cast<double>(days * 1'440) * static_cast<double>(machines * metrics);
    state.counters["points"] = points;
    state.counters["points_per_s"] = points / watch.lap();
    state.counters["mib"] = static_cast<double>(disk->file_bytes()) / (1 << 20);
    state.counters["bytes_per_point"] = static_cast<double>(disk->used_bytes()) / points;
    report_reads(state, folder.file(), start + day * days);
  }
}
BENCHMARK(months)->Arg(30)->Arg(365)->Iterations(1)->Unit(benchmark::kSecond);

/// Latencies of a service, 150 in each minute: to the millisecond, the microsecond or the last bit.
blocks::Record latencies(std::uint64_t series, std::int64_t step, double per_second) {
  std::vector<samples::ValueCount> values;
  for (std::int64_t i = 0; i < 150; ++i) {
    const double value = -0.08 * std::log(1 - chance(series, step * 150 + i));
    values.push_back({per_second == 0 ? value : std::floor(value * per_second) / 1'000, 1});
  }
  const auto each = samples::Distribution::of(std::move(values));
  samples::StepSum sum;
  sum.add(each.set(), &each);
  return {series, false, step, sum.set(), sum.take_each()};
}

/// 20 days of PutMetricData with Values and Counts: the first five are rolled up to five minutes.
void values(benchmark::State& state) {
  constexpr std::uint64_t count = 10;
  for (auto _ : state) {
    const TestFolder folder;
    auto disk = open(folder);
    auto fresh = all_series();
    fresh.resize(count);
    require(disk->begin_ageing(start).has_value(), "the disk holds out");
    double bytes_before = 0;
    for (std::int64_t number = 0; number < 20; ++number) {
      for (std::int64_t part = 0; part < 12; ++part) {
        std::vector<blocks::Record> records;
        const std::int64_t first = step_number(Tier::minute, start + day * number) + part * 120;
        for (std::uint64_t series = 1; series <= count; ++series) {
          for (std::int64_t step = first; step < first + 120; ++step)
            records.push_back(latencies(series, step, static_cast<double>(state.range(0))));
        }
        require(disk->append(fresh, std::move(records)).has_value(), "the disk holds out");
        fresh.clear();
        fold(*disk);
      }
      if (number == 14) bytes_before = static_cast<double>(disk->used_bytes());
      age(*disk, start + day * (number + 1));
    }
    const double minutes = static_cast<double>(count) * 15 * 1'440;
    state.counters["bytes_per_minute"] = bytes_before / minutes;
    state.counters["bytes_per_value"] = bytes_before / minutes / 150;
    state.counters["mib_15_days"] = bytes_before / (1 << 20);
    state.counters["mib_20_days"] = static_cast<double>(disk->used_bytes()) / (1 << 20);
  }
}
BENCHMARK(values)->Arg(1'000)->Arg(1'000'000)->Arg(0)->Iterations(1)->Unit(benchmark::kSecond);

/// A day as the service writes it: 12 commits a minute, each with its fsync.
void day_in_service(benchmark::State& state) {
  for (auto _ : state) {
    const TestFolder folder;
    auto disk = open(folder);
    require(disk->begin_ageing(start).has_value(), "the disk holds out");
    write_day_as_it_comes(*disk, all_series());
  }
  state.SetItemsProcessed(state.iterations() * 1'440 * static_cast<std::int64_t>(machines * metrics));
}
BENCHMARK(day_in_service)->Iterations(1)->Unit(benchmark::kSecond)->UseRealTime()->MeasureProcessCPUTime();

} // namespace
} // namespace kaden::datapoints
