#include "visit.h"

#include <gtest/gtest.h>

namespace kaden::source {
namespace {

TEST(NextHop, is_followed_only_where_it_may_lead) {
  const struct {
    const char* start;
    const char* from;
    const char* location;
    bool allow_plain;
    const char* to; ///< or what the refusal says
    bool is_followed;
  } cases[] = {
      {"https://a.example/x", "https://a.example/x", "/y", false, "https://a.example/y", true},
      {"https://a.example/x", "https://a.example/x", "https://b.example/", false, "https://b.example/", true},
      {"http://a.example/x", "http://a.example/x", "https://a.example/x", true, "https://a.example/x", true},
      {"http://a.example/x", "http://a.example/x", "http://b.example/", true, "http://b.example/", true},
      {"http://127.0.0.1/x", "http://127.0.0.1/x", "http://localhost/", false, "http://localhost/", true},
      {"https://10.0.0.5/x", "https://10.0.0.5/x", "https://10.0.0.6/", false, "https://10.0.0.6/", true},
      {"https://10.0.0.5/x", "https://10.0.0.5/x", "https://10.0.0.5/y", false, "https://10.0.0.5/y", true},

      {"https://a.example/x", "https://a.example/x", "http://a.example/x", true, "from https to http", false},
      {"http://a.example/x", "https://b.example/x", "http://a.example/x", true, "from https to http", false},
      {"http://127.0.0.1/x", "http://127.0.0.1/x", "http://a.example/x", false, "leads to http", false},
      {"https://a.example/x", "https://a.example/x", "http://169.254.169.254/", true, "from https", false},
      {"https://a.example/x", "https://a.example/x", "https://169.254.169.254/", false, "inside", false},
      {"http://127.0.0.1/x", "http://127.0.0.1/x", "http://169.254.169.254/", true, "inside", false},
      {"https://a.example/x", "https://a.example/x", "https://127.0.0.1:8480/", false, "inside", false},
      {"https://a.example/x", "https://a.example/x", "https://2130706433/", false, "inside", false},
      {"https://a.example/x", "https://a.example/x", "https://[::1]/", false, "inside", false},
      {"https://a.example/x", "https://a.example/x", "https://localhost/", false, "inside", false},
      {"https://a.example/x", "https://a.example/x", "https://192.168.0.1/", false, "inside", false},
      {"https://10.0.0.5/x", "https://10.0.0.5/x", "https://127.0.0.1/", false, "inside", false},
      {"https://a.example/x", "https://a.example/x", "https://u:p@b.example/", false, "user's name", false},
      {"https://a.example/x", "https://a.example/x", "ftp://b.example/", false, "leads to ftp", false},
      {"https://a.example/x", "https://a.example/x", "file:///etc/passwd", false, "not followed", false},
      {"https://a.example/x", "https://a.example/x", "gopherx://b/", false, "cannot be used", false},
      {"https://a.example/x", "https://a.example/x", "", false, "is empty", false},
      {"https://a.example/x", "https://a.example/x", "https://", false, "not followed", false},
  };
  for (const auto& one : cases) {
    const auto start = http::parse_url(one.start);
    const auto from = http::parse_url(one.from);
    ASSERT_TRUE(start && from) << one.location;
    const auto to = next_hop(*start, *from, one.location, one.allow_plain);
    EXPECT_EQ(to.has_value(), one.is_followed) << one.from << " -> " << one.location;
    if (to) {
      EXPECT_EQ(to->text, one.to);
    } else {
      EXPECT_EQ(to.error().fault, Fault::denied);
      EXPECT_NE(to.error().message.find(one.to), std::string::npos) << to.error().message;
    }
  }
}

TEST(RetryAfter, seconds_or_a_date) {
  const WallTime now = parse_iso8601("2026-08-24T01:00:00Z").value();
  const struct {
    const char* text;
    std::optional<Millis> wait;
  } cases[] = {
      {"0", seconds(0)},
      {" 120 ", seconds(120)},
      {"99999999999999999999", seconds(999'999'999)},
      {"Mon, 24 Aug 2026 01:02:00 GMT", seconds(120)},
      {"Mon, 24 Aug 2026 00:02:00 GMT", seconds(0)},
      {"", std::nullopt},
      {"-5", std::nullopt},
      {"1.5", std::nullopt},
      {"soon", std::nullopt},
      {"Mon, 24 Aug 2026 01:02:00 UTC", std::nullopt},
      {"Mon, 24 Xxx 2026 01:02:00 GMT", std::nullopt},
      {"Mon, 99 Aug 2026 01:02:00 GMT", std::nullopt},
      {"Mon, 24 Aug -026 01:02:00 GMT", std::nullopt},
  };
  for (const auto& one : cases) EXPECT_EQ(parse_retry_after(one.text, now), one.wait) << one.text;
}

} // namespace
} // namespace kaden::source
