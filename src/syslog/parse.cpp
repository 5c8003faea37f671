// Headers of RFC 5424 and RFC 3164, and of what is sent in their name.
#include <algorithm>
#include <array>

#include "kaden/syslog.h"
#include "kaden/utf8.h"

namespace kaden::syslog {

namespace {

constexpr int priority_max = 191;              // RFC 5424 section 6.2.1
constexpr std::size_t host_bytes_max = 255;    // RFC 5424 section 6
constexpr std::size_t app_bytes_max = 48;      // the same
constexpr std::size_t process_bytes_max = 128; // the same
constexpr std::size_t id_bytes_max = 32;       // the same
constexpr std::size_t tag_bytes_max = 128;     // RFC 3164 says 32; what is sent is longer
constexpr std::size_t sd_name_bytes_max = 32;  // RFC 5424 section 6.3.2
constexpr std::size_t stamp_bytes = 15;        // "Oct 11 22:14:15"
constexpr std::string_view bom = "\xEF\xBB\xBF";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_printable(char c) {
  return c > ' ' && c <= '~';
}
bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return is_printable(c); });
}

/// A word up to a blank or the end; the blank is taken as well.
std::string_view take_word(std::string_view& text) {
  const std::size_t end = text.find(' ');
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return word;
}

bool take_priority(std::string_view& text, Message& message) {
  if (text.size() < 3 || text[0] != '<') return false;
  int value = 0;
  std::size_t at = 1;
  for (; at < text.size() && at <= 3 && is_digit(text[at]); ++at) value = value * 10 + (text[at] - '0');
  if (at == 1 || at >= text.size() || text[at] != '>' || value > priority_max) return false;
  message.facility = value / 8;
  message.severity = value % 8;
  text.remove_prefix(at + 1);
  return true;
}

bool is_two(std::string_view text, std::size_t at, int least, int most) {
  if (!is_digit(text[at]) || !is_digit(text[at + 1])) return false;
  const int value = (text[at] - '0') * 10 + (text[at + 1] - '0');
  return value >= least && value <= most;
}

/// "22:14:15" at `at`.
bool is_clock(std::string_view text, std::size_t at) {
  return text.size() >= at + 8 && is_two(text, at, 0, 23) && text[at + 2] == ':' &&
         is_two(text, at + 3, 0, 59) && text[at + 5] == ':' && is_two(text, at + 6, 0, 60);
}

/// Length of an RFC 3339 time at the front (RFC 5424 section 6.2.3); 0: there is none.
std::size_t rfc3339_bytes(std::string_view text) {
  const std::size_t end = std::min(text.find(' '), text.size());
  if (end < 20 || end > 35 || text[4] != '-' || text[7] != '-' || text[10] != 'T') return 0;
  return parse_iso8601(text.substr(0, end)) ? end : 0;
}

bool is_month(std::string_view text) {
  static constexpr std::array<std::string_view, 12> names = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return std::find(names.begin(), names.end(), text) != names.end();
}

/// "Oct 11 22:14:15", "Oct  1 22:14:15" (RFC 3164 section 4.1.2), and "Oct 11 2026 22:14:15" of switches.
std::size_t rfc3164_time_bytes(std::string_view text) {
  if (text.size() < stamp_bytes || !is_month(text.substr(0, 3)) || text[3] != ' ' || text[6] != ' ') return 0;
  const bool is_day = is_two(text, 4, 1, 31) || (text[4] == ' ' && is_digit(text[5]) && text[5] != '0');
  if (!is_day) return 0;
  if (is_clock(text, 7)) return stamp_bytes;
  constexpr std::size_t year_bytes = 5;
  const bool has_year = text.size() >= stamp_bytes + year_bytes && is_two(text, 7, 19, 99) &&
                        is_two(text, 9, 0, 99) && text[11] == ' ';
  return has_year && is_clock(text, 7 + year_bytes) ? stamp_bytes + year_bytes : 0;
}

/// Length of one SD-ELEMENT at `at`; 0: it is malformed. RFC 5424 section 6.3.
std::size_t element_bytes(std::string_view text) {
  const auto name_bytes = [&](std::size_t from) {
    std::size_t end = from;
    while (end < text.size() && is_printable(text[end]) && text[end] != '=' && text[end] != ']' &&
           text[end] != '"')
      ++end;
    return end - from <= sd_name_bytes_max ? end - from : 0;
  };
  std::size_t at = 1;
  const std::size_t id = name_bytes(at);
  if (id == 0) return 0;
  at += id;
  while (at < text.size() && text[at] == ' ') {
    const std::size_t name = name_bytes(++at);
    if (name == 0 || at + name + 1 >= text.size() || text[at + name] != '=' || text[at + name + 1] != '"')
      return 0;
    for (at += name + 2; at < text.size() && text[at] != '"'; ++at) {
      if (text[at] == '\\') ++at;
    }
    if (at >= text.size()) return 0;
    ++at;
  }
  return at < text.size() && text[at] == ']' ? at + 1 : 0;
}

