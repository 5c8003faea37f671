#include "kaden/time.h"

#include <fmt/format.h>

#include "kaden/text.h"

namespace kaden {

namespace {

struct Civil {
  std::int64_t year;
  int month, day;
};

// Days since 1970-01-01 and back, proleptic Gregorian calendar (std::chrono's own, without time zones).
std::int64_t days_of(std::int64_t year, int month, int day) {
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  return std::chrono::sys_days(date).time_since_epoch().count();
}

Civil civil_of(std::int64_t days) {
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
  return {static_cast<int>(date.year()), static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day()))};
}

/// Takes exactly `count` digits off the front of `text`.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

/// ".125" to 125; digits after the third are cut.
std::optional<int> take_fraction_ms(std::string_view& text) {
  if (text.empty() || (text.front() != '.' && text.front() != ',')) return 0;
  text.remove_prefix(1);
  int ms = 0;
  std::size_t digits = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    if (digits < 3) ms = ms * 10 + (text.front() - '0');
    ++digits;
    text.remove_prefix(1);
  }
  if (digits == 0 || digits > 9) return std::nullopt;
  for (std::size_t i = digits; i < 3; ++i) ms *= 10;
  return ms;
}

/// "Z", "+09:00" or "+0900", as minutes east.
std::optional<int> take_offset(std::string_view& text) {
  if (take(text, 'Z') || take(text, 'z')) return 0;
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return std::nullopt;
  const int sign = text.front() == '-' ? -1 : 1;
  text.remove_prefix(1);
  const auto hours = take_digits(text, 2);
  take(text, ':');
  const auto minutes = take_digits(text, 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  return sign * (*hours * 60 + *minutes);
}

} // namespace

std::string to_iso8601(WallTime at) {
  constexpr std::int64_t day_ms = 86'400'000;
  const std::int64_t ms = to_ms(at);
  std::int64_t days = ms / day_ms;
  std::int64_t rest = ms % day_ms;
  if (rest < 0) {
    rest += day_ms;
    --days;
  }
  const Civil date = civil_of(days);
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", date.year, date.month, date.day,
                                 rest / 3'600'000, rest / 60'000 % 60, rest / 1'000 % 60);
  if (rest % 1'000 != 0) text += fmt::format(".{:03}", rest % 1'000);
  text += 'Z';
  return text;
}

Result<WallTime> parse_iso8601(std::string_view text) {
  const std::string_view whole = text;
  const auto bad = [&] {
    return fail(Fault::invalid,
                fmt::format("\"{}\" is not a time like 2026-11-23T06:43:30Z", cut_utf8(whole, 64)));
  };
  const auto year = take_digits(text, 4);
  if (!year || *year < 1 || !take(text, '-')) return bad();
  const auto month = take_digits(text, 2);
  if (!month || !take(text, '-')) return bad();
  const auto day = take_digits(text, 2);
  if (!day || !(take(text, 'T') || take(text, 't'))) return bad();
  const auto hour = take_digits(text, 2);
  if (!hour || !take(text, ':')) return bad();
  const auto minute = take_digits(text, 2);
  if (!minute || !take(text, ':')) return bad();
  const auto second = take_digits(text, 2);
  if (!second) return bad();
  const auto fraction = take_fraction_ms(text);
  const auto offset = take_offset(text);
  if (!fraction || !offset || !text.empty()) return bad();
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return bad();
  const std::int64_t minutes = (days_of(*year, *month, *day) * 24 + *hour) * 60 + *minute - *offset;
  return wall_time((minutes * 60 + *second) * 1'000 + *fraction);
}

std::string to_words(Millis duration) {
  const std::int64_t ms = duration.count();
  if (ms < 0) return "-" + to_words(-duration);
  if (ms < 1'000) return fmt::format("{} ms", ms);
  if (ms < 120'000) {
    return ms % 1'000 == 0 ? fmt::format("{} s", ms / 1'000)
                           : fmt::format("{}.{} s", ms / 1'000, ms % 1'000 / 100);
  }
  const std::int64_t minutes = ms / 60'000;
  if (minutes < 120) return fmt::format("{} min", minutes);
  return minutes % 60 == 0 ? fmt::format("{} h", minutes / 60)
                           : fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

} // namespace kaden
