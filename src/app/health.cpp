#include "health.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "kaden/limits/health.h"

namespace kaden::app {

using api::Part;
using api::Trouble;

void Health::look(const Facts& facts) {
  std::lock_guard lock(mutex_);
  look_at_clock(facts);
  if (facts.untold == 0) {
    untold_since_.reset();
  } else if (!untold_since_) {
    untold_since_ = facts.steady;
  }
  last_ = facts;
}

void Health::look_at_clock(const Facts& facts) {
  if (!last_) return;
  const Millis step = (facts.wall - last_->wall) - (facts.steady - last_->steady);
  if (step <= limits::clock_step_max && step >= -limits::clock_step_max) return;
  stepped_at_ = facts.steady;
  stepped_by_ = step;
}

std::vector<Trouble> Health::troubles(SteadyTime now) const {
  std::lock_guard lock(mutex_);
  std::vector<Trouble> all;
  if (!last_) return all; // the first look comes before the port opens
  const Facts& facts = *last_;
  if (!facts.has_carrier) {
    all.push_back({Part::carrier, "no carrier is configured: nobody can be called", true});
  }
  if (!facts.carrier_trouble.empty()) all.push_back({Part::carrier, facts.carrier_trouble, true});
  if (facts.carrier_failures >= limits::carrier_failures_max) {
    all.push_back({Part::carrier,
                   fmt::format("the last {} calls could not be placed: {}", facts.carrier_failures,
                               facts.carrier_failure),
                   true});
  }
  if (!facts.speech_trouble.empty()) all.push_back({Part::speech, facts.speech_trouble, true});
  if (untold_since_ && now - *untold_since_ > limits::untold_max) {
    all.push_back({Part::alarms,
                   fmt::format("{} changes of alarms wait to be stored, for {}", facts.untold,
                               to_words(now - *untold_since_)),
                   true});
  }
  // Alarms and calls go on without their history.
  if (!facts.store_trouble.empty()) all.push_back({Part::metrics, facts.store_trouble, false});
  // Calls of other alarms do not suffer.
  if (!facts.triage_trouble.empty()) all.push_back({Part::triage, facts.triage_trouble, false});
  if (!facts.chat_trouble.empty()) all.push_back({Part::chat, facts.chat_trouble, false});
  if (!facts.logs_trouble.empty()) all.push_back({Part::logs, facts.logs_trouble, false});
  if (!facts.webhooks_trouble.empty()) all.push_back({Part::webhooks, facts.webhooks_trouble, false});
  if (!facts.mail_trouble.empty()) all.push_back({Part::mail, facts.mail_trouble, false});
  if (now - facts.steady > limits::tick_stall_max) {
    all.push_back({Part::alarms,
                   fmt::format("alarms have not been evaluated for {}", to_words(now - facts.steady)), true});
  }
  if (facts.newest_entry && *facts.newest_entry - facts.wall > limits::clock_behind_max) {
    all.push_back({Part::clock,
                   fmt::format("the clock is {} behind the newest entry of the journal: redials and "
                               "escalation wait until it has caught up",
                               to_words(*facts.newest_entry - facts.wall)),
                   true});
  }
  if (stepped_at_ && now - *stepped_at_ < limits::clock_step_shown) {
    const bool is_forward = stepped_by_ > Millis(0);
    all.push_back(
        {Part::clock,
         fmt::format("the clock stepped {} by {}, {} ago", is_forward ? "forward" : "back",
                     to_words(is_forward ? stepped_by_ : -stepped_by_), to_words(now - *stepped_at_)),
         false});
  }
  return all;
}

std::string trouble_with_own_address(const std::string& ip) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  if (inet_pton(AF_INET, ip.c_str(), &address.sin_addr) != 1) return ip + " is not an IPv4 address";
  const int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0)
    return fmt::format("no socket can be opened: {}", std::generic_category().message(errno));
  const int bound = bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int why = errno;
  close(descriptor);
  if (bound == 0) return "";
  return fmt::format("this machine no longer has the address {} that SIP is bound to: {}", ip,
                     std::generic_category().message(why));
}

} // namespace kaden::app
