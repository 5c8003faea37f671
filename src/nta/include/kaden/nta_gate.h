/// kaden/nta_gate.h - a way for other threads to reach an endpoint that may close before them. Room: nta.
/// Uses: base. Threads: any. Errors: none; after close() jobs vanish.
#pragma once

#include <functional>
#include <mutex>

#include "kaden/nta.h"

namespace kaden::nta {

/// Owned by shared_ptr together with those who post. open() once the endpoint is there, close() before it
/// goes.
class Gate {
 public:
  void open(Endpoint* endpoint);
  void close() { open(nullptr); }
  /// False when nobody will run it.
  bool post(std::function<void()> job);

 private:
  std::mutex mutex_;
  Endpoint* endpoint_ = nullptr;
};

} // namespace kaden::nta
