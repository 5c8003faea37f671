// The front door: what any thread may ask, handed to the endpoint's thread.
#include "kaden/sip_carrier.h"
#include "kaden/limits/calls.h"

#include <utility>

#include "sip_core.h"

namespace kaden::carrier {

SipCarrier::Impl::Impl(SipSettings settings, Listener& listener, const runtime::Clock& clock)
    : settings_(std::move(settings)), listener_(listener), clock_(clock) {}

SipCarrier::Impl::~Impl() {
  gate_->close();
  if (endpoint_) endpoint_->stop(); // its thread uses media, and media's callbacks the gate
  media_.reset();
}

Result<void> SipCarrier::Impl::start() {
  if (!settings_.proxy.empty() && !sip::is_sip_uri(settings_.proxy)) {
    return fail(Fault::invalid, "SIP carrier: proxy: not a SIP URI");
  }
  if (!sip::is_ipv4(settings_.advertised.empty() ? settings_.bind_ip : settings_.advertised)) {
    return fail(Fault::invalid, "SIP carrier: the advertised address is not IPv4");
  }
  auto media =
      media::MediaEngine::start({settings_.bind_ip, settings_.rtp_first, settings_.rtp_last}, clock_);
  if (!media) return fail_while("SIP carrier", media.error());
  media_ = std::move(*media);
  nta::Settings transport;
  transport.bind_ip = settings_.bind_ip;
  transport.port = settings_.port;
  transport.advertised = settings_.advertised;
  auto endpoint = nta::Endpoint::open(transport, *this);
  if (!endpoint) return fail_while("SIP carrier", endpoint.error());
  endpoint_ = std::move(*endpoint);
  if (!sip::is_sip_uri(session_order({"x"}, "sip:x@127.0.0.1").from.uri)) {
    return fail(Fault::invalid, "SIP carrier: from user or host makes no SIP URI");
  }
  gate_->open(endpoint_.get());
  endpoint_->start();
  return {};
}

Result<void> SipCarrier::Impl::place(CallOrder order) {
  if (!sip::is_sip_uri(order.address))
    return fail(Fault::invalid, "placing a call: not a SIP URI: " + order.address);
  if (order.call.text.empty()) return fail(Fault::invalid, "placing a call: no call id");
  const std::string id = order.call.text;
  std::lock_guard lock(mutex_);
  if (known_.count(id) != 0) return {};
  if (live_ >= limits::calls_live_max) return fail(Fault::busy, "placing a call: too many calls at once");
  if (!endpoint_->post([this, order = std::move(order)] { begin(order); })) {
    return fail(Fault::busy, "placing a call: the SIP thread is overloaded");
  }
  known_.insert(id);
  known_order_.push_back(id);
  if (known_order_.size() > limits::known_calls_max) {
    known_.erase(known_order_.front());
    known_order_.pop_front();
  }
  ++live_;
  placed_.fetch_add(1, std::memory_order_relaxed);
  return {};
}

void SipCarrier::Impl::post(std::function<void()> job) {
  gate_->post(std::move(job));
}

SipCounts SipCarrier::Impl::counts() const {
  SipCounts out;
  out.placed = placed_.load(std::memory_order_relaxed);
  out.recovered = recovered_.load(std::memory_order_relaxed);
  out.late_answers_ended = late_answers_ended_.load(std::memory_order_relaxed);
  out.media = media_->counts();
  std::lock_guard lock(mutex_);
  out.live = live_;
  return out;
}

SipCarrier::SipCarrier(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SipCarrier::~SipCarrier() = default;

Result<std::unique_ptr<SipCarrier>> SipCarrier::start(const SipSettings& settings, Listener& listener,
                                                      const runtime::Clock& clock) {
  auto impl = std::make_unique<Impl>(settings, listener, clock);
  if (auto started = impl->start(); !started) return tl::unexpected(started.error());
  return std::unique_ptr<SipCarrier>(new SipCarrier(std::move(impl)));
}

Result<void> SipCarrier::place(CallOrder order) {
  return impl_->place(std::move(order));
}

void SipCarrier::proceed(const CallId& call) {
  impl_->post([impl = impl_.get(), call] { impl->proceed(call); });
}

/// The script holds one key at a time; which one it was is its own to know.
void SipCarrier::answer_key(const CallId& call, char, Verdict verdict) {
  impl_->post([impl = impl_.get(), call, verdict] { impl->judge(call, verdict); });
}

void SipCarrier::end(const CallId& call, EndReason reason) {
  impl_->post([impl = impl_.get(), call, reason] { impl->end(call, reason); });
}

void SipCarrier::recover(const CallId& call, const std::string& address, Progress, const Dialog& dialog) {
  impl_->post([impl = impl_.get(), call, address, dialog] { impl->recover(call, address, dialog); });
}

std::uint16_t SipCarrier::port() const {
  return impl_->port();
}
SipCounts SipCarrier::counts() const {
  return impl_->counts();
}

} // namespace kaden::carrier
