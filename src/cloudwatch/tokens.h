// NextToken: where the next page begins. Each is bound to its operation; the caller brings them back unread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "answer.h"

namespace kaden::cloudwatch {

std::string token_of(std::string_view operation, std::string_view place);
/// The place in the request's NextToken; empty without one. InvalidNextToken: not a token of this operation.
Answer<std::string> read_token(const Value& input, std::string_view operation);
/// The same for places that are numbers; 0 without one.
Answer<std::uint64_t> read_number_token(const Value& input, std::string_view operation);
tl::unexpected<Problem> invalid_token();

} // namespace kaden::cloudwatch
