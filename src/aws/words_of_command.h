/// words_of_command.h - a command line taken apart as a shell would, without being one. Room: aws, inside.
/// Pure. Threads: any. Errors: invalid (a quote is open at the end, or there is no word).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"

namespace kaden::aws {

/// Blanks part words; '...' is literal, "..." knows \" and \\, outside of quotes \ takes the next as it is.
/// Nothing is expanded.
Result<std::vector<std::string>> words_of_command(std::string_view text);

} // namespace kaden::aws
