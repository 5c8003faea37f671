#include <algorithm>
#include <array>

#include "body_writers.h"
#include "kaden/smithy_wire.h"

namespace kaden::smithy {

namespace {

/// Errors that every service has: Query's name, and what the protocols with shapes call them.
constexpr std::array<std::pair<std::string_view, std::string_view>, 14> common_errors{{
    {"AccessDenied", "AccessDeniedException"},
    {"ExpiredToken", "ExpiredTokenException"},
    {"IncompleteSignature", "IncompleteSignatureException"},
    {"InternalFailure", "InternalFailure"},
    {"InvalidAction", "UnknownOperationException"},
    {"InvalidClientTokenId", "UnrecognizedClientException"},
    {"MalformedHttpRequestException", "MalformedHttpRequestException"},
    {"MissingAction", "UnknownOperationException"},
    {"MissingAuthenticationToken", "MissingAuthenticationTokenException"},
    {"RequestExpired", "RequestExpired"},
    {"ServiceUnavailable", "ServiceUnavailableException"},
    {"SignatureDoesNotMatch", "InvalidSignatureException"},
    {"Throttling", "ThrottlingException"},
    {"ValidationError", "ValidationException"},
}};

std::string shape_of(const Service& service, const std::string& code) {
  if (const auto own = service.error_shapes.find(code); own != service.error_shapes.end()) return own->second;
  const auto common = std::find_if(common_errors.begin(), common_errors.end(),
                                   [&](const auto& one) { return one.first == code; });
  return common == common_errors.end() ? code : std::string(common->second);
}

std::string_view content_type(Protocol protocol) {
  switch (protocol) {
    case Protocol::query:
      return "text/xml";
    case Protocol::json_1_0:
      return "application/x-amz-json-1.0";
    case Protocol::json_1_1:
      return "application/x-amz-json-1.1";
    case Protocol::cbor:
      break;
  }
  return "application/cbor";
}

Message start(Protocol protocol, int status, const std::string& request_id) {
  Message message{status, {{"x-amzn-RequestId", request_id}}, {}};
  if (protocol == Protocol::cbor) message.headers.emplace_back("smithy-protocol", "rpc-v2-cbor");
  return message;
}

void open_root(std::string& out, const std::string& name, const Service& service) {
  out.append("<").append(name);
  if (!service.xml_namespace.empty()) {
    out.append(" xmlns=\"").append(xml_escape(service.xml_namespace)).append("\"");
  }
  out += '>';
}

std::string xml_output(const Service& service, const Operation& operation, const Value& output,
                       const std::string& request_id) {
  std::string out;
  open_root(out, operation.name + "Response", service);
  if (operation.output != nullptr) {
    out.append("<").append(operation.name).append("Result>");
    write_xml_members(out, *operation.output, output);
    out.append("</").append(operation.name).append("Result>");
  }
  out += "<ResponseMetadata>";
  write_xml_element(out, "RequestId", request_id);
  return out.append("</ResponseMetadata></").append(operation.name).append("Response>\n");
}

std::string_view who(const Problem& problem) {
  return problem.http_status < 500 ? "Sender" : "Receiver";
}

std::string xml_problem(const Service& service, const Problem& problem, const std::string& request_id,
                        const Details& details) {
  std::string out;
  open_root(out, "ErrorResponse", service);
  out += "<Error>";
  write_xml_element(out, "Type", who(problem));
  write_xml_element(out, "Code", problem.code);
  if (details.shape == nullptr) {
    write_xml_element(out, "Message", problem.message);
  } else {
    write_xml_members(out, *details.shape, details.members);
  }
  out += "</Error>";
  write_xml_element(out, "RequestId", request_id);
  return out.append("</ErrorResponse>\n");
}

const std::string* header(const Headers& headers, std::string_view name) {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [&](const auto& one) { return equal_no_case(one.first, name); });
  return found == headers.end() ? nullptr : &found->second;
}

/// "/service/Name/operation/Name", with anything before it: an endpoint may have a path of its own.
void read_cbor_path(std::string_view path, Call& call) {
  const auto parts = split(path, '/');
  if (parts.size() < 5) return;
  const auto tail = parts.end() - 4;
  if (tail[0] != "service" || tail[2] != "operation") return;
  call.service = tail[1];
  call.operation = tail[3];
}

} // namespace

Call call_of(std::string_view path, const Headers& headers) {
  Call call;
  if (header(headers, "smithy-protocol") != nullptr || path.starts_with("/service/")) {
    call.protocol = Protocol::cbor;
    read_cbor_path(path, call);
    return call;
  }
  const std::string* type = header(headers, "content-type");
  const std::string* target = header(headers, "x-amz-target");
  if (target == nullptr && (type == nullptr || !starts_with_no_case(*type, "application/x-amz-json"))) {
    return call;
  }
  const bool is_1_0 = type != nullptr && starts_with_no_case(*type, "application/x-amz-json-1.0");
  call.protocol = is_1_0 ? Protocol::json_1_0 : Protocol::json_1_1;
  const std::size_t dot = target == nullptr ? std::string::npos : target->rfind('.');
  if (dot != std::string::npos) {
    call.service = target->substr(0, dot);
    call.operation = target->substr(dot + 1);
  }
  return call;
}

Message write_output(Protocol protocol, const Service& service, const Operation& operation,
                     const Value& output, const std::string& request_id) {
  Message message = start(protocol, 200, request_id);
  const std::string* note = operation.note.first.empty() ? nullptr : output.text(operation.note.first);
  if (note != nullptr) message.headers.emplace_back(operation.note.second, *note);
  // RPC v2 CBOR: without an output shape there is no body, and then no type of it.
  if (protocol == Protocol::cbor && operation.output == nullptr) return message;
  message.headers.emplace_back("Content-Type", content_type(protocol));
  switch (protocol) {
    case Protocol::query:
      message.body = xml_output(service, operation, output, request_id);
      break;
    case Protocol::json_1_0:
    case Protocol::json_1_1:
      if (operation.output == nullptr) {
        message.body = "{}";
      } else {
        write_json(message.body, *operation.output, output);
      }
      break;
    case Protocol::cbor:
      write_cbor(message.body, *operation.output, output);
      break;
  }
  return message;
}

Message write_problem(Protocol protocol, const Service& service, const Problem& problem,
                      const std::string& request_id, const Details& details) {
  Message message = start(protocol, problem.http_status, request_id);
  message.headers.emplace_back("Content-Type", content_type(protocol));
  if (protocol == Protocol::query) {
    message.body = xml_problem(service, problem, request_id, details);
    return message;
  }
  if (service.query_compatible) {
    message.headers.emplace_back("x-amzn-query-error", problem.code + ";" + std::string(who(problem)));
  }
  // The error's own members behind "__type": a structure that begins with it.
  Shape shape{Type::structure, TimeFormat::usual, {{"__type", &text_shape}}};
  const std::string prefix = service.shape_namespace.empty() ? "" : service.shape_namespace + "#";
  Value members = Value().set("__type", prefix + shape_of(service, problem.code));
  if (details.shape == nullptr) {
    shape.members.push_back({"message", &text_shape});
    members.set("message", problem.message);
  } else {
    shape.members.insert(shape.members.end(), details.shape->members.begin(), details.shape->members.end());
    for (const Member& member : details.shape->members) {
      if (const Value* inner = details.members.find(member.name)) members.set(member.name, *inner);
    }
  }
  if (protocol == Protocol::cbor) {
    write_cbor(message.body, shape, members);
  } else {
    write_json(message.body, shape, members);
  }
  return message;
}

} // namespace kaden::smithy
