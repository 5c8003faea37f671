#include "wav.h"

namespace kaden::speech {
namespace {

/// Little-endian; the caller checks the length.
std::uint32_t number_at(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    value |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  }
  return value;
}

Result<int> read_format(std::string_view chunk) {
  constexpr std::uint32_t pcm = 1;
  if (chunk.size() < 16) return fail(Fault::invalid, "reading WAV: the format chunk is cut short");
  if (number_at(chunk, 0, 2) != pcm || number_at(chunk, 2, 2) != 1 || number_at(chunk, 14, 2) != 16) {
    return fail(Fault::invalid, "reading WAV: not 16-bit PCM with one channel");
  }
  const std::uint32_t rate = number_at(chunk, 4, 4);
  if (rate < 8'000 || rate > 192'000)
    return fail(Fault::invalid, "reading WAV: the sample rate is out of range");
  return static_cast<int>(rate);
}

std::vector<std::int16_t> read_samples(std::string_view chunk) {
  std::vector<std::int16_t> samples(chunk.size() / 2);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i] = static_cast<std::int16_t>(static_cast<std::uint16_t>(number_at(chunk, 2 * i, 2)));
  }
  return samples;
}

} // namespace

Result<Wav> parse_wav(std::string_view bytes) {
  constexpr std::size_t chunk_header = 8;
  if (bytes.size() < 12 || bytes.substr(0, 4) != "RIFF" || bytes.substr(8, 4) != "WAVE") {
    return fail(Fault::invalid, "reading WAV: no RIFF WAVE header");
  }
  Wav wav;
  std::size_t at = 12;
  while (at + chunk_header <= bytes.size()) {
    const std::string_view id = bytes.substr(at, 4);
    const std::size_t size = number_at(bytes, at + 4, 4);
    const std::string_view chunk = bytes.substr(at + chunk_header, size);
    if (id == "fmt ") {
      const auto rate = read_format(chunk);
      if (!rate) return tl::unexpected<Error>(rate.error());
      wav.rate_hz = *rate;
    } else if (id == "data") {
      if (wav.rate_hz == 0) return fail(Fault::invalid, "reading WAV: data before the format");
      wav.samples = read_samples(chunk);
      return wav;
    }
    at += chunk_header + size + (size % 2); // chunks are padded to even sizes
  }
  return fail(Fault::invalid, "reading WAV: no data chunk");
}

} // namespace kaden::speech
