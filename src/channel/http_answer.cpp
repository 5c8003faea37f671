#include "kaden/http_answer.h"

#include <algorithm>
#include <optional>

#include "kaden/limits/agent.h"
#include "kaden/limits/input.h"

namespace kaden::channel {

namespace {

constexpr std::size_t chunk_line_max = 256;

std::optional<std::size_t> parse_chunk_size(std::string_view line) {
  const std::string_view digits = trim(line.substr(0, line.find(';')));
  if (digits.empty() || digits.size() > 8) return std::nullopt;
  std::size_t size = 0;
  for (const char c : to_lower(digits)) {
    const std::size_t digit = std::string_view("0123456789abcdef").find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    size = size * 16 + digit;
  }
  return size;
}

/// http::find_header() would bring the http room's JSON along.
const std::string* find_header(const http::Headers& headers, std::string_view name) {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [&](const auto& header) { return equal_no_case(header.first, name); });
  return found == headers.end() ? nullptr : &found->second;
}

} // namespace

std::string request_head(std::string_view method, std::string_view target, const http::Headers& headers,
                         std::size_t body_bytes) {
  std::string head;
  head.append(method).append(" ").append(target).append(" HTTP/1.1\r\n");
  for (const auto& [name, value] : headers) {
    require((name + value).find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos,
            "a header is one line");
    head.append(name).append(": ").append(value).append("\r\n");
  }
  if (body_bytes > 0) head.append("Content-Length: ").append(std::to_string(body_bytes)).append("\r\n");
  return head.append("\r\n");
}

Result<void> ResponseReader::read_head(std::string_view head) {
  const std::size_t line_end = head.find("\r\n");
  const std::string_view status_line = head.substr(0, line_end);
  const bool is_http =
      status_line.starts_with("HTTP/1.") && status_line.size() >= 12 && status_line[8] == ' ';
  const auto status = is_http ? parse_int(status_line.substr(9, 3)) : std::nullopt;
  if (!status || *status < 100 || *status > 599) return fail(Fault::invalid, "the answer is no HTTP/1.1");
  response_ = {static_cast<int>(*status), {}, {}};
  keeps_alive_ = status_line[7] != '0';
  std::string_view lines =
      line_end == std::string_view::npos ? std::string_view() : head.substr(line_end + 2);
  while (!lines.empty()) {
    const std::size_t end = lines.find("\r\n");
    const std::string_view line = lines.substr(0, end);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return fail(Fault::invalid, "a header has no name");
    response_.headers.emplace_back(line.substr(0, colon), trim(line.substr(colon + 1)));
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 2);
  }
  has_head_ = response_.status >= 200;
  return read_framing();
}

Result<void> ResponseReader::read_framing() {
  if (const std::string* connection = find_header(response_.headers, "Connection")) {
    if (equal_no_case(*connection, "close")) keeps_alive_ = false;
  }
  const bool has_no_body = response_.status < 200 || response_.status == 204 || response_.status == 304;
  const std::string* const coding = find_header(response_.headers, "Transfer-Encoding");
  const std::string* const length = find_header(response_.headers, "Content-Length");
  left_ = 0;
  in_chunk_ = false;
  if (has_no_body) {
    framing_ = Framing::length;
  } else if (coding != nullptr) {
    if (!equal_no_case(*coding, "chunked")) return fail(Fault::invalid, "the answer has an unknown coding");
    framing_ = Framing::chunked;
  } else if (length != nullptr) {
    const auto bytes = parse_int(*length);
    if (!bytes || *bytes < 0) return fail(Fault::invalid, "the answer has a length that is none");
    if (static_cast<std::uint64_t>(*bytes) > limits::agent_response_bytes_max)
      return fail(Fault::invalid, "the answer is too large");
    framing_ = Framing::length;
    left_ = static_cast<std::size_t>(*bytes);
  } else {
    framing_ = Framing::until_close;
    keeps_alive_ = false;
  }
  return {};
}

Result<void> ResponseReader::take_body(std::size_t count) {
  if (response_.body.size() + count > limits::agent_response_bytes_max)
    return fail(Fault::invalid, "the answer is too large");
  response_.body.append(rest_, 0, count);
  rest_.erase(0, count);
  return {};
}

Result<void> ResponseReader::read_chunks() {
  while (state_ == State::body) {
    if (in_chunk_) {
      const std::size_t content = left_ > 2 ? std::min(left_ - 2, rest_.size()) : 0;
      if (auto taken = take_body(content); !taken) return taken;
      left_ -= content;
      if (left_ > 2 || rest_.size() < 2) return {};
      if (!rest_.starts_with("\r\n")) return fail(Fault::invalid, "a chunk has no end");
      rest_.erase(0, 2);
      in_chunk_ = false;
    }
    const std::size_t end = rest_.find("\r\n");
    if (std::min(end, rest_.size()) > chunk_line_max) return fail(Fault::invalid, "a chunk has no size");
    if (end == std::string::npos) return {};
    if (left_ == 1) { // behind the last chunk: trailers up to an empty line
      if (end == 0) state_ = State::whole;
      rest_.erase(0, end + 2);
      continue;
    }
    const auto size = parse_chunk_size(std::string_view(rest_).substr(0, end));
    if (!size) return fail(Fault::invalid, "a chunk has no size");
    rest_.erase(0, end + 2);
    in_chunk_ = *size > 0;
    left_ = *size > 0 ? *size + 2 : 1;
  }
  return {};
}

Result<ResponseReader::State> ResponseReader::feed(std::string_view bytes) {
  rest_.append(bytes);
  while (state_ == State::head) {
    const std::size_t end = rest_.find("\r\n\r\n");
    if (std::min(end, rest_.size()) > limits::http_header_bytes_max)
      return fail(Fault::invalid, "the answer's head is too large");
    if (end == std::string::npos) return state_;
    const std::string head = rest_.substr(0, end);
    rest_.erase(0, end + 4);
    if (auto read = read_head(head); !read) return tl::unexpected(read.error());
    if (response_.status >= 200) state_ = State::body;
  }
  if (state_ == State::whole) return state_;
  if (framing_ == Framing::chunked) {
    if (auto read = read_chunks(); !read) return tl::unexpected(read.error());
    return state_;
  }
  const std::size_t count = framing_ == Framing::length ? std::min(left_, rest_.size()) : rest_.size();
  if (auto taken = take_body(count); !taken) return tl::unexpected(taken.error());
  left_ -= framing_ == Framing::length ? count : 0;
  if (framing_ == Framing::length && left_ == 0) state_ = State::whole;
  return state_;
}

Result<ResponseReader::State> ResponseReader::end() {
  if (state_ == State::body && framing_ == Framing::until_close) state_ = State::whole;
  if (state_ != State::whole)
    return fail(Fault::unavailable, "the connection was closed before the answer's end");
  return state_;
}

} // namespace kaden::channel
