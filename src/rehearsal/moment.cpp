#include <optional>

#include "kaden/rehearsal.h"

namespace kaden::rehearsal {

namespace {

std::optional<Millis> unit_of(char letter) {
  switch (letter) {
    case 's':
      return seconds(1);
    case 'm':
      return seconds(60);
    case 'h':
      return seconds(3'600);
    case 'd':
      return seconds(86'400);
    case 'w':
      return seconds(7 * 86'400);
    default:
      return std::nullopt;
  }
}

} // namespace

Result<WallTime> parse_moment(std::string_view text, WallTime now) {
  constexpr std::int64_t number_max = 1'000'000;
  constexpr std::size_t date_length = 10;
  if (text == "now") return now;
  if (text.size() > 2 && text.front() == '-') {
    const auto number = parse_int(text.substr(1, text.size() - 2));
    const auto unit = unit_of(text.back());
    if (number && unit && *number >= 0 && *number <= number_max) return now - *unit * *number;
  } else {
    const bool is_date = text.size() == date_length && text[4] == '-' && text[7] == '-';
    const auto at = parse_iso8601(is_date ? std::string(text) + "T00:00:00Z" : std::string(text));
    if (at) return *at;
  }
  return fail(Fault::invalid,
              "\"" + std::string(cut_utf8(text, 40)) +
                  "\" is not a time: write 2026-11-26T06:00:00Z, 2026-11-26, -6h, -2d or now");
}

} // namespace kaden::rehearsal
