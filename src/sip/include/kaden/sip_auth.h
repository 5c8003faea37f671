/// kaden/sip_auth.h - digest authentication towards a trunk (RFC 3261 section 22, RFC 7616, RFC 8760). Room:
/// sip. Uses: base. MD5 and SHA-256, qop auth or none; -sess and auth-int are not offered by trunks and not
/// taken. Threads: values; any. Errors: Fault::invalid for a challenge that cannot be answered.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"

namespace kaden::sip {

struct Challenge {
  std::string realm, nonce, opaque;
  bool is_sha256 = false;
  bool has_qop = false; ///< qop with auth among its options
  bool has_opaque = false;
  bool operator==(const Challenge&) const = default;
};

/// One WWW-Authenticate or Proxy-Authenticate value. At most 2,048 bytes.
Result<Challenge> parse_challenge(std::string_view value);

/// The strongest challenge that can be answered (RFC 8760 2.4 lets the client choose among those it
/// supports).
Result<Challenge> choose_challenge(const std::vector<std::string>& values);

struct Credentials {
  std::string user, password;
};

/// The value of Authorization or Proxy-Authorization. `cnonce` is ours; the nonce count is 1, since each
/// challenge is answered once.
std::string answer_challenge(const Challenge& challenge, const Credentials& credentials,
                             std::string_view method, std::string_view uri, std::string_view cnonce);

} // namespace kaden::sip
