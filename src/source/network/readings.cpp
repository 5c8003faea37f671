#include "kaden/network.h"

namespace kaden::network {

void Readings::put(const std::string& path, const std::string& probe, const std::string& vantage,
                   std::string_view measure, double value, WallTime at) {
  if (vantage == own_) return;
  std::lock_guard lock(mutex_);
  if (begun_.size() >= limits::readings_waiting_max) begun_.clear(); // of senders that never complete one
  Reading& reading = begun_[path + "\n" + probe + "\n" + vantage];
  if (reading.at != at) reading = {path, probe, vantage, at};
  if (measure == "Loss") reading.loss_percent = value;
  if (measure == "RoundTripTime") reading.round_trip_ms = value;
  if (measure == "DaysToExpiry") reading.days_to_expiry = value;
  if (measure != "Up") return;
  reading.is_up = value > 0;
  if (complete_.size() >= limits::readings_waiting_max) { // the oldest says least
    ++dropped_;
    complete_.pop_front();
  }
  complete_.push_back(reading);
  begun_.erase(path + "\n" + probe + "\n" + vantage);
  // With the lock, so that nobody is called who has said that he is gone.
  if (call_) call_();
}

std::vector<Reading> Readings::take() {
  std::lock_guard lock(mutex_);
  std::vector<Reading> taken(std::make_move_iterator(complete_.begin()),
                             std::make_move_iterator(complete_.end()));
  complete_.clear();
  return taken;
}

void Readings::on_complete(std::function<void()> call) {
  std::lock_guard lock(mutex_);
  call_ = std::move(call);
}

std::uint64_t Readings::dropped() const {
  std::lock_guard lock(mutex_);
  return dropped_;
}

} // namespace kaden::network
