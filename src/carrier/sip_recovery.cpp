// After a restart, and after an ending: calls that no session holds any more are ended at the far end.
#include <algorithm>
#include <utility>

#include "sip_core.h"

namespace kaden::carrier {
namespace {

constexpr Millis answer_wait = limits::bye_wait_max;
constexpr std::size_t forks_max = 8;
constexpr std::uint32_t invites_max = 2; // the first, and the one that answered a challenge

} // namespace

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
  recovery.due = clock_.steady() + answer_wait;
  if (sip::is_sip_uri(dialog.remote_target)) {
    send_recovery(recovery, sip::make_bye(recovery.order, dialog, 1));
  } else {
    for (std::uint32_t cseq = 1; cseq <= invites_max; ++cseq) {
      send_recovery(recovery, sip::make_cancel(recovery.order, cseq));
    }
  }
  if (recovery.open.empty()) return finish_recovery(id.text);
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
  if (recovery.open.empty()) finish_recovery(call_id);
}

void SipCarrier::Impl::finish_recovery(const std::string& call_id) {
  const bool is_answered = recoveries_.at(call_id).open.empty();
  recoveries_.erase(call_id); // its transactions go on resending by themselves
  listener_.on_ended(
      {call_id}, LineOutcome::lost,
      is_answered ? "ended at the far end after a restart" : "the far end did not answer after a restart");
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

/// Only for calls of ours: the From tag follows from the Call-ID, so a stranger's response does not get this
/// far.
void SipCarrier::Impl::on_stray(const sip::Message& message) {
  if (message.method != "INVITE" || message.status < 200) return;
  const auto late = late_.find(message.call_id);
  if (late == late_.end() || late->second.until < clock_.steady()) return;
  if (message.from.tag != sip::make_identity({message.call_id}).from_tag) return;
  if (message.status < 300) return end_late(late->second, message);
  static_cast<void>(endpoint_->send_ack(sip::ack_refusal(message, late->second.target)).has_value());
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
      static_cast<void>(endpoint_->send(bye->message).has_value());
    }
  }
  if (is_known) return;
  late.ended_tags.push_back(answer.to.tag);
  late_answers_ended_.fetch_add(1, std::memory_order_relaxed);
}

} // namespace kaden::carrier
