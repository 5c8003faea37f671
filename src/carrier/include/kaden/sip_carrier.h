/// kaden/sip_carrier.h - calls over a SIP trunk: UDP, G.711, keys by RFC 4733 and SIP INFO. Room: carrier.
/// Uses: base, runtime, script, sip, media, nta. Contract: kaden/carrier.h.
/// Threads: one for SIP (the listener is called there) and one for media. Errors: unavailable when a port is
/// taken; invalid settings are named. Closing ends nothing at the far end: open calls are left as a crash
/// would leave them, and the next start's recover() ends them. Call end() first and wait for on_ended to part
/// politely.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "kaden/carrier.h"
#include "kaden/media.h"
#include "kaden/runtime.h"

namespace kaden::carrier {

struct SipSettings {
  std::string bind_ip = "127.0.0.1";
  std::uint16_t port =
      5060;               ///< must be the same after a restart, or recover() cannot cancel; 0: any, for tests
  std::string advertised; ///< IPv4 address that others reach us at; empty: bind_ip
  std::string from_user = "kaden";
  std::string from_host; ///< empty: the advertised address
  std::string from_display = "Kaden";
  std::string proxy;     ///< outbound proxy, "sip:10.0.0.1:5060"; empty: the dialled URI itself
  std::string auth_user; ///< empty: challenges are not answered
  std::string auth_password;
  std::uint16_t rtp_first = 20'000;
  std::uint16_t rtp_last = 29'998;
  /// Send voice to where the first packet came from, when only the port differs from what the far end said:
  /// for trunks behind NAT. Otherwise only the announced address and port are believed.
  bool rtp_symmetric = false;
  bool require_media = true; ///< a call without one RTP packet in limits::no_media_max ends as no_media
};

struct SipCounts {
  std::uint64_t placed = 0, recovered = 0, late_answers_ended = 0;
  std::size_t live = 0;
  media::MediaCounts media;
};

class SipCarrier final : public Carrier {
 public:
  /// Binds and starts. `listener` and `clock` must outlive the carrier.
  static Result<std::unique_ptr<SipCarrier>> start(const SipSettings& settings, Listener& listener,
                                                   const runtime::Clock& clock);
  ~SipCarrier() override;

  Result<void> place(CallOrder order) override;
  void proceed(const CallId& call) override;
  void answer_key(const CallId& call, char key, Verdict verdict) override;
  void end(const CallId& call, EndReason reason) override;
  void recover(const CallId& call, const std::string& address, Progress progress,
               const Dialog& dialog) override;

  std::uint16_t port() const;
  SipCounts counts() const;

 private:
  class Impl;
  explicit SipCarrier(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

} // namespace kaden::carrier
