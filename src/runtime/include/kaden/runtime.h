/// kaden/runtime.h - clocks, bounded mailboxes and named threads. Room: runtime. Uses: base.
/// The only room whose code may ask the kernel for the time. Everyone else is given a Clock or a time.
/// Threads: stated per class. Errors: Fault::busy when a mailbox is full.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "kaden/base.h"

namespace kaden::runtime {

/// Injected wherever the time is needed. Any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime wall() const = 0;
  virtual SteadyTime steady() const = 0;
};

/// CLOCK_REALTIME and CLOCK_MONOTONIC.
class SystemClock final : public Clock {
 public:
  WallTime wall() const override;
  SteadyTime steady() const override;
};

/// Moves only when told to; its wall time can be stepped apart from its steady time. For tests. Any thread.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime start) : wall_(start) {}
  WallTime wall() const override;
  SteadyTime steady() const override;
  void advance(Millis by);
  void step_wall(Millis by);

 private:
  mutable std::mutex mutex_;
  WallTime wall_;
  SteadyTime steady_{};
};

/// Many senders, one receiver, bounded. When full, post() refuses and the sender pushes back.
template <class T>
class Mailbox {
 public:
  explicit Mailbox(std::size_t most) : most_(most) {}

  /// False when full or closed; the value is then untouched. Any thread.
  bool post(T&& value) {
    {
      std::lock_guard lock(mutex_);
      if (closed_ || items_.size() >= most_) return false;
      items_.push_back(std::move(value));
    }
    ready_.notify_one();
    return true;
  }
  /// Waits for at least one item, the end of `patience`, or close(); then moves up to `most` items to `out`.
  /// True while open or items remain. One receiver thread.
  bool take(std::vector<T>& out, std::size_t most, Millis patience) {
    out.clear();
    std::unique_lock lock(mutex_);
    ready_.wait_for(lock, patience, [&] { return closed_ || !items_.empty(); });
    while (!items_.empty() && out.size() < most) {
      out.push_back(std::move(items_.front()));
      items_.pop_front();
    }
    return !closed_ || !out.empty();
  }
  /// No more posts; what is inside can still be taken. Any thread.
  void close() {
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
    }
    ready_.notify_all();
  }
  std::size_t size() const {
    std::lock_guard lock(mutex_);
    return items_.size();
  }

 private:
  const std::size_t most_;
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<T> items_;
  bool closed_ = false;
};

/// Names the calling thread (at most 15 bytes) so that top and gdb show it.
void name_thread(const std::string& name);

/// One thread and its due list: jobs run in order of their due time, then of their submission. Jobs must not
/// block for long. The destructor drops jobs that are not due and joins. Any thread may call.
class Worker {
 public:
  Worker(const Clock& clock, std::string name);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// False when limits::jobs_max jobs wait already or the worker is closing.
  bool post(std::function<void()> job);
  bool post_after(Millis wait, std::function<void()> job);

 private:
  struct Job {
    SteadyTime due;
    std::uint64_t order;
    std::function<void()> run;
  };
  void run();

  // Borrowed
  const Clock& clock_;
  // State
  std::mutex mutex_;
  std::condition_variable ready_;
  std::vector<Job> jobs_; // heap, soonest first
  std::uint64_t next_order_ = 0;
  bool closing_ = false;
  // Owned
  std::thread thread_;
};

} // namespace kaden::runtime
