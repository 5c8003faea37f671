/// dates.h - the dates of feeds, as they really are. Room: statusfeed.
/// Threads: values; any. Errors: none; what is no date gives nothing.
#pragma once

#include <optional>
#include <string_view>

#include "kaden/base.h"

namespace kaden::statusfeed {

/// RFC 822 with what occurs beside it (two-digit years as RFC 5322 4.3 reads them, no weekday, no seconds,
/// any case, zone words such as JST and CET, no zone: UTC), or RFC 3339. Years 1970 to 9999.
std::optional<WallTime> parse_feed_date(std::string_view text);

/// "Aug  6, 14:55 UTC" of Statuspage, which has no year: the one that comes nearest to `near`. Anything may
/// stand between the time and the zone, the last word.
std::optional<WallTime> parse_stamp(std::string_view text, WallTime near);

} // namespace kaden::statusfeed
