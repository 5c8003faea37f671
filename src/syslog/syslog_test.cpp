#include "kaden/syslog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "kaden/limits/log_sources.h"

namespace kaden::syslog {
namespace {

using testing::ElementsAre;
using namespace std::string_literals;

struct Expected {
  const char* name;
  std::string bytes;
  Format format;
  int facility, severity;
  const char *time, *host, *app, *process, *message_id, *structured;
  std::string text;
};

const std::vector<Expected>& messages() {
  static const std::vector<Expected> all{
      // RFC 5424 section 6.5, examples 1 to 4
      {"5424 with a byte order mark",
       "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \xEF\xBB\xBF'su root' failed for "
       "lonvick",
       Format::rfc5424, 4, 2, "2003-10-11T22:14:15.003Z", "mymachine.example.com", "su", "", "ID47", "",
       "'su root' failed for lonvick"},
      {"5424 with an offset and microseconds",
       "<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time to make the do-nuts.",
       Format::rfc5424, 20, 5, "2003-08-24T05:14:15.000003-07:00", "192.0.2.1", "myproc", "8710", "", "",
       "%% It's time to make the do-nuts."},
      {"5424 with structured data and a message",
       "<165>1 2003-10-11T22:14:15.003Z m evntslog - ID47 [exampleSDID@32473 iut=\"3\" eventID=\"1011\"] "
       "text",
       Format::rfc5424, 20, 5, "2003-10-11T22:14:15.003Z", "m", "evntslog", "", "ID47",
       "[exampleSDID@32473 iut=\"3\" eventID=\"1011\"]", "text"},
      {"5424 with structured data alone",
       "<165>1 2003-10-11T22:14:15.003Z m a - ID47 [x@1 a=\"1\"][y@1 b=\"2\"]", Format::rfc5424, 20, 5,
       "2003-10-11T22:14:15.003Z", "m", "a", "", "ID47", "[x@1 a=\"1\"][y@1 b=\"2\"]", ""},
      {"5424, all nil", "<0>1 - - - - - -", Format::rfc5424, 0, 0, "", "", "", "", "", "", ""},
      {"5424 without its structured data", "<14>1 2026-08-24T03:00:00Z h a 1 -", Format::rfc5424, 1, 6,
       "2026-08-24T03:00:00Z", "h", "a", "1", "", "", ""},
      // RFC 3164 section 5.4, examples 1 and 2
      {"3164", "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
       Format::rfc3164, 4, 2, "Oct 11 22:14:15", "mymachine", "su", "", "", "",
       "'su root' failed for lonvick on /dev/pts/8"},
      {"3164 without a time", "<0>Use the BFG!", Format::rfc3164, 0, 0, "", "", "", "", "", "",
       "Use the BFG!"},
      {"3164 with a process", "<86>Aug  4 05:34:00 web-01 sshd[1787]: Failed password for root\n",
       Format::rfc3164, 10, 6, "Aug  4 05:34:00", "web-01", "sshd", "1787", "", "",
       "Failed password for root"},
      {"a local socket has no host", "<13>Aug 24 12:00:00 sato: hello world", Format::rfc3164, 1, 5,
       "Aug 24 12:00:00", "", "sato", "", "", "", "hello world"},
      {"a local socket, with a process", "<13>Aug 24 12:00:00 job[7]: hello", Format::rfc3164, 1, 5,
       "Aug 24 12:00:00", "", "job", "7", "", "", "hello"},
      {"ESXi: RFC 3339 in RFC 3164's place",
       "<166>2026-08-24T03:00:00.123Z esx01.example Hostd: info hostd[210] [x] y", Format::rfc3164, 20, 6,
       "2026-08-24T03:00:00.123Z", "esx01.example", "Hostd", "", "", "", "info hostd[210] [x] y"},
      {"rsyslog forwards a local offset", "<30>2026-08-24T12:00:00.123456+09:00 db-01 cron[9]: run",
       Format::rfc3164, 3, 6, "2026-08-24T12:00:00.123456+09:00", "db-01", "cron", "9", "", "", "run"},
      {"an IPv6 host", "<30>Aug 24 12:00:00 2001:db8::1 cron: run", Format::rfc3164, 3, 6, "Aug 24 12:00:00",
       "2001:db8::1", "cron", "", "", "", "run"},
      {"a switch", "<189>123: *Mar  1 18:46:11: %SYS-5-CONFIG_I: Configured from console", Format::rfc3164,
       23, 5, "Mar  1 18:46:11", "", "%SYS-5-CONFIG_I", "", "", "", "Configured from console"},
      {"a switch's milliseconds", "<186>45: *Mar  1 18:46:11.123: %PLATFORM-2-PF: too hot", Format::rfc3164,
       23, 2, "Mar  1 18:46:11", "", "%PLATFORM-2-PF", "", "", "", "too hot"},
      {"and its zone", "<186>45: *Mar  1 18:46:11.123 JST: %PLATFORM-2-PF: too hot", Format::rfc3164, 23, 2,
       "Mar  1 18:46:11", "", "%PLATFORM-2-PF", "", "", "", "too hot"},
      {"a program in capitals is no zone", "<78>Mar  1 18:46:11 CRON: run", Format::rfc3164, 9, 6,
       "Mar  1 18:46:11", "", "CRON", "", "", "", "run"},
      {"microseconds", "<38>Mar  1 10:00:00.123456 lin01 sshd[7]: no", Format::rfc3164, 4, 6,
       "Mar  1 10:00:00", "lin01", "sshd", "7", "", "", "no"},
      {"an offset", "<38>Mar  1 10:00:00 +09:00 lin02 sshd[7]: no", Format::rfc3164, 4, 6, "Mar  1 10:00:00",
       "lin02", "sshd", "7", "", "", "no"},
      {"an offset without colon, close by", "<38>Mar  1 10:00:00.5-0500 lin02 sshd: no", Format::rfc3164, 4,
       6, "Mar  1 10:00:00", "lin02", "sshd", "", "", "", "no"},
      {"a host that begins with a sign", "<38>Mar  1 10:00:00 -0900x sshd: no", Format::rfc3164, 4, 6,
       "Mar  1 10:00:00", "-0900x", "sshd", "", "", "", "no"},
      {"a year", "<14>Aug 24 2026 12:00:00 fw01 : %ASA-6-302013: Built", Format::rfc3164, 1, 6,
       "Aug 24 2026 12:00:00", "fw01", "%ASA-6-302013", "", "", "", "Built"},
      {"a text without any header", "disk failed\r\n", Format::unknown, 1, 5, "", "", "", "", "", "",
       "disk failed"},
      {"a URL is no tag", "<14>Aug 24 12:00:00 web-01 http://x.example/ is down", Format::rfc3164, 1, 6,
       "Aug 24 12:00:00", "web-01", "", "", "", "", "http://x.example/ is down"},
      {"a priority that is none", "<192>x", Format::unknown, 1, 5, "", "", "", "", "", "", "<192>x"},
      {"a priority that does not end", "<1", Format::unknown, 1, 5, "", "", "", "", "", "", "<1"},
      {"malformed structured data is text of the old protocol",
       "<14>1 2026-08-24T03:00:00Z h a - - [x y] text", Format::rfc3164, 1, 6, "", "", "", "", "", "",
       "1 2026-08-24T03:00:00Z h a - - [x y] text"},
      {"a host of control characters is none", "<14>1 2026-08-24T03:00:00Z h\x01 a - - - text",
       Format::rfc3164, 1, 6, "", "", "", "", "", "", "1 2026-08-24T03:00:00Z h\x01 a - - - text"},
      {"bytes that are no UTF-8", "<14>Aug 24 12:00:00 h a: caf\xE9", Format::rfc3164, 1, 6,
       "Aug 24 12:00:00", "h", "a", "", "", "", "caf\xEF\xBF\xBD"},
      {"NUL at the end", "<14>Aug 24 12:00:00 h a: x\0\0"s, Format::rfc3164, 1, 6, "Aug 24 12:00:00", "h",
       "a", "", "", "", "x"},
      {"nothing", "", Format::unknown, 1, 5, "", "", "", "", "", "", ""},
  };
  return all;
}

TEST(Parse, reads_what_is_sent) {
  for (const Expected& expected : messages()) {
    const Message message = parse(expected.bytes);
    EXPECT_EQ(message.format, expected.format) << expected.name;
    EXPECT_EQ(message.facility, expected.facility) << expected.name;
    EXPECT_EQ(message.severity, expected.severity) << expected.name;
    EXPECT_EQ(message.time, expected.time) << expected.name;
    EXPECT_EQ(message.host, expected.host) << expected.name;
    EXPECT_EQ(message.app, expected.app) << expected.name;
    EXPECT_EQ(message.process, expected.process) << expected.name;
    EXPECT_EQ(message.message_id, expected.message_id) << expected.name;
    EXPECT_EQ(message.structured, expected.structured) << expected.name;
    EXPECT_EQ(message.text, expected.text) << expected.name;
  }
}

TEST(Parse, parameters_are_unescaped) {
  std::vector<std::string> all;
  for_each_parameter(R"([a@1 x="1" y="q\"b\\c\]d\n"][b z=""])",
                     [&](std::string_view element, std::string_view name, const std::string& value) {
                       all.push_back(std::string(element) + "." + std::string(name) + "=" + value);
                     });
  EXPECT_THAT(all, ElementsAre("a@1.x=1", R"(a@1.y=q"b\c]d\n)", "b.z="));
}

