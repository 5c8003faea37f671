#include "kaden/phone.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "kaden/limits/calls.h"
#include "kaden/media.h"
#include "kaden/nta_gate.h"
#include "kaden/sdp.h"
#include "kaden/sip_session.h"

namespace kaden::phone {
namespace {

constexpr Millis press_length{120};
constexpr Millis ring_out_max = seconds(180); // a caller that never gives up (RFC 3261's timer C)

struct Call {
  std::string id;
  std::uint64_t invite = 0; ///< the transport's number, while it is open
  sip::Message request;
  std::string to;
  std::string tag; ///< ours
  Plan plan;
  bool is_answered = false;
  std::optional<media::StreamId> stream;
  std::uint16_t port = 0;
  std::string wav;
  SteadyTime answered_at{};
  std::size_t next_key = 0;
  std::optional<SteadyTime> key_due;
  std::optional<SteadyTime> answer_due;
  std::optional<SteadyTime> hang_up_due;
  std::uint64_t sdp_version = 1;
};

/// A Call-ID comes from outside: only harmless bytes become a file name, and two calls never one.
std::string file_name_of(const std::string& call_id) {
  std::string out;
  for (char c : call_id.substr(0, 100)) {
    const bool is_plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    out += is_plain ? c : '_';
  }
  if (out != call_id) out += "-" + sha256_hex(call_id).substr(0, 12);
  return out + ".wav";
}

/// 0 when the phone rings.
int refusal_of(Plan::Mode mode) {
  switch (mode) {
    case Plan::Mode::busy:
      return 486;
    case Plan::Mode::decline:
      return 603;
    case Plan::Mode::unavailable:
      return 480;
    case Plan::Mode::answer:
    case Plan::Mode::ring:
      return 0;
  }
  return 500;
}

} // namespace

class Phone::Impl final : public nta::Events {
 public:
  Impl(Settings settings, const runtime::Clock& clock, std::function<void(const Event&)> on_event)
      : settings_(std::move(settings)), clock_(clock), on_event_(std::move(on_event)) {}
  ~Impl() override;
  Result<void> start();
  std::uint16_t port() const { return endpoint_->port(); }

  void on_request(std::uint64_t request, const sip::Message& message) override;
  void on_cancel(std::uint64_t request) override;
  void on_ack(std::uint64_t request, bool came) override;
  void on_response(std::uint64_t, const sip::Message&) override {}
  void on_stray(const sip::Message&) override {}
  void on_timer() override;

 private:
  void on_invite(std::uint64_t request, const sip::Message& message);
  void on_dialog_request(std::uint64_t request, const sip::Message& message);
  Plan plan_for(const std::string& user) const;
  void refuse(std::uint64_t request, int status);
  void answer(Call& call);
  void reoffer(Call& call, std::uint64_t request, const sip::Message& message);
  void on_pause(const std::string& id);
  void plan_key(Call& call, bool has_paused);
  void press(Call& call);
  void hang_up(Call& call);
  void finish(Call& call);
  void tell(const Call& call, const char* what, char key = 0);
  void arm();
  Call* by_invite(std::uint64_t request);
  std::string contact_of(const Call& call) const;

