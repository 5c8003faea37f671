#include "reading.h"

#include <fmt/format.h>

#include "kaden/limits/logs.h"
#include "kaden/utf8.h"

namespace kaden::cloudwatchlogs {

namespace {

constexpr std::string_view missing_group = "The specified log group does not exist.";

constexpr std::string_view group_rule =
    "Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+";
constexpr std::string_view name_rule = "Member must satisfy regular expression pattern: [^:*]*";
constexpr std::string_view long_rule = "Member must have length less than or equal to 512";
constexpr std::string_view short_rule = "Member must have length greater than or equal to 1";

} // namespace

tl::unexpected<Problem> must_be(std::string_view parameter, const std::string* shown,
                                std::string_view constraint) {
  const std::string value = shown == nullptr ? "null" : "'" + std::string(cut_utf8(*shown, 300)) + "'";
  return problem(invalid_parameter,
                 fmt::format("1 validation error detected: Value {} at '{}' failed to satisfy constraint: {}",
                             value, parameter, constraint));
}

tl::unexpected<Problem> no_group() {
  return problem("ResourceNotFoundException", std::string(missing_group));
}

tl::unexpected<Problem> no_stream() {
  return problem("ResourceNotFoundException", "The specified log stream does not exist.");
}

Problem problem_of(const Error& error, std::string_view missing, std::string_view exists) {
  switch (error.fault) {
    case Fault::invalid:
      return {std::string(invalid_parameter), 400, error.message};
    case Fault::not_found:
      return {"ResourceNotFoundException", 400, std::string(missing)};
    case Fault::conflict:
      return {"ResourceAlreadyExistsException", 400, std::string(exists)};
    case Fault::denied:
      return {"LimitExceededException", 400, "Resource limit exceeded: " + error.message + "."};
    case Fault::busy:
      return {"Throttling", 400, "Rate exceeded: " + error.message};
    case Fault::unavailable:
    case Fault::timeout:
    case Fault::corrupt:
      break;
  }
  return {"ServiceUnavailable", 500, error.message};
}

Answer<std::string> read_group_name(const Value& input) {
  constexpr std::string_view parameter = "logGroupName";
  const std::string* name = input.text(parameter);
  if (name == nullptr) return must_be(parameter, nullptr, "Member must not be null");
  if (name->empty()) return must_be(parameter, name, short_rule);
  if (name->size() > limits::log_name_characters_max) return must_be(parameter, name, long_rule);
  if (!logfilter::is_group_name(*name)) return must_be(parameter, name, group_rule);
  return *name;
}

Answer<std::string> group_of_arn(const std::string& arn, std::string_view parameter) {
  constexpr std::string_view kind = ":log-group:";
  const std::size_t at = arn.find(kind);
  if (!arn.starts_with("arn:") || at == std::string::npos) {
    return must_be(parameter, &arn, "Member must be the ARN of a log group");
  }
  std::string name = arn.substr(at + kind.size());
  if (name.ends_with(":*")) name.resize(name.size() - 2);
  if (!logfilter::is_group_name(name))
    return must_be(parameter, &arn, "Member must be the ARN of a log group");
  return name;
}

Answer<std::string> read_group(const Value& input) {
  constexpr std::string_view parameter = "logGroupIdentifier";
  const std::string* identifier = input.text(parameter);
  if (identifier == nullptr) return read_group_name(input);
  if (input.has("logGroupName")) {
    return problem(invalid_parameter, "LogGroup name and LogGroup identifier cannot both be specified.");
  }
  if (identifier->starts_with("arn:")) return group_of_arn(*identifier, parameter);
  if (!logfilter::is_group_name(*identifier)) return must_be(parameter, identifier, group_rule);
  return *identifier;
}

Answer<std::string> read_name(const Value& input, std::string_view parameter) {
  const std::string* name = input.text(parameter);
  if (name == nullptr) return must_be(parameter, nullptr, "Member must not be null");
  if (name->empty()) return must_be(parameter, name, short_rule);
  if (characters(*name) > limits::log_name_characters_max) return must_be(parameter, name, long_rule);
  if (!logfilter::is_name(*name)) return must_be(parameter, name, name_rule);
  return *name;
}

Answer<std::string> read_prefix(const Value& input, std::string_view parameter) {
  if (!input.has(parameter)) return std::string();
  return read_name(input, parameter);
}

Answer<std::size_t> read_limit(const Value& input, std::size_t most) {
  const auto limit = input.integer("limit");
  if (!limit) return most;
  const std::string shown = std::to_string(*limit);
  if (*limit < 1) return must_be("limit", &shown, "Member must have value greater than or equal to 1");
  if (*limit > static_cast<std::int64_t>(most)) {
    return must_be("limit", &shown, fmt::format("Member must have value less than or equal to {}", most));
  }
  return static_cast<std::size_t>(*limit);
}

logstore::Done answering(const Respond& respond, std::string missing, std::string exists) {
  return [respond, missing = std::move(missing), exists = std::move(exists)](const Result<void>& done) {
    if (done) {
      respond(Value(smithy::Map()));
    } else {
      respond(tl::unexpected<Problem>(problem_of(done.error(), missing, exists)));
    }
  };
}

} // namespace kaden::cloudwatchlogs
