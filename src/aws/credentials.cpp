// Keys that stay good.
#include <utility>

#include "kaden/aws_credentials.h"
#include "kaden/limits/aws.h"

namespace kaden::aws {

Credentials::Credentials(Find find, const runtime::Clock& clock, std::function<double()> chance)
    : find_(std::move(find)), clock_(clock), chance_(std::move(chance)) {}

bool Credentials::is_due(WallTime now) const {
  if (!keys_) return true;
  if (now < look_again_) return false;
  return are_refused_ || !keys_->expires || *keys_->expires - now <= limits::aws_refresh_early;
}

/// The old ones are no good, or will not be for long.
bool Credentials::must_wait(WallTime now) const {
  if (!keys_ || are_refused_) return true;
  return keys_->expires && *keys_->expires - now <= limits::aws_refresh_must;
}

Result<Keys> Credentials::get() {
  std::unique_lock lock(mutex_);
  for (;;) {
    const WallTime now = clock_.wall();
    if (!is_due(now) || (is_looking_ && !must_wait(now))) break;
    if (is_looking_) {
      found_.wait(lock);
      // Who looked has found, or nobody would now.
      if (!keys_ && error_) return tl::unexpected<Error>(*error_);
      continue;
    }
    is_looking_ = true;
    lock.unlock();
    auto found = find_();
    lock.lock();
    is_looking_ = false;
    take(std::move(found), clock_.wall());
    found_.notify_all();
    break;
  }
  const WallTime now = clock_.wall();
  const bool is_over = keys_ && keys_->expires && *keys_->expires <= now && !keys_->outlives_outage;
  if (keys_ && !is_over) return *keys_;
  return tl::unexpected<Error>(error_.value_or(Error{Fault::unavailable, "the AWS keys have expired"}));
}

void Credentials::take(Result<Keys> found, WallTime now) {
  if (!found) {
    error_ = found.error();
    const bool is_out = keys_ && keys_->outlives_outage && keys_->expires && *keys_->expires <= now;
    // As the SDKs do: not all instances of a fleet at the same time.
    const Millis more(static_cast<std::int64_t>((2 + 8 * chance_()) * 60'000));
    look_again_ = now + (is_out ? limits::aws_outage_again + more : limits::aws_refresh_again);
    return;
  }
  error_.reset();
  const bool is_stale = found->expires && *found->expires <= now; // of a metadata service that is out
  const Millis more(static_cast<std::int64_t>((2 + 8 * chance_()) * 60'000));
  const bool is_same = keys_ && keys_->keys.access_key_id == found->keys.access_key_id;
  keys_ = std::move(*found);
  if (are_refused_ && is_same) { // somebody may be mending it now
    look_again_ = now + limits::aws_refused_again;
  } else if (is_stale && keys_->outlives_outage) {
    look_again_ = now + limits::aws_outage_again + more;
  } else if (!keys_->expires) {
    look_again_ = now + limits::aws_look_again;
  } else {
    look_again_ = now + limits::aws_refresh_again;
  }
  are_refused_ = are_refused_ && is_same;
}

void Credentials::refuse(const std::string& access_key_id) {
  const std::lock_guard lock(mutex_);
  if (!keys_ || keys_->keys.access_key_id != access_key_id || are_refused_) return;
  are_refused_ = true;
  look_again_ = {};
}

} // namespace kaden::aws
