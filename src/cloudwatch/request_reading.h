// From an HTTP request to the operation it asks for and its input.
#pragma once

#include <memory>

#include "answer.h"
#include "kaden/http.h"
#include "kaden/smithy_service.h"
#include "kaden/smithy_wire.h"

namespace kaden::cloudwatch {

/// A request whose operation is known and whose input is not read yet.
struct Asked {
  const smithy::Served* served = nullptr; ///< of the service
  std::string body;                       ///< decompressed; empty in Query
  smithy::QueryForm form;                 ///< Query only
};

/// MissingAction, InvalidAction, UnsupportedProtocol, MalformedHttpRequestException, RequestEntityTooLarge,
/// and the faults of a form.
Answer<Asked> read_asked(const http::Request& request, const smithy::Call& call,
                         const smithy::Service& service);
Answer<Value> read_input(smithy::Protocol protocol, const Asked& asked);

} // namespace kaden::cloudwatch
