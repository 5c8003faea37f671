#include "dates.h"

#include <array>
#include <vector>

#include "kaden/limits/engine.h"

namespace kaden::statusfeed {

namespace {

struct Zone {
  std::string_view word;
  int minutes_east;
};

// RFC 822's own, then what feeds use. CST and EST are American there, IST is India's.
constexpr std::array<Zone, 44> zones{{
    {"UT", 0},     {"GMT", 0},    {"UTC", 0},    {"EST", -300}, {"EDT", -240},  {"CST", -360},  {"CDT", -300},
    {"MST", -420}, {"MDT", -360}, {"PST", -480}, {"PDT", -420}, {"AKST", -540}, {"AKDT", -480}, {"HST", -600},
    {"AST", -240}, {"ADT", -180}, {"NST", -210}, {"NDT", -150}, {"BRT", -180},  {"ART", -180},  {"WET", 0},
    {"WEST", 60},  {"BST", 60},   {"CET", 60},   {"CEST", 120}, {"EET", 120},   {"EEST", 180},  {"MSK", 180},
    {"GST", 240},  {"PKT", 300},  {"IST", 330},  {"WIB", 420},  {"ICT", 420},   {"SGT", 480},   {"HKT", 480},
    {"AWST", 480}, {"JST", 540},  {"KST", 540},  {"ACST", 570}, {"AEST", 600},  {"ACDT", 630},  {"AEDT", 660},
    {"NZST", 720}, {"NZDT", 780},
}};
constexpr std::array<std::string_view, 12> months{"jan", "feb", "mar", "apr", "may", "jun",
                                                  "jul", "aug", "sep", "oct", "nov", "dec"};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Words between blanks and commas; at most 12, since no date has more.
std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (words.size() < 12) {
    const std::size_t from = text.find_first_not_of(" ,\t\r\n");
    if (from == std::string_view::npos) break;
    text.remove_prefix(from);
    const std::size_t end = std::min(text.find_first_of(" ,\t\r\n"), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

std::optional<int> number(std::string_view text, std::size_t digits_most) {
  if (text.empty() || text.size() > digits_most) return std::nullopt;
  int value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

/// "Aug", "august": 8.
std::optional<int> month_of(std::string_view word) {
  if (word.size() < 3) return std::nullopt;
  for (std::size_t i = 0; i < months.size(); ++i) {
    if (equal_no_case(word.substr(0, 3), months.at(i))) return static_cast<int>(i) + 1;
  }
  return std::nullopt;
}

/// "12:05", "12:05:59": seconds of the day.
std::optional<int> time_of(std::string_view word) {
  const auto parts = split(word, ':');
  if (parts.size() < 2 || parts.size() > 3) return std::nullopt;
  const auto hour = number(parts[0], 2);
  const auto minute = number(parts[1], 2);
  const auto second = parts.size() == 3 ? number(parts[2], 2) : std::optional<int>(0);
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return (*hour * 60 + *minute) * 60 + *second;
}

/// Minutes east of UTC. Military letters are UTC, since RFC 822 had their signs wrong (RFC 5322 4.3).
std::optional<int> zone_of(std::string_view word) {
  if (word.empty()) return std::nullopt;
  if (word.front() == '+' || word.front() == '-') {
    const int sign = word.front() == '-' ? -1 : 1;
    word.remove_prefix(1);
    if (word.size() == 5 && word[2] == ':') {
      const auto hours = number(word.substr(0, 2), 2);
      const auto minutes = number(word.substr(3), 2);
      if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
      return sign * (*hours * 60 + *minutes);
    }
    if (word.size() == 2) { // what tz calls a zone without letters: "-03"
      const auto hours = number(word, 2);
      return hours && *hours <= 23 ? std::optional<int>(sign * *hours * 60) : std::nullopt;
    }
    const auto digits = word.size() == 4 ? number(word, 4) : std::nullopt;
    if (!digits || *digits / 100 > 23 || *digits % 100 > 59) return std::nullopt;
    return sign * (*digits / 100 * 60 + *digits % 100);
  }
  if (word.size() == 1 && is_letter(word.front())) return 0;
  for (const Zone& zone : zones) {
    if (equal_no_case(word, zone.word)) return zone.minutes_east;
  }
  return std::nullopt;
}

struct Day {
  int year, month, day;
};

std::optional<WallTime> at(const Day& date, int second_of_day, int minutes_east) {
  const std::chrono::year_month_day civil{std::chrono::year(date.year),
                                          std::chrono::month(static_cast<unsigned>(date.month)),
                                          std::chrono::day(static_cast<unsigned>(date.day))};
  if (date.year < 1970 || date.year > 9999 || !civil.ok()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(civil).time_since_epoch().count();
  return wall_time((days * 86'400 + second_of_day - minutes_east * 60) * 1'000);
}

/// RFC 5322 4.3: 00 to 49 are of this century, other two digits and three digits count from 1900.
std::optional<int> year_of(std::string_view word) {
  const auto year = number(word, 4);
  if (!year || word.size() < 2) return std::nullopt;
  if (word.size() == 2) return *year + (*year < 50 ? 2000 : 1900);
  return word.size() == 3 ? *year + 1900 : *year;
}

std::optional<WallTime> parse_rfc822(std::string_view text) {
  const auto words = words_of(text);
  std::size_t i = !words.empty() && is_letter(words[0].front()) ? 1 : 0; // a weekday says nothing new
  if (words.size() < i + 4) return std::nullopt;
  const auto day = number(words[i], 2);
  const auto month = month_of(words[i + 1]);
  const auto year = year_of(words[i + 2]);
  const auto time = time_of(words[i + 3]);
  // After the zone only its name in parentheses may follow.
  const auto zone = words.size() > i + 4 ? zone_of(words[i + 4]) : std::optional<int>(0);
  if (!day || !month || !year || !time || !zone) return std::nullopt;
  return at(Day{*year, *month, *day}, *time, *zone);
}

} // namespace

std::optional<WallTime> parse_feed_date(std::string_view text) {
  text = trim(text);
  if (text.size() > 64) return std::nullopt;
  std::optional<WallTime> time;
  if (text.size() > 4 && text[4] == '-' && is_digit(text[0])) {
    if (const auto read = parse_iso8601(text)) time = *read;
  } else {
    time = parse_rfc822(text);
  }
  if (!time || to_ms(*time) < 0 || *time > limits::wall_time_max) return std::nullopt;
  return time;
}

std::optional<WallTime> parse_stamp(std::string_view text, WallTime near) {
  if (text.size() > 128) return std::nullopt;
  const auto words = words_of(text);
  if (words.size() < 4) return std::nullopt;
  const auto month = month_of(words[0]);
  const auto day = number(words[1], 2);
  const auto time = time_of(words[2]);
  const auto zone = zone_of(words.back());
  if (!month || !day || !time || !zone) return std::nullopt;
  const std::chrono::year_month_day today{
      std::chrono::sys_days(std::chrono::floor<std::chrono::days>(near.time_since_epoch()))};
  std::optional<WallTime> best;
  for (int year = static_cast<int>(today.year()) - 1; year <= static_cast<int>(today.year()) + 1; ++year) {
    const auto candidate = at(Day{year, *month, *day}, *time, *zone);
    if (candidate && (!best || std::chrono::abs(*candidate - near) < std::chrono::abs(*best - near))) {
      best = candidate;
    }
  }
  return best;
}

} // namespace kaden::statusfeed
