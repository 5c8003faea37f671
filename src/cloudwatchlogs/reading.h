// What several operations read alike, and the store's faults in AWS's words.
#pragma once

#include <string>
#include <string_view>

#include "offer.h"

namespace kaden::cloudwatchlogs {

inline constexpr std::string_view invalid_parameter = "InvalidParameterException";

template <class T>
tl::unexpected<Problem> refused(const Answer<T>& answer) {
  return tl::unexpected<Problem>(answer.error());
}

/// "1 validation error detected: Value 'x' at 'logGroupName' failed to satisfy constraint: ..."; null when
/// `shown` is.
tl::unexpected<Problem> must_be(std::string_view parameter, const std::string* shown,
                                std::string_view constraint);
tl::unexpected<Problem> no_group();
tl::unexpected<Problem> no_stream();
/// `exists` is what a conflict is told as.
Problem problem_of(const Error& error, std::string_view missing, std::string_view exists = "");

Answer<std::string> read_group_name(const Value& input);
/// logGroupName, or logGroupIdentifier (a name or an ARN); one of them.
Answer<std::string> read_group(const Value& input);
/// The group of "arn:aws:logs:...:log-group:name" or "...:name:*"; InvalidParameterException.
Answer<std::string> group_of_arn(const std::string& arn, std::string_view parameter);
/// A stream's or filter's name.
Answer<std::string> read_name(const Value& input, std::string_view parameter);
/// Optional; "" when it is not there.
Answer<std::string> read_prefix(const Value& input, std::string_view parameter);
/// 1 to `most`; `most` when it is not there.
Answer<std::size_t> read_limit(const Value& input, std::size_t most);

/// Passes the end of a change on; `missing` and `exists` as for problem_of.
logstore::Done answering(const Respond& respond, std::string missing, std::string exists = "");

} // namespace kaden::cloudwatchlogs
