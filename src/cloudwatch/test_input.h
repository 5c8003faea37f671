// The input of an operation as a client of the Query protocol sends it. Tests only.
#pragma once

#include <string>

#include "kaden/smithy_wire.h"
#include "operations.h"

namespace kaden::cloudwatch {

inline const smithy::Service& tested_service() {
  static const smithy::Service service = make_service(nullptr, "arn:alarm:", {});
  return service;
}

inline Answer<Value> input_of(const std::string& operation, const std::string& form) {
  const auto parsed = smithy::QueryForm::parse(form);
  if (!parsed) return refused(parsed);
  return parsed->read(tested_service().operations.at(operation).operation.input);
}

} // namespace kaden::cloudwatch
