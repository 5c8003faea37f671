// Our side: the thread, jobs, and what we send.
#include "core.h" // first: it tells the library's headers our context types

#include <fmt/format.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/nta_stateless.h>
#include <sofia-sip/nta_tag.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>
#include <sofia-sip/sip_util.h>
#include <sofia-sip/su.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "kaden/limits/engine.h"
#include "kaden/runtime.h"
#include "read_message.h"

namespace kaden::nta {
namespace {

int on_response(Outgoing* outgoing, nta_outgoing_t* transaction, const sip_t* parsed) {
  if (!parsed || !parsed->sip_status) return 0;
  Loop& loop = *outgoing->loop;
  const std::uint64_t number = outgoing->number;
  const int status = parsed->sip_status->st_status;
  const sip::Message message = read_message(*parsed, nta_sip_is_internal(parsed) != 0);
  // A 2xx to INVITE may be followed by others; every other final one closes the transaction for us.
  if (status >= 200 && (!outgoing->is_invite || status >= 300)) {
    nta_outgoing_destroy(transaction);
    loop.outgoing.erase(number);
  }
  loop.events.on_response(number, message);
  return 0;
}

/// Our own text through the library's parser: the one place where a message of ours becomes the library's.
Result<msg_t*> parse_own(const sip::Message& message) {
  const auto text = sip::to_wire(message);
  if (!text) return tl::unexpected(text.error());
  msg_t* msg = msg_make(sip_default_mclass(), 0, text->data(), static_cast<ssize_t>(text->size()));
  const sip_t* parsed = msg ? sip_object(msg) : nullptr;
  if (!parsed || !parsed->sip_request || parsed->sip_error) {
    if (msg) msg_destroy(msg);
    return fail(Fault::invalid, "writing a SIP request: malformed");
  }
  return msg;
}

const char* branch_or_none(const sip::Message& message) {
  return message.branch.empty() ? nullptr : message.branch.c_str();
}

std::string in_brackets(const std::string& uri) {
  return uri.empty() ? "" : fmt::format("<{}>", uri);
}

} // namespace

Endpoint::Core::Core(Settings with, Events& events) : settings(std::move(with)), loop(settings, events) {
  loop.take_jobs = [this] {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t taken =
        read(signal_, &count, sizeof count); // empty is fine: jobs_ says what waits
    std::lock_guard lock(mutex_);
    return std::exchange(jobs_, {});
  };
}

Endpoint::Core::~Core() {
  stop();
  if (signal_ >= 0) close(signal_);
}

void Endpoint::Core::stop() {
  if (thread_.joinable()) {
    {
      std::lock_guard lock(mutex_);
      stage_ = Stage::ending;
      jobs_.clear();
      jobs_.emplace_back([this] { su_root_break(loop.root); });
    }
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t rung = write(signal_, &one, sizeof one); // full means it is awake already
    changed_.notify_all();
    thread_.join();
  }
}

Result<void> Endpoint::Core::open() {
  signal_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (signal_ < 0) return fail(Fault::unavailable, "starting SIP: no event descriptor");
  thread_ = std::thread([this] { run(); });
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stage_ != Stage::opening; });
  return opened_;
}

/// The library wants its objects made, run and freed on one thread.
void Endpoint::Core::run() {
  runtime::name_thread(settings.thread_name);
  su_init();
  auto result = loop.open(signal_);
  {
    std::unique_lock lock(mutex_);
    opened_ = std::move(result);
    stage_ = Stage::opened;
    changed_.notify_all();
    if (opened_) changed_.wait(lock, [this] { return stage_ != Stage::opened; });
  }
  if (opened_) su_root_run(loop.root);
  loop.close();
  su_deinit();
}

void Endpoint::Core::start() {
  {
    std::lock_guard lock(mutex_);
    if (stage_ == Stage::opened) stage_ = Stage::running;
  }
  changed_.notify_all();
}

