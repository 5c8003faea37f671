#include "kaden/sip_identity.h"

namespace kaden::sip {
namespace {

std::string derived(std::string_view what, std::string_view call_id, std::size_t digits) {
  std::string seed = "kaden sip ";
  seed += what;
  seed += '\n';
  seed += call_id;
  return sha256_hex(seed).substr(0, digits);
}

} // namespace

std::string DialIdentity::branch(std::uint32_t invite_cseq) const {
  return branch("INVITE " + std::to_string(invite_cseq));
}

std::string DialIdentity::branch(std::string_view label) const {
  return "z9hG4bK" + derived("branch " + std::string(label), call_id, 32);
}

DialIdentity make_identity(const CallId& call) {
  return {call.text, derived("tag", call.text, 32)};
}

} // namespace kaden::sip
