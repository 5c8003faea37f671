#include "answer.h"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace kaden::cloudwatch {

namespace {

constexpr std::string_view xml_namespace = "http://monitoring.amazonaws.com/doc/2010-08-01/";

std::string_view sender_or_receiver(const Problem& problem) {
  return problem.http_status < 500 ? "Sender" : "Receiver";
}

/// RFC 8949 section 3.1, major type 3; texts here are far below 64 KiB.
std::string cbor_text(std::string_view text) {
  std::string out;
  const auto byte = [&](std::size_t value) {
    out += static_cast<char>(static_cast<unsigned char>(value & 255U));
  };
  const std::string_view cut = cut_utf8(text, 65'535);
  if (cut.size() < 24) {
    byte(0x60U + cut.size());
  } else if (cut.size() < 256) {
    byte(0x78);
    byte(cut.size());
  } else {
    byte(0x79);
    byte(cut.size() >> 8U);
    byte(cut.size());
  }
  return out.append(cut);
}

} // namespace

Problem problem_of(const Error& error) {
  switch (error.fault) {
    case Fault::invalid:
      return {"InvalidParameterValue", 400, error.message};
    case Fault::not_found:
      return {"ResourceNotFound", 404, error.message};
    case Fault::conflict:
      return {"InvalidParameterCombination", 400, error.message};
    case Fault::denied:
      return {"AccessDenied", 403, error.message};
    case Fault::busy:
      return {"LimitExceeded", 400, error.message};
    case Fault::unavailable:
    case Fault::timeout:
      return {"ServiceUnavailable", 503, error.message};
    case Fault::corrupt:
      break;
  }
  return {"InternalServiceError", 500, error.message};
}

std::string element(std::string_view name, std::string_view text) {
  return fmt::format("<{0}>{1}</{0}>", name, xml_escape(text));
}

http::Response success(std::string_view action, std::string_view result, const std::string& request_id) {
  std::string inner;
  if (!result.empty()) inner = fmt::format("<{0}Result>{1}</{0}Result>", action, result);
  return {200,
          {{"Content-Type", "text/xml"}, {"x-amzn-RequestId", request_id}},
          fmt::format(
              "<{0}Response xmlns=\"{1}\">{2}<ResponseMetadata><RequestId>{3}</RequestId></ResponseMetadata>"
              "</{0}Response>\n",
              action, xml_namespace, inner, request_id)};
}

http::Response failure(const Problem& problem, Protocol protocol, const std::string& request_id) {
  http::Response response{problem.http_status, {{"x-amzn-RequestId", request_id}}, {}};
  const std::string query_error = fmt::format("{};{}", problem.code, sender_or_receiver(problem));
  switch (protocol) {
    case Protocol::query:
      response.headers.emplace_back("Content-Type", "text/xml");
      response.body = fmt::format(
          "<ErrorResponse xmlns=\"{}\"><Error><Type>{}</Type>{}{}</Error><RequestId>{}</RequestId>"
          "</ErrorResponse>\n",
          xml_namespace, sender_or_receiver(problem), element("Code", problem.code),
          element("Message", problem.message), request_id);
      break;
    case Protocol::json:
      response.headers.emplace_back("Content-Type", "application/x-amz-json-1.0");
      response.headers.emplace_back("x-amzn-query-error", query_error);
      response.body = kaden::to_text(json::value{
          {"__type", "com.amazonaws.cloudwatch#" + std::string(problem.code)}, {"message", problem.message}});
      break;
    case Protocol::cbor:
      response.headers.emplace_back("Content-Type", "application/cbor");
      response.headers.emplace_back("smithy-protocol", "rpc-v2-cbor");
      response.headers.emplace_back("x-amzn-query-error", query_error);
      response.body = "\xa2" + cbor_text("__type") +
                      cbor_text("com.amazonaws.cloudwatch#" + std::string(problem.code)) +
                      cbor_text("message") + cbor_text(problem.message);
      break;
  }
  return response;
}

} // namespace kaden::cloudwatch
