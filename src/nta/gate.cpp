#include <utility>

#include "kaden/nta_gate.h"

namespace kaden::nta {

void Gate::open(Endpoint* endpoint) {
  std::lock_guard lock(mutex_);
  endpoint_ = endpoint;
}

bool Gate::post(std::function<void()> job) {
  std::lock_guard lock(mutex_);
  return endpoint_ && endpoint_->post(std::move(job));
}

} // namespace kaden::nta
