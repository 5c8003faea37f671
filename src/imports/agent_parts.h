/// agent_parts.h - what in an amazon-cloudwatch-agent's configuration is odd, and where. Room: imports,
/// inside. Threads: pure functions. Errors: none; `text` has been read as JSON before.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "agent_schema.h"

#include "kaden/base.h"

namespace kaden::imports {

enum class PartTrouble : std::uint8_t {
  unknown,     ///< the agent reads over such a part
  refused,     ///< the agent refuses the file for it
  wrong_kind,  ///< `wanted` and `words` say what is wanted
  missing,     ///< `words` must be in it
  twice,       ///< the same item stands before it in the list
  measurement, ///< the plugin is not known to have the measurement `words`
  traces,      ///< goes to AWS X-Ray or an OpenTelemetry endpoint
  embedded,    ///< metrics inside log events (embedded metric format)
  amp,         ///< goes to Amazon Managed Service for Prometheus
  reserved,    ///< the namespace `words` is Amazon's own: refused by CloudWatch and Kaden alike
  group_name,  ///< `words` is no name of a log group: refused by CloudWatch Logs and Kaden alike
  retention,   ///< the agent asks for PutRetentionPolicy, which a key that only ingests may not
};

struct OddPart {
  std::string path; ///< "metrics.metrics_collected.cpuu"
  PartTrouble trouble = PartTrouble::unknown;
  Kind wanted = Kind::any;
  std::string words;
  std::string near;     ///< what may have been meant; "" when nothing is like it
  std::size_t line = 0; ///< from 1
};

/// The agent does not start with such a part.
bool is_mistake(PartTrouble trouble);

/// In the order of the text.
std::vector<OddPart> odd_parts(std::string_view text, const json::object& top);

} // namespace kaden::imports
