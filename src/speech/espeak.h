/// speech/espeak.h - the English voice: libespeak-ng. Room: speech, internal.
/// Threads: the library keeps its state in globals, so one lock serves the whole process; say() from any
/// thread blocks. The first use sets LC_CTYPE once (the library does), so construct before other threads
/// begin. Errors: unavailable, timeout.
#pragma once

#include <string>

#include "kaden/base.h"
#include "kaden/runtime.h"
#include "wav.h"

namespace kaden::speech {

class Espeak {
 public:
  explicit Espeak(const runtime::Clock& clock);

  /// Plain text, UTF-8; no markup is understood. No samples when there is nothing to say.
  Result<Wav> say(const std::string& text) const;

 private:
  const runtime::Clock& clock_;
};

} // namespace kaden::speech
