/// kaden/text.h - small text helpers without locale. Room: base.
/// Threads: values; any. Errors: Fault::invalid from the parsers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/result.h"

namespace kaden {

/// ASCII only; bytes above 127 stay.
std::string to_lower(std::string_view text);
/// Without leading and trailing blanks, tabs, CR and LF.
std::string_view trim(std::string_view text);
/// "a,,b" at ',' gives "a", "", "b"; "" gives one empty part.
std::vector<std::string_view> split(std::string_view text, char at);
bool starts_with_no_case(std::string_view text, std::string_view prefix);
bool equal_no_case(std::string_view a, std::string_view b);

/// Whole text, decimal, no blanks, no sign but '-'.
std::optional<std::int64_t> parse_int(std::string_view text);
/// Whole text, decimal or exponent, '.' as the point; no NaN, no infinity.
std::optional<double> parse_real(std::string_view text);
/// Shortest text that reads back as the same number; never locale dependent.
std::string to_text(double value);

bool is_valid_utf8(std::string_view text);
/// Cuts at a character boundary so that at most `bytes_max` bytes remain.
std::string_view cut_utf8(std::string_view text, std::size_t bytes_max);

std::string to_hex(std::string_view bytes);
/// %XX decoding of application/x-www-form-urlencoded ('+' is a blank) or of a path ('+' stays).
Result<std::string> percent_decode(std::string_view text, bool plus_is_blank);
/// Escapes & < > " ' and drops characters that XML 1.0 forbids.
std::string xml_escape(std::string_view text);
/// Glob with '*' and '?', no escape; matches the whole text. Time at most pattern times text.
bool glob_match(std::string_view pattern, std::string_view text);

} // namespace kaden