/// False: it is malformed, and nothing was taken.
bool take_structured(std::string_view& text, Message& message) {
  if (text.empty()) return true; // senders leave the "-" away
  if (text[0] == '-' && (text.size() == 1 || text[1] == ' ')) {
    text.remove_prefix(std::min<std::size_t>(text.size(), 2));
    return true;
  }
  std::size_t bytes = 0;
  while (bytes < text.size() && text[bytes] == '[') {
    const std::size_t element = element_bytes(text.substr(bytes));
    if (element == 0) return false;
    bytes += element;
  }
  if (bytes == 0 || (bytes < text.size() && text[bytes] != ' ')) return false;
  message.structured = text.substr(0, bytes);
  text.remove_prefix(std::min(text.size(), bytes + 1));
  return true;
}

/// "-" is nothing. Nullopt: it is no such field.
std::optional<std::string_view> take_field(std::string_view& text, std::size_t bytes_max) {
  const std::string_view word = take_word(text);
  if (word.empty() || word.size() > bytes_max || !is_printable(word)) return std::nullopt;
  return word == "-" ? std::string_view() : word;
}

/// From VERSION on. False: it is not RFC 5424, and nothing was taken.
bool take_rfc5424(std::string_view& text, Message& message) {
  if (!text.starts_with("1 ")) return false;
  std::string_view left = text.substr(2);
  Message read = message;
  const std::string_view time = take_word(left);
  if (time != "-" && rfc3339_bytes(time) != time.size()) return false;
  if (time != "-") read.time = time;
  const auto host = take_field(left, host_bytes_max);
  const auto app = take_field(left, app_bytes_max);
  const auto process = take_field(left, process_bytes_max);
  const auto id = take_field(left, id_bytes_max);
  if (!host || !app || !process || !id) return false;
  read.host = *host;
  read.app = *app;
  read.process = *process;
  read.message_id = *id;
  if (!take_structured(left, read)) return false;
  read.format = Format::rfc5424;
  message = std::move(read);
  text = left;
  return true;
}

/// "sshd[123]: ", "kernel: ": the tag with its process, when the text begins with one. RFC 3164
/// section 4.1.3.
void take_tag(std::string_view& text, Message& message) {
  std::size_t end = 0;
  while (end < text.size() && end <= tag_bytes_max && is_printable(text[end]) && text[end] != '[' &&
         text[end] != ':')
    ++end;
  if (end == 0 || end > tag_bytes_max || end >= text.size()) return;
  std::size_t after = end;
  std::string_view process;
  if (text[after] == '[') {
    const std::size_t close = text.find(']', after);
    if (close == std::string_view::npos || close - after > process_bytes_max) return;
    process = text.substr(after + 1, close - after - 1);
    after = close + 1;
    if (!is_printable(process)) return;
  }
  if (after >= text.size() || text[after] != ':') return;
  ++after;
  if (after < text.size() && text[after] != ' ' && process.empty() && text[after] != '\t')
    return; // "http://"
  message.app = text.substr(0, end);
  message.process = process;
  text.remove_prefix(after);
  if (!text.empty() && text[0] == ' ') text.remove_prefix(1);
}

/// The sender's host: the word before the tag, unless it is the tag itself, as on a local socket.
void take_host(std::string_view& text, Message& message) {
  const std::size_t end = text.find(' ');
  if (end == std::string_view::npos || end == 0 || end > host_bytes_max) return;
  const std::string_view word = text.substr(0, end);
  const bool is_tag = word.back() == ':' && word.find(':') == word.size() - 1; // not an IPv6 address
  if (is_tag || word.find('[') != std::string_view::npos || !is_printable(word)) return;
  message.host = word;
  text.remove_prefix(end + 1);
}

/// Cisco's "123: " before the time, and the '*' or '.' of a clock that is not synchronised.
std::string_view without_sequence(std::string_view text) {
  std::string_view left = text;
  std::size_t digits = 0;
  while (digits < left.size() && digits <= 10 && is_digit(left[digits])) ++digits;
  if (digits > 0 && left.substr(digits).starts_with(": ")) left.remove_prefix(digits + 2);
  if (!left.empty() && (left[0] == '*' || left[0] == '.')) left.remove_prefix(1);
  return rfc3164_time_bytes(left) > 0 ? left : text;
}

