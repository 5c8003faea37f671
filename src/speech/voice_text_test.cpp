#include <gtest/gtest.h>

#include "characters.h"
#include "kaden/limits/speech.h"
#include "kaden/speech.h"

namespace kaden::speech {
namespace {

using script::Span;
using script::SpanKind;

std::string text_of(Language language, std::string_view text) {
  return text_for_voice(
      script::expand(language, text, {{"machine", "web-01"}, {"host", "db-prod-3.example"}}));
}

TEST(VoiceText, Japanese) {
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"", ""},
      {"{machine} の CPU が 91.5 パーセントです", "ウェブ ゼロイチのシーピーユーが91.5パーセントです"},
      {"サーバー{machine}が停止", "サーバー ウェブ ゼロイチが停止"},
      {"重大です。{machine}、{host}。",
       "重大です。ウェブ ゼロイチ、ディービー プロド サン ドット イグザンプル。"},
      {"使用率が95%です", "使用率が95パーセントです"},
      {"使用率が 95 ％ です", "使用率が95パーセントです"},
      {"disk full を検出", "ディスク フルを検出"},
      {"残り 10GB、遅延 30ms", "残り10ギガバイト、遅延30ミリ秒"},
      {"1,234件", "1234件"},
      {"1,23 件", "1、23件"},
      {"9:30 と 12:00", "9時30分と12時"},
      {"99:99", "キュウキュウ コロン キュウキュウ"},
      {"温度は-3℃", "温度はマイナス3度"},
      {"VMware Cloud on AWS", "ブイエムウェア クラウド オン エーダブリューエス"},
      {"10.0.0.5 から", "イチゼロ ドット ゼロ ドット ゼロ ドット ゴから"},
      {"番号は 0123 です", "番号はゼロイチニサンです"},
      {"「本番」（予備）", "本番、予備、"},
      {"停止!! 確認?", "停止。確認。"},
      {"DB_HOST=db01", "ディービー ホスト、ディービー ゼロイチ"},
      {"☃です", "です"},
      {"☃", ""},
      {"ﾃｽﾄ", "ﾃｽﾄ"},
  };
  for (const auto& [text, expect] : cases) EXPECT_EQ(text_of(Language::ja, text), expect) << text;
}

TEST(VoiceText, English) {
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"", ""},
      {"Kaden, critical alarm. {machine}, disk full.", "Kaden, critical alarm. web zero one, disk full."},
      {"CPU is at 91.5%.", "CPU is at 91.5%."},
      {"on{machine}now", "on web zero one now"},
      {"10.0.0.5 is down; disk_used on web01.",
       "one zero dot zero dot zero dot five is down; disk used on web zero one."},
      {"built-in, e.g. this", "built-in, e.g. this"},
      {"{host}", "D B prod three dot example"},
      {"本番 is down", "Japanese text  is down"},
      {"☃", ""},
      {"naïve café", "naïve café"},
  };
  for (const auto& [text, expect] : cases) EXPECT_EQ(text_of(Language::en, text), expect) << text;
}

TEST(VoiceText, IsBoundedAndSpeakable) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  for (int i = 0; i < 200; ++i) all += "web-01 W漢ｱ☃9.5%";
  for (const Language language : {Language::ja, Language::en}) {
    for (const SpanKind kind : {SpanKind::words, SpanKind::name}) {
      const std::string text = text_for_voice({language, {Span{kind, all}, Span{kind, all}}});
      EXPECT_LE(text.size(), limits::voice_text_bytes_max);
      EXPECT_GT(text.size(), limits::voice_text_bytes_max / 4);
      EXPECT_TRUE(is_valid_utf8(text));
    }
  }
}

TEST(Characters, AreDecoded) {
  const std::vector<std::tuple<std::string_view, char32_t, std::size_t>> cases = {
      {"a", U'a', 1},
      {"\u00e9", 0xE9, 2},
      {"あ", 0x3042, 3},
      {"\U0001F600", 0x1F600, 4},
      {"\x80", 0xFFFD, 1},
      {"\xE3\x81", 0xFFFD, 2},
      {"a\x80", 0xFFFD, 2},
      {"\xC0\x80", 0xFFFD, 2},
      {"\xF8\x80\x80\x80\x80", 0xFFFD, 5}};
  for (const auto& [text, code, bytes] : cases) {
    const Character got = character_at(text, 0);
    EXPECT_EQ(got.code, code);
    EXPECT_EQ(got.bytes.size(), bytes);
  }
}

} // namespace
} // namespace kaden::speech
