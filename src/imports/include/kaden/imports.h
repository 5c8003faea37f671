/// kaden/imports.h - what is there already, in Kaden's words: CloudWatch alarms as rules or as
/// requests that define them as they are, and what a CloudWatch agent's configuration needs to report to
/// Kaden. Room: imports. Uses: base, alarm. Pure: text in, text out. Threads: values; any. Errors: invalid
/// (not JSON, or not what the named program writes).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"

namespace kaden::imports {

/// Which alarms a script of requests defines on Kaden's endpoint, each just as it is.
enum class Requests : std::uint8_t {
  none, ///< no script
  rest, ///< what cannot be a rule, and what a composite alarm looks at: a rule would give it another name
  all,  ///< every alarm; there are no rules
};

struct Rules {
  std::string yaml;         ///< the section `alarms`, with a comment on each rule and on what was left out
  std::string script;       ///< for sh; "" without requests
  std::size_t rules = 0;    ///< in the section
  std::size_t taken = 0;    ///< alarms that became rules
  std::size_t left_out = 0; ///< alarms that did not, each with its reason in a comment
  std::size_t requests = 0; ///< of these, in the script
};
/// `text` is what `aws cloudwatch describe-alarms` prints (JSON). Metric alarms that differ only in the
/// machine's dimension (host, InstanceId, VMName) become one rule for all machines. Comments are in
/// `language`.
Result<Rules> rules_of_cloudwatch_alarms(std::string_view text, Language language,
                                         Requests requests = Requests::none);

struct Advice {
  std::string text;         ///< for a terminal: what to add, what to know
  std::size_t mistakes = 0; ///< with which the agent does not start
  std::size_t warnings = 0; ///< what changes series, or keeps them from arriving
};
/// `text` is an amazon-cloudwatch-agent configuration (JSON), `url` where Kaden listens
/// ("https://10.0.0.2:8480").
Result<Advice> advice_for_cloudwatch_agent(std::string_view text, const std::string& url, Language language);

} // namespace kaden::imports
