/// kaden/sip_outcome.h - what a final SIP response means for the call. Room: sip. Uses: base.
/// The Reason header's Q.850 cause (RFC 3326) is read before the code: gateways put the truth there (RFC
/// 3398). Threads: values; any. Errors: none; what is not known is the carrier's failure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"
#include "kaden/sip_message.h"

namespace kaden::sip {

struct Ending {
  LineOutcome outcome = LineOutcome::carrier_failed;
  std::string detail; ///< "486 Busy Here; Q.850 17"
  bool operator==(const Ending&) const = default;
};

/// The cause of the first "Q.850;cause=17" among Reason values; 1 to 127.
std::optional<int> q850_cause(const std::vector<std::string>& reasons);

/// For a final response of 300 or more to an INVITE. `provisional_seen`: a 1xx had come before, which tells a
/// phone that nobody answers from a trunk that is dead.
Ending outcome_of(const Message& response, bool provisional_seen);

} // namespace kaden::sip
