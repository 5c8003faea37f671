/// kaden/http_date.h - dates as HTTP writes them (RFC 9110 section 5.6.7, IMF-fixdate). Room: base. Threads:
/// values; any. Errors: nothing is what is no such date.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kaden/time.h"

namespace kaden {

/// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string to_http_date(WallTime at);
/// The same; a fraction may follow the seconds (Smithy's http-date). The day of the week is not looked at.
std::optional<WallTime> parse_http_date(std::string_view text);

} // namespace kaden
