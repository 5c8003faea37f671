// The library's side: agent, callbacks, and how its events become ours.
#include "core.h" // first: it tells the library's headers our context types

#include <fmt/format.h>
#include <sofia-sip/nta_tag.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>
#include <sofia-sip/su_log.h>
#include <sofia-sip/tport_tag.h>

#include "read_message.h"
#include "socket_filter.h"

extern "C" {
SOFIAPUBVAR su_log_t nta_log[];
SOFIAPUBVAR su_log_t tport_log[];
}

namespace kaden::nta {
namespace {

constexpr const char* allowed = "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO";

void say_nothing(void*, char const*, va_list) {}

/// By default the library writes a line to stderr for every bad packet: anybody could fill the log.
void silence_library() {
  for (su_log_t* log : {static_cast<su_log_t*>(nullptr), su_log_global, static_cast<su_log_t*>(nta_log),
                        static_cast<su_log_t*>(tport_log)}) {
    su_log_redirect(log, say_nothing, nullptr);
    su_log_set_level(log, 0);
  }
}

int on_request(Loop* loop, nta_leg_t*, nta_incoming_t* transaction, const sip_t* parsed);
int on_ack_or_cancel(Incoming* incoming, nta_incoming_t*, const sip_t* parsed);

int on_stray(Outgoing* stray, nta_outgoing_t*, const sip_t* parsed) {
  if (parsed && parsed->sip_status) stray->loop->events.on_stray(read_message(*parsed, false));
  return 0;
}

int on_jobs(su_root_magic_t*, su_wait_t*, Loop* loop) {
  loop->run_jobs();
  return 0;
}

int on_request(Loop* loop, nta_leg_t*, nta_incoming_t* transaction, const sip_t* parsed) {
  const sip_method_t method = nta_incoming_method(transaction);
  if (method == sip_method_ack) return 200; // of a 2xx, or of nobody; 2xx here only means: done with it
  if (method == sip_method_options) {
    nta_incoming_treply(transaction, SIP_200_OK, SIPTAG_ALLOW_STR(allowed),
                        SIPTAG_ACCEPT_STR("application/sdp"), TAG_END());
    return 200;
  }
  if (method == sip_method_cancel) return 481;
  if (method != sip_method_invite && method != sip_method_bye && method != sip_method_info) {
    nta_incoming_treply(transaction, SIP_405_METHOD_NOT_ALLOWED, SIPTAG_ALLOW_STR(allowed), TAG_END());
    return 405;
  }
  auto incoming = std::make_unique<Incoming>();
  Incoming* const kept = incoming.get();
  kept->loop = loop;
  kept->number = ++loop->last_number;
  kept->is_invite = method == sip_method_invite;
  kept->transaction = transaction;
  const std::uint64_t number = kept->number;
  loop->incoming.emplace(number, std::move(incoming));
  if (kept->is_invite) nta_incoming_bind(transaction, on_ack_or_cancel, kept);
  loop->events.on_request(number, read_message(*parsed, false));
  return 0;
}

int on_ack_or_cancel(Incoming* incoming, nta_incoming_t*, const sip_t* parsed) {
  Loop& loop = *incoming->loop;
  const std::uint64_t number = incoming->number;
  const bool is_cancel = parsed && parsed->sip_request && parsed->sip_request->rq_method == sip_method_cancel;
  nta_incoming_destroy(incoming->transaction);
  loop.incoming.erase(number);
  if (is_cancel) {
    loop.events.on_cancel(number);
  } else {
    loop.events.on_ack(number, parsed != nullptr);
  }
  return 0;
}

} // namespace

Result<void> Loop::open(int job_signal) {
  silence_library();
  root = su_root_create(nullptr);
  if (!root) return fail(Fault::unavailable, "starting SIP: no event loop");
  su_root_threading(root, 0);
  if (auto made = create_agent(); !made) return made;
  default_leg = nta_leg_tcreate(agent, on_request, this, NTATAG_NO_DIALOG(1), TAG_END());
  stray.loop = this;
  timer = su_timer_create(su_root_task(root), 0);
  su_wait_t wait[1];
  const bool has_jobs = su_wait_create(wait, job_signal, SU_WAIT_IN) == 0 &&
                        su_root_register(root, wait, on_jobs, this, 0) >= 0;
  if (!default_leg || !timer || !has_jobs || !nta_outgoing_default(agent, on_stray, &stray)) {
    return fail(Fault::unavailable, "starting SIP: out of memory");
  }
  return {};
}

Result<void> Loop::create_agent() {
  host = settings.advertised.empty() ? settings.bind_ip : settings.advertised;
  const std::string port_text = settings.port == 0 ? "*" : std::to_string(settings.port);
  const std::string maddr = host == settings.bind_ip ? "" : ";maddr=" + settings.bind_ip;
  const std::string url = fmt::format("sip:{}:{};transport=udp{}", host, port_text, maddr);
  agent = nta_agent_create(root, URL_STRING_MAKE(url.c_str()), nullptr, this,
                           NTATAG_UA(settings.answers_calls), NTATAG_PASS_100(1), NTATAG_UDP_MTU(65535),
                           NTATAG_USE_SRV(0), NTATAG_USE_NAPTR(0), TPTAG_UDP_RMEM(4'000'000), TAG_END());
  if (!agent)
    return fail(Fault::unavailable,
                fmt::format("listening on udp {}:{}: refused", settings.bind_ip, port_text));
  const sip_via_t* via = nta_agent_via(agent);
  const auto bound = parse_int(via && via->v_port ? via->v_port : "5060");
  port = static_cast<std::uint16_t>(bound.value_or(5060));
  return filter_socket(settings.bind_ip, port);
}

void Loop::close() {
  // Ours first: taking the agent down frees what is left without telling anybody.
  for (auto& [number, open] : outgoing) nta_outgoing_destroy(open->transaction);
  for (auto& [number, open] : incoming) nta_incoming_bind(open->transaction, nullptr, nullptr);
  if (timer) su_timer_destroy(timer);
  if (agent) nta_agent_destroy(agent);
  if (root) su_root_destroy(root);
  outgoing.clear();
  incoming.clear();
  timer = nullptr;
  agent = nullptr;
  root = nullptr;
}

void Loop::run_jobs() {
  for (auto& job : take_jobs()) job();
}

} // namespace kaden::nta
