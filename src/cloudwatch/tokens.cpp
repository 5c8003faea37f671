#include "tokens.h"

namespace kaden::cloudwatch {

namespace {

constexpr std::string_view start = "kaden2:"; // the edition: an older one's tokens are refused

} // namespace

tl::unexpected<Problem> invalid_token() {
  return problem("InvalidNextToken", "The next token specified is invalid.");
}

std::string token_of(std::string_view operation, std::string_view place) {
  return std::string(start).append(operation).append(":").append(place);
}

Answer<std::string> read_token(const Value& input, std::string_view operation) {
  const std::string* token = input.text("NextToken");
  if (token == nullptr || token->empty()) return std::string();
  const std::string mine = token_of(operation, "");
  if (!token->starts_with(mine) || token->size() == mine.size()) return invalid_token();
  return token->substr(mine.size());
}

Answer<std::uint64_t> read_number_token(const Value& input, std::string_view operation) {
  const auto place = read_token(input, operation);
  if (!place) return refused(place);
  if (place->empty()) return std::uint64_t{0};
  const auto number = parse_int(*place);
  if (!number || *number < 0) return invalid_token();
  return static_cast<std::uint64_t>(*number);
}

} // namespace kaden::cloudwatch
