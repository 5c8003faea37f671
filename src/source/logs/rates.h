/// rates.h - how many datagrams a second each sender may send. Room: source/logs, inside. Pure. Threads: one
/// owner. Errors: none.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "kaden/base.h"

namespace kaden::logs {

/// A bucket for each sender, which holds one second's worth. At most limits::syslog_senders_max senders have
/// their own; those that come then share one, until others have been silent.
class Rates {
 public:
  explicit Rates(std::int64_t per_second) : per_second_(per_second) {}
  bool may(const std::string& sender, SteadyTime now);
  /// Forgets senders whose bucket is full again.
  void sweep(SteadyTime now);
  std::size_t senders() const { return buckets_.size(); }

 private:
  struct Bucket {
    std::int64_t left_thousandths = 0;
    SteadyTime at{};
  };
  void fill(Bucket& bucket, SteadyTime now) const;

  const std::int64_t per_second_;
  std::unordered_map<std::string, Bucket> buckets_; // order never matters
};

} // namespace kaden::logs
