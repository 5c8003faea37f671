/// kaden/sigv4.h - AWS Signature Version 4: sign a request or a URL, verify signed ones. Room: sigv4. Uses:
/// base. Pure: the time is an argument. Threads: any. Errors: a Refusal names AWS's error code; no secret is
/// ever in it. AWS General Reference, "Signature Version 4 signing process"; all but S3's variant (paths are
/// normalised and encoded once more).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "kaden/base.h"

namespace kaden::sigv4 {

using Headers = std::vector<std::pair<std::string, std::string>>; ///< in the order sent

/// What is signed. Borrowed views and references are not kept.
struct Request {
  std::string_view method; ///< "POST"
  std::string_view target; ///< as on the wire: "/path?query"
  const Headers& headers;
  std::string_view body; ///< the bytes as sent, after any compression
};

struct Credentials {
  std::string access_key_id;
  std::string secret;
  std::string session_token; ///< empty: a long-term key
};

/// "20260824/ap-northeast-1/monitoring/aws4_request"
struct Scope {
  std::string date; ///< YYYYMMDD
  std::string region;
  std::string service; ///< "monitoring" for CloudWatch
  std::string text() const;
};

/// "20260824T030405Z"
std::string amz_date(WallTime at);

// The steps, each as the vectors test it
// ---------------------------------------------------------------------------

/// `signed_headers`: lower case, sorted, joined with ';'. Repeated headers are joined with ',' in the order
/// sent. A parameter X-Amz-Signature is left out: of a presigned URL it is the result itself.
std::string canonical_request(const Request& request, std::string_view signed_headers);
std::string string_to_sign(std::string_view amz_date, const Scope& scope, std::string_view canonical_request);
/// Lower-case hex.
std::string signature(std::string_view secret, const Scope& scope, std::string_view string_to_sign);

/// Adds X-Amz-Date, X-Amz-Security-Token (when there is one) and Authorization to `headers`, which must hold
/// Host; older ones of these are removed first, so a retry is signed again. Signs every header except those
/// that HTTP libraries and proxies change (Connection, User-Agent and the like).
void sign(std::string_view method, std::string_view target, Headers& headers, std::string_view body,
          const Credentials& credentials, std::string_view region, std::string_view service, WallTime now);

/// The target with its signature as parameters, good for `valid_for` (1 s to 7 days) from `now` on. The
/// request is sent with the header Host as given, and with `body`.
std::string presign(std::string_view method, std::string_view target, std::string_view host,
                    std::string_view body, const Credentials& credentials, std::string_view region,
                    std::string_view service, Millis valid_for, WallTime now);

// Verification
// -----------------------------------------------------------------------------------------------------

struct Refusal {
  std::string_view code; ///< "SignatureDoesNotMatch", ...
  int http_status = 403;
  std::string message; ///< for the sender
};

/// What is known of an access key id; nullopt: nothing.
using KeyOf = std::function<std::optional<Credentials>(std::string_view access_key_id)>;

struct Expectation {
  /// Any region is taken: a client behind a VPC endpoint keeps its own.
  std::vector<std::string_view> services{"monitoring"};
  WallTime now{};
  Millis skew_max{};
};

struct Signer {
  std::string access_key_id;
  Scope scope;
  bool presigned = false;
};

/// Who signed the request, or why it is refused: MissingAuthenticationToken, IncompleteSignature,
/// InvalidClientTokenId (unknown key, or not its session token), RequestExpired, SignatureDoesNotMatch.
/// Either the header Authorization or the parameters of a presigned URL; both together are refused. Host and
/// every X-Amz-* header must be signed. A key with a session token needs it, one without must come without.
/// Signatures and tokens are compared in constant time. A request that is sent again within the skew is taken
/// again, as AWS does.
tl::expected<Signer, Refusal> verify(const Request& request, const KeyOf& key_of,
                                     const Expectation& expected);

/// The access key id that a request claims, unverified; empty when it claims none.
std::string claimed_key(const Request& request);

} // namespace kaden::sigv4
