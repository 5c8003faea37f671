// After a restart, and after an ending: calls that no session holds any more are ended at the far end.
#include <algorithm>
#include <utility>

#include "sip_core.h"

#include "kaden/limits/calls.h"

namespace kaden::carrier {
namespace {

constexpr Millis answer_wait = limits::bye_wait_max;
constexpr std::size_t forks_max = 8;
constexpr std::uint32_t invites_max = 2; // the first, and the one that answered a challenge

} // namespace

/// With its dialog, a BYE ends it. Without, all that is known is the INVITE's identity: CANCEL stops what
/// rings, but an answer that came while nobody lived is no longer to be cancelled (9.1). It is sent again
/// until it gets its ACK, at most T2 apart, so the far end's last word is awaited for that long before the
/// call counts as lost.
void SipCarrier::Impl::recover(const CallId& id, const std::string& address, const Dialog& dialog) {
  if (find(id) || recoveries_.count(id.text) != 0) return; // ours, alive: its own ending comes
  recovered_.fetch_add(1, std::memory_order_relaxed);
  if (!sip::is_sip_uri(address)) {
    listener_.on_ended(id, LineOutcome::lost, "its address is no SIP URI");
    return;
  }
  watch_late(id.text, address);
  SipRecovery& recovery = recoveries_[id.text];
  recovery.order = session_order(id, address);
  recovery.is_decided = sip::is_sip_uri(dialog.remote_target);
  recovery.due = clock_.steady() + (recovery.is_decided ? answer_wait : limits::answer_resent_max);
  if (recovery.is_decided) {
    send_recovery(recovery, sip::make_bye(recovery.order, dialog, 1));
    if (recovery.open.empty()) return finish_recovery(id.text);
  } else {
    for (std::uint32_t cseq = 1; cseq <= invites_max; ++cseq) {
      send_recovery(recovery, sip::make_cancel(recovery.order, cseq));
    }
  }
  arm();
}

void SipCarrier::Impl::send_recovery(SipRecovery& recovery, const sip::Message& request) {
  const auto sent = endpoint_->send(request);
  if (!sent) return;
  by_transaction_[*sent] = recovery.order.call.text;
  recovery.open.emplace(*sent, request);
}

void SipCarrier::Impl::on_recovery_response(const std::string& call_id, std::uint64_t transaction,
                                            const sip::Message& message) {
  if (message.status < 200) return;
  SipRecovery& recovery = recoveries_.at(call_id);
  const auto open = recovery.open.find(transaction);
  if (open == recovery.open.end()) return;
  const sip::Message request = std::move(open->second);
  recovery.open.erase(open);
  const bool is_challenge = (message.status == 401 || message.status == 407) && request.method == "BYE";
  if (is_challenge && !recovery.is_authorised) {
    recovery.is_authorised = true;
    const auto again = sip::authorised(request, message, recovery.order.credentials);
    if (again) send_recovery(recovery, *again);
  }
  if (recovery.is_decided && recovery.open.empty()) finish_recovery(call_id);
}

/// The last word on the INVITE of a dead predecessor: refused, and so over; or answered, and a BYE is on its
/// way. A challenge decides nothing, for the INVITE that met it may be out already.
void SipCarrier::Impl::decide_recovery(const sip::Message& final) {
  const auto found = recoveries_.find(final.call_id);
  if (found == recoveries_.end() || final.status == 401 || final.status == 407) return;
  found->second.is_decided = true;
  if (final.status < 300) {
    found->second.due = clock_.steady() + answer_wait;
    return arm();
  }
  if (found->second.open.empty()) finish_recovery(final.call_id);
}

void SipCarrier::Impl::finish_recovery(const std::string& call_id) {
  const SipRecovery& recovery = recoveries_.at(call_id);
  const char* detail = "ended at the far end after a restart";
  if (!recovery.open.empty()) detail = "the far end did not answer after a restart";
  if (recovery.open.empty() && !recovery.is_decided)
    detail = "the far end knew nothing of it after a restart";
  recoveries_.erase(call_id); // its transactions go on resending by themselves
  listener_.on_ended({call_id}, LineOutcome::lost, detail);
}

void SipCarrier::Impl::watch_late(const std::string& call_id, const std::string& target) {
  const SteadyTime now = clock_.steady();
  const SteadyTime until = now + limits::late_answer_max;
  late_[call_id] = {target, until, {}};
  late_order_.emplace_back(until, call_id);
  while (!late_order_.empty() &&
         (late_order_.front().first < now || late_order_.size() > limits::late_calls_max)) {
    const auto oldest = late_.find(late_order_.front().second);
    if (oldest != late_.end() && oldest->second.until == late_order_.front().first) late_.erase(oldest);
    late_order_.pop_front();
  }
}

/// Only for calls of ours: From tag and branch follow from the Call-ID, so a stranger's response does not get
/// this far. Calls of any predecessor are ours, also when nobody remembers them.
void SipCarrier::Impl::on_stray(const sip::Message& message) {
  if (message.method != "INVITE" || message.status < 200) return;
  LateCall* const late = find_late(message);
  if (!late) return;
  if (message.status < 300) {
    end_late(*late, message);
  } else {
    static_cast<void>(endpoint_->send_ack(sip::ack_refusal(message, late->target)).has_value());
  }
  decide_recovery(message);
}

LateCall* SipCarrier::Impl::find_late(const sip::Message& message) {
  const sip::DialIdentity identity = sip::make_identity({message.call_id});
  if (message.from.tag != identity.from_tag || message.branch != identity.branch(message.cseq))
    return nullptr;
  if (find({message.call_id})) return nullptr; // alive: its session answers
  const auto known = late_.find(message.call_id);
  if (known != late_.end() && known->second.until >= clock_.steady()) return &known->second;
  if (!sip::is_sip_uri(message.to.uri) || !may_watch_unknown()) return nullptr;
  watch_late(message.call_id, message.to.uri);
  return &late_.at(message.call_id);
}

/// How a tag follows from a Call-ID is no secret, so what a forger can make us send is bounded.
bool SipCarrier::Impl::may_watch_unknown() {
  const SteadyTime now = clock_.steady();
  while (!unknown_until_.empty() && unknown_until_.front() < now) unknown_until_.pop_front();
  if (unknown_until_.size() >= limits::unknown_answers_max) return false;
  unknown_until_.push_back(now + limits::late_answer_max);
  return true;
}

/// Each 200 gets its ACK, each far end one BYE.
void SipCarrier::Impl::end_late(LateCall& late, const sip::Message& answer) {
  const bool is_known =
      std::find(late.ended_tags.begin(), late.ended_tags.end(), answer.to.tag) != late.ended_tags.end();
  if (!is_known && late.ended_tags.size() >= forks_max) return;
  for (const sip::Action& action : sip::end_late_answer(answer, late.target)) {
    if (const auto* ack = std::get_if<sip::SendAck>(&action)) {
      static_cast<void>(endpoint_->send_ack(ack->message).has_value());
    } else if (const auto* bye = std::get_if<sip::SendRequest>(&action); bye && !is_known) {
      send_late_bye(bye->message);
    }
  }
  if (is_known) return;
  late.ended_tags.push_back(answer.to.tag);
  late_answers_ended_.fetch_add(1, std::memory_order_relaxed);
}

void SipCarrier::Impl::send_late_bye(const sip::Message& bye) {
  const auto recovery = recoveries_.find(bye.call_id);
  if (recovery != recoveries_.end()) return send_recovery(recovery->second, bye);
  static_cast<void>(endpoint_->send(bye).has_value());
}

} // namespace kaden::carrier