  // Config
  const Settings settings_;
  // Borrowed
  const runtime::Clock& clock_;
  // Owned
  const std::function<void(const Event&)> on_event_;
  std::shared_ptr<nta::Gate> gate_ = std::make_shared<nta::Gate>();
  std::unique_ptr<media::MediaEngine> media_;
  std::unique_ptr<nta::Endpoint> endpoint_;
  // State: the endpoint's thread
  std::unordered_map<std::string, Call> calls_;
};

Phone::Impl::~Impl() {
  gate_->close();
  if (endpoint_) endpoint_->stop(); // its thread uses media, and media's callbacks the gate
  media_.reset();
}

Result<void> Phone::Impl::start() {
  auto media =
      media::MediaEngine::start({settings_.bind_ip, settings_.rtp_first, settings_.rtp_last}, clock_);
  if (!media) return fail_while("robot phone", media.error());
  media_ = std::move(*media);
  nta::Settings transport;
  transport.bind_ip = settings_.bind_ip;
  transport.port = settings_.port;
  transport.answers_calls = true;
  transport.thread_name = "phone";
  auto endpoint = nta::Endpoint::open(transport, *this);
  if (!endpoint) return fail_while("robot phone", endpoint.error());
  endpoint_ = std::move(*endpoint);
  gate_->open(endpoint_.get());
  endpoint_->start();
  return {};
}

void Phone::Impl::tell(const Call& call, const char* what, char key) {
  if (!on_event_) return;
  Event event{clock_.wall(), what, call.id, call.request.from.uri, call.to, {}, {}};
  if (key != 0) event.key = std::string(1, key);
  if (event.what == "answered" || event.what == "ended" || event.what == "recorded") event.wav = call.wav;
  on_event_(event);
}

Plan Phone::Impl::plan_for(const std::string& user) const {
  for (const std::string& name : {user, std::string("*")}) {
    const auto found = settings_.plans.find(name);
    if (found != settings_.plans.end()) return found->second;
  }
  return settings_.otherwise;
}

void Phone::Impl::refuse(std::uint64_t request, int status) {
  nta::Answer answer;
  answer.status = status;
  endpoint_->reply(request, answer);
}

void Phone::Impl::on_request(std::uint64_t request, const sip::Message& message) {
  if (message.method == "INVITE" && message.to.tag.empty()) return on_invite(request, message);
  on_dialog_request(request, message);
}

void Phone::Impl::on_invite(std::uint64_t request, const sip::Message& message) {
  if (calls_.count(message.call_id) != 0) return refuse(request, 482);
  if (calls_.size() >= limits::calls_live_max) return refuse(request, 503);
  Call call;
  call.id = message.call_id;
  call.invite = request;
  call.request = message;
  call.to = std::string(sip::user_of_uri(message.uri));
  call.plan = plan_for(call.to);
  call.tag = sha256_hex(fmt::format("phone {} {}", message.call_id, message.from.tag)).substr(0, 16);
  tell(call, "invite");
  int refusal = refusal_of(call.plan.mode);
  const auto offer = sip::parse_sdp(message.body);
  if (refusal == 0 && !(offer && sip::choose_media(*offer))) refusal = 488;
  if (refusal == 0 && !sip::is_sip_uri(message.contact)) refusal = 400;
  if (refusal != 0) {
    refuse(request, refusal);
    return tell(call, "ended");
  }
  nta::Answer ringing;
  ringing.status = 180;
  ringing.to_tag = call.tag;
  ringing.contact = contact_of(call);
  endpoint_->reply(request, ringing);
  const SteadyTime now = clock_.steady();
  call.answer_due = now + (call.plan.mode == Plan::Mode::ring ? ring_out_max : call.plan.answer_after);
  tell(call, "ringing");
  calls_.emplace(call.id, std::move(call));
  arm();
}

void Phone::Impl::on_dialog_request(std::uint64_t request, const sip::Message& message) {
  const auto found = calls_.find(message.call_id);
  if (found == calls_.end() || message.to.tag != found->second.tag ||
      message.from.tag != found->second.request.from.tag) {
    return refuse(request, 481);
  }
  Call& call = found->second;
  if (message.method == "INVITE") return reoffer(call, request, message);
  refuse(request, 200);
  if (message.method != "BYE") return;
  tell(call, "bye");
  finish(call);
}

void Phone::Impl::reoffer(Call& call, std::uint64_t request, const sip::Message& message) {
  const auto offer = sip::parse_sdp(message.body);
  const auto body = offer ? sip::make_answer(*offer, {endpoint_->host(), call.port, 1, ++call.sdp_version})
                          : Result<std::string>(tl::unexpected(offer.error()));
  nta::Answer answer;
  answer.status = body && call.is_answered ? 200 : 488;
  if (answer.status == 200) {
    answer.contact = contact_of(call);
    answer.sdp = *body;
  }
  endpoint_->reply(request, answer);
}

void Phone::Impl::on_cancel(std::uint64_t request) {
  if (Call* call = by_invite(request)) {
    tell(*call, "cancelled");
    finish(*call);
  }
}

/// Without an ACK for 32 s the caller does not know that we answered: hang up (RFC 3261 13.3.1.4).
void Phone::Impl::on_ack(std::uint64_t request, bool came) {
  Call* call = by_invite(request);
  if (!call) return;
  call->invite = 0;
  if (!came) hang_up(*call);
}

void Phone::Impl::answer(Call& call) {
  call.answer_due.reset();
  if (call.plan.mode == Plan::Mode::ring) {
    refuse(call.invite, 480);
    return finish(call);
  }
  media::StreamEvents events;
  events.on_pause = [this, id = call.id] { gate_->post([this, id] { on_pause(id); }); };
  const auto stream = media_->open(std::move(events));
  const auto offer = sip::parse_sdp(call.request.body);
  const auto remote =
      offer ? sip::choose_media(*offer) : Result<sip::RemoteMedia>(tl::unexpected(offer.error()));
  if (!stream || !remote) {
    refuse(call.invite, 500);
    return finish(call);
  }
  call.stream = stream->id;
  call.port = stream->port;
  if (!settings_.record_folder.empty()) {
    const std::string path = settings_.record_folder + "/" + file_name_of(call.id);
    if (media_->record(stream->id, path)) call.wav = path;
  }
  media::RemoteAudio audio;
  audio.ip = remote->ip;
  audio.port = remote->port;
  audio.law = remote->payload == 0 ? media::Law::mu : media::Law::a;
  audio.event_payload = remote->event_payload;
  audio.own_event_payload = remote->event_payload.value_or(101);
  media_->connect(stream->id, audio);
  nta::Answer ok;
  ok.status = 200;
  ok.to_tag = call.tag;
  ok.contact = contact_of(call);
  ok.sdp = sip::make_answer(*offer, {endpoint_->host(), call.port, 1, call.sdp_version}).value_or("");
  endpoint_->reply(call.invite, ok);
  call.is_answered = true;
  call.answered_at = clock_.steady();
  if (call.plan.hang_up_after) call.hang_up_due = call.answered_at + *call.plan.hang_up_after;
  plan_key(call, false);
  tell(call, "answered");
}

/// Keys are pressed in order; one that waits for a pause gets its time when the pause comes.
void Phone::Impl::plan_key(Call& call, bool has_paused) {
  call.key_due.reset();
  if (call.next_key >= call.plan.keys.size()) return;
  const PlannedKey& planned = call.plan.keys[call.next_key];
  if (!planned.at_pause) {
    call.key_due = call.answered_at + planned.after;
  } else if (has_paused) {
    call.key_due = clock_.steady() + planned.after;
  }
}

void Phone::Impl::on_pause(const std::string& id) {
  const auto found = calls_.find(id);
  if (found == calls_.end() || found->second.key_due) return;
  plan_key(found->second, true);
  arm();
}

void Phone::Impl::press(Call& call) {
  const char key = call.plan.keys[call.next_key].key;
  if (call.stream) media_->press(*call.stream, key, press_length);
  ++call.next_key;
  plan_key(call, false);
  tell(call, "key", key);
}

void Phone::Impl::hang_up(Call& call) {
  sip::Message bye;
  bye.method = "BYE";
  bye.uri = call.request.contact;
  bye.call_id = call.id;
  bye.from = call.request.to;
  bye.from.tag = call.tag;
  bye.to = call.request.from;
  bye.cseq = 1;
  bye.routes = call.request.routes;
  static_cast<void>(endpoint_->send(bye).has_value());
  finish(call);
}

void Phone::Impl::finish(Call& call) {
  const Call ended = std::move(call);
  calls_.erase(ended.id);
  tell(ended, "ended");
  if (!ended.stream) return;
  media_->close(*ended.stream, [this, gate = gate_, ended] {
    if (!ended.wav.empty()) gate->post([this, ended] { tell(ended, "recorded"); });
  });
}

void Phone::Impl::on_timer() {
  const SteadyTime now = clock_.steady();
  const auto is_due = [now](const std::optional<SteadyTime>& due) { return due && *due <= now; };
  std::vector<std::string> ready;
  for (const auto& [id, call] : calls_) {
    if (is_due(call.answer_due) || is_due(call.key_due) || is_due(call.hang_up_due)) ready.push_back(id);
  }
  std::sort(ready.begin(), ready.end());
  for (const std::string& id : ready) {
    Call& call = calls_.at(id);
    if (is_due(call.answer_due)) {
      answer(call);
    } else if (is_due(call.hang_up_due)) {
      hang_up(call);
    } else {
      press(call);
    }
  }
  arm();
}

void Phone::Impl::arm() {
  std::optional<SteadyTime> next;
  for (const auto& [id, call] : calls_) {
    for (const auto& due : {call.answer_due, call.key_due, call.hang_up_due}) {
      if (due && (!next || *due < *next)) next = due;
    }
  }
  if (next) endpoint_->wake_after(std::max(*next - clock_.steady(), Millis(1)));
}

Call* Phone::Impl::by_invite(std::uint64_t request) {
  for (auto& [id, call] : calls_) {
    if (call.invite == request) return &call;
  }
  return nullptr;
}

std::string Phone::Impl::contact_of(const Call& call) const {
  const std::string user = call.to.empty() ? "phone" : call.to;
  return fmt::format("sip:{}@{}:{}", user, endpoint_->host(), endpoint_->port());
}

Phone::Phone(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Phone::~Phone() = default;

Result<std::unique_ptr<Phone>> Phone::open(const Settings& settings, const runtime::Clock& clock,
                                           std::function<void(const Event&)> on_event) {
  auto impl = std::make_unique<Impl>(settings, clock, std::move(on_event));
  if (auto started = impl->start(); !started) return tl::unexpected(started.error());
  return std::unique_ptr<Phone>(new Phone(std::move(impl)));
}

std::uint16_t Phone::port() const {
  return impl_->port();
}

} // namespace kaden::phone
