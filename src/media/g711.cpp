#include "kaden/g711.h"

#include <array>
#include <cstddef>

namespace kaden::media {
namespace {

// Decoders as the standard writes them; the encoders' tables are made from the standard's decision rules at
// compile time: 14 bits in for mu-law, 13 for A-law.

constexpr int segment_of(int magnitude, int first_end) {
  int segment = 0;
  while (segment < 8 && magnitude > ((first_end + 1) << segment) - 1) ++segment;
  return segment;
}

constexpr std::uint8_t mu_from_14(int value) {
  constexpr int bias = 0x21;
  constexpr int clip = 8159;
  const int mask = value < 0 ? 0x7f : 0xff;
  int magnitude = value < 0 ? -value : value;
  if (magnitude > clip) magnitude = clip;
  magnitude += bias;
  const int segment = segment_of(magnitude, 0x3f);
  if (segment >= 8) return static_cast<std::uint8_t>(0x7f ^ mask);
  const int code = (segment << 4) | ((magnitude >> (segment + 1)) & 0xf);
  return static_cast<std::uint8_t>(code ^ mask);
}

constexpr std::uint8_t a_from_13(int value) {
  const int mask = value >= 0 ? 0xd5 : 0x55;
  const int magnitude = value >= 0 ? value : -value - 1;
  const int segment = segment_of(magnitude, 0x1f);
  if (segment >= 8) return static_cast<std::uint8_t>(0x7f ^ mask);
  const int low = (segment < 2 ? magnitude >> 1 : magnitude >> segment) & 0xf;
  return static_cast<std::uint8_t>(((segment << 4) | low) ^ mask);
}

constexpr std::int16_t mu_to_16(int code) {
  const int inverted = ~code & 0xff;
  const int magnitude = (((inverted & 0xf) << 3) + 0x84) << ((inverted & 0x70) >> 4);
  return static_cast<std::int16_t>((inverted & 0x80) != 0 ? 0x84 - magnitude : magnitude - 0x84);
}

constexpr std::int16_t a_to_16(int code) {
  const int plain = code ^ 0x55;
  int magnitude = (plain & 0xf) << 4;
  const int segment = (plain & 0x70) >> 4;
  magnitude += segment == 0 ? 8 : 0x108;
  if (segment > 1) magnitude <<= segment - 1;
  return static_cast<std::int16_t>((plain & 0x80) != 0 ? magnitude : -magnitude);
}

template <std::size_t N, class T, class F>
constexpr std::array<T, N> table_of(F from) {
  std::array<T, N> out{};
  for (std::size_t i = 0; i < N; ++i) out[i] = from(static_cast<int>(i));
  return out;
}

constexpr auto mu_codes = table_of<16'384, std::uint8_t>([](int i) { return mu_from_14(i - 8'192); });
constexpr auto a_codes = table_of<8'192, std::uint8_t>([](int i) { return a_from_13(i - 4'096); });
constexpr auto mu_samples = table_of<256, std::int16_t>(mu_to_16);
constexpr auto a_samples = table_of<256, std::int16_t>(a_to_16);

} // namespace

std::uint8_t encode(Law law, std::int16_t sample) {
  const int value = sample;
  const int index = law == Law::mu ? (value >> 2) + 8'192 : (value >> 3) + 4'096;
  const auto at = static_cast<std::size_t>(index);
  return law == Law::mu ? mu_codes[at] : a_codes[at];
}

std::int16_t decode(Law law, std::uint8_t code) {
  return law == Law::mu ? mu_samples[code] : a_samples[code];
}

std::uint8_t silence(Law law) {
  return law == Law::mu ? 0xff : 0xd5;
}

} // namespace kaden::media
