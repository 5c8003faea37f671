#include "delivery.h"

#include <algorithm>
#include <array>

namespace kaden::agent {

namespace {

constexpr std::size_t reason_bytes_max = 300;
constexpr std::size_t code_bytes_max = 100;

/// The text of the first such element; AWS's errors are small and flat, and this is only for the log and a
/// table.
std::string_view element(std::string_view xml, std::string_view name) {
  const std::string opening = "<" + std::string(name) + ">";
  const std::size_t start = xml.find(opening);
  if (start == std::string_view::npos) return {};
  const std::size_t end = xml.find("</", start);
  if (end == std::string_view::npos) return {};
  return xml.substr(start + opening.size(), end - start - opening.size());
}

/// AWS JSON tells these with 400. Somebody may mend the key, or the clock.
bool is_about_the_key(std::string_view code) {
  static constexpr std::array<std::string_view, 12> codes = {"AccessDenied",
                                                             "AccessDeniedException",
                                                             "ExpiredToken",
                                                             "ExpiredTokenException",
                                                             "IncompleteSignature",
                                                             "IncompleteSignatureException",
                                                             "InvalidClientTokenId",
                                                             "InvalidSignatureException",
                                                             "MissingAuthenticationToken",
                                                             "MissingAuthenticationTokenException",
                                                             "SignatureDoesNotMatch",
                                                             "UnrecognizedClientException"};
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

/// A 400 with a code is about the data, unless the code is one of these.
bool may_be_mended(std::string_view code) {
  static constexpr std::array<std::string_view, 19> codes = {"Throttling",
                                                             "ThrottlingException",
                                                             "ThrottledException",
                                                             "RequestThrottled",
                                                             "RequestLimitExceeded",
                                                             "RequestThrottledException",
                                                             "TooManyRequests",
                                                             "TooManyRequestsException",
                                                             "LimitExceeded",
                                                             "LimitExceededException",
                                                             "SlowDown",
                                                             "RequestTimeout",
                                                             "RequestExpired",
                                                             "RequestTimeoutException",
                                                             "RequestTimeTooSkewed",
                                                             "InternalServiceError",
                                                             "OperationAbortedException",
                                                             "ResourceNotFoundException",
                                                             "ServiceUnavailableException"};
  return is_about_the_key(code) || std::find(codes.begin(), codes.end(), code) != codes.end();
}

Delivery delivery_of(int status, std::string_view code) {
  const bool for_good = status == 413 || (status == 400 && !code.empty() && !may_be_mended(code));
  return for_good ? Delivery::refused : Delivery::try_later;
}

} // namespace

std::string_view json_member(std::string_view body, std::string_view name) {
  const std::string quoted = "\"" + std::string(name) + "\"";
  const std::size_t at = body.find(quoted);
  if (at == std::string_view::npos) return {};
  std::string_view rest = body.substr(at + quoted.size());
  const std::size_t value = rest.find_first_not_of(" \t\r\n:");
  if (value == std::string_view::npos || rest.substr(0, value).find(':') == std::string_view::npos) return {};
  rest.remove_prefix(value);
  if (rest.front() != '"') return rest.substr(0, rest.find_first_not_of("0123456789"));
  const std::size_t end = rest.find('"', 1);
  return end == std::string_view::npos ? std::string_view() : rest.substr(1, end - 1);
}

Judgement judge(const http::Response& response) {
  if (response.status >= 200 && response.status <= 299) return {};
  const bool is_json = trim(response.body).starts_with('{');
  std::string_view code = is_json ? json_member(response.body, "__type") : element(response.body, "Code");
  code = cut_utf8(code.substr(code.rfind('#') + 1), code_bytes_max); // "com.amazonaws.logs#Name"
  std::string reason = "status " + std::to_string(response.status);
  if (!code.empty()) reason.append(", ").append(code);
  std::string_view message =
      is_json ? json_member(response.body, "message") : element(response.body, "Message");
  if (is_json && message.empty()) message = json_member(response.body, "Message");
  if (!message.empty()) reason.append(": ").append(message);
  // It goes into a log: one line, and not what a stranger makes of it.
  reason = cut_utf8(reason, reason_bytes_max);
  std::replace_if(
      reason.begin(), reason.end(), [](char c) { return c >= 0 && c < ' '; }, ' ');
  const bool denied = response.status == 401 || response.status == 403 || is_about_the_key(code);
  const Delivery delivery = delivery_of(response.status, code);
  const Fault fault = denied                          ? Fault::denied
                      : delivery == Delivery::refused ? Fault::invalid
                                                      : Fault::unavailable;
  return {delivery, fault, std::string(code), std::move(reason)};
}

Millis pause_after(std::uint64_t failures, std::uint64_t spread) {
  if (failures == 0) return Millis(0);
  const std::int64_t doubled = std::int64_t{1'000} << std::min<std::uint64_t>(failures - 1, 6);
  const std::int64_t pause = std::min<std::int64_t>(doubled, 60'000);
  return Millis(pause + static_cast<std::int64_t>(spread % 1'000) * pause / 2'000);
}

WallTime next_tick(WallTime now, Millis interval) {
  const std::int64_t step = std::max<std::int64_t>(interval.count(), 1);
  const std::int64_t at = to_ms(now);
  const std::int64_t into = ((at % step) + step) % step;
  return wall_time(at - into + step);
}

} // namespace kaden::agent
