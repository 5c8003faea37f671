/// incident/clean.h - makes an input such that it can be stored: text is UTF-8 and within its limits. Room:
/// incident. What far ends send (reason phrases, tags, Contact URIs) may hold anything. encode() and apply()
/// clean alike, so a live run and its replay see the same input. An input that is in order is not changed;
/// cleaning twice is cleaning once. Threads: values; any. Errors: none.
#pragma once

#include "kaden/incident.h"

namespace kaden::incident {

inline constexpr std::size_t call_id_bytes_max = 128; // twice what Kaden makes: longer ones are not Kaden's
inline constexpr std::size_t free_text_bytes_max = 1'024;   // details, names of those who asked
inline constexpr std::size_t dialog_text_bytes_max = 2'048; // a Contact URI with its parameters
inline constexpr std::size_t dialog_routes_max = 32;
inline constexpr Millis policy_wait_max = seconds(30 * 86'400);

Input cleaned(Input input);
bool is_installation(std::string_view text);

} // namespace kaden::incident
