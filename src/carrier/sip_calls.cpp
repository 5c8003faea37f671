// Living calls: session, script and stream of each, and how their actions are carried out.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sip_core.h"

#include "kaden/limits/calls.h"

namespace kaden::carrier {
namespace {

/// A number for the o= line that is the call's own; any will do (RFC 4566 5.2).
std::uint64_t number_of(const CallId& id) {
  const Sha256 digest = sha256(id.text);
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < 6; ++i) out = (out << 8) | digest[i];
  return out;
}

media::RemoteAudio audio_of(const sip::RemoteMedia& remote) {
  media::RemoteAudio out;
  out.ip = remote.ip;
  out.port = remote.port;
  out.law = remote.payload == 0 ? media::Law::mu : media::Law::a;
  out.event_payload = remote.event_payload;
  out.is_listening =
      remote.direction == sip::Direction::sendrecv || remote.direction == sip::Direction::recvonly;
  return out;
}

} // namespace

sip::SessionOrder SipCarrier::Impl::session_order(const CallId& id, const std::string& target) const {
  const std::string& host = endpoint_->host();
  sip::SessionOrder out;
  out.call = id;
  out.target = target;
  out.from = {
      settings_.from_display,
      fmt::format("sip:{}@{}", settings_.from_user, settings_.from_host.empty() ? host : settings_.from_host),
      ""};
  out.contact = fmt::format("sip:{}@{}:{}", settings_.from_user, host, endpoint_->port());
  if (!settings_.proxy.empty()) {
    const bool is_loose = settings_.proxy.find(";lr") != std::string::npos;
    out.routes = {is_loose ? settings_.proxy : settings_.proxy + ";lr"};
  }
  out.credentials = {settings_.auth_user, settings_.auth_password};
  out.media = {host, 0, number_of(id), 1};
  return out;
}

SipCall* SipCarrier::Impl::find(const CallId& id) {
  const auto found = calls_.find(id.text);
  return found == calls_.end() ? nullptr : found->second.get();
}

void SipCarrier::Impl::with_call(const CallId& id, std::function<void(SipCall&)> act) {
  post([this, id, act = std::move(act)] {
    if (SipCall* call = find(id)) act(*call);
  });
}

media::StreamEvents SipCarrier::Impl::stream_events(const CallId& id) {
  media::StreamEvents out;
  out.on_first_packet = [this, id] {
    with_call(id, [this](SipCall& call) {
      call.media_due.reset();
      settle(call);
    });
  };
  out.on_key = [this, id](char key) {
    with_call(id, [this, key](SipCall& call) { press(call, key, KeyWay::rtp); });
  };
  return out;
}

void SipCarrier::Impl::begin(CallOrder order) {
  const CallId id = order.call;
  sip::SessionOrder session = session_order(id, order.address);
  session.ring_max = order.ring_max;
  const auto stream = media_->open(stream_events(id));
  if (stream) session.media.port = stream->port;
  auto made = std::make_unique<SipCall>(std::move(order), std::move(session));
  SipCall& call = *made;
  calls_.emplace(id.text, std::move(made));
  if (!stream) {
    over(call, {LineOutcome::carrier_failed, stream.error().message});
    calls_.erase(id.text);
    return;
  }
  call.stream = stream->id;
  feed(call, sip::Start{});
}

void SipCarrier::Impl::proceed(const CallId& id) {
  SipCall* call = find(id);
  if (!call || call->session.phase != sip::Session::Phase::answered) return;
  call->is_talking = true;
  if (settings_.require_media) call->media_due = clock_.steady() + limits::no_media_max;
  listen_to(*call, call->remote);
  feed(*call, sip::Proceed{});
  call = find(id);
  if (call && call->is_talking) feed(*call, script::Event(script::Answered{}));
}

void SipCarrier::Impl::judge(const CallId& id, Verdict verdict) {
  SipCall* call = find(id);
  if (call && call->is_talking) feed(*call, script::Event(script::Judged{verdict}));
}

void SipCarrier::Impl::end(const CallId& id, EndReason reason) {
  SipCall* call = find(id);
  if (!call || call->session.is_over) return;
  if (call->is_talking) return feed(*call, script::Event(script::Ended{reason}));
  feed(*call, sip::Event(sip::HangUp{}));
}

