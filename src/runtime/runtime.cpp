#include "kaden/runtime.h"
#include "kaden/limits/engine.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>

namespace kaden::runtime {

WallTime SystemClock::wall() const {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return wall_time(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

SteadyTime SystemClock::steady() const {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return SteadyTime(Millis(std::chrono::duration_cast<std::chrono::milliseconds>(now).count()));
}

WallTime ManualClock::wall() const {
  std::lock_guard lock(mutex_);
  return wall_;
}

SteadyTime ManualClock::steady() const {
  std::lock_guard lock(mutex_);
  return steady_;
}

void ManualClock::advance(Millis by) {
  std::lock_guard lock(mutex_);
  wall_ += by;
  steady_ += by;
}

void ManualClock::step_wall(Millis by) {
  std::lock_guard lock(mutex_);
  wall_ += by;
}

void name_thread(const std::string& name) {
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
}

namespace {
/// Orders the heap so that the soonest job, and of those the first submitted, is in front.
struct Later {
  template <class Job>
  bool operator()(const Job& a, const Job& b) const {
    return a.due != b.due ? a.due > b.due : a.order > b.order;
  }
};
} // namespace

Worker::Worker(const Clock& clock, std::string name) : clock_(clock) {
  thread_ = std::thread([this, name = std::move(name)] {
    name_thread(name);
    run();
  });
}

Worker::~Worker() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  ready_.notify_all();
  thread_.join();
}

bool Worker::post(std::function<void()> job) {
  return post_after(Millis(0), std::move(job));
}

bool Worker::post_after(Millis wait, std::function<void()> job) {
  {
    std::lock_guard lock(mutex_);
    if (closing_ || jobs_.size() >= limits::jobs_max) return false;
    jobs_.push_back({clock_.steady() + wait, next_order_++, std::move(job)});
    std::push_heap(jobs_.begin(), jobs_.end(), Later{});
  }
  ready_.notify_one();
  return true;
}

void Worker::run() {
  std::unique_lock lock(mutex_);
  while (!closing_) {
    if (jobs_.empty()) {
      ready_.wait(lock);
      continue;
    }
    const SteadyTime now = clock_.steady();
    if (jobs_.front().due > now) {
      ready_.wait_for(lock, std::min(jobs_.front().due - now, limits::reminder_max));
      continue;
    }
    std::pop_heap(jobs_.begin(), jobs_.end(), Later{});
    std::function<void()> job = std::move(jobs_.back().run);
    jobs_.pop_back();
    lock.unlock();
    job();
    job = nullptr;
    lock.lock();
  }
}

} // namespace kaden::runtime
