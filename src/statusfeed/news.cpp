// News as alarm events: what is told, how bad it is, and what the call says.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "kaden/limits/alarm_events.h"
#include "kaden/status_watch.h"

namespace kaden::statusfeed {

namespace {

struct Words {
  std::string_view en, ja;
};

Words words_of(Stage stage) {
  switch (stage) {
    case Stage::unknown:
      return {"", ""};
    case Stage::scheduled:
      return {"scheduled", "予定"};
    case Stage::investigating:
      return {"under investigation", "調査中"};
    case Stage::identified:
      return {"cause identified", "原因を特定"};
    case Stage::monitoring:
      return {"fixed and under observation", "対処後の経過観察中"};
    case Stage::in_progress:
      return {"in progress", "作業中"};
    case Stage::verifying:
      return {"being verified", "確認中"};
    case Stage::completed:
      return {"completed", "完了"};
    case Stage::resolved:
      return {"resolved", "解決"};
  }
  return {};
}

Words words_of(Impact impact) {
  switch (impact) {
    case Impact::unknown:
    case Impact::none:
    case Impact::maintenance:
      return {"", ""};
    case Impact::minor:
      return {"minor", "小"};
    case Impact::major:
      return {"major", "大"};
    case Impact::critical:
      return {"critical", "重大"};
  }
  return {};
}

/// The sentence that says what happened; {machine} is the provider.
Words opening_of(const News& news) {
  const bool is_maintenance = news.report.is_maintenance;
  switch (news.happening) {
    case Happening::opened:
      if (is_maintenance)
        return {"{machine} has begun a maintenance: {title}.",
                "{machine} のメンテナンスが始まりました。{title}。"};
      return {"{machine} reports an incident: {title}.", "{machine} が障害を公表しました。{title}。"};
    case Happening::worsened:
      return {"The incident at {machine} has become worse: {title}.",
              "{machine} の障害が悪化しました。{title}。"};
    case Happening::updated:
      if (is_maintenance)
        return {"{machine} has an update on the maintenance: {title}.",
                "{machine} のメンテナンスに続報があります。{title}。"};
      return {"{machine} has an update on the incident: {title}.",
              "{machine} の障害に続報があります。{title}。"};
    case Happening::resolved:
      if (is_maintenance)
        return {"The maintenance at {machine} is over: {title}.",
                "{machine} のメンテナンスが終わりました。{title}。"};
      if (news.why == Why::left_the_list) {
        return {"{machine} no longer lists this incident as open: {title}.",
                "{machine} の次の障害は、公表中の一覧から消えました。{title}。"};
      }
      return {"The incident at {machine} is resolved: {title}.", "{machine} の障害が解決しました。{title}。"};
    case Happening::unreadable:
      return {"The status page of {machine} cannot be read. Incidents there may go unnoticed.",
              "{machine} のステータスページを読み取れません。障害に気づけない恐れがあります。"};
    case Happening::readable:
      return {"The status page of {machine} can be read again.",
              "{machine} のステータスページを再び読み取れるようになりました。"};
  }
  return {};
}

std::string joined(const std::vector<std::string>& texts) {
  std::string result;
  for (const std::string& text : texts) result += (result.empty() ? "" : ", ") + text;
  return result;
}

std::string on_one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

/// The first sentences of an update: who is called at night wants to know what, not all.
std::string summary_of(std::string_view text) {
  constexpr std::size_t most = 240;
  if (text.size() <= most) return std::string(text);
  const std::string_view head = cut_utf8(text, most);
  std::size_t end = 0;
  for (const std::string_view mark : {". ", "\u3002"}) {
    const std::size_t at = head.rfind(mark);
    if (at != std::string_view::npos) end = std::max(end, at + (mark == ". " ? 1 : mark.size()));
  }
  if (end == 0) end = head.rfind(' ');
  return std::string(end == std::string_view::npos || end == 0 ? head : head.substr(0, end));
}

/// Kana or kanji: an English voice cannot read it, and a Japanese voice reads nothing else well.
bool has_japanese(std::string_view text) {
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    const auto first = static_cast<unsigned char>(text[i]);
    const auto second = static_cast<unsigned char>(text[i + 1]);
    if ((first == 0xE3 && second >= 0x81) || (first >= 0xE4 && first <= 0xE9)) return true;
  }
  return false;
}

void put(std::map<std::string, std::string>& labels, const char* name, std::string_view text) {
  if (!text.empty()) labels.emplace(name, cut_utf8(text, limits::label_bytes_max));
}

std::map<std::string, std::string> labels_of(const News& news) {
  const Report& report = news.report;
  const std::string text = on_one_line(report.text);
  std::map<std::string, std::string> labels;
  put(labels, "page", news.page);
  put(labels, "happening", to_text(news.happening));
  put(labels, "why", to_text(news.why));
  put(labels, "incident", report.incident);
  if (report.incident.empty()) return labels;
  put(labels, "title", report.title);
  put(labels, "stage", to_text(report.stage));
  put(labels, "impact", to_text(report.impact));
  put(labels, "components", joined(report.components));
  put(labels, "regions", joined(report.regions));
  put(labels, "link", report.link.size() <= limits::label_bytes_max ? report.link : std::string());
  put(labels, "update", text);
  put(labels, "summary", summary_of(text));
  return labels;
}

SpokenText say_of(const News& news) {
  const Report& report = news.report;
  const Words opening = opening_of(news);
  std::string en(opening.en);
  std::string ja(opening.ja);
  const bool is_running = news.happening != Happening::resolved && !report.incident.empty();
  if (is_running && !words_of(report.stage).en.empty()) {
    en += fmt::format(" State: {}.", words_of(report.stage).en);
    ja += fmt::format("状態は{}です。", words_of(report.stage).ja);
  }
  if (is_running && !words_of(report.impact).en.empty()) {
    en += fmt::format(" Impact: {}.", words_of(report.impact).en);
    ja += fmt::format("影響は{}です。", words_of(report.impact).ja);
  }
  if (is_running && !report.components.empty()) {
    en += " Affected: {components}.";
    ja += "対象は {components} です。";
  }
  if (!report.text.empty()) (has_japanese(report.text) ? ja : en) += " {summary}";
  return {{Language::en, en}, {Language::ja, ja}};
}

std::string reason_of(const News& news) {
  const Report& report = news.report;
  std::string reason;
  switch (news.happening) {
    case Happening::unreadable:
      reason = "the status page cannot be read: " + news.detail;
      break;
    case Happening::readable:
      reason = "the status page can be read again";
      break;
    case Happening::opened:
    case Happening::worsened:
    case Happening::updated:
    case Happening::resolved:
      reason = fmt::format("{} ({}): {}", report.title, to_text(report.stage), on_one_line(report.text));
      break;
  }
  return std::string(cut_utf8(reason, limits::reason_bytes_max));
}

Severity one_step_up(Severity severity) {
  switch (severity) {
    case Severity::info:
      return Severity::warning;
    case Severity::warning:
      return Severity::error;
    case Severity::error:
    case Severity::critical:
      break;
  }
  return Severity::critical;
}

Severity graded(const News& news, const AlarmSettings& settings) {
  for (const SeverityRule& rule : settings.severities) {
    if ((!rule.stage || *rule.stage == news.report.stage) &&
        (!rule.impact || *rule.impact == news.report.impact)) {
      return rule.severity;
    }
  }
  return settings.otherwise;
}

Severity severity_of(const News& news, const AlarmSettings& settings) {
  if (news.report.incident.empty()) return settings.unreadable;
  const Severity severity = graded(news, settings);
  // Neither shows in stage and impact, so nobody would be called again for it.
  const bool is_unseen = news.why == Why::stage_fell_back || news.why == Why::more_components;
  return is_unseen && !news.report.is_maintenance ? one_step_up(severity) : severity;
}

} // namespace

