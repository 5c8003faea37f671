// Log events a second into the store, durable, from senders that each wait for their answer; bytes on disk
// for an event; and pages out of it. Runs in TMPDIR; set it to a folder on the disk that matters.
#include <benchmark/benchmark.h>

#include <atomic>
#include <semaphore>

#include "store_town.h"

namespace kaden::logstore {
namespace {

/// Lines as a web server writes them.
std::vector<Event> lines(std::size_t count, std::uint64_t& number) {
  static constexpr const char* pages[] = {"/index.html", "/service/resource/", "/login", "/images/logo.png"};
  std::vector<Event> events;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t n = number++ * 2'654'435'761U % 1'000'003;
    events.push_back({noon + Millis(static_cast<std::int64_t>(number)),
                      "10.0." + std::to_string(n % 8) + "." + std::to_string(n % 251) +
                          " - frank [23/Nov/2026:12:00:" + std::to_string(n % 60) + " +0900] \"GET " +
                          pages[n % 4] + std::to_string(n % 977) + " HTTP/1.1\" " +
                          (n % 50 == 0 ? "500" : "200") + " " + std::to_string(n) +
                          " \"-\" \"Mozilla/5.0 (X11; Linux x86_64)\""});
  }
  return events;
}

std::uint64_t bytes_of(const std::vector<Event>& events) {
  std::uint64_t bytes = 0;
  for (const Event& event : events) bytes += event.message.size();
  return bytes;
}

/// Events in a batch; batches that are under way at once.
void append_batches(benchmark::State& state) {
  Town town;
  std::vector<std::string> streams;
  constexpr std::ptrdiff_t senders_max = 64;
  for (std::int64_t i = 0; i < state.range(1); ++i) streams.push_back("web-" + std::to_string(i));
  town.make(streams);
  std::counting_semaphore<senders_max> free(state.range(1));
  std::uint64_t number = 0;
  std::uint64_t bytes = 0;
  std::size_t next = 0;
  for (auto _ : state) {
    auto events = lines(static_cast<std::size_t>(state.range(0)), number);
    bytes += bytes_of(events);
    free.acquire();
    town.store_->append("app", streams[next++ % streams.size()], std::move(events),
                        [&](const Result<void>& done) {
                          require(done.has_value(), "the append succeeds");
                          free.release();
                        });
  }
  for (std::int64_t i = 0; i < state.range(1); ++i) free.acquire();
  town.settle();
  const auto count = static_cast<double>(state.iterations() * state.range(0));
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["bytes/event"] = static_cast<double>(bytes) / count;
  state.counters["on disk/event"] = static_cast<double>(town.store_->counts().file_bytes) / count;
}
BENCHMARK(append_batches)->Args({1, 1})->Args({1, 64})->Args({20, 64})->Args({1'000, 8})->UseRealTime();

/// A pattern that few lines match, through the whole store.
void filter(benchmark::State& state) {
  Town town;
  town.make({"web"});
  std::uint64_t number = 0;
  for (int i = 0; i < 50; ++i)
    require(town.put("web", lines(2'000, number)).has_value(), "the append succeeds");
  for (auto _ : state) {
    Query query = Town::all();
    query.pattern = logfilter::Pattern::parse("\" 500 7\"").value();
    benchmark::DoNotOptimize(town.read(query));
  }
  state.SetItemsProcessed(state.iterations() * 100'000);
}
BENCHMARK(filter)->UseRealTime();

} // namespace
} // namespace kaden::logstore
