/// speech/open_jtalk.h - the Japanese voice: the program open_jtalk, one process a sentence. Room: speech,
/// internal. A process of its own, because the engine reads text from outside into fixed buffers: what it
/// does wrong ends with it. Threads: const calls from any; they block. Errors: unavailable, timeout.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"
#include "kaden/runtime.h"
#include "wav.h"

namespace kaden::speech {

/// Cuts after 。 and where a piece would overflow Open JTalk's line buffer of 1,024 bytes: at the last pause,
/// or between two characters. Pieces without anything to say are left out.
std::vector<std::string_view> cut_sentences(std::string_view text);
/// The phonemes in the labels of a trace ("xx^sil-k+o=N/..." gives "k"), without the silence at both ends.
std::string phonemes_of_trace(std::string_view trace);

class OpenJtalk {
 public:
  struct Parts {
    std::string program;
    std::string dictionary;
    std::string voice;
  };
  OpenJtalk(const runtime::Clock& clock, Parts parts) : clock_(clock), parts_(std::move(parts)) {}

  /// No samples when there is nothing to say.
  Result<Wav> say(std::string_view text) const;
  /// Separated by blanks; "pau" is a pause.
  Result<std::string> phonemes(std::string_view text) const;
  /// Names the file that is missing.
  Result<void> check_files() const;

 private:
  /// What open_jtalk writes for one piece with this option (-ow, -ot); nothing when the piece has no sound.
  Result<std::string> run(std::string_view piece, const char* option) const;

  const runtime::Clock& clock_;
  const Parts parts_;
};

} // namespace kaden::speech
