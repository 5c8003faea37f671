// Every built-in sentence, in both languages. Japanese is written so that Open JTalk reads it right
// (speech_test checks the phonemes): 場合 rather than 方, which it reads as "hou".
#include "kaden/script.h"

namespace kaden::script {
namespace {

/// The fixed lines; the message is made per alarm.
std::string_view english(Line line) {
  switch (line) {
    case Line::message:
      return "";
    case Line::menu:
      return "Press 1 to take it, 2 if you cannot, or 3 to hear it again.";
    case Line::acknowledged:
      return "Acknowledged. This alarm is now yours. Thank you.";
    case Line::already_taken:
      return "Somebody else has already taken this alarm. Thank you.";
    case Line::already_resolved:
      return "This alarm has already cleared. No action is needed.";
    case Line::passed_on:
      return "Understood. The next person will be called.";
    case Line::not_recorded:
      return "Your key could not be recorded. Please press it again.";
    case Line::wrong_key:
      return "That key is not in use.";
    case Line::cleared:
      return "The alarm has cleared. No action is needed.";
    case Line::taken_by_other:
      return "Somebody else has taken this alarm. Thank you.";
    case Line::goodbye:
      return "No answer was recorded. Goodbye.";
  }
  return "";
}

std::string_view japanese(Line line) {
  switch (line) {
    case Line::message:
      return "";
    case Line::menu:
      return "対応できる場合は1を、できない場合は2を、もう一度聞く場合は3を押してください。";
    case Line::acknowledged:
      return "対応を受け付けました。ご対応をお願いします。";
    case Line::already_taken:
      return "すでに別の担当者が対応しています。ありがとうございました。";
    case Line::already_resolved:
      return "このアラームはすでに解消しています。対応は不要です。";
    case Line::passed_on:
      return "承知しました。次の担当者に電話します。";
    case Line::not_recorded:
      return "記録できませんでした。もう一度押してください。";
    case Line::wrong_key:
      return "そのキーは使えません。";
    case Line::cleared:
      return "アラームは解消しました。対応は不要です。";
    case Line::taken_by_other:
      return "別の担当者が対応を引き受けました。ありがとうございました。";
    case Line::goodbye:
      return "応答を確認できませんでした。電話を切ります。";
  }
  return "";
}

/// What differs in a test call: nobody may believe that there is something to repair.
struct TestSentences {
  std::string_view opening;
  std::string_view menu;
  std::string_view acknowledged;
};
TestSentences test_sentences(Language language) {
  switch (language) {
    case Language::ja:
      return {"カデンからのテストの電話です。", "聞き取れた場合は1を、もう一度聞く場合は3を押してください。",
              "応答を受け付けました。テストは終わりです。"};
    case Language::en:
      return {"This is a test call from Kaden.",
              "Press 1 if you can hear this clearly, or 3 to hear it again.",
              "Your answer was recorded. The test is complete."};
  }
  return {};
}

std::string_view sentence(Language language, Line line) {
  return language == Language::ja ? japanese(line) : english(line);
}

Utterance words(Language language, std::string_view text) {
  return Utterance{language, {Span{SpanKind::words, std::string(text)}}};
}

bool has(const FieldValues& fields, const char* name) {
  const auto found = fields.find(name);
  return found != fields.end() && !trim(found->second).empty();
}

} // namespace

CallScript make_call_script(Language language, const Utterance& message, bool is_test) {
  CallScript script;
  script.language = language;
  for (std::size_t at = 0; at < line_count; ++at) {
    script.lines[at] = words(language, sentence(language, static_cast<Line>(at)));
  }
  Utterance& spoken_message = script.lines[static_cast<std::size_t>(Line::message)];
  spoken_message = message;
  if (is_test) {
    const TestSentences test = test_sentences(language);
    const bool needs_blank = language == Language::en && !message.spans.empty();
    spoken_message = words(language, std::string(test.opening) + (needs_blank ? " " : ""));
    spoken_message.spans.insert(spoken_message.spans.end(), message.spans.begin(), message.spans.end());
    script.lines[static_cast<std::size_t>(Line::menu)] = words(language, test.menu);
    script.lines[static_cast<std::size_t>(Line::acknowledged)] = words(language, test.acknowledged);
  }
  return script;
}

Utterance default_message(Language language, const FieldValues& fields) {
  const bool has_severity = has(fields, "severity");
  std::string text;
  switch (language) {
    case Language::ja:
      text = has_severity ? "{severity}アラームです。" : "アラームです。";
      if (has(fields, "machine")) text += has(fields, "alarm") ? "{machine}、" : "{machine}。";
      if (has(fields, "alarm")) text += "{alarm:name}。";
      break;
    case Language::en:
      text = has_severity ? "Kaden, {severity} alarm." : "Kaden alarm.";
      if (has(fields, "machine")) text += has(fields, "alarm") ? " {machine}, " : " {machine}.";
      if (has(fields, "alarm")) text += " {alarm:name}.";
      break;
  }
  return expand(language, text, fields);
}

std::string_view spoken(Language language, Severity severity) {
  const bool is_ja = language == Language::ja;
  switch (severity) {
    case Severity::critical:
      return is_ja ? "重大" : "critical";
    case Severity::error:
      return is_ja ? "障害" : "error";
    case Severity::warning:
      return is_ja ? "警告" : "warning";
    case Severity::info:
      return is_ja ? "情報" : "information";
  }
  return "";
}

} // namespace kaden::script
