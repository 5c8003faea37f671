/// sip_core.h - what SipCarrier is inside: its calls, those of a dead predecessor, and those that may still
/// be answered. Room: carrier, inside. Threads: the endpoint's, unless it says otherwise. Errors: start() and
/// place() as SipCarrier tells them; later ones end their call.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "kaden/nta_gate.h"
#include "kaden/sip_carrier.h"
#include "kaden/sip_session.h"

namespace kaden::carrier {

enum class KeyWay : std::uint8_t { rtp, info };

/// One call that was placed.
struct SipCall {
  SipCall(CallOrder with, sip::SessionOrder session_order)
      : order(std::move(with)), session(std::move(session_order)) {}

  CallOrder order;
  sip::Session session;
  std::optional<media::StreamId> stream;
  sip::RemoteMedia remote;
  script::State script;
  bool is_talking = false;
  std::optional<SteadyTime> media_due; ///< set while not one packet has come
  std::vector<std::uint64_t> transactions;
  char last_key = 0;
  KeyWay last_way = KeyWay::rtp;
  SteadyTime last_key_at{};
  std::optional<SteadyTime> due; ///< as it stands in the due list
};

/// One call of a dead predecessor that is being ended. It is over when its fate at the far end is known and
/// all that was sent is answered, or when it is due.
struct SipRecovery {
  sip::SessionOrder order;
  SteadyTime due{};
  std::map<std::uint64_t, sip::Message> open; ///< what was sent and has no final response yet
  bool is_decided = false; ///< its dialog was known, or the far end's last word on the INVITE came
  bool is_authorised = false;
};

/// An ended call that may still be answered.
struct LateCall {
  std::string target;
  SteadyTime until{};
  std::vector<std::string> ended_tags;
};

class SipCarrier::Impl final : public nta::Events {
 public:
  Impl(SipSettings settings, Listener& listener, const runtime::Clock& clock);
  ~Impl() override;

  Result<void> start();

  // Any thread
  // ------------------------------------------------------------------------------------------------------
  Result<void> place(CallOrder order);
  void post(std::function<void()> job);
  std::uint16_t port() const { return endpoint_->port(); }
  SipCounts counts() const;

  // On the endpoint's thread
  // ----------------------------------------------------------------------------------------
  void begin(CallOrder order);
  void proceed(const CallId& id);
  void judge(const CallId& id, Verdict verdict);
  void end(const CallId& id, EndReason reason);
  void recover(const CallId& id, const std::string& address, const Dialog& dialog);

  void on_request(std::uint64_t request, const sip::Message& message) override;
  void on_cancel(std::uint64_t) override {}
  void on_ack(std::uint64_t, bool) override {}
  void on_response(std::uint64_t transaction, const sip::Message& message) override;
  void on_stray(const sip::Message& message) override;
  void on_timer() override;

 private:
  sip::SessionOrder session_order(const CallId& id, const std::string& target) const;
  SipCall* find(const CallId& id);
  void with_call(const CallId& id, std::function<void(SipCall&)> act);
  media::StreamEvents stream_events(const CallId& id);

  // Each of these may end the call: it must not be touched after them.
  // ----------------------------------------------
  void feed(SipCall& call, const sip::Event& event);
  void feed(SipCall& call, const script::Event& event);
  void settle(SipCall& call);

  void carry_out(SipCall& call, const sip::Action& action, std::vector<sip::Message>& failures);
  void carry_out(SipCall& call, const script::Action& action, bool& hangs_up);
  void send(SipCall& call, const sip::Message& request, std::vector<sip::Message>& failures);
  void listen_to(SipCall& call, const sip::RemoteMedia& remote);
  void press(SipCall& call, char key, KeyWay way);
  void over(SipCall& call, const sip::Ending& ending);
  void tick(SipCall& call, SteadyTime now);

  void set_due(SipCall& call);
  void arm();

  void watch_late(const std::string& call_id, const std::string& target);
  LateCall* find_late(const sip::Message& message);
  bool may_watch_unknown();
  void end_late(LateCall& late, const sip::Message& answer);
  void send_late_bye(const sip::Message& bye);
  void decide_recovery(const sip::Message& final);
  void send_recovery(SipRecovery& recovery, const sip::Message& request);
  void on_recovery_response(const std::string& call_id, std::uint64_t transaction,
                            const sip::Message& message);
  void finish_recovery(const std::string& call_id);

  // Config
  const SipSettings settings_;
  // Borrowed
  Listener& listener_;
  const runtime::Clock& clock_;
  // Owned
  std::shared_ptr<nta::Gate> gate_ = std::make_shared<nta::Gate>(); ///< media's callbacks come through it
  std::unique_ptr<media::MediaEngine> media_;
  std::unique_ptr<nta::Endpoint> endpoint_;
  // State: any thread
  mutable std::mutex mutex_;
  std::unordered_set<std::string> known_;
  std::deque<std::string> known_order_;
  std::size_t live_ = 0;
  std::atomic<std::uint64_t> placed_{0}, recovered_{0}, late_answers_ended_{0};
  // State: the endpoint's thread
  std::unordered_map<std::string, std::unique_ptr<SipCall>> calls_;
  std::unordered_map<std::uint64_t, std::string> by_transaction_;
  std::set<std::pair<SteadyTime, std::string>> due_;
  std::map<std::string, SipRecovery> recoveries_;
  std::unordered_map<std::string, LateCall> late_;
  std::deque<std::pair<SteadyTime, std::string>> late_order_;
  std::deque<SteadyTime> unknown_until_; ///< of late calls that nobody remembered
};

} // namespace kaden::carrier
