// Appends of 600-byte entries in batches of 1, 8, 64 and 1,000, beside the limit: bare write and fdatasync of
// as many bytes. Runs in TMPDIR; set it to a folder on the disk that matters.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include "kaden/journal.h"
#include "test_folder.h"

namespace kaden::journal {
namespace {

constexpr std::size_t payload_bytes = 600;

void append(benchmark::State& state) {
  const TestFolder folder;
  auto journal = open_sqlite(folder.file());
  require(journal.has_value(), "the journal opens");
  const std::vector<NewEntry> entries(static_cast<std::size_t>(state.range(0)),
                                      {wall_time(1), std::string(payload_bytes, 'x')});
  for (auto _ : state) require((*journal)->append(entries).has_value(), "the append succeeds");
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(append)->Arg(1)->Arg(8)->Arg(64)->Arg(1'000)->UseRealTime();

void bare_sync(benchmark::State& state) {
  const TestFolder folder;
  const int file = open(folder.file().c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  const std::string bytes(static_cast<std::size_t>(state.range(0)) * payload_bytes, 'x');
  for (auto _ : state) {
    require(write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()),
            "the write succeeds");
    require(fdatasync(file) == 0, "the sync succeeds");
  }
  close(file);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(bare_sync)->Arg(1)->Arg(8)->Arg(64)->Arg(1'000)->UseRealTime();

void read_all(benchmark::State& state) {
  const TestFolder folder;
  auto journal = open_sqlite(folder.file());
  require(journal.has_value(), "the journal opens");
  const std::vector<NewEntry> entries(20'000, {wall_time(1), std::string(payload_bytes, 'x')});
  require((*journal)->append(entries).has_value(), "the append succeeds");
  for (auto _ : state) require((*journal)->verify().value().first_bad == 0, "the chain holds");
  state.SetItemsProcessed(state.iterations() * 20'000);
}
BENCHMARK(read_all)->UseRealTime();

} // namespace
} // namespace kaden::journal
