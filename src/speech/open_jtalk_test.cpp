// The parts of the Japanese voice that need no voice; speech_test.cpp runs the real one.
#include "open_jtalk.h"

#include <gtest/gtest.h>

namespace kaden::speech {
namespace {

using Pieces = std::vector<std::string_view>;

TEST(OpenJtalk, CutsAfterSentences) {
  EXPECT_EQ(cut_sentences(""), Pieces{});
  EXPECT_EQ(cut_sentences("重大です。"), Pieces{"重大です。"});
  EXPECT_EQ(cut_sentences("重大です。ウェブ、停止"), (Pieces{"重大です。", "ウェブ、停止"}));
  EXPECT_EQ(cut_sentences("。、 。"), Pieces{});
  EXPECT_EQ(cut_sentences("。9。"), Pieces{"9。"});
}

TEST(OpenJtalk, LongTextFitsItsLineBuffer) {
  const auto expect_fit = [](const std::string& text) {
    std::string joined;
    for (const std::string_view piece : cut_sentences(text)) {
      EXPECT_TRUE(is_valid_utf8(piece));
      std::size_t widened = 0;
      for (const char c : piece) widened += static_cast<unsigned char>(c) < 0x80 ? 3 : 1;
      EXPECT_LE(widened, 900u);
      joined += piece;
    }
    EXPECT_EQ(joined, text);
  };
  std::string kana;
  std::string digits;
  std::string phrases;
  for (int i = 0; i < 2'000; ++i) {
    kana += "あ";
    digits += "7";
    phrases += "あいう、";
  }
  expect_fit(kana);
  expect_fit(digits);
  expect_fit(phrases);
  for (const std::string_view piece : cut_sentences(phrases)) EXPECT_TRUE(piece.ends_with("、"));
  EXPECT_EQ(cut_sentences(std::string(5'000, '\x80')), Pieces{}); // no character at all
}

TEST(OpenJtalk, ReadsPhonemesFromLabels) {
  const std::string trace =
      "[Text analysis result]\nウェブ,a-b+c\n\n[Output label]\n0 1 xx^xx-sil+w=e/A:x\n1 2 "
      "xx^sil-w+e=b/A:-2+1\n"
      "2 3 sil^w-e+b=u/A:x\n3 4 w^e-pau+b=u/A\n4 5 b^u-sil+xx=xx/A:x\n\n[Global parameter]\nx-y+z\n";
  EXPECT_EQ(phonemes_of_trace(trace), "w e pau");
  EXPECT_EQ(phonemes_of_trace(""), "");
  EXPECT_EQ(phonemes_of_trace("[Output label]\nnothing\n+-\n"), "");
}

} // namespace
} // namespace kaden::speech
