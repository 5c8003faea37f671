// Log lines per second through 1, 10 and 100 patterns of each kind. The figure to reach: 100,000 lines a
// second through 100 patterns of plain terms on one core.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "kaden/logfilter.h"

namespace kaden::logfilter {
namespace {

std::vector<std::string> text_lines() {
  std::vector<std::string> lines;
  for (int i = 0; i < 1'000; ++i) {
    const std::string number = std::to_string(1'000 + i * 7);
    lines.push_back("2026-08-24T03:04:05.123Z web-" + number + " app[" + number +
                    "]: INFO request GET /service/resource/" + number +
                    " from 10.0.4.17 answered 200 in 13 ms, session 5c6a7d5e" + number +
                    " user-agent Mozilla/5.0");
  }
  return lines;
}

std::vector<std::string> json_lines() {
  std::vector<std::string> lines;
  for (int i = 0; i < 1'000; ++i) {
    lines.push_back(
        R"({"eventTime":"2026-08-24T03:04:05Z","eventType":"AwsApiCall","eventName":"GetObject",)"
        R"("sourceIPAddress":"10.0.4.)" +
        std::to_string(i % 256) + R"(","latency":)" + std::to_string(i) +
        R"(,"userIdentity":{"type":"AssumedRole","accountId":"111122223333"},"resources":["a","b"]})");
  }
  return lines;
}

std::vector<std::string> space_lines() {
  std::vector<std::string> lines;
  for (int i = 0; i < 1'000; ++i) {
    lines.push_back("10.0.4." + std::to_string(i % 256) +
                    R"( - frank [10/Oct/2026:13:25:15 -0700] "GET /index.html HTTP/1.0" 200 )" +
                    std::to_string(i));
  }
  return lines;
}

/// The line's number is `#`.
std::vector<Pattern> patterns_of(std::string_view form, std::int64_t count) {
  std::vector<Pattern> patterns;
  for (std::int64_t i = 0; i < count; ++i) {
    std::string text(form);
    for (std::size_t at = text.find('#'); at != std::string::npos; at = text.find('#')) {
      text.replace(at, 1, std::to_string(i));
    }
    auto read = Pattern::parse(text);
    require(read.has_value(), "a benchmark's pattern can be read");
    patterns.push_back(std::move(*read));
  }
  return patterns;
}

void run(benchmark::State& state, const std::vector<std::string>& lines, std::string_view form) {
  const std::vector<Pattern> patterns = patterns_of(form, state.range(0));
  std::size_t matched = 0;
  std::size_t bytes = 0;
  std::size_t next = 0;
  for (auto _ : state) {
    const std::string& line = lines[next];
    const Message message(line);
    for (const Pattern& pattern : patterns) matched += pattern.matches(message) ? 1U : 0U;
    bytes += line.size();
    next = next + 1 == lines.size() ? 0 : next + 1;
  }
  state.counters["lines/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
  state.counters["matched"] = static_cast<double>(matched) / static_cast<double>(state.iterations());
}

void terms(benchmark::State& state) {
  run(state, text_lines(), "ERROR#");
}
void two_terms_and_not(benchmark::State& state) {
  run(state, text_lines(), "request session -Mozilla#");
}
void regex(benchmark::State& state) {
  run(state, text_lines(), "%[Ee]rror\\d{3}#%");
}
void regex_with_many_starts(benchmark::State& state) {
  run(state, text_lines(), "%\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.#%");
}
void json_fields(benchmark::State& state) {
  run(state, json_lines(),
      "{ $.eventName = \"Delete#*\" || $.latency > 10000# && $.userIdentity.type = Root }");
}
void space_fields(benchmark::State& state) {
  run(state, space_lines(), "[ip, user, username, timestamp, request=*.html*, status_code=5*, bytes>#]");
}
BENCHMARK(terms)->Arg(1)->Arg(10)->Arg(100);
BENCHMARK(two_terms_and_not)->Arg(1)->Arg(10)->Arg(100);
BENCHMARK(regex)->Arg(1)->Arg(10)->Arg(100);
BENCHMARK(regex_with_many_starts)->Arg(1)->Arg(10)->Arg(100);
BENCHMARK(json_fields)->Arg(1)->Arg(10)->Arg(100);
BENCHMARK(space_fields)->Arg(1)->Arg(10)->Arg(100);

} // namespace
} // namespace kaden::logfilter