void SipCarrier::Impl::on_request(std::uint64_t request, const sip::Message& message) {
  if (SipCall* call = find({message.call_id}))
    return feed(*call, sip::Event(sip::GotRequest{request, message}));
  nta::Answer answer;
  answer.status = message.method == "INVITE" && message.to.tag.empty() ? 403 : 481; // nobody calls Kaden
  endpoint_->reply(request, answer);
}

void SipCarrier::Impl::on_response(std::uint64_t transaction, const sip::Message& message) {
  const auto found = by_transaction_.find(transaction);
  if (found == by_transaction_.end()) return;
  const std::string id = found->second;
  if (message.status >= 200 && (message.method != "INVITE" || message.status >= 300))
    by_transaction_.erase(found);
  if (recoveries_.count(id) != 0) return on_recovery_response(id, transaction, message);
  if (SipCall* call = find({id})) feed(*call, sip::Event(sip::GotResponse{message}));
}

void SipCarrier::Impl::feed(SipCall& call, const sip::Event& event) {
  std::vector<sip::Message> failures;
  for (const sip::Action& action : sip::step(call.session, event, clock_.steady()))
    carry_out(call, action, failures);
  // A request that could not leave is answered here, as the transport would have.
  while (!failures.empty()) {
    const std::vector<sip::Message> now = std::exchange(failures, {});
    for (const sip::Message& failure : now) {
      for (const sip::Action& action : sip::step(call.session, sip::GotResponse{failure}, clock_.steady())) {
        carry_out(call, action, failures);
      }
    }
  }
  settle(call);
}

void SipCarrier::Impl::feed(SipCall& call, const script::Event& event) {
  bool hangs_up = false;
  for (const script::Action& action : script::step(call.script, event, clock_.steady())) {
    carry_out(call, action, hangs_up);
  }
  if (hangs_up) return feed(call, sip::Event(sip::HangUp{}));
  settle(call);
}

void SipCarrier::Impl::carry_out(SipCall& call, const sip::Action& action,
                                 std::vector<sip::Message>& failures) {
  if (const auto* request = std::get_if<sip::SendRequest>(&action)) {
    send(call, request->message, failures);
  } else if (const auto* ack = std::get_if<sip::SendAck>(&action)) {
    // A lost ACK is sent again with the next 200: nothing to do when this one cannot leave.
    static_cast<void>(endpoint_->send_ack(ack->message).has_value());
  } else if (const auto* reply = std::get_if<sip::Reply>(&action)) {
    nta::Answer answer;
    answer.status = reply->status;
    answer.sdp = reply->sdp;
    if (reply->status == 200) answer.contact = call.session.order.contact;
    endpoint_->reply(reply->id, answer);
  } else if (std::holds_alternative<sip::Rang>(action)) {
    listener_.on_progress(call.order.call, Progress::ringing, {});
  } else if (const auto* picked = std::get_if<sip::Picked>(&action)) {
    call.remote = picked->media;
    listener_.on_progress(call.order.call, Progress::answered, picked->dialog);
  } else if (const auto* moved = std::get_if<sip::Moved>(&action)) {
    call.remote = moved->media;
    if (call.is_talking) listen_to(call, moved->media);
  } else if (const auto* key = std::get_if<sip::PressedKey>(&action)) {
    with_call(call.order.call, [this, pressed = key->key](SipCall& c) { press(c, pressed, KeyWay::info); });
  } else if (const auto* over_action = std::get_if<sip::Over>(&action)) {
    over(call, over_action->ending);
  }
}

void SipCarrier::Impl::send(SipCall& call, const sip::Message& request, std::vector<sip::Message>& failures) {
  const auto sent = endpoint_->send(request);
  if (sent) {
    by_transaction_[*sent] = call.order.call.text;
    call.transactions.push_back(*sent);
    return;
  }
  sip::Message failure = request;
  failure.status = 503;
  failure.phrase = sent.error().message;
  failure.local = true;
  failures.push_back(std::move(failure));
}

void SipCarrier::Impl::listen_to(SipCall& call, const sip::RemoteMedia& remote) {
  media::RemoteAudio audio = audio_of(remote);
  audio.may_use_other_port = settings_.rtp_symmetric;
  if (call.stream) media_->connect(*call.stream, audio);
}

