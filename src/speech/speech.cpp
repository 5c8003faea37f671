#include "kaden/speech.h"
#include "kaden/limits/speech.h"

#include <fmt/core.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <map>
#include <mutex>

#include "audio_cache.h"
#include "espeak.h"
#include "open_jtalk.h"
#include "sound.h"

namespace kaden::speech {
namespace {

// Part of each key: a change of a voice's settings, of to_telephone() or of this number makes everything
// anew.
constexpr std::string_view format_version = "1";
constexpr std::size_t nothing_samples = 200 * sample_rate_hz / 1000; // 200 ms, for an utterance without sound

using Rendered = Result<AudioPtr>;

Result<void> check_utterance(const script::Utterance& utterance) {
  std::size_t bytes = 0;
  for (const script::Span& span : utterance.spans) {
    bytes += span.text.size();
    if (!is_valid_utf8(span.text))
      return fail(Fault::invalid, "rendering speech: the text is not valid UTF-8");
  }
  if (bytes <= limits::utterance_bytes_max) return {};
  return fail(Fault::invalid, fmt::format("rendering speech: {} bytes of text, at most {} are allowed", bytes,
                                          limits::utterance_bytes_max));
}

/// At most so many at once; the others wait.
class Turnstile {
 public:
  explicit Turnstile(int most) : free_(most) {}
  void enter() {
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [&] { return free_ > 0; });
    free_ -= 1;
  }
  void leave() {
    {
      const std::lock_guard lock(mutex_);
      free_ += 1;
    }
    freed_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable freed_;
  int free_;
};
class Turn {
 public:
  explicit Turn(Turnstile& stile) : stile_(stile) { stile_.enter(); }
  ~Turn() { stile_.leave(); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  Turnstile& stile_;
};

} // namespace

struct Speech::Impl {
  explicit Impl(SpeechSettings wanted)
      : settings(std::move(wanted)),
        japanese(clock, {settings.open_jtalk, settings.dictionary, settings.voice_ja}),
        english(clock),
        cache(settings.cache_folder, limits::speech_cache_bytes_max),
        turnstile(limits::voice_processes_max) {}

  std::string key_of(Language language, const std::string& text) const;
  Rendered make(Language language, const std::string& text);
  AudioPtr find(const std::string& key);
  Rendered render_once(const std::string& key, Language language, const std::string& text);

  // Owned
  const runtime::SystemClock clock;
  const SpeechSettings settings;
  const OpenJtalk japanese;
  const Espeak english;
  AudioCache cache;
  Turnstile turnstile;
  // State
  std::atomic<std::uint64_t> cached = 0, rendered = 0, failed = 0;
  // State, under the mutex
  std::mutex mutex;
  std::map<std::string, std::shared_future<Rendered>> in_flight;
};

std::string Speech::Impl::key_of(Language language, const std::string& text) const {
  const std::string_view voice = language == Language::ja ? std::string_view(settings.voice_ja) : "espeak-ng";
  return sha256_hex(fmt::format("{}\n{}\n{}\n{}", format_version, to_text(language), voice, text));
}

AudioPtr Speech::Impl::find(const std::string& key) {
  AudioPtr audio = cache.find(key);
  if (audio) cached.fetch_add(1, std::memory_order_relaxed);
  return audio;
}

Rendered Speech::Impl::make(Language language, const std::string& text) {
  const Turn turn(turnstile);
  const auto voice = language == Language::ja ? japanese.say(text) : english.say(text);
  if (!voice) return fail_while("rendering speech", voice.error());
  Audio audio;
  if (!voice->samples.empty()) {
    auto samples = to_telephone(voice->samples, voice->rate_hz);
    if (!samples) return tl::unexpected<Error>(samples.error());
    audio.samples = std::move(*samples);
  }
  if (audio.samples.empty()) audio.samples.resize(nothing_samples);
  return std::make_shared<const Audio>(std::move(audio));
}

/// The first who asks makes it; who asks meanwhile waits for the same result.
Rendered Speech::Impl::render_once(const std::string& key, Language language, const std::string& text) {
  std::promise<Rendered> promise;
  {
    std::unique_lock lock(mutex);
    if (const auto found = in_flight.find(key); found != in_flight.end()) {
      const std::shared_future<Rendered> other = found->second;
      lock.unlock();
      return other.get();
    }
    // It may have been finished since the caller looked.
    if (AudioPtr audio = find(key)) return audio;
    in_flight.emplace(key, promise.get_future().share());
  }
  Rendered result = fail(Fault::unavailable, "rendering speech: out of memory");
  try {
    result = make(language, text);
    if (result) cache.keep(key, *result);
  } catch (const std::exception& error) {
    result = fail(Fault::unavailable, std::string("rendering speech: ") + error.what());
  }
  (result ? rendered : failed).fetch_add(1, std::memory_order_relaxed);
  {
    const std::lock_guard lock(mutex);
    in_flight.erase(key);
  }
  promise.set_value(result);
  return result;
}

Speech::Speech(SpeechSettings settings) : impl_(std::make_unique<Impl>(std::move(settings))) {}
Speech::~Speech() = default;

Result<AudioPtr> Speech::render(const script::Utterance& utterance) {
  if (const auto valid = check_utterance(utterance); !valid) return tl::unexpected<Error>(valid.error());
  const std::string text = text_for_voice(utterance);
  const std::string key = impl_->key_of(utterance.language, text);
  if (AudioPtr audio = impl_->find(key)) return audio;
  return impl_->render_once(key, utterance.language, text);
}

AudioPtr Speech::cached(const script::Utterance& utterance) const {
  if (!check_utterance(utterance)) return nullptr;
  return impl_->find(impl_->key_of(utterance.language, text_for_voice(utterance)));
}

Result<void> Speech::check(std::span<const Language> languages) {
  if (auto folder = impl_->cache.check_folder(); !folder) return folder;
  for (const Language language : languages) {
    const bool is_japanese = language == Language::ja;
    if (is_japanese) {
      if (auto files = impl_->japanese.check_files(); !files) return files;
    }
    const auto audio = impl_->make(language, is_japanese ? "テスト" : "test");
    if (!audio) return tl::unexpected<Error>(audio.error());
    if ((*audio)->samples.size() <= nothing_samples) {
      return fail(Fault::unavailable,
                  fmt::format("rendering speech: the voice for {} is silent", to_text(language)));
    }
  }
  return {};
}

SpeechCounts Speech::counts() const {
  const AudioCache::Size size = impl_->cache.size();
  return {impl_->cached.load(std::memory_order_relaxed), impl_->rendered.load(std::memory_order_relaxed),
          impl_->failed.load(std::memory_order_relaxed), size.sentences, size.bytes};
}

Result<std::string> Speech::phonemes_ja(const script::Utterance& utterance) {
  if (const auto valid = check_utterance(utterance); !valid) return tl::unexpected<Error>(valid.error());
  if (utterance.language != Language::ja)
    return fail(Fault::invalid, "reading phonemes: the sentence is not Japanese");
  const Turn turn(impl_->turnstile);
  return impl_->japanese.phonemes(text_for_voice(utterance));
}

} // namespace kaden::speech
