/// modelapi/words.h - what question and answer must agree on. Room: modelapi, inside.
/// Threads: values; any. Errors: none.
#pragma once

#include <string_view>

namespace kaden::modelapi {

inline constexpr std::string_view tool_name = "record_severity";
inline constexpr std::string_view tool_description = "Records how severe the alarm is, and why";

} // namespace kaden::modelapi
