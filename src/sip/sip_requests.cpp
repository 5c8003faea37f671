// The requests of a call as values: what each carries, and where it goes (RFC
// 3261 8.1, 9.1, 12.2.1.1, 13.2.2.4).
#include <algorithm>

#include "requests.h"

namespace kaden::sip {
namespace {

constexpr std::size_t routes_max = 16;
constexpr const char* allowed = "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO";

bool is_loose(std::string_view route) {
  for (std::string_view part : split(route, ';')) {
    if (equal_no_case(part.substr(0, part.find('=')), "lr")) return true;
  }
  return false;
}

/// Loose routing as it should be; for a strict router the first route becomes the Request-URI (12.2.1.1).
void direct(Message& request, const Dialog& dialog) {
  request.uri = dialog.remote_target;
  request.routes = dialog.routes;
  if (request.routes.empty() || is_loose(request.routes.front())) return;
  request.uri = request.routes.front();
  request.routes.erase(request.routes.begin());
  request.routes.push_back(dialog.remote_target);
}

} // namespace

Message make_invite(const SessionOrder& order, std::uint32_t cseq) {
  const DialIdentity identity = make_identity(order.call);
  Message out;
  out.method = "INVITE";
  out.uri = order.target;
  out.call_id = identity.call_id;
  out.from = order.from;
  out.from.tag = identity.from_tag;
  out.to.uri = order.target;
  out.cseq = cseq;
  out.branch = identity.branch(cseq);
  out.contact = order.contact;
  out.routes = order.routes;
  out.content_type = "application/sdp";
  out.body = make_offer(order.media);
  out.headers = {{"Allow", allowed}, {"User-Agent", "Kaden"}};
  return out;
}

Message make_cancel(const SessionOrder& order, std::uint32_t invite_cseq) {
  Message out = make_invite(order, invite_cseq);
  out.method = "CANCEL";
  out.contact.clear();
  out.content_type.clear();
  out.body.clear();
  out.headers = {{"User-Agent", "Kaden"}};
  return out;
}

Message make_in_dialog(const SessionOrder& order, const Dialog& dialog, const std::string& method,
                       std::uint32_t cseq) {
  const DialIdentity identity = make_identity(order.call);
  Message out;
  out.method = method;
  out.call_id = identity.call_id;
  out.from = order.from;
  out.from.tag = identity.from_tag;
  out.to.uri = order.target;
  out.to.tag = dialog.remote_tag;
  out.cseq = cseq;
  out.branch = identity.branch(method + " " + std::to_string(cseq) + " " + dialog.remote_tag);
  out.headers = {{"User-Agent", "Kaden"}};
  direct(out, dialog);
  return out;
}

Message make_bye(const SessionOrder& order, const Dialog& dialog, std::uint32_t number) {
  return make_in_dialog(order, dialog, "BYE", dialog.invite_cseq + number);
}

std::optional<Dialog> dialog_of(const Message& answer) {
  if (!is_sip_uri(answer.contact) || answer.routes.size() > routes_max) return std::nullopt;
  if (!std::all_of(answer.routes.begin(), answer.routes.end(),
                   [](const std::string& r) { return is_sip_uri(r); })) {
    return std::nullopt;
  }
  Dialog out;
  out.remote_tag = answer.to.tag;
  out.remote_target = answer.contact;
  out.routes.assign(answer.routes.rbegin(), answer.routes.rend()); // Record-Route reversed: 12.1.2
  out.invite_cseq = answer.cseq;
  return out;
}

std::vector<Action> end_late_answer(const Message& answer, const std::string& fallback) {
  SessionOrder order;
  order.call.text = answer.call_id;
  order.target = answer.to.uri;
  order.from = answer.from;
  const Dialog dialog = dialog_of(answer).value_or(Dialog{answer.to.tag, fallback, {}, answer.cseq});
  std::vector<Action> out;
  for (Message message : {make_in_dialog(order, dialog, "ACK", answer.cseq), make_bye(order, dialog, 1)}) {
    message.from = answer.from;
    message.to = answer.to;
    if (message.method == "ACK") {
      out.emplace_back(SendAck{std::move(message)});
    } else {
      out.emplace_back(SendRequest{std::move(message)});
    }
  }
  return out;
}

Message ack_refusal(const Message& refusal, const std::string& target) {
  Message out;
  out.method = "ACK";
  out.uri = target;
  out.call_id = refusal.call_id;
  out.from = refusal.from;
  out.to = refusal.to;
  out.cseq = refusal.cseq;
  out.branch = refusal.branch;
  return out;
}

std::optional<Message> authorised(const Message& request, const Message& challenge,
                                  const Credentials& credentials) {
  if (credentials.user.empty()) return std::nullopt;
  const bool by_proxy = challenge.status == 407;
  const auto chosen =
      choose_challenge(values_of(challenge, by_proxy ? "Proxy-Authenticate" : "WWW-Authenticate"));
  if (!chosen) return std::nullopt;
  Message out = request;
  out.cseq += 1;
  const DialIdentity identity{request.call_id, request.from.tag};
  out.branch = request.method == "INVITE"
                   ? identity.branch(out.cseq)
                   : identity.branch(request.method + " " + std::to_string(out.cseq) + " " + request.to.tag);
  const std::string cnonce = sha256_hex(chosen->nonce + "\n" + out.branch).substr(0, 16);
  out.headers.push_back({by_proxy ? "Proxy-Authorization" : "Authorization",
                         answer_challenge(*chosen, credentials, out.method, out.uri, cnonce)});
  return out;
}

} // namespace kaden::sip
