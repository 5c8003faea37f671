#include <gtest/gtest.h>

#include <set>

#include "kaden/limits/speech.h"
#include "kaden/script.h"

namespace kaden::script {
namespace {

TEST(Sentences, DefaultMessage) {
  struct Case {
    Language language;
    FieldValues fields;
    std::string_view expect;
  };
  const std::vector<Case> cases = {
      {Language::ja,
       {{"severity", "重大"}, {"machine", "web-01"}, {"alarm", "disk full"}},
       "重大アラームです。web-01、disk full。"},
      {Language::ja, {{"severity", "重大"}, {"machine", "web-01"}}, "重大アラームです。web-01。"},
      {Language::ja, {{"severity", "重大"}, {"machine", " "}, {"alarm", "disk"}}, "重大アラームです。disk。"},
      {Language::ja, {}, "アラームです。"},
      {Language::en,
       {{"severity", "critical"}, {"machine", "web-01"}, {"alarm", "disk full"}},
       "Kaden, critical alarm. web-01, disk full."},
      {Language::en, {{"severity", "error"}, {"alarm", "disk"}}, "Kaden, error alarm. disk."},
      {Language::en, {}, "Kaden alarm."},
  };
  for (const Case& each : cases) {
    const Utterance got = default_message(each.language, each.fields);
    EXPECT_EQ(to_text(got), each.expect);
    EXPECT_EQ(got.language, each.language);
  }
  const Utterance named = default_message(Language::en, cases[4].fields);
  EXPECT_EQ(named.spans[1], (Span{SpanKind::name, "web-01"}));
}

TEST(Sentences, EveryLineHasWordsOfItsOwn) {
  for (const Language language : {Language::ja, Language::en}) {
    for (const bool is_test : {false, true}) {
      const Utterance message = expand(language, "{machine}", {{"machine", "web-01"}});
      const CallScript script = make_call_script(language, message, is_test);
      EXPECT_EQ(script.language, language);
      std::set<std::string> texts;
      for (const Utterance& line : script.lines) {
        EXPECT_EQ(line.language, language);
        EXPECT_FALSE(to_text(line).empty());
        texts.insert(to_text(line));
      }
      EXPECT_EQ(texts.size(), line_count);
    }
  }
}

TEST(Sentences, TestCallsSaySo) {
  const auto message_of = [](Language language, const Utterance& message) {
    return to_text(make_call_script(language, message, true).line(Line::message));
  };
  EXPECT_EQ(message_of(Language::en, {Language::en, {}}), "This is a test call from Kaden.");
  EXPECT_EQ(message_of(Language::ja, {Language::ja, {}}), "カデンからのテストの電話です。");
  EXPECT_EQ(message_of(Language::en, expand(Language::en, "{machine} fell", {{"machine", "web-01"}})),
            "This is a test call from Kaden. web-01 fell");
  const CallScript test = make_call_script(Language::en, {}, true);
  EXPECT_EQ(to_text(test.line(Line::acknowledged)).find("yours"), std::string::npos);
}

TEST(Sentences, SpokenSeverity) {
  std::set<std::string_view> words;
  for (const Language language : {Language::ja, Language::en}) {
    for (const Severity each : {Severity::info, Severity::warning, Severity::error, Severity::critical}) {
      words.insert(spoken(language, each));
    }
  }
  EXPECT_EQ(words.size(), 8u);
  EXPECT_EQ(spoken(Language::ja, Severity::critical), "重大");
  EXPECT_EQ(spoken(Language::en, Severity::critical), "critical");
}

CallScript sample() {
  return make_call_script(Language::ja, expand(Language::ja, "{machine} が停止", {{"machine", "web-01"}}),
                          true);
}

TEST(ScriptJson, RoundTrip) {
  const CallScript script = sample();
  const auto parsed = parse_json(kaden::to_text(to_json(script)));
  ASSERT_TRUE(parsed);
  const auto again = call_script_from_json(*parsed);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, script);
}

TEST(ScriptJson, RefusesAndNamesTheField) {
  const auto refused = [](auto change) {
    json::value value = to_json(sample());
    change(value.as_object());
    const auto result = call_script_from_json(value);
    EXPECT_FALSE(result);
    return result ? std::string() : result.error().message;
  };
  const auto message_of = [](json::object& script) -> json::object& {
    return script["lines"].as_object()["message"].as_object();
  };
  EXPECT_EQ(refused([](json::object& o) { o.erase("language"); }), "script.language: is missing");
  EXPECT_EQ(refused([](json::object& o) { o["language"] = "fr"; }),
            R"(script.language: must be "ja" or "en")");
  EXPECT_EQ(refused([](json::object& o) { o["more"] = 1; }), "script.more: is not a known field");
  EXPECT_EQ(refused([](json::object& o) { o.erase("lines"); }), "script.lines: is missing");
  EXPECT_EQ(refused([](json::object& o) { o["lines"].as_object().erase("menu"); }),
            "script.lines: must hold every line once");
  EXPECT_EQ(refused([](json::object& o) {
              o["lines"].as_object().erase("menu");
              o["lines"].as_object()["menus"] = json::object();
            }),
            "script.lines.menu: is missing");
  EXPECT_EQ(refused([&](json::object& o) { message_of(o)["spans"] = 7; }),
            "script.lines.message.spans: must be a list");
  EXPECT_EQ(refused([&](json::object& o) { message_of(o).erase("spans"); }),
            "script.lines.message.spans: is missing");
  EXPECT_EQ(refused([&](json::object& o) { message_of(o)["spans"].as_array()[1] = "x"; }),
            R"(script.lines.message.spans[1]: must be {"words": text} or {"name": text})");
  EXPECT_EQ(refused([&](json::object& o) {
              message_of(o)["spans"].as_array()[0] = {{"song", "x"}};
            }),
            "script.lines.message.spans[0].song: is not a known field");
  EXPECT_EQ(refused([&](json::object& o) {
              const std::string text(limits::utterance_bytes_max, 'x');
              message_of(o)["spans"] = {{{"words", text}}, {{"name", "y"}}};
            }),
            "script.lines.message.spans: too long to be spoken");
  EXPECT_FALSE(call_script_from_json(json::value(3)));
}

TEST(ScriptJson, WordsAreStable) {
  EXPECT_EQ(to_text(Line::not_recorded), "not_recorded");
  std::set<std::string_view> names;
  for (std::size_t line = 0; line < line_count; ++line) names.insert(to_text(static_cast<Line>(line)));
  EXPECT_EQ(names.size(), line_count);
  EXPECT_EQ(to_text(SpanKind::words), "words");
  EXPECT_EQ(to_text(SpanKind::name), "name");
}

} // namespace
} // namespace kaden::script
