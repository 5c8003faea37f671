// Runs a fuzzer that was built without libFuzzer: over its corpus, the empty input, and seeded mutations of
// the corpus.
//   some_fuzz CORPUS_FOLDER...
// The same corpus gives the same mutations on every machine. An input that crashes, or that needs more CPU
// time than the oracle allows, is written to a file in the current folder and its name is printed.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <utility>
#include <vector>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#include <sanitizer/common_interface_defs.h>
#define KADEN_SANITIZED 1
#else
#define KADEN_SANITIZED 0
#endif

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::int64_t cpu_us_max = KADEN_SANITIZED != 0 ? 100'000 : 5'000; // per input
constexpr std::int64_t total_us_max = 10'000'000; // then no more mutations: the whole test suite waits for us
constexpr int mutations = 3'000;
constexpr std::size_t mutated_bytes_max = 16'384; // growth by repeated duplication ends here
constexpr std::uint64_t seed = 0x6b6164656eULL;

// What runs now, for the handlers below: they get no argument of ours.
const Bytes* running = nullptr;

std::string failure_name(const char* kind, const Bytes& input) {
  std::uint64_t hash = 14'695'981'039'346'656'037ULL; // FNV-1a
  for (const std::uint8_t byte : input) hash = (hash ^ byte) * 1'099'511'628'211ULL;
  std::array<char, 64> name{};
  static_cast<void>(std::snprintf(name.data(), name.size(), "fuzz-%s-%016llx", kind,
                                  static_cast<unsigned long long>(hash)));
  return name.data();
}

void save(const char* kind, const Bytes& input) {
  const std::string name = failure_name(kind, input);
  std::ofstream file(name, std::ios::binary);
  for (const std::uint8_t byte : input) file.put(static_cast<char>(byte));
  file.close();
  static_cast<void>(std::fprintf(stderr, "fuzz_replay: %s: the input (%zu bytes) is in %s\n", kind,
                                 input.size(), file ? name.c_str() : "no file: it cannot be written"));
}

// The process is lost already, so that a handler which is not async-signal-safe costs nothing.
void on_death() {
  if (running != nullptr) save("crash", *std::exchange(running, nullptr));
}

void on_signal(int number) {
  on_death();
  static_cast<void>(std::signal(number, SIG_DFL));
  static_cast<void>(raise(number));
}

void watch_for_crashes() {
  static_cast<void>(std::signal(SIGABRT, on_signal));
#if KADEN_SANITIZED
  __sanitizer_set_death_callback(on_death);
#else
  static_cast<void>(std::signal(SIGSEGV, on_signal));
  static_cast<void>(std::signal(SIGFPE, on_signal));
  static_cast<void>(std::signal(SIGILL, on_signal));
#endif
}

std::int64_t cpu_us() {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  const auto us = [](const timeval& t) {
    return static_cast<std::int64_t>(t.tv_sec) * 1'000'000 + t.tv_usec;
  };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

std::int64_t run_once(const Bytes& input) {
  const std::int64_t before = cpu_us();
  running = &input;
  static_cast<void>(LLVMFuzzerTestOneInput(input.data(), input.size()));
  running = nullptr;
  return cpu_us() - before;
}

/// False when the input is slow each time: once is noise (a page fault, a cold cache).
bool is_quick(const Bytes& input) {
  std::int64_t best = run_once(input);
  for (int again = 0; again < 3 && best > cpu_us_max; ++again) best = std::min(best, run_once(input));
  if (best <= cpu_us_max) return true;
  save("slow", input);
  static_cast<void>(std::fprintf(stderr, "fuzz_replay: it takes %lld us of CPU time, %lld are allowed\n",
                                 static_cast<long long>(best), static_cast<long long>(cpu_us_max)));
  return false;
}

/// Files of the folders, in the order of their paths.
std::vector<Bytes> read_corpus(int count, char** folders) {
  std::vector<std::filesystem::path> paths;
  for (int i = 0; i < count; ++i) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folders[i])) {
      if (entry.is_regular_file()) paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Bytes> corpus;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    corpus.emplace_back(text.begin(), text.end());
  }
  return corpus;
}

