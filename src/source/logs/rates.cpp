#include "rates.h"

#include <algorithm>

#include "kaden/limits/log_sources.h"

namespace kaden::logs {

void Rates::fill(Bucket& bucket, SteadyTime now) const {
  // A datagram is 1,000 thousandths, and a millisecond brings per_second_ of them.
  const std::int64_t most = per_second_ * 1'000;
  const std::int64_t ms = std::clamp<std::int64_t>((now - bucket.at).count(), 0, 1'000);
  bucket.left_thousandths = std::min(most, bucket.left_thousandths + ms * per_second_);
  bucket.at = now;
}

bool Rates::may(const std::string& sender, SteadyTime now) {
  auto found = buckets_.find(sender);
  if (found == buckets_.end()) {
    static const std::string others = "others";
    const bool is_full = buckets_.size() >= limits::syslog_senders_max;
    found = buckets_.try_emplace(is_full ? others : sender, Bucket{per_second_ * 1'000, now}).first;
  }
  fill(found->second, now);
  if (found->second.left_thousandths < 1'000) return false;
  found->second.left_thousandths -= 1'000;
  return true;
}

void Rates::sweep(SteadyTime now) {
  for (auto at = buckets_.begin(); at != buckets_.end();) {
    at = now - at->second.at >= seconds(1) ? buckets_.erase(at) : std::next(at);
  }
}

} // namespace kaden::logs
