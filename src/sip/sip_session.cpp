#include "kaden/sip_session.h"
#include "kaden/limits/calls.h"

#include <fmt/format.h>

#include <utility>

#include "requests.h"

namespace kaden::sip {
namespace {

using Phase = Session::Phase;
using Actions = std::vector<Action>;

void tell_over(Session& s, Ending ending, Actions& out) {
  if (s.is_over) return;
  s.is_over = true;
  out.emplace_back(Over{std::move(ending)});
}

void finish(Session& s, Ending ending, Actions& out) {
  tell_over(s, std::move(ending), out);
  s.phase = Phase::done;
  s.due.reset();
}

void send_invite(Session& s, Message invite, SteadyTime now, Actions& out) {
  s.phase = Phase::calling;
  s.is_provisional = false;
  s.due = now + limits::first_reply_max;
  out.emplace_back(SendRequest{std::move(invite)});
}

void send_ack(Session& s, Actions& out) {
  Message ack = make_in_dialog(s.order, s.dialog, "ACK", s.dialog.invite_cseq);
  ack.headers.insert(ack.headers.end(), s.invite_credentials.begin(), s.invite_credentials.end());
  s.is_acked = true;
  out.emplace_back(SendAck{std::move(ack)});
}

/// RFC 3261 15.1.1: a 2xx is acknowledged before the BYE, even when the call was not wanted any more.
void send_bye(Session& s, Ending why, SteadyTime now, Actions& out) {
  if (!s.is_acked) send_ack(s, out);
  s.last_cseq += 1;
  s.planned = std::move(why);
  s.phase = Phase::closing;
  s.due = now + limits::bye_wait_max;
  out.emplace_back(SendRequest{make_in_dialog(s.order, s.dialog, "BYE", s.last_cseq)});
}

/// Only after a 1xx: before it the CANCEL could overtake the INVITE (9.1).
void cancel(Session& s, Ending why, SteadyTime now, Actions& out) {
  s.planned = std::move(why);
  s.phase = Phase::cancelling;
  if (!s.is_provisional) return;
  s.is_cancel_sent = true;
  s.due = now + limits::cancel_wait_max;
  out.emplace_back(SendRequest{make_cancel(s.order, s.invite_cseq)});
}

void on_provisional(Session& s, const Message& m, SteadyTime now, Actions& out) {
  s.is_provisional = true;
  if (s.phase == Phase::calling) {
    s.phase = Phase::proceeding;
    s.due = s.started + s.order.ring_max;
  }
  if (s.phase == Phase::cancelling && !s.is_cancel_sent) cancel(s, s.planned, now, out);
  if (s.phase == Phase::proceeding && !s.has_rung && (m.status == 180 || m.status == 183)) {
    s.has_rung = true;
    out.emplace_back(Rang{});
  }
}

void on_first_answer(Session& s, const Message& m, SteadyTime now, Actions& out) {
  const auto dialog = dialog_of(m);
  s.dialog = dialog.value_or(Dialog{m.to.tag, s.order.target, {}, m.cseq});
  if (s.phase == Phase::cancelling) return send_bye(s, s.planned, now, out);
  if (!dialog) {
    return send_bye(s, {LineOutcome::carrier_failed, "answered without a SIP Contact or Record-Route"}, now,
                    out);
  }
  const auto sdp = parse_sdp(m.body);
  const auto media = sdp ? choose_media(*sdp) : tl::unexpected(sdp.error());
  if (!media) return send_bye(s, {LineOutcome::no_media, "answered with " + media.error().message}, now, out);
  s.phase = Phase::answered;
  s.due = now + limits::answer_commit_max;
  out.emplace_back(Picked{s.dialog, *media});
}

/// A 2xx may come again (our ACK was lost) or from another fork (13.2.2.4).
void on_answer(Session& s, const Message& m, SteadyTime now, Actions& out) {
  switch (s.phase) {
    case Phase::calling:
    case Phase::proceeding:
    case Phase::cancelling:
      return on_first_answer(s, m, now, out);
    case Phase::answered:
    case Phase::talking:
    case Phase::closing:
      if (m.to.tag != s.dialog.remote_tag) {
        for (Action& action : end_late_answer(m, s.order.target)) out.push_back(std::move(action));
      } else if (s.is_acked) {
        send_ack(s, out);
      }
      return;
    case Phase::idle:
    case Phase::done:
      return;
  }
}

void on_refusal(Session& s, const Message& m, SteadyTime now, Actions& out) {
  if (s.phase == Phase::cancelling) return finish(s, s.planned, out);
  if (s.phase != Phase::calling && s.phase != Phase::proceeding) return;
  const bool is_challenge = (m.status == 401 || m.status == 407) && !m.local;
  if (is_challenge && s.invite_credentials.empty()) {
    auto retry = authorised(make_invite(s.order, s.invite_cseq), m, s.order.credentials);
    if (retry) {
      s.invite_cseq = s.last_cseq = retry->cseq;
      s.invite_credentials = {retry->headers.back()};
      return send_invite(s, std::move(*retry), now, out);
    }
  }
  finish(s, outcome_of(m, s.is_provisional), out);
}

void on_bye_response(Session& s, const Message& m, Actions& out) {
  if (s.phase != Phase::closing || m.cseq != s.last_cseq || m.status < 200) return;
  if ((m.status == 401 || m.status == 407) && !m.local && !s.is_bye_authorised) {
    auto retry = authorised(make_in_dialog(s.order, s.dialog, "BYE", s.last_cseq), m, s.order.credentials);
    if (retry) {
      s.is_bye_authorised = true;
      s.last_cseq = retry->cseq;
      out.emplace_back(SendRequest{std::move(*retry)});
      return;
    }
  }
  finish(s, s.planned, out);
}

void on_response(Session& s, const Message& m, SteadyTime now, Actions& out) {
  if (m.call_id != s.identity.call_id || m.from.tag != s.identity.from_tag) return;
  if (m.method == "BYE") return on_bye_response(s, m, out);
  if (m.method != "INVITE" || m.cseq != s.invite_cseq) return;
  if (m.status < 200) return on_provisional(s, m, now, out);
  if (m.status < 300) return on_answer(s, m, now, out);
  on_refusal(s, m, now, out);
}

/// The far end may move its media or hold; we stay what we are (RFC 3264 section 8).
void on_reinvite(Session& s, std::uint64_t id, const Message& m, Actions& out) {
  if (s.phase != Phase::talking) {
    out.emplace_back(Reply{id, s.phase == Phase::answered ? 491 : 481, {}});
    return;
  }
  LocalMedia local = s.order.media;
  if (m.body.empty()) { // the offer is ours then; its answer comes in the ACK, and nothing new can be in it
    out.emplace_back(Reply{id, 200, make_offer(local)});
    return;
  }
  const auto offer = parse_sdp(m.body);
  const auto media = offer ? choose_media(*offer) : tl::unexpected(offer.error());
  if (!media) {
    out.emplace_back(Reply{id, 488, {}});
    return;
  }
  local.version = ++s.sdp_version;
  out.emplace_back(Reply{id, 200, make_answer(*offer, local).value_or("")});
  out.emplace_back(Moved{*media});
}

void on_request(Session& s, std::uint64_t id, const Message& m, Actions& out) {
  const bool has_dialog =
      s.phase == Phase::answered || s.phase == Phase::talking || s.phase == Phase::closing;
  if (!has_dialog || m.to.tag != s.identity.from_tag || m.from.tag != s.dialog.remote_tag) {
    out.emplace_back(Reply{id, 481, {}});
    return;
  }
  if (m.method == "BYE") {
    out.emplace_back(Reply{id, 200, {}});
    finish(s, s.phase == Phase::closing ? s.planned : Ending{LineOutcome::hung_up, "the far end hung up"},
           out);
    return;
  }
  if (s.remote_cseq != 0 && m.cseq <= s.remote_cseq) { // out of order: 12.2.2
    out.emplace_back(Reply{id, 500, {}});
    return;
  }
  s.remote_cseq = m.cseq;
  if (m.method == "INVITE") return on_reinvite(s, id, m, out);
  if (m.method != "INFO") {
    out.emplace_back(Reply{id, 405, {}});
    return;
  }
  out.emplace_back(Reply{id, 200, {}});
  const auto key = key_of_info(m.content_type, m.body);
  if (key && s.phase == Phase::talking) out.emplace_back(PressedKey{*key});
}

void on_hang_up(Session& s, SteadyTime now, Actions& out) {
  switch (s.phase) {
    case Phase::idle:
      return finish(s, {LineOutcome::cancelled, "ended before it was dialled"}, out);
    case Phase::calling:
    case Phase::proceeding:
      return cancel(s, {LineOutcome::cancelled, "ended by us before an answer"}, now, out);
    case Phase::answered:
    case Phase::talking:
      return send_bye(s, {LineOutcome::hung_up, "we hung up"}, now, out);
    case Phase::cancelling:
    case Phase::closing:
    case Phase::done:
      return;
  }
}

void on_due(Session& s, SteadyTime now, Actions& out) {
  switch (s.phase) {
    case Phase::calling:
      tell_over(
          s, {LineOutcome::carrier_failed, fmt::format("no reply in {}", to_words(limits::first_reply_max))},
          out);
      cancel(s, {LineOutcome::carrier_failed, "no reply"}, now, out);
      s.due = now + limits::late_answer_max;
      return;
    case Phase::proceeding:
      return cancel(s, {LineOutcome::no_answer, fmt::format("no answer in {}", to_words(s.order.ring_max))},
                    now, out);
    case Phase::cancelling: // told once, then watched for what comes late
      if (s.is_over) return finish(s, s.planned, out);
      tell_over(s, s.planned, out);
      s.due = now + limits::late_answer_max;
      return;
    case Phase::answered:
      return send_bye(s, {LineOutcome::hung_up, "the answer was not recorded in time"}, now, out);
    case Phase::closing:
      return finish(s, s.planned, out);
    case Phase::idle:
    case Phase::talking:
    case Phase::done:
      return;
  }
}

} // namespace

Session::Session(SessionOrder with) : order(std::move(with)), identity(make_identity(order.call)) {}

std::vector<Action> step(Session& s, const Event& event, SteadyTime now) {
  Actions out;
  if (std::holds_alternative<Start>(event)) {
    if (s.phase != Phase::idle) return out;
    s.started = now;
    send_invite(s, make_invite(s.order, s.invite_cseq), now, out);
  } else if (const auto* response = std::get_if<GotResponse>(&event)) {
    on_response(s, response->message, now, out);
  } else if (const auto* request = std::get_if<GotRequest>(&event)) {
    on_request(s, request->id, request->message, out);
  } else if (std::holds_alternative<Proceed>(event)) {
    if (s.phase != Phase::answered) return out;
    s.phase = Phase::talking;
    s.due.reset();
    send_ack(s, out);
  } else if (std::holds_alternative<HangUp>(event)) {
    on_hang_up(s, now, out);
  } else if (std::holds_alternative<MediaMissing>(event)) {
    if (s.phase != Phase::talking) return out;
    const std::string detail = fmt::format("answered, but no audio in {}", to_words(limits::no_media_max));
    send_bye(s, {LineOutcome::no_media, detail}, now, out);
  } else if (s.due && now >= *s.due) {
    on_due(s, now, out);
  }
  return out;
}

} // namespace kaden::sip