class Mutator {
 public:
  explicit Mutator(const std::vector<Bytes>& corpus) : corpus_(corpus) {}

  /// One input of the corpus with one to eight changes.
  Bytes next() {
    Bytes bytes = corpus_[below(corpus_.size())];
    const std::size_t changes = 1 + below(8);
    for (std::size_t i = 0; i < changes; ++i) change(bytes);
    if (bytes.size() > mutated_bytes_max) bytes.resize(mutated_bytes_max);
    return bytes;
  }

 private:
  /// 0 to most - 1. Not std::uniform_int_distribution: its results differ between libraries.
  std::size_t below(std::size_t most) { return most == 0 ? 0 : static_cast<std::size_t>(random_() % most); }

  void change(Bytes& bytes) {
    static constexpr std::array<std::uint8_t, 16> edges{0,   0xff, 0x7f, 0x80, '\n', '\r', '\t', ' ',
                                                        '"', '\\', '{',  '}',  '[',  '<',  '-',  '9'};
    const std::size_t at = below(bytes.size());
    const std::size_t length = std::min(bytes.size() - at, 1 + below(64));
    const auto from = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    const auto to = from + static_cast<std::ptrdiff_t>(length);
    switch (bytes.empty() ? 3 : below(7)) {
      case 0:
        *from = static_cast<std::uint8_t>(*from ^ (1U << below(8)));
        break;
      case 1:
        *from = edges.at(below(edges.size()));
        break;
      case 2:
        bytes.erase(from, to);
        break;
      case 3:
        bytes.insert(from, edges.at(below(edges.size())));
        break;
      case 4:
        bytes.resize(at);
        break;
      case 5:
        repeat(bytes, Bytes(from, to), at);
        break;
      default:
        splice(bytes, at);
        break;
    }
  }

  void repeat(Bytes& bytes, const Bytes& part, std::size_t at) {
    const std::size_t times = 1 + below(32);
    for (std::size_t i = 0; i < times && bytes.size() < mutated_bytes_max; ++i) {
      bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), part.begin(), part.end());
    }
  }

  void splice(Bytes& bytes, std::size_t at) {
    const Bytes& other = corpus_[below(corpus_.size())];
    const auto from = other.begin() + static_cast<std::ptrdiff_t>(below(other.size()));
    bytes.resize(at);
    bytes.insert(bytes.end(), from, other.end());
  }

  // Borrowed
  const std::vector<Bytes>& corpus_;
  // State
  std::mt19937_64 random_{seed};
};

} // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    static_cast<void>(std::fprintf(stderr, "usage: %s CORPUS_FOLDER...\n", argv[0]));
    return 2;
  }
  std::error_code wrong;
  for (int i = 1; i < argc; ++i) {
    if (std::filesystem::is_directory(argv[i], wrong)) continue;
    static_cast<void>(std::fprintf(stderr, "fuzz_replay: %s is not a folder\n", argv[i]));
    return 2;
  }
  const std::vector<Bytes> corpus = read_corpus(argc - 1, argv + 1);
  if (corpus.empty()) {
    static_cast<void>(std::fprintf(stderr, "fuzz_replay: the corpus is empty\n"));
    return 2;
  }
  watch_for_crashes();
  const std::int64_t start = cpu_us();
  if (!is_quick(Bytes{})) return 1;
  for (const Bytes& input : corpus) {
    if (!is_quick(input)) return 1;
  }
  Mutator mutator(corpus);
  int done = 0;
  for (; done < mutations && cpu_us() - start < total_us_max; ++done) {
    if (!is_quick(mutator.next())) return 1;
  }
  std::printf("fuzz_replay: %zu inputs and %d mutations of them, %lld ms of CPU time\n", corpus.size(), done,
              static_cast<long long>((cpu_us() - start) / 1000));
  return 0;
}
