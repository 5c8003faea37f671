/// speech/sound.h - from a voice's samples to telephone audio. Room: speech, internal.
/// Threads: pure functions; any. Errors: Fault::invalid when the rate cannot be converted.
#pragma once

#include <cstdint>
#include <vector>

#include "kaden/base.h"

namespace kaden::speech {

/// 8 kHz, band limited to 200-3,600 Hz, silence trimmed, levelled: active speech at -18 dBFS RMS where the
/// peaks allow it, no peak above -3 dBFS (ITU-T G.711 clips at +3.14 dBm0; louder speech only distorts in the
/// trunk). Silence in, nothing out.
Result<std::vector<std::int16_t>> to_telephone(const std::vector<std::int16_t>& samples, int rate_hz);

} // namespace kaden::speech
