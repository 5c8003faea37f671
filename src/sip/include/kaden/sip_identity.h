/// kaden/sip_identity.h - the identifiers of a SIP dial, derived from its CallId alone. Room: sip. Uses:
/// base. A restarted process that knows only the CallId can write the CANCEL of its predecessor's INVITE: RFC
/// 3261 9.1 matches it by Request-URI, Call-ID, From tag, CSeq and the topmost Via's branch. Threads: values;
/// any. Errors: none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kaden/base.h"

namespace kaden::sip {

struct DialIdentity {
  std::string call_id;  ///< the CallId's own text: one word to search for in every log on the way
  std::string from_tag; ///< 128 bits, RFC 3261 19.3
  bool operator==(const DialIdentity&) const = default;

  /// Via branch of the INVITE with that CSeq number, and of its CANCEL (9.1).
  std::string branch(std::uint32_t invite_cseq) const;
  /// Via branch of another request of this call, one for each `label` ("BYE 3").
  std::string branch(std::string_view label) const;
};

DialIdentity make_identity(const CallId& call);

} // namespace kaden::sip
