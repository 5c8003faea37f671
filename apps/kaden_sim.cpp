// The simulator's program: many seeded nights with faults, in virtual time. Exit 1 when a promise was broken.
//   kaden_sim --seeds 1..200 --hours 24     seeds that failed before (sim/seeds.txt) run first
//   kaden_sim --seeds 7..7 --digest         one night, and the digest of all its effects
//   kaden_sim --seeds 1..20 --repeat        each night twice: the digests must match
//   kaden_sim --mutants                     breaks Kaden in known ways: each must be noticed
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <fstream>

#include "kaden/runtime.h"
#include "run.h"

namespace {

using namespace kaden;
using namespace kaden::sim;

struct Flags {
  std::string seeds = "1..100";
  std::string seeds_file = "sim/seeds.txt";
  std::int64_t hours = 24;
  bool digest = false, repeat = false, mutants = false;
};

bool read_range(const std::string& text, std::uint64_t& first, std::uint64_t& last) {
  const std::size_t dots = text.find("..");
  const auto from = parse_int(text.substr(0, dots));
  const auto to = dots == std::string::npos ? from : parse_int(text.substr(dots + 2));
  if (!from || !to || *from < 0 || *to < *from) return false;
  first = static_cast<std::uint64_t>(*from);
  last = static_cast<std::uint64_t>(*to);
  return true;
}

std::vector<std::uint64_t> failed_before(const std::string& path) {
  std::vector<std::uint64_t> out;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const auto seed = parse_int(trim(std::string_view(line).substr(0, line.find(' '))));
    if (seed && *seed >= 0) out.push_back(static_cast<std::uint64_t>(*seed));
  }
  return out;
}

bool has_failed(const Flags& flags, std::uint64_t seed, const Report& report) {
  if (report.violation.empty()) return false;
  fmt::print("seed {} FAILED: {}\n  faults: {}\n  repeat it: kaden_sim --seeds {}..{} --hours {}\n{}", seed,
             report.violation, report.faults, seed, seed, flags.hours, report.record);
  return true;
}

int run_seeds(const Flags& flags, const std::vector<std::uint64_t>& seeds) {
  const runtime::SystemClock clock;
  const SteadyTime begin = clock.steady();
  Counts counts;
  Millis lived{};
  int failures = 0;
  std::size_t done = 0;
  for (const std::uint64_t seed : seeds) {
    const Order order{seed, seconds(flags.hours * 3'600), Mutation::none};
    const Report report = run(order);
    failures += has_failed(flags, seed, report) ? 1 : 0;
    if (flags.repeat && run(order).digest != report.digest) {
      fmt::print("seed {} FAILED: two runs differ\n", seed);
      ++failures;
    }
    if (flags.digest) fmt::print("seed {} {}\n", seed, report.digest);
    counts.add(report.counts);
    lived += report.lived;
    if (++done % 50 == 0) fmt::print("{} of {} seeds, {} failed\n", done, seeds.size(), failures);
  }
  const double spent = static_cast<double>((clock.steady() - begin).count()) / 1e3;
  const double years = static_cast<double>(lived.count()) / 1e3 / 86'400 / 365.25;
  fmt::print("{} seeds, {:.3f} simulated years in {:.1f} s ({:.3f} years/s)\n", seeds.size(), years, spent,
             years / std::max(spent, 1e-3));
  fmt::print(
      "{} inputs, {} incidents, {} calls, {} exhausted, {} crashes, {} failed commits; {:.0f} inputs/s; {} "
      "failed\n",
      counts.inputs, counts.incidents, counts.calls, counts.exhausted, counts.crashes, counts.failed_commits,
      static_cast<double>(counts.inputs) / std::max(spent, 1e-3), failures);
  return failures == 0 ? 0 : 1;
}

// Each must be noticed within a few seeds; which seed and which promise is said.
int run_mutants(const Flags& flags) {
  constexpr std::uint64_t seeds_max = 30;
  int survivors = 0;
  for (std::size_t i = 1; i < mutation_count; ++i) {
    const auto mutation = static_cast<Mutation>(i);
    Report report;
    std::uint64_t seed = 0;
    while (report.violation.empty() && seed < seeds_max) {
      report = run({++seed, seconds(flags.hours * 3'600), mutation});
    }
    if (report.violation.empty()) ++survivors;
    fmt::print("{:<28} {}\n", to_text(mutation),
               report.violation.empty() ? "SURVIVED"
                                        : fmt::format("noticed by seed {}: {}", seed, report.violation));
  }
  fmt::print("{} mutants, {} survived\n", mutation_count - 1, survivors);
  return survivors == 0 ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
  Flags flags;
  CLI::App app("Kaden's simulator: nights with faults, from seeds, in virtual time");
  app.add_option("--seeds", flags.seeds, "first..last");
  app.add_option("--hours", flags.hours, "simulated hours with faults per seed")
      ->check(CLI::Range(1, 10'000));
  app.add_option("--failed-before", flags.seeds_file, "file with seeds to run first");
  app.add_flag("--digest", flags.digest, "print the digest of each seed's effects");
  app.add_flag("--repeat", flags.repeat, "run each seed twice and compare");
  app.add_flag("--mutants", flags.mutants, "break Kaden in known ways; each must be noticed");
  CLI11_PARSE(app, argc, argv);
  if (flags.mutants) return run_mutants(flags);
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  if (!read_range(flags.seeds, first, last)) {
    fmt::print(stderr, "--seeds: {} is not first..last\n", flags.seeds);
    return 2;
  }
  std::vector<std::uint64_t> seeds =
      flags.digest ? std::vector<std::uint64_t>() : failed_before(flags.seeds_file);
  for (std::uint64_t seed = first; seed <= last; ++seed) seeds.push_back(seed);
  return run_seeds(flags, seeds);
}
