#include "kaden/charset.h"

#include <gtest/gtest.h>

namespace kaden::charset {
namespace {

const std::string bad = "\xEF\xBF\xBD";

Reader reader(std::string_view set) {
  auto opened = Reader::open(set);
  EXPECT_TRUE(opened) << opened.error().message;
  return std::move(*opened);
}

struct Case {
  std::string set, bytes, text;
  std::size_t broken = 0;
};

TEST(Reader, reads_each_set_to_its_widest) {
  const Case cases[] = {
      {"ISO-2022-JP", "a \x1B$B>c32\x1B(B b", "a 障害 b"},
      {"ISO-2022-JP", "\x1B$B-!-j\x1B(B", "①㈱"}, // NEC's row 13
      {"ISO-2022-JP", "\x1B$By!|q\x1B(B", "纊ⅰ"}, // NEC's selection of IBM's
      {"ISO-2022-JP", "\x1B$B|byu\x1B(B", "髙﨑"},
      {"EUC-JP-MS", "\xFC\xE2\xF9\xF5", "髙﨑"},
      {"CP932", "\xFB\xFC\xEE\xE0\xED\x95", "髙髙﨑"},
      {"ISO-2022-JP",
       "\x1B(I1\x1B(B \x0E\x31\x0F"
       "1 \xB1 1",
       "ｱ ｱ1 ｱ 1"}, // four ways, and back in ASCII
      {"ISO-2022-JP", "\x1B(Ja\\~\x1B(B", "a\\~"},
      {"ISO-2022-JP", "\x1B$(D0!\x1B(B", "丂"},
      {"ISO-2022-JP", "\x1B$(C(g\x1B$A\"Y\x1B$(O-!\x1B(B", "①①①"},
      {"ISO-2022-JP", "\x1B$B>c\n32", "障\n32"},                   // a line begins in ASCII
      {"ISO-2022-JP", "\x1B[31mred\x1B[0m", "\x1B[31mred\x1B[0m"}, // a terminal's
      {"CP932", "\x95\x5C\x87\x40\x87\x8A\xB1\\~", "表①㈱ｱ\\~"},
      {"EUC-JP-MS", "\xC9\xBD\xAD\xA1\xAD\xEA\x8E\xB1\\~", "表①㈱ｱ\\~"},
      {"UTF-16LE", std::string("\x9C\x96\xB3\x5B\x3D\xD8\x00\xDE", 8), "障害😀"},
      {"UTF-16BE", std::string("\x96\x9C\x5B\xB3\xD8\x3D\xDE\x00", 8), "障害😀"},
      {"utf-32le", std::string("\x9C\x96\x00\x00", 4), "障"},
      {"windows-1252", "\xE9\x80", "é€"},
  };
  for (const Case& c : cases) {
    const Reader::Text read = reader(c.set).read(c.bytes);
    EXPECT_EQ(read.text, c.text) << c.set;
    EXPECT_EQ(read.broken, 0U) << c.text;
    EXPECT_EQ(reader(c.set).read_exactly(c.bytes), c.text);
  }
}

TEST(Reader, what_is_no_text_is_replaced_once_and_takes_no_neighbour_with_it) {
  const Case cases[] = {
      {"ISO-2022-JP", "\x1B$B>c3\x1B(Bb", "障" + bad + "b", 1}, // half a character
      {"ISO-2022-JP", "\x1B$B>c3", "障" + bad, 1},              // and at the end
      {"ISO-2022-JP", "\x1B$B>c3\nb", "障" + bad + "\nb", 1},
      {"ISO-2022-JP", "\x1B$B)!>c\x1B(B", bad + "障", 1},               // a row that holds nothing
      {"ISO-2022-JP", "a\x1B$(Z(g3!\x1B(Bb", "a" + bad + bad + "b", 2}, // a set that nobody knows
      {"ISO-2022-JP",
       "a\x80\xFE"
       "b\x1B$",
       "a" + bad + bad + "b\x1B$", 2},
      {"CP932", "a\x81", "a" + bad, 1},
      {"CP932", "\x81\x20\x85\x9F\x95\x5C\xFF", bad + " " + bad + "表" + bad, 3},
      {"EUC-JP-MS", "\xA9\xA1\xC9\xBD\x8F\xC9", bad + "表" + bad, 2},
      {"EUC-JP-MS", "\xC9\x41\xFF\x42", bad + "A" + bad + "B", 2},
      {"UTF-16LE", std::string("\x00\xD8\x41\x00\x42", 5), bad + "A" + bad, 2},
      {"UTF-16BE", std::string("\xDC\x00\x00\x41\x00", 5), bad + "A" + bad, 2},
      {"utf-16le", std::string("\x00\xDC\x41\x00", 4), bad + "A", 1},
      {"utf-32le", std::string("\x00\x00\x00\xFF\x41\x00\x00\x00", 8), bad + "A", 1},
  };
  for (const Case& c : cases) {
    const Reader::Text read = reader(c.set).read(c.bytes);
    EXPECT_EQ(read.text, c.text) << c.set;
    EXPECT_EQ(read.broken, c.broken) << c.set << " " << read.text;
    EXPECT_EQ(reader(c.set).read_exactly(c.bytes), std::nullopt);
  }
}

TEST(Reader, in_pieces_it_is_the_same) {
  const Case cases[] = {
      {"ISO-2022-JP",
       "a\x1B$B>c32-!\x1B(I6E\x1B$(C(g\x1B$(D0!\x1B(Bb\x0E\x31\x0F"
       "1\x1B$(Z!!\x1B[1m",
       ""},
      {"CP932", "\x95\x5C\x87\x40\xB1x\x81\xAD", ""},
      {"EUC-JP-MS", "\xC9\xBD\x8F\xB0\xA1\x8E\xB1x", ""},
      {"UTF-16LE", std::string("\x9C\x96\xB3\x5B\x3D\xD8\x00\xDE", 8), ""},
  };
  for (const Case& c : cases) {
    Reader one = reader(c.set);
    const std::string whole = one.read(c.bytes).text;
    for (std::size_t piece = 1; piece < c.bytes.size(); ++piece) {
      Shift shift;
      std::string joined, waiting;
      for (std::size_t at = 0; at < c.bytes.size(); at += piece) {
        waiting += c.bytes.substr(at, piece);
        const std::size_t bytes = one.whole(waiting, shift);
        joined += one.read(waiting.substr(0, bytes), shift).text;
        waiting.erase(0, bytes);
      }
      EXPECT_EQ(joined + one.read(waiting, shift).text, whole) << c.set << " by " << piece;
    }
  }
}

TEST(Reader, long_texts_are_read_to_their_end) {
  std::string bytes = "\x1B$B", expected;
  for (int i = 0; i < 5'000; ++i) {
    bytes += "-!>c";
    expected += "①障";
  }
  EXPECT_EQ(reader("ISO-2022-JP").read(bytes).text, expected);
}

TEST(Reader, says_which_set_is_not_there) {
  const auto none = Reader::open("no-such-set");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().fault, Fault::unavailable);
  EXPECT_NE(none.error().message.find("cannot convert no-such-set"), std::string::npos);
}

} // namespace
} // namespace kaden::charset
