#include "delivery.h"

#include <algorithm>
#include <array>

namespace kaden::agent {

namespace {

constexpr std::size_t reason_bytes_max = 300;

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
                                                             "ExpiredToken",
                                                             "InternalServiceError",
                                                             "UnrecognizedClientException",
                                                             "MissingAuthenticationToken"};
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

Delivery delivery_of(int status, std::string_view code) {
  const bool for_good = status == 413 || (status == 400 && !code.empty() && !may_be_mended(code));
  return for_good ? Delivery::refused : Delivery::try_later;
}

} // namespace

Result<Endpoint> parse_endpoint(std::string_view url) {
  const auto refuse = [&](const char* why) {
    return fail(Fault::invalid, "url: '" + std::string(url) + "' " + why);
  };
  const bool secure = starts_with_no_case(url, "https://");
  if (!secure && !starts_with_no_case(url, "http://"))
    return refuse("does not begin with http:// or https://");
  for (const char c : url) {
    if (c <= ' ' || c > '~') return refuse("holds a blank or a character outside ASCII");
  }
  if (url.find_first_of("?#@") != std::string_view::npos) return refuse("has a user, a query or a fragment");
  const std::string_view rest = url.substr(secure ? 8 : 7);
  const std::size_t slash = rest.find('/');
  std::string host = to_lower(rest.substr(0, slash));
  const std::string_view own_port = secure ? ":443" : ":80";
  if (host.ends_with(own_port)) host.resize(host.size() - own_port.size());
  if (host.empty() || host.front() == ':') return refuse("has no host");
  const std::string target(slash == std::string_view::npos ? "/" : rest.substr(slash));
  return Endpoint{(secure ? "https://" : "http://") + host + target, host, target};
}

Judgement judge(const http::Response& response) {
  if (response.status >= 200 && response.status <= 299) return {};
  const std::string_view code = element(response.body, "Code");
  std::string reason = "status " + std::to_string(response.status);
  if (!code.empty()) reason.append(", ").append(code);
  const std::string_view message = element(response.body, "Message");
  if (!message.empty()) reason.append(": ").append(message);
  // It goes into a log: one line, and not what a stranger makes of it.
  reason = cut_utf8(reason, reason_bytes_max);
  std::replace_if(
      reason.begin(), reason.end(), [](char c) { return c >= 0 && c < ' '; }, ' ');
  const bool denied = response.status == 401 || response.status == 403;
  const Delivery delivery = delivery_of(response.status, code);
  const Fault fault = denied                          ? Fault::denied
                      : delivery == Delivery::refused ? Fault::invalid
                                                      : Fault::unavailable;
  return {delivery, fault, std::move(reason)};
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