void SipCarrier::Impl::carry_out(SipCall& call, const script::Action& action, bool& hangs_up) {
  const CallId id = call.order.call;
  if (const auto* play = std::get_if<script::Play>(&action)) {
    if (!call.stream) return;
    const script::Line line = play->line;
    media_->play(*call.stream, call.order.audio[static_cast<std::size_t>(line)], [this, id, line] {
      with_call(id, [this, line](SipCall& c) {
        if (c.is_talking) feed(c, script::Event(script::LinePlayed{line}));
      });
    });
  } else if (std::holds_alternative<script::Silence>(action)) {
    if (call.stream) media_->stop(*call.stream);
  } else if (const auto* key = std::get_if<script::ReportKey>(&action)) {
    listener_.on_key(id, key->key);
  } else if (std::holds_alternative<script::ReportHeard>(action)) {
    listener_.on_progress(id, Progress::heard, call.session.dialog);
  } else if (std::holds_alternative<script::HangUp>(action)) {
    hangs_up = true;
  }
}

/// Gateways send one press both ways: the second of two ways within limits::same_key_max is the same press.
void SipCarrier::Impl::press(SipCall& call, char key, KeyWay way) {
  if (!call.is_talking) return;
  const SteadyTime now = clock_.steady();
  const bool is_same =
      call.last_key == key && call.last_way != way && now - call.last_key_at <= limits::same_key_max;
  if (is_same) {
    call.last_key = 0;
    return;
  }
  call.last_key = key;
  call.last_way = way;
  call.last_key_at = now;
  feed(call, script::Event(script::KeyDown{key}));
}

void SipCarrier::Impl::over(SipCall& call, const sip::Ending& ending) {
  call.is_talking = false;
  call.media_due.reset();
  call.script.due.reset();
  if (call.stream) media_->close(*call.stream);
  call.stream.reset();
  {
    std::lock_guard lock(mutex_);
    --live_;
  }
  listener_.on_ended(call.order.call, ending.outcome, ending.detail);
}

void SipCarrier::Impl::settle(SipCall& call) {
  if (call.session.phase == sip::Session::Phase::closing || call.session.is_over) call.is_talking = false;
  if (call.session.phase != sip::Session::Phase::done) {
    set_due(call);
    return arm();
  }
  const std::string id = call.order.call.text;
  for (std::uint64_t transaction : call.transactions) {
    endpoint_->forget(transaction);
    by_transaction_.erase(transaction);
  }
  if (call.due) due_.erase({*call.due, id});
  watch_late(id, call.order.address);
  calls_.erase(id);
  arm();
}

void SipCarrier::Impl::set_due(SipCall& call) {
  std::optional<SteadyTime> due = call.session.due;
  const auto sooner = [&](const std::optional<SteadyTime>& other) {
    if (other && (!due || *other < *due)) due = other;
  };
  if (call.is_talking) sooner(call.script.due);
  if (call.is_talking) sooner(call.media_due);
  if (due == call.due) return;
  if (call.due) due_.erase({*call.due, call.order.call.text});
  if (due) due_.insert({*due, call.order.call.text});
  call.due = due;
}

void SipCarrier::Impl::arm() {
  std::optional<SteadyTime> next;
  if (!due_.empty()) next = due_.begin()->first;
  for (const auto& [id, recovery] : recoveries_) {
    if (!next || recovery.due < *next) next = recovery.due;
  }
  if (next) endpoint_->wake_after(std::max(*next - clock_.steady(), Millis(1)));
}

void SipCarrier::Impl::on_timer() {
  const SteadyTime now = clock_.steady();
  std::vector<std::string> ready;
  for (const auto& [due, id] : due_) {
    if (due > now) break;
    ready.push_back(id);
  }
  for (const std::string& id : ready) {
    if (SipCall* call = find({id})) tick(*call, now);
  }
  ready.clear();
  for (const auto& [id, recovery] : recoveries_) {
    if (recovery.due <= now) ready.push_back(id);
  }
  for (const std::string& id : ready) finish_recovery(id);
  arm();
}

void SipCarrier::Impl::tick(SipCall& call, SteadyTime now) {
  const CallId id = call.order.call;
  if (call.is_talking && call.media_due && now >= *call.media_due) {
    call.media_due.reset();
    return feed(call, sip::Event(sip::MediaMissing{}));
  }
  if (call.is_talking && call.script.due && now >= *call.script.due) {
    feed(call, script::Event(script::Tick{}));
    if (!find(id)) return;
  }
  feed(call, sip::Event(sip::Tick{}));
}

} // namespace kaden::carrier
