/// kaden/speech.h - text to telephone audio: Open JTalk for Japanese, eSpeak NG for English, names read so
/// that a person recognises them, and the cache. Room: speech. Uses: base, script, runtime.
/// Threads: Speech is thread-safe; render() blocks its caller (a second for a long cold sentence). eSpeak NG
/// keeps its state in globals and sets LC_CTYPE at its first use: construct the first Speech before other
/// threads begin; English is made by one thread at a time, whatever the number of Speech objects.
/// Errors: unavailable (voice or dictionary is missing), timeout (limits::render_max for one sentence),
/// invalid (text not UTF-8, or longer than limits::utterance_bytes_max).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"
#include "kaden/runtime.h"
#include "kaden/script.h"

namespace kaden::speech {

/// 16-bit linear, mono, 8 kHz: what G.711 carries. Shared, immutable.
struct Audio {
  std::vector<std::int16_t> samples;
  Millis length() const { return Millis(static_cast<std::int64_t>(samples.size()) / 8); }
};
using AudioPtr = std::shared_ptr<const Audio>;
inline constexpr int sample_rate_hz = 8000;

/// How a name is said: "web-01" is "ウェブ ゼロイチ" and "web zero one"; "db-prod-3.example" is
/// "ディービー プロド サン ドット イグザンプル" and "D B prod three dot example". Rules: known words by the
/// lexicon, also joined ("webserver"); digits always one by one; other words as romaji or, in English, as
/// they stand when they can be pronounced, else letter by letter ("eigh" is the letter A for the English
/// voice); dots, slashes, colons and @ are said, other signs are a short pause (a blank). Never empty for a
/// name with letters or digits. Bytes that are not ASCII are passed on.
std::string reading_of_name(Language language, std::string_view name);
/// The sentence as it goes to the voice: names replaced by their readings, and in Japanese also ASCII words,
/// units and signs; what a voice cannot say becomes a pause. At most limits::voice_text_bytes_max bytes.
std::string text_for_voice(const script::Utterance& utterance);

struct SpeechSettings {
  std::string open_jtalk = "open_jtalk";
  std::string dictionary = "/var/lib/mecab/dic/open-jtalk/naist-jdic";
  std::string voice_ja = "/usr/share/hts-voice/nitech-jp-atr503-m001/nitech_jp_atr503_m001.htsvoice";
  std::string cache_folder; ///< empty: memory only; bounded by limits::speech_cache_bytes_max, as memory is
};

/// Since the start, and what memory holds now.
struct SpeechCounts {
  std::uint64_t cached = 0;   ///< sentences that were there already
  std::uint64_t rendered = 0; ///< made by a voice
  std::uint64_t failed = 0;   ///< a voice was tried in vain
  std::size_t cache_sentences = 0, cache_bytes = 0;
};

class Speech {
 public:
  explicit Speech(SpeechSettings settings);
  ~Speech();
  Speech(const Speech&) = delete;
  Speech& operator=(const Speech&) = delete;

  /// From the cache (under 1 ms), or made now and kept. Equal utterances are made once even when asked for at
  /// once. Speech begins within 100 ms. An utterance with nothing to say (signs only) is 200 ms of silence: a
  /// call is never lost to its text.
  Result<AudioPtr> render(const script::Utterance& utterance);
  /// In the cache already, or nullptr. Never blocks on a voice.
  AudioPtr cached(const script::Utterance& utterance) const;
  /// Checks the voices of these languages (and the dictionary of Japanese) by saying one word in each, and
  /// the cache's folder.
  Result<void> check(std::span<const Language> languages);
  SpeechCounts counts() const;
  /// The phonemes Open JTalk reports for a Japanese sentence ("w e b u pau z e r o i ch i"), for tests and
  /// `kaden say -v`.
  Result<std::string> phonemes_ja(const script::Utterance& utterance);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace kaden::speech
