/// app/health.h - what is wrong beside the journal's disk, judged from what the parts report. Room: app.
/// Uses: base, api. Threads: one thread looks, any may ask. Errors: none; each trouble is one sentence for
/// whoever reads /healthz at night.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "kaden/api.h"
#include "kaden/base.h"

namespace kaden::app {

/// One look at the parts.
struct Facts {
  WallTime wall{};
  SteadyTime steady{};
  std::optional<WallTime> newest_entry; ///< of the journal; nothing while it is empty
  std::size_t untold = 0;               ///< changes of alarms whose event is not durable
  bool has_carrier = false;
  std::string carrier_trouble;  ///< empty: its address is still ours
  int carrier_failures = 0;     ///< calls in a row that the carrier could not place
  std::string carrier_failure;  ///< what the last of them said
  std::string speech_trouble;   ///< empty: every voice spoke when it was tried last
  std::string store_trouble;    ///< empty: datapoints are stored, or none should be
  std::string logs_trouble;     ///< empty: log events can be stored
  std::string webhooks_trouble; ///< empty: what webhooks receive can be kept
  std::string chat_trouble;     ///< empty: the last message was taken
  std::string triage_trouble;   ///< empty: the model answers, or none is asked
  std::string mail_trouble;     ///< empty: mails can be kept
};

class Health {
 public:
  /// Each time the timers tick.
  void look(const Facts& facts);
  std::vector<api::Trouble> troubles(SteadyTime now) const;

 private:
  void look_at_clock(const Facts& facts);

  mutable std::mutex mutex_;
  // State, under the mutex
  std::optional<Facts> last_;
  std::optional<SteadyTime> untold_since_;
  std::optional<SteadyTime> stepped_at_;
  Millis stepped_by_{};
};

/// Empty when this machine still has the address (or it is 0.0.0.0), else one sentence. Binds a socket to it
/// for a moment.
std::string trouble_with_own_address(const std::string& ip);

} // namespace kaden::app
