#include "kaden/mime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "kaden/limits/mail.h"
#include "source_folder.h"

namespace kaden::mime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Mail sample(const std::string& name) {
  std::ifstream file(source_folder() + "/src/mime/testdata/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  return read(std::string(std::istreambuf_iterator<char>(file), {}));
}

constexpr const char* subject = "【障害】web-01 ディスク使用率①が90％を超えました㈱ｶﾅ";
constexpr const char* body = "ホスト：web-01\n項目：ディスク使用率①\n状態：障害㈱ｶﾅ\n～ここまで～\n";

TEST(Japanese, AsItIsSent) {
  for (const char* name : {"iso-2022-jp.eml", "shift_jis.eml", "utf-8.eml"}) {
    const Mail mail = sample(name);
    EXPECT_EQ(mail.subject, subject) << name;
    EXPECT_EQ(mail.text, body) << name;
    EXPECT_EQ(mail.from, "監視サーバ <kanshi@monitor.example>");
    EXPECT_EQ(mail.from_address, "kanshi@monitor.example");
    EXPECT_EQ(mail.message_id, "20261127.1@monitor.example");
    EXPECT_EQ(mail.date, "Fri, 27 Nov 2026 10:00:00 +0900");
    ASSERT_TRUE(mail.sent_at);
    EXPECT_EQ(to_iso8601(*mail.sent_at), "2026-11-27T01:00:00Z");
    EXPECT_THAT(mail.notes, IsEmpty());
  }
  EXPECT_EQ(sample("euc-jp.eml").subject, "【障害】web-01 ディスク使用率");
  EXPECT_EQ(sample("euc-jp.eml").text, "ホスト：web-01\n");
}

TEST(Japanese, AsItShouldNotBeSent) {
  EXPECT_EQ(sample("cut-words.eml").subject, subject) << "words that end inside a character";
  for (const char* name : {"raw-sjis.eml", "raw-jis.eml"}) {
    EXPECT_EQ(sample(name).subject, subject) << name;
    EXPECT_EQ(sample(name).text, body) << name;
  }
}

TEST(Charset, TrueWrongOrNotSaid) {
  const struct {
    std::string bytes;
    const char* charset;
    const char* text;
    bool is_lossy;
  } cases[] = {
      {"abc", "us-ascii", "abc", false},
      {"\xE9\x9A\x9C", "us-ascii", "障", false},              // says ASCII and sends UTF-8
      {"\xE9\x9A\x9C", "iso-2022-jp", "障", false},           // says JIS and sends UTF-8
      {"\x8F\xE1\x8A\x51", "utf-8", "障害", false},           // says UTF-8 and sends Shift_JIS
      {"\x8F\xE1\x8A\x51", "iso-2022-jp", "障害", false},     // says JIS and sends Shift_JIS
      {"\xBE\xE3\xB3\xB2", "", "障害", false},                // EUC-JP, not said
      {"\x1B$B>c32\x1B(B", "", "障害", false},                // JIS, not said
      {"\x1B$B>c32\nabc", "iso-2022-jp", "障害\nabc", false}, // a line that forgot to return
      {"\x1B(I6E\x1B(B", "cp50221", "ｶﾅ", false},
      {"\x1B$B-!\x1B(B", "iso-2022-jp", "①", false},    // NEC's row 13, in CP50221
      {"\x1B$(C(g\x1B(B", "iso-2022-jp-2", "①", false}, // Korean's, as Python sends it
      {"\x1B$(C(g\x1B(B", "cp50221", "①", false},       // also where the name says less
      {"\x1B$(C(g\x1B(B", "", "①", false},
      {"\x1B$A\"Y\x1B(B", "iso-2022-jp-2", "①", false}, // Chinese's
      {"\x1B$(O-!\x1B(B", "iso-2022-jp-3", "①", false},
      {"\x1B$(Q-!\x1B(B", "iso-2022-jp-2004", "①", false},
      {"\x1B$B>c32\x1B$(C(g\x1B$B>c32\x1B(B x\x1B(I6E\x1B(B", "iso-2022-jp", "障害①障害 xｶﾅ", false},
      {"a\x1B$(Z(g\x1B(Bb", "iso-2022-jp",
       "a\xEF\xBF\xBD"
       "b",
       true}, // a set that nobody knows
      {"\x1B(B\xB1 1 \x0E\x31\x0F 1", "iso-2022-jp", "ｱ 1 ｱ 1",
       false},                                   // kana of one byte, and digits behind them
      {"\x1B$B>c3", "", "障\xEF\xBF\xBD", true}, // JIS, not said, and cut
      {"\x9C\x96\xB3\x5B\x42", "utf-16le", "障害\xEF\xBF\xBD", true},
      {"\xE9", "iso-8859-1", "é", false},
      {"\x80", "iso-8859-1", "€", false}, // as every mail program reads it
      {"abc\xFF\xFF", "utf-8", "abc\xEF\xBF\xBD\xEF\xBF\xBD", true},
      {"\x1B$B\x7F\x7Fx", "iso-2022-jp", nullptr, false},
      {"abc", "no-such-set", "abc", false},
      {"abc", "../../../etc/passwd", "abc", false},
      {"\xB0\xA1", "gb2312", "啊", false},
  };
  for (const auto& c : cases) {
    bool is_lossy = false;
    const std::string text = to_utf8(c.bytes, c.charset, is_lossy);
    EXPECT_TRUE(is_valid_utf8(text)) << c.charset;
    if (c.text == nullptr) continue;
    EXPECT_EQ(text, c.text) << c.charset;
    EXPECT_EQ(is_lossy, c.is_lossy) << c.charset << " " << c.text;
  }
}

TEST(Header, EncodedWords) {
  const struct {
    const char* value;
    const char* text;
  } cases[] = {
      {"plain", "plain"},
      {" folded\r\n\ttext ", "folded text"},
      {"=?utf-8?Q?a=5Fb_c?=", "a_b c"},
      {"=?UTF-8?b?4pyT?=", "✓"},
      {"=?utf-8?Q?a?= =?utf-8?Q?b?=", "ab"},
      {"=?utf-8?Q?a?= x =?utf-8?Q?b?=", "a x b"},
      {"=?utf-8?Q?a?= =?iso-8859-1?Q?=E9?=", "aé"},
      {"\"=?utf-8?Q?in quotes?=\" <a@b>", "\"in quotes\" <a@b>"},
      {"=?utf-8*ja?Q?lang?=", "lang"},
      {"=?utf-8?B?4py\r\n T?=", "✓"},
      {"=?utf-8?B?4pyT", "✓"},
      {"=?utf-8?X?abc?=", "=?utf-8?X?abc?="},
      {"=?utf-8", "=?utf-8"},
      {"=??Q?a?=", "=??Q?a?="},
      {"a =?= b", "a =?= b"},
      {"x=?utf-8?Q?y?=z", "xyz"},
      {"bell\x07", "bell"},
  };
  for (const auto& c : cases) {
    bool is_lossy = false;
    EXPECT_EQ(decode_header(c.value, is_lossy), c.text) << c.value;
    EXPECT_FALSE(is_lossy);
  }
}

TEST(Parts, HtmlBecomesText) {
  const Mail mail = sample("html.eml");
  EXPECT_EQ(mail.text, "Target: esx-03.example\nPrevious Status: Green\nNew Status:\nRed\nAlarm & event 障");
  EXPECT_EQ(mail.from, "\"vCenter Server\" <vcenter@monitor.example>");
}

TEST(Parts, PlainTextOfAlternativesAndNamesOfAttachments) {
  const Mail mail = sample("alternative.eml");
  EXPECT_EQ(mail.text, "Firing\nValue: A=97.3\nhost = web-01\n");
  EXPECT_THAT(mail.attachments, ElementsAre("グラフ.png", "notes.txt"));
  EXPECT_EQ(sample("rfc2231.eml").text, "hello");
  EXPECT_THAT(sample("rfc2231.eml").attachments, ElementsAre("報告.pdf"));
  const Mail forwarded = sample("forwarded.eml");
  EXPECT_THAT(forwarded.text, HasSubstr("see below\n"));
  EXPECT_THAT(forwarded.text, HasSubstr("the one inside\ninner body"));
}

TEST(Parts, NoMailAtAll) {
  for (const std::string text : {"", "\r\n", "\r\n\r\n", "no header, only text\r\nand more", ":", "a"}) {
    const Mail mail = read(text);
    EXPECT_EQ(mail.subject, "") << text;
  }
  EXPECT_THAT(read("Subject: x\r\n\r\n").text, IsEmpty());
  EXPECT_EQ(read("Subject: no body at all").subject, "no body at all");
}

TEST(Limits, LongMailsAreReadFromTheirBeginning) {
  const std::string head = "Subject: long\r\nContent-Type: text/plain\r\n\r\n";
  const Mail mail = read(head + std::string(3u << 20, 'x'));
  EXPECT_EQ(mail.text.size(), limits::mail_body_bytes_max);
  EXPECT_THAT(mail.notes, testing::Contains(HasSubstr("it is very long")));

  std::string many = "Subject: many\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";
  for (int i = 0; i < 5'000; ++i) many += "--b\r\n\r\nt\r\n";
  const Mail parts = read(many);
  EXPECT_EQ(parts.subject, "many");
  EXPECT_THAT(parts.notes, testing::Contains(HasSubstr("too many")));
  EXPECT_THAT(parts.text, HasSubstr("t\nt"));

  std::string headed = "Subject: headed\r\n";
  for (int i = 0; i < 100'000; ++i) headed += "a: b\r\n";
  const Mail long_way = read(headed + "\r\nhere");
  EXPECT_EQ(long_way.subject, "headed");
  EXPECT_EQ(long_way.text, "here");
  EXPECT_THAT(long_way.notes, testing::Contains(HasSubstr("headers")));

  std::string deep = "Subject: deep\r\n";
  for (int i = 0; i < 500; ++i) {
    const std::string name = "b" + std::to_string(i);
    deep += "Content-Type: multipart/mixed; boundary=" + name + "\r\n\r\n--" + name + "\r\n";
  }
  EXPECT_THAT(read(deep + "\r\nbottom").notes, testing::Contains(HasSubstr("too many")));
  EXPECT_THAT(read(deep + "\r\nbottom").text, Not(HasSubstr("bottom")));
}

} // namespace
} // namespace kaden::mime
