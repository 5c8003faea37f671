/// answer.h - the problems of this room, and faults of the rooms below in AWS's words. Room: cloudwatch,
/// inside. Threads: values; any. Errors: none: they are what it makes.
#pragma once

#include <string>
#include <string_view>

#include "kaden/smithy.h"

namespace kaden::cloudwatch {

using smithy::Answer;
using smithy::problem;
using smithy::Problem;
using smithy::Value;

/// For faults of the alarm book and the store.
Problem problem_of(const Error& error);

/// Passes a refusal on.
template <class T>
tl::unexpected<Problem> refused(const Answer<T>& answer) {
  return tl::unexpected<Problem>(answer.error());
}

} // namespace kaden::cloudwatch
