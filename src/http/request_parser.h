/// request_parser.h - bytes of one HTTP/1.x request into a Request, by Boost.Beast's parser. Room: http,
/// inside. Beast checks the grammar (RFC 9112) and both limits of one piece; what it leaves open is checked
/// here: the size of a header that comes in small pieces, exactly one Host, the form of the target, and every
/// framing that two programs could read differently (RFC 9112, section 6.3: request smuggling). Threads: one.
/// Errors: Stage::refused with the status to answer; the connection must then be closed.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kaden/http.h"

namespace kaden::http {

struct Refusal {
  int status = 400;
  std::string message;
};

class RequestParser final : private boost::beast::http::basic_parser<true> {
 public:
  RequestParser(std::size_t header_bytes_max, std::size_t body_bytes_max);

  enum class Stage : std::uint8_t {
    needs_more,     ///< show the bytes not used again, with more behind them
    wants_continue, ///< the sender waits for "100 Continue" (RFC 9110, section 10.1.1); said once
    complete,       ///< take() the request; further bytes belong to the next one
    refused,        ///< see refusal()
  };
  struct Step {
    std::size_t used = 0;
    Stage stage = Stage::needs_more;
  };
  Step feed(std::string_view bytes);

  Request take() { return std::move(request_); }
  bool is_http_1_0() const { return version_ == 10; }
  /// What the sender wishes (RFC 9112, section 9.3).
  bool keeps_alive() const { return keep_alive(); }
  const Refusal& refusal() const { return refusal_; }
  /// The request as far as its head tells; nullptr while that is not complete.
  const Request* head() const { return is_header_done() || refusal_.status == 413 ? &request_ : nullptr; }

 private:
  using Base = boost::beast::http::basic_parser<true>;
  using Code = boost::beast::error_code;
  using View = boost::beast::string_view;

  void on_request_impl(boost::beast::http::verb verb, View method, View target, int version,
                       Code& code) override;
  void on_response_impl(int status, View reason, int version, Code& code) override;
  void on_field_impl(boost::beast::http::field field, View name, View value, Code& code) override;
  void on_header_impl(Code& code) override;
  void on_body_init_impl(boost::optional<std::uint64_t> const& length, Code& code) override;
  std::size_t on_body_impl(View bytes, Code& code) override;
  void on_chunk_header_impl(std::uint64_t size, View extensions, Code& code) override;
  std::size_t on_chunk_body_impl(std::uint64_t left, View bytes, Code& code) override;
  void on_finish_impl(Code& code) override;

  void refuse(int status, const char* message, Code& code);
  void explain(const Code& code);

  // Owned
  const std::size_t header_bytes_max_;
  // State
  Request request_;
  Refusal refusal_;
  std::size_t header_bytes_ = 0;
  int version_ = 11;
  int hosts_ = 0;
  bool has_length_ = false;
  bool has_encoding_ = false;
  bool expects_continue_ = false;
};

} // namespace kaden::http
