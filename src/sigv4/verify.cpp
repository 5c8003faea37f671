#include <algorithm>
#include <map>

#include "kaden/sigv4.h"

namespace kaden::sigv4 {

namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";
constexpr std::int64_t presigned_s_max = 604'800; // AWS: seven days

/// What a request says about its own signature.
struct Authorization {
  std::string access_key_id;
  Scope scope;
  std::string signed_headers;
  std::string signature;
  std::string date; ///< X-Amz-Date as it was sent
  WallTime signed_at{};
  std::optional<std::string> session_token;
  std::optional<Millis> valid_for; ///< of a presigned URL
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

/// "AKID/20260824/ap-northeast-1/monitoring/aws4_request" into `out`.
tl::expected<void, Refusal> read_credential(std::string_view credential, Authorization& out) {
  const auto parts = split(credential, '/');
  if (parts.size() != 5 || parts[0].empty() || parts[4] != "aws4_request") {
    return incomplete(
        "Credential must have exactly 5 slash-delimited elements, e.g. "
        "keyid/date/region/service/aws4_request.");
  }
  if (parts[1].size() != 8 || !all_digits(parts[1])) {
    return incomplete("Credential must hold a date as YYYYMMDD.");
  }
  out.access_key_id = parts[0];
  out.scope = {std::string(parts[1]), std::string(parts[2]), std::string(parts[3])};
  return {};
}

tl::expected<Authorization, Refusal> read_header(const Headers& headers) {
  const auto header = only_header(headers, "authorization");
  if (!header) return incomplete("There must be one Authorization header.");
  if (!header->starts_with(algorithm)) {
    return incomplete("Authorization header must use the algorithm AWS4-HMAC-SHA256.");
  }
  const std::string_view list = header->substr(algorithm.size());
  const std::string_view credential = parameter(list, "Credential");
  Authorization out;
  out.signed_headers = parameter(list, "SignedHeaders");
  out.signature = parameter(list, "Signature");
  if (credential.empty()) return incomplete("Authorization header requires 'Credential' parameter.");
  if (out.signed_headers.empty()) {
    return incomplete("Authorization header requires 'SignedHeaders' parameter.");
  }
  if (out.signature.empty()) return incomplete("Authorization header requires 'Signature' parameter.");
  if (auto read = read_credential(credential, out); !read) return tl::unexpected<Refusal>(read.error());
  const auto date = only_header(headers, "x-amz-date");
  const auto signed_at = date ? parse_amz_date(*date) : std::nullopt;
  if (!signed_at) {
    return incomplete("Authorization header requires one 'X-Amz-Date' header as YYYYMMDDTHHMMSSZ.");
  }
  out.date = *date;
  out.signed_at = *signed_at;
  if (const auto token = only_header(headers, "x-amz-security-token")) out.session_token = *token;
  return out;
}

/// The decoded parameters of the target whose names begin with "X-Amz-"; nullopt when one is there twice or
/// cannot be decoded.
std::optional<std::map<std::string, std::string>> amz_parameters(std::string_view target) {
  std::map<std::string, std::string> out;
  const std::size_t question = target.find('?');
  if (question == std::string_view::npos) return out;
  for (const std::string_view pair : split(target.substr(question + 1), '&')) {
    const std::size_t equals = pair.find('=');
    const auto name = percent_decode(pair.substr(0, equals), false);
    if (!name || !name->starts_with("X-Amz-")) continue;
    auto value = percent_decode(equals == std::string_view::npos ? "" : pair.substr(equals + 1), false);
    if (!value || !out.emplace(*name, std::move(*value)).second) return std::nullopt;
  }
  return out;
}

/// True when the target is meant to be a presigned URL.
bool is_presigned(std::string_view target) {
  return target.find("X-Amz-Signature=") != std::string_view::npos ||
         target.find("X-Amz-Credential=") != std::string_view::npos;
}

tl::expected<Authorization, Refusal> read_parameters(std::string_view target) {
  const auto parameters = amz_parameters(target);
  if (!parameters) return incomplete("A parameter of the presigned URL is malformed or there twice.");
  const auto value = [&](const char* name) {
    const auto found = parameters->find(name);
    return found == parameters->end() ? std::string() : found->second;
  };
  if (value("X-Amz-Algorithm") != algorithm) {
    return incomplete("X-Amz-Algorithm must be AWS4-HMAC-SHA256.");
  }
  Authorization out;
  out.signed_headers = value("X-Amz-SignedHeaders");
  out.signature = value("X-Amz-Signature");
  if (out.signed_headers.empty() || out.signature.empty()) {
    return incomplete("A presigned URL requires X-Amz-SignedHeaders and X-Amz-Signature.");
  }
  if (auto read = read_credential(value("X-Amz-Credential"), out); !read) {
    return tl::unexpected<Refusal>(read.error());
  }
  out.date = value("X-Amz-Date");
  const auto signed_at = parse_amz_date(out.date);
  if (!signed_at) return incomplete("A presigned URL requires X-Amz-Date as YYYYMMDDTHHMMSSZ.");
  out.signed_at = *signed_at;
  const auto valid_s = parse_int(value("X-Amz-Expires"));
  if (!valid_s || *valid_s < 1 || *valid_s > presigned_s_max) {
    return incomplete("X-Amz-Expires must be 1 to 604800 seconds.");
  }
  out.valid_for = seconds(*valid_s);
  if (parameters->contains("X-Amz-Security-Token")) out.session_token = value("X-Amz-Security-Token");
  return out;
}

tl::expected<Authorization, Refusal> read_authorization(const Request& request) {
  const bool in_header = std::any_of(request.headers.begin(), request.headers.end(), [](const auto& header) {
    return equal_no_case(header.first, "authorization");
  });
  const bool in_target = is_presigned(request.target);
  if (in_header && in_target) {
    return incomplete("A request is signed by its Authorization header or by its parameters, not by both.");
  }
  if (in_header) return read_header(request.headers);
  if (in_target) return read_parameters(request.target);
  return refuse("MissingAuthenticationToken", 403, "Request is missing Authentication Token");
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

bool has_its_token(const Authorization& authorization, const Credentials& key) {
  return equal_constant_time(authorization.session_token.value_or(""), key.session_token);
}

/// Too old, or from the future.
bool is_out_of_time(const Authorization& authorization, const Expectation& expected) {
  const Millis late = authorization.valid_for.value_or(expected.skew_max);
  return authorization.signed_at + late < expected.now ||
         authorization.signed_at > expected.now + expected.skew_max;
}

} // namespace

tl::expected<Signer, Refusal> verify(const Request& request, const KeyOf& key_of,
                                     const Expectation& expected) {
  const auto read = read_authorization(request);
  if (!read) return tl::unexpected<Refusal>(read.error());
  const Authorization& authorization = *read;
  if (!authorization.date.starts_with(authorization.scope.date)) {
    return refuse(
        "SignatureDoesNotMatch", 403,
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.");
  }
  const auto& services = expected.services;
  if (std::find(services.begin(), services.end(), authorization.scope.service) == services.end()) {
    return refuse("SignatureDoesNotMatch", 403,
                  "Credential should be scoped to correct service: '" +
                      std::string(services.empty() ? "" : services.front()) + "'.");
  }
  if (!covers_what_matters(request.headers, authorization.signed_headers)) {
    return refuse("SignatureDoesNotMatch", 403,
                  "'Host' and every 'X-Amz-' header must be a 'SignedHeader' in the AWS Authorization.");
  }
  const auto key = key_of(authorization.access_key_id);
  if (!key || !has_its_token(authorization, *key)) {
    return refuse("InvalidClientTokenId", 403, "The security token included in the request is invalid.");
  }
  const std::string canonical = canonical_request(request, authorization.signed_headers);
  const std::string wanted = signature(key->secret, authorization.scope,
                                       string_to_sign(authorization.date, authorization.scope, canonical));
  if (!equal_constant_time(wanted, authorization.signature)) {
    return refuse(
        "SignatureDoesNotMatch", 403,
        "The request signature we calculated does not match the signature you provided. Check your AWS "
        "Secret Access Key and signing method.");
  }
  // Last, so that only a holder of the key learns our time.
  if (is_out_of_time(authorization, expected)) {
    return refuse("RequestExpired", 400,
                  "Signature expired or not yet valid: " + authorization.date +
                      " is too far from our time, " + amz_date(expected.now) + ".");
  }
  return Signer{authorization.access_key_id, authorization.scope, authorization.valid_for.has_value()};
}

std::string claimed_key(const Request& request) {
  const auto read = read_authorization(request);
  return read ? read->access_key_id : std::string();
}

} // namespace kaden::sigv4
