#include "response_text.h"

#include <algorithm>
#include <array>
#include <boost/beast/http/status.hpp>
#include <chrono>

namespace kaden::http {

namespace {

bool is_name(std::string_view name) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
  });
}

bool is_value(std::string_view value) {
  return std::none_of(value.begin(), value.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

/// Those that the server writes itself.
bool is_framing(std::string_view name) {
  for (const std::string_view ours :
       {"content-length", "transfer-encoding", "connection", "date", "server", "keep-alive"}) {
    if (equal_no_case(name, ours)) return true;
  }
  return false;
}

bool can_be_sent(const Response& response) {
  return response.status >= 200 && response.status <= 599 &&
         std::all_of(response.headers.begin(), response.headers.end(),
                     [](const auto& header) { return is_name(header.first) && is_value(header.second); });
}

} // namespace

bool has_body(const Response& response, bool to_head) {
  return !to_head && response.status != 204 && response.status != 304;
}

std::string response_head(Response& response, const ResponseFrame& frame) {
  if (!can_be_sent(response)) response = text_response(500, "the reply could not be written as HTTP\n");
  const auto reason = boost::beast::http::obsolete_reason(
      boost::beast::http::int_to_status(static_cast<unsigned>(response.status)));
  std::string text;
  text.reserve(320 + (response.body.size() <= 16'384 ? response.body.size() : 0));
  text += "HTTP/1.1 ";
  text += std::to_string(response.status);
  text += ' ';
  text += reason;
  text += "\r\nDate: ";
  text += frame.date;
  text += "\r\nServer: Kaden\r\n";
  for (const auto& [name, value] : response.headers) {
    if (is_framing(name)) continue;
    text += name;
    text += ": ";
    text += value;
    text += "\r\n";
  }
  if (response.status != 204 && response.status != 304) {
    text += "Content-Length: ";
    text += std::to_string(response.body.size());
    text += "\r\n";
  }
  if (!frame.keep_alive) {
    text += "Connection: close\r\n";
  } else if (frame.to_http_1_0) {
    text += "Connection: keep-alive\r\n";
  }
  return text += "\r\n";
}

} // namespace kaden::http
