/// kaden/sigv4.h - AWS Signature Version 4: sign a request, verify a signed one. Room: sigv4. Uses: base.
/// Pure: the time is an argument. Threads: any. Errors: a Refusal names AWS's error code; no secret is ever
/// in it. AWS General Reference, "Signature Version 4 signing process"; all but S3's variant (paths are
/// normalised and encoded once more) and presigned query strings.
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
/// sent.
std::string canonical_request(const Request& request, std::string_view signed_headers);
std::string string_to_sign(std::string_view amz_date, const Scope& scope, std::string_view canonical_request);
/// Lower-case hex.
std::string signature(std::string_view secret, const Scope& scope, std::string_view string_to_sign);

/// Adds X-Amz-Date, X-Amz-Security-Token (when there is one) and Authorization to `headers`, which must hold
/// Host; older ones of these are removed first, so a retry is signed again. Signs every header except those
/// that HTTP libraries and proxies change (Connection, User-Agent and the like).
void sign(std::string_view method, std::string_view target, Headers& headers, std::string_view body,
          const Credentials& credentials, std::string_view region, std::string_view service, WallTime now);

// Verification
// -----------------------------------------------------------------------------------------------------

struct Refusal {
  std::string_view code; ///< "SignatureDoesNotMatch", ...
  int http_status = 403;
  std::string message; ///< for the sender
};

/// The secret of an access key id, or nullopt.
using SecretOf = std::function<std::optional<std::string>(std::string_view access_key_id)>;

struct Expectation {
  std::string_view service =
      "monitoring"; ///< any region is taken: a client behind a VPC endpoint keeps its own
  WallTime now{};
  Millis skew_max{};
};

/// The access key id that signed the request, or why it is refused:
/// MissingAuthenticationToken, IncompleteSignature, InvalidClientTokenId, RequestExpired,
/// SignatureDoesNotMatch. Host and every X-Amz-* header must be signed. Signatures are compared in constant
/// time. A request that is sent again within the skew is taken again, as AWS does.
tl::expected<std::string, Refusal> verify(const Request& request, const SecretOf& secret_of,
                                          const Expectation& expected);

} // namespace kaden::sigv4
