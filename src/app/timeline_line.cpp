// A timeline entry as one line of terminal text, in Japanese or English.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "remote.h"

namespace kaden::app {

namespace {

struct Word {
  std::string_view what;
  std::string_view en;
  std::string_view ja;
  std::string_view color; // SGR code
};

constexpr std::array<Word, 21> words = {{
    {"alarm", "alarm", "アラーム", "33"},
    {"repeated", "alarm again", "アラーム再通知", "33"},
    {"opened", "incident opened", "インシデント発生", "31;1"},
    {"not_called", "recorded, no call", "記録のみ", "33"},
    {"level_started", "level started", "呼び出し段階", "36"},
    {"dial_planned", "call planned", "発信予定", "36"},
    {"dialling", "dialling", "発信中", "36"},
    {"ringing", "ringing", "呼出中", "36"},
    {"answered", "answered, saying", "応答、読み上げ", "36;1"},
    {"heard", "message heard", "再生完了", "36"},
    {"key", "key pressed", "キー入力", "35;1"},
    {"call_ended", "call ended", "通話終了", "36"},
    {"skipped", "skipped", "対象外", "33"},
    {"acknowledged", "acknowledged", "対応受付", "32;1"},
    {"reopened", "reopened", "再発生", "31;1"},
    {"cleared", "alarm cleared", "アラーム解除", "32"},
    {"resolved", "incident resolved", "インシデント解決", "32;1"},
    {"last_resort", "last resort", "最終連絡先", "31;1"},
    {"exhausted", "NOBODY TOOK IT", "対応者なし", "31;1"},
    {"recovered", "call recovered", "通話の後始末", "33"},
    {"triaged", "severity", "重大度判定", "33"},
}};

/// Terminal columns: CJK characters take two.
std::size_t columns(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) == 0x80) continue;
    count += byte >= 0xE3 ? 2 : 1;
  }
  return count;
}

std::string padded(std::string_view text, std::size_t width) {
  const std::size_t used = columns(text);
  return std::string(text) + std::string(used < width ? width - used : 1, ' ');
}

} // namespace

std::string timeline_line(const json::object& entry, Language language, bool color) {
  const std::string what = text_of(entry, "what");
  const auto word = std::find_if(words.begin(), words.end(), [&](const Word& w) { return w.what == what; });
  const std::string_view shown =
      word == words.end() ? std::string_view(what) : (language == Language::ja ? word->ja : word->en);
  const std::string at = text_of(entry, "at");
  const std::string clock = at.size() >= 19 ? at.substr(11, 8) : at;

  std::string line = clock + "  ";
  const bool colored = color && word != words.end();
  if (colored) line += fmt::format("\033[{}m", word->color);
  line += padded(shown, 19);
  if (colored) line += "\033[0m";
  line += padded("#" + text_of(entry, "incident"), 6);
  std::string rest;
  const auto add = [&rest](const std::string& part) {
    if (part.empty()) return;
    if (!rest.empty()) rest += "  ";
    rest += part;
  };
  add(text_of(entry, "person"));
  add(text_of(entry, "detail"));
  if (const json::value* reason = entry.if_contains("reason"); reason != nullptr && reason->is_object())
    add(text_of(reason->get_object(), to_text(language)));
  const std::string why = text_of(entry, "why");
  if (!why.empty()) add("(" + why + ")");
  return line + rest;
}

} // namespace kaden::app
