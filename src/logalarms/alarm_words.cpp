#include "alarm_words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "kaden/digest.h"
#include "kaden/limits/alarm_events.h"

namespace kaden::logalarms {

namespace {

/// "$.instance.id" is the label "instance_id", "$user" is "user".
std::string label_of_key(std::string_view key) {
  std::string label;
  for (const char c : key) {
    const bool is_plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (is_plain) {
      label += c;
    } else if (!label.empty() && label.back() != '_') {
      label += '_';
    }
  }
  while (!label.empty() && label.back() == '_') label.pop_back();
  return label;
}

} // namespace

std::string one_line(std::string_view text, std::size_t bytes_max) {
  std::string line;
  line.reserve(std::min(text.size(), bytes_max));
  for (const char c : text.substr(0, 4 * bytes_max)) {
    const bool is_control = static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    if (!is_control) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  return std::string(cut_utf8(trim(line), bytes_max));
}

std::string alarm_name(const Settings& settings, const Rule& rule, const std::vector<std::string>& keys) {
  std::string name = settings.log + ": " + rule.id;
  if (keys.empty()) return name;
  std::string whole;
  std::vector<std::string> shown;
  for (const std::string& key : keys) {
    whole += key + '\0';
    shown.push_back(one_line(key, limits::log_key_bytes_max));
  }
  const bool is_whole = shown == keys;
  name += fmt::format(" ({})", fmt::join(shown, ", "));
  if (is_whole && name.size() <= limits::alarm_name_bytes_max) return name;
  constexpr std::size_t digest_digits = 16;
  const std::string tail = "~" + sha256_hex(whole).substr(0, digest_digits);
  return std::string(cut_utf8(name, limits::alarm_name_bytes_max - tail.size())) + tail;
}

std::map<std::string, std::string> labels_of(const Settings& settings, const Rule& rule, const Record& record,
                                             const std::vector<std::string>& keys) {
  std::map<std::string, std::string> labels;
  for (const std::string_view name : field_names()) {
    std::string value = field_of(record, name);
    // "severity" is the alarm's own.
    if (!value.empty())
      labels[name == "severity" ? "level" : std::string(name)] = one_line(value, limits::log_line_bytes_max);
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::string label = label_of_key(rule.keys[i]);
    if (!label.empty() && rule.keys[i].starts_with('$'))
      labels[label] = one_line(keys[i], limits::log_line_bytes_max);
  }
  for (const auto& [name, value] : rule.labels) labels[name] = value;
  labels["log"] = settings.log;
  labels["log_name"] = settings.name;
  labels["rule"] = rule.id;
  labels["rule_name"] = rule.name.empty() ? rule.id : rule.name;
  labels["line"] = one_line(record.text, limits::log_line_bytes_max);
  return labels;
}

SpokenText say_of(const Rule& rule, AlarmState state, bool has_machine) {
  if (state == AlarmState::ok) {
    return {{Language::en, "{rule_name} is over in the log of {log_name}."},
            {Language::ja, "{log_name} のログの {rule_name} は収まりました。"}};
  }
  SpokenText say = rule.say;
  say.try_emplace(Language::en, has_machine ? "{rule_name} on {machine}, from the log of {log_name}."
                                            : "{rule_name}, from the log of {log_name}.");
  say.try_emplace(Language::ja, has_machine
                                    ? "{machine} で {rule_name} です。{log_name} のログに記録されました。"
                                    : "{rule_name} です。{log_name} のログに記録されました。");
  return say;
}

AlarmEvent unreadable_event(const Settings& settings, AlarmState state, Severity severity, WallTime since,
                            const std::string& why) {
  AlarmEvent event;
  event.source = source_name;
  event.alarm = settings.log + ":unreadable";
  event.event_id = fmt::format("{}/unreadable/{}/{}", settings.log, to_iso8601(since), to_text(state));
  event.state = state;
  event.severity = severity;
  event.reason = one_line(why, limits::reason_bytes_max);
  event.labels = {{"log", settings.log}, {"log_name", settings.name}, {"rule", "unreadable"}};
  const bool is_over = state == AlarmState::ok;
  event.say = {
      {Language::en, is_over ? "The log of {log_name} can be read again."
                             : "The log of {log_name} cannot be read. Trouble there may go unnoticed."},
      {Language::ja, is_over ? "{log_name} のログを再び読み取れるようになりました。"
                             : "{log_name} のログを読み取れません。異常に気づけない恐れがあります。"}};
  return event;
}

} // namespace kaden::logalarms
