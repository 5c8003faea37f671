// What AWS says when it refuses, in each of its protocols.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "kaden/aws_client.h"
#include "kaden/http_date.h"
#include "kaden/limits/aws.h"
#include "kaden/xml.h"

namespace kaden::aws {

namespace {

using Words = std::string_view;

constexpr std::array<Words, 15> throttling = {"Throttling",
                                              "ThrottlingException",
                                              "ThrottledException",
                                              "RequestThrottledException",
                                              "TooManyRequestsException",
                                              "ProvisionedThroughputExceededException",
                                              "TransactionInProgressException",
                                              "RequestLimitExceeded",
                                              "BandwidthLimitExceeded",
                                              "LimitExceededException",
                                              "RequestThrottled",
                                              "SlowDown",
                                              "PriorRequestNotComplete",
                                              "EC2ThrottledException",
                                              "KmsThrottled"};
constexpr std::array<Words, 4> transient = {"RequestTimeout", "RequestTimeoutException",
                                            "InternalServiceException", "ServiceUnavailable"};
/// The keys are no longer good, or never were: others may be.
constexpr std::array<Words, 8> of_keys = {
    "ExpiredToken",       "ExpiredTokenException",      "InvalidClientTokenId", "UnrecognizedClientException",
    "InvalidAccessKeyId", "MissingAuthenticationToken", "AuthFailure",          "InvalidSecurity"};
constexpr std::array<Words, 5> of_time = {"InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure",
                                          "RequestTimeTooSkewed", "AccessDeniedException"};

template <class List>
bool has(const List& list, Words word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/// "com.amazonaws.sqs#QueueDoesNotExist", "ThrottlingException:http://internal..." : the word alone.
std::string bare(std::string_view code) {
  code = trim(code);
  if (const std::size_t hash = code.rfind('#'); hash != std::string_view::npos) code.remove_prefix(hash + 1);
  code = code.substr(0, code.find_first_of(":;"));
  constexpr std::size_t code_bytes_max = 200;
  return std::string(cut_utf8(code, code_bytes_max));
}

std::string text_at(const json::object& object, std::initializer_list<Words> names) {
  for (const Words name : names) {
    const auto* value = object.if_contains(name);
    if (value != nullptr && value->is_string()) return std::string(std::string_view(value->get_string()));
  }
  return "";
}

void read_json(std::string_view body, Failure& failure) {
  const auto value = parse_json(body);
  if (!value || !value->is_object()) return;
  const json::object& object = value->get_object();
  if (failure.code.empty()) failure.code = bare(text_at(object, {"__type", "code", "Code"}));
  failure.message = text_at(object, {"message", "Message", "errorMessage"});
}

void read_xml(std::string_view body, Failure& failure) {
  constexpr xml::Bounds bounds{16, 1'000, 16};
  pugi::xml_document document;
  if (!xml::load(body, bounds, document)) return;
  const pugi::xml_node root = xml::root_of(document);
  const auto text = [&](Words name) {
    return xml::text_of(
        root.find_node([name](const pugi::xml_node& node) { return xml::local_name(node) == name; }));
  };
  if (failure.code.empty()) failure.code = bare(text("Code"));
  failure.message = text("Message");
  if (failure.request_id.empty()) failure.request_id = text("RequestId");
  if (failure.request_id.empty()) failure.request_id = text("RequestID");
}

FailureKind kind_of(const Failure& failure) {
  if (has(throttling, failure.code) || failure.http_status == 429) return FailureKind::throttled;
  if (has(of_keys, failure.code)) return FailureKind::credentials;
  const int status = failure.http_status;
  if (has(transient, failure.code) || status == 500 || status == 502 || status == 503 || status == 504)
    return FailureKind::transient;
  return FailureKind::refused;
}

} // namespace

std::string_view to_text(FailureKind kind) {
  switch (kind) {
    case FailureKind::throttled:
      return "throttled";
    case FailureKind::transient:
      return "transient";
    case FailureKind::credentials:
      return "credentials";
    case FailureKind::refused:
      return "refused";
    case FailureKind::cancelled:
      return "cancelled";
  }
  return "refused";
}

std::string to_text(const Failure& failure) {
  std::string out = failure.code;
  if (!failure.message.empty()) out += (out.empty() ? "" : ": ") + failure.message;
  if (failure.http_status == 0) return out;
  out += fmt::format("{}HTTP status {}", out.empty() ? "" : " (", failure.http_status);
  if (!failure.request_id.empty()) out += ", request " + failure.request_id;
  return out + (failure.code.empty() && failure.message.empty() ? "" : ")");
}

Failure failure_of(const http::Response& answer) {
  constexpr std::size_t message_bytes_max = 1'000;
  constexpr std::size_t id_bytes_max = 200;
  Failure failure;
  failure.http_status = answer.status;
  for (const Words name : {"x-amzn-ErrorType", "x-amzn-query-error"}) {
    const std::string* header = http::find_header(answer.headers, name);
    if (header != nullptr && failure.code.empty()) failure.code = bare(*header);
  }
  for (const Words name : {"x-amzn-RequestId", "x-amz-request-id"}) {
    const std::string* header = http::find_header(answer.headers, name);
    if (header != nullptr && failure.request_id.empty()) failure.request_id = *header;
  }
  const std::string_view body = trim(answer.body);
  if (body.starts_with('{')) read_json(body, failure);
  if (body.starts_with('<')) read_xml(body, failure);
  failure.message = cut_utf8(failure.message, message_bytes_max);
  failure.request_id = cut_utf8(failure.request_id, id_bytes_max);
  failure.kind = kind_of(failure);
  failure.may_have_arrived = failure.http_status >= 500;
  return failure;
}

void Skew::learn(const http::Response& answer, WallTime sent, WallTime received) {
  const std::string* date = http::find_header(answer.headers, "Date");
  const bool is_cached = http::find_header(answer.headers, "Age") != nullptr;
  const Millis round_trip = received - sent;
  if (date == nullptr || is_cached || round_trip > limits::aws_skew_round_trip_max || round_trip < Millis(0))
    return;
  if (const auto at = parse_http_date(trim(*date))) ahead_ = *at - (sent + round_trip / 2);
}

bool Skew::explains(const std::string& code) const {
  return has(of_time, code) && (ahead_ > limits::aws_skew_noticed || ahead_ < -limits::aws_skew_noticed);
}

} // namespace kaden::aws
