#include "kaden/logfilter.h"

#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fstream>
#include <sstream>

#include "kaden/metric_filter.h"
#include "source_folder.h"

namespace kaden::logfilter {
namespace {

/// "yes", "no", or why the pattern is refused.
std::string tried(std::string_view pattern, std::string_view line) {
  const auto read = Pattern::parse(pattern);
  if (!read) return read.error().message;
  return read->matches(Message(line)) ? "yes" : "no";
}

std::string extracted(std::string_view pattern, std::string_view line) {
  const auto read = Pattern::parse(pattern);
  if (!read) return read.error().message;
  std::string shown;
  for (const auto& [name, value] : read->extract(Message(line))) {
    shown += (shown.empty() ? "" : ", ") + name + "=" + value;
  }
  return shown;
}

struct Case {
  std::string_view pattern, line, expect;
};

void check(const std::vector<Case>& cases) {
  for (const Case& each : cases) {
    EXPECT_EQ(tried(each.pattern, each.line), each.expect) << each.pattern << " on " << each.line;
  }
}

TEST(Pattern, EveryCaseOfTheGuide) {
  std::ifstream file(source_folder() + "/src/logfilter/testdata/filter-pattern-cases.json");
  std::stringstream text;
  text << file.rdbuf();
  const auto cases = parse_json(text.str());
  ASSERT_TRUE(cases.has_value()) << cases.error().message;
  std::size_t lines = 0;
  for (const json::value& value : cases->as_array()) {
    const json::object& each = value.as_object();
    const std::string pattern(each.at("pattern").as_string());
    const auto read = Pattern::parse(pattern);
    if (each.at("expected_match").is_string()) {
      EXPECT_EQ(each.at("expected_match").as_string(), "InvalidParameterException");
      EXPECT_FALSE(read.has_value()) << pattern;
      ++lines;
      continue;
    }
    ASSERT_TRUE(read.has_value()) << pattern << ": " << read.error().message;
    const json::array& messages = each.at("messages").as_array();
    const json::array& expected = each.at("expected_match").as_array();
    ASSERT_EQ(messages.size(), expected.size());
    for (std::size_t i = 0; i < messages.size(); ++i, ++lines) {
      EXPECT_EQ(read->matches(Message(std::string_view(messages[i].as_string()))), expected[i].as_bool())
          << pattern << " on " << messages[i].as_string();
    }
  }
  EXPECT_EQ(lines, 86U);
}

TEST(Pattern, Terms) {
  check({
      {"ERROR", "Exiting with ERRORCODE: -1", "yes"},
      {"ERROR -Exiting", "Exiting with ERRORCODE: -1", "no"},
      {"ERROR - Exiting", "ERROR", "at character 7: a term is missing here"},
      {"-ERROR", "all is well", "yes"},
      {"-ERROR", "ERROR", "no"},
      {"-\"two words\"", "one two words", "no"},
      {"-\"two words\"", "two, words", "yes"},
      {"\"[ERROR]\"", "02 May 2014 [ERROR] Unhandled", "yes"},
      {"\"[ERROR]\" Exception", "02 May 2014 [ERROR] Terminating", "no"},
      {"\"say \\\"hi\\\" \\\\ C:\\d\"", "they say \"hi\" \\ C:\\d here", "yes"},
      {"\"\"", "x", "yes"},
      {"  ", "x", "yes"},
      {"\" \"", "x", "yes"},
      {"?WARN ?ERROR", "WARN message", "yes"},
      {"?WARN ?ERROR", "INFO message", "no"},
      {"?WARN ?\"two words\" ?%[0-9]+%", "code 7", "yes"},
      {"?WARN -INFO", "DEBUG", "yes"},
      {"-%[0-9]%", "no digit", "yes"},
      {"-%[0-9]%", "1 digit", "no"},
      {"under_score", "an under_score", "yes"},
      {"障害", "ディスク障害です", "yes"},
      {"foo-bar", "", "at character 4: '-' must stand in double quotes, with the rest of its term"},
      {"障害!", "", "at character 3: '!' must stand in double quotes, with the rest of its term"},
      {"a =b", "", "at character 3: '=' must stand in double quotes"},
      {"\"open", "", "at character 1: the quote is not closed"},
      {"a %open", "", "at character 3: the regular expression is not closed with '%'"},
      {"%a% %b% %c%", "", "at character 12: a pattern holds at most 2 regular expressions"},
      {"?", "", "at character 1: a term is missing here"},
  });
  EXPECT_EQ(tried(std::string(1024, 'a'), ""), "no");
  EXPECT_EQ(tried(std::string(1025, 'a'), ""), "the pattern is longer than 1024 characters");
  std::string wide;
  for (int i = 0; i < 1024; ++i) wide += "障";
  EXPECT_EQ(tried(wide, ""), "no");
  EXPECT_EQ(tried("\xFF", ""), "the pattern is not valid UTF-8");
}

constexpr std::string_view order =
    R"({"id":12,"code":"400","ok":true,"bad":false,"none":null,"ratio":0.5,"list":["a",3,{"k":"v"}],)"
    R"("deep":{"er":{"est":"x"}},"a b":1,"message":"disk full on db-01","big":12345678901234567890})";

TEST(Pattern, Json) {
  check({
      {"{$.id=12}", order, "yes"},
      {" { $.id = 12 } ", order, "yes"},
      {"{ $.id = 12.0 }", order, "yes"},
      {"{ $.id != 12 }", order, "no"},
      {"{ $.id > 11.9 && $.id >= 12 && $.id < 13 && $.id <= 12 }", order, "yes"},
      {"{ $.id > +1e1 }", order, "yes"},
      {"{ $.ratio < 10e-1 }", order, "yes"},
      {"{ $.id = \"12\" }", order, "yes"},
      {"{ $.id = 1* }", order, "yes"},
      {"{ $.code = 400 }", order, "yes"},
      {"{ $.code = 4* }", order, "yes"},
      {"{ $.code > 300 }", order, "no"}, // a text has no size
      {"{ $.message = *full* }", order, "yes"},
      {"{ $.message = \"*db-01\" }", order, "yes"},
      {"{ $.message = \"disk*\" }", order, "yes"},
      {"{ $.message = \"disk*01\" }", order, "no"}, // in the middle it stands for itself
      {"{ $.message = * }", order, "yes"},
      {"{ $.id = * }", order, "yes"},
      {"{ $.id = \"*\" }", order, "yes"},
      {"{ $.none = * }", order, "no"},
      {"{ $.list = * }", order, "no"},
      {"{ $.list != 1 }", order, "no"},
      {"{ $.absent != 1 }", order, "no"},
      {"{ $.ok IS TRUE && $.bad IS FALSE && $.none IS NULL }", order, "yes"},
      {"{ $.ok IS FALSE }", order, "no"},
      {"{ $.absent IS NULL }", order, "no"},
      {"{ $.none NOT EXISTS }", order, "no"},
      {"{ $.absent NOT EXISTS }", order, "yes"},
      {"{ $.deep NOT EXISTS }", order, "no"},
      {"{ $.list[0] = a }", order, "yes"},
      {"{ $.list[1] = 3 }", order, "yes"},
      {"{ $.list[2].k = v }", order, "yes"},
      {"{ $.list[3] = * }", order, "no"},
      {"{ $.list[*] = 3 }", order, "yes"},
      {"{ $.list[*].k = v }", order, "yes"},
      {"{ $.list[*] = b }", order, "no"},
      {"{ $.list.* = a }", order, "no"},
      {"{ $.deep.* = * }", order, "no"},
      {"{ $.deep.*.est = x }", order, "yes"},
      {"{ $.*.nothing NOT EXISTS }", order, "yes"},
      {"{ $.*.er NOT EXISTS }", order, "no"},
      {"{ $['a b'] = 1 && $.[\"a b\"] = 1 }", order, "yes"},
      {"{ $.message = %d[bx]-\\d+$% }", order, "yes"},
      {"{ $.message != %d[bx]-\\d+$% }", order, "no"},
      {"{ $.id = %^1% }", order, "yes"},
      {"{ $.big > 1e19 }", order, "yes"},
      {"{ (($.id = 1) || ($.id = 12)) && ($.ok IS TRUE) }", order, "yes"},
      {"{ $.id = 1 || $.id = 2 && $.id = 12 || $.id = 12 }", order, "yes"},
      {"{ $.id = 12 }", "[12]", "no"},
      {"{ $.id = 12 }", "{\"id\":12", "no"},
      {"{ $.id = 12 }", "x {\"id\":12}", "no"},
      {"{ $.id = 12 }", " {\"id\":12}\n", "yes"},
      {"{ $.id = 12 }", "", "no"},
      {"{ $.id = 12 }", "{\"id\":\"\xFF\"}", "no"},
  });
}

TEST(Pattern, JsonErrors) {
  check({
      {"{ $.a = 1", "", "at character 1: '{' is not closed"},
      {"{ }", "", "at character 3: expected a selector that begins with $ and found '}'"},
      {"{ $ = 1 }", "", "at character 4: expected .key behind $ and found ' '"},
      {"{ $.a }", "", "at character 7: expected =, !=, <, >, <= or >= and found '}'"},
      {"{ $.a == 1 }", "", "at character 8: expected a value and found '='"},
      {"{ $.a = }", "", "at character 9: expected a value and found '}'"},
      {"{ $.a = b$c }", "", "at character 10: '$' must stand in double quotes"},
      {"{ $.a > x }", "", "at character 7: only a number can be compared by size"},
      {"{ $.a > \"1\" }", "", "at character 7: only a number can be compared by size"},
      {"{ $.a > %1% }", "", "at character 7: only a number can be compared by size"},
      {"{ $.a IS NOT NULL }", "", "at character 10: expected NULL, TRUE or FALSE behind IS and found 'N'"},
      {"{ $.a IS NULLS }", "", "at character 10: expected NULL, TRUE or FALSE behind IS and found 'N'"},
      {"{ $.a EXISTS }", "", "at character 7: expected =, !=, <, >, <= or >= and found 'E'"},
      {"{ $.a NOT THERE }", "", "at character 11: expected EXISTS behind NOT and found 'T'"},
      {"{ ($.a = 1 }", "", "at character 3: '(' is not closed"},
      {"{ $.a = 1 & $.b = 1 }", "", "at character 11: expected &&, || or } and found '&'"},
      {"{ $.a = 1 } x", "", "at character 13: the pattern has ended, but there is 'x'"},
      {"{ $.障 = 1 }", "", "at character 5: expected a key or * and found '障'"},
      {"{ $.障 = 1 }", "", "at character 5: expected a key or * and found '障'"},
      {"{ $.a = 障 && $.b ! }", "", "at character 18: expected =, !=, <, >, <= or >= and found '!'"},
      {"{ $[0] = 1 }", "", "at character 4: the event is an object: a selector begins with a key"},
      {"{ $.a[x] = 1 }", "", "at character 7: expected a number, * or a quoted key and found 'x'"},
      {"{ $.a['x = 1 }", "", "at character 7: the quote is not closed"},
      {"{ $.a[0 = 1 }", "", "at character 8: expected ] and found ' '"},
      {"{ $.a[*].* = 1 }", "", "at character 9: a selector holds one wildcard at most"},
      {"{ $.a[*]=1 || $.b[*]=1 || $.c[*]=1 || $.*=1 }", "",
       "at character 39: a pattern holds at most 3 selectors with wildcards"},
  });
  EXPECT_EQ(tried("{" + std::string(33, '(') + "$.a=1" + std::string(33, ')') + "}", ""),
            "at character 34: parentheses nest at most 32 levels");
  EXPECT_EQ(tried("{" + std::string(32, '(') + "$.a=1" + std::string(32, ')') + "}", R"({"a":1})"), "yes");
  // Deeper than is read: no object, whatever the pattern.
  std::string deep = R"({"a":1,"b":)" + std::string(40, '[') + std::string(40, ']') + "}";
  EXPECT_EQ(tried("{ $.a = 1 }", deep), "no");
}

constexpr std::string_view access_line =
    R"(127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534)";

TEST(Pattern, Fields) {
  check({
      {"[]", access_line, "yes"},
      {"[...]", access_line, "yes"},
      {"[...]", "", "yes"},
      {"[ip, user, username, timestamp, request, status_code, bytes]", access_line, "yes"},
      {"[ip, user, username, timestamp, request, status_code]", access_line, "no"},
      {"[ip, user, username, timestamp, request, status_code, bytes, more]", access_line, "no"},
      {"[,,,,,,]", access_line, "yes"},
      {"[,,,,,]", access_line, "no"},
      {"[..., status_code=4*,]", access_line, "yes"},
      {"[..., status_code=404, bytes>1000]", access_line, "yes"},
      {"[..., status_code=404.0, bytes>=1534 && bytes<=1534.0]", access_line, "yes"},
      {"[..., bytes>1534]", access_line, "no"},
      {"[ip=127.0.0.*, ...]", access_line, "yes"},
      {"[ip, ..., bytes]", "1 2", "yes"},
      {"[ip, ..., bytes]", "1", "no"},
      {"[a, ..., b=x]", "1 2 3 x", "yes"},
      {"[..., request=%^GET /\\S+\\.html%, status, bytes]", access_line,
       "at character 20: a blank is not allowed "
       "in a regular expression; write \\s"},
      {"[..., request=%^GET\\s/\\S+\\.html%, status, bytes]", access_line, "yes"},
      {"[..., request=\"GET *\", status, bytes]", access_line, "yes"},
      {"[w1=ERROR || w1=WARN, w2]", "WARN x", "yes"},
      {"[w1=ERROR || w1=WARN && w2=y, w2]", "WARN x", "no"},
      {"[w1=ERROR || w1=WARN && w2=y, w2]", "WARN y", "yes"},
      {"[w1!=ERROR&&w1!=WARN, w2]", "INFO x", "yes"},
      {"[w1!=ERROR&&w1!=WARN, w2]", "WARN x", "no"},
      {"[size>10]", "twelve", "no"},
      {"[size!=10]", "twelve", "yes"},
      {"[size=010]", "10", "yes"},
      {"[size=\"010\"]", "10", "no"},
      {"[a,b]", "  x \t y \r\n", "yes"},
      {"[a,b]", "\"x y\" [z w]", "yes"},
      {"[a,b,c]", "\"x \\\" y\" [z w] v", "yes"},
      {"[a,b,c]", "\"x y [z", "yes"}, // nothing closes: words
      {"[a,b]", "[ERROR]: x", "no"},  // ":" is a field of its own
      {"[a=\"\"]", "\"\"", "yes"},
  });
}

TEST(Pattern, FieldErrors) {
  check({
      {"[a, b", "", "at character 1: '[' is not closed"},
      {"[a b]", "", "at character 4: expected =, !=, <, >, <= or >= and found 'b'"},
      {"[=x]", "", "at character 2: expected the name of a field and found '='"},
      {"[a=x && =y]", "", "at character 9: expected the name of a field and found '='"},
      {"[a=x || b=y]", "", "at character 9: there is no field 'b'"},
      {"[a, a]", "", "at character 5: 'a' is named twice"},
      {"[..., ...]", "", "at character 7: ... stands at most once"},
      {"[a=]", "", "at character 4: expected a value and found ']'"},
      {"[a=x y]", "", "at character 6: expected a comma or ] and found 'y'"},
      {"[a=x;]", "", "at character 5: ';' must stand in double quotes"},
      {"[a] b", "", "at character 5: the pattern has ended, but there is 'b'"},
  });
}

TEST(Pattern, ExtractedValues) {
  EXPECT_EQ(extracted("[]", access_line),
            "$1=127.0.0.1, $2=-, $3=frank, $4=10/Oct/2000:13:25:15 -0700, $5=GET /index.html HTTP/1.0, "
            "$6=404, $7=1534");
  EXPECT_EQ(extracted("[..., size]", access_line),
            "$1=127.0.0.1, $2=-, $3=frank, $4=10/Oct/2000:13:25:15 -0700, $5=GET /index.html HTTP/1.0, "
            "$6=404, $size=1534");
  EXPECT_EQ(extracted("[..., request=*.html*, status_code=4*,]", access_line),
            "$1=127.0.0.1, $2=-, $3=frank, $4=10/Oct/2000:13:25:15 -0700, $7=1534, "
            "$request=GET /index.html HTTP/1.0, $status_code=404");
  EXPECT_EQ(extracted("[ip, ...]", "a b"), "$2=b, $ip=a");
  EXPECT_EQ(extracted("\"[ERROR]\" x", "[ERROR] x"), "");
  EXPECT_EQ(
      extracted("{ $.id = 12 && $.ratio = * && $.ok IS TRUE && $.list[*] = 3 && $.none IS NULL }", order),
      "$.id=12, $.list[*]=a, $.ok=true, $.ratio=0.5");
}

std::string selected(std::string_view pattern, std::string_view selector, std::string_view line) {
  const auto read = Pattern::parse(pattern);
  if (!read) return read.error().message;
  const auto made = Selector::parse(selector, *read);
  if (!made) return made.error().message;
  return made->text_of(Message(line)).value_or("nothing");
}

TEST(Selector, OneValue) {
  EXPECT_EQ(selected("{ $.id = * }", "$.ratio", order), "0.5");
  EXPECT_EQ(selected("{ $.id = * }", "$.deep.er.est", order), "x");
  EXPECT_EQ(selected("{ $.id = * }", "$.deep", order), "nothing");
  EXPECT_EQ(selected("{ $.id = * }", "$.deep", "no object"), "nothing");
  EXPECT_EQ(selected("{ $.id = * }", "$.", order),
            "at character 3: expected a key or * and found the end of the pattern");
  EXPECT_EQ(selected("{ $.id = * }", "$.a b", order),
            "at character 4: the selector has ended, but there is ' '");
  EXPECT_EQ(selected("[..., size]", "$size", access_line), "1534");
  EXPECT_EQ(selected("[..., size]", "$3", access_line), "frank");
  EXPECT_EQ(selected("[..., size]", "$9", access_line), "nothing");
  EXPECT_EQ(selected("[a, size]", "$size", access_line), "nothing");
  EXPECT_EQ(selected("[..., size]", "$0", access_line), "the pattern has no field '0'");
  EXPECT_EQ(selected("[..., size]", "$sise", access_line), "the pattern has no field 'sise'");
  EXPECT_EQ(selected("[..., size]", "size", access_line), "a selector begins with $");
  EXPECT_EQ(selected("ERROR", "$size", access_line), "a pattern of terms has no values to select");
}

TEST(Pattern, IsAValue) {
  const auto first = Pattern::parse("{ $.a = %x+% }");
  ASSERT_TRUE(first.has_value());
  Pattern copy = *first;
  EXPECT_EQ(copy.text(), "{ $.a = %x+% }");
  EXPECT_EQ(copy.kind(), Pattern::Kind::json);
  EXPECT_EQ(copy.regexes(), 1U);
  copy = *Pattern::parse("[a]");
  EXPECT_EQ(copy.kind(), Pattern::Kind::space);
  EXPECT_TRUE(first->matches(Message(R"({"a":"xx"})")));
}

} // namespace
} // namespace kaden::logfilter
