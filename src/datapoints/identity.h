/// identity.h - a series' name as one text, for the look-up and the file. Room: datapoints, inside.
/// Threads: pure functions. Errors: corrupt (not a text of identity_of()).
#pragma once

#include <string>
#include <string_view>

#include "kaden/datapoints.h"

namespace kaden::datapoints {

/// `["CWAgent","mem_used_percent",{"host":"web-01"},"Percent"]`: JSON, so that people can read the file; the
/// same series always gives the same text.
std::string identity_of(const alarm::MetricId& metric, std::string_view unit);
Result<SeriesId> parse_identity(std::string_view text);

} // namespace kaden::datapoints
