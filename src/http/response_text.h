/// response_text.h - a Response as bytes. Room: http, inside. Pure.
#pragma once

#include <string>
#include <string_view>

#include "kaden/http.h"

namespace kaden::http {

struct ResponseFrame {
  bool to_head = false; ///< the request was HEAD: Content-Length as if it were GET, no body
  bool keep_alive = true;
  bool to_http_1_0 = false; ///< keeping alive must then be said
  std::string_view date;
};
/// Status line and header, up to and with the empty line. A response that HTTP cannot carry (a status outside
/// 200 to 599, a header name or value with control characters) is our mistake and is made a plain 500 in
/// `response`.
std::string response_head(Response& response, const ResponseFrame& frame);
/// False for HEAD, 204 and 304.
bool has_body(const Response& response, bool to_head);

} // namespace kaden::http
