#include "names.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "characters.h"
#include "kaden/speech.h"
#include "lexicon.h"

namespace kaden::speech {
namespace {

struct Case {
  std::string_view name;
  std::string_view ja;
  std::string_view en;
};

TEST(Names, ReadingOfName) {
  const std::vector<Case> cases = {
      {"", "", ""},
      {"---", "", ""},
      {"web-01", "ウェブ ゼロイチ", "web zero one"},
      {"WEB_01", "ウェブ ゼロイチ", "web zero one"},
      {"ＷＥＢ－０１", "ウェブ ゼロイチ", "web zero one"},
      {"db-prod-3.example", "ディービー プロド サン ドット イグザンプル", "D B prod three dot example"},
      {"10.0.0.5", "イチゼロ ドット ゼロ ドット ゼロ ドット ゴ", "one zero dot zero dot zero dot five"},
      {"fe80::1", "エフイー ハチゼロ コロン コロン イチ", "F E eight zero colon colon one"},
      {"web.example.", "ウェブ ドット イグザンプル", "web dot example"},
      {".", "", ""},
      {"/var/log", "スラッシュ バー スラッシュ ログ", "slash var slash log"},
      {"WebServer12", "ウェブ サーバー イチニ", "web server one two"},
      {"webserver", "ウェブサーバー", "web server"},
      {"HTTPServer", "エイチティーティーピー サーバー", "H T T P server"},
      {"prod-k8s-node-7", "プロド クバネティス ノード ナナ", "prod kubernetes node seven"},
      {"k8s1", "ケー ハチ エス イチ", "K eight S one"},
      {"vCenter.local", "ブイセンター ドット ローカル", "V center dot local"},
      {"ERP", "イーアールピー", "E R P"},
      {"erp", "イーアールピー", "E R P"},
      {"sakura-2", "サクラ ニ", "sakura two"},
      {"hokkaido", "ホッカイド", "hokkaido"},
      {"kenchan", "ケンチャン", "kenchan"},
      {"xyz", "エックスワイゼット", "X Y Z"},
      {"abc", "エービーシー", "eigh B C"},
      {"srvstrkx", "エスアールブイエス、ティーアールケーエックス", "S R V S, T R K X"},
      {"123456", "イチニサンヨン、ゴロク", "one two three four, five six"},
      {"12345", "イチニサンヨンゴ", "one two three four five"},
      {"本番-db", "本番 ディービー", "本番 D B"},
      {"a@b", "エー アット ビー", "eigh at B"},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(reading_of_name(Language::ja, each.name), each.ja) << each.name;
    EXPECT_EQ(reading_of_name(Language::en, each.name), each.en) << each.name;
  }
}

TEST(Names, EveryLetterAndDigitIsRead) {
  for (char c = 0x20; c < 0x7F; ++c) {
    for (const std::string& name : {std::string(1, c), std::string("web") + c, std::string("9") + c}) {
      const bool must = name.size() > 1 || is_alnum(c);
      for (const Language language : {Language::ja, Language::en}) {
        EXPECT_TRUE(!must || !reading_of_name(language, name).empty()) << name;
      }
    }
  }
}

TEST(Names, DifferentNumbersAreReadDifferently) {
  for (const Language language : {Language::ja, Language::en}) {
    std::set<std::string> readings;
    for (int i = 0; i < 1'000; ++i) readings.insert(read_digits(language, std::to_string(i)));
    for (int i = 0; i < 10; ++i) readings.insert(read_digits(language, "0" + std::to_string(i)));
    EXPECT_EQ(readings.size(), 1'010u);
  }
}

TEST(Names, Romaji) {
  const std::vector<std::pair<std::string_view, std::optional<std::string>>> cases = {
      {"sato", "サト"},         {"suzuki", "スズキ"},
      {"ito", "イト"},          {"shinjuku", "シンジュク"},
      {"kyushu", "キュシュ"},   {"sapporo", "サッポロ"},
      {"matcha", "マッチャ"},   {"jun", "ジュン"},
      {"konnichi", "コンニチ"}, {"", ""},
      {"light", std::nullopt},  {"tt", std::nullopt},
      {"q", std::nullopt},      {"sa-to", std::nullopt}};
  for (const auto& [word, kana] : cases) EXPECT_EQ(read_romaji(word), kana) << word;
}

TEST(Lexicon, IsSortedAndWellFormed) {
  std::string_view before;
  for (const Reading& each : all_readings()) {
    EXPECT_LT(before, each.word);
    before = each.word;
    EXPECT_EQ(find_reading(each.word)->ja, each.ja);
    EXPECT_TRUE(
        std::all_of(each.word.begin(), each.word.end(), [](char c) { return is_lower(c) || is_digit(c); }));
    EXPECT_FALSE(each.ja.empty());
    for (std::size_t at = 0; at < each.ja.size();) {
      const Character c = character_at(each.ja, at);
      EXPECT_TRUE(c.code >= 0x30A1 && c.code <= 0x30FC) << each.word << " is not all katakana";
      at += c.bytes.size();
    }
  }
  EXPECT_EQ(find_reading("nosuchword"), nullptr);
  EXPECT_EQ(find_reading(""), nullptr);
}

TEST(Lexicon, TakesWordsApart) {
  EXPECT_EQ(take_apart("maildbserver").size(), 3u);
  EXPECT_EQ(take_apart("web").size(), 1u);
  EXPECT_TRUE(take_apart("webx").empty());
  EXPECT_TRUE(take_apart("").empty());
  EXPECT_TRUE(take_apart(std::string(300, 'a')).empty());
}

} // namespace
} // namespace kaden::speech
