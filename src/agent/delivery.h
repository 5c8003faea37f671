/// delivery.h - what an answer means, and how long to wait after a failure. Room: agent,
/// inside. Pure. Retries: AWS SDKs, "Retry behavior"; CloudWatch's throttling is a 400, so the code decides,
/// not the status.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kaden/base.h"
#include "kaden/http.h"

namespace kaden::agent {

enum class Delivery : std::uint8_t {
  taken,
  try_later, ///< throttled, or a fault that somebody may mend: the key, the clock, the address, the server
  refused,   ///< this request will never be taken
};
struct Judgement {
  Delivery delivery = Delivery::taken;
  Fault fault = Fault::unavailable; ///< when not taken
  std::string code;                 ///< "Throttling", "ResourceNotFoundException"; may be empty
  std::string reason;               ///< empty when taken
};
/// Of AWS Query (XML) and of AWS JSON.
Judgement judge(const http::Response& response);

/// The value of the first such member of flat JSON: a text without escapes, or a number. Empty: there is
/// none.
std::string_view json_member(std::string_view body, std::string_view name);

/// 1 s, doubled with each failure in a row up to a minute, and up to half as much again by `spread`, so that
/// many agents do not come back at the same instant.
Millis pause_after(std::uint64_t failures, std::uint64_t spread);

/// The next multiple of the interval after `now`, counted from 1970.
WallTime next_tick(WallTime now, Millis interval);

} // namespace kaden::agent
