/// kaden/carrier.h - a way to reach a person. Room: carrier. Uses: base, runtime, script, sip, media, nta.
/// Every carrier passes the same contract, src/carrier/carrier_contract.h: exactly one ended per accepted
/// place(), progress only forward, digits folded to one key per press, place() idempotent on the call's id.
/// (The simulator's phones act by seed, not by person; they and its oracle hold the same rules at every
/// step.) Threads: functions may be called from any thread and never block; the listener is called on the
/// carrier's own thread, never from inside a call to the carrier. Errors: outcomes come as LineOutcome, not
/// as exceptions.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "kaden/base.h"
#include "kaden/script.h"

namespace kaden::carrier {

/// 8 kHz mono, shared with the speech cache.
using Samples = std::shared_ptr<const std::vector<std::int16_t>>;

struct CallOrder {
  CallId call;
  std::string address; ///< "sip:sato@10.0.0.5:5060"
  Millis ring_max{};
  std::array<Samples, script::line_count> audio; ///< every line, rendered before the dial
};

class Listener {
 public:
  virtual ~Listener() = default;
  /// ringing, answered (with the dialog; the carrier waits for proceed() before it acknowledges the answer),
  /// heard.
  virtual void on_progress(const CallId& call, Progress progress, const Dialog& dialog) = 0;
  /// A key of the script's menu; answer_key() must follow.
  virtual void on_key(const CallId& call, char key) = 0;
  /// Exactly once per accepted place() or recover().
  virtual void on_ended(const CallId& call, LineOutcome outcome, const std::string& detail) = 0;
};

class Carrier {
 public:
  virtual ~Carrier() = default;
  /// Dials. A repeat with the same id changes nothing. Fault::busy beyond limits::calls_live_max,
  /// Fault::invalid for an address that is not this carrier's; then no on_ended follows.
  virtual Result<void> place(CallOrder order) = 0;
  /// The answer is on record: acknowledge it and speak. Unknown calls are ignored, here and below.
  virtual void proceed(const CallId& call) = 0;
  virtual void answer_key(const CallId& call, char key, Verdict verdict) = 0;
  virtual void end(const CallId& call, EndReason reason) = 0;
  /// Ends at the far end whatever a dead predecessor left under this id, then on_ended(lost). Also arms
  /// itself against a late answer to the old dial for 40 s (it is acknowledged and ended at once).
  virtual void recover(const CallId& call, const std::string& address, Progress progress,
                       const Dialog& dialog) = 0;
};

} // namespace kaden::carrier
