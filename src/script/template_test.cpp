#include <gtest/gtest.h>

#include "kaden/limits/alarm_events.h"
#include "kaden/script.h"

namespace kaden::script {
namespace {

using enum SpanKind;

const FieldValues fields = {{"machine", "web-01"},  {"host", "db-prod-3.example"},
                            {"alarm", "disk full"}, {"empty", ""},
                            {"blank", " \t "},      {"aws:zone", "1a"},
                            {"odd", " a \n b "},    {"braces", "{machine}"},
                            {"value", "91.5"}};

struct Case {
  std::string_view text;
  std::vector<Span> expect;
};

TEST(Template, Expand) {
  const std::vector<Case> cases = {
      {"", {}},
      {"   ", {}},
      {"plain", {{words, "plain"}}},
      {"{machine} is down", {{name, "web-01"}, {words, " is down"}}},
      {"{machine} の CPU が {value} パーセントです",
       {{name, "web-01"}, {words, " の CPU が 91.5 パーセントです"}}},
      {"on {host}.", {{words, "on "}, {name, "db-prod-3.example"}, {words, "."}}},
      {"{machine}{host}", {{name, "web-01"}, {name, "db-prod-3.example"}}},
      {"{machine} {host}", {{name, "web-01"}, {words, " "}, {name, "db-prod-3.example"}}},
      {"{alarm}", {{words, "disk full"}}},
      {"{alarm:name}", {{name, "disk full"}}},
      {"{ alarm :name}", {{name, "disk full"}}},
      {"{aws:zone}", {{words, "1a"}}},
      {"{aws:zone:name}", {{name, "1a"}}},
      {"a {empty} b", {{words, "a b"}}},
      {"a {blank} b", {{words, "a b"}}},
      {"a {unknown} b", {{words, "a b"}}},
      {"a{unknown}b", {{words, "ab"}}},
      {"  a \t\r\n b\u3000\u3000c  ", {{words, "a b c"}}},
      {"{odd:name}!", {{name, "a b"}, {words, "!"}}},
      {"{{machine}} {{", {{words, "{machine} {"}}},
      {"{{{machine}}}", {{words, "{"}, {name, "web-01"}, {words, "}"}}},
      {"{braces}", {{words, "{machine}"}}},
      // Faults are spoken as far as they go.
      {"a } b", {{words, "a b"}}},
      {"a {machine", {{words, "a machine"}}},
      {"a {x {machine}", {{words, "a x "}, {name, "web-01"}}},
      {"a {} b", {{words, "a b"}}},
      {"{", {}},
  };
  for (const Case& each : cases) {
    const Utterance got = expand(Language::en, each.text, fields);
    EXPECT_EQ(got, (Utterance{Language::en, each.expect})) << each.text << " gave " << to_text(got);
  }
}

TEST(Template, ExpansionIsBounded) {
  std::string text;
  for (int i = 0; i < 400; ++i) text += "{long}";
  for (std::size_t size : {1u, 2u, 3u, 999u, 1'000u, 1'999u, 2'000u, 2'001u, 5'000u}) {
    for (const std::string_view unit : {"x", "あ", "x "}) {
      std::string value;
      while (value.size() < size) value += unit;
      const std::string got = to_text(expand(Language::ja, text, {{"long", value}}));
      EXPECT_LE(got.size(), limits::say_bytes_max);
      EXPECT_TRUE(is_valid_utf8(got));
    }
  }
}

TEST(Template, CheckNamesTheColumn) {
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"{machine} is {{fine}}", ""},
      {"", ""},
      {"{a b:name}", ""},
      {"a } b", "column 3: "},
      {"あいう { え", "column 5: "},
      {"{machine", "column 1: "},
      {"{a {b}", "column 1: "},
      {"x{}", "column 2: "},
      {"x{ :name}", "column 2: "},
      {"x{:name}", "column 2: "},
      {"ok {machine} } {", "column 14: "},
      {"\xff", "column 1: "},
  };
  for (const auto& [text, error] : cases) {
    const auto got = check_template(text);
    if (error.empty()) {
      EXPECT_TRUE(got) << text;
    } else {
      ASSERT_FALSE(got) << text;
      EXPECT_EQ(got.error().fault, Fault::invalid);
      EXPECT_EQ(got.error().message.substr(0, error.size()), error) << text;
    }
  }
  EXPECT_TRUE(check_template(std::string(limits::say_bytes_max, 'x')));
  EXPECT_FALSE(check_template(std::string(limits::say_bytes_max + 1, 'x')));
}

TEST(Template, AFieldAsWrittenMeansItself) {
  const struct {
    const char* text;
    const char* spoken;
  } cases[] = {
      {"{web-01:name} is down", "web-01 is down"},
      {"{ web-01:name} {{is}} {down}", "web-01 {is} down"},
      {"no field", "no field"},
      {"{a} {a:name} {b", "a a b"},
  };
  for (const auto& one : cases)
    EXPECT_EQ(to_text(expand(Language::en, one.text, fields_as_written(one.text))), one.spoken) << one.text;
}

} // namespace
} // namespace kaden::script
