#include "sender.h"

#include <chrono>

namespace kaden::agent {

Sender::Sender(std::string what, std::uint64_t spread, Spool& spool, const runtime::Clock& clock,
               Deliver deliver, std::function<void(const std::string&)> log)
    : spool_(spool),
      clock_(clock),
      what_(std::move(what)),
      spread_(spread),
      deliver_(std::move(deliver)),
      log_(log),
      failures_(log),
      refusals_(std::move(log)) {}

bool Sender::is_stopping() const {
  std::lock_guard lock(mutex_);
  return stopping_;
}

Result<void> Sender::send_waiting() {
  while (!is_stopping()) {
    const auto next = spool_.front(clock_.wall());
    if (!next) return {};
    const auto judged = deliver_(*next);
    if (!judged || judged->delivery == Delivery::try_later) {
      spool_.keep();
      if (!judged) return fail_while("sending " + what_, judged.error());
      return fail(judged->fault, "sending " + what_ + ": " + judged->reason);
    }
    if (judged->delivery == Delivery::refused)
      refusals_.tell(what_ + " were refused for good and are dropped: " + judged->reason);
    spool_.done(next->number);
  }
  return {};
}

void Sender::run() {
  std::uint64_t failures = 0;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    awake_ = false;
    lock.unlock();
    const auto sent = send_waiting();
    if (sent && failures > 0) log_(what_ + " are sent again after " + std::to_string(failures) + " failures");
    failures = sent ? 0 : failures + 1;
    failures_.tell(sent ? std::string() : sent.error().message + "; they are kept and sent later");
    const std::chrono::milliseconds pause(pause_after(failures, spread_).count());
    lock.lock();
    if (sent) {
      changed_.wait(lock, [this] { return stopping_ || awake_; });
    } else {
      changed_.wait_for(lock, pause, [this] { return stopping_; });
    }
  }
}

void Sender::wake() {
  {
    std::lock_guard lock(mutex_);
    awake_ = true;
  }
  changed_.notify_all();
}

void Sender::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
}

} // namespace kaden::agent
