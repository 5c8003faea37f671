#include "request_reading.h"

#include <algorithm>

#include "inflate.h"

namespace kaden::cloudwatch {

namespace {

std::string header_or(const http::Request& request, std::string_view name, std::string_view fallback) {
  const std::string* value = http::find_header(request.headers, name);
  return value == nullptr ? std::string(fallback) : *value;
}

/// GET is Query's alone: a presigned URL is opened so.
bool is_get(const http::Request& request, const smithy::Call& call) {
  return request.method == "GET" && call.protocol == smithy::Protocol::query && !request.query.empty();
}

Answer<void> check_head(const http::Request& request, const smithy::Call& call) {
  if (request.method != "POST" && !is_get(request, call)) {
    return problem("InvalidAction", "Requests are sent as POST (AWS Query also as GET with parameters).",
                   405);
  }
  const std::string type = header_or(request, "content-type", "");
  if (call.protocol == smithy::Protocol::query && request.method == "POST" &&
      !starts_with_no_case(type, "application/x-www-form-urlencoded")) {
    return problem("InvalidParameterValue", "Content-Type must be application/x-www-form-urlencoded.");
  }
  if (call.protocol == smithy::Protocol::cbor && !request.body.empty() &&
      !starts_with_no_case(type, "application/cbor")) {
    return problem("UnsupportedMediaTypeException", "Content-Type must be application/cbor.", 415);
  }
  return {};
}

/// Names that were asked for may be long, and are shown.
std::string shown(const std::string& name) {
  return std::string(cut_utf8(name, 100));
}

Answer<const smithy::Served*> find_operation(const smithy::Service& service, const std::string& name) {
  const auto found = service.operations.find(name);
  if (found == service.operations.end()) {
    return problem("InvalidAction", "Could not find operation " + shown(name) + " of " + service.name + ".");
  }
  return &found->second;
}

/// What may come out of a compressed body before its operation is known.
std::size_t most_bytes(const smithy::Service& service) {
  std::size_t most = 0;
  for (const auto& one : service.operations) most = std::max(most, one.second.operation.body_bytes_max);
  return most;
}

struct Unpacked {
  std::string body;
  bool was_packed = false;
};
Answer<Unpacked> unpack(const http::Request& request, std::size_t bytes_max) {
  const std::string encoding = to_lower(header_or(request, "content-encoding", "identity"));
  if (encoding == "identity") return Unpacked{request.body, false};
  if (encoding != "gzip") {
    return problem("MalformedHttpRequestException", "The only Content-Encoding taken is gzip.");
  }
  auto body = gunzip(request.body, bytes_max);
  if (!body) return refused(body);
  return Unpacked{std::move(*body), true};
}

Answer<std::string> action_of(const smithy::QueryForm& form, const smithy::Service& service) {
  const std::string* action = form.find("Action");
  if (action == nullptr || action->empty()) {
    return problem("MissingAction", "The request must contain the parameter Action.");
  }
  const std::string* version = form.find("Version");
  if (version != nullptr && *version != service.api_version) {
    return problem("InvalidAction",
                   "Could not find operation " + shown(*action) + " for version " + shown(*version) + ".");
  }
  return *action;
}

} // namespace

Answer<Asked> read_asked(const http::Request& request, const smithy::Call& call,
                         const smithy::Service& service) {
  if (!service.speaks(call.protocol)) {
    return problem("UnsupportedProtocol", "This service does not speak the protocol of the request.");
  }
  if (auto fits = check_head(request, call); !fits) return refused(fits);
  auto unpacked = unpack(request, most_bytes(service));
  if (!unpacked) return refused(unpacked);
  const bool is_query = call.protocol == smithy::Protocol::query;
  const std::size_t bytes = unpacked->body.size();
  Asked asked;
  std::string name = call.operation;
  if (is_query) {
    auto form = smithy::QueryForm::parse(is_get(request, call) ? request.query : unpacked->body);
    if (!form) return refused(form);
    auto action = action_of(*form, service);
    if (!action) return refused(action);
    name = std::move(*action);
    asked.form = std::move(*form);
  } else {
    asked.body = std::move(unpacked->body);
  }
  const auto served = find_operation(service, name);
  if (!served) return refused(served);
  asked.served = *served;
  const smithy::Operation& operation = asked.served->operation;
  if (unpacked->was_packed && !operation.gzip) {
    return problem("MalformedHttpRequestException", operation.name + " does not take a Content-Encoding.");
  }
  if (bytes > operation.body_bytes_max) {
    return problem("RequestEntityTooLarge", "The request body is larger than allowed.", 413);
  }
  return asked;
}

Answer<Value> read_input(smithy::Protocol protocol, const Asked& asked) {
  const smithy::Shape* shape = asked.served->operation.input;
  switch (protocol) {
    case smithy::Protocol::query:
      return asked.form.read(shape);
    case smithy::Protocol::json_1_0:
    case smithy::Protocol::json_1_1:
      return smithy::read_json(shape, asked.body);
    case smithy::Protocol::cbor:
      break;
  }
  return smithy::read_cbor(shape, asked.body);
}

} // namespace kaden::cloudwatch
