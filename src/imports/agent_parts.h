/// agent_parts.h - which parts an amazon-cloudwatch-agent's configuration may have (its
/// translator/config/schema.json), and where in the text a part stands. Room: imports, inside. Threads: pure
/// functions. Errors: none; `text` has been read as JSON before.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"

namespace kaden::imports {

enum class PartTrouble : std::uint8_t {
  unknown,  ///< the agent knows no such part
  traces,   ///< goes to AWS X-Ray or an OpenTelemetry endpoint
  embedded, ///< metrics inside log events (embedded metric format)
  amp,      ///< goes to Amazon Managed Service for Prometheus
};

struct OddPart {
  std::string path; ///< "metrics.metrics_collected.cpuu"
  PartTrouble trouble = PartTrouble::unknown;
  std::size_t line = 0; ///< from 1
};

/// In the order of the text.
std::vector<OddPart> odd_parts(std::string_view text, const json::object& top);

} // namespace kaden::imports
