#include "recorder.h"

#include <algorithm>
#include <utility>

namespace kaden::media {
namespace {

constexpr std::size_t pending_max = 4'000; // half a second: what a kill may cost, 8 kB of memory
constexpr std::int64_t jump_max = 80'000;  // ten seconds

} // namespace

void Recorder::take(std::uint32_t timestamp, std::vector<std::int16_t> samples) {
  if (!has_base_) {
    has_base_ = true;
    base_ = timestamp;
  }
  std::int64_t at = static_cast<std::int32_t>(timestamp - base_);
  const auto end = static_cast<std::int64_t>(end_);
  if (at < 0 || at < end - jump_max || at > end + jump_max) {
    base_ = timestamp - static_cast<std::uint32_t>(end_);
    at = end;
  }
  const auto place = static_cast<std::uint64_t>(at);
  if (!pending_.empty() && place != pending_at_ + pending_.size()) hand_over();
  if (pending_.empty()) pending_at_ = place;
  end_ = std::max(end_, place + samples.size());
  pending_.insert(pending_.end(), samples.begin(), samples.end());
  if (pending_.size() >= pending_max) hand_over();
}

void Recorder::hand_over() {
  if (pending_.empty()) return;
  // A full writer means a disk that does not keep up: then the recording has a hole, the call has none.
  writer_.post([file = file_, at = pending_at_, samples = std::exchange(pending_, {})] {
    file->write_at(at, samples);
    file->flush();
  });
}

void Recorder::finish(std::function<void()> on_saved) {
  hand_over();
  writer_.post([file = std::move(file_), saved = std::move(on_saved)]() mutable {
    file.reset();
    if (saved) saved();
  });
}

} // namespace kaden::media