/// What RFC 3164 does not know and devices put behind the time: a fraction, "+09:00", and switches' "JST:".
void skip_fraction_and_zone(std::string_view& left) {
  std::size_t end = 0;
  if (left.size() > 1 && left[0] == '.' && is_digit(left[1])) {
    end = 1;
    while (end < left.size() && is_digit(left[end])) ++end;
  }
  left.remove_prefix(end);
  std::string_view zone = left;
  if (zone.starts_with(' ')) zone.remove_prefix(1);
  constexpr std::size_t letters_max = 5;
  if (zone.starts_with('+') || zone.starts_with('-')) {
    end = 1;
    while (end < zone.size() && (is_digit(zone[end]) || (zone[end] == ':' && end == 3))) ++end;
    const bool is_zone = (end == 5 && zone[3] != ':') || (end == 6 && zone[3] == ':');
    if (is_zone && (end == zone.size() || zone[end] == ' ' || zone[end] == ':')) left = zone.substr(end);
    return;
  }
  end = 0;
  while (end < zone.size() && end <= letters_max && zone[end] >= 'A' && zone[end] <= 'Z') ++end;
  if (end >= 2 && end <= letters_max && zone.substr(end).starts_with(": %")) left = zone.substr(end);
}

void take_rfc3164(std::string_view& text, Message& message) {
  std::string_view left = without_sequence(text);
  std::size_t time = rfc3164_time_bytes(left);
  if (time == 0) time = rfc3339_bytes(left);
  if (time == 0) return take_tag(text, message);
  message.format = Format::rfc3164;
  message.time = left.substr(0, time);
  left.remove_prefix(time);
  skip_fraction_and_zone(left);
  const bool is_cisco = left.starts_with(": ");
  if (is_cisco) left.remove_prefix(1);
  if (!left.empty() && left[0] == ' ') left.remove_prefix(1);
  if (!is_cisco) take_host(left, message);
  if (left.starts_with(": ")) left.remove_prefix(2); // "fw01 : %ASA-6-302013: ..."
  take_tag(left, message);
  text = left;
}

} // namespace

Message parse(std::string_view bytes) {
  Message message;
  while (!bytes.empty() && (bytes.back() == '\n' || bytes.back() == '\r' || bytes.back() == '\0'))
    bytes.remove_suffix(1);
  std::string_view text = bytes;
  if (take_priority(text, message)) {
    message.format = Format::rfc3164;
    if (!take_rfc5424(text, message)) take_rfc3164(text, message);
  } else {
    take_rfc3164(text, message);
  }
  if (text.starts_with(bom)) text.remove_prefix(bom.size());
  message.text = repaired_utf8(text);
  return message;
}

std::string_view severity_word(int severity) {
  static constexpr std::array<std::string_view, 8> words = {"emerg",   "alert",  "crit", "err",
                                                            "warning", "notice", "info", "debug"};
  return severity >= 0 && severity < 8 ? words.at(static_cast<std::size_t>(severity)) : "";
}

std::string_view facility_word(int facility) {
  static constexpr std::array<std::string_view, 24> words = {
      "kern",   "user",   "mail",     "daemon", "auth",   "syslog", "lpr",     "news",
      "uucp",   "cron",   "authpriv", "ftp",    "ntp",    "audit",  "console", "cron2",
      "local0", "local1", "local2",   "local3", "local4", "local5", "local6",  "local7"};
  return facility >= 0 && facility < 24 ? words.at(static_cast<std::size_t>(facility)) : "";
}

void for_each_parameter(
    std::string_view structured,
    const std::function<void(std::string_view element, std::string_view name, std::string value)>& take) {
  while (!structured.empty() && structured[0] == '[') {
    const std::size_t bytes = element_bytes(structured);
    if (bytes == 0) return;
    std::string_view element = structured.substr(1, bytes - 2);
    structured.remove_prefix(bytes);
    const std::string_view id = element.substr(0, element.find(' '));
    element.remove_prefix(id.size());
    while (!element.empty()) {
      element.remove_prefix(1);
      const std::size_t equals = element.find('=');
      const std::string_view name = element.substr(0, equals);
      std::string value;
      std::size_t at = equals + 2;
      for (; element[at] != '"'; ++at) {
        const bool is_escape = element[at] == '\\' &&
                               (element[at + 1] == '"' || element[at + 1] == '\\' || element[at + 1] == ']');
        if (is_escape) ++at;
        value += element[at];
      }
      take(id, name, repaired_utf8(value));
      element.remove_prefix(at + 1);
    }
  }
}

} // namespace kaden::syslog
