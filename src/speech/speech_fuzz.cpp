// Fuzzes what speech does with bytes from outside before a voice sees them, and the WAV a voice gives back.
#include <cstddef>
#include <cstdint>

#include "kaden/limits/speech.h"
#include "kaden/speech.h"
#include "open_jtalk.h"
#include "wav.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kaden;
  using script::Span;
  using script::SpanKind;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string text(bytes.substr(0, limits::utterance_bytes_max));
  for (const Language language : {Language::ja, Language::en}) {
    (void)speech::reading_of_name(language, text);
    const script::Utterance utterance{language, {Span{SpanKind::words, text}, Span{SpanKind::name, text}}};
    const std::string spoken = speech::text_for_voice(utterance);
    require(spoken.size() <= limits::voice_text_bytes_max, "the text for a voice is bounded");
    if (language == Language::en) continue;
    require(is_valid_utf8(spoken), "the Japanese voice sees UTF-8 only");
    for (const std::string_view piece : speech::cut_sentences(spoken)) {
      require(piece.size() <= 900 && piece.find('\n') == std::string_view::npos, "a piece is one line");
    }
  }
  (void)speech::phonemes_of_trace(bytes);
  if (const auto wav = speech::parse_wav(bytes)) {
    require(wav->samples.size() <= size / 2, "no samples out of nothing");
  }
  return 0;
}
