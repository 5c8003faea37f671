/// kaden/fair_mailbox.h - many senders, one receiver, bounded; senders take turns, whatever each has sent.
/// Room: runtime. Uses: base. Threads: any may post; one takes. Errors: none; a full mailbox refuses and the
/// sender pushes back.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "kaden/base.h"

namespace kaden::runtime {

template <class T>
class FairMailbox {
 public:
  /// At most `most` items wait, and `most_of_one` of one sender.
  FairMailbox(std::size_t most, std::size_t most_of_one) : most_(most), most_of_one_(most_of_one) {}

  /// False when there is no room or it is closed; the value is then untouched.
  bool post(const std::string& sender, T&& value) {
    {
      std::lock_guard lock(mutex_);
      if (closed_ || size_ >= most_) return false;
      auto& waiting = waiting_[sender];
      if (waiting.size() >= most_of_one_) return false;
      if (waiting.empty()) turns_.push_back(sender);
      waiting.push_back(std::move(value));
      ++size_;
    }
    ready_.notify_one();
    return true;
  }
  /// The oldest item of the sender whose turn it is; nothing when `patience` ends. False: closed and empty.
  bool take(std::optional<T>& out, Millis patience) {
    out.reset();
    std::unique_lock lock(mutex_);
    ready_.wait_for(lock, patience, [&] { return closed_ || size_ > 0; });
    if (size_ == 0) return !closed_;
    const auto turn = waiting_.find(turns_.front());
    turns_.pop_front();
    out = std::move(turn->second.front());
    turn->second.pop_front();
    --size_;
    if (turn->second.empty()) {
      waiting_.erase(turn);
    } else {
      turns_.push_back(turn->first);
    }
    return true;
  }
  /// No more posts; what is inside can still be taken.
  void close() {
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
    }
    ready_.notify_all();
  }

 private:
  const std::size_t most_;
  const std::size_t most_of_one_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::map<std::string, std::deque<T>> waiting_; // by sender; none is empty
  std::deque<std::string> turns_;                // each sender of waiting_ once
  std::size_t size_ = 0;
  bool closed_ = false;
};

} // namespace kaden::runtime
