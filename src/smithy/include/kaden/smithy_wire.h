/// kaden/smithy_wire.h - requests and answers of AWS's protocols: bytes to values and back. Room: smithy.
/// Uses: base. Pure. Threads: any. Errors: SerializationException (JSON, CBOR), MalformedQueryString and
/// MalformedInput (Query); all limits::smithy_* are kept, time is linear in the bytes (but for a sort).
/// AWS Query protocol, AWS JSON 1.0 and 1.1, Smithy RPC v2 CBOR (RFC 8949), awsQueryCompatible.
///
/// Unknown members are read over, as AWS does. JSON null and CBOR null or undefined mean absent; in a list
/// they are refused, since lists here are dense. CBOR lengths may be definite or not; half, single and double
/// floats, and integers for floats, are taken.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kaden/smithy.h"
#include "kaden/smithy_service.h"

namespace kaden::smithy {

// In --------------------------------------------------------------------------------------------------------

using Headers = std::vector<std::pair<std::string, std::string>>;

/// What a request asks for, as far as its head tells.
struct Call {
  Protocol protocol = Protocol::query;
  std::string service;   ///< Service::name; empty in Query
  std::string operation; ///< empty in Query: there it is the parameter Action
};
/// Never fails: what is neither CBOR (its header or "/service/...") nor JSON (X-Amz-Target or the content
/// type) is Query. Names are empty when they are missing or malformed.
Call call_of(std::string_view path, const Headers& headers);

/// `shape` is a structure, or null for an operation without input. An empty body is an empty structure.
Answer<Value> read_json(const Shape* shape, std::string_view body);
Answer<Value> read_cbor(const Shape* shape, std::string_view body);

/// application/x-www-form-urlencoded; lists are "Name.member.N" from 1 on (gaps are closed), maps
/// "Name.entry.N.key" and ".value".
class QueryForm {
 public:
  /// MalformedQueryString: bad %XX, a name twice, not UTF-8, or characters that XML could not give back.
  static Answer<QueryForm> parse(std::string_view form);
  /// Null when absent.
  const std::string* find(std::string_view name) const;
  Answer<Value> read(const Shape* shape) const;

 private:
  std::vector<std::pair<std::string, std::string>> fields_; // sorted, '.' before anything else
};

// Out -------------------------------------------------------------------------------------------------------

struct Message {
  int status = 200;
  Headers headers;
  std::string body;
};

/// `output` is written as operation.output says; members it does not name are left out.
Message write_output(Protocol protocol, const Service& service, const Operation& operation,
                     const Value& output, const std::string& request_id);

/// More than a message: the members of an error's own structure.
struct Details {
  const Shape* shape = nullptr;
  Value members;
};
/// Protocols with shapes get Service::error_shapes' name in "__type" and, of a query-compatible service, the
/// code in x-amzn-query-error.
Message write_problem(Protocol protocol, const Service& service, const Problem& problem,
                      const std::string& request_id, const Details& details = {});

} // namespace kaden::smithy
