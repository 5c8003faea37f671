#include "kaden/http.h"

namespace kaden::http {

namespace {
int status_of(Fault fault) {
  switch (fault) {
    case Fault::invalid:
      return 400;
    case Fault::not_found:
      return 404;
    case Fault::conflict:
      return 409;
    case Fault::denied:
      return 403;
    case Fault::busy:
    case Fault::unavailable:
      return 503;
    case Fault::timeout:
      return 504;
    case Fault::corrupt:
      return 500;
  }
  return 500;
}
} // namespace

const std::string* find_header(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (equal_no_case(key, name)) return &value;
  }
  return nullptr;
}

Response json_response(int status, const json::value& body) {
  return {status, {{"Content-Type", "application/json"}}, to_text(body) + "\n"};
}

Response text_response(int status, std::string body) {
  return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(body)};
}

Response error_response(const Error& error) {
  Response response = json_response(
      status_of(error.fault), {{"error", {{"fault", to_text(error.fault)}, {"message", error.message}}}});
  if (error.fault == Fault::busy || error.fault == Fault::unavailable) {
    response.headers.emplace_back("Retry-After", "1");
  }
  return response;
}

} // namespace kaden::http
