#include "kaden/event_cutter.h"

#include <gtest/gtest.h>

#include <vector>

#include "kaden/limits/agent.h"

namespace kaden::tail {
namespace {

using Texts = std::vector<std::string>;

Texts cut(const char* pattern, const std::string& text, std::size_t piece, bool last) {
  std::optional<Pattern> start_pattern;
  if (pattern != nullptr) start_pattern = std::move(*Pattern::compile(pattern));
  EventCutter cutter(start_pattern ? &*start_pattern : nullptr, 0);
  Texts events;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    cutter.feed(text.substr(at, piece));
    while (const auto event = cutter.next()) events.push_back(event->text);
  }
  while (const auto event = cutter.next(last)) events.push_back(event->text);
  EXPECT_EQ(cutter.consumed() + cutter.pending(), text.size());
  return events;
}

TEST(EventCutter, cuts_the_same_however_the_bytes_arrive) {
  for (const std::size_t piece : {1U, 2U, 7U, 1'000U}) {
    EXPECT_EQ(cut(nullptr, "one\r\n\ntwo\nthr", piece, false), (Texts{"one", "two"})) << piece;
    EXPECT_EQ(cut(nullptr, "one\ntwo", piece, true), (Texts{"one", "two"})) << piece;
    EXPECT_EQ(cut("^[0-9]", "  lost\n1 a\n  at b\n  at c\n2 d\n3 e\n", piece, false),
              (Texts{"  lost", "1 a\n  at b\n  at c", "2 d"}))
        << piece;
    EXPECT_EQ(cut("^[0-9]", "1 a\n  b\n2 c\n", piece, true), (Texts{"1 a\n  b", "2 c"})) << piece;
    EXPECT_EQ(cut(nullptr, "a\xff\xe6\x9e\xb6\xc0\xaf\n", piece, false),
              (Texts{"a\xEF\xBF\xBD\xe6\x9e\xb6\xEF\xBF\xBD\xEF\xBF\xBD"}));
  }
}

TEST(EventCutter, long_events_are_cut_in_parts_and_nothing_is_lost) {
  std::string line;
  while (line.size() < 300'000) line += "\xe6\x9e\xb6\xe9\x9b\xbb ";
  const Texts parts = cut(nullptr, line + "\n", 65'536, false);
  ASSERT_EQ(parts.size(), 3U);
  std::string joined;
  for (const std::string& part : parts) {
    EXPECT_LE(part.size(), limits::log_event_bytes_max);
    EXPECT_TRUE(is_valid_utf8(part));
    joined += part;
  }
  EXPECT_EQ(joined, line);
  std::string trace = "1 start\n";
  for (int i = 0; i < 20'000; ++i) trace += "  at line " + std::to_string(i) + "\n";
  const Texts traces = cut("^[0-9]", trace, 65'536, true);
  ASSERT_GE(traces.size(), 3U);
  for (const std::string& part : traces)
    EXPECT_TRUE(part.size() <= limits::log_event_bytes_max && part.back() != '\n');
}

TEST(Pattern, is_bounded) {
  EXPECT_TRUE(Pattern::compile("^a[0-9]{1,3}$").value().matches("a12"));
  EXPECT_FALSE(Pattern::compile("^a[0-9]{1,3}$").value().matches("a1234"));
  EXPECT_TRUE(Pattern::compile("^$").value().matches(""));
  EXPECT_FALSE(Pattern::compile("end$").value().matches(std::string(5'000, 'x') + "end"))
      << "looked at up to its limit";
  for (const std::string bad : {"", "(", "a{100,999}", "(a)\\1", "a{1}b{1}c{1}d{1}e{1}"}) {
    EXPECT_FALSE(Pattern::compile(bad)) << bad;
  }
  EXPECT_FALSE(Pattern::compile(std::string(300, 'a')));
}

} // namespace
} // namespace kaden::tail
