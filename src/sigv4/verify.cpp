#include <algorithm>

#include "kaden/sigv4.h"

namespace kaden::sigv4 {

namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

struct Authorization {
  std::string access_key_id;
  Scope scope;
  std::string signed_headers;
  std::string signature;
};

tl::unexpected<Refusal> refuse(std::string_view code, int http_status, std::string message) {
  return tl::unexpected<Refusal>(Refusal{code, http_status, std::move(message)});
}

tl::unexpected<Refusal> incomplete(std::string message) {
  return refuse("IncompleteSignature", 400, std::move(message));
}

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// The value of "Name=value" in the comma-separated list after the algorithm; empty when it is absent or
/// there twice.
std::string_view parameter(std::string_view list, std::string_view name) {
  std::string_view found;
  for (const std::string_view part : split(list, ',')) {
    const std::string_view one = trim(part);
    if (!one.starts_with(name) || one.size() <= name.size() || one[name.size()] != '=') continue;
    if (!found.empty()) return {};
    found = one.substr(name.size() + 1);
  }
  return found;
}

tl::expected<Authorization, Refusal> parse(std::string_view header) {
  if (!header.starts_with(algorithm)) {
    return incomplete("Authorization header must use the algorithm AWS4-HMAC-SHA256.");
  }
  const std::string_view list = header.substr(algorithm.size());
  const std::string_view credential = parameter(list, "Credential");
  const std::string_view signed_headers = parameter(list, "SignedHeaders");
  const std::string_view signature = parameter(list, "Signature");
  if (credential.empty()) return incomplete("Authorization header requires 'Credential' parameter.");
  if (signed_headers.empty()) return incomplete("Authorization header requires 'SignedHeaders' parameter.");
  if (signature.empty()) return incomplete("Authorization header requires 'Signature' parameter.");
  const auto parts = split(credential, '/');
  if (parts.size() != 5 || parts[0].empty() || parts[4] != "aws4_request") {
    return incomplete(
        "Credential must have exactly 5 slash-delimited elements, e.g. "
        "keyid/date/region/service/aws4_request.");
  }
  if (parts[1].size() != 8 || !all_digits(parts[1]))
    return incomplete("Credential must hold a date as YYYYMMDD.");
  return Authorization{std::string(parts[0]),
                       {std::string(parts[1]), std::string(parts[2]), std::string(parts[3])},
                       std::string(signed_headers),
                       std::string(signature)};
}

/// The only header of that name; nullopt when there is none or more than one.
std::optional<std::string_view> only_header(const Headers& headers, std::string_view name) {
  std::optional<std::string_view> found;
  for (const auto& header : headers) {
    if (!equal_no_case(header.first, name)) continue;
    if (found) return std::nullopt;
    found = trim(header.second);
  }
  return found;
}

/// "20260824T030405Z"
std::optional<WallTime> parse_amz_date(std::string_view text) {
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
  if (!all_digits(text.substr(0, 8)) || !all_digits(text.substr(9, 6))) return std::nullopt;
  std::string iso(text);
  for (const std::size_t place : {std::size_t{13}, std::size_t{11}}) iso.insert(place, ":");
  for (const std::size_t place : {std::size_t{6}, std::size_t{4}}) iso.insert(place, "-");
  const auto at = parse_iso8601(iso);
  return at ? std::optional<WallTime>(*at) : std::nullopt;
}

/// Whoever may add an X-Amz-* header or another Host unsigned changes what the request means.
bool covers_what_matters(const Headers& headers, std::string_view signed_headers) {
  const auto names = split(signed_headers, ';');
  const auto covered = [&](std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  return covered("host") && std::all_of(headers.begin(), headers.end(), [&](const auto& header) {
           return !starts_with_no_case(header.first, "x-amz-") || covered(to_lower(header.first));
         });
}

} // namespace

tl::expected<std::string, Refusal> verify(const Request& request, const SecretOf& secret_of,
                                          const Expectation& expected) {
  const bool any = std::any_of(request.headers.begin(), request.headers.end(), [](const auto& header) {
    return equal_no_case(header.first, "authorization");
  });
  if (!any) {
    return refuse("MissingAuthenticationToken", 403, "Request is missing Authentication Token");
  }
  const auto header = only_header(request.headers, "authorization");
  if (!header) return incomplete("There must be one Authorization header.");
  const auto authorization = parse(*header);
  if (!authorization) return tl::unexpected<Refusal>(authorization.error());

  const auto date = only_header(request.headers, "x-amz-date");
  const auto signed_at = date ? parse_amz_date(*date) : std::nullopt;
  if (!signed_at)
    return incomplete("Authorization header requires one 'X-Amz-Date' header as YYYYMMDDTHHMMSSZ.");
  if (!date->starts_with(authorization->scope.date)) {
    return refuse("SignatureDoesNotMatch", 403,
                  "Date in Credential scope does not match YYYYMMDD from ISO-8601 "
                  "version of date from HTTP.");
  }
  if (authorization->scope.service != expected.service) {
    return refuse("SignatureDoesNotMatch", 403,
                  "Credential should be scoped to correct service: '" + std::string(expected.service) + "'.");
  }
  if (!covers_what_matters(request.headers, authorization->signed_headers)) {
    return refuse("SignatureDoesNotMatch", 403,
                  "'Host' and every 'X-Amz-' header must be a 'SignedHeader' in the AWS Authorization.");
  }
  const auto secret = secret_of(authorization->access_key_id);
  if (!secret) {
    return refuse("InvalidClientTokenId", 403, "The security token included in the request is invalid.");
  }
  const std::string canonical = canonical_request(request, authorization->signed_headers);
  const std::string wanted =
      signature(*secret, authorization->scope, string_to_sign(*date, authorization->scope, canonical));
  if (!equal_constant_time(wanted, authorization->signature)) {
    return refuse(
        "SignatureDoesNotMatch", 403,
        "The request signature we calculated does not match the signature you provided. Check your AWS "
        "Secret Access Key and signing method.");
  }
  // Last, so that only a holder of the key learns our time.
  if (*signed_at + expected.skew_max < expected.now || *signed_at > expected.now + expected.skew_max) {
    return refuse("RequestExpired", 400,
                  "Signature expired or not yet valid: " + std::string(*date) +
                      " is too far from our time, " + amz_date(expected.now) + ".");
  }
  return authorization->access_key_id;
}

} // namespace kaden::sigv4
