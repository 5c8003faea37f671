// Puts received packets at their place in a WAV file, without file work on the pacing thread. Room: media,
// inside.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "kaden/runtime.h"
#include "kaden/wav.h"

namespace kaden::media {

class Recorder {
 public:
  Recorder(std::shared_ptr<WavFile> file, runtime::Worker& writer)
      : file_(std::move(file)), writer_(writer) {}

  /// Samples of one packet. Lost ones stay silence, reordered ones find their place, a jump of the far end's
  /// clock by over ten seconds starts anew where the recording ends.
  void take(std::uint32_t timestamp, std::vector<std::int16_t> samples);
  /// Hands over what is left; `on_saved` comes on the writer's thread.
  void finish(std::function<void()> on_saved);

 private:
  void hand_over();

  std::shared_ptr<WavFile> file_;
  runtime::Worker& writer_;
  bool has_base_ = false;
  std::uint32_t base_ = 0; // timestamp of sample 0
  std::uint64_t end_ = 0;  // samples so far
  std::uint64_t pending_at_ = 0;
  std::vector<std::int16_t> pending_;
};

} // namespace kaden::media
