// Answers of the AWS Query protocol, and errors in the forms of the other protocols.
#pragma once

#include <string>
#include <string_view>

#include "kaden/http.h"

namespace kaden::cloudwatch {

/// An error as AWS names it.
struct Problem {
  std::string_view code = "InternalServiceError";
  int http_status = 500;
  std::string message;
};
template <class T>
using Answer = tl::expected<T, Problem>;

inline tl::unexpected<Problem> problem(std::string_view code, std::string message, int http_status = 400) {
  return tl::unexpected<Problem>(Problem{code, http_status, std::move(message)});
}
/// For faults of the alarm book and the store.
Problem problem_of(const Error& error);

enum class Protocol : std::uint8_t { query, json, cbor };

/// `result`: XML inside <ActionResult>; without one for the operations that return nothing.
http::Response success(std::string_view action, std::string_view result, const std::string& request_id);
http::Response failure(const Problem& problem, Protocol protocol, const std::string& request_id);

/// "<Name>escaped</Name>"
std::string element(std::string_view name, std::string_view text);

} // namespace kaden::cloudwatch
