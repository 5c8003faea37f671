/// kaden/log_names.h - what CloudWatch Logs takes as names, units and retentions. Room: logfilter. Uses:
/// base. Pure. Threads: any. Errors: none.
#pragma once

#include <cstdint>
#include <string_view>

namespace kaden::logfilter {

/// 1 to 512 letters, digits, '.', '-', '_', '/', '#'.
bool is_group_name(std::string_view text);
/// Of streams and metric filters: 1 to 512 characters without ':' and '*'.
bool is_name(std::string_view text);
/// One of CloudWatch's 27 units.
bool is_unit(std::string_view text);
/// What PutRetentionPolicy takes.
bool is_retention(std::int64_t days);

} // namespace kaden::logfilter
