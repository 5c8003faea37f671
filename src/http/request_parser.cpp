#include "request_parser.h"

#include <algorithm>

namespace kaden::http {

namespace beast_http = boost::beast::http;

namespace {

/// The path and query of a target: origin-form, absolute-form, or "*" (RFC 9112, section 3.2). Empty:
/// neither.
std::string_view path_and_query(std::string_view target) {
  if (target.starts_with('/') || target == "*") return target;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!starts_with_no_case(target, scheme)) continue;
    const std::size_t path = target.find_first_of("/?", scheme.size());
    if (path == std::string_view::npos) return "/";
    return target[path] == '/' ? target.substr(path) : std::string_view{};
  }
  return {};
}

} // namespace

RequestParser::RequestParser(std::size_t header_bytes_max, std::size_t body_bytes_max)
    : header_bytes_max_(header_bytes_max) {
  eager(true);
  header_limit(static_cast<std::uint32_t>(header_bytes_max));
  body_limit(body_bytes_max);
}

RequestParser::Step RequestParser::feed(std::string_view bytes) {
  if (bytes.empty()) return {};
  // A chunked body that is not over lacks at least "0\r\n\r\n". Beast 1.81 aborts the process when it is
  // shown the end of one in pieces shorter than that.
  constexpr std::size_t last_chunk_bytes = 5;
  if (is_header_done() && chunked() && bytes.size() < last_chunk_bytes) return {};
  const bool in_header = !is_header_done();
  Code code;
  const std::size_t used = put(boost::asio::const_buffer(bytes.data(), bytes.size()), code);
  if (in_header && !is_header_done()) {
    // Beast's own limit counts each call anew: a header in many small pieces would never reach it.
    header_bytes_ += used;
    const bool waits = !code || code == beast_http::error::need_more;
    const std::size_t seen = header_bytes_ + (bytes.size() - used);
    if (waits && seen > header_bytes_max_) code = beast_http::error::header_limit;
  }
  if (code && code != beast_http::error::need_more) {
    explain(code);
    return {used, Stage::refused};
  }
  if (is_done()) return {used, Stage::complete};
  if (is_header_done() && expects_continue_ && request_.body.empty() && used == bytes.size()) {
    expects_continue_ = false;
    return {used, Stage::wants_continue};
  }
  return {used, Stage::needs_more};
}

void RequestParser::refuse(int status, const char* message, Code& code) {
  refusal_ = {status, message};
  code = beast_http::error::bad_value;
}

void RequestParser::explain(const Code& code) {
  if (!refusal_.message.empty()) return;
  if (code == beast_http::error::header_limit) {
    refusal_ = {431, "the header is longer than " + std::to_string(header_bytes_max_) + " bytes"};
  } else if (code == beast_http::error::body_limit) {
    refusal_ = {413, "the body is too long"};
  } else {
    refusal_ = {400, "this is not HTTP/1.1: " + code.message()};
  }
}

void RequestParser::on_request_impl(beast_http::verb /*verb*/, View method, View target, int version,
                                    Code& code) {
  version_ = version;
  const std::string_view local = path_and_query(target);
  if (local.empty()) {
    refuse(400, "the target is neither a path nor an http URL", code);
    return;
  }
  request_.method = method;
  request_.target = target;
  const std::size_t mark = local.find('?');
  request_.path = local.substr(0, mark);
  if (mark != std::string_view::npos) request_.query = local.substr(mark + 1);
  request_.headers.reserve(12);
}

void RequestParser::on_response_impl(int /*status*/, View /*reason*/, int /*version*/, Code& /*code*/) {
  require(false, "a request parser reads no responses");
}

void RequestParser::on_field_impl(beast_http::field field, View name, View value, Code& code) {
  if (is_header_done()) return; // trailers: nobody asked for them, and they may not change the header
  if (field == beast_http::field::host) ++hosts_;
  if (field == beast_http::field::content_length) {
    // RFC 9110 lets a receiver accept "5, 5"; nobody sends it in good faith.
    const bool digits = std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (has_length_ || !digits) return refuse(400, "Content-Length is not one number", code);
    has_length_ = true;
  }
  if (field == beast_http::field::transfer_encoding) {
    if (has_encoding_ || !equal_no_case(value, "chunked")) {
      return refuse(501, "the only Transfer-Encoding taken is chunked", code);
    }
    has_encoding_ = true;
  }
  if (field == beast_http::field::expect) {
    if (!equal_no_case(value, "100-continue")) return refuse(417, "the only Expect is 100-continue", code);
    expects_continue_ = version_ >= 11;
  }
  request_.headers.emplace_back(name, value);
}

void RequestParser::on_header_impl(Code& code) {
  if (has_length_ && has_encoding_) {
    refuse(400, "Content-Length and Transfer-Encoding together", code);
  } else if (has_encoding_ && version_ < 11) {
    refuse(400, "Transfer-Encoding in HTTP/1.0", code);
  } else if (hosts_ > 1 || (hosts_ == 0 && version_ >= 11)) {
    refuse(400, "exactly one Host header is needed", code);
  }
}

void RequestParser::on_body_init_impl(boost::optional<std::uint64_t> const& length, Code& /*code*/) {
  // A body that is only announced costs no more memory than this.
  constexpr std::uint64_t trusted_bytes = 65'536;
  if (length) request_.body.reserve(static_cast<std::size_t>(std::min(*length, trusted_bytes)));
}

std::size_t RequestParser::on_body_impl(View bytes, Code& /*code*/) {
  request_.body.append(bytes);
  return bytes.size();
}

void RequestParser::on_chunk_header_impl(std::uint64_t /*size*/, View /*extensions*/, Code& /*code*/) {}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t /*left*/, View bytes, Code& /*code*/) {
  request_.body.append(bytes);
  return bytes.size();
}

void RequestParser::on_finish_impl(Code& /*code*/) {}

} // namespace kaden::http
