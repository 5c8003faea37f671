/// kaden/g711.h - ITU-T G.711 mu-law (RTP payload 0) and A-law (8), 16-bit linear on the other side. Room:
/// media. Uses: nothing. Threads: any. Errors: none.
#pragma once

#include <cstdint>

namespace kaden::media {

enum class Law : std::uint8_t { mu, a };

std::uint8_t encode(Law law, std::int16_t sample);
std::int16_t decode(Law law, std::uint8_t code);
/// The code of silence: 0xFF and 0xD5.
std::uint8_t silence(Law law);

} // namespace kaden::media
