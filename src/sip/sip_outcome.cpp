#include "kaden/sip_outcome.h"

#include <fmt/format.h>

namespace kaden::sip {
namespace {

std::optional<LineOutcome> by_cause(int cause, int status) {
  switch (cause) {
    case 17:
      return LineOutcome::busy;
    case 18:
    case 19:
    case 20:
      return LineOutcome::no_answer;
    case 21: // "call rejected" is the person's, unless the code says that the trunk refuses us
      return status == 401 || status == 403 || status == 407 ? LineOutcome::forbidden : LineOutcome::declined;
    case 57:
      return LineOutcome::forbidden;
    case 1:
    case 3:
    case 22:
    case 28:
      return LineOutcome::bad_number;
    case 34:
    case 38:
    case 41:
    case 42:
    case 65:
    case 88:
    case 102:
      return LineOutcome::carrier_failed;
    default: // 16 and 31 among them: they say nothing beyond the code
      return std::nullopt;
  }
}

LineOutcome by_status(int status) {
  switch (status) {
    case 408:
    case 480:
    case 487:
      return LineOutcome::no_answer;
    case 486:
    case 600:
      return LineOutcome::busy;
    case 603:
    case 607:
    case 608:
      return LineOutcome::declined;
    case 404:
    case 410:
    case 484:
    case 485:
    case 604:
      return LineOutcome::bad_number;
    case 401:
    case 402:
    case 403:
    case 407:
      return LineOutcome::forbidden;
    default:
      return LineOutcome::carrier_failed;
  }
}

} // namespace

std::optional<int> q850_cause(const std::vector<std::string>& reasons) {
  for (const std::string& reason : reasons) {
    const auto parts = split(reason, ';');
    if (!equal_no_case(trim(parts.front()), "Q.850")) continue;
    for (std::string_view part : parts) {
      part = trim(part);
      if (!starts_with_no_case(part, "cause=")) continue;
      const auto cause = parse_int(trim(part.substr(6)));
      if (cause && *cause >= 1 && *cause <= 127) return static_cast<int>(*cause);
    }
  }
  return std::nullopt;
}

Ending outcome_of(const Message& response, bool provisional_seen) {
  std::string detail = fmt::format("{} {}", response.status, cut_utf8(response.phrase, 100));
  if (!is_valid_utf8(response.phrase)) detail = std::to_string(response.status);
  if (response.local) {
    const bool rang_out = response.status == 408 && provisional_seen;
    return {rang_out ? LineOutcome::no_answer : LineOutcome::carrier_failed, "no reply: " + detail};
  }
  if (const auto cause = q850_cause(values_of(response, "Reason"))) {
    detail += fmt::format("; Q.850 {}", *cause);
    if (const auto outcome = by_cause(*cause, response.status)) return {*outcome, detail};
  }
  if (response.status >= 300 && response.status < 400) detail += " (redirects are not followed)";
  return {by_status(response.status), detail};
}

} // namespace kaden::sip