bool Endpoint::Core::post(std::function<void()> job) {
  {
    std::lock_guard lock(mutex_);
    if (stage_ == Stage::ending || jobs_.size() >= limits::jobs_max) return false;
    jobs_.push_back(std::move(job));
    if (jobs_.size() > 1) return true; // the loop is awake already
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t rung = write(signal_, &one, sizeof one); // full means it is awake already
  return true;
}

Endpoint::Endpoint() = default;
Endpoint::~Endpoint() = default;

Result<std::unique_ptr<Endpoint>> Endpoint::open(const Settings& settings, Events& events) {
  std::unique_ptr<Endpoint> out(new Endpoint());
  out->core_ = std::make_unique<Core>(settings, events);
  if (auto opened = out->core_->open(); !opened) return tl::unexpected(opened.error());
  return out;
}

void Endpoint::start() {
  core_->start();
}

void Endpoint::stop() {
  core_->stop();
}
std::uint16_t Endpoint::port() const {
  return core_->loop.port;
}
const std::string& Endpoint::host() const {
  return core_->loop.host;
}
bool Endpoint::post(std::function<void()> job) {
  return core_->post(std::move(job));
}

Result<std::uint64_t> Endpoint::send(const sip::Message& request) {
  Loop& loop = core_->loop;
  const auto msg = parse_own(request);
  if (!msg) return tl::unexpected(msg.error());
  auto outgoing = std::make_unique<Outgoing>();
  outgoing->loop = &loop;
  outgoing->number = ++loop.last_number;
  outgoing->is_invite = request.method == "INVITE";
  outgoing->transaction = nta_outgoing_mcreate(
      loop.agent, on_response, outgoing.get(), nullptr, *msg,
      TAG_IF(!request.branch.empty(), NTATAG_BRANCH_KEY(branch_or_none(request))), TAG_END());
  if (!outgoing->transaction) {
    msg_destroy(*msg);
    return fail(Fault::unavailable,
                fmt::format("sending {}: refused by the transaction layer", request.method));
  }
  const std::uint64_t number = outgoing->number;
  loop.outgoing.emplace(number, std::move(outgoing));
  return number;
}

void Endpoint::forget(std::uint64_t transaction) {
  const auto found = core_->loop.outgoing.find(transaction);
  if (found == core_->loop.outgoing.end()) return;
  nta_outgoing_destroy(found->second->transaction);
  core_->loop.outgoing.erase(found);
}

Result<void> Endpoint::send_ack(const sip::Message& ack) {
  const auto msg = parse_own(ack);
  if (!msg) return tl::unexpected(msg.error());
  const int sent =
      nta_msg_tsend(core_->loop.agent, *msg, nullptr,
                    TAG_IF(!ack.branch.empty(), NTATAG_BRANCH_KEY(branch_or_none(ack))), TAG_END());
  if (sent != 0) return fail(Fault::unavailable, "sending ACK: refused by the transaction layer");
  return {};
}

void Endpoint::reply(std::uint64_t request, const Answer& answer) {
  Loop& loop = core_->loop;
  const auto found = loop.incoming.find(request);
  if (found == loop.incoming.end()) return;
  Incoming& incoming = *found->second;
  if (!answer.to_tag.empty()) nta_incoming_tag(incoming.transaction, answer.to_tag.c_str());
  const std::string contact = in_brackets(answer.contact);
  const char* phrase = answer.phrase.empty() ? sip_status_phrase(answer.status) : answer.phrase.c_str();
  nta_incoming_treply(incoming.transaction, answer.status, phrase ? phrase : "Unknown",
                      TAG_IF(!contact.empty(), SIPTAG_CONTACT_STR(contact.c_str())),
                      TAG_IF(!answer.sdp.empty(), SIPTAG_CONTENT_TYPE_STR("application/sdp")),
                      TAG_IF(!answer.sdp.empty(), SIPTAG_PAYLOAD_STR(answer.sdp.c_str())), TAG_END());
  if (answer.status < 200) return;
  const bool waits_for_ack = incoming.is_invite && answer.status < 300 && loop.settings.answers_calls;
  if (waits_for_ack) return;
  nta_incoming_t* const transaction = incoming.transaction;
  loop.incoming.erase(found);
  nta_incoming_destroy(transaction);
}

void Endpoint::wake_after(Millis wait) {
  const auto ms = std::clamp<std::int64_t>(wait.count(), 1, limits::reminder_max.count());
  su_timer_set_interval(
      core_->loop.timer, [](su_root_magic_t*, su_timer_t*, Loop* loop) { loop->events.on_timer(); },
      &core_->loop, static_cast<su_duration_t>(ms));
}

} // namespace kaden::nta
