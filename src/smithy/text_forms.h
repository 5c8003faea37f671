// Base64, and timestamps as text: the forms that JSON, Query and XML share.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kaden/http_date.h"
#include "kaden/smithy.h"

namespace kaden::smithy {

std::string to_base64(std::string_view bytes);
/// RFC 4648 section 4, with or without padding; nullopt when it is not.
std::optional<std::string> from_base64(std::string_view text);

/// "1787540645", "1787540645.126"
std::string epoch_text(WallTime at);
/// Rounded to milliseconds; nullopt outside the years 1 to 9999 and for what is no number.
std::optional<WallTime> time_of_epoch(double seconds);
std::optional<WallTime> time_of_epoch(std::int64_t seconds);

/// "NaN", "Infinity", "-Infinity", or the shortest text that reads back.
std::string real_text(double value, Type type);
/// Also "nan" and "inf" in any case: Python's way to write them.
std::optional<double> parse_any_real(std::string_view text);

} // namespace kaden::smithy
