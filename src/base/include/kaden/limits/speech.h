/// kaden/limits/speech.h - the limits of speech, each with its reason. Room: base.
/// docs/limits.md is the same for users; tools/make_limits_doc makes it.
#pragma once

#include <cstddef>

#include "kaden/time.h"

namespace kaden::limits {

// One constant a line, its reason beside it.
// clang-format off

// Speech ---------------------------------------------------------------------------------------------
inline constexpr std::size_t speech_cache_bytes_max = 256u << 20; // about four hours of 8 kHz audio
inline constexpr std::size_t utterance_bytes_max = 4'000;      // say_bytes_max with an opening before it
inline constexpr std::size_t voice_text_bytes_max = 6'000;     // takes longer to say than limits::talk_max
inline constexpr int voice_processes_max = 4;                  // at once: new sentences may not starve live calls
inline constexpr Millis render_max = seconds(30);              // a voice process that takes longer is killed

} // namespace kaden::limits