std::string_view to_text(Happening happening) {
  switch (happening) {
    case Happening::opened:
      return "opened";
    case Happening::worsened:
      return "worsened";
    case Happening::updated:
      return "updated";
    case Happening::resolved:
      return "resolved";
    case Happening::unreadable:
      return "unreadable";
    case Happening::readable:
      return "readable";
  }
  return "";
}

std::string_view to_text(Why why) {
  static constexpr std::array<std::string_view, 14> names{
      "first_look",    "new_incident",    "reopened",        "moved_again", "now_of_interest",
      "impact_rose",   "stage_fell_back", "more_components", "new_update",  "page_says_over",
      "left_the_list", "no_outage",       "unread_too_long", "read_again"};
  return names.at(static_cast<std::size_t>(why));
}

std::vector<SeverityRule> default_severity_rules() {
  return {
      {std::nullopt, Impact::maintenance, Severity::info},
      {Stage::monitoring, std::nullopt, Severity::warning},
      {std::nullopt, Impact::critical, Severity::critical},
      {std::nullopt, Impact::major, Severity::error},
      {std::nullopt, Impact::minor, Severity::warning},
      {std::nullopt, Impact::none, Severity::warning},
  };
}

AlarmEvent to_alarm_event(const News& news, const AlarmSettings& settings) {
  AlarmEvent event;
  event.source = "status";
  event.event_id = news.event_id;
  event.alarm =
      news.report.incident.empty() ? news.page + ":unreadable" : news.page + '/' + news.report.incident;
  const bool is_over = news.happening == Happening::resolved || news.happening == Happening::readable;
  event.state = is_over ? AlarmState::ok : AlarmState::alarm;
  event.severity = severity_of(news, settings);
  event.machine = std::string(
      cut_utf8(settings.spoken_name.empty() ? news.page : settings.spoken_name, limits::machine_bytes_max));
  event.reason = reason_of(news);
  event.labels = labels_of(news);
  event.say = say_of(news);
  return event;
}

} // namespace kaden::statusfeed
