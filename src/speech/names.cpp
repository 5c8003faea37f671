#include "names.h"

#include <algorithm>
#include <array>

#include "lexicon.h"

namespace kaden::speech {
namespace {

constexpr std::size_t group_size = 4; // letters or digits said in one breath

using Pair = std::pair<std::string_view, std::string_view>;

// clang-format off
constexpr std::array<std::string_view, 26> letters_ja = {
    "エー", "ビー", "シー", "ディー", "イー", "エフ", "ジー", "エイチ", "アイ", "ジェー", "ケー", "エル", "エム",
    "エヌ", "オー", "ピー", "キュー", "アール", "エス", "ティー", "ユー", "ブイ", "ダブリュー", "エックス", "ワイ",
    "ゼット"};
constexpr std::array<std::string_view, 10> digits_ja = {"ゼロ", "イチ", "ニ",   "サン", "ヨン",
                                                        "ゴ",   "ロク", "ナナ", "ハチ", "キュウ"};
constexpr std::array<std::string_view, 10> digits_en = {"zero", "one", "two",   "three", "four",
                                                        "five", "six", "seven", "eight", "nine"};
// Hepburn, and the common variants of it; longest first.
constexpr Pair syllables[] = {
    {"kya", "キャ"}, {"kyu", "キュ"}, {"kyo", "キョ"}, {"sha", "シャ"}, {"shi", "シ"},   {"shu", "シュ"},
    {"sho", "ショ"}, {"cha", "チャ"}, {"chi", "チ"},   {"chu", "チュ"}, {"cho", "チョ"}, {"tsu", "ツ"},
    {"nya", "ニャ"}, {"nyu", "ニュ"}, {"nyo", "ニョ"}, {"hya", "ヒャ"}, {"hyu", "ヒュ"}, {"hyo", "ヒョ"},
    {"mya", "ミャ"}, {"myu", "ミュ"}, {"myo", "ミョ"}, {"rya", "リャ"}, {"ryu", "リュ"}, {"ryo", "リョ"},
    {"gya", "ギャ"}, {"gyu", "ギュ"}, {"gyo", "ギョ"}, {"bya", "ビャ"}, {"byu", "ビュ"}, {"byo", "ビョ"},
    {"pya", "ピャ"}, {"pyu", "ピュ"}, {"pyo", "ピョ"}, {"ka", "カ"},    {"ki", "キ"},    {"ku", "ク"},
    {"ke", "ケ"},    {"ko", "コ"},    {"sa", "サ"},    {"su", "ス"},    {"se", "セ"},    {"so", "ソ"},
    {"ta", "タ"},    {"te", "テ"},    {"to", "ト"},    {"na", "ナ"},    {"ni", "ニ"},    {"nu", "ヌ"},
    {"ne", "ネ"},    {"no", "ノ"},    {"ha", "ハ"},    {"hi", "ヒ"},    {"fu", "フ"},    {"he", "ヘ"},
    {"ho", "ホ"},    {"ma", "マ"},    {"mi", "ミ"},    {"mu", "ム"},    {"me", "メ"},    {"mo", "モ"},
    {"ya", "ヤ"},    {"yu", "ユ"},    {"yo", "ヨ"},    {"ra", "ラ"},    {"ri", "リ"},    {"ru", "ル"},
    {"re", "レ"},    {"ro", "ロ"},    {"wa", "ワ"},    {"ga", "ガ"},    {"gi", "ギ"},    {"gu", "グ"},
    {"ge", "ゲ"},    {"go", "ゴ"},    {"za", "ザ"},    {"ji", "ジ"},    {"zu", "ズ"},    {"ze", "ゼ"},
    {"zo", "ゾ"},    {"ja", "ジャ"},  {"ju", "ジュ"},  {"jo", "ジョ"},  {"da", "ダ"},    {"de", "デ"},
    {"do", "ド"},    {"ba", "バ"},    {"bi", "ビ"},    {"bu", "ブ"},    {"be", "ベ"},    {"bo", "ボ"},
    {"pa", "パ"},    {"pi", "ピ"},    {"pu", "プ"},    {"pe", "ペ"},    {"po", "ポ"},    {"a", "ア"},
    {"i", "イ"},     {"u", "ウ"},     {"e", "エ"},     {"o", "オ"}};
// clang-format on

std::string_view group_pause(Language language) {
  return language == Language::ja ? "、" : ", ";
}

bool is_vowel(char letter) {
  return std::string_view("aeiou").find(letter) != std::string_view::npos;
}

std::size_t longest_consonants(std::string_view word) {
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char letter : word) {
    run = is_vowel(letter) || letter == 'y' ? 0 : run + 1;
    longest = std::max(longest, run);
  }
  return longest;
}

/// An English voice makes a word of it that a person can write down again.
bool is_pronounceable(std::string_view word) {
  if (std::none_of(word.begin(), word.end(), is_vowel)) return false;
  if (word.size() == 3) return !is_vowel(word[0]) && is_vowel(word[1]);
  return word.size() >= 4 && longest_consonants(word) <= 3;
}

std::string_view spoken_letter(Language language, char letter) {
  constexpr std::string_view upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  const auto at = static_cast<std::size_t>(letter - 'a');
  if (language == Language::ja) return letters_ja.at(at);
  // eSpeak NG takes a lone A for the article.
  return letter == 'a' ? "eigh" : upper.substr(at, 1);
}

std::string read_known(Language language, const Reading& reading) {
  if (language == Language::ja) return std::string(reading.ja);
  if (reading.en == "*") {
    std::string text;
    for (const char each : reading.word) {
      if (!text.empty()) text += ' ';
      const bool is_digit = each >= '0' && each <= '9';
      text += is_digit ? read_digits(language, {&each, 1}) : spell(language, {&each, 1});
    }
    return text;
  }
  return std::string(reading.en.empty() ? reading.word : reading.en);
}

} // namespace

