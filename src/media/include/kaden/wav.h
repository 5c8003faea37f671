/// kaden/wav.h - a WAV file that is valid at every instant: 8 kHz, mono, 16 bit. Room: media. Uses: base.
/// The header is written again with each flush(), so that what a killed process leaves plays up to its last
/// second. Threads: one at a time. Errors: unavailable when the file cannot be made; writing errors make the
/// file shorter.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kaden/base.h"

namespace kaden::media {

class WavFile {
 public:
  static Result<std::unique_ptr<WavFile>> create(const std::string& path);
  ~WavFile();
  WavFile(const WavFile&) = delete;
  WavFile& operator=(const WavFile&) = delete;

  /// Writes samples at a place counted in samples; holes are silence. Beyond limits::recording_bytes_max:
  /// dropped.
  void write_at(std::uint64_t sample, const std::vector<std::int16_t>& samples);
  /// Brings the header up to what is written.
  void flush();

 private:
  explicit WavFile(int fd) : fd_(fd) {}
  int fd_;
  std::uint64_t samples_ = 0;
};

/// The same as one piece of bytes.
std::string wav_file(const std::vector<std::int16_t>& samples);

/// Reads such a file, or another with 16-bit mono PCM at 8 kHz; for tests and tools.
Result<std::vector<std::int16_t>> read_wav(const std::string& path);

} // namespace kaden::media