TEST(Words, of_priorities) {
  EXPECT_EQ(severity_word(3), "err");
  EXPECT_EQ(severity_word(8), "");
  EXPECT_EQ(severity_word(-1), "");
  EXPECT_EQ(facility_word(0), "kern");
  EXPECT_EQ(facility_word(23), "local7");
  EXPECT_EQ(facility_word(24), "");
}

/// What comes of a stream that arrives in pieces of `piece` bytes; "!" for one that is none.
std::vector<std::string> frames(const std::string& stream, std::size_t piece, bool ended = false) {
  Framer framer;
  std::vector<std::string> out;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    framer.feed(std::string_view(stream).substr(at, piece));
    for (;;) {
      const auto next = framer.next();
      if (!next) {
        out.emplace_back("!");
        return out;
      }
      if (!*next) break;
      out.emplace_back(**next);
    }
  }
  if (ended) {
    if (const auto rest = framer.rest()) out.emplace_back(*rest);
  }
  return out;
}

TEST(Framer, counts_octets_and_reads_lines_however_they_arrive) {
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 1'000U}) {
    EXPECT_THAT(frames("5 <1>ab6 <2>a\nb", piece), ElementsAre("<1>ab", "<2>a\nb"))
        << "RFC 6587 section 3.4.1";
    EXPECT_THAT(frames("<1>a\n<2>b\0<3>c\n\n\n<4>half"s, piece), ElementsAre("<1>a", "<2>b", "<3>c"));
    EXPECT_THAT(frames("<1>a\n4 <2>b<3>c\n", piece), ElementsAre("<1>a", "<2>b", "<3>c"))
        << "each message by itself";
    EXPECT_THAT(frames("4 <1>a\n4 <2>b\n", piece), ElementsAre("<1>a", "<2>b")) << "a line end too many";
    EXPECT_THAT(frames("no priority\n", piece), ElementsAre("no priority"));
    EXPECT_THAT(frames("<1>a\n<2>unfinished", piece, true), ElementsAre("<1>a", "<2>unfinished"));
    EXPECT_THAT(frames("9 <1>half", piece, true), ElementsAre()) << "half of a counted one";
    EXPECT_THAT(frames("12x", piece), ElementsAre("!"));
    EXPECT_THAT(frames("1234567890 x", piece), ElementsAre("!"));
  }
}