std::optional<std::string> read_romaji(std::string_view word) {
  std::string kana;
  while (!word.empty()) {
    const auto* const found = std::find_if(std::begin(syllables), std::end(syllables),
                                           [&](const Pair& each) { return word.starts_with(each.first); });
    if (found != std::end(syllables)) {
      kana += found->second;
      word.remove_prefix(found->first.size());
    } else if (word[0] == 'n') {
      kana += "ン";
      word.remove_prefix(1);
    } else if (word.size() > 1 && (word[0] == word[1] || word.starts_with("tch"))) {
      kana += "ッ";
      word.remove_prefix(1);
    } else {
      return std::nullopt;
    }
  }
  return kana;
}

std::string spell(Language language, std::string_view letters) {
  std::string text;
  const bool in_groups = letters.size() > group_size + 1;
  for (std::size_t at = 0; at < letters.size(); ++at) {
    const bool ends_group = in_groups && at % group_size == 0;
    if (at > 0 && (language == Language::en || ends_group)) text += ends_group ? group_pause(language) : " ";
    text += spoken_letter(language, to_lower(letters.substr(at, 1))[0]);
  }
  return text;
}

std::string read_digits(Language language, std::string_view digits) {
  std::string text;
  const bool in_groups = digits.size() > group_size + 1;
  for (std::size_t at = 0; at < digits.size(); ++at) {
    const bool ends_group = in_groups && at % group_size == 0;
    if (at > 0 && (language == Language::en || ends_group)) text += ends_group ? group_pause(language) : " ";
    const auto value = static_cast<std::size_t>(digits[at] - '0');
    text += language == Language::ja ? digits_ja.at(value) : digits_en.at(value);
  }
  return text;
}

std::string read_word(Language language, std::string_view word) {
  const std::string lower = to_lower(word);
  if (const Reading* known = find_reading(lower)) return read_known(language, *known);
  std::string text;
  for (const Reading* part : take_apart(lower)) {
    if (!text.empty() && language == Language::en) text += ' ';
    text += read_known(language, *part);
  }
  if (!text.empty()) return text;
  if (language == Language::en) return is_pronounceable(lower) ? lower : spell(language, lower);
  if (lower.size() >= 4) {
    if (auto kana = read_romaji(lower)) return *kana;
  }
  return spell(language, lower);
}

} // namespace kaden::speech
