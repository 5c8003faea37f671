#include "kaden/base.h"
#include "kaden/http_date.h"
#include "kaden/utf8.h"

#include <gtest/gtest.h>

#include <limits>

#include "kaden/near_word.h"

namespace kaden {
namespace {

TEST(Time, IsoRoundTripsOverTheEdgesOfTheCalendar) {
  const struct {
    std::int64_t ms;
    const char* text;
  } cases[] = {
      {0, "1970-01-01T00:00:00Z"},
      {-1, "1969-12-31T23:59:59.999Z"},
      {1'795'416'210'125, "2026-11-23T06:43:30.125Z"},
      {951'782'400'000, "2000-02-29T00:00:00Z"},
      {-62'135'596'800'000, "0001-01-01T00:00:00Z"},
      {253'402'300'799'999, "9999-12-31T23:59:59.999Z"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(to_iso8601(wall_time(c.ms)), c.text);
    const auto back = parse_iso8601(c.text);
    ASSERT_TRUE(back) << c.text;
    EXPECT_EQ(to_ms(*back), c.ms);
  }
}

TEST(Time, ParsesWhatAwsAndRfc3339Write) {
  const std::int64_t at = 1'795'416'210'000;
  for (const char* text :
       {"2026-11-23T06:43:30Z", "2026-11-23T15:43:30+09:00", "2026-11-23T15:43:30+0900",
        "2026-11-23T06:43:30.000Z", "2026-11-23T06:43:30.000000Z", "2026-11-22T20:43:30-10:00"}) {
    const auto parsed = parse_iso8601(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(to_ms(*parsed), at) << text;
  }
}

TEST(Time, RefusesWhatIsNoTime) {
  for (const char* text : {"", "2026", "2026-11-23", "2026-11-23T06:43:30", "2026-02-29T00:00:00Z",
                           "2026-13-01T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T06:60:00Z",
                           "2026-11-23T06:43:30Zx", "2026-11-23 06:43:30Z", "2026-11-23T06:43:30.Z",
                           "0000-01-01T00:00:00Z", "2026-11-23T06:43:30+24:00", "-026-11-23T06:43:30Z"}) {
    EXPECT_FALSE(parse_iso8601(text)) << text;
  }
}

TEST(Time, HttpDatesReadBack) {
  EXPECT_EQ(to_http_date(wall_time(784'111'777'999)), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(to_http_date(wall_time(0)), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(to_http_date(wall_time(1'709'251'199'000)), "Thu, 29 Feb 2024 23:59:59 GMT");
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), wall_time(784'111'777'000));
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37.25 GMT"), wall_time(784'111'777'250));
  for (const char* text :
       {"", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Now 1994 08:49:37 GMT", "Sun, -6 Nov 1994 08:49:37 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"}) {
    EXPECT_FALSE(parse_http_date(text)) << text;
  }
}

TEST(Time, WallAndSteadyTimeCannotBeCompared) {
  static_assert(!std::is_convertible_v<WallTime, SteadyTime>);
  static_assert(!std::is_constructible_v<WallTime, SteadyTime>);
  EXPECT_EQ(to_words(Millis(250)), "250 ms");
  EXPECT_EQ(to_words(seconds(90)), "90 s");
  EXPECT_EQ(to_words(seconds(300)), "5 min");
  EXPECT_EQ(to_words(seconds(5400)), "90 min");
  EXPECT_EQ(to_words(seconds(9000)), "2 h 30 min");
}

TEST(Text, NumbersAreWholeOrRefused) {
  EXPECT_EQ(parse_int("-12"), -12);
  EXPECT_EQ(parse_int("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  for (const char* text : {"", "+1", " 1", "1 ", "1.0", "0x1", "9223372036854775808", "-"}) {
    EXPECT_FALSE(parse_int(text)) << text;
  }
  EXPECT_EQ(parse_real("91.5"), 91.5);
  EXPECT_EQ(parse_real("1e3"), 1000.0);
  for (const char* text : {"", "nan", "inf", "-inf", "1,5", "1e999", "0x1p3 "}) {
    EXPECT_FALSE(parse_real(text)) << text;
  }
  EXPECT_EQ(to_text(91.5), "91.5");
  EXPECT_EQ(to_text(80.0), "80");
}

TEST(Text, Utf8IsCheckedStrictly) {
  EXPECT_TRUE(is_valid_utf8("架電 web-01"));
  for (const char* bad : {"\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE3\x81", "\x80", "\xFF"}) {
    EXPECT_FALSE(is_valid_utf8(bad));
  }
  EXPECT_EQ(cut_utf8("架電", 5), "架");
  EXPECT_EQ(cut_utf8("架電", 6), "架電");
  EXPECT_EQ(cut_utf8("架電", 2), "");
}

TEST(Text, GlobMatchesTheWholeTextAndStaysFast) {
  const struct {
    const char* pattern;
    const char* text;
    bool matches;
  } cases[] = {{"*", "", true},           {"web-*", "web-01", true},
               {"web-*", "db-01", false}, {"?b-01", "db-01", true},
               {"*-01", "a-b-01", true},  {"a*b*c", "aXbYc", true},
               {"a*b*c", "aXbY", false},  {"", "", true},
               {"", "a", false},          {"**", "a", true},
               {"a?", "a", false}};
  for (const auto& c : cases)
    EXPECT_EQ(glob_match(c.pattern, c.text), c.matches) << c.pattern << " " << c.text;
  EXPECT_FALSE(glob_match("*a*a*a*a*a*a*a*a*b", std::string(2'000, 'a')));
}

TEST(Text, DecodingAndEscaping) {
  EXPECT_EQ(percent_decode("a%20b+c%e6%9e%b6", true).value(), "a b c架");
  EXPECT_EQ(percent_decode("a+b", false).value(), "a+b");
  for (const char* bad : {"%", "%4", "%zz", "a%g1", "%1"}) EXPECT_FALSE(percent_decode(bad, true)) << bad;
  EXPECT_EQ(xml_escape("<a&\"'\x01>"), "&lt;a&amp;&quot;&apos;&gt;");
  EXPECT_EQ(to_hex(std::string_view("\x00\xff", 2)), "00ff");
  EXPECT_EQ(split("a,,b", ',').size(), 3U);
  EXPECT_EQ(split("", ',').size(), 1U);
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_TRUE(starts_with_no_case("Content-Type", "content-"));
}

TEST(Digest, KnownAnswers) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  // RFC 4231, test case 2.
  EXPECT_EQ(to_hex(as_view(hmac_sha256("Jefe", "what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(md5_hex("message digest"), "f96b697d7cb7938d525a2f31aaf161d0"); // RFC 1321, A.5
  EXPECT_TRUE(equal_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_constant_time("abc", "ab"));
}

TEST(Json, RefusesWithLineAndColumn) {
  const auto bad = parse_json("{\n  \"a\": nope}");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().fault, Fault::invalid);
  EXPECT_NE(bad.error().message.find("line 2"), std::string::npos) << bad.error().message;
  EXPECT_FALSE(parse_json(std::string(1'000, '[')));
  EXPECT_FALSE(parse_json("{} x"));
  EXPECT_FALSE(parse_json(""));
  EXPECT_FALSE(parse_json("\"\xFF\""));
  EXPECT_TRUE(parse_json("{} \n"));
}

TEST(Json, FieldsNameThePathInEveryError) {
  const auto value = parse_json(R"({"n": 5, "t": "abc", "m": {"a": 1}, "x": null, "d": 1.5})").value();
  const Fields fields(value.get_object(), "event");
  EXPECT_EQ(fields.integer("n", 0, 9).value(), 5);
  EXPECT_EQ(fields.integer("n", 0, 4).error().message, "event.n: must be 0 to 4");
  EXPECT_EQ(fields.integer("d", 0, 4).error().message, "event.d: must be a whole number");
  EXPECT_EQ(fields.text("t", 2).error().message, "event.t: is 3 bytes long, at most 2 are allowed");
  EXPECT_EQ(fields.text("x", 2).error().message, "event.x: is missing");
  EXPECT_EQ(fields.text_or("x", 2, "f").value(), "f");
  EXPECT_EQ(fields.text_map("m", 5, 5).error().message, "event.m.a: must be text");
  EXPECT_EQ(fields.only({"n", "t", "m", "x"}).error().message, "event.d: is not a known field");
  EXPECT_EQ(fields.flag_or("n", true).error().message, "event.n: must be true or false");
  EXPECT_EQ(fields.array("m").error().message, "event.m: must be a list");
}

TEST(AlarmEvent, RoundTrips) {
  AlarmEvent event;
  event.source = "guest";
  event.event_id = "7";
  event.alarm = "cpu-high web-01";
  event.state = AlarmState::insufficient_data;
  event.severity = Severity::warning;
  event.machine = "web-01";
  event.reason = "架電";
  event.labels = {{"host", "web-01"}, {"team", "a"}};
  event.say = {{Language::ja, "{machine} です"}, {Language::en, "{machine}"}};
  EXPECT_EQ(alarm_event_from_json(to_json(event), "event").value(), event);
}

TEST(AlarmEvent, EveryFaultNamesItsField) {
  const struct {
    const char* text;
    const char* message;
  } cases[] = {
      {R"([])", "events[0]: must be an object"},
      {R"({"alarm":"a"})", "events[0].event_id: is missing"},
      {R"({"event_id":" ","alarm":"a"})", "events[0].event_id: must not be empty"},
      {R"({"event_id":"1","alarm":5})", "events[0].alarm: must be text"},
      {R"({"event_id":"1","alarm":"a","state":"alarm"})",
       "events[0].state: must be OK, ALARM or INSUFFICIENT_DATA"},
      {R"({"event_id":"1","alarm":"a","severity":"bad"})",
       "events[0].severity: must be critical, error, warning or info"},
      {R"({"event_id":"1","alarm":"a","source":"A B"})",
       "events[0].source: only a-z, 0-9, '-' and '_' are allowed"},
      {R"({"event_id":"1","alarm":"a","say":{"fr":"x"}})", "events[0].say: languages are \"ja\" and \"en\""},
      {R"({"event_id":"1","alarm":"a","colour":"x"})", "events[0].colour: is not a known field"},
  };
  for (const auto& c : cases) {
    const auto event = alarm_event_from_json(parse_json(c.text).value(), "events[0]");
    ASSERT_FALSE(event) << c.text;
    EXPECT_EQ(event.error().message, c.message);
  }
}

TEST(Words, EveryEnumValueReadsBack) {
  for (const auto v : {Progress::dialling, Progress::ringing, Progress::answered, Progress::heard}) {
    EXPECT_EQ(parse_progress(to_text(v)), v);
  }
  for (int i = 0; i < 10; ++i) {
    const auto v = static_cast<LineOutcome>(i);
    EXPECT_EQ(parse_line_outcome(to_text(v)), v);
  }
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(parse_verdict(to_text(static_cast<Verdict>(i))), static_cast<Verdict>(i));
    EXPECT_EQ(parse_end_reason(to_text(static_cast<EndReason>(i))), static_cast<EndReason>(i));
  }
  EXPECT_FALSE(parse_verdict(""));
  EXPECT_FALSE(parse_severity("Critical"));
}

TEST(NearWord, IsTheKnownWordWithTheFewestEdits) {
  const std::vector<std::string_view> known{"usage_idle", "usage_iowait", "cpu", "mem"};
  const std::vector<std::pair<std::string, std::string_view>> cases = {{"usage_idel", "usage_idle"},
                                                                       {"usage_io_wait", "usage_iowait"},
                                                                       {"cpuu", "cpu"},
                                                                       {"men", "mem"},
                                                                       {"m", ""},
                                                                       {"temperature", ""},
                                                                       {"", ""},
                                                                       {std::string(65, 'u'), ""}};
  for (const auto& [word, wanted] : cases) EXPECT_EQ(near_word(word, known), wanted) << word;
}

TEST(RequireDeathTest, StopsTheProcessAndSaysWhy) {
  EXPECT_DEATH(require(false, "one thread owns the engine"), "one thread owns the engine");
}

TEST(Text, characters_are_code_points) {
  EXPECT_EQ(characters(""), 0U);
  EXPECT_EQ(characters("web-01"), 6U);
  EXPECT_EQ(characters("\u67B6\u96FB"), 2U);
  EXPECT_EQ(characters("\U0001F4DE!"), 2U);
}

} // namespace
} // namespace kaden