TEST(Framer, cuts_what_is_too_long_and_goes_on_behind_it) {
  const std::string most(limits::syslog_message_bytes_max, 'x');
  for (const std::size_t piece : {997U, 65'536U, 1'000'000U}) {
    Framer framer;
    const std::string stream =
        most + "yyy\n<1>next\n" + std::to_string(most.size() + 3) + " " + most + "yyy7 <2>last" + most + "\n";
    std::vector<std::string> out;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      framer.feed(std::string_view(stream).substr(at, piece));
      for (auto next = framer.next(); next && *next; next = framer.next()) out.emplace_back(**next);
    }
    EXPECT_THAT(out, ElementsAre(most, "<1>next", most, "<2>last", most)) << piece;
    EXPECT_EQ(framer.cut(), 2U);
    EXPECT_EQ(framer.pending(), 0U);
  }
}

TEST(Framer, keeps_little_of_a_line_that_never_ends) {
  Framer framer;
  const std::string part(10'000, 'x');
  std::size_t given = 0;
  for (int i = 0; i < 1'000; ++i) {
    framer.feed(part);
    for (auto next = framer.next(); next && *next; next = framer.next()) ++given;
    ASSERT_LE(framer.pending(), limits::syslog_message_bytes_max);
  }
  EXPECT_EQ(given, 1U);
}

} // namespace
} // namespace kaden::syslog
