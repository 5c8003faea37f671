#include "kaden/wav.h"
#include "kaden/limits/media.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>

namespace kaden::media {
namespace {

constexpr std::size_t header_bytes = 44;
constexpr std::uint32_t rate_hz = 8'000;

std::array<char, header_bytes> header_for(std::uint32_t data_bytes) {
  std::array<char, header_bytes> out{};
  std::size_t at = 0;
  const auto text = [&](std::string_view word) {
    for (char c : word) out[at++] = c;
  };
  const auto number = [&](std::uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out[at++] = static_cast<char>(value >> (8 * i));
  };
  text("RIFF");
  number(data_bytes + header_bytes - 8, 4);
  text("WAVEfmt ");
  number(16, 4);
  number(1, 2); // PCM
  number(1, 2); // mono
  number(rate_hz, 4);
  number(rate_hz * 2, 4);
  number(2, 2);
  number(16, 2);
  text("data");
  number(data_bytes, 4);
  return out;
}

std::uint32_t little_at(std::string_view text, std::size_t at, std::size_t bytes) {
  std::uint32_t out = 0;
  for (std::size_t i = 0; i < bytes; ++i)
    out |= static_cast<std::uint32_t>(static_cast<unsigned char>(text[at + i])) << (8 * i);
  return out;
}

} // namespace

Result<std::unique_ptr<WavFile>> WavFile::create(const std::string& path) {
  const int fd = open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0640);
  if (fd < 0)
    return fail(Fault::unavailable, "creating the recording " + path + ": refused by the file system");
  std::unique_ptr<WavFile> out(new WavFile(fd));
  out->flush();
  return out;
}

WavFile::~WavFile() {
  flush();
  close(fd_);
}

void WavFile::write_at(std::uint64_t sample, const std::vector<std::int16_t>& samples) {
  if (samples.empty() || (sample + samples.size()) * 2 > limits::recording_bytes_max) return;
  std::string bytes;
  bytes.reserve(samples.size() * 2);
  for (std::int16_t value : samples) {
    const auto plain = static_cast<std::uint16_t>(value);
    bytes += static_cast<char>(plain & 0xff);
    bytes += static_cast<char>(plain >> 8);
  }
  const auto written = pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(header_bytes + sample * 2));
  if (written > 0) samples_ = std::max(samples_, sample + static_cast<std::uint64_t>(written) / 2);
}

void WavFile::flush() {
  const auto header = header_for(static_cast<std::uint32_t>(samples_ * 2));
  // A short write leaves the header before it, which is valid too.
  static_cast<void>(pwrite(fd_, header.data(), header.size(), 0) == 0);
}

std::string wav_file(const std::vector<std::int16_t>& samples) {
  const auto header = header_for(static_cast<std::uint32_t>(samples.size() * 2));
  std::string out(header.begin(), header.end());
  out.reserve(header.size() + samples.size() * 2);
  for (const std::int16_t sample : samples) {
    const auto bits = static_cast<std::uint16_t>(sample);
    out += static_cast<char>(bits & 0xFF);
    out += static_cast<char>(bits >> 8);
  }
  return out;
}

Result<std::vector<std::int16_t>> read_wav(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(Fault::not_found, "reading " + path + ": no such file");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const std::string_view view = text;
  if (view.size() < 12 || view.substr(0, 4) != "RIFF" || view.substr(8, 4) != "WAVE") {
    return fail(Fault::invalid, "reading " + path + ": not a WAV file");
  }
  bool is_known = false;
  for (std::size_t at = 12; at + 8 <= view.size();) {
    const std::string_view kind = view.substr(at, 4);
    const std::uint32_t size = little_at(view, at + 4, 4);
    const std::size_t body = at + 8;
    if (size > view.size() - body) return fail(Fault::invalid, "reading " + path + ": cut short");
    if (kind == "fmt " && size >= 16) {
      is_known = little_at(view, body, 2) == 1 && little_at(view, body + 2, 2) == 1 &&
                 little_at(view, body + 4, 4) == rate_hz && little_at(view, body + 14, 2) == 16;
    } else if (kind == "data") {
      if (!is_known) return fail(Fault::invalid, "reading " + path + ": not 16-bit mono PCM at 8 kHz");
      std::vector<std::int16_t> out(size / 2);
      for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<std::int16_t>(little_at(view, body + 2 * i, 2));
      return out;
    }
    at = body + size + (size & 1u);
  }
  return fail(Fault::invalid, "reading " + path + ": no samples");
}

} // namespace kaden::media
