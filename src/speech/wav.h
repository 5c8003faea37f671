/// speech/wav.h - reads the WAV files that voices write. Room: speech, internal.
/// Threads: pure functions; any. Errors: Fault::invalid.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "kaden/base.h"

namespace kaden::speech {

struct Wav {
  int rate_hz = 0; ///< 8,000 to 192,000
  std::vector<std::int16_t> samples;
};

/// RIFF WAVE with 16-bit PCM, one channel; unknown chunks are skipped, a data chunk that is cut short is
/// taken as far as it goes. (Microsoft Multimedia Programming Interface and Data Specifications 1.0,
/// chapter 3.)
Result<Wav> parse_wav(std::string_view bytes);

} // namespace kaden::speech
