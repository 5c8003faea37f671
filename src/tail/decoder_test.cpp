#include "kaden/decoder.h"

#include <gtest/gtest.h>

#include "kaden/event_cutter.h"
#include "kaden/limits/agent.h"

namespace kaden::tail {
namespace {

std::shared_ptr<Decoder> decoder(Encoding encoding) {
  auto made = Decoder::make(encoding);
  EXPECT_TRUE(made) << made.error().message;
  return *made;
}

const std::string text_ja = "致命的なエラー: 表①ｱ";
const std::string sjis = "\x92\x76\x96\xbd\x93\x49\x82\xc8\x83\x47\x83\x89\x81\x5b: \x95\x5c\x87\x40\xb1";
const std::string euc = "\xc3\xd7\xcc\xbf\xc5\xaa\xa4\xca\xa5\xa8\xa5\xe9\xa1\xbc: \xc9\xbd\xad\xa1\x8e\xb1";

std::string wide(std::string_view ascii, bool little) {
  std::string out;
  for (const char c : ascii) out += little ? std::string{c, '\0'} : std::string{'\0', c};
  return out;
}

TEST(Decoder, japanese) {
  EXPECT_EQ(decoder(Encoding::shift_jis)->decode(sjis).text, text_ja);
  EXPECT_EQ(decoder(Encoding::shift_jis)->decode(sjis).broken, 0U);
  EXPECT_EQ(decoder(Encoding::euc_jp)->decode(euc).text, text_ja);
  EXPECT_EQ(decoder(Encoding::euc_jp)->decode(euc).broken, 0U);
  EXPECT_EQ(decoder(Encoding::iso_2022_jp)->decode("a \x1b$B>c32\x1b(B b \x1b(I1\x1b(B").text, "a 障害 b ｱ");
  EXPECT_EQ(decoder(Encoding::utf_16le)->decode("\xff\xfe\x9c\x96\xb3\x5b").text, "障害");
  const std::string big = std::string("\xfe\xff\x96\x9c\x5b\xb3\xd8\x3d\xde", 9) + '\0';
  EXPECT_EQ(decoder(Encoding::utf_16be)->decode(big).text, "障害😀");
  EXPECT_EQ(Decoder::make(Encoding::utf_8).value(), nullptr);
}

TEST(Decoder, ascii_is_the_same_in_each_encoding_of_bytes) {
  std::string ascii;
  for (char c = 0; c < 0x7F; ++c) {
    if (c != 0x0E && c != 0x0F && c != 0x1B) ascii += c;
  }
  for (const Encoding encoding : {Encoding::shift_jis, Encoding::euc_jp, Encoding::iso_2022_jp})
    EXPECT_EQ(decoder(encoding)->decode(ascii).text, ascii);
  // Beside a character that takes the long way.
  EXPECT_EQ(decoder(Encoding::shift_jis)->decode("\xb1\\~").text, "ｱ\\~");
  EXPECT_EQ(decoder(Encoding::euc_jp)->decode("\x8e\xb1\\~").text, "ｱ\\~");
}

TEST(Decoder, what_is_no_text_is_replaced_and_counted) {
  const auto broken = decoder(Encoding::shift_jis)->decode("x\xff\x81\x20y\x81");
  EXPECT_EQ(broken.text, "x\xEF\xBF\xBD\xEF\xBF\xBD y\xEF\xBF\xBD");
  EXPECT_EQ(broken.broken, 3U);
  const auto half = decoder(Encoding::utf_16le)->decode(std::string("\x00\xd8\x41\x00\x42", 5));
  EXPECT_EQ(half.text,
            "\xEF\xBF\xBD"
            "A\xEF\xBF\xBD");
  // A line that did not shift back does not garble the next one.
  const auto mail = decoder(Encoding::iso_2022_jp);
  mail->decode("\x1b$B>c");
  EXPECT_EQ(mail->decode(">c").text, ">c");
  EXPECT_EQ(mail->decode("\x1b$B>c").text, "障") << "and nothing is held back";
}

TEST(Decoder, long_texts_are_converted_to_their_end) {
  std::string bytes, expected;
  for (int i = 0; i < 3'000; ++i) {
    bytes += sjis;
    expected += text_ja;
  }
  EXPECT_EQ(decoder(Encoding::shift_jis)->decode(bytes).text, expected);
}

TEST(Decoder, cutter_finds_lines_and_starts_in_each_encoding) {
  const auto start = Pattern::compile("^致命.*①ｱ$");
  for (const auto& [encoding, line] : {std::pair(Encoding::shift_jis, sjis), {Encoding::euc_jp, euc}}) {
    const auto owned = decoder(encoding);
    for (const std::size_t piece : {1U, 3U, 100U}) {
      EventCutter cutter(&*start, 0, owned.get());
      const std::string file = line + "\n  at a\n" + line + "\n  at b\nend";
      std::vector<std::string> texts;
      for (std::size_t at = 0; at < file.size(); at += piece) {
        cutter.feed(file.substr(at, piece));
        while (const auto event = cutter.next()) texts.push_back(event->text);
      }
      while (const auto event = cutter.next(true)) texts.push_back(event->text);
      EXPECT_EQ(texts, (std::vector<std::string>{text_ja + "\n  at a", text_ja + "\n  at b\nend"}));
    }
  }
}

TEST(Decoder, cutter_of_utf_16_looks_for_units) {
  for (const bool little : {true, false}) {
    const auto owned = decoder(little ? Encoding::utf_16le : Encoding::utf_16be);
    // U+0A00 and U+010A: bytes of 0x0A that end nothing.
    const std::string odd = little ? std::string("\x00\x0a\x0a\x01", 4) : std::string("\x0a\x00\x01\x0a", 4);
    const std::string file =
        (little ? "\xff\xfe" : "\xfe\xff") + wide("a\r\n", little) + odd + wide("\n\nthr", little);
    for (const std::size_t piece : {1U, 2U, 3U, 100U}) {
      EventCutter cutter(nullptr, 0, owned.get());
      std::vector<std::string> texts;
      std::vector<std::uint64_t> ends;
      const auto take = [&](bool last) {
        while (const auto event = cutter.next(last)) {
          texts.push_back(event->text);
          ends.push_back(event->end);
          EXPECT_FALSE(event->is_garbled);
        }
      };
      for (std::size_t at = 0; at < file.size(); at += piece) {
        cutter.feed(file.substr(at, piece));
        take(false);
      }
      cutter.feed("?"); // half a unit
      take(true);
      EXPECT_EQ(texts, (std::vector<std::string>{"a", "\xE0\xA8\x80\xC4\x8A", "thr"})) << little << piece;
      EXPECT_EQ(ends, (std::vector<std::uint64_t>{8, 14, 22}));
      EXPECT_EQ(cutter.pending(), 1U);
    }
  }
}

TEST(Decoder, long_lines_are_cut_between_characters) {
  const auto owned = decoder(Encoding::shift_jis);
  EventCutter cutter(nullptr, 0, owned.get());
  std::string line = "x", expected = "x";
  while (line.size() < 2 * limits::log_event_bytes_max) {
    line += "\x95\x5c";
    expected += "表";
  }
  cutter.feed(line + "\n");
  std::string joined;
  while (const auto event = cutter.next()) joined += event->text;
  EXPECT_EQ(joined, expected);
}

TEST(Decoder, iso_2022_jp_as_it_is_written_on_windows) {
  const auto owned = decoder(Encoding::iso_2022_jp);
  EventCutter cutter(nullptr, 0, owned.get());
  cutter.feed("\x1b$B-!3t<02q<R-j\x1b(B\n\x1b(I6E\x1b(B \x0e\x36\x45\x0f \xb6\xc5 kana\n\x1b$B>c3\nplain\n");
  const struct {
    std::string text;
    bool is_garbled;
  } lines[] = {{"①株式会社㈱", false}, {"ｶﾅ ｶﾅ ｶﾅ kana", false}, {"障\xEF\xBF\xBD", true}, {"plain", false}};
  for (const auto& line : lines) {
    const auto event = cutter.next();
    ASSERT_TRUE(event);
    EXPECT_EQ(event->text, line.text);
    EXPECT_EQ(event->is_garbled, line.is_garbled) << line.text;
  }
}

TEST(Decoder, a_line_that_is_cut_goes_on_in_its_shift) {
  const auto owned = decoder(Encoding::iso_2022_jp);
  for (const std::string in_front : {"", "x", "xy"}) {
    std::string line = in_front + "\x1b$B", expected = in_front;
    while (line.size() < 2 * limits::log_event_bytes_max + 100) {
      line += "-!>c\x1b(I6\x1b$B";
      expected += "①障ｶ";
    }
    for (const std::size_t piece : {65'536U, 1'000'000U}) {
      EventCutter cutter(nullptr, 0, owned.get());
      std::vector<std::string> texts;
      const std::string file = line + "\nplain\n"; // it forgot to shift back
      for (std::size_t at = 0; at < file.size(); at += piece) {
        cutter.feed(file.substr(at, piece));
        while (const auto event = cutter.next()) {
          texts.push_back(event->text);
          EXPECT_FALSE(event->is_garbled);
        }
      }
      ASSERT_EQ(texts.size(), 4U);
      EXPECT_EQ(texts[0] + texts[1] + texts[2], expected);
      EXPECT_EQ(texts[3], "plain");
    }
  }
}

TEST(Decoder, garbled_records_are_known) {
  const auto is_garbled = [](const std::string& line, Encoding encoding) {
    const auto owned = *Decoder::make(encoding);
    EventCutter cutter(nullptr, 0, owned.get());
    cutter.feed(line + "\n");
    return cutter.next().value().is_garbled;
  };
  EXPECT_TRUE(is_garbled(sjis, Encoding::utf_8));
  EXPECT_TRUE(is_garbled(euc, Encoding::utf_8));
  EXPECT_TRUE(is_garbled(wide("error", true), Encoding::utf_8));
  EXPECT_FALSE(is_garbled(text_ja, Encoding::utf_8));
  EXPECT_FALSE(is_garbled(sjis, Encoding::shift_jis));
  EXPECT_TRUE(is_garbled(sjis, Encoding::euc_jp));
}

} // namespace
} // namespace kaden::tail
