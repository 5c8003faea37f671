/// sim/schedule.h - virtual time: what happens next, in order of its time, then of when it was planned.
/// Threads: one. Errors: none.
#pragma once

#include <functional>
#include <map>
#include <utility>

#include "kaden/base.h"

namespace kaden::sim {

class Schedule {
 public:
  void after(Millis wait, std::function<void()> job) {
    jobs_.emplace(std::pair(now_ + wait, ++planned_), std::move(job));
  }
  /// Does the next thing that happens by `until`; false when nothing does, and then it is `until`.
  bool step(Millis until) {
    if (jobs_.empty() || jobs_.begin()->first.first > until) {
      now_ = until;
      return false;
    }
    auto job = jobs_.extract(jobs_.begin());
    now_ = job.key().first;
    job.mapped()();
    return true;
  }
  Millis now() const { return now_; }

 private:
  std::map<std::pair<Millis, std::uint64_t>, std::function<void()>> jobs_;
  std::uint64_t planned_ = 0;
  Millis now_{};
};

} // namespace kaden::sim
