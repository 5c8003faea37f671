#include "kaden/log_names.h"

#include <algorithm>
#include <array>

#include "kaden/base.h"
#include "kaden/limits/logs.h"
#include "kaden/utf8.h"

namespace kaden::logfilter {

namespace {

bool is_group_character(char c) {
  const char low = static_cast<char>(c | 0x20);
  return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') ||
         std::string_view(".-_/#").find(c) != std::string_view::npos;
}

} // namespace

bool is_group_name(std::string_view text) {
  return !text.empty() && text.size() <= limits::log_name_characters_max &&
         std::all_of(text.begin(), text.end(), is_group_character);
}

bool is_name(std::string_view text) {
  return !text.empty() && characters(text) <= limits::log_name_characters_max &&
         text.find_first_of(":*") == std::string_view::npos;
}

bool is_unit(std::string_view text) {
  static constexpr std::array<std::string_view, 5> alone{"Seconds", "Microseconds", "Milliseconds", "Percent",
                                                         "None"};
  static constexpr std::array<std::string_view, 11> also_per_second{
      "Bytes",    "Kilobytes", "Megabytes", "Gigabytes", "Terabytes", "Bits",
      "Kilobits", "Megabits",  "Gigabits",  "Terabits",  "Count"};
  if (std::find(alone.begin(), alone.end(), text) != alone.end()) return true;
  if (text.ends_with("/Second")) text.remove_suffix(7);
  return std::find(also_per_second.begin(), also_per_second.end(), text) != also_per_second.end();
}

bool is_retention(std::int64_t days) {
  static constexpr std::array<int, 22> known{1,   3,   5,   7,   14,   30,   60,   90,   120,  150,  180,
                                             365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653};
  return std::find(known.begin(), known.end(), days) != known.end();
}

} // namespace kaden::logfilter
