/// kaden/phone.h - the robot phone: answers SIP calls by plan, records what it hears, presses keys. Room:
/// phone. Uses: base, runtime, sip, media, nta. One Phone is many people: the user part of the called URI
/// chooses the plan. It registers nowhere and asks nobody to prove anything: for demonstrations, tests and
/// audits on a closed network. Threads: two of its own; events come on the SIP one. Errors: unavailable when
/// the port is taken; invalid plans are named with the step.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kaden/base.h"
#include "kaden/runtime.h"

namespace kaden::phone {

struct PlannedKey {
  char key = '1';
  Millis after{};        ///< from the answer, or from the pause
  bool at_pause = false; ///< wait until speech was heard and paused (again for each such key)
  bool operator==(const PlannedKey&) const = default;
};

struct Plan {
  enum class Mode : std::uint8_t {
    answer,      ///< without keys it is a voicemail: nobody proves to be there
    busy,        ///< 486
    decline,     ///< 603
    unavailable, ///< 480
    ring,        ///< rings until the caller gives up
  };
  Mode mode = Mode::answer;
  Millis answer_after = seconds(1);
  std::vector<PlannedKey> keys;        ///< pressed in this order
  std::optional<Millis> hang_up_after; ///< from the answer; none: waits for the caller's BYE
  bool operator==(const Plan&) const = default;
};

/// "sato=answer@1500,1@9000,3@pause,hangup@20000", "ito=busy"; words: busy decline unavailable ring
/// voicemail. Times in ms, at most an hour. USER "*" is everybody who is not named.
Result<std::pair<std::string, Plan>> parse_plan(std::string_view text);

/// invite; then ringing, answered, key (each press), bye or cancelled, ended; then recorded, when the file is
/// complete.
struct Event {
  WallTime at{};
  std::string what;
  std::string call_id;
  std::string from; ///< URI
  std::string to;   ///< user part that was called
  std::string key;  ///< with key
  std::string wav;  ///< with answered, ended, recorded; empty without a recording
};
/// {"at_ms":5,"event":"key","call_id":"..","from":"..","to":"sato","key":"1"}, without a line break.
std::string to_json_line(const Event& event);

struct Settings {
  std::string bind_ip = "127.0.0.1";
  std::uint16_t port = 5070; ///< 0: any
  std::string record_folder; ///< must exist; empty: nothing is recorded. Files are named by Call-ID
  std::uint16_t rtp_first = 30'000;
  std::uint16_t rtp_last = 34'998;
  std::map<std::string, Plan> plans;                                              ///< by user part, or "*"
  Plan otherwise{Plan::Mode::answer, seconds(1), {{'1', seconds(3), false}}, {}}; ///< when neither is there
};

class Phone {
 public:
  /// Listens from now on. `on_event` may be empty; it must not block. `clock` must outlive the phone.
  static Result<std::unique_ptr<Phone>> open(const Settings& settings, const runtime::Clock& clock,
                                             std::function<void(const Event&)> on_event);
  /// Live calls are left without a BYE, their recordings are completed.
  ~Phone();
  Phone(const Phone&) = delete;
  Phone& operator=(const Phone&) = delete;

  std::uint16_t port() const;

 private:
  class Impl;
  explicit Phone(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

} // namespace kaden::phone
