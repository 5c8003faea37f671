/// kaden/http_answer.h - HTTP/1.1 as text: the head of a request, and a response as it arrives. Room:
/// channel. Uses: base, http (its types only). Threads: values; any. Errors: invalid. RFC 9112.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kaden/http.h"

namespace kaden::channel {

/// "POST /x HTTP/1.1" with the headers and Content-Length; no header may hold a line end.
std::string request_head(std::string_view method, std::string_view target, const http::Headers& headers,
                         std::size_t body_bytes);

/// Fed with bytes until it is whole. Interim responses (1xx) are passed over; heads over
/// limits::http_header_bytes_max and bodies over limits::agent_response_bytes_max are refused.
class ResponseReader {
 public:
  enum class State : std::uint8_t { head, body, whole };

  /// Invalid when it is no HTTP; then the reader is of no more use.
  Result<State> feed(std::string_view bytes);
  /// The other side closed: whole when that is what ends the body, else unavailable.
  Result<State> end();
  State state() const { return state_; }
  /// The head was read and is no interim one, even when its body is more than a reader takes.
  bool has_head() const { return has_head_; }
  /// May another request use the connection?
  bool keeps_alive() const { return keeps_alive_ && state_ == State::whole && rest_.empty(); }
  const http::Response& response() const { return response_; }

 private:
  enum class Framing : std::uint8_t { length, chunked, until_close };

  Result<void> read_head(std::string_view head);
  Result<void> read_framing();
  Result<void> read_chunks();
  Result<void> take_body(std::size_t count);

  State state_ = State::head;
  Framing framing_ = Framing::length;
  bool keeps_alive_ = true;
  bool has_head_ = false;
  bool in_chunk_ = false;
  std::size_t left_ = 0; ///< of the body, or of the chunk with its line end
  std::string rest_;     ///< not looked at yet
  http::Response response_{};
};

} // namespace kaden::channel
