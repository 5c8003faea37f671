#include "kaden/old_alarm_log.h"

#include <algorithm>
#include <array>
#include <vector>

namespace kaden::logalarms {

namespace {

constexpr std::size_t looked_at_max = 2'000; // bytes: a Uid stands near the beginning
constexpr std::array<std::string_view, 3> action_types = {"SendEmail", "ExecuteScript", "SendSNMP"};

bool is_action_type(std::string_view word) {
  return std::find(action_types.begin(), action_types.end(), word) != action_types.end();
}

/// UTF-16's zero bytes, and the byte order mark or what became of it.
std::string plain(std::string_view line) {
  std::string out;
  for (const char c : line) {
    if (c != '\0') out += c;
  }
  constexpr std::string_view not_utf8 = "\xEF\xBF\xBD";
  while (out.starts_with(not_utf8)) out.erase(0, not_utf8.size());
  while (out.starts_with("\xFF") || out.starts_with("\xFE")) out.erase(0, 1);
  return out;
}

std::vector<std::string_view> words_of(std::string_view text, std::size_t most) {
  std::vector<std::string_view> words;
  constexpr std::string_view blanks = " \t\r";
  while (words.size() < most) {
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin);
    const std::size_t end = std::min(text.find_first_of(blanks), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

/// "/VIServer=user@vc:443/Alarm=Alarm-alarm-6/SendEmailAction=..." of an action, or of the definition alone.
bool has_uid(std::string_view line) {
  return line.find("/VIServer=") != std::string_view::npos && line.find("/Alarm=") != std::string_view::npos;
}

bool is_list_member(const std::vector<std::string_view>& words) {
  return words.size() >= 3 && words[0] == "ActionType" && words[1] == ":" && is_action_type(words[2]);
}

/// "ActionType      Trigger" and, below, "SendEmail       {Yellow -> Red}".
bool is_table_line(const std::vector<std::string_view>& words) {
  if (words.size() < 2) return false;
  if (words[0] == "ActionType") return words[1] == "Trigger";
  return is_action_type(words[0]) && words[1].front() == '{';
}

} // namespace

bool is_of_old_alarm_log(std::string_view line) {
  line = line.substr(0, looked_at_max);
  // Most lines have none of these, however they are encoded.
  constexpr std::string_view firsts = "AES/";
  if (line.find_first_of(firsts) == std::string_view::npos) return false;
  const bool is_wide = line.find('\0') != std::string_view::npos;
  const std::string narrow = is_wide ? plain(line) : std::string();
  const std::string_view text = trim(is_wide ? std::string_view(narrow) : line);
  if (text.starts_with("ActionType") || is_action_type(text.substr(0, text.find_first_of(" \t")))) {
    const auto words = words_of(text, 3);
    if (is_list_member(words) || is_table_line(words)) return true;
  }
  return has_uid(text);
}

std::string old_alarm_log_hint(Language language) {
  if (language == Language::ja) {
    return "このログは Get-AlarmDefinition | Get-AlarmAction "
           "の出力です。アラームの定義とアクションの一覧であり、"
           "アラームの状態を含まないため、発生を検知できません。vCenter を直接監視するよう sources.vcenters "
           "を設定してください（docs/vcenter.md）。";
  }
  return "this log is the output of Get-AlarmDefinition | Get-AlarmAction: definitions and their actions, "
         "and no "
         "state, so no pattern can tell from it that an alarm is triggered. Let Kaden ask vCenter itself: "
         "configure "
         "sources.vcenters (docs/vcenter.md)";
}

} // namespace kaden::logalarms
