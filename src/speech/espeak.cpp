#include "espeak.h"

#include <espeak-ng/speak_lib.h>
#include <fmt/core.h>

#include <mutex>

#include "kaden/limits/speech.h"

namespace kaden::speech {
namespace {

constexpr const char* voice = "en-us";
constexpr int words_per_minute = 150; // the library's own is 175: telephone, 03:00

/// The library's state is global, so its owner is too. Never terminated: there is nothing in it to save.
struct Library {
  std::mutex mutex;
  int rate_hz = 0; ///< 0 until it was initialised
};
Library& library() {
  static Library the_library;
  return the_library;
}

/// What one espeak_Synth call gathers.
struct Job {
  const runtime::Clock& clock;
  SteadyTime deadline;
  std::vector<std::int16_t> samples;
  bool too_late = false;
};

int on_samples(short* samples, int count, espeak_EVENT* events) {
  if (samples == nullptr || count <= 0 || events == nullptr) return 0;
  Job& job = *static_cast<Job*>(events->user_data);
  job.samples.insert(job.samples.end(), samples, samples + count);
  job.too_late = job.clock.steady() > job.deadline;
  return job.too_late ? 1 : 0; // 1 ends the synthesis
}

/// Under the lock. Tried again each time until it works: voices may be installed later.
Result<int> initialised_rate(Library& owner) {
  if (owner.rate_hz > 0) return owner.rate_hz;
  const int rate = espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, nullptr, espeakINITIALIZE_DONT_EXIT);
  if (rate <= 0) {
    return fail(Fault::unavailable, "speaking English: eSpeak NG has no data (package espeak-ng-data)");
  }
  espeak_SetSynthCallback(on_samples);
  if (espeak_SetVoiceByName(voice) != EE_OK) {
    return fail(Fault::unavailable, fmt::format("speaking English: eSpeak NG has no voice {}", voice));
  }
  espeak_SetParameter(espeakRATE, words_per_minute, 0);
  owner.rate_hz = rate;
  return rate;
}

} // namespace

Espeak::Espeak(const runtime::Clock& clock) : clock_(clock) {
  const std::lock_guard lock(library().mutex);
  (void)initialised_rate(library()); // say() reports what is wrong
}

Result<Wav> Espeak::say(const std::string& text) const {
  Library& owner = library();
  const std::lock_guard lock(owner.mutex);
  const auto rate = initialised_rate(owner);
  if (!rate) return tl::unexpected<Error>(rate.error());
  Job job{clock_, clock_.steady() + limits::render_max, {}, false};
  const espeak_ERROR error =
      espeak_Synth(text.c_str(), text.size() + 1, 0, POS_CHARACTER, 0, espeakCHARS_UTF8, nullptr, &job);
  if (job.too_late) {
    return fail(Fault::timeout,
                fmt::format("speaking English: not done after {}", to_words(limits::render_max)));
  }
  if (error != EE_OK)
    return fail(Fault::unavailable, fmt::format("speaking English: eSpeak NG error {}", int{error}));
  return Wav{*rate, std::move(job.samples)};
}

} // namespace kaden::speech
