// How long a sentence takes before it can be played: cold (the voice makes it) and warm (from the cache).
#include <benchmark/benchmark.h>

#include "kaden/speech.h"

namespace kaden::speech {
namespace {

script::Utterance message(Language language, int number) {
  const script::FieldValues fields = {{"severity", std::string(script::spoken(language, Severity::critical))},
                                      {"machine", "web-" + std::to_string(number)},
                                      {"alarm", "disk full"}};
  return script::default_message(language, fields);
}

void render_cold(benchmark::State& state, Language language) {
  Speech speech{SpeechSettings{}};
  int number = 0;
  double audio_ms = 0.0;
  while (state.KeepRunning()) {
    const auto audio = speech.render(message(language, number++));
    if (!audio) {
      state.SkipWithError(audio.error().message.c_str());
      break;
    }
    audio_ms += static_cast<double>((*audio)->length().count());
  }
  state.counters["audio_per_second"] = benchmark::Counter(audio_ms / 1'000.0, benchmark::Counter::kIsRate);
}

void render_warm(benchmark::State& state, Language language) {
  Speech speech{SpeechSettings{}};
  const auto first = speech.render(message(language, 1));
  if (!first) state.SkipWithError(first.error().message.c_str());
  while (state.KeepRunning()) benchmark::DoNotOptimize(speech.render(message(language, 1)));
}

BENCHMARK_CAPTURE(render_cold, ja, Language::ja)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(render_cold, en, Language::en)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(render_warm, ja, Language::ja)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(render_warm, en, Language::en)->Unit(benchmark::kMicrosecond);

} // namespace
} // namespace kaden::speech
