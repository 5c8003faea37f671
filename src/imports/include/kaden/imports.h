/// kaden/imports.h - what is there already, in Kaden's words: CloudWatch alarms as rules, and what a
/// CloudWatch agent's configuration needs to report to Kaden. Room: imports. Uses: base, alarm. Pure: text
/// in, text out. Threads: values; any. Errors: invalid (not JSON, or not what the named program writes).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"

namespace kaden::imports {

struct Rules {
  std::string yaml;         ///< the section `alarms`, with a comment on each rule and on what was left out
  std::size_t rules = 0;    ///< in it
  std::size_t taken = 0;    ///< alarms that became rules
  std::size_t left_out = 0; ///< alarms that did not, each with its reason in a comment
};
/// `text` is what `aws cloudwatch describe-alarms` prints (JSON). Metric alarms that differ only in the
/// machine's dimension (host, InstanceId, VMName) become one rule for all machines. Comments are in
/// `language`.
Result<Rules> rules_of_cloudwatch_alarms(std::string_view text, Language language);

struct Advice {
  std::string text;         ///< for a terminal: what to add, what to know
  std::size_t warnings = 0; ///< what changes series, or keeps them from arriving
};
/// `text` is an amazon-cloudwatch-agent configuration (JSON), `url` where Kaden listens
/// ("https://10.0.0.2:8480").
Result<Advice> advice_for_cloudwatch_agent(std::string_view text, const std::string& url, Language language);

} // namespace kaden::imports
